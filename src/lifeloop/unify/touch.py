"""Touches: where a visit came from, as the campaign or the foreign page that its events name.

A visit that says nothing of where it came from leaves no touch, so the first touch is the first one known and the last touch
the last one that was not a direct visit. Words of campaigns are looked for in `context.campaign` (Segment, RudderStack), then
in properties `utm_*`, then in the address of the page.

Source  Segment's specification (context.campaign, context.page); the five `utm` parameters are those of Google Analytics.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

from lifeloop.unify.told import Word, inner, json_text, text_of

_CAMPAIGN = ("source", "medium", "campaign", "term", "content")
_FROM_CONTEXT = {"name": "campaign", **{name: name for name in _CAMPAIGN}}
_ON_SITE = frozenset({"page", "screen", "track"})
_SAYING = frozenset({"campaign", "page", "utm_source", "utm_campaign", "referrer"})
"""What a context or properties must have one of, to say anything of where a visit came from."""
_LONGEST = 200


def touch_of(said: Mapping[str, Any], at: int) -> Word | None:
    """Return the touch that a Segment object tells of; None where it names neither a campaign nor a foreign page.

    >>> touch_of({"type": "page", "context": {"campaign": {"name": "spring", "source": "mail"}}}, 7)
    Word(at=7, text='{"campaign":"spring","source":"mail"}')
    >>> page = {"url": "https://shop.example/a", "referrer": "https://search.example/?q=tea"}
    >>> touch_of({"type": "page", "context": {"page": page}}, 7)
    Word(at=7, text='{"page":"/a","referrer":"search.example"}')
    """
    if said.get("type") not in _ON_SITE:
        return None
    context, properties = inner(said, "context"), inner(said, "properties")
    if _SAYING.isdisjoint(context) and _SAYING.isdisjoint(properties):
        return None
    page = inner(context, "page")
    found = _campaign(context, properties, page)
    referrer = _foreign(page or properties)
    if referrer:
        found["referrer"] = referrer
    if not found:
        return None
    path = text_of(page.get("path"), longest=_LONGEST) or _path(page.get("url"))
    if path:
        found["page"] = path
    return Word(at, json_text(found))


def _campaign(context: Mapping[str, Any], properties: Mapping[str, Any], page: Mapping[str, Any]) -> dict[str, str]:
    said = inner(context, "campaign")
    if said:
        return _texts({ours: said.get(theirs) for theirs, ours in _FROM_CONTEXT.items() if theirs in said})
    if "utm_source" in properties or "utm_campaign" in properties:
        return _texts({name: properties.get(f"utm_{name}") for name in _CAMPAIGN})
    for place in ("search", "url"):
        query = page.get(place)
        if isinstance(query, str) and "utm_" in query:
            told = dict(parse_qsl(query.partition("?")[2], max_num_fields=100)) if query.count("&") < 100 else {}
            return _texts({name: told.get(f"utm_{name}") for name in _CAMPAIGN})
    return {}


def _texts(found: Mapping[str, Any]) -> dict[str, str]:
    texts = {name: text_of(value, longest=_LONGEST) for name, value in found.items()}
    return {name: text for name, text in texts.items() if text}


def _foreign(page: Mapping[str, Any]) -> str | None:
    """Return the host of the page before, where that is another one than this page's."""
    host = _host(page.get("referrer"))
    return host if host and host != _host(page.get("url")) else None


def _host(url: Any) -> str | None:
    if not isinstance(url, str) or "://" not in url:
        return None
    host = url.split("/", 3)[2].lower().removeprefix("www.")
    return text_of(host.rpartition("@")[2].partition("?")[0], longest=_LONGEST)


def _path(url: Any) -> str | None:
    if not isinstance(url, str) or "://" not in url:
        return None
    rest = url.split("/", 3)[3:]
    return text_of("/" + rest[0].partition("?")[0].partition("#")[0], longest=_LONGEST) if rest else None
