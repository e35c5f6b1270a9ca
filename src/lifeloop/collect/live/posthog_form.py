"""PostHog's wire form, said in Segment's: `$identify` is an identify, `$pageview` a page, `$create_alias` an alias.

Who: a browser says whether its `distinct_id` is a person (`$is_identified`); before that it is the device. A server's is a
person, except where it asks for no profile and gives a random id.
What a browser tells of itself in every event goes where Segment has it in `context`; `$` names of anything else stay.

Source  the bodies posthog-js 1.449, posthog-node 5.70 and posthog-python 7.91 send.
Limits  a server that passes on a browser's own anonymous id without saying so names a customer by it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from lifeloop.collect.live.around import Around
from lifeloop.collect.live.clock import written
from lifeloop.collect.live.segment_form import DIRECT
from lifeloop.collect.spool.record import Stamp

Object: TypeAlias = dict[str, Any]

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)
_LONGEST_OFFSET_MS = 30 * 86_400_000
_PAGE: Mapping[str, str] = {
    "$current_url": "url",
    "$pathname": "path",
    "$referrer": "referrer",
    "$title": "title",
    "title": "title",
}
_CAMPAIGN: Mapping[str, str] = {
    "utm_source": "source", "utm_medium": "medium", "utm_campaign": "name", "utm_term": "term", "utm_content": "content",
}  # fmt: skip
_CONTEXT: Mapping[str, str] = {
    "$raw_user_agent": "userAgent",
    "$user_agent": "userAgent",
    "$browser_language": "locale",
    "$timezone": "timezone",
    "$session_id": "sessionId",
}
_AMBIENT = frozenset(
    "token distinct_id $set $set_once $unset $device_id $user_id $is_identified $anon_distinct_id $process_person_profile "
    "$insert_id $time $lib $lib_version $lib_custom_api_host $lib_rate_limit_remaining_tokens $browser $browser_version "
    "$browser_type $browser_language $browser_language_prefix $os $os_version $device $device_type $device_manufacturer "
    "$device_model $screen_height $screen_width $viewport_height $viewport_width $raw_user_agent $user_agent $timezone "
    "$timezone_offset $current_url $host $pathname $referrer $referring_domain $title title $session_id $window_id "
    "$pageview_id $configured_session_timeout_ms $initialization_time $sdk_debug_retry_queue_size $is_server "
    "$geoip_disable $recording_status $session_recording_recorder_version_server_side $config_defaults "
    "$session_entry_url $session_entry_host $session_entry_pathname $session_entry_referrer $session_entry_referring_domain "
    "$initial_person_info $feature_flag_payloads $active_feature_flags $enabled_feature_flags $had_persisted_distinct_id "
    "$autocapture_disabled_server_side $exception_capture_enabled_server_side $dead_clicks_enabled_server_side "
    "$web_vitals_enabled_server_side $web_vitals_allowed_metrics $replay_sample_rate $replay_minimum_duration "
    "$replay_script_config $console_log_recording_enabled_server_side $os_distro "
    "$python_version $python_runtime $node_version".split()
)
"""What every event of a browser carries about the browser and itself, and what is said elsewhere in Segment's form."""
_AMBIENT_HEADS = ("$sdk_", "$feature/", "$session_recording_", "$session_entry_", "$replay_", "$initial_", "$surveys_")


def said(item: Object, around: Around, stamp: Stamp) -> Object:
    """Return an event in Segment's form. `item` is used up."""
    told = item.get("properties")
    properties: Object = told if isinstance(told, dict) else {}
    name = item.get("event")
    distinct = item.get("distinct_id") or properties.get("distinct_id")
    account, device = _who(distinct, properties)
    made: Object = {
        "type": "track",
        "event": name,
        "messageId": item.get("uuid") or properties.get("$insert_id"),
        "userId": account,
        "anonymousId": device or stamp.anonymous_id,
        "timestamp": item.get("timestamp") or properties.get("$time"),
        "context": _context(properties),
        "properties": _own(properties),
    }
    sent = around.sent_at or around.sentAt or item.get("sent_at")
    if sent is not None:
        made["sentAt"] = sent
    offset = item.get("offset")
    if made["timestamp"] is None and isinstance(offset, int) and 0 <= offset < _LONGEST_OFFSET_MS:
        made["timestamp"] = written(stamp.received_at - offset * 1000)
    if "properties" in item and not isinstance(told, dict) and told:
        made["properties"] = told
    if isinstance(name, str) and (say := _SAID_OTHERWISE.get(name)):
        say(made, item, properties)
    return made


def _who(distinct: Any, properties: Object) -> tuple[Any, Any]:
    """Return the account and the device of an event."""
    device, user = properties.get("$device_id"), properties.get("$user_id")
    identified = properties.get("$is_identified")
    if identified is None:
        random = properties.get("$process_person_profile") is False and _is_random(distinct)
        identified = not random and (device is None or distinct != device)
    if identified:
        return distinct or user, device if device != distinct else None
    return user, device or distinct


def _is_random(text: Any) -> bool:
    return isinstance(text, str) and _UUID.fullmatch(text) is not None


def _context(properties: Object) -> Object:
    context: Object = {theirs: properties[name] for name, theirs in _CONTEXT.items() if properties.get(name)}
    for inner, names in (("page", _PAGE), ("campaign", _CAMPAIGN)):
        found = {
            theirs: text for name, theirs in names.items() if isinstance(text := properties.get(name), str) and text != DIRECT
        }
        if found:
            context[inner] = found
    if properties.get("$lib"):
        context["library"] = {"name": properties["$lib"], "version": properties.get("$lib_version")}
    if properties.get("$browser_type") == "bot":
        context["isBot"] = True
    return context


def _own(properties: Object) -> Object:
    """Return what was said of the event itself."""
    return {
        name: value
        for name, value in properties.items()
        if name not in _AMBIENT and not (name[:1] == "$" and name.startswith(_AMBIENT_HEADS))
    }


def _as_identify(made: Object, item: Object, properties: Object) -> None:
    """`$identify` and `$set` tell traits; the first also names the device that turned out to be this person."""
    traits: Object = {}
    for inner in (item.get("$set_once"), properties.get("$set_once"), item.get("$set"), properties.get("$set")):
        if isinstance(inner, dict):
            traits.update((name, value) for name, value in inner.items() if name[:1] != "$" and value is not None)
    made["type"], made["traits"] = "identify", traits
    made.pop("event")
    made.pop("properties")
    distinct = item.get("distinct_id") or properties.get("distinct_id")
    if item.get("event") == "$identify":
        made["userId"] = distinct
        device = properties.get("$anon_distinct_id") or properties.get("$device_id")
        made["anonymousId"] = device if device != distinct else None


def _as_page(made: Object, _item: Object, properties: Object) -> None:
    made["type"] = "page"
    title = made["context"].get("page", {}).get("title")
    made.pop("event")
    if isinstance(title, str):
        made["name"] = title
    for name, theirs in _PAGE.items():
        if isinstance(text := properties.get(name), str) and text != DIRECT:
            made["properties"].setdefault(theirs, text)


def _as_screen(made: Object, _item: Object, properties: Object) -> None:
    made["type"] = "screen"
    made.pop("event")
    if properties.get("$screen_name"):
        made["name"] = made["properties"].pop("$screen_name")


def _as_alias(made: Object, item: Object, properties: Object) -> None:
    """Name the device as `previousId`; clients differ in which of their two arguments that is."""
    made["type"] = "alias"
    made.pop("event")
    made.pop("properties")
    distinct, alias = item.get("distinct_id") or properties.get("distinct_id"), properties.get("alias")
    is_person = made["userId"] is not None and made["userId"] == distinct and properties.get("$lib") != "posthog-python"
    person, device = (distinct, alias) if is_person else (alias, distinct)
    if _is_random(person) and not _is_random(device):
        person, device = device, person
    made["userId"], made["previousId"] = person, device


def _as_group(made: Object, _item: Object, properties: Object) -> None:
    """Tell of a group; where nobody is named, its own id stands where a device does."""
    made["type"], made["groupId"] = "group", properties.get("$group_key")
    made.pop("event")
    made.pop("properties")
    traits = properties.get("$group_set")
    made["traits"] = traits if isinstance(traits, dict) else {}
    if isinstance(made["userId"], str) and (made["userId"].startswith("$") or _is_random(made["userId"])):
        made["anonymousId"], made["userId"] = made["userId"], None


_SAID_OTHERWISE: Mapping[str, Callable[[Object, Object, Object], None]] = {
    "$identify": _as_identify,
    "$set": _as_identify,
    "$pageview": _as_page,
    "$screen": _as_screen,
    "$create_alias": _as_alias,
    "$merge_dangerously": _as_alias,
    "$groupidentify": _as_group,
}
