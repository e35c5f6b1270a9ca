"""What a backtest comes to, in words: whether the model beats RFM, and whether its figures can be taken at their word."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from lifeloop.base.text import LANGUAGES, Text
from lifeloop.predict.judge.intervals import Estimate, Measured

BETTER = Text(
    "{model} ranks customers better than {rival}: {figure} {value} against {other} (difference {low} to {high}).",
    "{model} 的排序优于 {rival}：{figure} {value} 对 {other}（差值 {low} 至 {high}）。",
)
TIED = Text(
    "{model} ranks customers no better than {rival} here: {figure} {value} against {other}; the difference, {low} to {high}, "
    "may be nothing.",
    "{model} 在这里的排序并不比 {rival} 好：{figure} {value} 对 {other}；差值 {low} 至 {high}，可能只是偶然。",
)
SIMPLER = Text("The simpler one will do.", "用更简单的即可。")
CLOSER = Text(
    "But its percentages are closer to what happened: Brier score {value} against {other}.",
    "但其百分比更接近实际：Brier 分数 {value} 对 {other}。",
)
WORSE = Text(
    "{model} ranks customers worse than {rival}: {figure} {value} against {other} (difference {low} to {high}). Use {rival}.",
    "{model} 的排序不如 {rival}：{figure} {value} 对 {other}（差值 {low} 至 {high}）。请改用 {rival}。",
)
ONE_OUTCOME = Text(
    "Every customer had the same outcome in the test: nothing can be ranked, and no model can be judged.",
    "检验期内所有顾客的结果都相同：无法排序，也无法评判任何模型。",
)
CALIBRATED = Text(
    "Its percentages can be taken at their word: they are off by {ece} points on average (slope {slope}).",
    "其百分比可以按字面理解：平均误差 {ece} 个百分点（斜率 {slope}）。",
)
MISCALIBRATED = Text(
    "Take its percentages with care: they are off by {ece} points on average and {side} by {bias} points (slope {slope}).",
    "其百分比需谨慎看待：平均误差 {ece} 个百分点，整体{side} {bias} 个百分点（斜率 {slope}）。",
)
TOO_HIGH, TOO_LOW = Text("too high", "偏高"), Text("too low", "偏低")
LEVEL_GOOD = Text("Its total is {ratio} of what customers then spent.", "其预测总额为顾客实际消费的 {ratio}。")
LEVEL_OFF = Text(
    "Take its amounts with care: their total is {ratio} of what customers then spent.",
    "其金额需谨慎看待：预测总额为顾客实际消费的 {ratio}。",
)
STOOD_IN = Text(
    "There was too little past to train {model}: {by} answered in its place.", "历史太少，无法训练 {model}：由 {by} 代为作答。"
)

NAMES: Mapping[str, str] = {
    "auc": "AUC",
    "gini": "Gini",
    "rfm": "RFM",
    "btyd": "BG/NBD",
    "lightgbm": "LightGBM",
}
"""How models and figures are written in sentences, where not as they are called."""

CLOSER_AMOUNTS = Text(
    "But its amounts are closer to what happened: in all {value} of what customers spent, against {other}.",
    "但其金额更接近实际：预测总额为实际的 {value}，对方为 {other}。",
)

LEADING = {"churn": "auc", "value": "gini"}
"""The figure that decides who is better."""

CLOSENESS = {"churn": "brier", "value": "mae"}
"""The figure that says whose predictions lie closer to what happened."""

_ECE, _SLOPE, _TOTAL = 0.02, (0.9, 1.1), (0.9, 1.1)


@dataclass(frozen=True)
class Found:
    """What the words are made from."""

    question: str
    model: str
    measured: Mapping[str, Measured]
    rival: str
    stood_in: Mapping[str, str]
    mean: float
    """Share that churned, or mean revenue, in the test."""


def verdict(found: Found) -> Text:
    """Return the verdict on `found.model` in both languages."""
    parts: list[tuple[str, str]] = []
    if found.model in found.stood_in:
        parts.append(_both(STOOD_IN, model=_name(found.model), by=_name(found.stood_in[found.model])))
    leading = found.measured[found.model].estimate(LEADING[found.question])
    if leading.value != leading.value or (found.question == "churn" and not 0 < found.mean < 1):
        parts.append(_both(ONE_OUTCOME))
    else:
        if found.model != found.rival:
            parts.extend(_rank(found))
        parts.append(_calibration(found) if found.question == "churn" else _level(found))
    return Text(" ".join(en for en, _ in parts), "".join(zh for _, zh in parts))


def _rank(found: Found) -> list[tuple[str, str]]:
    figure = LEADING[found.question]
    ours, rival = found.measured[found.model], found.measured[found.rival]
    difference = ours.difference(figure, rival)
    said = _who(difference)
    parts = [
        _both(
            said,
            model=_name(found.model),
            rival=_name(found.rival),
            figure=_name(figure),
            value=f"{ours.figures[figure]:.3f}",
            other=f"{rival.figures[figure]:.3f}",
            low=f"{difference.low:+.3f}",
            high=f"{difference.high:+.3f}",
        )
    ]
    if said is not TIED:
        return parts
    if ours.difference(CLOSENESS[found.question], rival).high >= 0:
        return [*parts, _both(SIMPLER)]
    if found.question == "churn":
        shown = [f"{one.figures['brier']:.4f}" for one in (ours, rival)]
        return [*parts, _both(CLOSER, value=shown[0], other=shown[1])]
    shown = [f"{100 * one.figures['total_ratio']:.0f} %" for one in (ours, rival)]
    return [*parts, _both(CLOSER_AMOUNTS, value=shown[0], other=shown[1])]


def _who(difference: Estimate) -> Text:
    if difference.low > 0:
        return BETTER
    return WORSE if difference.high < 0 else TIED


def _calibration(found: Found) -> tuple[str, str]:
    figures = found.measured[found.model].figures
    good = figures["ece"] <= _ECE and _SLOPE[0] <= figures["slope"] <= _SLOPE[1]
    shown = {"ece": f"{100 * figures['ece']:.1f}", "slope": f"{figures['slope']:.2f}"}
    if good:
        return _both(CALIBRATED, **shown)
    side = TOO_HIGH if figures["bias"] > 0 else TOO_LOW
    en, zh = (
        MISCALIBRATED.say(language, side=side.say(language), bias=f"{100 * abs(figures['bias']):.1f}", **shown)
        for language in LANGUAGES
    )
    return en, zh


def _level(found: Found) -> tuple[str, str]:
    ratio = found.measured[found.model].figures["total_ratio"]
    good = _TOTAL[0] <= ratio <= _TOTAL[1]
    return _both(LEVEL_GOOD if good else LEVEL_OFF, ratio=f"{100 * ratio:.0f} %")


def _name(name: str) -> str:
    return NAMES.get(name, name)


def _both(text: Text, **values: str) -> tuple[str, str]:
    return text.say("en", **values), text.say("zh", **values)
