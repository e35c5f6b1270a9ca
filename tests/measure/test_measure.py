"""The report's figures can be computed by hand from the facts."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from lifeloop.base.config import Settings
from lifeloop.base.errors import NotEnoughData
from lifeloop.base.text import Text
from lifeloop.base.versions import new_version
from lifeloop.measure.cohorts import cohorts
from lifeloop.measure.customers import customer_card, worth_a_look
from lifeloop.measure.months import Month, months_until
from lifeloop.measure.outlook import outlook, top_reasons, value_deciles
from lifeloop.measure.quality import quality
from lifeloop.measure.report_data import report_data
from lifeloop.measure.revenue import periods, revenue_by_month
from lifeloop.measure.stage_flow import improved, stage_counts, stage_flow, worsened
from lifeloop.measure.standing import moment_before, stages_at, standing
from lifeloop.predict.models.stage import Stage, StageConfig
from lifeloop.predict.stage.rhythm import RhythmConfig, learn_rhythm
from lifeloop.schema import REJECTED, SCORE, SNAPSHOT
from lifeloop.testing import ShopBuilder
from lifeloop.unify import unify


def scores(shop: ShopBuilder, day: float, *rows: dict[str, Any]) -> None:
    """Write score rows as of `day`, instead of what stood there."""
    blank = dict.fromkeys(SCORE.columns)
    full = [blank | {"as_of": shop.day(day), "version": "1"} | row for row in rows]
    shop.lake.overwrite_as_of(SCORE, pa.Table.from_pylist(full, schema=SCORE.arrow()), shop.day(day))


def stage(customer: str, name: str) -> dict[str, Any]:
    return {"customer_id": customer, "model": "stage", "target": "stage", "label": name, "reasons": "[]"}


def figure(customer: str, model: str, target: str, value: float | None, days: int, **more: Any) -> dict[str, Any]:
    return {"customer_id": customer, "model": model, "target": target, "value": value, "horizon_days": days} | more


def snapshot(shop: ShopBuilder, day: float, **customers: tuple[int, int, int]) -> None:
    """Write a snapshot of customer=(orders, goods in minor units, days since the last order)."""
    rows = [
        {"as_of": shop.day(day), "customer_id": name, "orders": orders, "goods_minor": goods, "recency_days": recency}
        for name, (orders, goods, recency) in customers.items()
    ]
    schema = SNAPSHOT.arrow([("orders", "int32"), ("goods_minor", "int64"), ("recency_days", "int32")])
    shop.lake.overwrite_as_of(SNAPSHOT, pa.Table.from_pylist(rows, schema=schema), shop.day(day))


def told(*pairs: tuple[str, float]) -> str:
    return json.dumps([{"feature": name, "effect": effect, "en": name, "zh": name} for name, effect in pairs])


def test_revenue_stands_in_the_month_of_the_shops_own_calendar(shop: ShopBuilder) -> None:
    shop.orders("ann", day=30, spent=10)  # 2024-01-31 12:00 UTC
    shop.orders("ann", day=31.2, spent=5)  # 2024-02-01 16:48 UTC, 2024-02-02 00:48 in Shanghai
    shop.orders("bob", day=30.3, spent=7)  # 2024-01-31 19:12 UTC, 2024-02-01 03:12 in Shanghai
    shop.refunds("ann", day=32, amount=3)

    utc = revenue_by_month(shop.engine, shop.day(40))
    shanghai = revenue_by_month(shop.engine, shop.day(40), zone="Asia/Shanghai")

    assert [(one.month, one.goods_minor, one.refunded_minor, one.orders) for one in utc] == [
        ("2024-01", 1700, 0, 2),
        ("2024-02", 500, 300, 1),
    ]
    assert [(one.month, one.goods_minor) for one in shanghai] == [("2024-01", 1000), ("2024-02", 1200)]


def test_a_month_without_orders_is_shown_and_a_month_cut_short_says_so(shop: ShopBuilder) -> None:
    shop.orders("ann", day=-0.5).orders("ann", day=70)  # noon before 2024-01-01 00:00 is 2024-01-01 00:00

    months = revenue_by_month(shop.engine, shop.day(75))

    assert [(one.month, one.orders, one.complete) for one in months] == [
        ("2024-01", 1, True),
        ("2024-02", 0, True),
        ("2024-03", 1, False),
    ]


def test_a_month_begins_when_the_shops_clocks_say_so() -> None:
    assert Month(2024, 4).start("Europe/Berlin") == datetime(2024, 3, 31, 22, tzinfo=UTC)  # summer time began that day
    assert [
        str(month) for month in months_until(datetime(2023, 12, 31, tzinfo=UTC), datetime(2024, 2, 1, tzinfo=UTC), "UTC")
    ] == [
        "2023-12",
        "2024-01",
    ]


def test_the_last_days_are_set_against_as_many_before(shop: ShopBuilder) -> None:
    shop.orders("ann", day=1).orders("ann", day=35, spent=30).orders("bob", day=41, spent=20).orders("ann", day=70, spent=60)

    month, quarter, _ = periods(shop.engine, shop.day(71))  # days 41 to 70, after days 11 to 40

    assert (month.goods_minor, month.goods_before_minor) == (8000, 3000)
    assert (month.orders, month.customers, month.known_before) == (2, 2, True)
    assert not quarter.known_before


def test_the_last_days_are_days_of_the_shops_own_clock(shop: ShopBuilder) -> None:
    shop.orders("ann", day=89.4, spent=7)  # 2024-03-30 21:36 UTC: 22:36 in Berlin, the evening before summer time began
    shop.orders("ann", day=89.48, spent=9)  # 23:31 UTC: half past midnight on the 31st
    as_of = datetime(2024, 4, 29, 22, tzinfo=UTC)  # midnight in Berlin; 30 days before lies the 31st of March, 00:00

    month, *_ = periods(shop.engine, as_of, zone="Europe/Berlin")

    assert (month.goods_minor, month.goods_before_minor) == (900, 700)


def test_cohorts_count_customers_by_the_month_they_came_in(shop: ShopBuilder) -> None:
    shop.orders("ann", day=0, spent=10).orders("bob", day=5, spent=30)  # January
    shop.orders("ann", day=32, spent=20).orders("cyd", day=40, spent=5)  # February
    shop.orders("ann", day=61, spent=4).orders("bob", day=62, spent=4).orders(None, day=62)  # March

    january, february = cohorts(shop.engine, "UTC", shop.day(70))

    assert (january.month, january.customers, january.active) == ("2024-01", 2, (2, 1, 2))
    assert january.goods_minor == (4000, 2000, 800)
    assert january.revenue_share == (1.0, 0.5, 0.2)
    assert (february.month, february.active, february.unfinished) == ("2024-02", (1, 0), True)


def test_nothing_that_happens_later_is_counted(shop: ShopBuilder) -> None:
    shop.orders("ann", day=1).orders("ann", day=50)

    assert [one.active for one in cohorts(shop.engine, "UTC", shop.day(20))] == [(1,)]
    assert [one.orders for one in revenue_by_month(shop.engine, shop.day(20))] == [1]


def test_stages_are_counted_beside_those_of_a_month_before(shop: ShopBuilder) -> None:
    scores(shop, 60, stage("ann", "new"), stage("bob", "loyal"))
    scores(
        shop,
        90,
        stage("ann", "at_risk"),
        stage("bob", "loyal"),
        stage("cyd", "new"),
        figure("bob", "value", "revenue_minor", 700.0, 180),
    )
    snapshot(shop, 90, ann=(1, 1000, 60), bob=(9, 9000, 3), cyd=(1, 500, 2))
    now, before = standing(shop.engine, shop.day(90)), stages_at(shop.engine, shop.day(60))

    counts = {one.stage: (one.customers, one.before, one.revenue_minor, one.goods_minor) for one in stage_counts(now, before)}

    assert moment_before(shop.engine, shop.day(90)) == shop.day(60)
    assert counts["new"] == (1, 1, 0.0, 500)
    assert counts["loyal"] == (1, 1, 700.0, 9000)
    assert counts["at_risk"] == (1, 0, 0.0, 1000)
    assert counts["lapsed"] == (0, 0, 0.0, 0)


def test_moves_are_summed_to_those_who_came_nearer_and_those_who_went_away(shop: ShopBuilder) -> None:
    def table(**stages: str) -> pa.Table:
        return pa.table({"customer_id": list(stages), "target": ["stage"] * len(stages), "label": list(stages.values())})

    moves = stage_flow(
        table(ann="at_risk", bob="lapsed", cyd="loyal", dan="at_risk", eve="new"),
        table(ann="active", bob="won_back", cyd="at_risk", dan="lapsed", eve="active", fay="new"),
    )

    assert improved(moves) == 2
    assert worsened(moves) == 2


def test_the_outlook_adds_up_what_is_expected_of_every_customer(shop: ShopBuilder) -> None:
    scores(
        shop,
        10,
        figure("ann", "churn", "p_churn", 0.5, 30),
        figure("bob", "churn", "p_churn", 0.5, 30),
        figure("ann", "value", "revenue_minor", 1000.0, 180, low=0.0, high=3000.0),
        figure("bob", "value", "revenue_minor", 3000.0, 180, low=1000.0, high=5000.0),
    )
    snapshot(shop, 10, ann=(1, 1000, 5), bob=(2, 2000, 5), cyd=(0, 0, 0))

    expected = outlook(standing(shop.engine, shop.day(10)))

    assert (expected.customers, expected.churn_expected, expected.churn_days) == (2, 1.0, 30)
    assert (expected.revenue_minor, expected.value_days) == (4000.0, 180)
    assert expected.revenue_low_minor == pytest.approx(4000 - 2500)  # half widths 1500 and 2000: sqrt(1500^2 + 2000^2)
    assert expected.revenue_high_minor == pytest.approx(4000 + 2500)


def test_the_total_reaches_as_far_as_totals_were_off_in_the_past(shop: ShopBuilder) -> None:
    scores(shop, 10, figure("ann", "value", "revenue_minor", 1000.0, 180, low=900.0, high=1100.0))

    expected = outlook(standing(shop.engine, shop.day(10)), total_ratios=[0.8, 1.05])

    assert expected.revenue_low_minor == pytest.approx(900)  # independent customers: 900 to 1100
    assert expected.revenue_high_minor == pytest.approx(1250)  # once, 80 % was foretold


def test_value_falls_into_tenths_of_the_customers(shop: ShopBuilder) -> None:
    scores(shop, 10, *(figure(f"c{n:02}", "value", "revenue_minor", float(n), 180) for n in range(1, 21)))

    deciles = value_deciles(standing(shop.engine, shop.day(10)))

    assert [one.number for one in deciles] == list(range(1, 11))
    assert (deciles[0].predicted_mean_minor, deciles[9].predicted_mean_minor) == (19.5, 1.5)
    assert deciles[0].share == pytest.approx(39 / 210)
    assert deciles[0].actual_mean_minor is None


def test_only_the_three_strongest_reasons_of_each_customer_are_counted(shop: ShopBuilder) -> None:
    scores(
        shop,
        10,
        figure("ann", "churn", "p_churn", 0.9, 30, reasons=told(("a", 2.0), ("b", 1.0), ("c", -1.0), ("d", 0.5))),
        figure("bob", "churn", "p_churn", 0.1, 30, reasons=told(("a", -2.0))),
    )

    counted = top_reasons(shop.engine, shop.day(10), {"a": Text("days away", "未来天数")})

    assert {(one.feature, one.raises): one.customers for one in counted} == {
        ("a", True): 1,
        ("a", False): 1,
        ("b", True): 1,
        ("c", False): 1,
    }
    assert counted[0].share == 0.5
    assert {one.label.en for one in counted} == {"days away", "b", "c"}


def test_customers_worth_a_look_are_at_risk_and_the_most_valuable_come_first(shop: ShopBuilder) -> None:
    scores(
        shop,
        10,
        *(stage(name, "at_risk") for name in ("ann", "bob")),
        stage("cyd", "loyal"),
        figure("ann", "value", "revenue_minor", 100.0, 180),
        figure("bob", "value", "revenue_minor", 900.0, 180),
        figure("cyd", "value", "revenue_minor", 9000.0, 180),
        figure("bob", "next_order", "days", 12.0, 365, low=3.0, high=90.0),
        figure("ann", "next_order", "days", None, 365),
        figure("bob", "churn", "p_churn", 0.7, 30, reasons=told(("month", 9.0), ("x", -2.0), ("y", 1.0))),
    )
    snapshot(shop, 10, ann=(1, 1000, 5), bob=(2, 2000, 5), cyd=(3, 3000, 5))

    worth = worth_a_look(shop.engine, standing(shop.engine, shop.day(10)), shop.day(10))

    assert [one.customer_id for one in worth] == ["bob", "ann"]
    assert worth[0].next_order == shop.day(21)  # the 1st day after the last known one is the day that begins at as_of
    assert worth[0].pushes is not None
    assert worth[0].pushes.feature == "y"  # the month is everybody's, and x holds them
    assert worth[1].next_order is None


def test_the_day_of_the_next_order_is_right_across_a_change_of_the_clock(shop: ShopBuilder) -> None:
    shop.orders("ann", day=1)
    scores(shop, 299 - 2 / 24, stage("ann", "at_risk"), figure("ann", "next_order", "days", 3.0, 730))
    as_of = datetime(2024, 10, 25, 22, tzinfo=UTC)  # Saturday the 26th in Berlin; clocks go back that night
    snapshot(shop, 299 - 2 / 24, ann=(1, 1000, 5))

    (worth,) = worth_a_look(shop.engine, standing(shop.engine, as_of), as_of, zone="Europe/Berlin")

    assert worth.next_order == datetime(2024, 10, 27, 23, tzinfo=UTC)  # Monday the 28th begins


def test_a_card_tells_all_that_is_known_of_one_customer_and_nothing_later(shop: ShopBuilder) -> None:
    shop.orders("ann", day=1, spent=12).refunds("ann", day=3, amount=2).does("ann", "Product Viewed", day=4, product="thing")
    shop.orders("ann", day=9).orders("bob", day=2)
    scores(shop, 5, stage("ann", "new"), figure("ann", "churn", "p_churn", 0.25, 30, reasons="[]"))
    snapshot(shop, 5, ann=(1, 1200, 3), bob=(1, 1000, 2))
    unify(shop.lake, shop.engine)

    card = customer_card(shop.engine, "ann", shop.day(5))

    assert card.profile == {"customer_id": "ann", "first_seen_at": shop.day(1.5), "last_seen_at": shop.day(4.5)}

    assert [(one.kind, one.amount_minor) for one in card.history] == [
        ("Product Viewed", None),
        ("refund", 200),
        ("order", 1200),
    ]
    assert card.stage is not None
    assert card.stage.label == "new"
    assert [(score.target, score.value) for score in card.scores] == [("p_churn", 0.25)]
    assert card.features == {"orders": 1, "goods_minor": 1200, "recency_days": 3}


def test_a_customer_nobody_knows_is_said_to_be_unknown(shop: ShopBuilder) -> None:
    shop.orders("ann", day=1)

    shop.orders("late", day=7)
    unify(shop.lake, shop.engine)

    for nobody in ("ghost", "late"):
        with pytest.raises(NotEnoughData, match=f"cannot show the customer '{nobody}'"):
            customer_card(shop.engine, nobody, shop.day(5))


def test_refused_rows_and_unnamed_orders_are_told(shop: ShopBuilder) -> None:
    shop.orders("ann", day=1, spent=30).orders(None, day=2, spent=10)
    refused = [
        {
            "file": "a.csv",
            "file_sha256": "0",
            "line": line,
            "reason": "bad_date",
            "detail": f"line {line}",
            "raw": "x",
            "received_at": shop.day(3),
        }
        for line in (2, 3)
    ]
    shop.lake.append(REJECTED, pa.Table.from_pylist(refused, schema=REJECTED.arrow()))

    found = quality(shop.engine, shop.day(5))

    assert found.rows["order"] == 2
    assert (found.unnamed_orders, found.unnamed_share) == (1, 0.25)
    assert [(one.reason, one.rows, one.files, one.example) for one in found.rejected] == [("bad_date", 2, 1, "line 2")]


def test_an_empty_lake_gives_an_empty_report_with_a_note_and_no_error(shop: ShopBuilder) -> None:
    data = report_data(shop.engine, shop.day(5), settings=Settings())

    assert not any((data.stages, data.moves, data.revenue, data.cohorts, data.worth, data.grid, data.clusters, data.reasons))
    assert [note.name for note in data.notes] == ["no_orders"]


def test_a_short_history_and_unjudged_models_are_noted(shop: ShopBuilder) -> None:
    shop.orders("ann", day=1).orders("ann", day=60)
    scores(shop, 90, stage("ann", "active"))

    names = [note.name for note in report_data(shop.engine, shop.day(90), settings=Settings()).notes]

    assert names == ["short_history", "silence", "not_judged", "independent", "old_customers"]


def test_a_report_of_an_earlier_moment_tells_the_rules_of_that_moment(shop: ShopBuilder, tmp_path: Path) -> None:
    shop.orders("ann", day=1)
    for day, usual in ((30, 10.0), (60, 50.0)):
        config = RhythmConfig(usual_days=usual)
        rules = Stage(rhythm=learn_rhythm([], config), config=StageConfig(rhythm=config))
        rules.save(new_version(tmp_path, "stage", shop.day(day)))
        scores(shop, day, stage("ann", "new"))

    early, late = (report_data(shop.engine, shop.day(day), settings=Settings(), models=tmp_path).rules for day in (30, 60))

    assert "20 days" in early["at_risk"]["en"]
    assert "100 days" in late["at_risk"]["en"]
