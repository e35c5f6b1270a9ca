"""A customer of Shopify as an `identify`."""

from __future__ import annotations

from typing import Any

from lifeloop.collect.shops.document import BadDocument, Object, Said, inner, instant, named, said_of, text, written

_CONSENTS = (
    "email_marketing_consent", "sms_marketing_consent", "accepts_marketing", "accepts_marketing_updated_at",
    "marketing_opt_in_level",
)  # fmt: skip
"""As Shopify says them; who reads profiles knows these names."""


def customer(one: Object, *, beside: Object | None = None, locale: str | None = None) -> list[Said]:
    """Return what a customer's document says; their id and a time are needed. Raises BadDocument."""
    number, at = text(one, "id"), instant(one, "updated_at", "created_at")
    if number is None or at is None:
        raise BadDocument("the customer has no id, or no time of its last change")
    event = named("identify", f"shopify-customer-{number}-{at:%Y%m%dT%H%M%S}", number, at)
    return [event | {"traits": traits_of(one, beside or {}, locale)}]


def traits_of(one: Object, beside: Object, locale: str | None) -> dict[str, Any]:
    """Return what is known of a customer; what their document leaves out, the address `beside` may say."""
    home = inner(one, "default_address")
    places = (one, home, beside)
    made = instant(one, "created_at")
    return said_of(
        {
            "email": text(one, "email"),
            "phone": _first(places, "phone"),
            "firstName": _first(places, "first_name"),
            "lastName": _first(places, "last_name"),
            "country": _first((home, beside), "country_code", "country"),
            "locale": text(one, "locale") or locale,
            "createdAt": written(made) if made else None,
            "tags": text(one, "tags"),
            **{name: one.get(name) for name in _CONSENTS if isinstance(one.get(name), dict | bool | str)},
        }
    )


def _first(places: tuple[Object, ...], *names: str) -> str | None:
    return next((found for place in places if (found := text(place, *names))), None)
