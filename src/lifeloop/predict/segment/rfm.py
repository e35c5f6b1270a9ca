"""RFM: recency, frequency and money, each scored 1 to 5 against the shop's own customers, and what a pair is called.

A score is the fifth in which the middle of a value's places lies: customers with equal values share their places, so they
share a score, and where everybody is equal everybody scores 3. Fifths are therefore not equally large where values repeat,
which is said instead of hidden by breaking ties at random.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lifeloop.base.errors import ModelError
from lifeloop.base.text import Text
from lifeloop.predict.columns import Floats

Scores = npt.NDArray[np.int64]

FIFTHS = 5


@dataclass(frozen=True)
class Cuts:
    """The least value of scores 2, 3, 4 and 5; infinite where no value scores that much."""

    least: tuple[float, ...]

    def score(self, values: Floats) -> Scores:
        """Return 1 to 5 for each value; higher values score higher.

        >>> Cuts((1.0, 2.0, 3.0, 4.0)).score(np.array([0.0, 1.0, 3.5, 9.0])).tolist()
        [1, 2, 4, 5]
        """
        scores: Scores = 1 + (values[:, None] >= np.array(self.least)[None, :]).sum(axis=1)
        return scores


def learn_cuts(values: Floats) -> Cuts:
    """Learn the fifths of `values`, shape (customers,), ties sharing the middle of their places.

    >>> learn_cuts(np.array([1.0, 1.0, 1.0, 1.0, 2.0])).score(np.array([1.0, 2.0])).tolist()
    [3, 5]
    """
    if not values.size:
        return Cuts((np.inf, np.inf, np.inf, np.inf))
    distinct, counts = np.unique(values, return_counts=True)
    middle = (np.cumsum(counts) - counts / 2) / values.size
    scores = np.minimum(np.floor(middle * FIFTHS).astype(int) + 1, FIFTHS)
    least = [float(distinct[scores >= wanted].min()) if (scores >= wanted).any() else np.inf for wanted in range(2, 6)]
    return Cuts(tuple(least))


@dataclass(frozen=True)
class RfmName:
    """What a group of RFM scores is called, and what it means for the shop."""

    name: str
    label: Text
    about: Text


RFM_NAMES: dict[str, RfmName] = {
    name.name: name
    for name in (
        RfmName(
            "champions",
            Text("Champions", "冠军顾客"),
            Text("Bought lately, often and for much.", "最近买过，买得勤，花得多。"),
        ),
        RfmName(
            "loyal",
            Text("Loyal", "忠诚顾客"),
            Text("Buy often and for much, not quite as lately.", "买得勤、花得多，只是不在最近几天。"),
        ),
        RfmName(
            "potential",
            Text("Potential", "潜力顾客"),
            Text("Bought lately, a few times.", "最近买过，次数还不多。"),
        ),
        RfmName(
            "new",
            Text("New", "新近顾客"),
            Text("Bought lately, for the first time or little.", "最近买过，首次或不多。"),
        ),
        RfmName(
            "fading",
            Text("Fading", "渐冷顾客"),
            Text("Bought some time ago, and little.", "有一阵没买了，买得也不多。"),
        ),
        RfmName(
            "at_risk",
            Text("At risk", "有风险"),
            Text("Bought well, but not for long.", "以前买得不错，但很久没来。"),
        ),
        RfmName(
            "cannot_lose",
            Text("Cannot lose", "不容失去"),
            Text("Among the best once, and silent for long.", "曾是最好的顾客，却沉默已久。"),
        ),
        RfmName(
            "hibernating",
            Text("Hibernating", "沉睡顾客"),
            Text("Bought little, long ago.", "很久以前买过一点。"),
        ),
    )
}
"""Every name of an RFM group."""

_GRID = {
    5: "new potential potential champions champions",
    4: "new potential potential loyal champions",
    3: "fading fading fading loyal loyal",
    2: "hibernating hibernating at_risk at_risk cannot_lose",
    1: "hibernating hibernating at_risk cannot_lose cannot_lose",
}
"""Recency score -> the name for the mean of frequency and money score, 1 to 5, halves rounded up."""

GRID: dict[int, tuple[str, ...]] = {recency: tuple(row.split()) for recency, row in _GRID.items()}

_LABEL = re.compile(r"R([1-5])F([1-5])M([1-5])")


def rfm_label(recency: int, frequency: int, money: int) -> str:
    """Return the label of three scores.

    >>> rfm_label(5, 4, 4)
    'R5F4M4'
    """
    return f"R{recency}F{frequency}M{money}"


def rfm_scores(label: str) -> tuple[int, int, int]:
    """Return the three scores of a label. Raises ModelError.

    >>> rfm_scores("R5F4M4")
    (5, 4, 4)
    """
    found = _LABEL.fullmatch(label)
    if not found:
        raise ModelError(f"cannot read the RFM label '{label}'", "it is not like R5F4M4", "Score again: lifeloop run.")
    return int(found[1]), int(found[2]), int(found[3])


def rfm_name(label: str) -> RfmName:
    """Return what a label is called. Raises ModelError.

    >>> rfm_name("R1F5M4").name
    'cannot_lose'
    """
    recency, frequency, money = rfm_scores(label)
    return RFM_NAMES[GRID[recency][(frequency + money + 1) // 2 - 1]]
