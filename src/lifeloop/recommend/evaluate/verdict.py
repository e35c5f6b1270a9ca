"""What a comparison comes to, in words: which model is best, and whether what the shop serves is as good as those of others."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from lifeloop.base.text import LANGUAGES, Text
from lifeloop.recommend.evaluate.intervals import Mean, mean_of
from lifeloop.recommend.evaluate.metrics import Doubles
from lifeloop.recommend.histories import Ints

SERVED: Mapping[str, Text] = {
    "lifeloop": Text("served to known customers, on the home page and in messages", "在首页和消息中用于已知顾客"),
    "lifeloop_visit": Text("served to visitors nobody knows, on the home page", "在首页用于未知访客"),
}
"""The models whose order the shop serves where a history or a visit is answered, and to whom."""
OURS = frozenset({*SERVED, "lifeloop_taste"})

EXPLAINED: Mapping[str, Text] = {
    "lifeloop": Text(
        "ours as served to known customers whose history may be used, on the home page and in messages: what is wanted next",
        "我们的模型：在首页和消息中用于可使用其历史的已知顾客，回答接下来想要什么",
    ),
    "lifeloop_visit": Text(
        "ours as served to visitors nobody knows, on the home page, from their visit so far: what is looked at next",
        "我们的模型：在首页用于未知访客，依据其本次访问，回答接下来看什么",
    ),
    "lifeloop_taste": Text(
        "a part of `lifeloop`, here alone and never served so: what is liked, whatever the order",
        "`lifeloop` 的一部分，这里单独列出，不单独使用：喜欢什么，不问次序",
    ),
    "popularity": Text("baseline: what most have had", "基线：最多人有过的商品"),
    "again": Text("baseline: one's own products again, the latest counting most", "基线：再次推荐本人有过的商品，越近越重"),
    "markov": Text("baseline: what followed the latest product most often", "基线：最近一件商品之后最常出现的商品"),
    "item_knn": Text("peer: products had by the same people as one's own", "同类：与本人商品被同一些人拥有的商品"),
    "user_knn": Text("peer: what the most similar people had", "同类：最相似的人有过的商品"),
    "svd": Text("peer: singular value decomposition", "同类：奇异值分解"),
    "ials": Text("peer: alternating least squares, by implicit", "同类：交替最小二乘（implicit 库）"),
    "ease": Text("peer: EASE, linear in closed form", "同类：EASE，线性闭式解"),
    "sasrec": Text("peer: a neural network over sequences, by PyTorch", "同类：序列神经网络（PyTorch）"),
}
"""What each model is, on one line."""

NONE = Text("No model could be compared.", "没有模型可以比较。")
BEST = Text("Best by NDCG@10: {model}, {value} ({low} to {high}).", "按 NDCG@10 最好的是 {model}：{value}（{low} 至 {high}）。")
BETTER = Text(
    "{model} ({served}) is better than {rival}, the best of the others: {value} against {other} (difference {low} to {high}).",
    "{model}（{served}）优于其他模型中最好的 {rival}：{value} 对 {other}（差值 {low} 至 {high}）。",
)
AS_GOOD = Text(
    "{model} ({served}) is as good as {rival}, the best of the others, as far as can be told: {value} against {other}; the "
    "difference, {low} to {high}, may be nothing.",
    "{model}（{served}）与其他模型中最好的 {rival} 看不出差别：{value} 对 {other}；差值 {low} 至 {high}，可能只是偶然。",
)
WORSE = Text(
    "{model} ({served}) is worse than {rival}, the best of the others: {value} against {other} (difference {low} to {high}).",
    "{model}（{served}）不如其他模型中最好的 {rival}：{value} 对 {other}（差值 {low} 至 {high}）。",
)
UNSURE = Text(
    "There are too few cases to compare {model} ({served}) with {rival}: {value} against {other}.",
    "样例太少，无法比较 {model}（{served}）与 {rival}：{value} 对 {other}。",
)


def verdict(ndcg: Mapping[str, Doubles], clusters: Ints | None = None) -> Text:
    """Return which model is best, and how what is served stands beside the best of the others.

    `ndcg` is NDCG@10 of each case by model, shape (cases,); models are compared case by case, so that what makes a case hard
    for both does not hide a difference. `clusters` (cases,) says whose each case is.
    """
    means = {name: mean_of(values, clusters) for name, values in ndcg.items() if not np.isnan(values).all()}
    if not means:
        return NONE
    best = max(means, key=lambda name: means[name].value)
    said = [_said(BEST, means[best], "{:.4f}", model=best, value=_figure(means[best]))]
    others = [name for name in means if name not in OURS]
    if others:
        rival = max(others, key=lambda name: means[name].value)
        for model in (name for name in SERVED if name in means):
            difference = mean_of(ndcg[model] - ndcg[rival], clusters)
            blanks = {"model": model, "rival": rival, "value": _figure(means[model]), "other": _figure(means[rival])}
            said.append(_said(_who(difference), difference, "{:+.4f}", served=SERVED[model], **blanks))
    return Text(" ".join(one.en for one in said), "".join(one.zh for one in said))


def _who(difference: Mean) -> Text:
    if np.isnan(difference.low):
        return UNSURE
    if difference.low > 0:
        return BETTER
    return WORSE if difference.high < 0 else AS_GOOD


def _figure(mean: Mean) -> str:
    return f"{mean.value:.4f}"


def _said(text: Text, mean: Mean, form: str, *, served: Text | None = None, **values: str) -> Text:
    ends = {"low": form.format(mean.low), "high": form.format(mean.high)}
    en, zh = (
        text.say(language, **ends, **values, **({"served": served.say(language)} if served else {})) for language in LANGUAGES
    )
    return Text(en, zh)
