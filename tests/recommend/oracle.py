"""What the rules say, told a second time and as plainly as can be: straight from rows, settings and what was asked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from lifeloop.base.recommend_settings import RecommendSettings
from lifeloop.recommend.asked import Answer, Asked, Person, Recommended
from lifeloop.testing.shopfronts import DAY

Row = Mapping[str, Any]

FAMILIES = {"Tea 100 g": "tea", "Tea 250 g": "tea", "Pot": "pot", "Pot, blue": "pot", "Cup": "cup"}
"""Titles in catalogues that are made up, by what they are variants of."""


def path_of(category: str) -> list[str]:
    """Return a category path as its levels, from the top, in small letters."""
    for sign in "/|›＞":
        category = category.replace(sign, ">")
    return [level.strip().lower() for level in category.split(">")]


def lies_in(path: str | None, wanted: str) -> bool:
    """Return whether a path goes through a category, wherever in it that lies."""
    own, sought = path_of(path or ""), path_of(wanted)
    return " > ".join(sought) in {" > ".join(own[first:last]) for first in range(len(own)) for last in range(len(own) + 1)}


def lies_below(path: str | None, wanted: str, rows: Sequence[Row]) -> bool:
    """Return whether a category path lies below a wanted one; anywhere in it, where no path begins with it."""

    def begins(one: str | None) -> bool:
        return one is not None and path_of(one)[: len(path_of(wanted))] == path_of(wanted)

    return begins(path) if any(begins(row.get("category")) for row in rows) else lies_in(path, wanted)


def leaks(
    answer: Answer,
    rows: Sequence[Row],
    settings: RecommendSettings,
    asked: Asked,
    person: Person,
    gaps: Mapping[str, float],
    now: int,
) -> list[str]:
    """Return what is wrong with an answer, in words; nothing where every rule is kept."""
    by_id = {row["product_id"]: row for row in rows}
    rules = settings.rules(asked.placement)
    names = [one.product_id for one in answer.products]
    found = _of_list(answer, names, asked)
    for one in answer.products:
        if one.product_id not in by_id:
            found.append(f"{one.product_id} is not sold")
            continue
        row = by_id[one.product_id]
        faults = _of_product(row, rows, rules, asked, by_id)
        faults += _of_person(one.product_id, asked, person, settings, gaps, now)
        faults += [] if person.has_consent else _of_stranger(one, asked)
        found += [f"{one.product_id}: {fault}" for fault in faults]
    if not person.has_consent and answer.is_personal:
        found.append("personal without consent")
    return found + _over_caps(names, by_id, settings, asked)


def _of_list(answer: Answer, names: Sequence[str], asked: Asked) -> list[str]:
    found = []
    if len(set(names)) < len(names):
        found.append("a product stands twice")
    if len(names) > min(asked.k, 100):
        found.append("more than were asked for")
    if [one.rank for one in answer.products] != list(range(1, len(names) + 1)):
        found.append("ranks have holes")
    found += [f"{one.product_id}: a chance of {one.propensity}" for one in answer.products if not 0 < one.propensity <= 1]
    return found


def _of_stranger(one: Recommended, asked: Asked) -> list[str]:
    found = []
    page = asked.items if asked.placement in ("product", "search", "cart") else ()
    if any(why.because_of not in (None, *page) for why in one.reasons):
        found.append("a history without consent")
    if one.strategy in ("personal", "session"):
        found.append("personal without consent")
    return found


def _of_product(row: Row, rows: Sequence[Row], rules: Any, asked: Asked, by_id: Mapping[str, Row]) -> list[str]:
    found = []
    stock, price, cost = row.get("stock"), row.get("price_minor"), row.get("cost_minor")
    if stock is not None and stock <= 0:
        found.append("out of stock")
    if rules.margin_floor is not None and _margin(price, cost) < rules.margin_floor - 1e-12:
        found.append("below the margin")
    unit: float | None = 100.0
    if asked.placement == "product":
        unit = by_id.get(_page(asked, by_id), {}).get("price_minor") or None
    if unit is not None and rules.lowest_price is not None and (price is None or price < rules.lowest_price * unit - 1e-9):
        found.append("too cheap")
    if unit is not None and rules.highest_price is not None and (price is None or price > rules.highest_price * unit + 1e-9):
        found.append("too dear")
    if row["product_id"] in (rules.excluded_products or ()):
        found.append("excluded")
    if any(lies_in(row.get("category"), name) for name in rules.excluded_categories or ()):
        found.append("of an excluded category")
    if asked.category is not None and not lies_below(row.get("category"), asked.category, rows):
        found.append("of another category")
    if asked.placement == "cart" and _is_variant(row, asked, by_id):
        found.append("a variant of what is in the cart")
    return found


def _margin(price: int | None, cost: int | None) -> float:
    """Return the share of the price that is left; endless where nobody knows, and less than nothing of what is given away."""
    if price is None or cost is None:
        return float("inf")
    return (price - cost) / price if price > 0 else float("-inf")


def _is_variant(row: Row, asked: Asked, by_id: Mapping[str, Row]) -> bool:
    def family(one: Row) -> tuple[str, str | None] | None:
        return (FAMILIES[one["title"]], one.get("brand")) if one.get("title") else None

    return family(row) is not None and family(row) in [family(by_id[name]) for name in asked.items if name in by_id]


def _page(asked: Asked, known: Mapping[str, Row]) -> str:
    """Return the product on the page: the first that is known (one that only the model knows has no price)."""
    return next(iter(asked.items), "") if asked.items and asked.items[0] in known else "?"


def _of_person(
    name: str, asked: Asked, person: Person, settings: RecommendSettings, gaps: Mapping[str, float], now: int
) -> list[str]:
    found = []
    if asked.placement == "search":
        return [] if name in asked.items else ["no hit"]
    if asked.placement in ("product", "cart") and name in asked.items:
        found.append("asked about")
    if not person.has_consent:
        return found
    if asked.placement == "message" and name in person.sent:
        found.append("sent lately")
    orders = [deed.at for deed in person.deeds if deed.product_id == name and deed.kind == "order"]
    carts = [deed.at for deed in person.deeds if deed.product_id == name and deed.kind == "cart"]
    if asked.placement == "home" and carts and max(carts) > max(orders, default=0):
        found.append("in the cart")
    gave_back = any(deed.product_id == name and deed.kind == "refund" for deed in person.deeds)
    is_due = settings.repeats and bool(orders) and (now - max(orders)) / DAY >= gaps.get(name, float("inf"))
    if gave_back or (orders and not is_due):
        found.append("bought, and not due")
    return found


def _over_caps(names: Sequence[str], by_id: Mapping[str, Row], settings: RecommendSettings, asked: Asked) -> list[str]:
    rules: Any = settings.rules(asked.placement)
    if asked.placement == "search":
        rules = settings.placements.get("search")
    found = []
    for trait in ("brand", "category"):
        most = getattr(rules, f"{trait}_cap", None)
        counted = Counter(by_id[name].get(trait) for name in names if name in by_id and by_id[name].get(trait))
        if most is not None and any(count > most for count in counted.values()):
            found.append(f"more than {most} of one {trait}")
    return found
