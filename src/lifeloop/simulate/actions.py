"""What a policy may do in a day of the simulated shop: send messages, show recommendations, answer conversations.

Everything is said in the shop's own ids. What cannot be done is not an error of the program but of the policy: it comes back
in `Seen.refused` with a reason (unknown customer, no consent, unsubscribed, unknown offer or channel).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from lifeloop.base.errors import SettingsError

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


def messages(customers: Sequence[str] | Any, *, channel: str, offer: str, hour: int = 10) -> pa.Table:
    """Return one message to each customer: the same offer by the same channel at the same UTC hour."""
    ids = customers if isinstance(customers, (pa.Array, pa.ChunkedArray)) else pa.array(customers, pa.string())
    n = len(ids)
    columns = [ids, pa.repeat(channel, n), pa.repeat(offer, n), pa.repeat(hour, n)]
    return pa.table(columns, names=MESSAGE.names).cast(MESSAGE)
