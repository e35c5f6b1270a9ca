"""Names and orderings in the facts tell nothing of the person behind them."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from lifeloop.simulate.deeds import deeds, order_key, together
from lifeloop.simulate.draws import Draws
from lifeloop.simulate.orders import order_numbers
from lifeloop.simulate.people import People, make_people
from lifeloop.simulate.settings import WorldConfig
from lifeloop.simulate.shop import Seen
from lifeloop.simulate.truth import open_shop

CLEAN = dict.fromkeys(("duplicates", "late", "out_of_order", "skewed", "malformed", "bots"), 0)
SMALL = (
    WorldConfig()
    .but(shop={"customers": 500, "products": 40, "seed": 987_654_321}, dirt=CLEAN, aftersales={"returns": 0.3})
    .lasting(30)
)
Days = tuple[list[Seen], dict[str, pa.Table], dict[str, int]]


@pytest.fixture(scope="module")
def lived() -> Days:
    """The days of a small shop, the truth about its visits and orders, and the person behind each customer id."""
    shop, truth = open_shop(SMALL)
    days = list(shop.history())
    identity = truth.identity()
    person = dict(zip(identity["customer_id"].to_pylist(), identity["person"].to_pylist(), strict=True))
    return days, truth.pages(), person


def people_of(config: WorldConfig) -> People:
    return make_people(config, Draws(config.shop.seed))


def unmixed(bits: Any) -> Any:
    """Undo one `draws.mixed`, as anybody who reads it can."""
    values = np.array(bits, np.uint64)
    for shift, factor in ((31, 0x94D049BB133111EB), (27, 0xBF58476D1CE4E5B9), (30, 1)):
        undone = values
        for _ in range(64 // shift + 1):
            undone = values ^ undone >> np.uint64(shift)
        values = undone * np.uint64(pow(factor, -1, 1 << 64))
    return values


def guessed(bits: Any, first: int) -> Any:
    """Whom each name belongs to if names lie the known step apart, told the owner of the first."""
    steps = (unmixed(bits) - unmixed(bits[:1])) * np.uint64(pow(0x9E3779B97F4A7C15, -1, 1 << 64))
    return steps + np.uint64(first)


def test_names_mixed_once_give_everybody_away_and_ids_nobody() -> None:
    draws, who = Draws(987_654_321), np.arange(5, 4_000)

    assert (guessed(draws.bits("session", who, 3), 5) == who.astype(np.uint64)).all()
    assert (guessed(draws.ids("session", who, 3), 5) == who.astype(np.uint64)).sum() == 1
    assert np.unique(draws.ids("session", who, 3)).size == who.size


def test_one_known_session_of_a_day_gives_away_no_other(lived: Days) -> None:
    days, pages, _ = lived
    visit = pages["visit"]
    person = dict(zip(visit["session_id"].to_pylist(), visit["person"].to_pylist(), strict=True))
    right = tried = 0
    for seen in days:
        sessions = [one for one in pc.unique(seen.event["session_id"]).to_pylist() if one in person]
        owners = np.array([person[one] for one in sessions], np.uint64)
        guesses = guessed(np.array([int(one, 16) for one in sessions], np.uint64), int(owners[0]))
        right += int((guesses == owners)[1:].sum())
        tried += owners.size - 1

    assert tried > 1_000
    assert right <= 1 + 3 * tried / SMALL.shop.customers


def test_different_seeds_draw_differently_also_above_32_bits() -> None:
    small, large, who = Draws(7), Draws(2**40 + 7), np.arange(1_000)

    for name in ("uniform", "ids"):
        assert not (getattr(small, name)("x", who) == getattr(large, name)("x", who)).any()
    assert not (small.stream("x").random(100) == large.stream("x").random(100)).any()


def test_order_numbers_of_a_day_are_unique_and_follow_no_line() -> None:
    draws = Draws(3)
    person = np.concatenate([np.arange(100_000), np.arange(100_000) + (1 << 24)])
    numbers = order_numbers(draws, order_key(3, person), 0)
    digits = np.array([int(one[9:]) for one in numbers.to_pylist()])
    next_day = order_numbers(draws, order_key(4, person[:1_000]), 0).to_pylist()

    assert np.unique(digits).size == person.size
    assert np.unique(np.diff(digits[:1_000])).size > 990
    assert abs(np.corrcoef(digits[:100_000], person[:100_000])[0, 1]) < 0.02
    assert [one[:9] for one in next_day[:1]] == ["19700105-"]
    assert not {one[9:] for one in next_day} & {one[9:] for one in numbers.slice(0, 1_000).to_pylist()}


def test_worlds_share_no_email() -> None:
    ours, theirs = people_of(SMALL), people_of(SMALL.but(shop={"seed": 5}))
    who = np.arange(400)

    assert not set(ours.emails(who)) & set(theirs.emails(who))
    assert not set(ours.emails(who)) & set(ours.emails(who, second=True))


def test_account_numbers_tell_neither_arrival_nor_kin() -> None:
    people = people_of(SMALL.but(shop={"customers": 4_000}, dirt={"shared_email": 0.1}))
    ids, holders = people.customer_id.to_pylist(), np.flatnonzero(people.account)
    number = np.array([int(ids[one][1:]) for one in holders.tolist()])
    n = len(people)

    assert sorted(number.tolist()) == list(range(1, holders.size + 1))
    assert abs(np.corrcoef(number, people.arrival[holders])[0, 1]) < 0.06
    for other in (people.household, people.mailbox):
        sharing = np.flatnonzero(other != np.arange(n))
        assert sharing.size == pytest.approx(0.1 * n, rel=0.15)
        assert np.abs(other[sharing] - sharing).mean() == pytest.approx(n / 3, rel=0.15)
    assert np.bincount(people.household).max() <= 4
    assert (people.household[people.household] == people.household).all()


def test_a_household_has_four_people_at_most() -> None:
    people = people_of(SMALL.but(dirt={"shared_device": 0.9}))

    assert np.bincount(people.household).max() == 4


@pytest.mark.parametrize(
    ("name", "at", "key"),
    [("order", "placed_at", "order_id"), ("refund", "refunded_at", "refund_id"), ("customer", "first_seen_at", "customer_id")],
)
def test_rows_come_by_time_then_name_and_not_by_person(lived: Days, name: str, at: str, key: str) -> None:
    days, _, person = lived
    rising: list[bool] = []
    for seen in days:
        rows = seen.tables()[name]
        who = [person[one] for one in rows["customer_id"].to_pylist() if one]
        rising += [one < other for one, other in pairwise(who)]
        told = list(zip(rows[at].to_pylist(), rows[key].to_pylist(), strict=True))
        assert told == sorted(told)

    assert len(rising) > 50
    assert np.mean(rising) == pytest.approx(0.5, abs=2 / np.sqrt(len(rising)))


def test_lines_follow_their_orders(lived: Days) -> None:
    for seen in lived[0]:
        lines = Counter(seen.order_line["order_id"].to_pylist())

        assert list(lines) == seen.order["order_id"].to_pylist()
        assert seen.order_line["line_no"].to_pylist() == [place for n in lines.values() for place in range(1, n + 1)]
        assert seen.order_line["order_id"].to_pylist() == list(lines.elements())


def test_ids_are_distinct_over_a_history(lived: Days) -> None:
    days = lived[0]
    event = pa.concat_tables([seen.event for seen in days])

    for name, key in (("order", "order_id"), ("refund", "refund_id"), ("customer", "customer_id"), ("event", "message_id")):
        ids = pa.concat_tables([getattr(seen, name) for seen in days])[key]
        assert pc.count_distinct(ids).as_py() == len(ids) > 50, key
    for name, key in (("Product Reviewed", "review_id"), ("Live Chat Conversation Started", "conversation_id")):
        rows = event.filter(pc.equal(event["name"], name))["properties"].combine_chunks()
        ids = pc.extract_regex(rows, rf'"{key}": "(?P<id>[0-9a-f]{{16}})"').field("id")
        assert pc.count_distinct(ids).as_py() == len(rows) > 10, key


def test_an_email_that_several_use_is_one_customer_with_one_row() -> None:
    config = SMALL.but(customers={"account": 0.4}, dirt={"shared_email": 0.4, "guest": 0.3, "second_email": 0.3})
    shop, _ = open_shop(config)
    days = list(shop.history())
    ids = pa.concat_tables([seen.customer for seen in days])["customer_id"]
    named = pc.drop_null(pa.concat_tables([seen.order for seen in days])["customer_id"])

    assert pc.count_distinct(ids).as_py() == len(ids)
    assert pc.all(pc.is_in(named, value_set=ids.combine_chunks())).as_py()
    for seen in days:
        assert len(seen.customer) == len(seen.consent)


def test_within_a_second_each_keeps_their_steps_and_persons_come_in_no_order() -> None:
    draws, person = Draws(1), np.repeat(np.arange(500), 3)
    step = np.tile([10, 20, 30], 500)
    done = together([deeds("Home", person, np.full(1_500, 60), draws.ids("message", person, k=step), amount=step)])
    first = done.person[::3]

    assert (done.amount.reshape(-1, 3) == [10, 20, 30]).all()
    assert (done.person.reshape(-1, 3) == first[:, None]).all()
    assert np.mean(np.diff(first) > 0) == pytest.approx(0.5, abs=0.1)
