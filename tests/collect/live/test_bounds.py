"""What one request can cost at most: whatever is lent to its events, and however it is packed."""

from __future__ import annotations

import gzip
import json
import tracemalloc
from typing import Any

import pytest

from lifeloop.collect.live.around import NAMES
from lifeloop.collect.live.bodies import BODY_BYTES, ITEM_BYTES, ITEMS, MEMBERS, BadBody, open_body
from lifeloop.collect.live.heard import Heard, Refused
from lifeloop.collect.live.hearing import heard
from lifeloop.collect.spool.record import Place, Record, Stamp

NOW = 1_800_000_000_000_000
_MB = 1 << 20


def hears(body: bytes | dict[str, Any]) -> tuple[list[Heard], list[Refused]]:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return heard(Record(Place(1, 0), Place(1, len(raw)), Stamp("segment", "live", NOW), raw))


def event(number: int = 0, **said: Any) -> dict[str, Any]:
    return {"type": "track", "event": "Tea Drunk", "userId": f"u{number}", "properties": {"a": "x" * 200}} | said


def filled(head: bytes, piece: bytes, tail: bytes, size: int = BODY_BYTES) -> bytes:
    """Return JSON of at most `size` bytes with as many pieces in it as there is room for."""
    return head + b",".join([piece] * ((size - len(head) - len(tail)) // (len(piece) + 1))) + tail


SMALL = b'{"type":"track","event":"a","userId":"u","context":{"a":1}}'
WORST = {
    "a context of many names": b'{"context":{%s},"batch":[%s]}'
    % (b",".join(b'"%d":1' % number for number in range(250_000)), b",".join([SMALL] * ITEMS)),
    "a context just small enough": b'{"context":{%s},"batch":[%s]}'
    % (b",".join(b'"%d":1' % number for number in range(3_000)), b",".join([SMALL] * ITEMS)),
    "a long time of sending": b'{"sentAt":"%s","batch":[%s]}' % (b"1" * 3_000_000, b",".join([SMALL] * ITEMS)),
    "large integrations": b'{"integrations":{"a":"%s"},"batch":[%s]}' % (b"1" * 3_000_000, b",".join([SMALL] * ITEMS)),
    "events that are numbers": filled(b'{"batch":[', b"1", b"]}"),
    "events of many names": filled(
        b'{"batch":[',
        b'{"type":"track","event":"a","userId":"u","properties":{%s}}' % b",".join(b'"%d":1' % n for n in range(3_000)),
        b"]}",
    ),
    "events of many lists": filled(
        b'{"batch":[', b'{"type":"track","event":"a","userId":"u","properties":{"a":[%s]}}' % b",".join([b"[]"] * 9_000), b"]}"
    ),
}


@pytest.mark.parametrize("name", WORST)
def test_the_worst_bodies_are_heard_in_little_memory(name: str) -> None:
    assert len(WORST[name]) <= BODY_BYTES + 200_000
    tracemalloc.start()
    try:
        good, refused = hears(WORST[name])
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert len(good) <= ITEMS
    assert good or len(refused) > ITEMS
    assert peak < 300 * _MB


@pytest.mark.parametrize(
    ("context", "why"),
    [
        ({"a": "x" * ITEM_BYTES}, "bytes, and"),
        ({str(number): 1 for number in range(NAMES + 1)}, "names"),
        ({"a": "x" * 20_000}, "small events"),
    ],
)
def test_a_context_too_large_to_be_lent_costs_only_itself(context: dict[str, Any], why: str) -> None:
    batch = [event(number, messageId=f"m{number}", context={"locale": "zh"}) for number in range(2_000)]

    good, refused = hears({"batch": batch, "context": context})

    assert [one.message_id for one in good] == [f"m{number}" for number in range(2_000)]
    assert all(one.said["context"] == {"locale": "zh"} for one in good)
    assert [(one.index, one.reason) for one in refused] == [(2_000, "too_large")]
    assert why in refused[0].detail
    assert len(refused[0].raw) < ITEM_BYTES


def test_a_context_of_usual_size_is_lent_to_a_full_batch() -> None:
    context = {"page": {"url": "https://shop.example/" + "x" * 1_000}, "userAgent": "Tea/1", "locale": "en"}

    good, refused = hears({"batch": [event(number) for number in range(ITEMS)], "context": context})

    assert refused == []
    assert len(good) == ITEMS
    assert all(one.said["context"] is good[0].said["context"] for one in good)


def test_a_context_is_part_of_the_ids_that_are_made_and_is_not_read_for_each() -> None:
    timed = {"timestamp": "2026-11-22T12:00:00Z"}
    batch = [event(1, **timed), event(2, **timed, context={"locale": "zh"})]

    def ids(context: dict[str, Any]) -> list[str]:
        return [one.message_id for one in hears({"batch": batch, "context": context})[0]]

    assert ids({"ip": "x"}) == ids({"ip": "x"})
    assert set(ids({"ip": "x"})).isdisjoint(ids({"ip": "y"}))
    assert set(ids({"ip": "x"})).isdisjoint(ids({}))
    assert len(set(ids({"ip": "x"}))) == 2


def test_a_character_no_database_keeps_is_taken_out_of_what_is_lent() -> None:
    good, _ = hears({"batch": [event()], "context": {"a\0": "b\0"}})

    assert good[0].said["context"] == {"a": "b"}


def test_a_body_of_many_gzip_members_is_refused_at_once() -> None:
    said = json.dumps({"batch": [event()]}).encode()
    one = gzip.compress(b"")

    assert open_body(one * (MEMBERS - 1) + gzip.compress(said), {}).events == 1
    with pytest.raises(BadBody, match="gzip members"):
        open_body((one * 200_000)[:BODY_BYTES], {})
