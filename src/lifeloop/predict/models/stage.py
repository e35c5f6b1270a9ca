"""Stage: where each customer stands in their life with the shop.

Reads    recency_days, life_days, order_days and the gaps between order days
Writes   score: target "stage", one of seven names for every customer, with the rule that decided it in words
Source   our own rules; late and lapsed are quantiles of how returning customers of this very shop came back
         (`predict.stage.rhythm`), sharpened by P(alive) of Fader, Hardie & Lee (2005) where drop-out can be told at all
Limits   a shop where fewer than 30 customers ever returned has no rhythm to learn: it gets defaults, and is told so

The rules are asked in this order, and the first that fits decides: prospect, lapsed, at risk, won back, new, loyal, active.
The last fits everybody, so every customer has exactly one stage.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lifeloop.base.errors import ModelError, NotEnoughData
from lifeloop.base.text import LANGUAGES, Language, Text, blanks
from lifeloop.base.versions import UNSAVED, Parts, load_version, save_version
from lifeloop.predict.btyd.bg_nbd import WEEK_DAYS, BgNbd, fit_bg_nbd
from lifeloop.predict.columns import Floats, Reason, numbers, score_rows, spell_days
from lifeloop.predict.stage.rhythm import Rhythm, RhythmConfig, learn_rhythm
from lifeloop.predict.stage.rules import LIKELY_GONE, NO_RHYTHM, STAGES


@dataclass(frozen=True, kw_only=True)
class StageConfig:
    """How stages are told apart."""

    rhythm: RhythmConfig = field(default_factory=RhythmConfig)
    gone_below: float = 0.10
    """A customer who is late counts as lapsed when P(alive) is below this."""


@dataclass(frozen=True)
class _Figures:
    """One snapshot's figures, each of shape (customers,)."""

    recency: Floats
    life: Floats
    order_days: Floats
    away: Floats
    """Days between the last order day and the one before."""
    usual: Floats
    late: Floats
    lapsed: Floats
    lapsed_then: Floats
    """Days after which they would have counted as lapsed before their last order."""
    alive: Floats
    """P(alive); NaN where not known."""


@dataclass(frozen=True, kw_only=True)
class Stage:
    """The learned rules of one shop."""

    rhythm: Rhythm
    config: StageConfig
    alive: BgNbd | None = None
    """Tells who is still a customer; None where drop-out cannot be told from patience in this shop."""
    version: str = UNSAVED

    @classmethod
    def load(cls, folder: Path) -> Stage:
        """Read a saved version. Raises ModelError."""
        held = load_version(folder, "stage").model
        try:
            config = StageConfig(**{**held["config"], "rhythm": RhythmConfig(**held["config"]["rhythm"])})
            alive = BgNbd(**held["alive"]) if held["alive"] else None
            return cls(rhythm=Rhythm(**held["rhythm"]), config=config, alive=alive, version=folder.name)
        except (KeyError, TypeError) as error:
            raise ModelError(
                f"cannot load the stages from {folder}", f"it has other parts: {error}", "Train it again: lifeloop run."
            ) from error

    def save(self, folder: Path) -> None:
        """Write this version. Raises ModelError."""
        alive = asdict(self.alive) if self.alive else None
        save_version(folder, "stage", Parts({"config": asdict(self.config), "rhythm": asdict(self.rhythm), "alive": alive}))

    @property
    def notes(self) -> tuple[Text, ...]:
        """What whoever reads the stages should know."""
        return () if self.rhythm.known else (NO_RHYTHM,)

    def score(self, snapshot: pa.Table) -> pa.Table:
        """Return one score row per customer of `snapshot`: label = stage, with the reason. Raises ModelError."""
        figures = self._figures(snapshot)
        names = self._names(figures)
        return score_rows(
            snapshot,
            model="stage",
            target="stage",
            version=self.version,
            labels=names.tolist(),
            reasons=[[self._reason(str(name), figures, row)] for row, name in enumerate(names)],
        )

    def rules(self) -> dict[str, dict[Language, str]]:
        """Return each stage's rule in words, in both languages, with what was learned from the shop filled in."""
        return {
            name: {language: rule.rule.say(language, **self._learned(language)) for language in LANGUAGES}
            for name, rule in STAGES.items()
        }

    def _figures(self, snapshot: pa.Table) -> _Figures:
        order_days = np.nan_to_num(numbers(snapshot, "order_days"))
        life, away = np.nan_to_num(numbers(snapshot, "life_days")), numbers(snapshot, "gap_last_days")
        gaps = np.maximum(order_days - 1, 0)
        mean = np.divide(life, gaps, out=np.ones_like(life), where=gaps > 0)
        gaps_then = np.maximum(order_days - 2, 0)
        mean_then = np.divide(life - np.nan_to_num(away), gaps_then, out=np.ones_like(life), where=gaps_then > 0)
        return _Figures(
            recency=numbers(snapshot, "recency_days"),
            life=life,
            order_days=order_days,
            away=away,
            usual=self.rhythm.usual(gaps, mean),
            late=self.rhythm.late_after(gaps, mean),
            lapsed=self.rhythm.lapsed_after(gaps, mean),
            lapsed_then=self.rhythm.lapsed_after(gaps_then, mean_then),
            alive=self._alive(snapshot),
        )

    def _alive(self, snapshot: pa.Table) -> Floats:
        """Return P(alive), NaN where it is not known, shape (customers,)."""
        x, t_x, T = _repeats(snapshot)
        chance = np.full(x.shape, np.nan)
        if self.alive is not None:
            known = np.isfinite(T)
            chance[known] = self.alive.p_alive(x[known], t_x[known], T[known])
        return chance

    def _names(self, f: _Figures) -> npt.NDArray[np.str_]:
        late = f.recency > f.late
        gone = late & (f.order_days > 1) & (f.alive < self.config.gone_below)
        asked: dict[str, npt.NDArray[np.bool_]] = {
            "prospect": f.order_days < 1,
            "lapsed": (f.recency > f.lapsed) | gone,
            "at_risk": late,
            "won_back": (f.order_days > 1) & (f.away > f.lapsed_then),
            "new": f.order_days < 2,
            "loyal": (f.order_days >= self.rhythm.loyal_orders) & (f.life >= self.rhythm.loyal_days),
        }
        return np.select(list(asked.values()), list(asked), default="active")

    def _reason(self, name: str, f: _Figures, row: int) -> Reason:
        likely = name == "lapsed" and not f.recency[row] > f.lapsed[row]
        rule = STAGES[name]
        text = LIKELY_GONE if likely else rule.once if rule.once and f.order_days[row] < 2 else rule.reason
        wanted = blanks(text.en)
        said = {language: text.say(language, **self._own(wanted, f, row, language)) for language in LANGUAGES}
        if not self.rhythm.known and name != "prospect":
            said = {"en": f"{said['en']} {NO_RHYTHM.en}", "zh": f"{said['zh']}{NO_RHYTHM.zh}"}
        return {"feature": "recency_days", "effect": 1.0, "en": said["en"], "zh": said["zh"]}

    def _own(self, wanted: set[str], f: _Figures, row: int, language: Language) -> dict[str, object]:
        """Return one customer's figures as words."""
        said: dict[str, object] = {
            name: spell_days(getattr(f, name)[row], language) for name in wanted - {"alive", "order_days", *self._shares()}
        }
        return said | self._shares() | {"order_days": int(f.order_days[row]), "alive": f"{f.alive[row]:.0%}"}

    def _learned(self, language: Language) -> dict[str, object]:
        r = self.rhythm
        days = {"first_late": r.first_late_days, "first_lapsed": r.first_lapsed_days, "loyal_days": r.loyal_days}
        gaps = {"late_gaps": f"{r.late_gaps:.1f}", "lapsed_gaps": f"{r.lapsed_gaps:.1f}", "loyal_orders": r.loyal_orders}
        return {name: spell_days(figure, language) for name, figure in days.items()} | gaps | self._shares()

    def _shares(self) -> dict[str, object]:
        rhythm = self.config.rhythm
        return {"late_share": f"{rhythm.late_share:.0%}", "lapsed_share": f"{rhythm.lapsed_share:.0%}"}


def fit(snapshots: Sequence[pa.Table], config: StageConfig | None = None, *, version: str = UNSAVED) -> Stage:
    """Learn a shop's rhythm from its snapshots, and P(alive) from the last. Raises ModelError when a feature is missing."""
    chosen = config or StageConfig()
    rhythm = learn_rhythm(snapshots, chosen.rhythm)
    return Stage(rhythm=rhythm, config=chosen, alive=_fit_alive(snapshots[-1]) if rhythm.known else None, version=version)


def _fit_alive(snapshot: pa.Table) -> BgNbd | None:
    x, t_x, T = (values[np.isfinite(_repeats(snapshot)[2])] for values in _repeats(snapshot))
    try:
        fitted = fit_bg_nbd(x, t_x, T)
    except NotEnoughData:
        return None
    return fitted if fitted.dropout_identifiable else None


def _repeats(snapshot: pa.Table) -> tuple[Floats, Floats, Floats]:
    """Return x, t_x and T of BTYD, times in weeks, each of shape (customers,); T is NaN for those who never ordered."""
    order_days, life = np.nan_to_num(numbers(snapshot, "order_days")), np.nan_to_num(numbers(snapshot, "life_days"))
    tenure = np.where(order_days > 0, life + numbers(snapshot, "recency_days"), np.nan)
    return np.maximum(order_days - 1, 0), life / WEEK_DAYS, tenure / WEEK_DAYS
