"""Customer lists: one row per person, known by the shop's id, else by e-mail."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from lifeloop.collect.facts import Facts, staged
from lifeloop.collect.idents import customers_of
from lifeloop.collect.rows import Rows, Sieve
from lifeloop.collect.source import Kind, Reader, Reading
from lifeloop.collect.words import WORDS

_TOLD = ("email", "phone", "name", "first_name", "last_name", "language", "country", "created_at")


class CustomerList:
    """The generic source for customer files."""

    name = "customers"
    kind: Kind = "customers"
    also: Sequence[Kind] = ()
    about = "One row per customer: e-mail, phone, name, language, country."
    fields: Mapping[str, Sequence[str]] = {
        **{name: WORDS[name] for name in ("customer_id", *_TOLD)},
        "customer_id": (*WORDS["customer_id"], "id"),
    }
    required: Sequence[Sequence[str]] = (("customer_id", "email"), _TOLD)

    def recognises(self, _columns: Sequence[str], mapping: Mapping[str, str], /) -> bool:
        """Return whether people are named and something is told of them."""
        return all(any(name in mapping for name in group) for group in self.required)

    def begin(self, reading: Reading) -> Reader:
        """Return the reader of one file's batches."""
        return lambda rows: _read(reading, rows)


def _read(reading: Reading, rows: Rows) -> tuple[Facts, Sieve]:
    sieve = Sieve(rows)
    email = pc.utf8_lower(reading.text(rows, "email"))
    customer = customers_of(reading.text(rows, "customer_id"), email)
    sieve.drop(pc.is_null(customer), "no_customer", "neither a customer number nor an e-mail names anybody")
    columns = {
        "line": rows.lines,
        "customer_id": customer,
        "email": email,
        "name": pc.coalesce(reading.text(rows, "name"), _full_name(reading, rows)),
        **{told: reading.text(rows, told) for told in ("phone", "language", "country")},
        "happened_at": reading.instants(rows, sieve, "created_at", required=False),
    }
    return Facts({"customer": staged("customer", sieve.good, columns)}), sieve


def _full_name(reading: Reading, rows: Rows) -> Any:
    """Return first and last name together; null where neither is known."""
    parts = (reading.text(rows, name).to_pylist() for name in ("first_name", "last_name"))
    names = (" ".join(part for part in both if part) for both in zip(*parts, strict=True))
    return pa.array([name or None for name in names], pa.string())
