"""A feature is refused where it is written, when it could not work or could look past the cut in time."""

from __future__ import annotations

import dataclasses

import pytest

from lifeloop.base.errors import FeatureError
from lifeloop.base.text import Text
from lifeloop.features import FEATURES, Feature, Subject, features_reference, take_snapshot
from lifeloop.features.combined import COMBINED
from lifeloop.features.declare import collect_features
from lifeloop.features.orders import ORDERS
from lifeloop.testing import ShopBuilder

LABEL = Text("something", "某事")


def feature(name: str, sql: str, subject: Subject = ORDERS, window_days: int | None = None) -> Feature:
    return Feature(name, subject, sql, "float64", "things", "Something.", LABEL, window_days=window_days)


def test_there_are_about_sixty_features() -> None:
    assert 60 <= len(FEATURES) <= 75


@pytest.mark.parametrize(
    "sql",
    [
        "(SELECT max(placed_at) FROM orders)",
        "count(*) FILTER (WHERE day < (select max(day) from orders))",
        "max(day) - current_date",
        "avg(goods_minor) * random()",
        "date_diff('day', now(), max(day))",
        "count(*); DROP TABLE orders",
        "count(*) -- all",
        "max(day) - $until",
    ],
)
def test_an_expression_that_could_look_past_the_cut_is_refused(sql: str) -> None:
    with pytest.raises(FeatureError, match="could look past the cut in time"):
        feature("sly", sql)


@pytest.mark.parametrize("sql", ["", "count(*", "count(*))", "count_if(name = 'a)", ")count(*)("])
def test_an_expression_that_is_none_is_refused(sql: str) -> None:
    with pytest.raises(FeatureError, match="is no expression"):
        feature("broken", sql)


@pytest.mark.parametrize("name", ["as_of", "customer_id", "Orders", "orders per day", "1d"])
def test_a_name_that_cannot_be_a_column_is_refused(name: str) -> None:
    with pytest.raises(FeatureError, match="is no free name"):
        feature(name, "count(*)")


@pytest.mark.parametrize(("sql", "days"), [("max(day) - min(day)", 30), ("count(*) + 1", 30), ("count(*)", 0)])
def test_a_window_covers_one_aggregate_call_and_at_least_a_day(sql: str, days: int) -> None:
    with pytest.raises(FeatureError, match=f"a window of {days} days"):
        feature("windowed", sql, window_days=days)


def test_a_feature_that_is_no_number_is_refused() -> None:
    with pytest.raises(FeatureError, match="a feature is a number"):
        dataclasses.replace(FEATURES["orders"], dtype="string")


def test_a_name_that_is_taken_is_refused() -> None:
    with pytest.raises(FeatureError, match=r"the name is taken by `count\(\*\)` over orders"):
        collect_features([[FEATURES["orders"]], [feature("orders", "max(day)")]])


def test_the_engine_names_the_one_feature_it_does_not_understand(shop: ShopBuilder) -> None:
    shop.orders("ann", day=1)
    for broken in (feature("odd", "sum(no_such_column)"), feature("odd_ratio", "no_such_feature / 2", COMBINED)):
        with pytest.raises(FeatureError, match=f"the feature {broken.name} cannot be computed"):
            take_snapshot(shop.engine, shop.day(3), features={**FEATURES, broken.name: broken})


def test_a_shop_may_add_features_of_its_own(shop: ShopBuilder) -> None:
    shop.orders("ann", day=1, spent=10).orders("ann", day=2, spent=30)
    spread = feature("spread", "max(goods_minor) - min(goods_minor)")
    relative = feature("relative_spread", "spread / order_value_mean_minor", COMBINED)
    twice = feature("twice_relative_spread", "2 * relative_spread", COMBINED)

    snapshot = take_snapshot(shop.engine, shop.day(3), features={f.name: f for f in (twice, relative, spread)})

    assert snapshot.drop_columns("as_of").to_pylist() == [
        {"customer_id": "ann", "twice_relative_spread": 2.0, "relative_spread": 1.0, "spread": 2000.0}
    ]


def test_every_feature_says_what_it_is_in_both_languages() -> None:
    for one in FEATURES.values():
        assert one.about.endswith(".")
        assert one.unit
        assert one.label.en[0].islower()
        assert any("\u4e00" <= sign <= "\u9fff" for sign in one.label.zh)
    labels = [one.label for one in FEATURES.values()]
    assert len({label.en for label in labels}) == len({label.zh for label in labels}) == len(labels)


def test_money_and_time_carry_their_unit_in_their_name() -> None:
    for one in FEATURES.values():
        if "minor units" in one.unit:
            assert one.name.endswith("_minor"), one.name
        if one.unit == "days" and one.name not in ("order_days", "event_days_30d", "weekday_sd"):
            assert one.name.endswith("_days"), one.name


def test_the_reference_has_one_line_for_every_feature_with_its_sql() -> None:
    lines = features_reference().splitlines()

    for name, one in FEATURES.items():
        (line,) = [line for line in lines if line.startswith(f"| {name} |")]
        assert f"`{one.expression}`" in line
        assert one.about in line
