"""What a policy may do in a day of the simulated shop: send messages, show recommendations, answer conversations.

Everything is said in the shop's own ids. What cannot be done is not an error of the program but of the policy: it comes back
in `Seen.refused` with a reason (unknown customer, no consent, unsubscribed, unknown offer or channel).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lifeloop.base.errors import SettingsError
from lifeloop.simulate.draws import Ints, Mask

MESSAGE = pa.schema([("customer_id", pa.string()), ("channel", pa.string()), ("offer", pa.string()), ("hour", pa.int64())])
"""One message: to whom, by which channel, with which offer, at which UTC hour of the day."""
RECOMMENDATION = pa.schema(
    [("customer_id", pa.string()), ("placement", pa.string()), ("product_id", pa.string()), ("position", pa.int64())]
)
"""One product shown to a customer who comes today: in which placement, at which position from 1."""
ANSWER = pa.schema([("conversation_id", pa.string()), ("intent", pa.string()), ("text", pa.string()), ("act", pa.string())])
"""One answer of the assistant: what it takes the question for, what it says, and `answer` or `handoff`."""


@dataclass(frozen=True)
class Actions:
    """All actions of one day, as Arrow tables of the schemas above."""

    messages: pa.Table = field(default_factory=MESSAGE.empty_table)
    recommendations: pa.Table = field(default_factory=RECOMMENDATION.empty_table)
    answers: pa.Table = field(default_factory=ANSWER.empty_table)

    def __post_init__(self) -> None:
        """Give the tables the types of their schemas. Raises SettingsError naming the columns of tables of another form."""
        for name, schema in (("messages", MESSAGE), ("recommendations", RECOMMENDATION), ("answers", ANSWER)):
            object.__setattr__(self, name, _in_form(name, getattr(self, name), schema))


def _in_form(name: str, table: Any, schema: pa.Schema) -> pa.Table:
    """Return a table with the columns and types of a schema."""
    why, fix = f"cannot act with these {name}", f"Give {', '.join(schema.names)} as {', '.join(map(str, schema.types))}."
    if not isinstance(table, pa.Table):
        raise SettingsError(why, f"they are no Arrow table but {type(table).__name__}", fix)
    if table.column_names != schema.names:
        raise SettingsError(why, f"columns are {', '.join(table.column_names)}", fix)
    columns = []
    for one in schema:
        try:
            column = table[one.name].cast(one.type)
        except pa.ArrowException as error:
            raise SettingsError(why, f"column {one.name}: {str(error).splitlines()[0]}", fix) from None
        if column.null_count and pa.types.is_integer(one.type):
            raise SettingsError(why, f"column {one.name} is empty in {column.null_count} rows", fix)
        columns.append(column)
    return pa.table(columns, schema=schema)


NONE = Actions()
"""No action."""


def place_of(column: Any, names: Any) -> Ints:
    """Return the place of each text of a column among names (texts, or Arrow strings); -1 for others."""
    known = names if isinstance(names, pa.Array) else pa.array(list(names), pa.string())
    found = pc.fill_null(pc.index_in(column.combine_chunks(), value_set=known), -1)
    places: Ints = found.to_numpy(zero_copy_only=False).astype(np.int64)
    return places


def sift(customers: Any, reasons: Sequence[tuple[str, Mask]]) -> tuple[Mask, list[tuple[str, str]]]:
    """Return which rows are possible, and the others' customers with the first reason that holds for each."""
    reason = np.full(len(customers), -1)
    for number, (_, wrong) in enumerate(reasons):
        reason[(reason < 0) & wrong] = number
    refused = [(customers[row].as_py(), reasons[reason[row]][0]) for row in np.flatnonzero(reason >= 0).tolist()]
    return np.asarray(reason < 0), refused


def messages(customers: Sequence[str] | Any, *, channel: str, offer: str, hour: int = 10) -> pa.Table:
    """Return one message to each customer: the same offer by the same channel at the same UTC hour."""
    ids = customers if isinstance(customers, (pa.Array, pa.ChunkedArray)) else pa.array(customers, pa.string())
    n = len(ids)
    columns = [ids, pa.repeat(channel, n), pa.repeat(offer, n), pa.repeat(hour, n)]
    return pa.table(columns, names=MESSAGE.names).cast(MESSAGE)
