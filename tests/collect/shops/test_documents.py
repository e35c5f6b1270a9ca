"""What is no document is refused with a reason; whatever stands in one, nothing breaks."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lifeloop.collect.live.hearing import heard
from lifeloop.collect.shops.signatures import is_signed, signature
from lifeloop.collect.spool.record import WireForm
from lifeloop.testing.shops import ANN, record, shopify_order, shopify_refund, woo_order

ORDERS: dict[WireForm, tuple[str, dict[str, Any]]] = {
    "shopify": ("orders/updated", shopify_order(refunds=[shopify_refund()], cancelled_at="2024-01-09T00:00:00Z")),
    "woocommerce": ("order.updated", woo_order(refunds=[{"id": 1, "total": "-1.00"}], status="cancelled")),
}
ODD = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.sampled_from(["NaN", "1e999", "-1", "0", "2024-13-40"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@pytest.mark.parametrize("form", ["shopify", "woocommerce"])
@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"7", b"null", b'"text"', b"\xff\xfe", b"[" * 100_000, b"{}", b'{"id": 1}'])
def test_a_body_that_is_not_what_its_topic_says_is_refused_and_kept(form: WireForm, body: bytes) -> None:
    good, refused = heard(record(form, ORDERS[form][0], body))

    assert good == []
    assert [one.reason for one in refused] == ["bad_document"]
    assert refused[0].raw.encode("utf-8")[:1] in (b"", body[:1], b"\xef")


def _altered(document: Any, path: list[int], value: Any) -> Any:
    """Return a document with something else at a place in it."""
    if not path or not isinstance(document, dict | list) or not document:
        return value
    keys = list(document) if isinstance(document, dict) else list(range(len(document)))
    key = keys[path[0] % len(keys)]
    copy = dict(document) if isinstance(document, dict) else list(document)
    copy[key] = _altered(document[key], path[1:], value)
    return copy


@settings(deadline=None, derandomize=True, max_examples=400)
@given(form=st.sampled_from(["shopify", "woocommerce"]), path=st.lists(st.integers(0, 60), min_size=1, max_size=4), value=ODD)
def test_whatever_stands_in_an_order_nothing_breaks(form: WireForm, path: list[int], value: Any) -> None:
    topic, document = ORDERS[form]
    body = json.dumps(_altered(document, path, value)).encode()
    good, refused = heard(record(form, topic, body))

    assert heard(record(form, topic, body)) == (good, refused)
    for one in good:
        json.dumps(one.said, default=str)
        assert len(one.message_id) < 100


@settings(deadline=None, derandomize=True, max_examples=150)
@given(
    path=st.lists(st.integers(0, 20), min_size=1, max_size=3),
    value=ODD,
    topic=st.sampled_from(["customers/update", "products/update"]),
)
def test_whatever_stands_in_a_customer_or_product_nothing_breaks(path: list[int], value: Any, topic: str) -> None:
    product = {
        "id": 1,
        "title": "Mug",
        "updated_at": "2024-01-05T12:00:00Z",
        "variants": [{"id": 2, "sku": "MUG", "price": "1"}],
    }
    heard(record("shopify", topic, _altered(ANN if topic.startswith("c") else product, path, value)))


def test_a_signature_holds_for_the_body_as_it_came_and_either_secret() -> None:
    said = signature(b'{"id":1}', "new")

    assert is_signed(b'{"id":1}', said, ["old", "new"])
    assert not is_signed(b'{"id": 1}', said, ["old", "new"])
    assert not is_signed(b'{"id":1}', said, ["old"])
    assert not is_signed(b'{"id":1}', said, [])
    assert not is_signed(b'{"id":1}', signature(b'{"id":1}', ""), [""])
    assert not is_signed(b'{"id":1}', "é", ["new"])
