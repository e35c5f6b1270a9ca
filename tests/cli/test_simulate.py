"""`lifeloop simulate` writes a shop that can be simulated again, and says which setting cannot be."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from lifeloop.base.ids import file_sha256
from lifeloop.cli.main import main
from lifeloop.lake import Lake
from lifeloop.schema import CUSTOMER, ORDER, ORDER_LINE, REFUND, REJECTED
from lifeloop.simulate import WorldConfig

SMALL = ("--customers", "900", "--products", "40", "--days", "40", "--seed", "3")


class Shell:
    """Types `lifeloop simulate` and reads what it answers."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self._monkeypatch = monkeypatch
        self._capsys = capsys

    def types(self, *words: str, code: int = 0) -> str:
        """Type one command; it must end with `code`. Returns what it printed."""
        self._monkeypatch.setattr("sys.argv", ["lifeloop", "simulate", *words])
        self._capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        said = self._capsys.readouterr()
        assert (ended.value.code or 0) == code, said.out + said.err
        return said.out + said.err

    def asks(self, *words: str, code: int = 0) -> Any:
        """Type one command with --json; returns what it answered."""
        return json.loads(self.types(*words, "--json", code=code).splitlines()[0])


@pytest.fixture
def shell(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Shell:
    return Shell(monkeypatch, capsys)


def test_the_tables_are_written_and_counted(shell: Shell, tmp_path: Path) -> None:
    done = shell.asks("--out", str(tmp_path / "sim"), *SMALL)

    assert sorted(Path(file).name for file in done["files"]) == [
        "customer.parquet", "event.parquet", "order.parquet", "order_line.parquet", "product.parquet", "refund.parquet",
    ]  # fmt: skip
    for name, rows in done["rows"].items():
        assert pq.ParquetFile(tmp_path / "sim" / f"{name}.parquet").metadata.num_rows == rows
    assert done["rows"]["event"] > 1000
    assert done["events_per_s"] > 0


def test_the_world_beside_the_files_gives_the_same_files(shell: Shell, tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"

    shell.types("--out", str(one), *SMALL)
    shell.types("--out", str(other), "--world", str(one / "world.toml"))

    names = sorted(file.name for file in one.iterdir() if file.is_file())
    assert "world.toml" in names
    assert [file_sha256(one / name) for name in names] == [file_sha256(other / name) for name in names]


def test_people_are_told_what_was_written_and_what_comes_next(shell: Shell, tmp_path: Path) -> None:
    said = " ".join(shell.types("--out", str(tmp_path / "sim"), *SMALL).split())

    assert "events/s" in said
    assert "lifeloop init --home shop" in said
    assert "lifeloop import" in said


def test_the_wire_form_replaces_the_tables_of_an_earlier_simulation(shell: Shell, tmp_path: Path) -> None:
    shell.asks("--out", str(tmp_path), *SMALL)
    done = shell.asks("--out", str(tmp_path), *SMALL, "--as", "wire")

    assert sorted(file.name for file in tmp_path.iterdir() if file.is_file()) == [
        "events-0001.jsonl", "product.parquet", "world.toml",
    ]  # fmt: skip
    assert done["form"] == "wire"


def test_both_forms_of_a_clean_shop_are_imported_as_the_same_sales(
    shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = tmp_path / "clean.toml"
    world.write_text("[dirt]\nduplicates = 0\nlate = 0\nout_of_order = 0\nskewed = 0\nbots = 0\nmalformed = 0\n", "utf-8")

    def imported(form: str) -> dict[str, list[dict[str, Any]]]:
        done = shell.asks("--out", str(tmp_path / form), "--world", str(world), *SMALL, "--as", form)
        home = tmp_path / f"home-{form}"
        for words in (["init"], ["import", *done["files"], "--yes"]):
            monkeypatch.setattr("sys.argv", ["lifeloop", *words, "--home", str(home)])
            with pytest.raises(SystemExit):
                main()
        lake = Lake(home / "lake")
        assert not lake.exists(REJECTED)
        found = {}
        for table in (ORDER, ORDER_LINE, REFUND, CUSTOMER):
            rows = lake.scan(table).read_all().to_pylist()
            rows.sort(key=lambda row: [str(row[name]) for name in table.key])
            found[table.name] = [{name: value for name, value in row.items() if name not in _OF_THE_FORM} for row in rows]
        return found

    tables, wire = imported("tables"), imported("wire")

    assert tables["order"]
    assert tables["refund"]
    assert tables == wire


_OF_THE_FORM = {"digest", "first_seen_at", "last_seen_at"}
"""Columns that rightly differ: the fingerprint of what was read, and what an event too tells of when people were seen."""


def test_every_setting_can_be_seen_and_read_again(shell: Shell, tmp_path: Path) -> None:
    said = shell.types("--show-world", *SMALL)
    file = tmp_path / "world.toml"
    file.write_text(said, "utf-8")

    assert WorldConfig.read(file) == WorldConfig().but(shop={"customers": 900, "products": 40, "seed": 3}).lasting(40)
    assert shell.asks("--show-world", *SMALL)["shop"]["customers"] == 900


@pytest.mark.parametrize(
    ("words", "setting"),
    [
        (("--customers", "0"), "shop.customers"),
        (("--customers", "-5"), "shop.customers"),
        (("--products", "0"), "shop.products"),
        (("--products", "99999"), "shop.products"),
        (("--days", "-3"), "shop.days"),
        (("--days", "0"), "shop.days"),
        (("--days", "99999999"), "shop.days"),
        (("--seed", "-1"), "shop.seed"),
        (("--as", "csv"), "no form named 'csv'"),
    ],
)
def test_an_option_that_cannot_be_is_named(shell: Shell, tmp_path: Path, words: tuple[str, ...], setting: str) -> None:
    assert setting in shell.types("--out", str(tmp_path), *words, code=2)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("toml", "setting"),
    [
        ("[shop]\nstart = 2025-06-01\nend = 2025-05-01", "end (2025-05-01) must come after start (2025-06-01)"),
        ("[shop]\ncurrency = 'XYZ'", "currency 'XYZ'"),
        ("[dirt]\nduplicates = 1.5", "dirt.duplicates = 1.5"),
        ("[dirt]\nbots = -1", "dirt.bots = -1"),
        ("[customers]\nrate_shape = 0", "customers.rate_shape = 0"),
        ("[customers]\nzh = nan", "customers.zh = nan"),
        ("[acquisition.social]\nshare = 2.0", "acquisition.social.share = 2.0"),
        ("[messages]\npersuadable = 0.9", "must not exceed 1"),
        ("[season]\nweekdays = [1, 1, 1]", "weekdays must have 7 numbers"),
        ("[shop]\ncustomer = 10", "shop.customer"),
        ("[shop\n", "cannot read the world in"),
    ],
)
def test_a_setting_of_the_file_that_cannot_be_is_named(shell: Shell, tmp_path: Path, toml: str, setting: str) -> None:
    file = tmp_path / "bad.toml"
    file.write_text(toml, "utf-8")

    said = shell.types("--world", str(file), "--out", str(tmp_path / "sim"), code=2)

    assert setting in said
    assert not (tmp_path / "sim").exists()


def test_errors_are_json_where_that_was_asked_for(shell: Shell, tmp_path: Path) -> None:
    assert "shop.customers" in shell.asks("--out", str(tmp_path), "--customers", "0", code=2)["asked"]


def test_a_folder_with_other_files_is_left_alone(shell: Shell, tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine")

    assert "thesis" not in shell.types("--out", str(tmp_path), *SMALL, code=2)
    assert "it is a file" in shell.types("--out", str(tmp_path / "thesis.txt"), *SMALL, code=2)
    assert "no folder" in shell.types(*SMALL, code=2)
    assert [file.name for file in tmp_path.iterdir()] == ["thesis.txt"]
