# ruff: noqa: E501 - the tables read better in rows
"""How customers type: slips of the keyboard, asides and polite tails, by language."""

from __future__ import annotations

SLIPS = {
    "en": (
        ("receive", "recieve"), ("address", "adress"), ("refund", "refudn"), ("parcel", "parcle"), ("delivery", "delivry"),
        ("invoice", "invioce"), ("wrong", "worng"), ("order", "oder"), ("please", "pls"), ("payment", "paymnet"), ("coupon", "cupon"),
        ("the ", "teh "), ("you", "u"), ("n't", "nt"), ("'s", "s"), ("what", "waht"), ("with", "wiht"), ("can", "cna"), (" is ", " si "),
    ),
    "zh": (
        ("订单", "定单"), ("账号", "帐号"), ("优惠券", "优惠卷"), ("已经", "以经"), ("地址", "地只"), ("退款", "推款"), ("发票", "发漂"),
        ("怎么", "咋"), ("什么", "神马"), ("没有", "木有"), ("客服", "克服"), ("快递", "快第"), ("收到", "受到"), ("运费", "云费"),
        ("付款", "付宽"), ("可以", "可已"), ("取消", "取销"), ("包裹", "包果"), ("吗", "嘛"), ("在", "再"), ("的", "得"), ("啊", "阿"),
    ),
}  # fmt: skip
"""What a hurried hand types instead; the first one found in a text is made."""

TAILS = {
    "en": ("", "", "", "", "", "", " Thanks.", " Thanks in advance!", " Please help.", " Please let me know."),
    "zh": ("", "", "", "", "", "", "谢谢。", "麻烦了。", "急！", "请尽快回复。"),
}
"""What may follow a question."""

ASIDES = {
    "en": (
        "", "", "", "", "", "", "", " I found nothing about it on the website.", " I already wrote an e-mail.", " I'm a regular customer.",
        " First time I order here.", " It's rather urgent.", " Sorry to bother you.", " I'm on my phone, excuse the typing.",
    ),
    "zh": (
        "", "", "", "", "", "", "", "网站上没找到说明。", "之前发过邮件了。", "老顾客了。", "第一次在你们家买。", "比较急。", "不好意思打扰了。",
        "手机打字，见谅。",
    ),
}  # fmt: skip
"""What may stand between a question and its tail; it says nothing about the matter."""
