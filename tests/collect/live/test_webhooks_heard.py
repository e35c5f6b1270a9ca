"""A shop system's webhook, heard: texts that no database keeps are mended before anybody else reads them."""

from __future__ import annotations

import json

import pytest

from lifeloop.collect.live.hearing import heard
from lifeloop.collect.spool.record import WireForm
from lifeloop.testing.shops import record, shopify_order, woo_order

DOCUMENTS: dict[WireForm, tuple[str, str]] = {
    "shopify": ("orders/create", json.dumps(shopify_order(landing_site="/?utm_source=cut"))),
    "woocommerce": ("order.created", json.dumps(woo_order())),
}


@pytest.mark.parametrize("form", DOCUMENTS)
@pytest.mark.parametrize("odd", ["\\ud83c", "\\udf75", "\\u0000", "\\ud83c\\udf75"])
def test_half_characters_and_nul_do_not_come_through(form: WireForm, odd: str) -> None:
    topic, document = DOCUMENTS[form]
    for place in ("MUG", "cut", "ann@x.org", "Tea", "Bob"):
        good, refused = heard(record(form, topic, document.replace(place, place + odd).encode()))
        texts = json.dumps([(one.said, one.named, one.email) for one in good], default=str, ensure_ascii=False)

        assert (bool(good), refused) == (True, [])
        assert "\\u0000" not in texts
        assert texts.encode()


@pytest.mark.parametrize("form", DOCUMENTS)
def test_a_document_that_is_not_utf_8_is_refused(form: WireForm) -> None:
    topic, document = DOCUMENTS[form]

    for body in (document.encode("utf-16"), document.replace("MUG", "\ud83c").encode("utf-8", "surrogatepass")):
        good, refused = heard(record(form, topic, body))
        assert (good, [one.reason for one in refused]) == ([], ["bad_document"])
