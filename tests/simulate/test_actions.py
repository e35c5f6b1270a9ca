"""A policy acts through messages and recommendations, in the shop's own ids, and sees what a shop would see."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from lifeloop.base.errors import SettingsError, UnknownName
from lifeloop.simulate.actions import ANSWER, MESSAGE, RECOMMENDATION, Actions, messages
from lifeloop.simulate.policies import rehearse
from lifeloop.simulate.settings import WorldConfig
from lifeloop.simulate.shop import Seen, Shop
from lifeloop.simulate.shown import Shown, click_chance, click_chances
from lifeloop.simulate.truth import open_shop

WORLD = (
    WorldConfig()
    .but(
        shop={"customers": 1500, "products": 80},
        customers={"existing": 1.0},
        products={"stock_days": 0},
        dirt={"malformed": 0, "late": 0, "duplicates": 0, "bots": 0},
    )
    .lasting(60)
)


def begun() -> tuple[Shop, list[str]]:
    """A shop after its first day, and the customers it knows."""
    shop = Shop(WORLD)
    return shop, shop.step().customer["customer_id"].to_pylist()


def count(seen: Seen, name: str) -> int:
    return pc.sum(pc.equal(seen.event["name"], name)).as_py() or 0


def test_messages_go_to_those_who_agreed_and_the_others_are_refused_with_a_reason() -> None:
    shop, known = begun()
    asked = [*known[:400], known[0], "C999999"]
    seen = shop.step(actions=Actions(messages=messages(asked, channel="email", offer="coupon_10")))
    reasons = {reason for _, reason in seen.refused}

    assert count(seen, "Email Delivered") + len(seen.refused) == len(asked)
    assert {"no consent", "no such customer"} <= reasons <= {"no consent", "no such customer", "one message a day"}
    assert 0.15 < count(seen, "Email Opened") / count(seen, "Email Delivered") < 0.6


def test_an_unknown_offer_or_channel_is_refused_and_nothing_is_sent() -> None:
    shop, known = begun()
    both = pa.concat_tables(
        [messages(known[:5], channel="pigeon", offer="coupon_10"), messages(known[5:10], channel="sms", offer="gold")]
    )
    seen = shop.step(actions=Actions(messages=both))

    assert [reason for _, reason in seen.refused] == ["no such channel"] * 5 + ["no such offer"] * 5
    assert count(seen, "SMS Delivered") == 0


def test_who_unsubscribed_is_not_reached_again() -> None:
    config = WORLD.but(messages={"channels": {"email": {"cost": 0.002, "consent": 1.0, "opened": 0.4, "unsubscribe": 0.3}}})
    shop = Shop(config)
    known = shop.step().customer["customer_id"].to_pylist()
    first = shop.step(actions=Actions(messages=messages(known, channel="email", offer="content")))
    lost = first.event.filter(pc.equal(first.event["name"], "Unsubscribed"))["customer_id"].to_pylist()
    second = shop.step(actions=Actions(messages=messages(lost, channel="email", offer="content")))

    assert len(lost) > 100
    assert second.refused == [(customer, "unsubscribed") for customer in lost]


def test_quiet_hours_and_fatigue_cost_subscribers() -> None:
    def lost(hour: int, before: int) -> int:
        shop, known = begun()
        for _ in range(before):
            shop.step(actions=Actions(messages=messages(known, channel="email", offer="content")))
        seen = shop.step(actions=Actions(messages=messages(known, channel="email", offer="content", hour=hour)))
        return count(seen, "Unsubscribed")

    assert lost(1, 0) > lost(12, 0)
    assert lost(12, 9) > lost(12, 0)


def test_a_coupon_is_redeemed_once_and_takes_its_share_off() -> None:
    config = WORLD.but(customers={"rate_scale": 0.8})
    shop = Shop(config)
    known = shop.step().customer["customer_id"].to_pylist()
    days = [shop.step(actions=Actions(messages=messages(known, channel="sms", offer="coupon_20")))]
    days += [shop.step() for _ in range(20)]
    order = pa.concat_tables([day.order for day in days])
    redeemed = order.filter(pc.is_valid(order["coupon"]))
    listed = pc.add(redeemed["goods_minor"], redeemed["discount_minor"]).to_numpy()

    assert redeemed.num_rows > 50
    assert max(np.unique(redeemed["customer_id"].to_numpy(), return_counts=True)[1]) == 1
    assert np.abs(redeemed["discount_minor"].to_numpy() / listed - 0.2).max() < 0.01
    assert max(day.order["coupon"].drop_null().length() for day in days[15:]) == 0


def test_recommendations_are_seen_clicked_and_taken_by_taste() -> None:
    config = WORLD.but(behaviour={"shipping_cost": 0})  # a larger basket would ship free and stop less often
    plain, acted = Shop(config), Shop(config)
    known = acted.step().customer["customer_id"].to_pylist()
    products = [f"P{number:05d}" for number in range(1, 11)]
    plain.step()
    rows = [(customer, "home", product, place + 1) for customer in known for place, product in enumerate(products)]
    shown = pa.table([pa.array(column) for column in zip(*rows, strict=True)], names=RECOMMENDATION.names)
    lines = clicks = lists = more = 0
    for _ in range(25):
        before, after = plain.step(), acted.step(actions=Actions(recommendations=shown))
        more += after.order_line.num_rows - before.order_line.num_rows
        lines += before.order_line.num_rows
        clicks += count(after, "Product Clicked")
        lists += pc.sum(pc.match_substring(after.event["properties"], "recommended: home")).as_py() or 0
        assert after.order.num_rows == before.order.num_rows

    assert lists > 200
    assert 0.1 < clicks / lists < 3
    assert 0 < more < lines


def test_what_cannot_be_recommended_is_refused() -> None:
    shop, known = begun()
    rows = [(known[0], "home", "P99999", 1), (known[1], "moon", "P00001", 1), ("nobody", "home", "P00001", 1)]
    table = pa.table([pa.array(column) for column in zip(*rows, strict=True)], names=RECOMMENDATION.names)

    assert [reason for _, reason in shop.step(actions=Actions(recommendations=table)).refused] == [
        "no such product",
        "no such placement",
        "no such customer",
    ]


@pytest.mark.parametrize("name", ["messages", "recommendations", "answers"])
def test_a_table_of_another_form_is_refused_by_name(name: str) -> None:
    with pytest.raises(SettingsError, match=f"cannot act with these {name}"):
        Actions(**{name: pa.table({"who": ["ann"]})})
    assert all(schema.names for schema in (MESSAGE, RECOMMENDATION, ANSWER))


def test_only_the_day_to_come_can_be_lived_and_none_behind_the_last() -> None:
    shop = Shop(WORLD.lasting(2))
    first = shop.today
    shop.step(first)

    with pytest.raises(SettingsError, match="Days follow one another"):
        shop.step(first)
    shop.step()
    with pytest.raises(SettingsError, match=r"Set shop\.end later"):
        shop.step()


def test_the_oracle_earns_more_than_silence_and_a_plain_coupon_does_not_reach_it() -> None:
    config = WORLD.but(shop={"customers": 2500}, messages={"effect": 0.3}).lasting(120)
    earned = {name: rehearse(config, name, after_days=20) for name in ("none", "rfm_coupon", "oracle")}

    assert earned["none"].messages == 0
    assert earned["rfm_coupon"].messages > 500
    assert earned["oracle"].margin_minor > earned["none"].margin_minor
    assert earned["oracle"].margin_minor > earned["rfm_coupon"].margin_minor
    assert rehearse(config, "rfm_coupon", after_days=20) == earned["rfm_coupon"]


def test_the_rehearsal_tells_what_new_customers_cost_the_same_for_every_policy() -> None:
    config = WORLD.but(customers={"existing": 0.2}).lasting(60)
    shop, truth = open_shop(config)
    told = {name: rehearse(config, name, after_days=30) for name in ("none", "rfm_coupon")}
    people, sources = truth._world.people, list(config.acquisition.values())
    late = (people.arrival >= 30) & ~people.prospect
    first = pa.concat_tables([day.order for day in shop.history()])["customer_id"]

    assert told["none"].new_customers == told["rfm_coupon"].new_customers == late.sum()
    assert late.sum() > 50
    assert told["none"].acquisition_minor == told["rfm_coupon"].acquisition_minor
    cost = sum(sources[source].cost for source in people.source[late])
    assert told["none"].acquisition_minor == round(cost * 100)
    assert {people.customer_id[person].as_py() for person in np.flatnonzero(late & people.account)} & {*first.to_pylist()}


def test_a_coupon_is_sent_only_to_who_agreed() -> None:
    one_name = {"guest": 0, "second_email": 0, "shared_email": 0}  # nobody is asked twice
    told = rehearse(WORLD.but(dirt=one_name).lasting(90), "rfm_coupon")

    assert told.messages > 100
    assert told.refused == 0


def test_chances_to_click_are_those_by_which_recommendations_are_clicked() -> None:
    world = open_shop(WORLD)[1]._world
    who, products = np.arange(50), np.arange(len(world.goods))
    table = click_chances(world, who, products)
    pairs = Shown(np.repeat(who, products.size), np.tile(products, who.size), *(np.ones(50 * products.size, int),) * 2)

    assert table.shape == (50, products.size)
    assert click_chance(world, pairs) == pytest.approx(table.ravel(), rel=1e-5)
    assert len(np.unique(table)) == 3


class Misspelt:
    """Names an offer the world does not have."""

    def act(self, today: object, seen: Seen | None) -> Actions:
        return Actions(messages=messages(["C000001"], channel="email", offer="freeshipping"))


def test_a_rehearsal_says_what_is_wrong_with_a_policy() -> None:
    config = WORLD.lasting(10)
    with pytest.raises(UnknownName, match="did you mean 'free_shipping'"):
        rehearse(config, Misspelt())
    with pytest.raises(UnknownName, match="did you mean 'oracle'"):
        rehearse(config, "orcle")
    with pytest.raises(SettingsError, match="the world has 10"):
        rehearse(config, "none", after_days=10)
