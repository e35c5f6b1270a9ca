"""The files of a simulated shop hold what it saw, the same every time, and appear whole or not at all."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lifeloop.base.ids import file_sha256
from lifeloop.schema import TABLES
from lifeloop.simulate import Seen, Shop, WorldConfig
from lifeloop.simulate.files import tables as files
from lifeloop.simulate.files.tables import write_tables
from lifeloop.simulate.files.wire import write_wire
from lifeloop.simulate.orders import COMPUTED
from lifeloop.simulate.truth import TruthFiles, open_shop

SMALL = WorldConfig().but(shop={"customers": 1500, "products": 60, "seed": 5}).lasting(80)


def test_the_same_settings_write_the_same_bytes_and_another_seed_others(tmp_path: Path) -> None:
    a, b, c = (
        write_tables(Shop(SMALL.but(shop={"seed": seed})), tmp_path / name) for name, seed in [("a", 1), ("b", 1), ("c", 2)]
    )

    assert [file_sha256(file) for file in a.values()] == [file_sha256(file) for file in b.values()]
    assert file_sha256(a["event"]) != file_sha256(c["event"])


def test_the_files_hold_the_declared_columns_and_every_row_in_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "ROW_GROUP", 700)
    days: list[Seen] = []

    shop = Shop(SMALL)
    written = write_tables(shop, tmp_path, watch=days.append)

    assert list(written) == ["event", "order", "order_line", "refund", "product", "customer"]
    assert sorted(tmp_path.iterdir()) == sorted(written.values())
    assert len(days) == 80
    for name, file in written.items():
        rows = pq.read_table(file)
        told = shop.products() if name == "product" else pa.concat_tables([seen.tables()[name] for seen in days])
        assert rows.equals(told)
        assert rows.schema.names == [column for column in TABLES[name].columns if column not in COMPUTED]
    groups = pq.ParquetFile(written["event"]).metadata
    assert groups.num_row_groups > 3
    assert {groups.row_group(place).num_rows for place in range(groups.num_row_groups - 1)} == {700}


def test_the_product_list_tells_what_lies_on_the_shelf_at_the_end(tmp_path: Path) -> None:
    shop = Shop(SMALL)
    begun = next(iter(Shop(SMALL).history(1))).product
    rows = pq.read_table(write_tables(shop, tmp_path)["product"])

    goods, shelf = shop._world.goods, shop._world.state.stock
    left = dict(zip(goods.product_id.to_pylist(), shelf.tolist(), strict=True))
    assert dict(zip(rows["product_id"].to_pylist(), rows["stock"].to_pylist(), strict=True)) == {
        name: max(0.0, left[name]) for name in rows["product_id"].to_pylist()
    }
    assert rows["stock"].slice(0, len(begun)).to_pylist() != begun["stock"].to_pylist(), "the shelf of the first day is gone"
    assert {at.isoformat() for at in rows["updated_at"].to_pylist()} == {f"{SMALL.shop.end - timedelta(days=1)}T23:59:59+00:00"}


def test_nobody_counts_the_stock_of_a_shop_that_never_runs_out(tmp_path: Path) -> None:
    endless = SMALL.but(products={"stock_days": 0}, shop={"customers": 200}).lasting(5)

    assert pq.read_table(write_tables(Shop(endless), tmp_path)["product"])["stock"].null_count > 0
    assert set(Shop(endless).step().product["stock"].to_pylist()) == {None}


def test_some_days_can_be_written_and_the_rest_later(tmp_path: Path) -> None:
    shop, whole = Shop(SMALL), write_tables(Shop(SMALL), tmp_path / "whole")
    steps: list[tuple[float, float]] = []

    first = write_tables(shop, tmp_path / "first", days=30, progress=lambda _step, done, total: steps.append((done, total)))
    rest = write_tables(shop, tmp_path / "rest")

    assert steps == [(day, 30) for day in range(1, 31)]
    both = pa.concat_tables([pq.read_table(first["order"]), pq.read_table(rest["order"])])
    assert both.equals(pq.read_table(whole["order"]))


def test_a_broken_run_leaves_the_folder_as_it_was(tmp_path: Path) -> None:
    class Breaks(Shop):
        def history(self, days: int | None = None) -> Iterator[Seen]:
            yield from super().history(5)
            raise OSError("no space left")

    (tmp_path / "event.parquet").write_text("an earlier one")

    with pytest.raises(OSError, match="no space left"):
        write_tables(Breaks(SMALL), tmp_path)

    assert [(file.name, file.read_text()) for file in tmp_path.iterdir()] == [("event.parquet", "an earlier one")]


def test_what_goes_wrong_while_packing_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_args: object, **_named: object) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(files, "ROW_GROUP", 100)
    monkeypatch.setattr(pq.ParquetWriter, "write_table", full)

    with pytest.raises(OSError, match="no space left"):
        write_tables(Shop(SMALL), tmp_path)

    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("write", [write_tables, write_wire])
def test_an_interruption_in_the_middle_leaves_no_file(tmp_path: Path, write: Callable[..., object]) -> None:
    days = iter(range(5))

    def watch(_seen: Seen) -> None:
        if next(days, None) is None:
            raise KeyboardInterrupt

    def live() -> None:
        shop, truth = open_shop(SMALL)
        with TruthFiles(tmp_path / "truth", truth) as aside:
            aside.keep()
            write(shop, tmp_path, watch=watch)

    with pytest.raises(KeyboardInterrupt):
        live()

    assert not [file for file in tmp_path.rglob("*") if file.is_file()]
