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
        """Refuse tables of another form, naming the columns."""
        for name, schema in (("messages", MESSAGE), ("recommendations", RECOMMENDATION), ("answers", ANSWER)):
            found = getattr(self, name).column_names
            if found != schema.names:
                raise SettingsError(
                    f"cannot act with these {name}", f"columns are {', '.join(found)}", f"Give {', '.join(schema.names)}."
                )


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
