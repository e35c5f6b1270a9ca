"""What an answer costs, in this process: every placement, known customers and strangers, rules and all.

Run     uv run python bench/bench_answers.py [products] [requests]
Prints  p50 and p99 of the processor time of one request in microseconds, by placement; nothing of it is asserted
"""

from __future__ import annotations

import sys
import time
from dataclasses import replace

import numpy as np

from lifeloop.base.recommend_settings import RecommendSettings
from lifeloop.recommend.answering.answer import answer
from lifeloop.recommend.asked import Asked, Person
from lifeloop.recommend.catalogue import Catalogue
from lifeloop.recommend.deeds import Deeds
from lifeloop.recommend.matrices import Blend, DenseMatrix, ItemMatrix, LowRankMatrix, Part, SparseMatrix
from lifeloop.recommend.model import Model
from lifeloop.recommend.trending import Trending
from lifeloop.testing.shopfronts import NOW, Rules, customer, model, product

DENSE = 5000
RULES = RecommendSettings(margin_floor=0.1, brand_cap=3, category_cap=3, excluded_categories=("T3",))


def shop(products: int, chance: np.random.Generator) -> tuple[Model, Catalogue]:
    """Return a random shop: dense next-item scores up to 5,000 products, 200 neighbours each beyond; 32 content features."""
    catalogue = Catalogue.of(
        product(
            f"p{number:06d}",
            title=f"Thing {np.base_repr(number, 36)} - {number % 5}00 g",
            category=f"T{number % 9} > C{number % 47}",
            brand=f"b{number % 31}",
            price_minor=int(chance.integers(600, 9000)),
            stock=int(chance.integers(0, 5)) if number % 3 else None,
        )
        for number in range(products)
    )

    def sparse(width: int) -> SparseMatrix:
        width = min(width, products // 4)
        columns = np.sort(chance.integers(0, products, (products, width)), axis=1).astype(np.int32).ravel()
        return SparseMatrix(np.arange(0, products * width + 1, width), columns, chance.random(products * width, np.float32))

    dense = products <= DENSE
    personal: ItemMatrix = DenseMatrix(chance.random((products, products), np.float32)) if dense else sparse(200)
    items = chance.integers(0, products, 20_000).astype(np.int32)
    at, kinds = np.full(len(items), NOW), np.zeros(len(items), np.int8)
    bare = model(["p000000"])
    return replace(
        bare,
        products=catalogue.products,
        people=chance.integers(0, 60, products).astype(np.int32),
        gaps=np.full(products, 30, np.float32),
        personal=Blend((Part(personal),)),
        visit=Blend((Part(sparse(200)),)),
        similar=sparse(100),
        together=Rules(sparse(50)),  # only its matrix is asked
        content=LowRankMatrix(chance.random((products, 32), np.float32), chance.random((32, products), np.float32)),
        trending=Trending.fit(items, at, kinds, products=products, now=NOW),
        deeds=Deeds.none(products),
    ), catalogue


def main(products: int, requests: int) -> None:
    chance = np.random.default_rng(0)
    learned, catalogue = shop(products, chance)
    names = catalogue.products.ids
    some = [names[place] for place in chance.integers(0, products, 100)]
    ann = customer(*((name, "view") for name in some[:40]), *((name, "order") for name in some[40:50]))
    for asked in (
        Asked(placement="home"),
        Asked(placement="product", items=(some[0],)),
        Asked(placement="search", items=tuple(some), k=20),
        Asked(placement="cart", items=tuple(some[:5])),
        Asked(placement="message"),
        Asked(placement="home", k=100),
    ):
        for who, person in (("customer", ann), ("stranger", Person())):
            spent = np.empty(requests + 1)
            for number in range(requests + 1):
                begun = time.thread_time()
                said = answer(learned, catalogue, asked, person, settings=RULES, now=NOW, generator=chance)
                spent[number] = time.thread_time() - begun
            p50, p99 = np.percentile(spent[1:] * 1e6, [50, 99])
            print(
                f"{asked.placement:8} k={asked.k:<4} {who:9} {len(said.products):4} products  p50 {p50:8.0f}  p99 {p99:8.0f} us"
            )


if __name__ == "__main__":
    main(*(int(value) for value in (*sys.argv[1:3], *("1000", "500")[len(sys.argv[1:3]) :])))
