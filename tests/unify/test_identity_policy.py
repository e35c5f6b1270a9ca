"""The rules of who is who, case by case, without a store."""

from __future__ import annotations

from itertools import pairwise

from lifeloop.unify.policy import DAY_US, MINUTE_US, Policy, Ruling, Sighting, Use, device_of, final_of, guest_of

HOUR = 60 * MINUTE_US
NOON = 200 * DAY_US + 12 * HOUR


def seen(owner: str, at: int, until: int | None = None) -> Sighting:
    return Sighting(owner, at, at if until is None else until, f"seen-{owner}-{at}")


def yes(customer: str, at: int) -> Ruling:
    return Ruling(customer, joined=True, made_at=at)


def no(customer: str, at: int) -> Ruling:
    return Ruling(customer, joined=False, made_at=at)


def owner_at(at: int, *sightings: Sighting, rulings: tuple[Ruling, ...] = ()) -> str | None:
    spans = device_of(sightings, rulings).spans
    holders = [span.customer_id for span in spans if span.since_at <= at and (span.until_at is None or at < span.until_at)]
    assert len(holders) <= 1
    return holders[0] if holders else None


def test_the_only_owner_of_a_device_also_did_what_was_done_on_it_within_thirty_days_before() -> None:
    ann = seen("ann", NOON)

    assert owner_at(NOON - 30 * DAY_US, ann) == "ann"
    assert owner_at(NOON - 30 * DAY_US - 1, ann) is None
    assert owner_at(NOON + 90 * DAY_US, ann) == "ann"
    assert owner_at(NOON + 92 * DAY_US, ann) is None


def test_a_device_of_two_tells_something_only_near_to_a_sighting() -> None:
    both = (seen("ann", NOON), seen("bob", NOON + 5 * HOUR))

    assert owner_at(NOON - 20 * MINUTE_US, *both) == "ann"
    assert owner_at(NOON + 2 * HOUR, *both) is None
    assert owner_at(NOON + 5 * HOUR - 20 * MINUTE_US, *both) == "bob"
    assert owner_at(NOON - 2 * DAY_US, *both) is None


def test_what_is_done_between_one_signing_out_and_another_signing_in_belongs_to_nobody() -> None:
    both = (seen("ann", NOON, NOON + 10 * MINUTE_US), seen("bob", NOON + 20 * MINUTE_US))

    assert owner_at(NOON + 15 * MINUTE_US, *both) is None
    assert owner_at(NOON - 15 * MINUTE_US, *both) == "ann"
    assert owner_at(NOON + 45 * MINUTE_US, *both) == "bob"


def test_a_device_on_which_four_were_named_tells_nothing_about_anybody() -> None:
    found = device_of([seen(who, NOON + place * DAY_US) for place, who in enumerate(("ann", "bob", "cem", "dan"))])

    assert found == ((), "shared_device")


def test_spans_of_a_device_never_overlap_and_are_in_order() -> None:
    turns = [
        seen("ann" if place % 3 else "bob", NOON + place * 17 * MINUTE_US, NOON + place * 25 * MINUTE_US) for place in range(9)
    ]
    spans = device_of(turns).spans

    assert all(one.until_at is not None and one.until_at <= following.since_at for one, following in pairwise(spans))


def test_a_guest_is_the_one_account_that_names_the_same_address() -> None:
    found = guest_of([Use("ann", 5, "m5"), Use("ann", 3, "m3")], {"ann": 1})

    assert [(span.customer_id, span.evidence) for span in found.spans] == [("ann", "m3")]


def test_an_address_that_moved_to_another_account_is_nobody_s() -> None:
    assert guest_of([Use("ann", 3, "m3"), Use("bob", 900 * DAY_US, "m9")], {"ann": 1, "bob": 1}).why_not == "several_accounts"


def test_an_account_that_speaks_for_many_addresses_owns_none_of_them() -> None:
    assert guest_of([Use("desk", 3, "m3")], {"desk": 6}).why_not == "too_many_emails"
    assert guest_of([Use("desk", 3, "m3")], {"desk": 5}).spans


def test_an_address_of_twenty_one_accounts_in_one_day_is_blocked() -> None:
    uses = [Use(f"c{number}", NOON + number, f"m{number}") for number in range(21)]

    assert guest_of(uses, {}).why_not == "blocked_value"
    assert guest_of(uses[:20], {}).why_not == "several_accounts"


def test_a_ruling_stands_above_every_rule() -> None:
    four = tuple(seen(who, NOON) for who in ("ann", "bob", "cem", "dan"))
    joined, parted = yes("ann", 1), no("ann", 2)

    assert owner_at(0, *four, rulings=(joined,)) == "ann"
    assert owner_at(NOON, four[0], rulings=(parted,)) is None
    assert guest_of([Use("ann", 3, "m3")], {"ann": 1}, [parted]).why_not == "operator"
    assert guest_of([], {}, [joined]).spans[0].rule == "operator"


def test_of_two_joinings_the_later_counts() -> None:
    assert guest_of([], {}, [yes("ann", 2), yes("bob", 1)]).spans[0].customer_id == "ann"


def test_a_circle_of_joined_accounts_ends_at_the_least() -> None:
    circle = {"b": [yes("c", 1)], "c": [yes("b", 2)], "z": [yes("c", 3)]}

    assert final_of(circle) == {"b": "b", "c": "b", "z": "b"}


def test_how_careful_the_rules_are_can_be_said() -> None:
    two = [seen("ann", NOON), seen("bob", NOON)]

    assert device_of(two, policy=Policy(owners=1)).why_not == "shared_device"
