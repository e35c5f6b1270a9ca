# ruff: noqa: E501 - the tables read better in rows
"""What the simulated shop sells: a homeware catalogue with a name in English and Chinese for each product."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

_CATEGORIES = {
    "Tea & coffee": ("茶与咖啡", 14.0, ["Teapot", "Mug", "Tea tin", "Coffee press", "Green tea", "Cup set"]),
    "Kitchen": ("厨房", 22.0, ["Chopping board", "Wok", "Storage jar", "Apron", "Knife", "Mixing bowl"]),
    "Home textile": ("家纺", 32.0, ["Cushion", "Throw", "Bed linen", "Towel", "Table runner", "Curtain"]),
    "Light & scent": ("灯饰香薰", 19.0, ["Candle", "Lantern", "Diffuser", "Table lamp", "String lights", "Incense"]),
    "Stationery": ("文具", 8.0, ["Notebook", "Pen set", "Gift wrap", "Card set", "Calendar", "Sticker sheet"]),
    "Garden": ("园艺", 27.0, ["Planter", "Watering can", "Seed box", "Bird house", "Wind chime", "Tool set"]),
}
_ZH = {
    "Teapot": "茶壶", "Mug": "马克杯", "Tea tin": "茶叶罐", "Coffee press": "法压壶", "Green tea": "绿茶", "Cup set": "杯具套装",
    "Chopping board": "砧板", "Wok": "炒锅", "Storage jar": "储物罐", "Apron": "围裙", "Knife": "厨刀", "Mixing bowl": "搅拌碗",
    "Cushion": "抱枕", "Throw": "盖毯", "Bed linen": "床品", "Towel": "毛巾", "Table runner": "桌旗", "Curtain": "窗帘",
    "Candle": "蜡烛", "Lantern": "灯笼", "Diffuser": "香薰机", "Table lamp": "台灯", "String lights": "串灯", "Incense": "线香",
    "Notebook": "笔记本", "Pen set": "钢笔套装", "Gift wrap": "礼品纸", "Card set": "贺卡", "Calendar": "日历", "Sticker sheet": "贴纸",
    "Planter": "花盆", "Watering can": "浇水壶", "Seed box": "种子盒", "Bird house": "鸟屋", "Wind chime": "风铃", "Tool set": "园艺工具",
}  # fmt: skip
_FINISHES = {"oak": "橡木", "slate": "石板", "linen": "亚麻", "indigo": "靛蓝", "amber": "琥珀", "jade": "翠玉", "snow": "雪白"}


@dataclass(frozen=True)
class Catalogue:
    """Products as columns of equal length; `popularity` sums to one within the catalogue."""

    product_id: list[str]
    title: list[str]
    title_zh: list[str]
    category: list[str]
    category_no: np.ndarray[tuple[int], np.dtype[np.int64]]
    price_minor: np.ndarray[tuple[int], np.dtype[np.int64]]
    popularity: np.ndarray[tuple[int], np.dtype[np.float64]]

    def table(self) -> pa.Table:
        """Return the product file a shop would export, prices as decimal strings."""
        return pa.table(
            {
                "product_id": self.product_id,
                "title": self.title,
                "title_zh": self.title_zh,
                "category": self.category,
                "price": [f"{minor / 100:.2f}" for minor in self.price_minor.tolist()],
            }
        )


def make_catalogue(products: int, rng: np.random.Generator) -> Catalogue:
    """Draw `products` products: log-normal prices around their category's, Zipf-like popularity."""
    names = list(_CATEGORIES)
    category_no = rng.integers(0, len(names), products)
    finishes = list(_FINISHES)
    title, title_zh, category = [], [], []
    for number in category_no.tolist():
        _, _, things = _CATEGORIES[names[number]]
        thing, finish = things[int(rng.integers(len(things)))], finishes[int(rng.integers(len(finishes)))]
        title.append(f"{thing}, {finish}")
        title_zh.append(f"{_FINISHES[finish]}{_ZH[thing]}")
        category.append(names[number])
    level = np.array([_CATEGORIES[name][1] for name in names])[category_no]
    price = np.maximum(1.0, level * rng.lognormal(-0.1, 0.45, products))
    popularity = rng.permutation(1.0 / np.arange(1, products + 1) ** 0.8)
    return Catalogue(
        product_id=[f"P{number:05d}" for number in range(1, products + 1)],
        title=title,
        title_zh=title_zh,
        category=category,
        category_no=category_no,
        price_minor=(np.round(price * 2) * 50 - 1).astype(np.int64),
        popularity=popularity / popularity.sum(),
    )
