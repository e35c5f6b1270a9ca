"""What a source makes of rows: facts in four staging forms, wide enough for every source and the same for all.

A staged row becomes a row of the lake only when whole files have been seen (see `lifeloop.collect.settle`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa

from lifeloop.collect.rows import Mask

_TIME = pa.timestamp("us", tz="UTC")
_TEXT = pa.string()
_MONEY = pa.int64()

SALE = pa.schema(
    [
        ("line", pa.int64()),
        ("doc", _TEXT),
        ("doc_id", _TEXT),
        ("order_id", _TEXT),
        ("customer_id", _TEXT),
        ("happened_at", _TIME),
        ("is_line", pa.bool_()),
        ("product_id", _TEXT),
        ("title", _TEXT),
        ("category", _TEXT),
        ("quantity", pa.float64()),
        ("currency", _TEXT),
        ("amount_minor", _MONEY),
        ("goods_minor", _MONEY),
        ("price_minor", _MONEY),
        ("order_total_minor", _MONEY),
        ("order_goods_minor", _MONEY),
        ("discount_minor", _MONEY),
        ("shipping_minor", _MONEY),
        ("tax_minor", _MONEY),
        ("channel", _TEXT),
        ("coupon", _TEXT),
        ("country", _TEXT),
        ("received_at", _TIME),
        ("line_no", pa.int32()),
        ("whole", pa.bool_()),
        ("told_at", _TIME),
        ("placed_at", _TIME),
    ]
)
"""One line of an order (`doc` = order) or of a refund (`doc` = refund), or a whole order where the file has no lines.

`amount_minor`, `goods_minor`: this row's share, the second in base currency. `order_total_minor`, `order_goods_minor`: what
the file states for the whole order, on one row of it; null where the rows add up to the order.

`received_at` null: as of the import. `line_no`: the row's place in its order or refund by the file's own word, 0 for what is
said of the order as a whole; told again, the last word counts. Null where the file does not say: then equal rows are rows of
their own. `whole`: the line of the file tells all of its order or refund, so that the last such line replaces all of it.

`told_at`: when the shop said so; null where it does not say, and then it counts when it comes. `placed_at`: when the order was
placed, where the shop says so beside the time it speaks; null: when it first spoke of it.
"""

PRODUCTS = pa.schema(
    [
        ("line", pa.int64()),
        *((name, _TEXT) for name in ("product_id", "title", "category", "brand", "description", "currency")),
        ("price_minor", _MONEY),
        ("cost_minor", _MONEY),
        ("stock", pa.float64()),
        ("happened_at", _TIME),
        ("voice", _TEXT),
    ]
)
"""One product of a product file; `happened_at` null: as of the import. `voice`: `list`, or `event`, which counts less; null: a
list."""

CUSTOMERS = pa.schema(
    [
        ("line", pa.int64()),
        *((name, _TEXT) for name in ("customer_id", "email", "phone", "name", "language", "country")),
        ("happened_at", _TIME),
        ("last_seen_at", _TIME),
    ]
)
"""What a row says of one person; `happened_at` null: as of the import; `last_seen_at` null: as `happened_at`."""

EVENTS = pa.schema(
    [
        ("line", pa.int64()),
        *((name, _TEXT) for name in ("message_id", "type", "name", "customer_id", "anonymous_id", "session_id")),
        ("happened_at", _TIME),
        *((name, _TEXT) for name in ("product_id", "order_id", "currency")),
        ("amount_minor", _MONEY),
        ("properties", _TEXT),
        ("received_at", _TIME),
        ("original_at", _TIME),
        ("sent_at", _TIME),
        ("clock", _TEXT),
        ("is_bot", pa.bool_()),
    ]
)
"""One event; `message_id` null: made from its content; `received_at` null: as of the import."""

STAGED: Mapping[str, pa.Schema] = {"sale": SALE, "product": PRODUCTS, "customer": CUSTOMERS, "event": EVENTS}


@dataclass(frozen=True)
class Facts:
    """What some rows say: Arrow tables by staging form."""

    tables: Mapping[str, Any] = field(default_factory=dict)
    sources: frozenset[str] = frozenset()
    """What the rows themselves call their source, where they do; the import warns of a file whose rows name several."""


def staged(form: str, keep: Mask, columns: Mapping[str, Any]) -> Any:
    """Return a table in staging form from `columns` (absent ones are null), with the rows where `keep` is true."""
    schema = STAGED[form]
    arrays = []
    for name, kind in zip(schema.names, schema.types, strict=True):
        value = columns.get(name)
        if value is None:
            value = pa.nulls(len(keep), kind)
        elif isinstance(value, np.ndarray):
            value = pa.array(value, kind)
        arrays.append(value if value.type == kind else value.cast(kind))
    table = pa.Table.from_arrays(arrays, schema=schema)
    return table if keep.all() else table.filter(pa.array(keep))
