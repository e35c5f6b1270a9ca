"""Near variants: the same thing in another size, amount or colour, told by its title and brand."""

from __future__ import annotations

import re
from functools import lru_cache

from lifeloop.recommend.catalogue import Catalogue

_CHANGING = frozenset(
    "black white red blue green yellow orange pink purple brown grey gray beige navy gold silver "
    "xxs xs s m l xl xxl xxxl small medium large mini size colour color of per "
    "g kg mg ml cl oz lb cm mm in inch gb tb pack packs pcs pieces piece set x ct "
    "克 千克 公斤 斤 毫升 升 厘米 毫米 米 寸 英寸 码 号 片 包 件 只 个 支 瓶 盒 袋 装 色".split()
)
_WORD = re.compile(r"\d+|[^\W\d_]+")
_TAIL = re.compile(r"(?:[黑白红蓝绿黄橙粉紫棕灰米金银]色|[大中小]号|加大|均码|[大中小][包瓶盒袋]装?)$")


@lru_cache(maxsize=1 << 17)
def stem(title: str) -> str:
    """Return what a title says before the amount, size and colour at its end; empty where it says nothing else.

    A number counts as an amount where a unit follows it; a bare one, such as a model's, says which product it is.

    >>> stem("Green Tea - 100 g"), stem("T-Shirt, blue (XL)"), stem("绿茶红色250克"), stem("12 x 7 cm"), stem("Phone 15")
    ('green tea', 't shirt', '绿茶', '', 'phone 15')
    """
    words = _WORD.findall(title.casefold())
    is_after_unit = False
    while words:
        words[-1] = _TAIL.sub("", words[-1])
        is_number = words[-1].isdigit()
        if words[-1] and words[-1] not in _CHANGING and not (is_number and is_after_unit):
            break
        is_after_unit = bool(words[-1]) and not is_number
        words.pop()
    return " ".join(words)


def kind_of(catalogue: Catalogue, place: int) -> tuple[str, str] | None:
    """Return what all near variants of a product have in common; None where its title says nothing."""
    named = stem(catalogue.title[place] or "")
    return (named, catalogue.brand[place] or "") if named else None
