"""Whatever words clients send, both databases take them: one event must not stop those behind it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from secrets import token_hex
from typing import Any

from lifeloop.store import Store
from lifeloop.testing.clock import after
from lifeloop.testing.live import said, spooled
from lifeloop.unify.identity import resolve
from lifeloop.unify.indexer import Indexer
from lifeloop.unify.people import timeline

WORDS = ["a\0b", "\ud800x", "😀", "", " ", "x\u2028y", "'; --", "%s ?", "".join(f"{n:x}" for n in range(2300))]
"""No text of PostgreSQL has a NUL, no UTF-8 half a pair, no index of PostgreSQL a key of more than 2,704 bytes."""

NUMBERS: list[Any] = [10**30, -(10**30), 1e308, 2**63, -(2**63) - 1]
TIMES: list[Any] = ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "1969-01-01T00:00:00Z", "-300000-01-01T00:00:00Z"]


def hard(word: Any) -> Iterator[dict[str, Any]]:
    for name in ("messageId", "userId", "anonymousId", "event", "type", "previousId", "groupId"):
        yield {"event": "Product Viewed", "anonymousId": "d1", name: word}
    yield {"type": "identify", "userId": "bob", "traits": {"email": f"{word}@example.com", "phone": word, str(word): word}}
    properties = {"product_id": word, "order_id": word, "currency": word, "price": word, "quantity": word, str(word): [word]}
    for event in ("Product Added", "Order Completed", "Unsubscribed"):
        yield {"userId": "bob", "event": event, "properties": properties}
    page = {"referrer": word, "url": word}
    context = {
        "campaign": {"source": word},
        "page": page,
        "userAgent": word,
        "consent": {"categoryPreferences": {str(word): True}},
    }
    yield {"userId": "bob", "event": "Looked", "context": context}
    yield {"userId": "bob", "event": "Looked", "timestamp": word, "sentAt": word}


def test_an_alias_of_a_device_with_an_endless_id_tells_nothing_and_stops_nothing(store: Store, tmp_path: Path) -> None:
    endless = {"previousId": token_hex(6000), "anonymousId": "d1"}
    spooled(tmp_path, [[said("m1", type="alias", userId="ann", **endless), said("m2", userId="ann", event="Looked")]])

    assert Indexer(store, tmp_path, "door", after()).step().events == 2


def test_no_word_number_or_time_stops_the_events_behind_it(store: Store, tmp_path: Path) -> None:
    events = [
        {**said(f"m{number}"), **fields}
        for number, fields in enumerate(one for word in [*WORDS, *NUMBERS, *TIMES] for one in hard(word))
    ]
    spooled(tmp_path, [[event] for event in events])
    spooled(tmp_path, [[said("last", userId="ann", event="Looked")]])

    stepped = Indexer(store, tmp_path, "door", after()).step(1 << 30)

    assert stepped.records == len(events) + 1
    assert stepped.events > stepped.refused, "most can be kept"
    with store.reading() as connection:
        assert [entry.message_id for entry in timeline(connection, resolve(connection, "ann"))] == ["last"]
