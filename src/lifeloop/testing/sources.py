"""The contract every source keeps; subclass it in a test and say which source, and a file it reads.

class TestShopifyOrders(SourceContract):
    source = ShopifyOrders()

    def example(self, folder: Path) -> Path:
        ...write or name a file with at least two good rows...
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from lifeloop.base.clock import FixedClock
from lifeloop.base.config import Settings
from lifeloop.collect import ImportReport, guess, import_files
from lifeloop.collect.source import KINDS, Source
from lifeloop.collect.understanding import kept_under
from lifeloop.lake import DuckEngine, Lake
from lifeloop.schema import CUSTOMER, EVENT, ORDER, ORDER_LINE, PRODUCT, REFUND, REJECTED, TABLES

_CLOCK = FixedClock(datetime(2026, 11, 22, tzinfo=UTC))
_FACTS = (ORDER, ORDER_LINE, REFUND, PRODUCT, CUSTOMER, EVENT)


class SourceContract:
    """What any source must do with a file of its own form."""

    source: Source

    def example(self, folder: Path) -> Path:
        """Return a file of this form, made in `folder`, with at least two good rows of different orders or things."""
        raise NotImplementedError

    def test_it_says_what_it_is(self) -> None:
        """A source has a name, a kind, a sentence about itself, and words for every column it requires."""
        assert self.source.name.isidentifier()
        assert self.source.kind in KINDS
        assert self.source.about.endswith(".")
        assert all(name in self.source.fields for group in self.source.required for name in group)

    def test_its_file_is_recognised_by_guess_alone(self, tmp_path: Path) -> None:
        """Nobody has to say which source reads the example, or which column is which."""
        (found,) = guess(self.example(tmp_path), settings=Settings())

        assert (found.form, found.kind) == (self.source.name, self.source.kind)
        assert set(found.columns) <= set(self.source.fields)
        assert all(any(name in found.columns for name in group) for group in self.source.required)

    def test_every_row_becomes_a_fact_or_is_rejected(self, tmp_path: Path) -> None:
        """No row is lost silently, and good rows are taken."""
        lake, report = self._imported(tmp_path)
        engine = DuckEngine(lake)
        facts = sum(engine.query("SELECT count(*) AS n FROM t", {"t": table})["n"][0].as_py() for table in _FACTS)
        rejected = engine.query("SELECT count(*) AS n FROM t", {"t": REJECTED})["n"][0].as_py()

        assert report.files[0].rows >= 2
        assert facts > 0
        assert rejected == sum(report.rejected.values())
        assert rejected < report.files[0].rows

    def test_the_same_file_again_changes_nothing(self, tmp_path: Path) -> None:
        """No table gets a new version."""
        lake, _ = self._imported(tmp_path)
        before = {name: lake.version(table) for name, table in TABLES.items()}
        _, again = self._imported(tmp_path)

        assert again.written == ()
        assert {name: lake.version(table) for name, table in TABLES.items()} == before

    def test_a_dry_run_tells_the_same_and_writes_nothing(self, tmp_path: Path) -> None:
        """The report of a dry run is that of the import."""
        lake, dry = self._imported(tmp_path, dry_run=True)

        assert not any(lake.exists(table) for table in TABLES.values())
        _, real = self._imported(tmp_path)
        assert dry.as_json() | {"dry_run": False} == real.as_json()

    def test_its_facts_keep_its_name(self, tmp_path: Path) -> None:
        """Every fact says which source it came from."""
        lake, _ = self._imported(tmp_path)
        for table in _FACTS:
            if "source" in table.columns:
                rows = DuckEngine(lake).query("SELECT DISTINCT source FROM t", {"t": table}).to_pylist()
                assert [row["source"] for row in rows] in ([], [kept_under(self.source)])

    def _imported(self, folder: Path, *, dry_run: bool = False) -> tuple[Lake, ImportReport]:
        lake = Lake(folder / "lake")
        file = self.example(folder)
        report = import_files(lake, DuckEngine(lake, threads=1), [file], settings=Settings(), clock=_CLOCK, dry_run=dry_run)
        return lake, report
