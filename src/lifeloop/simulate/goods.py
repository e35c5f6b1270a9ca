"""The catalogue of the simulated shop: products with category, brand, price, cost, launch day, complements and substitutes."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa

from lifeloop.base.money import EXPONENT
from lifeloop.simulate.draws import Draws, Floats, Ints, pick
from lifeloop.simulate.settings import WorldConfig
from lifeloop.simulate.words import goods as words

PARTNERS = 3
"""How many products each product has that are bought with it."""
_DEAREST = 1e11
"""No product costs more minor units."""
POINTS = (0.19, 0.29, 0.39, 0.49, 0.65, 0.85, 1.25, 1.65, 1.95, 2.49, 2.95, 3.75, 4.25, 4.95)
"""What cheap things usually cost, in major units."""


@dataclass(frozen=True)
class Goods:
    """Products as columns of equal length p, sorted by category; categories as lists of length c."""

    product_id: Any
    """Arrow strings."""
    title: tuple[Any, Any]
    """What it is called in English and in Chinese, Arrow strings."""
    description: tuple[Any, Any]
    """A sentence about it in English and in Chinese, Arrow strings."""
    category: Ints
    """Place in `categories`."""
    categories: tuple[tuple[str, str], ...]
    """Category paths in English and Chinese: department > category."""
    brand: Ints
    """Place in `words.BRANDS`."""
    price_minor: Ints
    cost_minor: Ints
    popularity: Floats
    """Share of the wishes for products once all are launched; sums to 1."""
    launch: Ints
    """First day it is sold; 0 or less: from the beginning."""
    cycle: Ints
    """Days until a piece is used up; 0: never."""
    substitute: Ints
    """The product most like it: same category, nearest price; itself where it stands alone."""
    starts: Ints
    """Place of each category's first product, and p; shape (c + 1,)."""
    complements: Any
    """Running share of the categories that complement each category, shape (c, c); zeros where none does."""
    partners: Any
    """Products often bought with each, shape (p, PARTNERS): one of its own category, then of what complements it; -1: none."""

    def __len__(self) -> int:
        return self.category.size

    unit: int
    """Minor units of one unit of the currency."""

    @cached_property
    def fragment(self) -> tuple[Any, Any]:
        """Each product's part of an event's properties in English and in Chinese: JSON without braces, Arrow strings."""
        return self._fragment(0), self._fragment(1)

    def _fragment(self, language: int) -> Any:
        rows = zip(
            self.title[language].to_pylist(),
            self.category.tolist(),
            self.brand.tolist(),
            self.price_minor.tolist(),
            strict=True,
        )
        return pa.array(
            json.dumps(
                {
                    "name": title,
                    "category": self.categories[category][language],
                    "brand": words.BRANDS[brand],
                    "price": price / self.unit,
                },
                ensure_ascii=False,
            )[1:-1]
            for title, category, brand, price in rows
        )


def make_goods(config: WorldConfig, draws: Draws) -> Goods:
    """Draw the catalogue: log-normal prices around their kind's, popularity by rank, margins around the mean."""
    p = config.shop.products
    chosen = _titles(p, draws)
    paths = sorted({_path(words.THINGS[thing]) for thing, _, _ in chosen})
    place = {path: number for number, path in enumerate(paths)}
    chosen.sort(key=lambda one: place[_path(words.THINGS[one[0]])])
    things = [words.THINGS[thing] for thing, _, _ in chosen]
    category = np.array([place[_path(thing)] for thing in things])
    brand = draws.stream("brand").integers(0, len(words.BRANDS), p)
    finish = [words.finishes(thing)[number] for thing, (_, number, _) in zip(things, chosen, strict=True)]
    series = [f" {copy + 1}" if copy else "" for _, _, copy in chosen]

    price_minor = prices(config, draws, np.array([thing.price for thing in things]))
    margin = draws.stream("margin").beta(12 * config.products.margin, 12 * (1 - config.products.margin), p)
    rank = np.arange(1, p + 1)
    popularity = draws.stream("popularity").permutation(
        np.exp(-config.products.popularity_cut * (rank - 1) / max(p - 1, 1)) / rank**config.products.popularity
    )
    launched = draws.stream("launch").random(p) < config.products.launches
    day = draws.stream("launch day").integers(1, max(config.shop.days, 2), p)
    starts = np.searchsorted(category, np.arange(len(paths) + 1))
    number = draws.stream("product number").permutation(p) + 1
    complements = _complements(paths)
    return Goods(
        product_id=pa.array([f"P{one:05d}" for one in number.tolist()]),
        title=_texts(lambda n, language: words.title(things[n], finish[n], language) + series[n], p),
        description=_texts(lambda n, language: words.description(things[n], finish[n], words.BRANDS[brand[n]], language), p),
        category=category,
        categories=tuple(paths),
        brand=brand,
        price_minor=price_minor,
        cost_minor=np.maximum(1, np.round(price_minor * (1 - margin))).astype(np.int64),
        popularity=popularity / popularity.sum(),
        launch=np.where(launched, day, 0),
        cycle=np.array([thing.cycle_days or 0 for thing in things]),
        substitute=_substitutes(category, price_minor, starts),
        starts=starts,
        complements=complements,
        partners=_partners(draws, category, popularity, starts, complements),
        unit=10 ** EXPONENT[config.shop.currency],
    )


def _path(thing: words.Thing) -> tuple[str, str]:
    return (f"{thing.department_en} > {thing.category_en}", f"{thing.department_zh} > {thing.category_zh}")


def _titles(p: int, draws: Draws) -> list[tuple[int, int, int]]:
    """Choose p different things in finishes, as (thing, finish, series) by number; a second series when all are taken."""
    every = [(number, finish) for number, thing in enumerate(words.THINGS) for finish in range(len(words.finishes(thing)))]
    whole, rest = divmod(p, len(every))
    places = draws.stream("titles").choice(len(every), rest, replace=False)
    chosen = [(*every[one], whole) for one in np.sort(places).tolist()]
    return sorted(chosen + [(*one, copy) for copy in range(whole) for one in every])


def prices(config: WorldConfig, draws: Draws, kinds: Floats) -> Ints:
    """Return prices in minor units around those of their kinds, which are in major units; both of shape (p,).

    They end just below a half (12.49, 12.99), below five on the usual POINTS, below the least of these anywhere.
    """
    spread = config.products.price_sigma
    price = kinds * config.products.price_level * draws.stream("price").lognormal(-spread * spread / 2, spread, kinds.size)
    unit = 10 ** EXPONENT[config.shop.currency]
    price = np.minimum(price, _DEAREST / unit)
    exact = np.maximum(1, np.round(price * unit))
    points = np.array(POINTS)
    nearest = points[np.searchsorted((points[1:] + points[:-1]) / 2, price)] * unit
    halves = np.round(price * 2) * (unit // 2) - unit // 100
    minor = np.where(price < points[0], exact, np.where(price < points[-1], np.round(nearest), halves))
    whole: Ints = (exact if unit == 1 else minor).astype(np.int64)
    return whole


def _texts(text: Any, p: int) -> tuple[Any, Any]:
    english, chinese = (pa.array([text(number, language) for number in range(p)]) for language in ("en", "zh"))
    return english, chinese


def _substitutes(category: Ints, price: Ints, starts: Ints) -> Ints:
    """Return for each product the one of its category that costs most nearly the same."""
    found = np.arange(category.size)
    for first, last in zip(starts[:-1].tolist(), starts[1:].tolist(), strict=True):
        if last - first > 1:
            apart = np.abs(price[first:last, None] - price[None, first:last]).astype(np.float64)
            np.fill_diagonal(apart, np.inf)
            found[first:last] = first + apart.argmin(axis=1)
    return found


def _partners(draws: Draws, category: Ints, popularity: Floats, starts: Ints, complements: Any) -> Any:
    """Choose partners by popularity within the category, and within complementary ones; whoever stands alone has none."""
    p, running = category.size, np.concatenate([[0.0], np.cumsum(popularity)])
    found = np.full((p, PARTNERS), -1)
    for slot in range(PARTNERS):
        other = category
        if slot:
            drawn = draws.uniform("partner: category", np.arange(p), k=slot)
            beside = (complements[category] <= drawn[:, None] * 0.999999).sum(axis=1)
            other = np.where(complements[category, -1] > 0, np.minimum(beside, starts.size - 2), category)
        low, high = running[starts[other]], running[starts[other + 1]]
        chosen = pick(running[1:], (low + draws.uniform("partner", np.arange(p), k=slot) * (high - low)) / running[-1])
        chosen = np.clip(chosen, starts[other], starts[other + 1] - 1)
        following = np.where(chosen + 1 < starts[other + 1], chosen + 1, starts[other])
        chosen = np.where(chosen == np.arange(p), following, chosen)
        found[:, slot] = np.where(chosen == np.arange(p), -1, chosen)
    return found


def _complements(paths: list[tuple[str, str]]) -> Any:
    """Return, for each category, the running share of the categories bought with it."""
    place = {path[0].split(" > ")[1]: number for number, path in enumerate(paths)}
    weight = np.zeros((len(paths), len(paths)))
    for one, other in words.COMPLEMENTS:
        if one in place and other in place:
            weight[place[one], place[other]] = weight[place[other], place[one]] = 1.0
    running = weight.cumsum(axis=1)
    return running / np.maximum(running[:, -1:], 1.0)
