"""What is heard in a record: nine clients' events in one form, and the bad ones refused one by one."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from lifeloop.base.clock import instant_of
from lifeloop.base.ids import customer_of_email
from lifeloop.collect.live.heard import Heard, Refused
from lifeloop.collect.live.hearing import heard
from lifeloop.collect.spool.record import Place, Record, Stamp

NOW = 1_800_000_000_000_000
SECOND, MINUTE, DAY = 1_000_000, 60_000_000, 86_400_000_000


def at(offset: int = 0) -> str:
    """Return the instant `offset` microseconds after it was received, as clients write it."""
    return instant_of(NOW + offset).isoformat().replace("+00:00", "Z")


def record(body: Any, form: Any = "segment", **stamp: Any) -> Record:
    """Return a record of one accepted body."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Record(Place(1, 0), Place(1, len(raw)), Stamp(form, "live", NOW, **stamp), raw)


def hears(body: Any, form: Any = "segment", **stamp: Any) -> tuple[list[Heard], list[Refused]]:
    """Hear one body."""
    return heard(record(body, form, **stamp))


def event(**said: Any) -> dict[str, Any]:
    """Return one tracked event of ann's; `said` takes the place of what it says otherwise."""
    usual = {"type": "track", "event": "Tea Drunk", "messageId": "m1", "userId": "ann", "timestamp": at()}
    return usual | said


def one(body: Any, form: Any = "segment", **stamp: Any) -> Heard:
    """Return the only event of a body."""
    (found,), refused = hears(body, form, **stamp)
    assert refused == []
    return found


def refusal(body: Any, **stamp: Any) -> Refused:
    """Return the only refusal of a body with nothing good in it."""
    good, (found,) = hears(body, **stamp)
    assert good == []
    return found


def test_a_batch_is_heard_in_its_order_with_what_stands_around_it() -> None:
    batch = [event(messageId="m1", context={"locale": "zh"}), event(messageId="m2")]
    good, refused = hears({"batch": batch, "context": {"locale": "en", "ip": "x"}, "sentAt": at(-SECOND), "writeKey": "k"})

    assert refused == []
    assert [(one.index, one.message_id, one.said["context"]) for one in good] == [
        (0, "m1", {"locale": "zh", "ip": "x"}),
        (1, "m2", {"locale": "en", "ip": "x"}),
    ]
    assert {one.sent_at for one in good} == {NOW - SECOND}


def test_numbers_keep_their_digits() -> None:
    properties = {"price": 19.90, "many": 10**30, "pieces": 2}
    said = one(json.dumps(event(properties=properties)).replace("19.9", "19.90").encode()).said["properties"]

    assert said == {"price": Decimal("19.90"), "many": 10**30, "pieces": 2}
    assert str(said["price"]) == "19.90"


@pytest.mark.parametrize("junk", [None, "", " ", "null", "undefined", "0", 0, "anonymous", "Guest", False])
def test_junk_ids_name_nobody(junk: Any) -> None:
    found = one(event(userId=junk, anonymousId="v1"))

    assert (found.account, found.named, found.anonymous_id, found.said["userId"]) == (None, None, "v1", None)


def test_a_guest_is_named_by_e_mail_and_an_account_by_its_own_id() -> None:
    guest = one(event(userId=None, type="identify", traits={"email": " Ann@Example.org "}))
    account = one(event(type="identify", traits={"email": "ann@example.org"}))

    assert (guest.named, guest.email) == (customer_of_email("ann@example.org"), "ann@example.org")
    assert (account.named, account.email) == ("ann", "ann@example.org")


@pytest.mark.parametrize("email", ["noreply@shop.example", "no-reply@shop.example", "test@test.com", "ann", 7, ["a@b.c"]])
def test_an_address_of_nobody_names_nobody(email: Any) -> None:
    assert refusal(event(userId=None, type="identify", traits={"email": email})).reason == "no_customer"


def test_an_order_names_its_buyer_by_the_e_mail_it_carries() -> None:
    order = event(event="purchase", userId="", anonymousId="v1", properties={"email": "bo@example.org"})

    assert (one(order).name, one(order).named) == ("Order Completed", customer_of_email("bo@example.org"))
    assert one(order | {"event": "Tea Drunk"}).named is None


def test_a_small_skew_moves_nothing_and_a_gross_one_is_corrected() -> None:
    small = one({"batch": [event(timestamp=at(-5 * SECOND))], "sentAt": at(-30 * SECOND)})
    gross = one({"batch": [event(timestamp=at(-100 * SECOND))], "sentAt": at(-90 * SECOND)})

    assert (small.occurred_at, small.clock) == (NOW - 5 * SECOND, "ok")
    assert (gross.occurred_at, gross.original_at, gross.sent_at, gross.clock) == (
        NOW - 10 * SECOND,
        NOW - 100 * SECOND,
        NOW - 90 * SECOND,
        "corrected",
    )
    assert gross.said["timestamp"] == at(-10 * SECOND).replace("Z", ".000000Z")


def test_a_clock_two_days_ahead_is_set_back_to_when_it_came_in() -> None:
    alone = one(event(timestamp=at(2 * DAY)))
    with_sent = one({"batch": [event(timestamp=at(2 * DAY - SECOND))], "sentAt": at(2 * DAY)})

    assert (alone.occurred_at, alone.clock, alone.original_at) == (NOW, "clamped", NOW + 2 * DAY)
    assert (with_sent.occurred_at, with_sent.clock) == (NOW - SECOND, "corrected")


def test_an_event_without_a_time_happened_when_it_came_in() -> None:
    found = one(event(timestamp=None))

    assert (found.occurred_at, found.clock, found.original_at) == (NOW, "missing", None)


def test_what_somebody_in_between_received_and_corrected_is_not_corrected_again() -> None:
    passed_on = event(
        timestamp=at(-DAY), originalTimestamp=at(-DAY + 90 * SECOND), sentAt=at(-DAY + 91 * SECOND), receivedAt=at(-DAY)
    )
    archived = event(timestamp=at(-DAY), originalTimestamp=at(-DAY), sentAt=at(-DAY + SECOND), receivedAt=at(-DAY + 2 * SECOND))

    assert [(one(said).occurred_at, one(said).clock) for said in (passed_on, archived)] == [(NOW - DAY, "ok")] * 2


def test_an_event_without_an_id_gets_the_same_one_when_it_is_sent_again() -> None:
    nameless = {key: value for key, value in event().items() if key != "messageId"}
    first = one({"batch": [nameless], "sentAt": at()})
    again = one({"batch": [nameless], "sentAt": at(3 * SECOND)})
    other = one({"batch": [nameless | {"event": "Tea Poured"}], "sentAt": at()})

    assert first.message_id == again.message_id != other.message_id


def test_a_character_zero_is_taken_out_and_an_emoji_stays() -> None:
    found = one(event(event="Tea\0 🍵 Drunk", properties={"n\0ame": ["\0杯子"]}))

    assert (found.name, found.said["properties"]) == ("Tea 🍵 Drunk", {"name": ["杯子"]})


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (event(type="dance"), "no_event"),
        (event(type=None), "no_event"),
        (event(event=""), "no_event"),
        (event(userId=None), "no_customer"),
        (event(timestamp="yesterday"), "bad_date"),
        (event(timestamp="1969-12-31T23:59:59Z"), "bad_date"),
        (event(userId={"id": 1}), "bad_type"),
        (event(userId="x" * 300), "bad_type"),
        (event(properties="a text"), "bad_type"),
        (event(properties={"a": "x" * 33_000}), "too_large"),
        ({"batch": [7]}, "bad_type"),
        ({"batch": ["text"]}, "bad_type"),
        (b'{"batch": [{"type": "track", "n": 1e99999999999999999999}]}', "bad_json"),
        (b'{"batch": [{"type": "track", "n": ' + b"[" * 300 + b"]" * 300 + b"}]}", "bad_type"),
    ],
)
def test_a_bad_event_is_refused_and_says_why(body: Any, reason: str) -> None:
    found = refusal(body)

    assert found.reason == reason
    assert found.raw
    assert found.detail


def test_a_bad_event_does_not_cost_its_neighbours() -> None:
    good, refused = hears({"batch": [event(messageId="m1"), 5, event(messageId="m3")]})

    assert [one.index for one in good] == [0, 2]
    assert [(one.index, one.reason, one.raw) for one in refused] == [(1, "bad_type", "5")]


def test_events_behind_the_first_2500_are_refused() -> None:
    good, refused = hears({"batch": [event(messageId=f"m{number}") for number in range(2_501)]})

    assert (len(good), [(one.index, one.reason) for one in refused]) == (2_500, [(2_500, "too_many")])


def test_an_empty_list_where_an_object_belongs_is_an_empty_object() -> None:
    assert one(event(properties=[])).said["properties"] == {}


def test_a_type_stands_in_the_path_where_the_event_does_not_say_it() -> None:
    assert one(event(type=None), type_in_path="track").type == "track"


def test_bots_are_known_by_what_they_call_themselves() -> None:
    bot, person = "Mozilla/5.0 (compatible; bingbot/2.0)", "Mozilla/5.0 (Windows NT 10.0) Chrome/126.0"

    assert one(event(context={"userAgent": bot})).is_bot
    assert one(event(), user_agent=bot).is_bot
    assert not one(event(context={"userAgent": person}), user_agent="analytics-python/2.4.0").is_bot


def test_rudderstack_says_time_traits_and_visitor_in_places_of_its_own() -> None:
    said = {
        "type": "identify", "messageId": "m1", "userId": "", "originalTimestamp": at(-SECOND),
        "context": {"traits": {"email": "ann@example.org", "tier": "gold"}},
    }  # fmt: skip
    found = one(said, anonymous_id="v9")

    assert (found.occurred_at, found.anonymous_id, found.named) == (NOW - SECOND, "v9", customer_of_email("ann@example.org"))
    assert found.said["traits"] == {"email": "ann@example.org", "tier": "gold"}


def test_what_is_no_json_is_one_refusal() -> None:
    assert refusal(b"{").reason == "bad_json"


def test_only_what_was_done_has_a_name_of_segments() -> None:
    assert [one(event(type=kind, name="Cart", event=None)).name for kind in ("page", "screen")] == ["Cart", "Cart"]
    assert one(event(event="add_to_cart")).name == "Product Added"
