"""Why a score is what it is: exact effects on its logit, added up by what they speak of, the strongest told in words.

logit(score) = base + sum of the effects of all groups, exactly: trees give TreeSHAP contributions, the linear part its
terms, BG/NBD its distance from the mean customer's logit. An effect above 0 makes churn more likely.

Source  Lundberg et al. (2020), From local explanations to global understanding with explainable AI for trees
"""

from __future__ import annotations

import json
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lifeloop.predict.churn.learned import Terms
from lifeloop.predict.churn.reason_groups import Group, Money, group_of
from lifeloop.predict.columns import Floats, numbers

LEAST_EFFECT = 0.02
"""On the logit; below it a score of 50 % moves by less than half a point, and nobody should read it."""


@dataclass(frozen=True)
class Effects:
    """What moved the scores of n customers, by group: logits = base + sum over groups."""

    groups: tuple[Group, ...]
    base: float
    values: Floats
    """(n, groups)"""


def grouped(terms: Terms) -> Effects:
    """Add the effects of columns up to their groups."""
    groups: dict[str, Group] = {}
    members: dict[str, list[int]] = {}
    for column, name in enumerate(terms.names):
        group = group_of(name)
        groups.setdefault(group.lead, group)
        members.setdefault(group.lead, []).append(column)
    values = np.stack([terms.effects[:, columns].sum(axis=1) for columns in members.values()], axis=1)
    return Effects(tuple(groups.values()), terms.base, values)


def strongest(effects: Effects, most: int) -> npt.NDArray[np.intp]:
    """Return the numbers of the `most` strongest groups of each customer, strongest first, shape (n, most or fewer)."""
    return np.argsort(-np.abs(effects.values), axis=1, kind="stable")[:, :most].astype(np.intp)


def reasons_json(snapshot: pa.Table, effects: Effects, *, most: int, money: Money | None = None) -> list[str]:
    """Return each customer's strongest reasons as JSON: feature, effect, en, zh; strongest first.

    Sentences are made once per group and distinct facts, as thousands of customers share them.
    """
    chosen = strongest(effects, most)
    told = np.full(chosen.shape, "", dtype=object)
    for number, group in enumerate(effects.groups):
        rows, places = np.nonzero(chosen == number)
        told[rows, places] = _fragments(snapshot, group, rows, money)
    sizes = np.take_along_axis(effects.values, chosen, axis=1).round(4)
    said = []
    for sentences, effect in zip(told.tolist(), sizes.tolist(), strict=True):
        pieces = [
            head + repr(size) + tail for (head, tail), size in zip(sentences, effect, strict=True) if abs(size) >= LEAST_EFFECT
        ]
        said.append("[" + ", ".join(pieces) + "]")
    return said


def note_json(en: str, zh: str, feature: str = "orders") -> str:
    """Return one reason without an effect, as JSON: why there is no answer, or why it is a weak one."""
    return json.dumps([{"feature": feature, "effect": 0.0, "en": en, "zh": zh}], ensure_ascii=False)


def _fragments(snapshot: pa.Table, group: Group, rows: npt.NDArray[np.intp], money: Money | None) -> npt.NDArray[np.object_]:
    """Return JSON before and after the effect, for some customers, shape (rows,)."""
    facts = np.stack([_shown(snapshot, name)[rows] for name in group.reads] or [np.zeros(rows.size)], axis=1)
    distinct, place = np.unique(facts, axis=0, return_inverse=True)
    made = np.empty(distinct.shape[0], dtype=object)
    for number, values in enumerate(distinct.tolist()):
        en, zh = (json.dumps(text, ensure_ascii=False) for text in group.say(tuple(values), money))
        made[number] = (f'{{"feature": "{group.lead}", "effect": ', f', "en": {en}, "zh": {zh}}}')
    return np.asarray(made[place.reshape(-1)])


def _shown(snapshot: pa.Table, name: str) -> Floats:
    """Return a feature as sentences show it, days and money in whole numbers; NaN where the snapshot has none."""
    if name not in snapshot.column_names:
        return np.full(snapshot.num_rows, np.nan)
    values = numbers(snapshot, name)
    return np.round(values) if name.endswith(("_minor", "_days")) else values
