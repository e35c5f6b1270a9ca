"""Why a customer is expected to bring more or less than a typical one of the shop, in words.

Effects are natural logarithms of factors: +0.69 doubles the figure, -0.69 halves it. The level's own part is exact,
ln(customer) - mean ln(all customers), term by term; the trees' part is their TreeSHAP contribution.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from lifeloop.base.text import LANGUAGES, Language, Text
from lifeloop.predict.btyd.level import Outlook
from lifeloop.predict.columns import Floats, numbers, spell_days
from lifeloop.predict.value.relative import RELATIVE

FACTS: Mapping[str, Text] = {
    "recency_days": Text("Last ordered {days} ago", "距上次下单 {days}"),
    "order_days": Text("Ordered on {count} different days so far", "至今在 {count} 个不同的日子下过单"),
    "life_days": Text("{days} between the first order and the last", "首末两次下单相隔 {days}"),
    "repeat_day_value_mean_minor": Text(
        "Repeat orders come to {ratio} times the shop's usual amount", "复购金额是本店通常水平的 {ratio} 倍"
    ),
    "last_day_value_minor": Text(
        "The last order came to {ratio} times the shop's usual amount", "最近一单金额是本店通常水平的 {ratio} 倍"
    ),
    "first_day_value_minor": Text(
        "The first order came to {ratio} times the shop's usual amount", "首单金额是本店通常水平的 {ratio} 倍"
    ),
    "goods_minor": Text("Has spent {ratio} usual orders' worth in all", "累计消费相当于 {ratio} 笔通常订单"),
}
"""The fact behind each feature that can be a reason."""

ONCE = Text("Ordered once so far", "至今只下过一次单")
AGAINST_TYPICAL = Text("{fact} (×{factor} against a typical customer)", "{fact}（为普通顾客的 {factor} 倍）")
NOT_YET = Text("Has not ordered yet: nothing to go by.", "还没有下过单，无从推算。")
TOO_EARLY = Text("Too early: the shop's first orders are not a day old.", "为时尚早：店铺最早的订单还不满一天。")

FEATURES = tuple(FACTS)

_LEAST = 1e-3
"""Chances below this count as this in an effect: what is as good as gone needs no larger number."""


@dataclass(frozen=True)
class Typical:
    """The typical customer: means of logarithms over a snapshot."""

    alive: float
    chance: float
    """Of those who still are customers."""
    orders: float
    """If any."""
    order_value: float

    @classmethod
    def of(cls, outlook: Outlook) -> Typical:
        """Return the typical customer of an outlook with at least one customer."""
        return cls(*(float(np.mean(part)) for part in _parts(outlook)))


def _parts(outlook: Outlook) -> tuple[Floats, Floats, Floats, Floats]:
    alive = np.maximum(outlook.alive, _LEAST)
    chance = np.maximum(outlook.chance / np.maximum(outlook.alive, 1e-300), _LEAST)
    parts = (alive, np.minimum(chance, 1.0), outlook.orders_if_any, np.maximum(outlook.order_value, 1e-9))
    return tuple(np.log(part) for part in parts)  # type: ignore[return-value]


def chance_effects(outlook: Outlook, typical: Typical, chance: Floats, shap: Floats | None) -> Floats:
    """Return each feature's effect on ln P(order), shape (n, len(FEATURES)); `shap` (n, 12) is on the logit of `chance`."""
    alive, rate, _, _ = _parts(outlook)
    effects = _by_feature(None if shap is None else shap * (1.0 - chance)[:, None], chance.size)
    effects[:, FEATURES.index("recency_days")] += alive - typical.alive
    effects[:, FEATURES.index("order_days")] += rate - typical.chance
    return _merged(effects, outlook)


def revenue_effects(outlook: Outlook, typical: Typical, of_chance: Floats, shap: Floats | None) -> Floats:
    """Return each feature's effect on ln revenue, shape (n, len(FEATURES)): what moves the chance, and what the rest."""
    _, _, orders, value = _parts(outlook)
    effects = _by_feature(shap, of_chance.shape[0])
    effects[:, FEATURES.index("order_days")] += orders - typical.orders
    effects[:, FEATURES.index("repeat_day_value_mean_minor")] += value - typical.order_value
    return of_chance + _merged(effects, outlook)


def _by_feature(shap: Floats | None, rows: int) -> Floats:
    """Add up contributions of relative features that speak of one feature of the snapshot."""
    effects = np.zeros((rows, len(FEATURES)))
    if shap is not None:
        for column, feature in enumerate(RELATIVE.values()):
            effects[:, FEATURES.index(feature)] += shap[:, column]
    return effects


def _merged(effects: Floats, outlook: Outlook) -> Floats:
    """Give what only repeat orders can say, to "ordered once" where there are none; the first order is then the last."""
    once = outlook.summary.x == 0
    for source, target in (
        ("life_days", "order_days"),
        ("repeat_day_value_mean_minor", "order_days"),
        ("first_day_value_minor", "last_day_value_minor"),
    ):
        moved = np.where(once, effects[:, FEATURES.index(source)], 0.0)
        effects[:, FEATURES.index(target)] += moved
        effects[:, FEATURES.index(source)] -= moved
    return effects


def reasons_json(snapshot: pa.Table, effects: Floats, unit: float, most: int) -> list[str]:
    """Return the `most` strongest reasons of each customer as JSON, strongest first; `unit` is the usual order value.

    Sentences are made once per distinct fact and effect, as thousands of customers share them.
    """
    facts = [_shown(snapshot, feature, unit) for feature in FEATURES]
    effects = np.round(effects, 2)
    order = np.argsort(-np.abs(effects), axis=1, kind="stable")[:, :most]
    made: dict[tuple[int, float, float], str] = {}
    said = []
    for row, columns in enumerate(order.tolist()):
        pieces = []
        for column in columns:
            effect = float(effects[row, column])
            if effect == 0.0:
                continue
            key = (column, float(facts[column][row]), effect)
            if key not in made:
                made[key] = json.dumps(_reason(*key), ensure_ascii=False)
            pieces.append(made[key])
        said.append(f"[{', '.join(pieces)}]")
    return said


def _shown(snapshot: pa.Table, feature: str, unit: float) -> Floats:
    """Return what a fact shows: days and counts as they are, money as a multiple of the usual order value."""
    values = np.nan_to_num(numbers(snapshot, feature))
    return np.round(values / unit, 2) if feature.endswith("_minor") and unit > 0 else values


def _reason(column: int, fact: float, effect: float) -> dict[str, object]:
    feature = FEATURES[column]
    reason: dict[str, object] = {"feature": feature, "effect": effect}
    for language in LANGUAGES:
        reason[language] = AGAINST_TYPICAL.say(
            language, fact=_fact(feature, fact, language), factor=spell_ratio(float(np.exp(effect)))
        )
    return reason


def _fact(feature: str, fact: float, language: Language) -> str:
    if feature == "order_days" and fact <= 1:
        return ONCE.say(language)
    if feature.endswith("_minor"):
        return FACTS[feature].say(language, ratio=spell_ratio(fact))
    if feature == "order_days":
        return FACTS[feature].say(language, count=f"{fact:,.0f}")
    return FACTS[feature].say(language, days=spell_days(fact, language))


def spell_ratio(ratio: float) -> str:
    """Return a factor in as many digits as one can feel.

    >>> spell_ratio(0.034), spell_ratio(1.26), spell_ratio(3.14), spell_ratio(1234.0)
    ('0.03', '1.26', '3.1', '1,234')
    """
    if ratio < 2.0:
        return f"{ratio:.2f}"
    return f"{ratio:.1f}" if ratio < 10.0 else f"{ratio:,.0f}"


def only(text: Text, feature: str = "orders") -> str:
    """Return the one reason of someone the model abstains on, as JSON."""
    return json.dumps([{"feature": feature, "effect": 0.0, "en": text.en, "zh": text.zh}], ensure_ascii=False)
