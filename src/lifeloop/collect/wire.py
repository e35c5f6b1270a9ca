"""Segment's wire form as columns: each thing an event says is looked for in its places, the first that says it counts.

Source  Segment's specification (common fields, identify, e-commerce version 2); RudderStack's and Google Analytics 4's names
for the same stand behind Segment's.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import repeat
from math import isfinite
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa

from lifeloop.collect.jsonlines import Keys, plain_text
from lifeloop.collect.rows import Positions, Rows, trimmed

Object: TypeAlias = Mapping[str, Any]
Places: TypeAlias = Mapping[str, Sequence[Keys]]


def _traits(*names: str) -> tuple[str, ...]:
    return tuple(f"{behind}.{name}" for name in names for behind in ("traits", "context.traits"))


EVENT_FIELDS: Mapping[str, Sequence[str]] = {
    "type": ("type",),
    "event": ("event", "name"),
    "message_id": ("messageId",),
    "customer_id": ("userId",),
    "anonymous_id": ("anonymousId",),
    "email": ("context.traits.email",),
    "session_id": ("context.sessionId",),
    "occurred_at": ("timestamp", "originalTimestamp"),
    "received_at": ("receivedAt",),
    **{name: (f"properties.{name}",) for name in ("currency", "total", "revenue", "value", "price", "quantity")},
    "product_id": ("properties.product_id", "properties.item_id", "properties.sku"),
    "order_id": ("properties.order_id", "properties.transaction_id"),
}
"""What every event may say: our column -> where it stands, most telling first."""

SALE_FIELDS: Mapping[str, Sequence[str]] = {
    "email": ("properties.email", "traits.email"),
    **{name: (f"properties.{name}",) for name in ("refund_id", "subtotal", "shipping", "tax", "discount", "coupon", "channel")},
    "country": ("properties.country",),
    "placed_at": ("properties.placed_at",),
    "told_at": ("properties.updated_at",),
}
"""What only an order and money given back say."""

PERSON_FIELDS: Mapping[str, Sequence[str]] = {
    "email": ("traits.email",),
    "phone": _traits("phone"),
    "name": _traits("name"),
    "first_name": _traits("firstName", "first_name"),
    "last_name": _traits("lastName", "last_name"),
    "language": (*_traits("language", "locale"), "context.locale"),
    "country": _traits("country", "address.country"),
    "created_at": _traits("createdAt", "created_at"),
}
"""What only an `identify` says."""

PRODUCT_FIELDS: Mapping[str, Sequence[str]] = {
    "product_id": ("product_id", "item_id", "sku", "name", "item_name"),
    "title": ("name", "item_name"),
    "category": ("category", "item_category"),
    "price": ("price",),
    "quantity": ("quantity",),
}
"""What is said of one product in a list of them."""

_KEPT = frozenset({"product_id", "order_id", "currency"})
_BESIDE = ("previousId", "groupId", "category")


def _number(value: Any) -> float | str:
    """Return a decimal as a number of JSON; as text where that would be none (1E+999), or nought and it is not (1E-999)."""
    found = float(value)
    return found if isfinite(found) and bool(found) == bool(value) else str(value)


_ENCODE = json.JSONEncoder(ensure_ascii=False, check_circular=False, default=_number).encode


def places_of(fields: Mapping[str, Sequence[str]], mapping: Mapping[str, str] | None = None) -> Places:
    """Return where each of our columns stands, as keys; what `mapping` names for it comes first."""
    said = mapping or {}
    names = {ours: dict.fromkeys([said[ours], *words] if ours in said else words) for ours, words in fields.items()}
    return {ours: [tuple(name.split(".")) for name in listed] for ours, listed in names.items()}


def objects_in(rows: Rows) -> Sequence[Object]:
    """Return rows as objects; those of a file that has none are made of its columns `outer.inner`."""
    if rows.objects is not None:
        return rows.objects
    made: list[dict[str, Any]] = [{} for _ in range(len(rows))]
    for name in sorted(rows.columns, key=lambda name: name.count("."), reverse=True):
        *outer, last = name.split(".")
        for one, value in zip(made, rows.text(name).to_pylist(), strict=True):
            if value is not None:
                for key in outer:
                    one = one.setdefault(key, {})
                one.setdefault(last, value)
    return made


class Lookup:
    """Looks things up in some objects, one place in all of them at a time; remembers the objects within them."""

    def __init__(self, objects: Sequence[Object]) -> None:
        self._inner: dict[Keys, list[Object]] = {(): list(objects)}
        self._names: dict[Keys, set[str]] = {}

    def column(self, places: Sequence[Keys]) -> Any:
        """Return as text what the first place that says anything says in each object; null where none does."""
        found: list[Any] | None = None
        for keys in places:
            inner, last = self._objects_at(keys[:-1]), keys[-1]
            if last not in self._names_at(keys[:-1]):
                continue
            if found is None:
                found = [one.get(last) for one in inner]
            else:
                found = [
                    one.get(last) if value is None or value == "" else value for value, one in zip(found, inner, strict=True)
                ]
            if None not in found:
                break
        return pa.nulls(len(self._inner[()]), pa.string()) if found is None else _as_texts(found)

    def _objects_at(self, keys: Keys) -> list[Object]:
        if keys not in self._inner:
            values = [one.get(keys[-1]) for one in self._objects_at(keys[:-1])]
            self._inner[keys] = [value if isinstance(value, dict) else _NOTHING for value in values]
        return self._inner[keys]

    def _names_at(self, keys: Keys) -> set[str]:
        if keys not in self._names:
            self._names[keys] = set().union(*self._objects_at(keys))
        return self._names[keys]


_NOTHING: Object = {}


def _as_texts(values: list[Any]) -> Any:
    """Return plain values as a column of text; at once where all of them are text."""
    try:
        return pa.array(values, pa.string())
    except (pa.ArrowTypeError, pa.ArrowInvalid):
        return pa.array(
            [value if value is None or value.__class__ is str else plain_text(value) for value in values], pa.string()
        )


def columns_at(objects: Sequence[Object], places: Places, only: Positions | None = None) -> dict[str, Any]:
    """Return a column of text for each of our columns; only the objects at `only` are looked at, the others say nothing."""
    if only is None:
        lookup = Lookup(objects)
        return {ours: lookup.column(keys) for ours, keys in places.items()}
    chosen = Lookup([objects[place] for place in only.tolist()])
    back = np.full(len(objects), -1, np.int64)
    back[only] = np.arange(len(only))
    taken = pa.array(back, mask=back < 0)
    return {ours: chosen.column(keys).take(taken) for ours, keys in places.items()}


def rest_of(objects: Sequence[Object]) -> Any:
    """Return as JSON what each object says beside the columns of an event: its properties or traits; null where nothing."""
    return pa.array([_rest(one) for one in objects], pa.string())


def _rest(one: Object) -> str | None:
    kind, said = one.get("type"), one.get("properties")
    if kind in ("identify", "group"):
        said = one.get("traits") or _inner(one, "context").get("traits")
    rest = {key: value for key, value in said.items() if key not in _KEPT} if isinstance(said, dict) else {}
    if kind != "track":
        rest.update((key, one[key]) for key in _BESIDE if one.get(key) is not None)
    return _ENCODE(rest) if rest else None


def _inner(one: Object, name: str) -> Object:
    inner = one.get(name)
    return inner if isinstance(inner, dict) else _NOTHING


@dataclass(frozen=True)
class Items:
    """The products listed in some events: `owners` says which event each stands in, `places` where, from 1."""

    owners: Positions
    places: Positions
    columns: Mapping[str, Any]

    @classmethod
    def of(cls, objects: Sequence[Object], only: Positions) -> Items:
        """Collect the products of the events at `only`; an entry that is no object is a product nothing is said of."""
        owners: list[int] = []
        places: list[int] = []
        found: list[Object] = []
        for owner in only.tolist():
            properties = _inner(objects[owner], "properties")
            listed = properties.get("products") or properties.get("items")
            listed = listed if isinstance(listed, list) else []
            owners.extend(repeat(owner, len(listed)))
            places.extend(range(1, len(listed) + 1))
            found.extend(item if isinstance(item, dict) else {} for item in listed)
        columns = {name: trimmed(column) for name, column in columns_at(found, places_of(PRODUCT_FIELDS)).items()}
        return cls(np.array(owners, np.int64), np.array(places, np.int64), columns)

    def __len__(self) -> int:
        """Count the products."""
        return len(self.owners)
