"""Value: whether each customer will order within the horizon, how often, and what that will bring.

Reads    order_days, life_days, tenure_days, orders, and the values of first, last and repeat order days
Writes   score: p_buy, orders and revenue_minor (goods, base currency), each with its 80 % interval. They agree:
         0 <= p_buy <= 1, p_buy <= orders, revenue = orders x value per order. Null for those who never ordered
Source   Fader, Hardie & Lee (2005) and Fader & Hardie (2013) for the level; Ke et al. (2017) for the trees above it
Limits   below 2,000 past rows the level answers alone; a shop with less than a year of history does not know its own
         seasons, and every model we measured is then 17 to 39 % low before Christmas (docs/models/value.md)

One joint model: the level (BG/NBD x Gamma-Gamma) says P(order), orders if any, and value per order. One set of trees
corrects the logit of P(order), a second the logarithm of revenue from there; both start at the level and see ratios only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lifeloop.base.errors import ModelError, NotEnoughData
from lifeloop.base.text import Text
from lifeloop.base.versions import UNSAVED, Parts, load_version, save_version
from lifeloop.predict.btyd.level import Level, Outlook
from lifeloop.predict.btyd.predictive import (
    chance_interval,
    order_interval,
    revenue_interval,
    revenue_spread,
    stretched,
    widening,
)
from lifeloop.predict.columns import Floats, numbers
from lifeloop.predict.examples import Example, ever_ordered, sample_rows
from lifeloop.predict.figures import figure_rows, spread_out
from lifeloop.predict.metrics import logit, sigmoid
from lifeloop.predict.value.offset_trees import OffsetTrees, TreesConfig, grow_offset_trees
from lifeloop.predict.value.past import PastRows
from lifeloop.predict.value.reasons import (
    NOT_YET,
    TOO_EARLY,
    Typical,
    chance_effects,
    only,
    reasons_json,
    revenue_effects,
)
from lifeloop.predict.value.relative import RELATIVE, relative_features

QUESTION = "value"
TARGETS = ("p_buy", "orders", "revenue_minor")

LEAST_CHANCE = 1e-4
"""Chances are cut to [1e-4, 1 - 1e-4] before their logit becomes an offset."""

YOUNG = Text(
    "Less than one full year of history: the seasons of this shop are not known; a busy season ahead is not in the figures.",
    "历史数据不满一年：尚不了解本店的淡旺季，数字中不含即将到来的旺季。",
)
FEW = Text(
    "Too few customers have returned so far: the figures lean on what is usual elsewhere.",
    "目前回购的顾客太少：数字较多依赖一般经验。",
)
LEVEL_ALONE = Text(
    "Too little past to learn corrections from: the figures are those of the statistical model alone.",
    "可供学习的历史太少：数字仅来自统计模型本身。",
)


@dataclass(frozen=True, kw_only=True)
class ValueConfig:
    """What is asked, and how it is learned."""

    horizon_days: int = 180
    """Days ahead the figures speak about."""
    least_rows: int = 2000
    """Fewer past rows than this, and the level answers alone."""
    least_each: int = 50
    """So do fewer than this who ordered, or who did not."""
    most_rows: int = 50_000
    """More past rows than this are sampled."""
    chance_trees: int = 40
    spend_trees: int = 20
    """Fewer, because they start from chances already corrected; more lift the total on CDNOW (docs/models/value.md)."""
    reasons: int = 3
    """Reasons shown per figure."""
    seed: int = 0
    threads: int = 1


@dataclass(frozen=True)
class Estimates:
    """The figures of n customers who ordered, each of shape (n,)."""

    chance: Floats
    orders: Floats
    revenue: Floats


@dataclass(frozen=True, kw_only=True)
class Value:
    """The learned answer."""

    config: ValueConfig
    level: Level | None = None
    """Of the shop at present; None: it is fitted to the snapshot that is scored, which must then be a whole shop."""
    of_chance: OffsetTrees | None = None
    of_spend: OffsetTrees | None = None
    widened: float = 1.0
    """Factor on the spread of revenue that made 80 % of the past lie inside its interval."""
    typical: Typical | None = None
    notes: tuple[Text, ...] = ()
    """What whoever reads the figures should know."""
    version: str = UNSAVED
    learned_from: int = field(default=0)
    """Past rows the trees learned from."""

    def estimate(self, snapshot: pa.Table) -> Estimates:
        """Return the figures of a snapshot's customers, all of whom ordered. Raises NotEnoughData, ModelError."""
        level = self.level or Level.of(snapshot)
        return self._estimate(snapshot, level, level.outlook(snapshot, self.config.horizon_days))

    def score(self, snapshot: pa.Table) -> pa.Table:
        """Return three score rows per customer of `snapshot`. Raises ModelError when a feature is missing.

        Null where nothing can be said: for those who never ordered, and for all while the shop is not a day old.
        """
        bought = np.nan_to_num(numbers(snapshot, "orders")) > 0
        told = {target: (np.empty(0), np.empty(0), np.empty(0)) for target in TARGETS}
        reasons = {target: np.array([], dtype=object) for target in TARGETS}
        silence = NOT_YET
        if bought.any():
            try:
                told, reasons = self._told(ever_ordered(snapshot))
            except NotEnoughData:
                bought[:], silence = False, TOO_EARLY
        parts = []
        for target in TARGETS:
            value, low, high = (spread_out(part, bought) for part in told[target])
            said = np.full(bought.size, only(silence), dtype=object)
            said[bought] = reasons[target]
            parts.append(
                figure_rows(
                    snapshot,
                    model=QUESTION,
                    target=target,
                    horizon_days=self.config.horizon_days,
                    value=value,
                    low=low,
                    high=high,
                    reasons=said.tolist(),
                    version=self.version,
                )
            )
        return pa.concat_tables(parts)

    def save(self, folder: Path) -> None:
        """Write a version. Raises ModelError."""
        model: dict[str, Any] = {
            "config": asdict(self.config),
            "level": None if self.level is None else self.level.as_json(),
            "typical": None if self.typical is None else asdict(self.typical),
            "widened": self.widened,
            "notes": [asdict(note) for note in self.notes],
            "learned_from": self.learned_from,
        }
        grown = {"chance": self.of_chance, "spend": self.of_spend}
        save_version(folder, QUESTION, Parts(model, texts={name: trees.text for name, trees in grown.items() if trees}))

    @classmethod
    def load(cls, folder: Path) -> Value:
        """Read a version. Raises ModelError."""
        parts = load_version(folder, QUESTION)
        trees = {name: OffsetTrees(text) for name, text in parts.texts.items()}
        told = parts.model
        try:
            return cls(
                config=ValueConfig(**told["config"]),
                level=None if told["level"] is None else Level.from_json(told["level"]),
                of_chance=trees.get("chance"),
                of_spend=trees.get("spend"),
                widened=float(told["widened"]),
                typical=None if told["typical"] is None else Typical(**told["typical"]),
                notes=tuple(Text(**note) for note in told["notes"]),
                version=folder.name,
                learned_from=int(told["learned_from"]),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise ModelError(f"cannot load the model from {folder}", str(error), "Train it again: lifeloop run.") from error

    def _estimate(self, snapshot: pa.Table, level: Level, outlook: Outlook) -> Estimates:
        start = np.clip(outlook.chance, LEAST_CHANCE, 1.0 - LEAST_CHANCE)
        if self.of_chance is None or self.of_spend is None:
            return Estimates(start, start * outlook.orders_if_any, start * outlook.orders_if_any * outlook.order_value)
        seen = relative_features(snapshot, outlook, level.usual_order_value)
        chance = sigmoid(logit(start) + self.of_chance.shift(seen))
        orders = chance * outlook.orders_if_any
        return Estimates(chance, orders, orders * outlook.order_value * np.exp(self.of_spend.shift(seen)))

    def _told(self, snapshot: pa.Table) -> tuple[dict[str, tuple[Floats, Floats, Floats]], dict[str, npt.NDArray[np.object_]]]:
        """Return value, low and high, and the reasons, of each target for customers who ordered."""
        level = self.level or Level.of(snapshot)
        outlook = level.outlook(snapshot, self.config.horizon_days)
        known = self._estimate(snapshot, level, outlook)
        start = np.clip(outlook.chance, LEAST_CHANCE, 1.0 - LEAST_CHANCE)
        moved = logit(known.chance) - logit(start)
        chances = [sigmoid(logit(end, 1e-9) + moved) for end in chance_interval(level, outlook, self.config.horizon_days)]
        told = {
            "p_buy": (known.chance, *stretched(known.chance, (chances[0], chances[1]))),
            "orders": (known.orders, *order_interval(known.chance, known.orders, level.counts.r + outlook.summary.x)),
            "revenue_minor": (
                known.revenue,
                *revenue_interval(known.chance, known.revenue, revenue_spread(level, outlook), self.widened),
            ),
        }
        return told, self._reasons(snapshot, level, outlook, known)

    def _reasons(
        self, snapshot: pa.Table, level: Level, outlook: Outlook, known: Estimates
    ) -> dict[str, npt.NDArray[np.object_]]:
        typical, unit = self.typical or Typical.of(outlook), level.usual_order_value
        seen = relative_features(snapshot, outlook, unit)
        moved = [None if trees is None else trees.contributions(seen) for trees in (self.of_chance, self.of_spend)]
        of_chance = chance_effects(outlook, typical, known.chance, moved[0])
        of_revenue = revenue_effects(outlook, typical, of_chance, moved[1])
        chance, revenue = (
            np.array(reasons_json(snapshot, effects, unit, self.config.reasons), dtype=object)
            for effects in (of_chance, of_revenue)
        )
        return {"p_buy": chance, "orders": chance, "revenue_minor": revenue}


def fit(training: Sequence[Example], config: ValueConfig | None = None, *, present: pa.Table | None = None) -> Value:
    """Learn from past snapshots and what followed; `present` is the shop as it is now, whose level will answer.

    Without `present` each snapshot that is scored gives its own level. Without `training`, or with too little of it, the
    level answers alone. Raises ModelError when an example has another horizon.
    """
    chosen = config or ValueConfig()
    if any(example.horizon_days != chosen.horizon_days for example in training):
        raise ModelError(
            f"cannot learn value over {chosen.horizon_days} days",
            f"the examples look {sorted({example.horizon_days for example in training})} days ahead",
            "Take the labels with the same horizon.",
        )
    model = _with_trees(Value(config=chosen), training)
    buyers = None if present is None else ever_ordered(present)
    if buyers is not None and buyers.num_rows:
        model = _with_level(model, buyers)
    return replace(model, notes=_notes(model, buyers if buyers is not None else training[-1].snapshot if training else None))


def _with_level(model: Value, buyers: pa.Table) -> Value:
    try:
        level = Level.of(buyers)
    except NotEnoughData:
        return model
    return replace(model, level=level, typical=Typical.of(level.outlook(buyers, model.config.horizon_days)))


def _with_trees(model: Value, training: Sequence[Example]) -> Value:
    config, rows = model.config, [PastRows.of(example) for example in training]
    past = PastRows.joined([part for part in rows if part is not None])
    if past is None or past.bought.size < config.least_rows:
        return model
    if min(past.bought.sum(), (~past.bought).sum()) < config.least_each or past.revenue.sum() <= 0.0:
        return model
    past = past.take(sample_rows(past.bought.size, config.most_rows, config.seed))
    names, common = list(RELATIVE), {"seed": config.seed, "threads": config.threads}
    start = logit(np.clip(past.chance, LEAST_CHANCE, 1.0 - LEAST_CHANCE))
    grow = TreesConfig(objective="binary", trees=config.chance_trees, **common)
    of_chance = grow_offset_trees(past.seen, past.bought.astype(np.float64), start, names, grow)
    chance = sigmoid(start + of_chance.shift(past.seen))
    expected = chance * past.orders_if_any * past.order_value
    grow = TreesConfig(objective="tweedie", trees=config.spend_trees, **common)
    of_spend = grow_offset_trees(past.seen, past.revenue, np.log(np.maximum(expected, 1e-9)), names, grow)
    revenue = expected * np.exp(of_spend.shift(past.seen))
    return replace(
        model,
        of_chance=of_chance,
        of_spend=of_spend,
        widened=widening(chance, revenue, past.spread, past.revenue),
        learned_from=int(past.bought.size),
    )


def _notes(model: Value, snapshot: pa.Table | None) -> tuple[Text, ...]:
    notes = []
    if snapshot is None or not snapshot.num_rows or np.nanmax(numbers(snapshot, "tenure_days"), initial=0.0) < 365.0:
        notes.append(YOUNG)
    if model.level is not None and model.level.counts.regularised:
        notes.append(FEW)
    if model.of_chance is None:
        notes.append(LEVEL_ALONE)
    return tuple(notes)
