"""Goods and services: fees, postage and corrections of an invoice stand on order lines like products, and are none.

They are bought with everything, so every count of what goes with what would put them first. What is one is told by its whole
title, or by an id that tills give it: a word within a title says nothing (a `Postage stamp mug` is a mug).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

import numpy as np

from lifeloop.base.text import Text
from lifeloop.recommend.histories import Flags

_TITLES = """
post, postage, dotcom postage, postage & packing, postage and packing, postage & packaging, p&p, p & p, postage fee
shipping, shipping fee, shipping cost, shipping costs, shipping charge, shipping charges, shipping & handling
shipping and handling, express shipping, standard shipping, free shipping, shipping insurance, shipping protection
next day carriage, carriage, carriage charge, carriage paid, freight, freight charge
delivery, delivery fee, delivery charge, delivery cost, express delivery, standard delivery, home delivery
handling, handling fee, handling charge, packing fee, packaging fee, processing fee, service fee, service charge
transaction fee, payment fee, booking fee, restocking fee, bank charges, bank charge, amazon fee, amazon fees, paypal fee
commission, cruk commission, discount, discounts, rebate, gratuity, donation, deposit, surcharge
manual, manual adjustment, adjustment, adjust bad debt, bad debt, balance adjustment, price adjustment, price difference
difference, rounding, rounding adjustment, voucher fee, gift wrap fee, gift wrapping fee
sales tax, vat, tax, insurance, sample, samples, test product, this is a test product
pads to match all cushions
运费, 邮费, 快递费, 物流费, 配送费, 派送费, 送货费, 运费险, 运费补差, 补运费, 补邮费, 邮费补差, 补差价
差价, 补差, 差价补拍, 补差价专用, 邮费专拍, 运费专拍, 补邮费专拍, 补运费专拍, 手续费, 服务费, 包装费, 打包费, 安装费, 佣金
折扣, 优惠, 税费, 关税, 小费, 打赏, 定金, 押金, 样品
差价专拍, 补差价链接, 邮费链接, 运费链接, 专拍链接, 补拍, 补拍链接
"""
_IDS = """
post, postage, shipping, shipping_fee, delivery, delivery_fee, carriage, freight, handling, dot, bank charges, amazonfee, cruk
pads, adjust, adjust2, discount, commission, manual, rounding, yunfei, youfei, 运费, 邮费, 快递费, 补差价, 手续费
"""
_BY_HAND = re.compile(r"adjustment by .+ on .*\d")
"""Of a correction that says who made it, and when."""
_SEPARATORS = re.compile(r"[\n,]")
_SPACES = re.compile(r"\s+")
_ENDS = " .:：。-–—*!()（）【】[]"

COUNTED = Text(
    "Fees, postage and corrections are never recommended ({count} of the products).",
    "运费、手续费和账目调整不会被推荐（共 {count} 个商品）。",
)


def note_of(goods: Flags) -> tuple[Text, ...]:
    """Return what whoever reads a run should know of the products that are no goods; nothing where all are."""
    count = int(np.count_nonzero(~goods))
    return (Text(COUNTED.say("en", count=count), COUNTED.say("zh", count=count)),) if count else ()


def is_goods(ids: Sequence[str], titles: Sequence[str | None] = ()) -> Flags:
    """Return which products are goods and not services, shape (products,).

    Args:
        ids: product ids
        titles: what each is called, None where nobody says; empty where no title is known

    >>> is_goods(["POST", "M", "M", "22423"], ["POSTAGE", "Manual", "Mango", "Postage stamp mug"]).tolist()
    [False, False, True, True]
    """
    called = titles or [None] * len(ids)
    return np.array([not _is_service(one, title) for one, title in zip(ids, called, strict=True)], np.bool_)


def _is_service(product_id: str, title: str | None) -> bool:
    name = _plain(title or "")
    if name in _KNOWN_TITLES or _BY_HAND.match(name):
        return True
    if not name or name == _plain(product_id):
        return _plain(product_id) in _KNOWN_IDS
    return False


def _plain(name: str) -> str:
    """Return a name without case, width and what stands around it."""
    return _SPACES.sub(" ", unicodedata.normalize("NFKC", name).casefold()).strip(_ENDS)


def _listed(names: str) -> frozenset[str]:
    return frozenset(_plain(name) for name in _SEPARATORS.split(names) if name.strip())


_KNOWN_TITLES, _KNOWN_IDS = _listed(_TITLES), _listed(_IDS)
