"""Whatever was accepted, both readers of the spool come past it: no event stops those behind it."""

from __future__ import annotations

import json
import tempfile
from datetime import timedelta
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from lifeloop.base.clock import FixedClock, instant_of
from lifeloop.base.config import Settings
from lifeloop.collect.flow import Flow
from lifeloop.collect.live.hearing import heard
from lifeloop.collect.spool import START, SpoolWriter, Stamp, read_records
from lifeloop.lake import DuckEngine, Lake
from lifeloop.schema import EVENT, REJECTED
from lifeloop.store import open_store
from lifeloop.unify.indexer import Indexer

RECEIVED = 1_800_000_000_000_000
AT = "2027-01-15T07:59:59Z"
TRACKED = [
    "Order Completed", "Order Refunded", "Order Cancelled", "Order Updated", "Product Viewed", "Product Added",
    "Product Removed", "Product List Viewed", "Cart Viewed", "Checkout Started", "Unsubscribed", "Email Bounced",
    "Tea Drunk", "purchase",
]  # fmt: skip
TYPES = ["track", "page", "screen", "identify", "alias", "group"]
NUMBERS = [0, -1, 2, 10**18, 2**63, 10**30, -(10**40), 1e300, 1e-300, 0.1, 12.345678901234567, 99999999999999.99]
TEXTS = [
    "", "ann", "bo", "mug", "tea", "1", "12.50", "1,234.50", "-3", "1e400", "NaN", "Infinity", "EUR", "JPY", "XXX", "eur", AT,
    "ann@example.org", "noreply@a.b", "granted", "true", "杯子 🍵", "\\", '"', "'", "a\0b", "x" * 400, "1969-01-01",
    "9999-12-31",
]  # fmt: skip
PROPERTIES = """
order_id transaction_id refund_id product_id item_id sku name price quantity total revenue value subtotal shipping tax discount
coupon currency email category brand url products items query consent email_marketing_consent sms_marketing_consent state reason
channel country line_items updated_at marketing_consent status affiliation
""".split()
TRAITS = "email phone name firstName lastName createdAt country language address consent email_marketing_consent plan".split()

plain = st.none() | st.booleans() | st.sampled_from(NUMBERS) | st.sampled_from(TEXTS)
value = st.recursive(
    plain,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(PROPERTIES + TRAITS), inner, max_size=4),
    max_leaves=8,
)
product = st.dictionaries(st.sampled_from(PROPERTIES), plain, max_size=5) | st.fixed_dictionaries(
    {
        "product_id": st.sampled_from(["mug", "tea", 7]),
        "price": st.sampled_from([3, "9.50"]) | plain,
        "quantity": plain | st.just(2),
    }
)
properties = st.dictionaries(st.sampled_from(PROPERTIES), value, max_size=8) | st.fixed_dictionaries(
    {
        "order_id": st.sampled_from(["1", "2", 3]),
        "products": st.lists(product, max_size=3),
        "total": st.sampled_from(["12.50", 12.5, 30]) | plain,
        "currency": st.sampled_from(["EUR", "JPY"]) | plain,
    },
    optional=dict.fromkeys(["tax", "shipping", "discount", "subtotal", "revenue", "coupon"], plain),
)
traits = st.dictionaries(st.sampled_from(TRAITS), value, max_size=5)
context = st.fixed_dictionaries(
    {},
    optional={
        "traits": traits | value, "page": value, "campaign": value, "consent": value, "sessionId": plain, "userAgent": plain,
        "locale": plain,
    },
)  # fmt: skip
events = st.fixed_dictionaries(
    {
        "type": st.sampled_from(["track"] * 6 + TYPES),
        "event": st.sampled_from(["Order Completed"] * 4 + TRACKED),
        "messageId": st.integers(0, 5_000).map(str),
        "userId": st.sampled_from(["ann", "bo", 7, "ann", None, "null"]),
        "anonymousId": st.sampled_from(["v1", "v2", None, "0"]),
    },
    optional={
        "timestamp": st.sampled_from([AT, AT, "2027-01-15 07:00", 1_799_999_999, "1970-01-01", "2299-01-01", "never"]),
        "sentAt": plain, "properties": properties, "traits": traits, "context": context,
        "previousId": st.sampled_from(["v1", "bo", "", None]), "groupId": plain, "category": value, "name": plain,
    },
)  # fmt: skip
batches = st.lists(st.lists(events, min_size=1, max_size=8), min_size=1, max_size=4)


@given(batches)
def test_any_event_that_is_heard_reaches_store_and_lake_or_is_rejected(bodies: list[list[Any]]) -> None:
    with tempfile.TemporaryDirectory() as name:
        home = Path(name)
        writer = SpoolWriter(home / "spool")
        writer.append([(Stamp("segment", "live", RECEIVED), json.dumps({"batch": body}).encode()) for body in bodies])
        writer.close()
        good = {
            one.message_id for record in read_records(home / "spool", START, limit_bytes=1 << 30) for one in heard(record)[0]
        }
        clock = FixedClock(instant_of(RECEIVED) + timedelta(seconds=1))
        lake, store = Lake(home / "lake"), open_store(f"sqlite:///{home / 'store.sqlite'}")
        engine = DuckEngine(lake, threads=1)
        settings = Settings(shop={"currency": "EUR"})  # type: ignore[arg-type]

        indexed = Indexer(store, home / "spool", "door", clock).step()
        Flow(lake, engine, store, home / "spool", "door", home, settings, clock).step()

        kept = {row["message_id"] for row in engine.query("SELECT message_id FROM t", {"t": EVENT}).to_pylist()}
        rejected = (
            engine.query("SELECT count(*) AS n FROM t", {"t": REJECTED}).to_pylist()[0]["n"] if lake.exists(REJECTED) else 0
        )
        assert indexed.events == len(good)
        assert kept <= good
        assert len(kept) + rejected >= len(good)
        store.close()
