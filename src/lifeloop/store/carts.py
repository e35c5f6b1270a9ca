"""The carts: what lies in them by the last word on each product."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import Connection

from lifeloop.store.bulk import insert_or_replace, rows_with
from lifeloop.store.tables import CART


class CartRow(NamedTuple):
    """The cart of one name or device: the columns of `cart`. `lines` is JSON."""

    owner: str
    state: str
    lines: str
    currency: str | None
    emptied_at: int | None
    updated_at: int


def read_carts(connection: Connection, owners: Sequence[str]) -> dict[str, CartRow]:
    """Return the cart of each owner who has one."""
    return {row.owner: CartRow(*row) for row in rows_with(connection, CART, CartRow._fields, CART.c.owner, owners)}


def write_carts(connection: Connection, rows: Sequence[CartRow]) -> None:
    """Keep carts in the place of those of the same owners."""
    insert_or_replace(connection, CART, CartRow._fields, rows)
