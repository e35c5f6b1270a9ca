"""Plain rows for the terminal: customers worth looking at, segments, and the card of one customer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from lifeloop.base.text import Language
from lifeloop.console.voice import Voice
from lifeloop.features import FEATURES
from lifeloop.measure.customers import CustomerCard, Score, Worth, told
from lifeloop.measure.grids import Group
from lifeloop.predict.segment.rfm import RFM_NAMES, rfm_name

__all__ = ["CardWords", "TableWords", "card_words", "segment_table", "worth_table"]


@dataclass(frozen=True)
class TableWords:
    """A table in words: one heading per column, and which columns are figures."""

    title: str
    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    figures: tuple[int, ...]


def worth_table(worth: Sequence[Worth], voice: Voice, *, value_days: int | None) -> TableWords:
    """Return the customers worth looking at: customer, stage, churn, value, next order, reason."""
    say = voice.say
    heads = [say("customer"), say("stage"), say("churn"), say("value", days=value_days or 0), say("next_order"), say("reason")]
    rows = tuple(
        (
            one.customer_id,
            say(f"stage_{one.stage}"),
            voice.share(one.p_churn),
            voice.money(one.revenue_minor),
            say("around", day=voice.day(one.next_order)) if one.next_order else say("may_not_return"),
            told(one.reason, voice.language),
        )
        for one in worth
    )
    return TableWords(say("worth"), tuple(heads), rows, (2, 3))


def segment_table(groups: Sequence[Group], voice: Voice) -> TableWords:
    """Return segments with their size and worth."""
    say = voice.say
    heads = (say("segment"), say("customers"), say("share"), say("bought"), say("revenue_expected"), say("churn_mean"))
    rows = tuple(
        (
            group.zh if voice.language == "zh" else group.en,
            voice.count(group.customers),
            voice.share(group.share),
            voice.money(group.goods_minor),
            voice.money(group.revenue_minor),
            voice.share(group.churn_mean),
        )
        for group in groups
    )
    named = all(group.name in RFM_NAMES for group in groups)
    return TableWords(say("rfm" if named else "segments"), heads, rows, (1, 2, 3, 4, 5))


@dataclass(frozen=True)
class CardWords:
    """One customer in words."""

    title: str
    profile: tuple[tuple[str, str], ...]
    stage: str
    stage_reason: str
    scores: TableWords
    features: TableWords
    history: TableWords


def card_words(card: CustomerCard, voice: Voice) -> CardWords:
    """Return all that is known of one customer, in words."""
    say = voice.say
    return CardWords(
        title=f"{say('customer')} {card.customer_id}",
        profile=tuple((name, _shown(value, voice)) for name, value in card.profile.items() if name != "customer_id"),
        stage=say(f"stage_{card.stage.label}") if card.stage else say("stages_none"),
        stage_reason=told(card.stage.reasons[0], voice.language) if card.stage and card.stage.reasons else "",
        scores=_scores(card.scores, voice),
        features=TableWords(
            say("features"),
            (say("feature"), say("figure")),
            tuple((_feature(name, voice.language), _figure(name, value, voice)) for name, value in card.features.items()),
            (1,),
        ),
        history=TableWords(
            say("history"),
            (say("day"), say("what"), say("reference"), say("amount")),
            tuple(
                (
                    voice.day(one.happened_at),
                    say(f"kind_{one.kind}") if one.kind in ("order", "refund") else one.kind,
                    one.reference or "",
                    voice.exact(one.amount_minor) if one.amount_minor is not None else "",
                )
                for one in card.history
            ),
            (3,),
        ),
    )


def _scores(scores: Sequence[Score], voice: Voice) -> TableWords:
    say = voice.say
    rows = []
    for score in sorted(scores, key=lambda one: TARGETS.index(one.target) if one.target in TARGETS else len(TARGETS)):
        name = say(f"target_{score.target}") if score.target in TARGETS else score.target
        if score.horizon_days:
            name = f"{name}, {say('days', days=score.horizon_days)}"
        ends = ""
        if score.low is not None and score.high is not None:
            ends = f"{_value(score.target, score.low, voice)} – {_value(score.target, score.high, voice)}"
        answer = _labelled(score, voice) or _value(score.target, score.value, voice)
        rows.append((name, answer, ends, _joined(score, voice)))
    return TableWords(say("scores"), (say("score"), say("figure"), say("interval"), say("reason")), tuple(rows), (1, 2))


TARGETS = ("p_churn", "p_buy", "orders", "revenue_minor", "days", "rfm", "cluster")
"""In the order they are shown."""


def _joined(score: Score, voice: Voice) -> str:
    sentences = [told(reason, voice.language).rstrip(".。") for reason in score.reasons[:3]]
    return ("；" if voice.language == "zh" else "; ").join(sentences)


def _labelled(score: Score, voice: Voice) -> str:
    if score.label is None:
        return ""
    if score.target == "rfm":
        return f"{rfm_name(score.label).label.say(voice.language)} ({score.label})"
    if score.target == "cluster" and voice.language == "zh" and score.reasons:
        return score.reasons[0].zh.split("：")[0]  # a reason of a cluster begins with its name
    return score.label


def _value(target: str, value: float | None, voice: Voice) -> str:
    if value is None:
        return voice.say("may_not_return") if target == "days" else "–"
    if target.startswith("p_"):
        return voice.share(value)
    if target.endswith("_minor"):
        return voice.money(value)
    return voice.say("days", days=voice.count(value)) if target == "days" else f"{value:.1f}"


def _feature(name: str, language: Language) -> str:
    if name not in FEATURES:
        return name
    words = FEATURES[name].label.say(language)
    return words[:1].upper() + words[1:]


def _figure(name: str, value: float | None, voice: Voice) -> str:
    if value is None:
        return "–"
    if name.endswith("_minor"):
        return voice.money(value)
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:,.2f}"


def _shown(value: object, voice: Voice) -> str:
    return voice.day(value) if isinstance(value, datetime) else str(value)
