# ruff: noqa: E501 - the tables read better in rows
"""What the simulated shop sells, in words: departments, categories, things, finishes and brands.

A product is a thing in a finish by a brand. `finishes(thing)` gives the 24 finishes that suit a thing (a tea has
a taste, a teapot a material, a towel a colour), so 162 things make 3,888 products whose titles differ in either language.
Prices and cycles are typical ones, set by hand; they speak of no real shop.
"""

from __future__ import annotations

from dataclasses import dataclass

from lifeloop.simulate.words.shelves import DEPARTMENTS, SUITS


@dataclass(frozen=True, slots=True)
class Thing:
    """A kind of good; `price` is the usual one in EUR, `cycle_days` how long it lasts (None: nobody uses it up)."""

    en: str
    zh: str
    department_en: str
    department_zh: str
    category_en: str
    category_zh: str
    price: float
    cycle_days: int | None


BRANDS: tuple[str, ...] = (
    "Tamberin", "Halvorsk", "Miradene", "Osterlune", "Quillbrae", "Pennivar", "Solvanneth", "Brenthollow", "Lumquist", "Fjellorin",
    "Cordelune", "Yarrowkin", "Umbrefield", "Tessavane", "Ondergrove", "Marrowfenn", "Kintalore", "Elmsura", "Dovarine", "Calibrook",
    "Brambelo", "Aldertine", "Zephirren", "Rivenlark",
)  # fmt: skip
"""Invented names; none is known to us as a company's."""

THINGS: tuple[Thing, ...] = tuple(
    Thing(en, zh, department_en, department_zh, category_en, category_zh, price, cycle_days)
    for department_en, department_zh, shelves in DEPARTMENTS
    for category_en, category_zh, _, rows in shelves
    for en, zh, price, cycle_days in rows
)
"""Every thing the shop may sell, shelf by shelf."""

_SUIT_OF = {shelf[0]: shelf[2] for _, _, shelves in DEPARTMENTS for shelf in shelves}

_KIND_OF_SUIT = {"ware": "ware", "colour": "ware", "scent": "care", "taste": "food", "pack": "supply", "meal": "pet"}
_KIND_OF = {name: _KIND_OF_SUIT[suit] for name, suit in _SUIT_OF.items()} | {
    "Candles": "scent", "Home scent": "scent", "Bedding": "textile", "Bath textiles": "textile",
    "Living room textiles": "textile", "Table linen": "textile", "Seeds & soil": "garden",
}  # fmt: skip

COMPLEMENTS: tuple[tuple[str, str], ...] = (
    ("Tea", "Tea ware"), ("Coffee", "Coffee ware"), ("Coffee", "Kitchen supplies"), ("Tea", "Sweet gifts"), ("Coffee", "Sweet gifts"),
    ("Cookware", "Kitchen supplies"), ("Cookware", "Table linen"), ("Tableware", "Table linen"), ("Tableware", "Storage"),
    ("Storage", "Kitchen supplies"), ("Bedding", "Living room textiles"), ("Bedding", "Home scent"), ("Bath textiles", "Hand & body"),
    ("Bath textiles", "Bath tools"), ("Candles", "Candle ware"), ("Home scent", "Candle ware"), ("Lamps", "Living room textiles"),
    ("Lamps", "Writing"), ("Writing", "Cards & wrapping"), ("Cards & wrapping", "Sweet gifts"), ("Cards & wrapping", "Keepsakes"),
    ("Cards & wrapping", "Candles"), ("Pots & planters", "Seeds & soil"), ("Garden tools", "Seeds & soil"),
    ("Pots & planters", "Garden tools"), ("Outdoor living", "Candle ware"), ("Outdoor living", "Pots & planters"),
    ("Hand & body", "Face care"), ("Face care", "Hair care"), ("Hair care", "Bath tools"), ("Hand & body", "Candles"),
    ("Dog & cat food", "Pet treats"), ("Dog & cat food", "Pet care"), ("Pet living", "Pet treats"),
)  # fmt: skip
"""Pairs of English category names that go into one basket."""


def finishes(thing: Thing) -> tuple[tuple[str, str], ...]:
    """Return the 24 finishes, each (en, zh), that suit `thing`: tastes for tea, materials for pots, colours for cloth."""
    return SUITS[_SUIT_OF[thing.category_en]]


def kind_of(path: str) -> str:
    """Return which of `aspects.KINDS` the goods of a category are; `path` is its English path, "Pets > Pet treats".

    Raises
    ------
    KeyError
        If no shelf has the name behind the last ">".
    """
    return _KIND_OF[path.rpartition(" > ")[2]]


def title(thing: Thing, finish: tuple[str, str], language: str) -> str:
    """Return the product's name in `language` ("en" or "zh").

    >>> teapot = next(thing for thing in THINGS if thing.en == "Teapot")
    >>> title(teapot, ("oak", "橡木"), "en"), title(teapot, ("oak", "橡木"), "zh")
    ('Teapot, oak', '橡木茶壶')
    """
    return f"{finish[1]}{thing.zh}" if language == "zh" else f"{thing.en}, {finish[0]}"


_SAID_EN = {
    "ware": (
        "{finish} {thing} by {brand}, made to be used every day.",
        "{brand} makes this {finish} {thing}, plain and sturdy.",
    ),
    "colour": (
        "{finish} {thing} by {brand}, easy to look after.",
        "A {brand} classic: {finish} {thing}, pleasant to the touch.",
    ),
    "scent": ("{thing} with {finish} by {brand}, a soft scent that stays.", "{brand} blends {finish} into this {thing}."),
    "taste": (
        "{thing} by {brand}, {finish}: full in flavour, packed fresh.",
        "From {brand}: {thing}, {finish}, for slow afternoons.",
    ),
    "pack": ("{thing} by {brand} in the {finish}, for home use.", "Always at hand: {thing} from {brand}, {finish}."),
    "meal": ("{thing} with {finish} by {brand}, without added colouring.", "{brand} cooks this {thing} with {finish}, gently."),
}
_SAID_ZH = {
    "ware": ("{brand}{finish}{thing}，日常使用耐看又结实。", "{brand}出品的{finish}{thing}，造型简洁，手感扎实。"),
    "colour": ("{brand}{finish}{thing}，好搭配也好打理。", "{brand}经典款{finish}{thing}，质感舒服。"),
    "scent": ("{brand}{finish}{thing}，香气柔和持久。", "{brand}把{finish}调进这款{thing}，清新不刺鼻。"),
    "taste": ("{brand}{finish}{thing}，香气足，新鲜封装。", "{brand}的{finish}{thing}，适合悠闲的下午慢慢享用。"),
    "pack": ("{brand}{finish}{thing}，家中常备。", "{brand}{thing}，{finish}，好用不贵。"),
    "meal": ("{brand}{finish}{thing}，不添加色素，适口性好。", "{brand}慢火烹制的{finish}{thing}，营养均衡。"),
}


def description(thing: Thing, finish: tuple[str, str], brand: str, language: str) -> str:
    """Return one sentence about the product in `language` ("en" or "zh"); the same product always has the same one."""
    suit = _SUIT_OF[thing.category_en]
    said = (_SAID_ZH if language == "zh" else _SAID_EN)[suit]
    form = said[(len(thing.en) + len(finish[0]) + len(brand)) % len(said)]
    if language == "zh":
        return form.format(thing=thing.zh, finish=finish[1], brand=brand)
    text = form.format(thing=thing.en.lower(), finish=finish[0], brand=brand)
    return text[0].upper() + text[1:]
