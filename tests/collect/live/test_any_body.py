"""Whatever is sent: the door takes it or says why not, and what was taken can be heard, always the same and fit to be kept."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from lifeloop.collect.idents import JUNK, clean_email, clean_id, clean_ids, customers_of
from lifeloop.collect.live.bodies import BadBody, Opened, TooLarge, open_body
from lifeloop.collect.live.clock import GROSS, parse, settled, written
from lifeloop.collect.live.hearing import heard
from lifeloop.collect.rows import trimmed
from lifeloop.collect.spool.record import Place, Record, Stamp

NOW = 1_800_000_000_000_000
EDGES = (
    "", " ", "null", "0", "-1", "\0", "ann", "ann@example.org", "noreply@a.b", "13085.0", "\u2028", "杯子 🍵", "x" * 300,
    "\ufffd", "$direct", "2027-01-15T08:00:00Z", "2027-01-15", "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59",
    "1800000000", "1800000000000", "99999999999999999", "1e5", "NaN", "01a202eb-132e-7141-8d64-b1a045284ecd", "$club_c1",
    "purchase", "Order Completed",
)  # fmt: skip
NAMES = """
type event name messageId userId anonymousId previousId groupId timestamp originalTimestamp sentAt receivedAt traits context
properties email page referrer userAgent sessionId isBot integrations batch writeKey api_key token sent_at uuid distinct_id
offset $set $set_once $insert_id $time $device_id $user_id $is_identified $process_person_profile $anon_distinct_id alias
$lib $group_key $group_set $screen_name $current_url $browser_type products
""".split()
KINDS = "track page screen identify alias group $identify $pageview $screen $create_alias $groupidentify $set dance".split()

plain = (
    st.none()
    | st.booleans()
    | st.integers(-(10**30), 10**30)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from(EDGES)
    | st.text(st.characters(codec="utf-8"), max_size=8)
)
anything = st.recursive(
    plain,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=6),
    max_leaves=12,
)
events = st.fixed_dictionaries(
    {},
    optional=dict.fromkeys(NAMES, plain | anything) | {"type": st.sampled_from(KINDS), "event": st.sampled_from(KINDS) | plain},
)
bodies = anything | events | st.lists(events, max_size=4) | st.fixed_dictionaries(
    {"batch": st.lists(events | anything, max_size=5)}, optional={"context": anything, "sentAt": plain, "sent_at": plain}
)  # fmt: skip
forms = st.sampled_from(["segment", "posthog"])
stamps = st.builds(
    Stamp,
    form=forms,
    source=st.just("live"),
    received_at=st.just(NOW),
    type_in_path=st.sampled_from([None, "track", "identify"]),
    anonymous_id=st.sampled_from([None, "v1", "null"]),
    user_agent=st.sampled_from([None, "Mozilla/5.0", "Googlebot/2.1"]),
)


def opened(raw: bytes) -> Opened | None:
    try:
        return open_body(raw, {})
    except (BadBody, TooLarge):
        return None


def check_heard(stamp: Stamp, body: bytes, items: int) -> None:
    record = Record(Place(1, 0), Place(1, 1), stamp, body)
    good, refused = heard(record)

    assert (good, refused) == heard(record)
    heard_of = sorted([one.index for one in good] + [one.index for one in refused])
    assert heard_of in (list(range(items)), list(range(items + 1)))  # a context left out stands behind the events
    for one in good:
        assert one.named or one.anonymous_id or one.said["context"]["sessionId"]
        assert 0 < len(one.message_id) <= 255
        assert 0 <= one.occurred_at <= NOW + GROSS
        texts = json.dumps([one.said, one.name, one.named, one.anonymous_id, one.message_id], default=str, ensure_ascii=False)
        assert "\\u0000" not in texts
        assert texts.encode()
    for bad in refused:
        assert bad.reason
        assert "\0" not in bad.raw
        assert bad.raw.encode()


@given(bodies, stamps)
def test_any_json_is_heard_or_refused_item_by_item(body: Any, stamp: Stamp) -> None:
    taken = opened(json.dumps(body).encode())

    assert (taken is not None) == isinstance(body, dict | list) or (isinstance(body, dict) and "batch" in body)
    if taken:
        check_heard(stamp, taken.body, taken.events)


@given(bodies, stamps, st.data())
def test_any_damage_to_a_body_is_refused_or_heard(body: Any, stamp: Stamp, data: st.DataObject) -> None:
    raw = bytearray(json.dumps(body, ensure_ascii=data.draw(st.booleans())).encode())
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(raw)))
        raw[at : at + data.draw(st.integers(0, 3))] = data.draw(
            st.binary(max_size=3) | st.sampled_from([b'\\ud83c"', b"\\u0000", b"[", b"{"])
        )
    packed = bytes(raw)
    taken = opened(gzip.compress(packed) if data.draw(st.booleans()) else packed)

    if taken:
        check_heard(stamp, taken.body, taken.events)


@given(st.binary(max_size=200) | st.binary(max_size=50).map(lambda tail: b"\x1f\x8b\x08\x00" + tail), stamps)
def test_any_bytes_are_taken_or_refused(raw: bytes, stamp: Stamp) -> None:
    taken = opened(raw)
    good, _ = heard(Record(Place(1, 0), Place(1, 1), stamp, raw))

    assert taken or good == []


@given(st.sampled_from(EDGES) | st.text(max_size=12) | st.integers() | st.none())
def test_one_id_is_cleaned_as_a_column_of_ids_is(value: Any) -> None:
    text = None if value is None else str(value)
    if text is not None and not text.isprintable():
        return  # what counts as a blank differs among control characters
    column = clean_ids(trimmed(pa.array([text], pa.string())), junk=JUNK)

    assert clean_id(value) == column.to_pylist()[0]


@given(st.sampled_from(EDGES) | st.emails() | st.from_regex(r"\A(no[-_.]?reply|test|ann)@(test|shop)\.(com|example)\Z"))
def test_one_address_is_taken_as_a_column_of_addresses_is(email: str) -> None:
    column = customers_of(pa.array([None], pa.string()), pa.array([email], pa.string())).to_pylist()

    assert (column == [None]) == (clean_email(email) is None)


@given(st.sampled_from(EDGES) | st.text(max_size=30) | st.integers() | st.decimals(allow_nan=False, allow_infinity=False))
def test_an_instant_is_understood_as_it_is_written_or_not_at_all(value: Any) -> None:
    found = parse(value)

    assert found is None or parse(written(found)) == found >= 0


@given(*[st.none() | st.integers(0, 2 * NOW)] * 2, st.none() | st.integers(0, NOW))
def test_nothing_happens_before_1970_or_in_the_future(original: int | None, sent: int | None, between: int | None) -> None:
    occurred, clock = settled(original, sent, NOW, between)

    assert 0 <= occurred <= NOW + GROSS
    assert (clock == "missing") == (original is None)
    assert clock != "ok" or occurred == original
