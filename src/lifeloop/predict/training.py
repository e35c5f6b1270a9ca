"""The past as a learner sees it: rows of several snapshots, sampled, with what followed and the moment each is of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import numpy.typing as npt

from lifeloop.base.errors import ModelError
from lifeloop.predict.btyd import BgNbd
from lifeloop.predict.examples import Bools, Example, feature_names, sample_rows
from lifeloop.predict.inputs import Inputs, btyd_of, inputs_of, known_columns, stacked


@dataclass(frozen=True)
class Past:
    """Rows to learn from, oldest snapshot first."""

    features: tuple[str, ...]
    inputs: Inputs
    """(n, p)"""
    churned: Bools
    """(n,)"""
    origin: npt.NDArray[np.intp]
    """(n,) which of `origins` a row is of."""
    origins: tuple[datetime, ...]
    """Moments of the snapshots."""
    ends: tuple[datetime, ...]
    """When what followed each of them was over."""
    btyd: BgNbd
    """Of the last snapshot."""

    def of_origins(self, numbers: Sequence[int]) -> tuple[Inputs, Bools]:
        """Return the rows of some snapshots."""
        rows = np.flatnonzero(np.isin(self.origin, numbers))
        return self.inputs.take(rows), self.churned[rows]


def past_of(training: Sequence[Example], horizon_days: int, most_rows: int, seed: int) -> Past | None:
    """Return at most `most_rows` rows of the examples, drawn over all of them alike; None where no fit is possible.

    Snapshots that do not carry BG/NBD (all customers new on the last day) are left out.
    Raises ModelError when an example has another horizon.
    """
    if any(example.horizon_days != horizon_days for example in training):
        raise ModelError(
            f"cannot learn churn over {horizon_days} days",
            f"the examples look {sorted({example.horizon_days for example in training})} days ahead",
            "Take the labels with the same horizon.",
        )
    fitted = [(example, btyd_of(example.snapshot)) for example in training if example.rows]
    usable = [(example, btyd) for example, btyd in fitted if btyd is not None]
    if not usable:
        return None
    examples = [example for example, _ in usable]
    origin = np.repeat(np.arange(len(examples), dtype=np.intp), [example.rows for example in examples])
    drawn = sample_rows(origin.size, most_rows, seed)
    starts = np.concatenate([[0], np.cumsum([example.rows for example in examples])])
    features = known_columns([example.snapshot for example in examples], feature_names(examples[0].snapshot))
    parts, churned = [], []
    for number, (example, btyd) in enumerate(usable):
        taken = example.take(drawn[origin[drawn] == number] - starts[number])
        parts.append(inputs_of(taken.snapshot, features, btyd, horizon_days))
        churned.append(taken.churned)
    return Past(
        features=features,
        inputs=stacked(parts),
        churned=np.concatenate(churned),
        origin=origin[drawn],
        origins=tuple(example.as_of for example in examples),
        ends=tuple(example.ends for example in examples),
        btyd=usable[-1][1],
    )


def purged(origins: Sequence[datetime], ends: Sequence[datetime], first_test: datetime) -> list[int]:
    """Return the numbers of the snapshots whose labels were complete when the first test snapshot was taken.

    No label window of training then overlaps one of testing, which is what makes the test honest.
    """
    return [number for number, end in enumerate(ends) if end <= first_test and origins[number] < first_test]
