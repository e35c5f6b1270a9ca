"""PostHog's events said in Segment's form: who is a person, who a device, and what its own names mean."""

from __future__ import annotations

import json
from typing import Any

import pytest

from lifeloop.collect.live.heard import Heard
from lifeloop.collect.live.hearing import heard
from lifeloop.collect.spool.record import Place, Record, Stamp

NOW = 1_800_000_000_000_000
DEVICE = "01a202eb-132e-7141-8d64-b1a045284ecd"
OF_BROWSER = {
    "$device_id": DEVICE, "$lib": "web", "$lib_version": "1", "$current_url": "https://shop.example/tea?utm_source=news",
    "$pathname": "/tea", "$referrer": "https://search.example/", "$raw_user_agent": "Mozilla/5.0", "$session_id": "s1",
    "$os": "Linux", "$browser": "Chrome", "$screen_height": 720, "$insert_id": "i1", "$time": 1_799_999_999.5,
    "$sdk_debug_x": 1, "token": "k", "utm_source": "news",
}  # fmt: skip


def hears(*items: Any, sent_at: Any = None) -> list[Heard]:
    body = json.dumps({"api_key": "k", "batch": items, "sent_at": sent_at}).encode()
    good, refused = heard(Record(Place(1, 0), Place(1, 1), Stamp("posthog", "live", NOW), body))
    assert refused == []
    return good


def one(event: str | None, distinct: str | None = "ann", **said: Any) -> Heard:
    properties = said.pop("properties", {})
    (found,) = hears({"event": event, "distinct_id": distinct, "uuid": "u1", "properties": properties} | said)
    return found


def in_browser(event: str, distinct: str, **properties: Any) -> Heard:
    (found,) = hears({"event": event, "uuid": "u1", "properties": {**OF_BROWSER, "distinct_id": distinct, **properties}})
    return found


def test_a_browsers_event_says_who_where_and_from_where() -> None:
    found = in_browser("Tea Drunk", DEVICE, cups=2, **{"$is_identified": False})
    context = found.said["context"]

    assert (found.account, found.anonymous_id, found.message_id, found.occurred_at) == (None, DEVICE, "u1", NOW - 500_000)
    assert found.said["properties"] == {"cups": 2, "utm_source": "news"}
    assert context["page"] == {
        "url": "https://shop.example/tea?utm_source=news", "path": "/tea", "referrer": "https://search.example/",
    }  # fmt: skip
    assert (context["campaign"], context["userAgent"], context["sessionId"]) == ({"source": "news"}, "Mozilla/5.0", "s1")


def test_a_browser_that_was_identified_names_the_person_and_the_device() -> None:
    with_word = in_browser("Tea Drunk", "ann", **{"$is_identified": True, "$user_id": "ann"})
    without = in_browser("Tea Drunk", "ann", **{"$user_id": "ann"})

    assert [(found.account, found.anonymous_id) for found in (with_word, without)] == [("ann", DEVICE)] * 2


def test_an_identify_names_the_device_it_was_before_and_tells_traits() -> None:
    traits = {"$set": {"email": "a@example.org", "none": None}, "$set_once": {"email": "b@example.org", "first": 1}}
    found = in_browser("$identify", "ann", **{"$anon_distinct_id": DEVICE, **traits})

    assert (found.type, found.account, found.anonymous_id, found.email) == ("identify", "ann", DEVICE, "a@example.org")
    assert found.said["traits"] == {"email": "a@example.org", "first": 1}


def test_traits_may_stand_beside_the_properties() -> None:
    assert one("$set", **{"$set": {"tier": "gold"}}).said["traits"] == {"tier": "gold"}


def test_a_page_view_is_a_page() -> None:
    found = in_browser("$pageview", DEVICE, title="Tea")

    assert (found.type, found.name, found.said["properties"]["url"], found.said["properties"]["path"]) == (
        "page",
        "Tea",
        "https://shop.example/tea?utm_source=news",
        "/tea",
    )


def test_a_screen_is_a_screen() -> None:
    found = one("$screen", properties={"$screen_name": "Cart"})

    assert (found.type, found.name) == ("screen", "Cart")


@pytest.mark.parametrize(
    ("distinct", "alias", "lib"),
    [("ann", "v0", "posthog-node"), ("v0", "ann", "posthog-python"), (DEVICE, "ann", "posthog-node"), ("ann", DEVICE, "x")],
)
def test_an_alias_names_the_person_whatever_the_order_of_arguments(distinct: str, alias: str, lib: str) -> None:
    found = one("$create_alias", distinct, properties={"distinct_id": distinct, "alias": alias, "$lib": lib})

    assert (found.type, found.account, found.said["previousId"]) == (
        "alias",
        "ann",
        DEVICE if DEVICE in (distinct, alias) else "v0",
    )


def test_a_browsers_alias_before_it_was_identified_makes_the_device_known() -> None:
    found = in_browser("$create_alias", DEVICE, alias="ann")

    assert (found.account, found.said["previousId"]) == ("ann", DEVICE)


@pytest.mark.parametrize("nobody", ["$club_c1", DEVICE])
def test_a_group_told_of_by_a_server_names_no_customer(nobody: str) -> None:
    found = one("$groupidentify", nobody, properties={"$group_key": "c1", "$group_set": {"plan": "gold"}})

    assert (found.account, found.anonymous_id, found.said["groupId"]) == (None, nobody, "c1")


def test_a_server_that_asks_for_no_profile_names_nobody_by_a_random_id() -> None:
    without = {"$process_person_profile": False}

    assert one("Tea Drunk", DEVICE, properties=without).account is None
    assert one("Tea Drunk", "ann", properties=without).account == "ann"


def test_an_offset_says_how_long_ago_it_was() -> None:
    assert one("Tea Drunk", offset=1500).occurred_at == NOW - 1_500_000
    assert one("Tea Drunk", offset=-5).clock == "missing"


def test_a_browser_that_calls_itself_a_bot_is_one() -> None:
    assert in_browser("Tea Drunk", DEVICE, **{"$browser_type": "bot"}).is_bot


def test_what_has_no_meaning_of_its_own_keeps_its_name_and_says_all() -> None:
    found = in_browser("$autocapture", DEVICE, **{"$elements": [1], "$event_type": "click"})

    assert (found.type, found.name) == ("track", "$autocapture")
    assert found.said["properties"].items() >= {"$elements": [1], "$event_type": "click"}.items()
