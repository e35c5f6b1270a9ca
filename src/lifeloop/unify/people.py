"""One customer as known now: what was told under all their names, and on their devices while these were theirs.

Nothing is copied when identities change: the rows of each name stay apart and are put together when somebody asks. So undoing a
merge needs nothing done here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from lifeloop.base.ids import customer_of_email
from lifeloop.store import Connection
from lifeloop.store.carts import read_carts
from lifeloop.store.consents import ConsentRow, add_consents, consents_told
from lifeloop.store.identities import links_of
from lifeloop.store.profiles import DEVICE, owners_with, read_profiles
from lifeloop.store.timeline import Entry, events_of, has_events
from lifeloop.unify.carts import Cart, cart_of_row
from lifeloop.unify.identity import DeviceSpan, Known, final_id
from lifeloop.unify.profiles import Told, full_name, name_key, phone_key, told_of_row, within
from lifeloop.unify.told import Word, plain

SearchKind: TypeAlias = Literal["email", "phone", "anonymous_id", "account", "name"]


@dataclass(frozen=True, slots=True)
class Profile:
    """What is known of one customer. Instants are microseconds since 1970 UTC; a touch has `at` and what it says."""

    customer_id: str
    names: tuple[str, ...]
    devices: tuple[str, ...]
    email: str | None
    phone: str | None
    name: str | None
    first_seen_at: int
    last_seen_at: int
    traits: Mapping[str, Any]
    first_touch: Mapping[str, Any] | None
    last_touch: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class InCart:
    """One product in a cart. `price`: of one piece, a decimal number as text; empty where unknown."""

    product_id: str
    quantity: int
    price: str
    currency: str
    told_at: int


@dataclass(frozen=True, slots=True)
class Consent:
    """What somebody agrees to now, and the word that says so: it stands first in `told`, older ones behind it."""

    channel: str
    purpose: str
    state: str
    basis: str
    told_at: int
    proof: Mapping[str, Any]
    told: tuple[ConsentRow, ...]


def profile_of(connection: Connection, known: Known) -> Profile | None:
    """Return what is known of a customer; None where nothing was ever told."""
    told = Told()
    rows = read_profiles(connection, _owners(known))
    for name in known.names:
        if name in rows:
            told.join(told_of_row(rows[name]))
    for span in known.devices:
        if row := rows.get(DEVICE + span.device):
            told.join(within(told_of_row(row), span.since_at, span.until_at))
    if told.last_seen_at < told.first_seen_at:
        return None
    traits = told.known_traits()
    email, phone = traits.get("email"), traits.get("phone")
    return Profile(
        customer_id=known.customer_id,
        names=known.names,
        devices=tuple(dict.fromkeys(span.device for span in known.devices)),
        email=email if isinstance(email, str) else None,
        phone=str(phone) if phone is not None else None,
        name=full_name(traits),
        first_seen_at=told.first_seen_at,
        last_seen_at=told.last_seen_at,
        traits=traits,
        first_touch=_shown(told.first_touch),
        last_touch=_shown(told.last_touch),
    )


def timeline(connection: Connection, known: Known, *, limit: int = 100, before: tuple[int, str] | None = None) -> list[Entry]:
    """Return what a customer did lately, newest first; what is older than the store keeps stands in the lake.

    `before`: the (`occurred_at`, `message_id`) of the last entry already seen.
    """
    return events_of(connection, known.names, known.devices, limit=limit, before=before)


def cart_of(connection: Connection, known: Known) -> list[InCart]:
    """Return what lies in a customer's cart, on all their devices; what was told last comes first."""
    rows = read_carts(connection, _owners(known))
    whole = Cart()
    for name in known.names:
        if name in rows:
            whole.join(cart_of_row(rows[name]))
    for span in known.devices:
        if row := rows.get(DEVICE + span.device):
            whole.join(_cart_within(cart_of_row(row), span))
    lines = sorted(((line, product) for product, line in whole.trimmed().items() if line.quantity), reverse=True)
    return [InCart(product, line.quantity, line.price, line.currency, line.told_at) for line, product in lines]


def consents_of(connection: Connection, known: Known) -> list[Consent]:
    """Return what a customer agrees to now, per channel and purpose. Of two words at one time the more careful one counts."""
    said: dict[tuple[str, str], list[ConsentRow]] = {}
    for row in _told_by(connection, known):
        said.setdefault((row.channel, row.purpose), []).append(row)
    found = []
    for (channel, purpose), rows in sorted(said.items()):
        rows.sort(key=lambda row: (row.told_at, _CAREFUL.index(row.state), row.consent_id), reverse=True)
        last = rows[0]
        proof = _object(last.proof) if last.proof else {}
        found.append(Consent(channel, purpose, last.state, last.basis, last.told_at, proof, tuple(rows)))
    return found


def tell_consent(connection: Connection, row: ConsentRow) -> None:
    """Keep what a customer said elsewhere: by telephone, in a form, to an operator. The same `consent_id` again is known."""
    add_consents(connection, [row])


def find(connection: Connection, kind: SearchKind, value: str, *, limit: int = 20) -> list[str]:
    """Return the customers whom an identifier means, each once; none where nobody is known by it."""
    names = _names_known_by(connection, kind, value, limit)
    return list(dict.fromkeys(final_id(connection, name) for name in names))[:limit]


_CAREFUL = ("given", "pending", "withdrawn")


def _names_known_by(connection: Connection, kind: SearchKind, value: str, limit: int) -> Sequence[str]:
    """Return names, and customers that devices mean, by what was told of them."""
    if kind == "anonymous_id":
        return [link.customer_id for link in reversed(links_of(connection, "device", [value]))]
    if kind == "account":
        return [name for name in (value.strip(),) if _is_known(connection, name)]
    found: list[str] = []
    if kind == "email":
        guest = customer_of_email(value)
        found = [guest] if _is_known(connection, guest) else []
        found += owners_with(connection, email=value.strip().lower(), limit=limit)
    elif kind == "phone" and (phone := phone_key(value)):
        found = owners_with(connection, phone=phone, limit=limit)
    elif kind == "name" and (name := name_key(value)):
        found = owners_with(connection, name_key=name, limit=limit)
    return [one for owner in found for one in _named(connection, owner)]


def _named(connection: Connection, owner: str) -> Iterator[str]:
    """Yield the name that owns a profile, or whom the device that owns it means."""
    if not owner.startswith(DEVICE):
        yield owner
        return
    for link in links_of(connection, "device", [owner.removeprefix(DEVICE)]):
        yield link.customer_id


def _is_known(connection: Connection, name: str) -> bool:
    told = bool(read_profiles(connection, [name])) or has_events(connection, name)
    return told or any(links_of(connection, kind, [name]) for kind in ("guest", "account"))


def _owners(known: Known) -> list[str]:
    return [*known.names, *dict.fromkeys(DEVICE + span.device for span in known.devices)]


def _told_by(connection: Connection, known: Known) -> Iterator[ConsentRow]:
    spans: dict[str, list[DeviceSpan]] = {}
    for span in known.devices:
        spans.setdefault(DEVICE + span.device, []).append(span)
    for row in consents_told(connection, _owners(known)):
        if row.named not in spans or any(_holds(span, row.told_at) for span in spans[row.named]):
            yield row


def _holds(span: DeviceSpan, at: int) -> bool:
    return span.since_at <= at and (span.until_at is None or at < span.until_at)


def _cart_within(cart: Cart, span: DeviceSpan) -> Cart:
    lines = {product: line for product, line in cart.lines.items() if _holds(span, line.told_at)}
    emptied = cart.emptied_at if cart.emptied_at is not None and _holds(span, cart.emptied_at) else None
    return Cart(lines, emptied, cart.updated_at)


def _shown(touch: Word | None) -> Mapping[str, Any] | None:
    return None if touch is None else {"at": touch.at, **_object(touch.text)}


def _object(text: str) -> Mapping[str, Any]:
    """Return the object that JSON is; anything else under the name `said`, so that nothing is hidden and nothing fails."""
    said = plain(text)
    return said if isinstance(said, dict) else {"said": said}
