"""Segment's and RudderStack's wire form: what stands around the events is put into them.

Source  Segment's HTTP API (batch, common fields); what RudderStack's clients send otherwise: `originalTimestamp` instead of
        `timestamp`, traits only in `context.traits`, the anonymous id in a header.
"""

from __future__ import annotations

from typing import Any, TypeAlias

from lifeloop.collect.live.around import Around
from lifeloop.collect.spool.record import Stamp

Object: TypeAlias = dict[str, Any]

DIRECT = "$direct"
"""What RudderStack's and PostHog's clients call the referrer of whoever came from nowhere."""


def said(item: Object, around: Around, stamp: Stamp) -> Object:
    """Complete an event, in place, with what its batch, its path and its headers say, and return it."""
    if not item.get("type"):
        item["type"] = stamp.type_in_path
    if around.is_batch:
        _take_from_batch(item, around)
    if stamp.anonymous_id and not item.get("anonymousId"):
        item["anonymousId"] = stamp.anonymous_id
    if not item.get("timestamp") and "originalTimestamp" in item:
        item["timestamp"] = item["originalTimestamp"]
    item.pop("writeKey", None)
    context = item.get("context")
    if isinstance(context, dict):
        _take_from_context(item, context)
    return item


def _take_from_batch(item: Object, around: Around) -> None:
    if around.context:
        own = item.get("context")
        item["context"] = around.context | own if isinstance(own, dict) else around.context
    if around.sentAt is not None and not item.get("sentAt"):
        item["sentAt"] = around.sentAt


def _take_from_context(item: Object, context: Object) -> None:
    if item["type"] in ("identify", "group") and not item.get("traits") and context.get("traits"):
        item["traits"] = context["traits"]
    for page in (context.get("page"), item.get("properties")):
        if isinstance(page, dict) and page.get("referrer") == DIRECT:
            page["referrer"] = ""
