"""What the store hands over to the lake: what was told live of each name, and who is who."""

from __future__ import annotations

from typing import Any, NamedTuple

import msgspec
import pyarrow as pa

from lifeloop.schema import CUSTOMER
from lifeloop.store import Connection, Store
from lifeloop.store.profiles import DEVICE, ProfileRow, all_profiles
from lifeloop.unify.known import links
from lifeloop.unify.profiles import full_name
from lifeloop.unify.told import text_of

_TRAITS = msgspec.json.Decoder(dict[str, tuple[Any, int]])


class Handed(NamedTuple):
    """Two tables, as `unify` takes them: `profiles` in the columns of `customer`, `links` in those of `identity`."""

    profiles: pa.Table
    links: pa.Table


def handed_over(store: Store) -> Handed:
    """Return all that the store knows of people now, as of one moment. Raises StoreError."""
    with store.reading() as connection:
        return Handed(_profiles(connection), links(connection))


def _profiles(connection: Connection) -> pa.Table:
    pieces = [
        pa.Table.from_pylist([_customer(row) for row in rows if not row.named.startswith(DEVICE)], schema=CUSTOMER.arrow())
        for rows in all_profiles(connection)
    ]
    return pa.concat_tables(pieces) if pieces else CUSTOMER.empty()


def _customer(row: ProfileRow) -> dict[str, Any]:
    traits = {name: value for name, (value, _) in _TRAITS.decode(row.traits).items()}
    address = traits.get("address")
    country = traits.get("country") or (address.get("country") if isinstance(address, dict) else None)
    language = text_of(traits.get("language")) or text_of(traits.get("locale"))
    return {
        "customer_id": row.named,
        "first_seen_at": row.first_seen_at,
        "last_seen_at": row.last_seen_at,
        "email": row.email,
        "phone": text_of(traits.get("phone")),
        "name": full_name(traits),
        "language": language.replace("_", "-").split("-")[0].lower() if language else None,
        "country": text_of(country),
    }
