"""What learning leaves behind: arrays, trees and weights that give logits, and the exact terms the logits are made of.

Source  Lundberg et al. (2020) for the exact contributions of trees
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

import numpy as np

from lifeloop.base.errors import ModelError
from lifeloop.base.versions import Array, Parts
from lifeloop.predict.churn.inputs import NO_ORDER, Inputs
from lifeloop.predict.churn.preparation import Preparation
from lifeloop.predict.columns import Floats


@dataclass(frozen=True)
class Terms:
    """What logits are made of: logits = base + effects summed over columns, exactly."""

    names: tuple[str, ...]
    base: float
    effects: Floats
    """(n, len(names))"""


class Learned(Protocol):
    """A learner that has learned."""

    kind: ClassVar[str]

    def logits(self, inputs: Inputs) -> Floats:
        """Return the logit of churn, shape (n,)."""
        ...

    def terms(self, inputs: Inputs) -> Terms:
        """Return what the logits are made of, over the columns of `inputs`. Raises ModelError where that is not known."""
        ...

    def parts(self) -> Parts:
        """Return what to save. Raises ModelError for one that is only there to compare with."""
        ...


@dataclass(frozen=True)
class Constant:
    """The same for everybody."""

    kind: ClassVar[str] = "prior"
    level: float

    def logits(self, inputs: Inputs) -> Floats:
        """Return the level for each row."""
        return np.full(inputs.rows, self.level)

    def terms(self, inputs: Inputs) -> Terms:
        """Return no effects at all."""
        return Terms(inputs.names, self.level, np.zeros((inputs.rows, len(inputs.names))))

    def parts(self) -> Parts:
        """Return the level."""
        return Parts({"level": self.level})


@dataclass(frozen=True)
class OffsetOnly:
    """BG/NBD's own probability."""

    kind: ClassVar[str] = "btyd"
    centre: float
    """Mean offset in training: effects are told against it."""

    def logits(self, inputs: Inputs) -> Floats:
        """Return the offset."""
        return inputs.offset

    def terms(self, inputs: Inputs) -> Terms:
        """Return the offset against the mean one."""
        effects = np.zeros((inputs.rows, len(inputs.names)))
        effects[:, inputs.names.index(NO_ORDER)] = inputs.offset - self.centre
        return Terms(inputs.names, self.centre, effects)

    def parts(self) -> Parts:
        """Return the mean offset."""
        return Parts({"centre": self.centre})


@dataclass(frozen=True)
class Linear:
    """Logistic regression over prepared columns."""

    kind: ClassVar[str] = "linear"
    columns: tuple[str, ...]
    preparation: Preparation
    weights: Floats
    """(p + flags,)"""
    intercept: float

    def logits(self, inputs: Inputs) -> Floats:
        """Return intercept + prepared rows times weights."""
        return np.asarray(self.preparation.apply(inputs.columns(self.columns)) @ self.weights + self.intercept)

    def terms(self, inputs: Inputs) -> Terms:
        """Return weight times prepared value; a column's flag counts to the column. The base is the mean customer's logit."""
        weighted = self.preparation.apply(inputs.columns(self.columns)) * self.weights
        origin = np.array([inputs.names.index(name) for name in self.columns], dtype=np.intp)[self.preparation.origin]
        effects = np.zeros((inputs.rows, len(inputs.names)), order="F")
        for column, where in enumerate(origin):
            effects[:, where] += weighted[:, column]
        return Terms(inputs.names, self.intercept, effects)

    def parts(self) -> Parts:
        """Return columns, preparation and weights."""
        arrays = self.preparation.arrays() | {"weights": self.weights}
        return Parts({"columns": list(self.columns), "intercept": self.intercept}, arrays)


@dataclass(frozen=True)
class Trees:
    """LightGBM's trees above BG/NBD's offset."""

    kind: ClassVar[str] = "trees"
    columns: tuple[str, ...]
    booster: Any
    centre: float
    num_threads: int = 0

    def logits(self, inputs: Inputs) -> Floats:
        """Return offset + trees."""
        rows = inputs.columns(self.columns)
        return np.asarray(inputs.offset + self.booster.predict(rows, raw_score=True, num_threads=self.num_threads))

    def terms(self, inputs: Inputs) -> Terms:
        """Return exact TreeSHAP contributions, and the offset against the mean one in training."""
        told = self.booster.predict(inputs.columns(self.columns), pred_contrib=True, num_threads=self.num_threads)
        effects = np.zeros((inputs.rows, len(inputs.names)), order="F")
        for column, name in enumerate(self.columns):
            effects[:, inputs.names.index(name)] = told[:, column]
        effects[:, inputs.names.index(NO_ORDER)] += inputs.offset - self.centre
        return Terms(inputs.names, self.centre + float(told[0, -1]) if inputs.rows else self.centre, effects)

    def parts(self) -> Parts:
        """Return LightGBM's own text."""
        text = self.booster.model_to_string()
        return Parts({"columns": list(self.columns), "centre": self.centre}, texts={"trees": text})


@dataclass(frozen=True)
class Blend:
    """Mean of several learners' logits."""

    kind: ClassVar[str] = "blend"
    members: tuple[Learned, ...]

    def logits(self, inputs: Inputs) -> Floats:
        """Return the mean of the members' logits."""
        return np.asarray(sum(member.logits(inputs) for member in self.members) / len(self.members))

    def terms(self, inputs: Inputs) -> Terms:
        """Return the mean of the members' terms."""
        told = [member.terms(inputs) for member in self.members]
        effects = sum(terms.effects for terms in told) / len(told)
        return Terms(inputs.names, sum(terms.base for terms in told) / len(told), np.asarray(effects))

    def parts(self) -> Parts:
        """Return the members' parts, each under its number."""
        model: dict[str, Any] = {}
        arrays: dict[str, Array] = {}
        texts: dict[str, str] = {}
        for number, member in enumerate(self.members):
            own = member.parts()
            model[str(number)] = {"kind": member.kind, **own.model}
            arrays |= {f"{number}_{name}": array for name, array in own.arrays.items()}
            texts |= {f"{number}_{name}": text for name, text in own.texts.items()}
        return Parts(model, arrays, texts)


def learned_from_parts(kind: str, parts: Parts, num_threads: int = 0) -> Learned:
    """Return what `Learned.parts` gave. Raises ModelError for a kind nobody declared."""
    model, arrays = parts.model, parts.arrays
    if kind == Constant.kind:
        return Constant(float(model["level"]))
    if kind == OffsetOnly.kind:
        return OffsetOnly(float(model["centre"]))
    if kind == Linear.kind:
        weights = np.asarray(arrays["weights"], dtype=np.float64)
        return Linear(tuple(model["columns"]), Preparation.from_arrays(arrays), weights, float(model["intercept"]))
    if kind == Trees.kind:
        import lightgbm

        booster = lightgbm.Booster(model_str=parts.texts["trees"])
        return Trees(tuple(model["columns"]), booster, float(model["centre"]), num_threads)
    if kind == Blend.kind:
        members = (learned_from_parts(model[number]["kind"], _member(parts, number), num_threads) for number in sorted(model))
        return Blend(tuple(members))
    raise ModelError("cannot load a learner", f"nobody declared the kind '{kind}'", "Train it again: lifeloop run.")


def _member(parts: Parts, number: str) -> Parts:
    """Return the parts of one member of a blend."""
    head = f"{number}_"
    arrays = {name.removeprefix(head): array for name, array in parts.arrays.items() if name.startswith(head)}
    texts = {name.removeprefix(head): text for name, text in parts.texts.items() if name.startswith(head)}
    return Parts(parts.model[number], arrays, texts)
