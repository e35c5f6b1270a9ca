"""Churn: whether each customer will place no order in the next `horizon_days` days.

Reads    every feature of the snapshot that says something; BG/NBD fitted to the snapshot itself
Writes   score: p_churn = P(no order in [as_of, as_of + horizon)), 0..1, with its 80 % interval and reasons, strongest first
Source   Fader, Hardie & Lee (2005) for the offset; Ke et al. (2017) for the trees; their mean with logistic regression
Limits   below 2,000 past rows, or 100 of those who stayed or left, BG/NBD answers alone, and says so; before the shop's
         first orders are a day old nothing is said. Speaks of everyone who ever ordered; null for those who never did
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from lifeloop.base.errors import ModelError, UnknownName
from lifeloop.base.money import show_money
from lifeloop.base.text import Text
from lifeloop.base.versions import UNSAVED, Parts, load_version, save_version
from lifeloop.predict.btyd.bg_nbd import BgNbd
from lifeloop.predict.churn.held_back import HeldBack, check
from lifeloop.predict.churn.inputs import Inputs, btyd_of, inputs_of
from lifeloop.predict.churn.learned import Learned, OffsetOnly, learned_from_parts
from lifeloop.predict.churn.learners import BASELINES, LEARNERS, LearnerConfig, capable, learn
from lifeloop.predict.churn.reason_groups import Money
from lifeloop.predict.churn.reasons import grouped, note_json, reasons_json
from lifeloop.predict.churn.training import past_of
from lifeloop.predict.columns import numbers
from lifeloop.predict.examples import Example, ever_ordered
from lifeloop.predict.figures import figure_rows, spread_out
from lifeloop.predict.metrics import sigmoid

QUESTION = "churn"
TARGET = "p_churn"

NOT_YET = Text("Has not ordered yet: nothing to go by.", "还没有下过单，无从推算。")
TOO_EARLY = Text("Too early: the shop's first orders are not a day old.", "为时尚早：店铺最早的订单还不满一天。")
RHYTHM_ALONE = Text(
    "Too little past to learn from: told from the rhythm of orders alone.", "可供学习的历史太少：仅根据下单节奏推算。"
)


@dataclass(frozen=True, kw_only=True)
class ChurnConfig:
    """What is asked, and how it is learned."""

    horizon_days: int = 30
    """Days ahead the score speaks about."""
    model: str = "blend"
    """A learner by name (`lifeloop.predict.churn.learners`)."""
    trees: int = 60
    most_rows: int = 50_000
    """More past rows than this are sampled: the learning curve is flat from 10,000 on (docs/models/churn.md)."""
    reasons: int = 4
    """Reasons kept per score."""
    currency: str | None = None
    """The shop's: reasons then show amounts. None: they say how one amount compares with another."""
    seed: int = 0
    threads: int = 0
    """Threads of the learners; 0 leaves it to the libraries."""

    @property
    def money(self) -> Money | None:
        """Show an amount of minor units; None where the currency is not known."""
        currency = self.currency
        return None if currency is None else lambda minor: show_money(minor, currency, decimals=False)

    @property
    def learner(self) -> LearnerConfig:
        """What the learners are told."""
        return LearnerConfig(trees=self.trees, seed=self.seed, num_threads=self.threads)


@dataclass(frozen=True, kw_only=True)
class Churn:
    """The learned answer."""

    config: ChurnConfig
    features: tuple[str, ...] = ()
    learned: Learned
    btyd: BgNbd | None = None
    """Of the last past snapshot: answers where a snapshot holds too few customers to be a whole shop."""
    held_back: HeldBack | None = None
    """How it did on past snapshots it had not learned from; None where there were none to hold back."""
    learned_from: int = 0
    """Past rows it learned from; 0 where BG/NBD answers alone."""
    version: str = UNSAVED

    @property
    def notes(self) -> tuple[Text, ...]:
        """What whoever reads the scores should know."""
        return (RHYTHM_ALONE,) if not self.learned_from and self.config.model not in BASELINES else ()

    def score(self, snapshot: pa.Table) -> pa.Table:
        """Return one score row per customer of `snapshot`, in its order; null for those who never ordered.

        BG/NBD is fitted to the snapshot when it holds at least half as many customers as the last one learned from.
        Raises ModelError when a feature is missing.
        """
        bought = np.nan_to_num(numbers(snapshot, "orders")) > 0
        buyers = ever_ordered(snapshot)
        btyd = self._btyd(buyers)
        said = np.full(bought.size, note_json(NOT_YET.en, NOT_YET.zh), dtype=object)
        value = low = high = np.full(bought.size, np.nan)
        if btyd is None:
            said[bought] = note_json(TOO_EARLY.en, TOO_EARLY.zh)
        elif buyers.num_rows:
            inputs = inputs_of(buyers, self.features, btyd, self.config.horizon_days)
            logits = self.learned.logits(inputs)
            ends = self.held_back.interval(logits) if self.held_back else (np.zeros(logits.size), np.ones(logits.size))
            value, low, high = (spread_out(part, bought) for part in (sigmoid(logits), *ends))
            said[bought] = self._reasons(buyers, inputs)
        return figure_rows(
            snapshot,
            model=QUESTION,
            target=TARGET,
            horizon_days=self.config.horizon_days,
            value=value,
            low=low,
            high=high,
            reasons=said.tolist(),
            version=self.version,
        )

    def save(self, folder: Path) -> None:
        """Write a version. Raises ModelError for a learner that is only there to compare with."""
        parts = self.learned.parts()
        model: dict[str, Any] = {
            "config": asdict(self.config),
            "features": list(self.features),
            "learned": {"kind": self.learned.kind, "parts": dict(parts.model)},
            "btyd": None if self.btyd is None else asdict(self.btyd),
            "held_back": None if self.held_back is None else self.held_back.as_json(),
            "learned_from": self.learned_from,
        }
        save_version(folder, QUESTION, Parts(model, parts.arrays, parts.texts))

    @classmethod
    def load(cls, folder: Path) -> Churn:
        """Read a version. Raises ModelError."""
        parts = load_version(folder, QUESTION)
        told = parts.model
        try:
            config = ChurnConfig(**told["config"])
            learned = learned_from_parts(
                told["learned"]["kind"], Parts(told["learned"]["parts"], parts.arrays, parts.texts), config.threads
            )
            return cls(
                config=config,
                features=tuple(told["features"]),
                learned=learned,
                btyd=None if told["btyd"] is None else BgNbd(**told["btyd"]),
                held_back=None if told["held_back"] is None else HeldBack.from_json(told["held_back"]),
                learned_from=int(told["learned_from"]),
                version=folder.name,
            )
        except (KeyError, TypeError, ValueError) as error:
            raise ModelError(f"cannot load the model from {folder}", str(error), "Train it again: lifeloop run.") from error

    def _btyd(self, buyers: pa.Table) -> BgNbd | None:
        if self.btyd is not None and buyers.num_rows < self.btyd.customers / 2:
            return self.btyd
        return btyd_of(buyers) or self.btyd

    def _reasons(self, buyers: pa.Table, inputs: Inputs) -> list[str]:
        if self.learned.kind == "library":
            return ["[]"] * buyers.num_rows
        said = reasons_json(buyers, grouped(self.learned.terms(inputs)), most=self.config.reasons, money=self.config.money)
        for note in self.notes:
            further = note_json(note.en, note.zh)[1:]
            said = [f"{text[:-1]}{', ' if len(text) > 2 else ''}{further}" for text in said]
        return said


def fit(training: Sequence[Example], config: ChurnConfig | None = None) -> Churn:
    """Learn from past snapshots and what followed, oldest first.

    With too little of it BG/NBD answers alone, fitted to whatever snapshot is scored. Raises UnknownName for a learner
    nobody declared, ModelError when an example has another horizon.
    """
    chosen = config or ChurnConfig()
    if chosen.model not in LEARNERS:
        raise UnknownName("churn model", chosen.model, LEARNERS)
    past = past_of(training, chosen.horizon_days, chosen.most_rows, chosen.seed)
    if past is None:
        return Churn(config=chosen, learned=OffsetOnly(0.0))
    name = capable(chosen.model, past.churned)
    model = Churn(
        config=chosen,
        features=past.features,
        learned=learn(name, past.inputs, past.churned, chosen.learner),
        btyd=past.btyd,
        learned_from=past.inputs.rows if name == chosen.model else 0,
    )
    return replace(model, held_back=check(past, name, chosen.learner))
