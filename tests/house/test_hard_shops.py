"""Shops nobody plans for: each is imported, run and reported honestly, without a traceback and without a loss."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from lifeloop.app import App
from lifeloop.base.clock import FixedClock
from lifeloop.base.errors import NotEnoughData
from lifeloop.console import render_report
from lifeloop.schema import SCORE

START = date(2024, 1, 1)


def one_customer() -> list[str]:
    return [f"o{number},ann,{START + timedelta(days=9 * number)},10.00" for number in range(40)]


def one_day() -> list[str]:
    return [f"o{number},c{number % 150},{START},{10 + number % 7}.00" for number in range(200)]


def one_order_each() -> list[str]:
    return [f"o{number},c{number},{START + timedelta(days=number % 300)},{10 + number % 7}.00" for number in range(3000)]


def one_order() -> list[str]:
    return [f"o1,ann,{START},10.00"]


def nobody_named() -> list[str]:
    return [f"o{number},,{START + timedelta(days=number)},10.00" for number in range(100)]


def one_who_never_stops() -> list[str]:
    tireless = [f"t{number},tireless,{START + timedelta(days=number % 400)},10.00" for number in range(100_000)]
    return tireless + [f"o{number},c{number % 50},{START + timedelta(days=4 * (number % 100))},20.00" for number in range(400)]


def everything_free() -> list[str]:
    return [f"o{number},c{number % 60},{START + timedelta(days=number)},0.00" for number in range(300)]


SHOPS = [one_customer, one_day, one_order_each, one_order, nobody_named, one_who_never_stops, everything_free]


def verdict_or_way_out(app: App, question: str) -> str:
    try:
        return str(app.backtest(question)["verdict"]["en"])
    except NotEnoughData as error:
        return error.fix


@pytest.mark.parametrize("make", SHOPS, ids=lambda make: make.__name__)
def test_a_hard_shop_is_lived_through_honestly(make: Callable[[], list[str]], tmp_path: Path) -> None:
    rows = make()
    file = tmp_path / "orders.csv"
    file.write_text("\n".join(["order_id,customer_id,date,total", *rows]) + "\n")
    home = tmp_path / "home"
    home.mkdir()
    app = App.open(home, clock=FixedClock(datetime(2026, 1, 1, tzinfo=UTC)))

    done = app.import_files([file])
    as_of = app.as_of(None)
    report = app.run(as_of)
    text = render_report(app.report_data(as_of))

    assert done.orders_new + sum(done.rejected.values()) == len(rows)
    scores = app.engine.query("SELECT * FROM s WHERE as_of = $as_of", {"s": SCORE}, as_of=as_of)
    is_chance = pc.is_in(scores["target"], pa.array(["p_churn", "p_buy"]))
    chances = pc.drop_null(scores.filter(is_chance)["value"])
    assert not len(chances) or 0 <= pc.min(chances).as_py() <= pc.max(chances).as_py() <= 1
    figures = pc.drop_null(scores["value"])
    assert pc.all(pc.is_finite(figures)).as_py() in (True, None)
    assert {one.question for one in report.models} == {"churn", "value", "next_order", "stage", "segment"}
    assert text.startswith("<!doctype html>")
    assert all(verdict_or_way_out(app, question) for question in ("churn", "value"))
