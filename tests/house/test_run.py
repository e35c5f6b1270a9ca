"""A run is whole or it is no run, and the past keeps what was said in it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from lifeloop.app import App
from lifeloop.base.clock import FixedClock
from lifeloop.base.errors import LakeError
from lifeloop.lake import Lake
from lifeloop.schema import ORDER, ORDER_LINE, SCORE
from lifeloop.simulate import Shop, WorldConfig
from lifeloop.simulate.files.tables import write_tables

STAGES_SQL = "SELECT customer_id, label, version FROM s WHERE as_of = $as_of AND model = 'stage' ORDER BY customer_id"


@pytest.fixture
def app(tmp_path: Path) -> App:
    world = WorldConfig().but(shop={"customers": 200, "products": 20}).lasting(300)
    files = write_tables(Shop(world), tmp_path / "files")
    (tmp_path / "home").mkdir()
    app = App.open(tmp_path / "home", clock=FixedClock(datetime(2026, 1, 2, tzinfo=UTC)))
    app.import_files([files["order"], files["order_line"]])
    return App.open(tmp_path / "home", clock=app.clock)


def test_a_run_that_broke_off_is_no_run(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = Lake.overwrite_as_of

    def breaks(self: Lake, table: Any, rows: Any, as_of: datetime, where: str = "") -> None:
        if "churn" in where:
            raise LakeError("cannot write", "the plug was pulled")
        whole(self, table, rows, as_of, where)

    as_of = app.as_of(None)
    with monkeypatch.context() as patch:
        patch.setattr(Lake, "overwrite_as_of", breaks)
        with pytest.raises(LakeError, match="the plug was pulled"):
            app.run(as_of)
    broken = app.scored_moments()
    app.run(app.as_of(None))

    assert broken == []
    assert app.scored_moments() == [app.as_of(None)]


def test_a_later_run_leaves_the_stages_of_an_earlier_run_as_they_were_told(app: App) -> None:
    now = app.as_of(None)
    before = now - timedelta(days=30)
    app.run(before)
    told = app.engine.query(STAGES_SQL, {"s": SCORE}, as_of=before)

    app.run(now)

    assert told.num_rows > 100
    assert app.engine.query(STAGES_SQL, {"s": SCORE}, as_of=before).equals(told)


def test_an_order_under_two_sources_is_warned_of_at_once(app: App, tmp_path: Path) -> None:
    again = app.import_files([tmp_path / "files" / "order_line.parquet"], source="elsewhere")

    assert "count twice" in again.warnings[-1]
    assert not next(check for check in app.doctor() if check.name == "sources").ok


HALVES = {
    "lines": "order_id,customer_id,date,product_id,quantity,price\n1,ann,2024-01-05,tea,2,5.00\n1,ann,2024-01-05,cup,1,7.50\n",
    "orders": "order_id,customer_id,date,total,shipping\n1,ann,2024-01-05,22.50,5.00\n",
}


ORDERS_OF_TELLING = [
    ["lines", "orders", "lines"],
    ["orders", "lines", "orders"],
    ["orders", "lines", "lines"],
    ["both", "lines", "orders"],
    ["lines", "orders", "both"],
]


@pytest.mark.parametrize("told", ORDERS_OF_TELLING)
def test_a_list_of_orders_and_a_list_of_their_lines_are_two_halves(told: list[str], tmp_path: Path) -> None:
    app = App.open(tmp_path, clock=FixedClock(datetime(2024, 2, 1, tzinfo=UTC)))
    for kind, text in HALVES.items():
        (tmp_path / f"{kind}.csv").write_text(text)
    for kinds in told:
        names = list(HALVES) if kinds == "both" else [kinds]
        last = app.import_files([tmp_path / f"{name}.csv" for name in names])

    paid = app.engine.query("SELECT total_minor, shipping_minor, goods_minor, quantity, products FROM o", {"o": ORDER})
    lines = app.engine.query("SELECT product_id, amount_minor FROM l ORDER BY line_no", {"l": ORDER_LINE})
    assert paid.to_pylist() == [
        {"total_minor": 2250, "shipping_minor": 500, "goods_minor": 1750, "quantity": 3.0, "products": 2}
    ]
    assert lines["amount_minor"].to_pylist() == [1000, 750]
    assert last.written == ()
