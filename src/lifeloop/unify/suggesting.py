"""Whom an operator may want to join: customers whose profiles say so, and who are not joined or parted yet."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from lifeloop.store import Connection
from lifeloop.store.identities import all_links, rulings_for
from lifeloop.store.profiles import DEVICE, all_profiles
from lifeloop.unify.matching import Person, Suggestion, suggest
from lifeloop.unify.profiles import told_of_row
from lifeloop.unify.told import inner, text_of


def suggestions(connection: Connection, *, chance: float = 0.999) -> list[Suggestion]:
    """Return pairs of customers who are one person with at least this chance, likeliest first; nothing is joined.

    Reads every profile: about a millisecond for each. Pairs an operator parted are left out.
    """
    finals = {row.identifier: row.customer_id for row in all_links(connection) if row.kind != "device"}
    pairs = suggest(_people(connection), chance=chance)
    ids = {name for pair in pairs for name in pair[:2]}
    parted = {frozenset((one.identifier, one.customer_id)) for one in rulings_for(connection, sorted(ids)) if not one.joined}
    return [
        pair
        for pair in pairs
        if finals.get(pair.customer_id, pair.customer_id) != finals.get(pair.other_id, pair.other_id)
        and frozenset(pair[:2]) not in parted
    ]


def _people(connection: Connection) -> Iterator[Person]:
    for rows in all_profiles(connection):
        for row in rows:
            if not row.named.startswith(DEVICE):
                yield person_of(row.named, told_of_row(row).known_traits())


def person_of(customer_id: str, traits: Mapping[str, Any]) -> Person:
    """Return what traits in Segment's names tell of a person.

    >>> person_of("u1", {"name": "Ann Lee", "address": {"postalCode": 40221}}).postcode
    '40221'
    """

    def said(*names: str) -> str | None:
        return next((text for name in names if (text := text_of(traits.get(name)))), None)

    address = inner(traits, "address")
    given, _, family = (said("name") or "").partition(" ")
    return Person(
        customer_id=customer_id,
        given_name=said("firstName", "first_name") or given or None,
        family_name=said("lastName", "last_name") or family or None,
        birth=said("birthday", "date_of_birth"),
        street=text_of(address.get("street")) or said("street"),
        postcode=text_of(address.get("postalCode")) or said("postcode", "zip"),
        city=text_of(address.get("city")) or said("city"),
        phone=said("phone"),
        email=said("email"),
    )
