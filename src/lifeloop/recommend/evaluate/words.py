"""How it was measured, in words."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from lifeloop.base.text import Text

PUBLISHED = Text(
    "Learnt from all but the last two products of everybody, or the last three of whom the data marks as held for validation; "
    "all but the last are given, and the last is to be found. Every product is ranked{seen}.",
    "学习每人除最后两件之外的全部商品（数据标明留作验证的人则除去最后三件）；"
    "给出除最后一件之外的商品，找出最后一件。对每件商品排序{seen}。",
)
EARLIER = Text(
    "The last {back} products of everybody, and one more of whom the data marks as held for validation, are not looked at. All "
    "but the last of the others are learnt from and given, and the last of them is to be found. Every product is ranked{seen}.",
    "先去掉每人最后 {back} 件商品（数据标明留作验证的人再多去一件）；"
    "学习并给出其余商品中除最后一件之外的部分，找出其中最后一件。对每件商品排序{seen}。",
)
CASES = Text(
    "Learnt from the training visits of the data set; its own test cases give what came before in a visit, and the next "
    "product is to be found. Every product learnt from is ranked{seen}.",
    "学习数据集的训练会话；数据集自带的测试样例给出会话中此前的商品，找出下一件。对学习过的每件商品排序{seen}。",
)
TEMPORAL = Text(
    "Learnt from everything before {cut}; what everybody had before is given, and all they had from then on is to be found. "
    "Every product learnt from is ranked{seen}.",
    "学习 {cut} 之前的全部记录；给出每人此前的商品，找出此后的全部商品。对学习过的每件商品排序{seen}。",
)
STRONG = Text(
    "A tenth of the people, drawn by chance, is not learnt from; of the products of each four fifths drawn by chance are given "
    "and the others are to be found. Every product learnt from is ranked{seen}.",
    "随机抽取十分之一的人，不用于学习；随机给出每人五分之四的商品，找出其余商品。对学习过的每件商品排序{seen}。",
)
_UNSEEN_ONLY = Text(", but for those given", "，给出的商品除外")
_REPEATS_TOO = Text(", those given too", "，也包括给出的商品")


def said(text: Text, *, drop_seen: bool, **values: str) -> Text:
    """Return how it was measured, with its blanks filled in."""
    seen = _UNSEEN_ONLY if drop_seen else _REPEATS_TOO
    return Text(text.say("en", seen=seen.en, **values), text.say("zh", seen=seen.zh, **values))


def moment(at: int) -> str:
    """Return a moment in microseconds since 1970 as text, UTC.

    >>> moment(0)
    '1970-01-01 00:00:00 UTC'
    """
    return f"{datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=at):%Y-%m-%d %H:%M:%S} UTC"
