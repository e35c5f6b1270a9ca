"""Orders without a number of their own: what one customer bought at one instant is one order."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc


def order_ids(numbers: Any, customers: Any, instants: Any) -> Any:
    """Return each row's order number; where it has none, one derived from its customer and instant."""
    if not numbers.null_count:
        return numbers
    return pc.coalesce(numbers, derived_order_ids(customers, instants))


def derived_order_ids(customers: Any, instants: Any) -> Any:
    """Return `customer@instant` (UTC) for each row, the same on every day and machine; null without a customer."""
    if len(customers) in (customers.null_count, instants.null_count):
        return pa.nulls(len(customers), pa.string())
    when = pc.replace_substring(pc.strftime(instants.cast(pa.timestamp("us")), "%Y-%m-%dT%H:%M:%SZ"), ".000000Z", "Z")
    return pc.binary_join_element_wise(customers, when, "@")
