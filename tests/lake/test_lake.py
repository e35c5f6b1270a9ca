"""The lake keeps facts, forgets customers, and lets many read while one writes."""

from __future__ import annotations

import threading
from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import DeltaTable
from deltalake.exceptions import CommitFailedError

from lifeloop.base.errors import LakeError
from lifeloop.lake import DuckEngine, Lake
from lifeloop.schema import EXPOSURE, IDENTITY, ORDER, ORDER_LINE, SNAPSHOT
from lifeloop.testing import ShopBuilder


def snapshot_rows(shop: ShopBuilder, day: int, **features: list[float]) -> pa.Table:
    customers = ["ann", "bob"]
    return pa.table(
        {
            "as_of": pa.array([shop.day(day)] * 2, pa.timestamp("us", tz="UTC")),
            "customer_id": customers,
            **{name: pa.array(values, pa.float64()) for name, values in features.items()},
        }
    )


def test_a_table_nobody_wrote_is_empty_and_not_an_error(shop: ShopBuilder) -> None:
    assert shop.engine.query('SELECT count(*) AS n FROM "order"', {"order": ORDER}).to_pylist() == [{"n": 0}]


def test_writing_an_as_of_twice_leaves_one_copy(shop: ShopBuilder) -> None:
    for _ in range(2):
        shop.lake.overwrite_as_of(SNAPSHOT, snapshot_rows(shop, 10, orders=[1, 2]), shop.day(10))
    shop.lake.overwrite_as_of(SNAPSHOT, snapshot_rows(shop, 20, orders=[3, 4]), shop.day(20))

    rows = shop.engine.query("SELECT sum(orders) AS orders, count(*) AS n FROM s", {"s": SNAPSHOT}).to_pylist()

    assert rows == [{"orders": 10.0, "n": 4}]


def test_a_snapshot_may_gain_a_feature_and_older_rows_have_null_there(shop: ShopBuilder) -> None:
    shop.lake.overwrite_as_of(SNAPSHOT, snapshot_rows(shop, 10, orders=[1, 2]), shop.day(10))
    shop.lake.overwrite_as_of(SNAPSHOT, snapshot_rows(shop, 20, orders=[3, 4], visits=[5, 6]), shop.day(20))

    rows = shop.engine.query("SELECT count(visits) AS known, count(*) AS n FROM s", {"s": SNAPSHOT}).to_pylist()

    assert rows == [{"known": 2, "n": 4}]


def test_no_byte_of_an_erased_customer_stays_in_the_lake(shop: ShopBuilder) -> None:
    shop.orders("ann-to-forget", day=1).orders("bob", day=2)

    deleted = shop.lake.delete_customer("ann-to-forget")

    assert deleted == {"order": 1, "order_line": 1}
    files = [file for file in Path(shop.lake.url).rglob("*") if file.is_file()]
    assert files
    assert not [file for file in files if b"ann-to-forget" in file.read_bytes()]
    assert shop.engine.query("SELECT customer_id FROM o", {"o": ORDER}).to_pylist() == [{"customer_id": "bob"}]


def test_compacting_joins_files_and_keeps_every_row(shop: ShopBuilder) -> None:
    for day in range(5):
        shop.orders("ann", day=day).lake  # noqa: B018 - each look writes one small file

    assert shop.lake.compact(ORDER) == 5
    assert len(shop.lake.files(ORDER)) == 1
    assert shop.engine.query("SELECT count(*) AS n FROM o", {"o": ORDER}).to_pylist() == [{"n": 5}]


def test_replaced_files_stay_for_readers_until_they_are_old(shop: ShopBuilder) -> None:
    for day in range(3):
        shop.orders("ann", day=day).lake  # noqa: B018
    before = shop.lake.files(ORDER)
    shop.lake.compact(ORDER)

    shop.lake.vacuum(ORDER)
    kept = [Path(file).exists() for file in before]
    shop.lake.vacuum(ORDER, keep_hours=0)

    assert kept == [True] * 3
    assert not any(Path(file).exists() for file in before)


def test_readers_see_whole_commits_while_one_writes(shop: ShopBuilder) -> None:
    shop.orders("ann", day=0).lake  # noqa: B018
    seen: list[int] = []
    done = threading.Event()

    def read() -> None:
        while not done.is_set():
            seen.extend(row["n"] for row in shop._engine.query("SELECT count(*) AS n FROM o", {"o": ORDER_LINE}).to_pylist())

    readers = [threading.Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    for day in range(1, 6):
        shop.orders("ann", day=day, products=("a", "b")).lake  # noqa: B018
    done.set()
    for reader in readers:
        reader.join()

    assert set(seen) <= {1, 3, 5, 7, 9, 11}


def test_a_stream_gives_the_same_rows_as_a_query(shop: ShopBuilder) -> None:
    for day in range(10):
        shop.orders("ann", day=day)
    sql = "SELECT order_id FROM o WHERE placed_at < $before ORDER BY order_id"

    whole = shop.engine.query(sql, {"o": ORDER}, before=shop.day(5))
    streamed = shop.engine.stream(sql, {"o": ORDER}, before=shop.day(5)).read_all()

    assert whole.num_rows == 5
    assert streamed.equals(whole)


def test_a_query_the_engine_refuses_is_shown_with_its_text(shop: ShopBuilder) -> None:
    with pytest.raises(LakeError, match="the engine refused a query") as error:
        shop.engine.query("SELECT no_such_column FROM o", {"o": ORDER})

    assert "SELECT no_such_column FROM o" in str(error.value)


def test_queries_at_one_time_see_only_the_tables_they_named(shop: ShopBuilder) -> None:
    shop.orders("ann", day=0).orders("bob", day=1)
    engine = shop.engine
    answers: list[int] = []

    def count(rows: int) -> None:
        named = {"o": ORDER, "rows": pa.table({"a": [0] * rows})}
        sql = "SELECT (SELECT count(*) FROM rows) - (SELECT count(*) FROM o) AS n"
        answers.extend(engine.query(sql, named)["n"][0].as_py() for _ in range(20))

    threads = [threading.Thread(target=count, args=(rows,)) for rows in (2, 2, 5, 5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(answers) == [0] * 40 + [3] * 40
    with pytest.raises(LakeError):
        engine.query("SELECT * FROM rows", {})


def test_the_engine_leaves_no_spill_folder_behind(shop: ShopBuilder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    engine = DuckEngine(shop.lake, memory_mb=256)
    engine.query("SELECT count(DISTINCT range) FROM range(1000)", {})
    assert list(tmp_path.glob("lifeloop-*"))

    del engine

    assert not list(tmp_path.glob("lifeloop-*"))


def test_a_table_others_keep_writing_to_is_said_to_be_busy(shop: ShopBuilder) -> None:
    shop.orders("ann", day=1)

    def too_late(opened: DeltaTable) -> None:
        raise CommitFailedError("version 7 is taken")

    with pytest.raises(LakeError, match="Try again when they are done"):
        shop.lake._guard(ORDER, too_late)


@pytest.mark.parametrize(
    "folder", ["my shop", "中文 店", "quo'te", 'dq"uote', "a*b?", "50% off", "ha#sh", "day=1", "{x};$HOME"]
)
def test_a_lake_lies_in_a_folder_of_any_name(tmp_path: Path, folder: str) -> None:
    shop = ShopBuilder(tmp_path / folder)
    shop.orders("ann", day=1).orders("bob", day=2)

    assert shop.lake.delete_customer("ann") == {"order": 1, "order_line": 1}
    assert all(Path(file).is_file() for file in shop.lake.files(ORDER))
    assert shop.engine.query("SELECT customer_id FROM o", {"o": ORDER}).to_pylist() == [{"customer_id": "bob"}]
    assert shop.engine.query("SELECT * FROM o", {"o": ORDER}).column_names == list(ORDER.columns)


@pytest.mark.parametrize("folder", ["a[1]", "x%20y", "a^b", "a|b"])
def test_a_folder_delta_cannot_name_is_refused_at_once(tmp_path: Path, folder: str) -> None:
    with pytest.raises(LakeError, match="stands in its path"):
        Lake(tmp_path / folder)


def test_what_was_shown_to_an_erased_customer_goes_on_their_devices_too(shop: ShopBuilder) -> None:
    def shown(number: str, day: float, **whose: str) -> dict[str, object]:
        row = {"exposure_id": number, "rank": 1, "shown_at": shop.day(day), "received_at": shop.day(day), "placement": "home"}
        row |= {"product_id": "tea", "propensity": 1.0, "is_explored": False, "strategy": "trending", "version": "v"}
        return row | whose

    rows = [shown("e1", 1, customer_id="ann"), shown("e2", 2, anonymous_id="tablet"), shown("e3", 5, anonymous_id="tablet")]
    link = {"kind": "device", "identifier": "tablet", "since": shop.day(1), "until": shop.day(3), "customer_id": "ann"}
    shop.lake.append(EXPOSURE, pa.Table.from_pylist([*rows, shown("e4", 1, customer_id="bob")], schema=EXPOSURE.arrow()))
    shop.lake.append(IDENTITY, pa.Table.from_pylist([link], schema=IDENTITY.arrow()))

    assert shop.lake.delete_customer("ann") == {"identity": 1, "exposure": 2}
    assert sorted(shop.lake.scan(EXPOSURE).read_all()["exposure_id"].to_pylist()) == ["e3", "e4"]


def test_old_moments_can_be_dropped(shop: ShopBuilder) -> None:
    shop.lake.drop_before(SNAPSHOT, shop.day(20))
    for day in (10, 20, 30):
        shop.lake.overwrite_as_of(SNAPSHOT, snapshot_rows(shop, day, orders=[1, 2]), shop.day(day))

    shop.lake.drop_before(SNAPSHOT, shop.day(20))

    assert set(shop.lake.scan(SNAPSHOT).read_all()["as_of"].to_pylist()) == {shop.day(20), shop.day(30)}
