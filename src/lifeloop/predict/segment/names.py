"""What a cluster is called: what sets it apart from the shop's other customers, in words, no two alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lifeloop.base.text import Text
from lifeloop.predict.columns import Floats
from lifeloop.predict.segment.clusters import Labels

APART = 0.4
"""Standard deviations from the shop's mean, of ln(1 + figure), from which a figure sets a cluster apart."""

FIGURES = ("recency_days", "order_days", "goods_minor", "order_value_mean_minor", "gap_mean_days")
"""What a point is made of, in order."""

_RECENCY, _OFTEN, _GOODS, _BASKET, _GAP = range(len(FIGURES))


@dataclass(frozen=True)
class _Words:
    low: Text
    high: Text


_NONE = Text("", "")
_FREQUENCY = _Words(Text("occasional", "低频"), Text("frequent", "高频"))
_ONE_TIME = Text("one-time", "一次性")
_TYPICAL = Text("typical", "普通")
_SIZE = _Words(Text("small", "小额"), Text("big", "大额"))
_SEEN = _Words(Text("seen lately", "近期来过"), Text("long gone", "久未光顾"))
_RHYTHM = _Words(Text("in quick succession", "间隔短"), Text("at long intervals", "间隔长"))
_WORTH = _Words(Text("worth little so far", "累计消费低"), Text("worth much so far", "累计消费高"))
EVERYBODY = Text("All customers", "全部顾客")


def name_clusters(points: Floats, order_days: Floats, owner: Labels, clusters: int) -> tuple[Text, ...]:
    """Return one name per cluster, unique in both languages.

    `points` are standardised figures, shape (customers, 5); `order_days` the raw count, by which one-time buyers are
    known; `owner` the cluster of each customer.
    """
    if clusters == 1:
        return (EVERYBODY,)
    centres = np.array(
        [points[owner == number].mean(axis=0) if (owner == number).any() else points.mean(axis=0) for number in range(clusters)]
    )
    once = [bool((owner == number).any() and np.median(order_days[owner == number]) <= 1) for number in range(clusters)]
    names = [_core(centre, one_time=one) for centre, one in zip(centres, once, strict=True)]
    for figure, words in ((_RECENCY, _SEEN), (_GAP, _RHYTHM), (_GOODS, _WORTH)):
        names = _told_apart(names, centres[:, figure], words)
    return _numbered(names)


def _core(centre: Floats, *, one_time: bool) -> Text:
    """Return how often, how much and how lately, such as `Frequent big spenders`, `One-time small buyers, long gone`."""
    often = _ONE_TIME if one_time else _word(float(centre[_OFTEN]), _FREQUENCY)
    size = _word(float(centre[_BASKET]), _SIZE)
    seen = _word(float(centre[_RECENCY]), _SEEN, apart=2 * APART)
    if not often.en and not size.en:
        often = _TYPICAL
    english = " ".join(word for word in (often.en, size.en, "spenders" if size is _SIZE.high else "buyers") if word)
    core = Text(english[:1].upper() + english[1:], f"{often.zh}{size.zh}顾客")
    return _with(core, seen)


def _with(name: Text, word: Text) -> Text:
    return Text(f"{name.en}, {word.en}", f"{name.zh}·{word.zh}") if word.en and word.en not in name.en else name


def _word(figure: float, words: _Words, apart: float = APART) -> Text:
    if figure >= apart:
        return words.high
    return words.low if figure <= -apart else _NONE


def _told_apart(names: Sequence[Text], figures: Floats, words: _Words) -> list[Text]:
    """Add a word to names that are shared, by where the cluster stands among those that share it."""
    told = list(names)
    for shared in {name for name in names if sum(other.en == name.en for other in names) > 1}:
        alike = [number for number, name in enumerate(names) if name.en == shared.en]
        middle = float(np.mean(figures[alike]))
        for number in alike:
            word = _word(float(figures[number]) - middle, words, apart=0.25)
            told[number] = _with(shared, word)
    return told


def _numbered(names: Sequence[Text]) -> tuple[Text, ...]:
    """Add a number to the names that are still shared."""
    seen: dict[str, int] = {}
    unique = []
    for name in names:
        seen[name.en] = seen.get(name.en, 0) + 1
        unique.append(name if seen[name.en] == 1 else Text(f"{name.en} ({seen[name.en]})", f"{name.zh}（{seen[name.en]}）"))
    return tuple(unique)
