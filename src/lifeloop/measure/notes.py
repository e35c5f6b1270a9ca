"""Honest notes: what the reader of a report must know before trusting its figures."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from lifeloop.base.text import LANGUAGES, Text
from lifeloop.measure.quality import Quality

YEAR_DAYS = 365

NOTES: dict[str, Text] = {
    "no_orders": Text(
        "No order is known before this moment: there is nothing to report yet.",
        "此刻之前没有任何订单：暂时没有可报告的内容。",
    ),
    "no_scores": Text(
        "Nothing was predicted as of this moment. Run: lifeloop run.",
        "尚未对此刻做出预测。请运行：lifeloop run。",
    ),
    "short_history": Text(
        "Less than one full year of history ({days} days): seasonal peaks cannot be known, so expected revenue may be far off "
        "before a holiday.",
        "历史不足一整年（{days} 天）：无法得知季节性高峰，节假日之前的预期收入可能偏差较大。",
    ),
    "old_customers": Text(
        "The first cohort holds the old customers too: whoever ordered before the facts begin looks new in their first month.",
        "第一个同期群也包含老顾客：在数据开始之前就下过单的人，在首月看起来像新客。",
    ),
    "silence": Text(
        "The last known order is {days} days older than this report: if the shop sold since, those orders were not imported, "
        "and everybody looks more at risk than they are.",
        "最后一笔已知订单比本报告早 {days} 天：若店铺此后仍有销售，则这些订单未被导入，所有顾客看起来都比实际更有风险。",
    ),
    "unnamed": Text(
        "{share} of all revenue comes from {orders} orders nobody is named in: it is counted as revenue, but predicts nothing.",
        "全部收入中有 {share} 来自 {orders} 笔没有署名的订单：计入收入，但无法用于预测。",
    ),
    "rejected": Text(
        "{rows} imported rows could not be read and are in no figure; they are kept with their reasons, counted above.",
        "导入文件中有 {rows} 行无法读取，未计入任何数字；它们连同原因一并保留，数量见上表。",
    ),
    "independent": Text(
        "The interval of the total takes customers as independent. A season, a price rise or a crisis moves all of them at "
        "once: the truth can lie outside more often than the interval says.",
        "总额的区间假定顾客彼此独立。季节、涨价或危机会同时影响所有人：真实值落在区间之外的可能比区间所示更大。",
    ),
    "past_totals": Text(
        "The interval of the total reaches as far as the predicted totals were off at moments of this shop's past.",
        "总额的区间已放宽到本店过去各时刻预测总额的偏差范围。",
    ),
    "not_judged": Text(
        "The models have not been judged on this shop's own past. Run: lifeloop backtest.",
        "模型尚未用本店自己的历史检验。请运行：lifeloop backtest。",
    ),
}
"""Every note by name."""


@dataclass(frozen=True)
class Note:
    """One note, ready to be shown."""

    name: str
    en: str
    zh: str


def notes(quality: Quality, as_of: datetime, *, judged: Collection[str], scored: bool) -> tuple[Note, ...]:
    """Return the notes that hold for these facts, the gravest first."""
    if quality.first is None or quality.last is None:
        return (_note("no_orders"),)
    said = []
    if not scored:
        said.append(_note("no_scores"))
    known_days, silent_days = (as_of - quality.first).days, (as_of - quality.last).days
    if known_days < YEAR_DAYS:
        said.append(_note("short_history", days=known_days))
    if silent_days > max(7, known_days // 50):
        said.append(_note("silence", days=silent_days))
    if quality.unnamed_orders:
        said.append(_note("unnamed", share=f"{quality.unnamed_share:.1%}", orders=f"{quality.unnamed_orders:,}"))
    if quality.rejected_rows:
        said.append(_note("rejected", rows=f"{quality.rejected_rows:,}"))
    if scored and not judged:
        said.append(_note("not_judged"))
    if scored:
        said.append(_note("past_totals" if "value" in judged else "independent"))
    said.append(_note("old_customers"))
    return tuple(said)


def _note(name: str, **values: object) -> Note:
    said = {language: NOTES[name].say(language, **values) for language in LANGUAGES}
    return Note(name, said["en"], said["zh"])
