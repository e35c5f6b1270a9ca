"""A customer of WooCommerce as an `identify`."""

from __future__ import annotations

from typing import Any

from lifeloop.collect.shops.document import BadDocument, Object, Said, inner, instant, named, said_of, text, written


def account_of(one: Object, name: str) -> str | None:
    """Return an id; 0 is none.

    >>> account_of({"customer_id": 0}, "customer_id") is None
    True
    """
    found = text(one, name)
    return None if found == "0" else found


def customer(one: Object) -> list[Said]:
    """Return what a customer's document says; their id and a time are needed. Raises BadDocument."""
    number, at = account_of(one, "id"), instant(one, "date_modified_gmt", "date_created_gmt", utc=True)
    if number is None or at is None:
        raise BadDocument("the customer has no id, or no time of its last change")
    made = instant(one, "date_created_gmt", utc=True)
    told = {name: text(one, theirs) for name, theirs in _OWN}
    traits = contact(inner(one, "billing")) | said_of({**told, "createdAt": written(made) if made else None})
    event = named("identify", f"woocommerce-customer-{number}-{at:%Y%m%dT%H%M%S}", number, at) | {"traits": traits}
    return [event]


_OWN = (("email", "email"), ("firstName", "first_name"), ("lastName", "last_name"))


def contact(billing: Object) -> dict[str, Any]:
    """Return what a billing address tells of a person."""
    return said_of({name: text(billing, theirs) for name, theirs in (*_OWN, ("phone", "phone"), ("country", "country"))})
