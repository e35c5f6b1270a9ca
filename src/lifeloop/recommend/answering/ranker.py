"""Ranker: in which order products are clicked, learned from lists that were shown; used only where it is better.

Reads    what was shown: the signals of each product as they were logged, its rank, and what came of it
Writes   trees, as LightGBM's own text, and a verdict on lists that came after those it learned from
Source   Burges (2010), LambdaMART; Ke et al. (2017), LightGBM; Hu et al. (2019) for what it does with positions;
         Wang et al. (2016) for weighing a click by how seldom its place is looked at, here taken as 1 / log2(1 + rank)
Limits   it learns only from lists with a click, and not from searches; what was never shown was never judged. A place that
         is looked at less than assumed makes the order that was served look better than it is
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from lifeloop.base.errors import ModelError, NotEnoughData
from lifeloop.base.recommend_settings import PLACEMENTS
from lifeloop.recommend.answering.signals import SIGNALS
from lifeloop.recommend.histories import Floats, Ints, Longs

if TYPE_CHECKING:
    import lightgbm

Doubles = npt.NDArray[np.float64]

SCORE = SIGNALS.index("score")
AT = 10
"""Places of a list that are judged."""


@dataclass(frozen=True)
class Shown:
    """Lists that were shown, the oldest first; rows of one list follow each other."""

    starts: Longs
    """List l has the rows starts[l] to starts[l + 1], shape (lists + 1,)."""
    signals: Floats
    """As they were logged, in the order of `SIGNALS`, nan where not, shape (rows, signals)."""
    gains: Floats
    """What came of it: 0 nothing, 1 a click, more where it led to more; whole numbers up to 30, shape (rows,)."""
    ranks: Ints
    """Places in the lists, from 1, shape (rows,)."""

    def __len__(self) -> int:
        return len(self.starts) - 1

    def lists(self, first: int, last: int) -> Shown:
        """Return some of the lists."""
        rows = slice(self.starts[first], self.starts[last])
        starts = self.starts[first : last + 1] - self.starts[first]
        return Shown(starts, self.signals[rows], self.gains[rows], self.ranks[rows])

    def useful(self) -> Shown:
        """Return the lists something came of, but those of searches: there the shop's own order stays."""
        lengths = np.diff(self.starts)
        number = np.repeat(np.arange(len(self)), lengths)
        good = np.bincount(number, self.gains, len(self)) > 0
        is_search = self.signals[:, SIGNALS.index("placement")] == PLACEMENTS.index("search")
        good &= np.bincount(number, is_search, len(self)) == 0
        rows = good[number]
        starts = np.concatenate([[0], np.cumsum(lengths[good])]).astype(np.int64)
        return Shown(starts, self.signals[rows], self.gains[rows], self.ranks[rows])


@dataclass(frozen=True, kw_only=True)
class RankerConfig:
    """How it is learned."""

    least_lists: int = 500
    """Lists with a click, below which nothing is learned."""
    most_lists: int = 200_000
    """The latest are taken."""
    held_out: float = 0.3
    """Share of the lists, the latest, that it is judged on."""
    trees: int = 80
    learning_rate: float = 0.06
    leaves: int = 15
    least_rows: int = 50
    """Fewest rows in a leaf."""
    threads: int = 1


@dataclass(frozen=True)
class Verdict:
    """How the lists held out would have been ordered, by NDCG at 10."""

    lists: int
    """Lists held out."""
    ranker: float
    score: float
    """By the sum of all parts, which it would replace."""
    low: float
    """Lower end of the 95 % interval of the difference, list by list."""
    high: float

    @property
    def is_better(self) -> bool:
        """Whether the ranker is to be used."""
        return self.low > 0


@dataclass(frozen=True)
class Ranker:
    """Trees that put products in order."""

    text: str
    """LightGBM's own; reading it runs no code."""

    def save(self) -> str:
        """Return it as text."""
        return self.text

    @classmethod
    def load(cls, text: str) -> Ranker:
        """Return a saved one. Raises ModelError where it cannot be read, or knows other signals than there are now."""
        ranker = cls(text)
        if tuple(ranker._booster.feature_name()) != SIGNALS:
            raise ModelError("cannot use the ranker", "it was learned from other signals", "Learn it again: lifeloop run.")
        return ranker

    def rank(self, signals: Floats) -> Doubles:
        """Return by what products are ordered, higher first, shape (products,), from signals (products, signals)."""
        return np.asarray(self._booster.predict(signals, raw_score=True, num_threads=1), np.float64)

    @cached_property
    def _booster(self) -> lightgbm.Booster:
        import lightgbm

        try:
            return lightgbm.Booster(model_str=self.text)
        except lightgbm.basic.LightGBMError as error:
            raise ModelError("cannot read the ranker", str(error), "Learn it again: lifeloop run.") from error


def learn_ranker(shown: Shown, config: RankerConfig | None = None) -> tuple[Ranker | None, Verdict]:
    """Return the ranker, None where it is not surely better than the score, and the verdict on it.

    It is judged on the latest lists, learned from the others; what is returned has learned from all. Raises NotEnoughData.
    """
    config = config or RankerConfig()
    useful = shown.useful()
    useful = useful.lists(max(0, len(useful) - config.most_lists), len(useful))
    if len(useful) < config.least_lists:
        raise NotEnoughData(
            "cannot learn from clicks in what order to recommend",
            f"{len(useful)} lists that were shown led to a click, {config.least_lists} are needed",
            "Until then products are ordered by their score.",
        )
    split = round(len(useful) * (1 - config.held_out))
    verdict = judged(_grown(useful.lists(0, split), config), useful.lists(split, len(useful)))
    return (_grown(useful, config) if verdict.is_better else None), verdict


def judged(ranker: Ranker, held_out: Shown) -> Verdict:
    """Return how well a ranker orders lists, against the score."""
    worth = held_out.gains * np.log2(1.0 + held_out.ranks)
    own = ndcg(ranker.rank(held_out.signals), worth, held_out.starts)
    score = ndcg(np.nan_to_num(held_out.signals[:, SCORE], nan=-np.inf), worth, held_out.starts)
    gain = own - score
    half = 1.96 * float(gain.std(ddof=1)) / np.sqrt(len(gain)) if len(gain) > 1 else np.inf
    return Verdict(len(gain), float(own.mean()), float(score.mean()), float(gain.mean() - half), float(gain.mean() + half))


def ndcg(scores: Doubles, worth: Doubles, starts: Longs) -> Doubles:
    """Return NDCG at 10 of each list, shape (lists,), with a discount of log2(1 + rank); what is even stands in any order.

    >>> ndcg(np.array([1.0, 2.0]), np.array([1.0, 0.0]), np.array([0, 2])).round(4).tolist()
    [0.6309]
    """
    number = np.repeat(np.arange(len(starts) - 1), np.diff(starts))
    best = _gained(worth, worth, number, starts)
    own = _gained(scores, worth, number, starts)
    return np.divide(own, best, out=np.zeros(len(best)), where=best > 0)


def _gained(scores: Doubles, worth: Doubles, number: Longs, starts: Longs) -> Doubles:
    """Return the discounted gain of each list; of even scores the least worth stands first, so that evenness never pays."""
    order = np.lexsort((worth, -scores, number))
    rank = np.arange(len(order)) - starts[number]
    counted = np.where(rank < AT, worth[order] / np.log2(2.0 + rank), 0.0)
    gained = np.zeros(len(starts) - 1)
    np.add.at(gained, number, counted)
    return gained


def _grown(shown: Shown, config: RankerConfig) -> Ranker:
    import lightgbm

    parameters: dict[str, Any] = {
        "objective": "lambdarank",
        "lambdarank_truncation_level": AT,
        "lambdarank_position_bias_regularization": 1.0,
        "label_gain": list(range(31)),
        "learning_rate": config.learning_rate,
        "num_leaves": config.leaves,
        "min_child_samples": config.least_rows,
        "reg_lambda": 1.0,
        "seed": 0,
        "num_threads": config.threads,
        "deterministic": True,
        "force_col_wise": True,
        "verbosity": -1,
    }
    rows = lightgbm.Dataset(
        shown.signals,
        shown.gains,
        group=np.diff(shown.starts),
        position=shown.ranks,
        feature_name=list(SIGNALS),
        categorical_feature=["placement"],
        params={"verbosity": -1},
    )
    return Ranker(lightgbm.train(parameters, rows, config.trees).model_to_string())
