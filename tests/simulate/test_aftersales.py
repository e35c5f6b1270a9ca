"""What follows an order is as frequent as the settings say, hangs together, and tells the shop nothing it could not know."""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from lifeloop.simulate.actions import ANSWER, Actions
from lifeloop.simulate.after.experience import tilted
from lifeloop.simulate.deeds import NUMBER, together
from lifeloop.simulate.facts import event_table
from lifeloop.simulate.orders import Orders, order_tables
from lifeloop.simulate.settings import WorldConfig
from lifeloop.simulate.words.support import INTENTS
from lifeloop.simulate.world import World

SETTINGS = WorldConfig().but(
    shop={"customers": 2000, "products": 80, "seed": 4}, customers={"existing": 0.9, "rate_scale": 2.5, "dropout_b": 60.0}
)
DAYS = 75
TALKATIVE = SETTINGS.but(shop={"customers": 400}, aftersales={"support": 0.6, "return_days": 3.0, "upset": 0.0})
CHINESE = re.compile(r"[\u4e00-\u9fff]")
BODIES = {"Product Reviewed": "review_body", "Comment Posted": "comment_body", "Survey Answered": "comment"}
Row = dict[str, Any]


def nothing_ordered(orders: Orders, day: int) -> Orders:
    """The orders of a day without any."""
    empty = {name: value[:0] for name, value in vars(orders).items() if name != "day"}
    return Orders(day=day, **empty)


@dataclass
class Told:
    """What a world told, until nothing more follows."""

    world: World
    orders: list[Row]
    lines: list[Row]
    refunds: list[Row]
    events: list[Row]
    pages: dict[str, list[Row]]

    def share(self, name: str) -> float:
        return sum(event["name"] == name for event in self.events) / len(self.orders)


def lived(config: WorldConfig, days: int, answers: Callable[[World], pa.Table] | None = None) -> Told:
    """Live some days, then wait until all that follows their orders has happened."""
    world = World(config)
    world.diary = defaultdict(list)
    orders, lines, refunds, events = [], [], [], []
    day, waited = 0, 0
    while waited < 2:
        said = answers(world) if answers else ANSWER.empty_table()
        if day < days:
            today = world.live(Actions(answers=said))
            told, deeds, refund = order_tables(world, today.orders), today.deeds, today.refund
            orders.append(told[0])
            lines.append(told[1])
        else:
            after = world.aftersales.day(nothing_ordered(today.orders, day), said)
            deeds, refund = after.deeds, after.refund
            waited = 0 if len(world.aftersales.coming) or world.aftersales.support.waiting else waited + 1
        done = together(deeds)
        events.append(event_table(world, done.take(done.name >= NUMBER["Order Refunded"])))
        refunds.append(refund)
        day += 1
    tables = [pa.concat_tables(parts).to_pylist() for parts in (orders, lines, refunds, events)]
    pages = {page: pa.concat_tables(parts).to_pylist() for page, parts in world.diary.items()}
    for event in tables[3]:
        event["properties"] = json.loads(event["properties"] or "{}")
    return Told(world, *tables, pages)


@pytest.fixture(scope="module")
def shop() -> Told:
    return lived(SETTINGS, DAYS)


def near(found: float, expected: float, trials: int) -> bool:
    """Whether a share lies within four standard errors of the expected one."""
    return abs(found - expected) < 4 * (expected * (1 - expected) / trials) ** 0.5


@pytest.mark.parametrize(
    ("name", "setting"),
    [
        ("Product Reviewed", "reviews"),
        ("Comment Posted", "comments"),
        ("Survey Answered", "survey"),
        ("Live Chat Conversation Started", "support"),
        ("Live Chat Conversation Ended", "support"),
    ],
)
def test_as_many_orders_are_spoken_of_as_the_settings_say(shop: Told, name: str, setting: str) -> None:
    assert near(shop.share(name), getattr(SETTINGS.aftersales, setting), len(shop.orders))


def test_as_many_lines_come_back_after_as_many_days_as_the_settings_say(shop: Told) -> None:
    placed = {order["order_id"]: order["placed_at"].date() for order in shop.orders}
    days = [(refund["refunded_at"].date() - placed[refund["order_id"]]).days for refund in shop.refunds]

    assert near(len(shop.refunds) / len(shop.lines), SETTINGS.aftersales.returns, len(shop.lines))
    assert np.mean(days) == pytest.approx(SETTINGS.aftersales.return_days, abs=4 * np.std(days) / len(days) ** 0.5)
    assert min(days) >= 1


def test_the_staff_resolves_as_many_conversations_as_the_settings_say(shop: Told) -> None:
    outcomes = Counter(one["outcome"] for one in shop.pages["conversation"])

    assert set(outcomes) == {"resolved", "handed_over", "unresolved"}
    assert near(outcomes["resolved"] / outcomes.total(), SETTINGS.aftersales.resolved, outcomes.total())
    assert {one["answered_by"] for one in shop.pages["conversation"]} == {"staff"}


@pytest.mark.parametrize("correlation", [-0.6, 0.0, 0.45])
@pytest.mark.parametrize("share", [0.0, 0.01, 0.3, 1.0])
def test_what_hangs_together_keeps_its_share(share: float, correlation: float) -> None:
    grid = np.linspace(-8, 8, 4001)
    density = np.exp(-(grid**2) / 2) / np.sqrt(2 * np.pi)

    assert (tilted(share, grid, correlation) * density).sum() * (grid[1] - grid[0]) == pytest.approx(share, abs=1e-6)


def test_nothing_follows_where_the_settings_say_so() -> None:
    none = {"returns": 0, "reviews": 0, "comments": 0, "support": 0, "survey": 0}

    told = lived(SETTINGS.but(aftersales=none), 20)

    assert len(told.orders) > 100
    assert not told.refunds
    assert not {event["name"] for event in told.events} & {*BODIES, "Live Chat Conversation Started", "Order Refunded"}


def test_a_refund_gives_back_no_more_than_its_customer_paid_before(shop: Told) -> None:
    lines = {(line["order_id"], line["line_no"]): line for line in shop.lines}
    seen, partly = set(), 0
    for refund in shop.refunds:
        order, place = refund["order_id"], int(refund["refund_id"].rpartition("-")[2])
        line = lines[order, place]
        assert refund["refund_id"] == f"R{order}-{place}"
        assert (refund["customer_id"], refund["product_id"]) == (line["customer_id"], line["product_id"])
        assert line["placed_at"] < refund["refunded_at"] < refund["received_at"]
        assert 1 <= refund["quantity"] <= line["quantity"]
        assert 0 <= refund["amount_minor"] <= line["amount_minor"]
        seen.add((order, place))
        partly += refund["quantity"] < line["quantity"]

    assert len(seen) == len(shop.refunds) > 100
    assert 0 < partly < len(seen) / 2


def test_each_refund_is_one_event_with_the_same_amount(shop: Told) -> None:
    events = {one["properties"]["refund_id"]: one for one in shop.events if one["name"] == "Order Refunded"}

    assert len(events) == len(shop.refunds)
    for refund in shop.refunds:
        event = events[refund["refund_id"]]
        assert all(
            event[name] == refund[name] for name in ("customer_id", "order_id", "product_id", "amount_minor", "currency")
        )


def test_bad_products_come_back_more_often(shop: Told) -> None:
    factor = {one["product_id"]: one["return_factor"] for one in shop.pages["quality"]}
    sold = Counter(factor[line["product_id"]] > 1.3 for line in shop.lines)
    back = Counter(factor[refund["product_id"]] > 1.3 for refund in shop.refunds)
    times = [factor[line["product_id"]] for line in shop.lines]

    assert back[True] / sold[True] > 1.5 * back[False] / sold[False]
    assert np.mean(times) == pytest.approx(1.0, abs=0.1)


def test_people_write_in_their_own_language(shop: Told) -> None:
    speaks = dict(enumerate(shop.world.people.language.tolist()))
    written = {one["message_id"]: one for one in shop.pages["text"]}
    bodies = defaultdict(list)
    for event in shop.events:
        page = written.get(event["message_id"])
        body = event["properties"].get(BODIES.get(event["name"], "message_body"))
        if page and body:
            assert page["language"] == ("en", "zh")[speaks[page["person"]]]
            bodies[page["kind"], page["language"]].append(body)

    assert {kind for kind, _ in bodies} == {"review", "comment", "survey", "question"}
    for (_, language), texts in bodies.items():
        chinese = [bool(CHINESE.search(text)) for text in texts]
        assert np.mean(chinese) > 0.97 if language == "zh" else not any(chinese)


def test_stars_go_with_the_words_and_about_half_of_the_scores_are_explained(shop: Told) -> None:
    sentiment = {one["message_id"]: one["sentiment"] for one in shop.pages["text"]}
    stars = defaultdict(list)
    for event in shop.events:
        if event["name"] == "Product Reviewed":
            stars[sentiment[event["message_id"]]].append(event["properties"]["rating"])
    answers = [event["properties"] for event in shop.events if event["name"] == "Survey Answered"]

    assert np.mean(stars["positive"]) > 4 > np.mean(stars["neutral"]) > np.mean(stars["negative"])
    assert {one for some in stars.values() for one in some} == {1, 2, 3, 4, 5}
    assert near(np.mean(["comment" in one for one in answers]), 0.5, len(answers))
    assert all(one["survey"] == "nps" and 0 <= one["score"] <= 10 for one in answers)


def test_no_fact_carries_the_truth(shop: Told) -> None:
    hidden = {"sentiment", "intent", "mood", "outcome", "reason", "satisfaction", "person", "answered_by", "entities"}
    names = [intent for intent in INTENTS if "_" in intent]
    for row in [*shop.events, *shop.refunds]:
        assert not hidden & {*row, *row.get("properties", {})}
        text = str(row["properties"]) if "properties" in row else str(row)
        assert "sentiment" not in text
        assert not any(name in text for name in names)


def test_a_conversation_is_asked_on_one_day_and_answered_on_the_next(shop: Told) -> None:
    chats = defaultdict(list)
    for event in shop.events:
        if "conversation_id" in event["properties"]:
            chats[event["properties"]["conversation_id"]].append(event)
    known = {one["conversation_id"]: one for one in shop.pages["conversation"]}

    waits = []
    assert chats.keys() == known.keys()
    for events in chats.values():
        events.sort(key=lambda event: event["occurred_at"])
        names = [event["name"].removeprefix("Live Chat ") for event in events]
        assert names[:3] == ["Conversation Started", "Message Sent", "Message Received"]
        assert names[-1] == "Conversation Ended"
        asked, ended = events[0]["occurred_at"], events[-1]["occurred_at"]
        assert (ended.date() - asked.date()).days == 1
        answered = events[2]["occurred_at"]
        assert 0 < events[-1]["properties"]["conversation_duration"] == (ended - answered).total_seconds() < 1800
        waits.append((answered - asked).total_seconds() / 3600)
        assert len({event["customer_id"] for event in events}) == 1
    assert len({event["message_id"] for event in shop.events}) == len(shop.events)
    assert 8 < np.median(waits) < 15
    assert max(waits) < 20


def test_questions_are_about_what_happened_and_thanks_are_never_left_open(shop: Told) -> None:
    conversations = shop.pages["conversation"]
    returned = {one["person"] for one in shop.pages["return"]}
    refunds = [one for one in conversations if one["intent"] == "refund_status"]
    questions = {one["conversation_id"]: one for one in shop.pages["text"] if one["kind"] == "question"}

    assert {one["intent"] for one in conversations} == set(INTENTS)
    assert all(one["person"] in returned for one in refunds)
    assert {one["outcome"] for one in conversations if one["intent"] == "thanks"} == {"resolved"}
    for one in conversations:
        asked = questions[one["conversation_id"]]
        assert (asked["person"], asked["intent"]) == (one["person"], one["intent"])
        assert set(json.loads(asked["entities"])) <= {"order_id", "product", "coupon", "city", "amount"}


def test_all_events_lie_within_the_day_on_which_they_are_told() -> None:
    world = World(SETTINGS)
    for day in range(40):
        second = together(world.live().deeds).second
        assert world.midnight(day) <= second.min()
        assert second.max() < world.midnight(day + 1)


def answering(intent: Callable[[str], str], act: str = "answer") -> Callable[[World], pa.Table]:
    """A policy that answers all that waits, with an intent made of the true one."""

    def answers(world: World) -> pa.Table:
        waiting = world.aftersales.support.waiting
        rows = [
            {"conversation_id": one, "intent": intent(INTENTS[about]), "text": "Here is what we can do.", "act": act}
            for one, about in (zip(waiting.ids, waiting.asked["about"], strict=True) if waiting else ())
        ]
        return pa.Table.from_pylist(rows, schema=ANSWER)

    return answers


def resolved(told: Told) -> set[str]:
    return {one["conversation_id"] for one in told.pages["conversation"] if one["outcome"] == "resolved"}


def test_a_right_answer_resolves_more_than_the_staff_and_the_staff_more_than_a_wrong_answer() -> None:
    right = lived(TALKATIVE, 25, answering(lambda intent: intent))
    wrong = lived(TALKATIVE, 25, answering(lambda intent: "thanks" if intent != "thanks" else "complaint"))
    handed = lived(TALKATIVE, 25, answering(lambda intent: intent, act="handoff"))
    staff = lived(TALKATIVE, 25)
    said = [event["properties"].get("message_body") for event in right.events]

    assert len(right.pages["conversation"]) > 100
    assert resolved(right) > resolved(staff) > resolved(wrong)
    assert resolved(handed) == resolved(staff)
    assert wrong.world.state.mood.mean() < staff.world.state.mood.mean() < right.world.state.mood.mean()
    assert {one["answered_by"] for one in right.pages["conversation"]} == {"policy"}
    assert said.count("Here is what we can do.") == len(right.pages["conversation"])


def test_an_answer_that_cannot_be_given_is_refused_with_its_reason() -> None:
    world = World(SETTINGS)
    while world.aftersales.support.waiting is None:
        world.live()
    known = world.aftersales.support.waiting.ids[0]
    good = {"conversation_id": known, "intent": "thanks", "text": "Hello.", "act": "answer"}
    bad = [
        {**good, "conversation_id": "0000"},
        {**good, "act": "shrug"},
        {**good, "intent": "weather"},
        {**good, "text": None},
        good,
        good,
    ]

    today = world.live(Actions(answers=pa.Table.from_pylist(bad, schema=ANSWER)))

    assert [one for one, _ in today.refused] == ["0000", known, known, known, known]
    words = ["waiting", "answer or handoff", "weather", "text", "already"]
    assert all(word in reason for word, (_, reason) in zip(words, today.refused, strict=True))


def test_who_is_left_alone_with_a_question_may_leave_for_good() -> None:
    angry = TALKATIVE.but(aftersales={"resolved": 0.0, "upset": 1.0})

    told = lived(angry, 30)

    left = {one["person"] for one in told.pages["conversation"] if one["outcome"] == "unresolved"}
    assert len(left) > 50
    assert not told.world.state.active[list(left)].any()


def without(orders: Orders, row: int) -> Orders:
    """The orders of a day, one of them without its lines."""
    kept = np.flatnonzero(orders.order != row)
    return replace(orders, **{name: getattr(orders, name)[kept] for name in ("order", "product", "quantity", "amount_minor")})


def test_what_follows_one_order_does_not_depend_on_another() -> None:
    worlds = World(TALKATIVE), World(TALKATIVE)
    orders, found = World(TALKATIVE).live().orders, []
    dropped = int(orders.person[3])
    for world, placed in zip(worlds, (orders, without(orders, 3)), strict=True):
        days = [world.aftersales.day(replace(placed, day=1))]
        days += [world.aftersales.day(nothing_ordered(orders, day)) for day in range(2, 60)]
        told = together([one for day in days for one in day.deeds])
        found.append(event_table(world, told.take((told.person != dropped) & (told.second > world.midnight(2)))))

    assert len(found[0]) > 30
    assert found[0].equals(found[1])


def test_what_is_still_to_come_does_not_grow_with_the_days() -> None:
    world = World(SETTINGS)
    orders = world.live().orders
    kept = []
    for day in range(1, 170):
        world.aftersales.day(replace(orders, day=day))
        kept.append(len(world.aftersales.coming))

    # some 350 are under way, for weeks each: by chance the means differ by a tenth; if nothing were forgotten, by two thirds
    assert np.mean(kept[120:]) == pytest.approx(np.mean(kept[60:110]), rel=0.25)
    assert min(world.aftersales.coming._days) > 169


def test_two_runs_are_equal_and_a_diary_changes_nothing() -> None:
    one, other = World(SETTINGS), World(SETTINGS)
    other.diary = defaultdict(list)
    for _ in range(25):
        today, again = one.live(), other.live()
        assert event_table(one, together(today.deeds)).equals(event_table(other, together(again.deeds)))
        assert today.refund.equals(again.refund)
