"""The past as a learner sees it: rows of several snapshots, sampled, with what followed and the moment each is of."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import numpy.typing as npt

from lifeloop.base.errors import ModelError
from lifeloop.predict.btyd.bg_nbd import BgNbd
from lifeloop.predict.churn.inputs import Inputs, btyd_of, inputs_of, known_columns, stacked
from lifeloop.predict.examples import Bools, Example, feature_names, sample_rows


@dataclass(frozen=True)
class Drawn:
    """Some rows of one example, and BG/NBD of the whole of it; None where its orders do not carry a fit."""

    example: Example
    btyd: BgNbd | None


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

    @classmethod
    def of(cls, drawn: Sequence[Drawn]) -> Past | None:
        """Bring drawn rows together; None where no snapshot carries BG/NBD. Those that do not are left out."""
        usable = [(one.example, one.btyd) for one in drawn if one.example.rows and one.btyd is not None]
        if not usable:
            return None
        examples = [example for example, _ in usable]
        horizon_days = examples[0].horizon_days
        features = known_columns([example.snapshot for example in examples], feature_names(examples[0].snapshot))
        return cls(
            features=features,
            inputs=stacked([inputs_of(example.snapshot, features, btyd, horizon_days) for example, btyd in usable]),
            churned=np.concatenate([example.churned for example in examples]),
            origin=np.repeat(np.arange(len(examples), dtype=np.intp), [example.rows for example in examples]),
            origins=tuple(example.as_of for example in examples),
            ends=tuple(example.ends for example in examples),
            btyd=usable[-1][1],
        )

    def of_origins(self, numbers: Sequence[int]) -> tuple[Inputs, Bools]:
        """Return the rows of some snapshots."""
        rows = np.flatnonzero(np.isin(self.origin, numbers))
        return self.inputs.take(rows), self.churned[rows]


def draw(examples: Iterable[Example], sizes: Sequence[int], most_rows: int, seed: int) -> list[Drawn]:
    """Draw at most `most_rows` rows over all examples alike, each example looked at once; `sizes` are their rows.

    An example may be made when its turn comes and forgotten afterwards: only the drawn rows are kept.
    """
    origin = np.repeat(np.arange(len(sizes), dtype=np.intp), sizes)
    rows = sample_rows(origin.size, most_rows, seed)
    starts = np.concatenate([[0], np.cumsum(sizes)]).astype(np.intp)
    kept = []
    for number, example in enumerate(examples):
        btyd = btyd_of(example.snapshot) if example.rows else None
        own = rows[origin[rows] == number] - starts[number]
        kept.append(Drawn(example if own.size == example.rows else example.take(own), btyd))
    return kept


def past_of(training: Sequence[Example], horizon_days: int, most_rows: int, seed: int) -> Past | None:
    """Return at most `most_rows` rows of the examples; None where none carries BG/NBD.

    Raises ModelError when an example has another horizon.
    """
    if any(example.horizon_days != horizon_days for example in training):
        raise ModelError(
            f"cannot learn churn over {horizon_days} days",
            f"the examples look {sorted({example.horizon_days for example in training})} days ahead",
            "Take the labels with the same horizon.",
        )
    return Past.of(draw(training, [example.rows for example in training], most_rows, seed))


def purged(origins: Sequence[datetime], ends: Sequence[datetime], first_test: datetime) -> list[int]:
    """Return the numbers of the snapshots whose labels were complete when the first test snapshot was taken.

    No label window of training then overlaps one of testing, which is what makes the test honest.
    """
    return [number for number, end in enumerate(ends) if end <= first_test and origins[number] < first_test]
