"""What must be true of every simulated shop, whatever its settings."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from lifeloop.schema import TABLES
from lifeloop.simulate.actions import Actions, messages
from lifeloop.simulate.expect import wish_worth
from lifeloop.simulate.orders import COMPUTED
from lifeloop.simulate.people import RESPONSES
from lifeloop.simulate.settings import WorldConfig
from lifeloop.simulate.shop import Shop
from lifeloop.simulate.truth import Truth, open_shop
from lifeloop.simulate.visits import CAUSES

SMALL = WorldConfig().but(shop={"customers": 300, "products": 40}, customers={"existing": 0.5}).lasting(40)
ONE_NAME = {"guest": 0, "second_email": 0, "shared_email": 0}
"""Every person has one name."""
FACTS = ("event", "order", "order_line", "refund", "product", "customer")


def told(shop: Shop) -> dict[str, pa.Table]:
    """All a shop sees in its days, table by table."""
    days = list(shop.history())
    return {name: pa.concat_tables([getattr(day, name) for day in days]) for name in FACTS}


def fingerprint(tables: dict[str, pa.Table]) -> str:
    digest = hashlib.sha256()
    for name in sorted(tables):
        for batch in tables[name].combine_chunks().to_batches():
            digest.update(batch.serialize())
    return digest.hexdigest()


def test_the_same_settings_and_seed_give_the_same_bytes() -> None:
    first, again = told(Shop(SMALL)), told(Shop(SMALL))
    other = told(Shop(SMALL.but(shop={"seed": 1})))

    assert fingerprint(first) == fingerprint(again)
    assert fingerprint(first) != fingerprint(other)


def test_steps_without_actions_are_the_history() -> None:
    stepped = Shop(SMALL)
    days = [stepped.step(stepped.today) for _ in range(SMALL.shop.days)]

    assert fingerprint({name: pa.concat_tables([getattr(day, name) for day in days]) for name in FACTS}) == fingerprint(
        told(Shop(SMALL))
    )


def test_a_truth_beside_the_shop_changes_nothing() -> None:
    shop, truth = open_shop(SMALL)
    seen = told(shop)
    truth.uplift(30)

    assert fingerprint(seen) == fingerprint(told(Shop(SMALL)))


def test_a_message_to_one_half_changes_nothing_for_the_other() -> None:
    config = SMALL.but(products={"stock_days": 0}, messages={"effect": 2.0}, dirt=ONE_NAME)
    left, right = Shop(config), Shop(config)
    reached, orders = set(), {}
    for day in range(config.shop.days):
        plain = left.step()
        ids = plain.customer["customer_id"].to_pylist() if day == 0 else []
        half = [one for number, one in enumerate(ids) if number % 2]
        reached |= set(half)
        acted = right.step(
            actions=Actions(messages=messages(sorted(reached), channel="email", offer="coupon_20")) if day == 1 else Actions()
        )
        for name, seen in (("plain", plain), ("acted", acted)):
            orders.setdefault(name, []).append(seen.order)

    def of_others(name: str) -> list[dict[str, Any]]:
        table = pa.concat_tables(orders[name])
        return table.filter(pc.invert(pc.is_in(table["customer_id"], pa.array(sorted(reached))))).to_pylist()

    assert of_others("plain") == of_others("acted")
    assert pa.concat_tables(orders["plain"]).num_rows < pa.concat_tables(orders["acted"]).num_rows


def test_facts_have_the_declared_columns_and_types_and_nothing_else() -> None:
    tables = told(Shop(SMALL))

    for name, table in tables.items():
        declared = {field.name: field.type for field in TABLES[name].arrow()}
        assert table.num_rows > 0
        assert {field.name: field.type for field in table.schema} == {
            column: kind for column, kind in declared.items() if column not in COMPUTED
        }


def test_no_fact_carries_the_truth() -> None:
    shop, truth = open_shop(SMALL.but(dirt={"malformed": 0}))
    tables = told(shop)
    customers = truth.customers()
    words = {*RESPONSES, *(cause for cause in CAUSES if cause), "sentiment", "intent", "dropout", "unresolved", "bot_truth"}

    for table in tables.values():
        for column in table.columns:
            if column.type == pa.string():
                seen = " ".join(one for one in pc.unique(column).to_pylist() if one)
                assert not [word for word in words if word in seen]
    number = np.array([int(one[1:]) if one.startswith("C") else -1 for one in customers["customer_id"].to_pylist()])
    old = number > 0
    for trait in ("rate_per_week", "dropout", "price_sensitivity"):
        correlation = np.corrcoef(number[old], customers[trait].to_numpy()[old])[0, 1]
        assert abs(correlation) < 4 / np.sqrt(old.sum())


def share_within(found: float, share: float, n: int) -> bool:
    """Whether a share found among n lies within four standard errors of the one set."""
    return abs(found - share) <= 4 * np.sqrt(share * (1 - share) / n) + 1e-12


@pytest.fixture(scope="module")
def plain() -> tuple[WorldConfig, Truth, dict[str, pa.Table]]:
    """A year of a shop with full shelves and clean pipes, whose marginals are those set."""
    config = (
        WorldConfig()
        .but(
            shop={"customers": 6000, "products": 200, "seed": 3},
            products={"stock_days": 0, "launches": 0},
            customers={"habits": 0, "life_events": 0},
            dirt={"duplicates": 0, "late": 0, "out_of_order": 0, "skewed": 0, "bots": 0, "malformed": 0, **ONE_NAME},
        )
        .lasting(365)
    )
    shop, truth = open_shop(config)
    return config, truth, told(shop)


def test_who_comes_is_who_the_settings_say(plain: tuple[WorldConfig, Truth, dict[str, pa.Table]]) -> None:
    config, truth, _ = plain
    people = truth._world.people
    n = len(people)

    assert n == config.shop.customers * (1 + config.customers.prospects)
    assert share_within(float((people.language == 1).mean()), config.customers.zh, n)
    assert share_within(float(people.account.mean()), config.customers.account, n)
    assert share_within(float(((people.arrival < 0) & ~people.prospect).sum() / 6000), config.customers.existing, 6000)
    for number, source in enumerate(config.acquisition.values()):
        assert share_within(float((people.source == number).mean()), source.share, n)
    told = config.messages
    for name, share in (
        ("persuadable", told.persuadable),
        ("sure_thing", told.sure_thing),
        ("sleeping_dog", told.sleeping_dog),
    ):
        assert share_within(float((people.response == RESPONSES.index(name)).mean()), share, n)
    for number, channel in enumerate(told.channels.values()):
        assert share_within(float(people.consent[:, number].mean()), channel.consent, n)
        assert people.opened[:, number].mean() == pytest.approx(channel.opened, abs=4 * 0.2 / np.sqrt(n))
    own = config.customers
    buyers = ~people.prospect
    mean, sd = own.rate_shape / own.rate_scale / 7, np.sqrt(own.rate_shape) / own.rate_scale / 7
    assert people.rate[buyers].mean() == pytest.approx(mean, abs=5 * sd / np.sqrt(buyers.sum()))
    assert people.dropout.mean() == pytest.approx(own.dropout_a / (own.dropout_a + own.dropout_b), abs=4 * 0.12 / np.sqrt(n))


def test_orders_have_the_channels_products_and_pieces_of_the_settings(
    plain: tuple[WorldConfig, Truth, dict[str, pa.Table]],
) -> None:
    config, truth, tables = plain
    order, line = tables["order"], tables["order_line"]
    n = order.num_rows
    lines = np.unique(line["order_id"].to_numpy(), return_counts=True)[1]
    pieces = line["quantity"].to_numpy()

    # the lines of one customer's orders are alike, so the error is that of the customers
    error = 4 * lines.std() * np.sqrt(1 + 6) / np.sqrt(n)
    assert lines.mean() == pytest.approx(config.basket.lines, abs=error)
    assert pieces.mean() == pytest.approx(config.basket.quantity, abs=4 * pieces.std() / np.sqrt(pieces.size))
    for channel, share in (("app", config.customers.app), ("store", config.customers.store)):
        found = pc.mean(pc.equal(order["channel"], channel).cast(pa.int8())).as_py()
        assert found == pytest.approx(share, abs=4 * np.sqrt(share * (1 - share) * 8 / n))
    everybody = np.arange(len(truth._world.people))
    ends, worth_of_ends, _ = truth._world.checkout.ends(everybody)
    wished, people = wish_worth(truth._world, everybody)[0], truth._world.people
    person = {one: number for number, one in enumerate(people.customer_id.to_pylist())}
    buyer = np.array([person[one] for one in order["customer_id"].to_pylist()])
    first = np.zeros(n, np.bool_)
    first[np.unique(buyer, return_index=True)[1]] = True
    unstopped = first & (people.arrival[buyer] >= 0) & ~people.prospect[buyer]  # what is ordered then is all that is wished for
    expected = np.where(unstopped, wished[buyer], (wished * worth_of_ends / ends)[buyer])
    paid = order["goods_minor"].to_numpy()
    assert paid.mean() == pytest.approx(expected.mean(), abs=4 * (paid - expected).std() / np.sqrt(n))


def test_visits_end_for_the_causes_of_the_settings(plain: tuple[WorldConfig, Truth, dict[str, pa.Table]]) -> None:
    config, _, tables = plain
    name = tables["event"]["name"]

    def count(what: str) -> int:
        return pc.sum(pc.equal(name, what)).as_py()

    paid, finished = count("Payment Info Entered"), pc.sum(pc.not_equal(tables["order"]["channel"], "store")).as_py()
    assert 1 - finished / paid == pytest.approx(config.behaviour.slow_page, abs=4 * np.sqrt(0.04 / paid) + 0.1 * 0.04)
    visits = count("Home")
    assert share_within(count("Products Searched") / visits, config.behaviour.search, visits)


def test_days_sell_as_the_season_says(plain: tuple[WorldConfig, Truth, dict[str, pa.Table]]) -> None:
    config, _, tables = plain
    placed = tables["order"]["placed_at"]
    weekday = np.bincount(pc.day_of_week(placed).to_numpy(), minlength=7)
    share = np.array(config.season.weekdays) / sum(config.season.weekdays)

    for found, expected in zip(weekday / weekday.sum(), share, strict=True):
        assert found == pytest.approx(expected, abs=4 * np.sqrt(expected / placed.length()) + 0.004)


def test_what_is_expected_is_what_comes() -> None:
    config = (
        WorldConfig()
        .but(
            shop={"customers": 12_000, "products": 150},
            customers={"existing": 0.4},
            products={"stock_days": 0},
            dirt={"shared_email": 0},
        )
        .lasting(190)
    )
    shop, truth = open_shop(config, diary=False)
    for _ in shop.history(130):
        pass
    expected = truth.expected(60)
    orders = pa.concat_tables([day.order for day in shop.history(60)])
    per = orders.group_by("customer_id").aggregate([("goods_minor", "count"), ("goods_minor", "sum")])
    known = expected["customer_id"].to_pylist()
    count, paid = dict.fromkeys(known, 0), dict.fromkeys(known, 0)
    for row in per.to_pylist():
        if row["customer_id"] in count:
            count[row["customer_id"]] += row["goods_minor_count"]
            paid[row["customer_id"]] += row["goods_minor_sum"]

    for told, found in (("orders", np.array([*count.values()])), ("revenue_minor", np.array([*paid.values()]))):
        true = expected[told].to_numpy()
        assert found.sum() == pytest.approx(true.sum(), abs=4 * np.sqrt(((found - true) ** 2).sum()))
    none = np.array([one == 0 for one in count.values()])
    p = expected["p_no_order"].to_numpy()
    assert none.sum() == pytest.approx(p.sum(), abs=4 * np.sqrt((p * (1 - p)).sum()))
    for low, high in ((0.0, 0.5), (0.5, 0.8), (0.8, 0.95), (0.95, 1.01)):
        band = (p >= low) & (p < high)
        assert none[band].sum() == pytest.approx(p[band].sum(), abs=4 * np.sqrt((p * (1 - p))[band].sum()) + 1)


def test_uplift_is_the_difference_between_two_worlds() -> None:
    config = (
        WorldConfig()
        .but(
            shop={"customers": 8000, "products": 60},
            customers={"existing": 1.0},
            products={"stock_days": 0},
            messages={"effect": 0.5},
        )
        .lasting(40)
    )
    (left, truth), right = open_shop(config, diary=False), Shop(config)
    first = left.step()
    right.step()
    uplift = truth.uplift(30)
    asked = uplift.filter(
        pc.and_(uplift["may_send"], pc.and_(pc.equal(uplift["channel"], "sms"), pc.equal(uplift["offer"], "coupon_10")))
    )
    sent = Actions(messages=messages(asked["customer_id"].combine_chunks(), channel="sms", offer="coupon_10"))
    more = right.step(actions=sent).order.num_rows - left.step().order.num_rows
    for _ in range(29):
        more += right.step().order.num_rows - left.step().order.num_rows

    expected = pc.sum(asked["orders"]).as_py()
    assert first.customer.num_rows > 7000
    assert expected > 100
    assert more == pytest.approx(expected, abs=4 * np.sqrt(1.5 * expected))


def test_what_is_expected_holds_after_messages_too() -> None:
    config = (
        WorldConfig()
        .but(
            shop={"customers": 12_000, "products": 60, "seed": 5},
            customers={"existing": 1.0},
            products={"stock_days": 0},
            dirt=ONE_NAME,
            messages={"effect": 0.5},
        )
        .lasting(40)
    )
    shop, truth = open_shop(config, diary=False)
    known = shop.step().customer["customer_id"].combine_chunks()
    shop.step(actions=Actions(messages=messages(known, channel="sms", offer="coupon_20")))
    shop.step(actions=Actions(messages=messages(known, channel="email", offer="content")))
    expected = truth.expected(30)
    orders = pa.concat_tables([day.order for day in shop.history(30)])
    mine = orders.filter(pc.is_in(orders["customer_id"], expected["customer_id"].combine_chunks()))

    total, revenue = pc.sum(expected["orders"]).as_py(), pc.sum(expected["revenue_minor"]).as_py()
    paid = pc.sum(mine["goods_minor"]).as_py()
    spread = mine["goods_minor"].to_numpy().astype(float)
    assert mine.num_rows == pytest.approx(total, abs=4 * np.sqrt(1.3 * total))
    assert paid == pytest.approx(revenue, abs=4 * np.sqrt(1.5 * (spread**2).sum()))


def test_orders_with_a_coupon_come_after_the_message_that_brought_it() -> None:
    shop = Shop(
        SMALL.but(customers={"rate_scale": 0.8, "existing": 1.0}, dirt={**ONE_NAME, "late": 0, "skewed": 0, "malformed": 0})
    )
    known = shop.step().customer["customer_id"].to_pylist()
    days = [shop.step(actions=Actions(messages=messages(known, channel="sms", offer="coupon_10", hour=20)))]
    days += [shop.step() for _ in range(5)]
    event = pa.concat_tables([day.event for day in days])
    opened = event.filter(pc.equal(event["name"], "SMS Opened"))
    at = dict(zip(opened["customer_id"].to_pylist(), opened["occurred_at"].to_pylist(), strict=True))
    redeemed = [row for day in days for row in day.order.to_pylist() if row["coupon"]]

    assert len(redeemed) > 20
    assert all(row["placed_at"] > at[row["customer_id"]] for row in redeemed)


def test_a_randomised_test_covers_the_true_effect_as_often_as_it_says() -> None:
    runs, covered = 300, 0
    for run in range(runs):
        config = (
            WorldConfig()
            .but(
                shop={"customers": 1200, "products": 12, "seed": run},
                customers={"existing": 1.0, "prospects": 0},
                behaviour={"visits_per_order": 0},
                aftersales={"support": 0, "reviews": 0, "comments": 0, "survey": 0, "returns": 0},
                dirt={**ONE_NAME, "bots": 0},
                messages={"effect": 0.4},
            )
            .lasting(15)
        )
        shop, truth = open_shop(config, diary=False)
        shop.step()
        uplift = truth.uplift(14)
        uplift = uplift.filter(
            pc.and_(uplift["may_send"], pc.and_(pc.equal(uplift["channel"], "email"), pc.equal(uplift["offer"], "coupon_20")))
        )
        customers, true = uplift["customer_id"].to_pylist(), uplift["orders"].to_numpy().mean()
        treated = np.random.default_rng(10_000 + run).permutation(len(customers)) < len(customers) // 2
        chosen = [one for one, arm in zip(customers, treated, strict=True) if arm]
        days = [shop.step(actions=Actions(messages=messages(chosen, channel="email", offer="coupon_20")))]
        days += [shop.step() for _ in range(13)]
        orders = np.zeros(len(customers))
        place = {one: number for number, one in enumerate(customers)}
        for customer in pa.concat_tables([day.order for day in days])["customer_id"].to_pylist():
            if customer in place:
                orders[place[customer]] += 1
        arms = orders[treated], orders[~treated]
        difference = arms[0].mean() - arms[1].mean()
        error = np.sqrt(sum(arm.var(ddof=1) / arm.size for arm in arms))
        covered += abs(difference - true) <= 1.959964 * error

    assert 0.93 <= covered / runs <= 0.97
