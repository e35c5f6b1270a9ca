"""Next order: in how many days each customer orders again, as a median and an 80 % interval.

Reads    order_days, life_days, tenure_days, and the mean and spread of the gaps between order days
Writes   score: target "days" after the last known day (1 = the day as_of begins): value = median, low and high = 10 % and
         90 % quantile. A null median means: more likely than not, no order within two years. A null high means: with more
         than 10 % probability, none within two years
Source   the posterior of Fader, Hardie & Lee (2005): P(order within t) = P(alive) (1 - ((alpha+T)/(alpha+T+t))^(r+x));
         corrected by how past forecasts turned out (`predict.btyd.waiting`) where they were off by more than 0.1
Limits   no seasons: before a peak customers come sooner than told, after it later (docs/models/next_order.md)
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lifeloop.base.errors import ModelError, NotEnoughData
from lifeloop.base.text import LANGUAGES, Language, Text
from lifeloop.base.versions import UNSAVED, Parts, load_version, save_version
from lifeloop.predict.btyd.bg_nbd import WEEK_DAYS, Summary, summary_of
from lifeloop.predict.btyd.level import Level
from lifeloop.predict.btyd.waiting import RIGHT, Curve, Promise, learn_curve
from lifeloop.predict.columns import Floats, numbers, spell_days
from lifeloop.predict.examples import Example, ever_ordered
from lifeloop.predict.figures import figure_rows, spread_out
from lifeloop.predict.value.reasons import NOT_YET, TOO_EARLY, only

QUESTION = "next_order"
TARGET = "days"

NEVER = Text(
    "May never come back: the chance of another order within two years is {chance}",
    "可能不会再来：两年内再次下单的可能性为 {chance}",
)
OFTEN = Text("Ordered on {count} days within {life}, about every {gap}", "{life}内有 {count} 天下过单，约每 {gap}一次")
ONCE = Text("Ordered once so far, {days} ago", "至今只下过一次单，距今 {days}")
SILENT = Text("Last ordered {days} ago: {alive} likely to be a customer still", "距上次下单 {days}：仍是顾客的可能性为 {alive}")


@dataclass(frozen=True, kw_only=True)
class NextOrderConfig:
    """What is told, and how far ahead."""

    longest_days: int = 730
    """A wait longer than this counts as never."""
    correct_beyond: float = 0.1
    """Past forecasts are corrected where they were off by more than this: smaller errors are mostly the season of the
    past, and do not come again (docs/models/next_order.md)."""
    least_events: int = 200
    """Fewer past returns than this say nothing about forecasts."""
    regular_below: float = 0.7
    """Customers whose gaps vary less than this (standard deviation over mean) are judged apart."""
    least_gaps: int = 3
    """... once they have this many gaps."""


RHYTHMS = ("few", "regular", "irregular")
"""Customers with fewer gaps than needed to tell; those whose gaps are alike; those whose gaps are not."""


@dataclass(frozen=True, kw_only=True)
class NextOrder:
    """The learned answer."""

    config: NextOrderConfig
    level: Level | None = None
    """Of the shop at present; None: it is fitted to the snapshot that is scored, which must then be a whole shop."""
    curves: Mapping[str, Curve] = field(default_factory=dict)
    """By rhythm, the correction of what BG/NBD says."""
    version: str = UNSAVED

    @property
    def notes(self) -> tuple[Text, ...]:
        """What whoever reads the forecasts should know."""
        return () if self.level else (TOO_EARLY,)

    def score(self, snapshot: pa.Table) -> pa.Table:
        """Return one score row per customer of `snapshot`. Raises ModelError when a feature is missing."""
        bought = np.nan_to_num(numbers(snapshot, "orders")) > 0
        days, reasons, silence = np.empty((3, 0)), np.array([], dtype=object), NOT_YET
        if bought.any():
            buyers = ever_ordered(snapshot)
            try:
                level = self.level or Level.of(buyers)
                days = self._days(buyers, level)
                reasons = self._reasons(buyers, level, days[1])
            except NotEnoughData:
                bought[:], silence = False, TOO_EARLY
        said = np.full(bought.size, only(silence), dtype=object)
        said[bought] = reasons
        low, value, high = (spread_out(row, bought) for row in days)
        return figure_rows(
            snapshot,
            model=QUESTION,
            target=TARGET,
            horizon_days=self.config.longest_days,
            value=value,
            low=low,
            high=high,
            reasons=said.tolist(),
            version=self.version,
        )

    def promise(self, example: Example) -> Promise:
        """Return how the forecasts for an example turned out, over all its customers. Raises NotEnoughData."""
        level = self.level or Level.of(example.snapshot)
        said, came = _said(example, level)
        rhythm = _rhythm(example.snapshot, self.config)
        for name, curve in self.curves.items():
            said = np.where(rhythm == name, curve.of(said), said)
        return Promise.of(said, came)

    def save(self, folder: Path) -> None:
        """Write a version. Raises ModelError."""
        level = None if self.level is None else self.level.as_json()
        curves = {name: asdict(curve) for name, curve in self.curves.items()}
        save_version(folder, QUESTION, Parts({"config": asdict(self.config), "level": level, "curves": curves}))

    @classmethod
    def load(cls, folder: Path) -> NextOrder:
        """Read a version. Raises ModelError."""
        told = load_version(folder, QUESTION).model
        try:
            return cls(
                config=NextOrderConfig(**told["config"]),
                level=None if told["level"] is None else Level.from_json(told["level"]),
                curves={name: Curve(tuple(c["said"]), tuple(c["came"])) for name, c in told["curves"].items()},
                version=folder.name,
            )
        except (KeyError, TypeError, ValueError) as error:
            raise ModelError(f"cannot load the model from {folder}", str(error), "Train it again: lifeloop run.") from error

    def _days(self, snapshot: pa.Table, level: Level) -> Floats:
        """Return the 10 %, 50 % and 90 % quantile in days, shape (3, n); NaN beyond the longest wait."""
        known, rhythm = summary_of(snapshot), _rhythm(snapshot, self.config)
        rows = []
        for quantile in (0.1, 0.5, 0.9):
            chance = np.full(known.x.shape, quantile)
            for name, curve in self.curves.items():
                chance[rhythm == name] = curve.inverse(quantile)
            days = np.ceil(WEEK_DAYS * level.counts.weeks_until(chance, known.x, known.t_x, known.T) - 1e-9)
            rows.append(np.where(days <= self.config.longest_days, np.maximum(days, 1.0), np.nan))
        return np.array(rows)

    def _reasons(self, snapshot: pa.Table, level: Level, median: Floats) -> npt.NDArray[np.object_]:
        """Return each customer's reasons as JSON: effects are ln factors on the waiting time against the typical customer."""
        known = summary_of(snapshot)
        alive = level.counts.p_alive(known.x, known.t_x, known.T)
        chance = 1.0 - level.counts.p_no_order(self.config.longest_days / WEEK_DAYS, known.x, known.t_x, known.T)
        rate = np.log((level.counts.r + known.x) / (level.counts.alpha + known.T))
        gone = -np.log(np.maximum(alive, 1e-3))
        effects = np.round(np.column_stack([rate.mean() - rate, gone - gone.mean()]), 2)
        said = []
        for row in range(known.x.size):
            told = _Told(known, row, float(alive[row]), float(chance[row]))
            reasons = [told.rhythm(float(effects[row, 0])), told.silence(float(effects[row, 1]))]
            reasons = sorted(reasons[: 2 if known.x[row] > 0 else 1], key=lambda reason: -abs(float(str(reason["effect"]))))
            if np.isnan(median[row]):
                reasons.insert(0, told.never(round(float(effects[row].sum()), 2)))
            said.append(json.dumps(reasons, ensure_ascii=False))
        return np.array(said, dtype=object)


@dataclass(frozen=True)
class _Told:
    """One customer's facts, to be put into words."""

    known: Summary
    row: int
    alive: float
    chance: float

    def never(self, effect: float) -> dict[str, object]:
        """Say that they may not come back at all."""
        return self._reason("recency_days", effect, {lang: NEVER.say(lang, chance=_percent(self.chance)) for lang in LANGUAGES})

    def rhythm(self, effect: float) -> dict[str, object]:
        """Say how often they ordered."""
        return self._reason("order_days", effect, {language: self._rhythm(language) for language in LANGUAGES})

    def silence(self, effect: float) -> dict[str, object]:
        """Say how long they have been away."""
        days = WEEK_DAYS * float(self.known.T[self.row] - self.known.t_x[self.row])
        said = {lang: SILENT.say(lang, days=spell_days(days, lang), alive=_percent(self.alive)) for lang in LANGUAGES}
        return self._reason("recency_days", effect, said)

    def _rhythm(self, language: Language) -> str:
        repeats, life = float(self.known.x[self.row]), WEEK_DAYS * float(self.known.t_x[self.row])
        if repeats < 1:
            return ONCE.say(language, days=spell_days(WEEK_DAYS * float(self.known.T[self.row]), language))
        gap = spell_days(life / repeats, language)
        return OFTEN.say(language, count=f"{repeats + 1:,.0f}", life=spell_days(life, language), gap=gap)

    @staticmethod
    def _reason(feature: str, effect: float, said: Mapping[Language, str]) -> dict[str, object]:
        return {"feature": feature, "effect": effect, "en": said["en"], "zh": said["zh"]}


def fit(training: Sequence[Example], config: NextOrderConfig | None = None, *, present: pa.Table | None = None) -> NextOrder:
    """Learn how past forecasts turned out; `present` is the shop as it is now, whose level will answer.

    Without `present` each snapshot that is scored gives its own level. Raises ModelError when a feature is missing.
    """
    chosen = config or NextOrderConfig()
    model = NextOrder(config=chosen, curves=_curves(training, chosen))
    buyers = None if present is None else ever_ordered(present)
    if buyers is not None and buyers.num_rows:
        try:
            return replace(model, level=Level.of(buyers))
        except NotEnoughData:
            return model
    return model


def _curves(training: Sequence[Example], config: NextOrderConfig) -> dict[str, Curve]:
    """Return the corrections of those rhythms whose forecasts were off by more than `correct_beyond`."""
    said, came, rhythm = [], [], []
    for example in training:
        try:
            forecast = _said(example, Level.of(example.snapshot))
        except NotEnoughData:
            continue
        said.append(forecast[0])
        came.append(forecast[1])
        rhythm.append(_rhythm(example.snapshot, config))
    if not said:
        return {}
    all_said, all_came, all_rhythm = np.concatenate(said), np.concatenate(came), np.concatenate(rhythm)
    curves = {}
    for name in RHYTHMS:
        rows = all_rhythm == name
        curve = learn_curve(all_said[rows], all_came[rows], least_events=config.least_events)
        if curve is not RIGHT and curve.error > config.correct_beyond:
            curves[name] = curve
    return curves


def _said(example: Example, level: Level) -> tuple[Floats, npt.NDArray[np.bool_]]:
    """Return the probability said for the day each customer came, or was last watched, and whether they came."""
    known, days = summary_of(example.snapshot), example.label("next_order_days")
    came = np.isfinite(days)
    weeks = np.where(came, days, example.horizon_days) / WEEK_DAYS
    alive = level.counts.p_alive(known.x, known.t_x, known.T)
    waits = np.log(level.counts.alpha + known.T + weeks) - np.log(level.counts.alpha + known.T)
    return alive * -np.expm1(-(level.counts.r + known.x) * waits), came


def _rhythm(snapshot: pa.Table, config: NextOrderConfig) -> npt.NDArray[np.str_]:
    gaps = numbers(snapshot, "order_days") - 1.0
    mean, spread = numbers(snapshot, "gap_mean_days"), numbers(snapshot, "gap_sd_days")
    variation = np.divide(spread, mean, out=np.full(mean.shape, np.nan), where=mean > 0)
    alike = np.where(variation < config.regular_below, "regular", "irregular")
    return np.where((gaps >= config.least_gaps) & np.isfinite(variation), alike, "few")


def _percent(share: float) -> str:
    """Return a share as people say it.

    >>> _percent(0.004), _percent(0.37)
    ('<1%', '37%')
    """
    return "<1%" if share < 0.005 else f"{share:.0%}"
