"""Which products are bought together, and how sure that is."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lifeloop.recommend.histories import Histories, Products
from lifeloop.recommend.together import BasketCounts, Together, TogetherConfig, count_baskets
from lifeloop.schema.shown import ASSOCIATION_RULE

PRODUCTS = 9
AS_OF = datetime(2026, 1, 1, tzinfo=UTC)

orders = st.lists(st.lists(st.integers(0, PRODUCTS - 1), max_size=12), max_size=25)


def histories(lists: list[list[int]]) -> Histories:
    return Histories.of(lists, products=PRODUCTS)


def same(one: BasketCounts, other: BasketCounts) -> bool:
    mine, theirs = one.arrays(), other.arrays()
    return mine.keys() == theirs.keys() and all(np.array_equal(mine[name], theirs[name]) for name in mine)


def tea_and_scones(*, alone: int = 60, together: int = 40) -> Histories:
    """Tea (0) and scones (1) in the same orders, bread (2) in orders of its own, jam (3) in every second order of all."""
    lists = [[0, 1] for _ in range(together)] + [[2, 4] for _ in range(alone)]
    return histories([one + [3] * (number % 2) for number, one in enumerate(lists)])


@given(orders, st.integers(1, 3), st.integers(2, 9))
def test_pair_counts_are_those_of_counting_every_order_by_hand(lists: list[list[int]], least: int, widest: int) -> None:
    by_hand = Counter(pair for one in lists if len(set(one)) <= widest for pair in combinations(sorted(set(one)), 2))

    pairs = count_baskets(histories(lists), least=least, widest=widest).pairs

    counted = dict(zip(zip(pairs.first.tolist(), pairs.second.tolist(), strict=True), pairs.orders.tolist(), strict=True))
    assert counted == {pair: n for pair, n in by_hand.items() if n >= least}
    assert list(counted) == sorted(counted)


@given(orders, orders, st.integers(1, 3))
def test_forgetting_somebodys_orders_leaves_the_counts_of_everybody_else(
    kept: list[list[int]], gone: list[list[int]], least: int
) -> None:
    everybody = count_baskets(histories(kept + gone), least=least, widest=7)

    assert same(everybody.less(histories(gone)), count_baskets(histories(kept), least=least, widest=7))


def test_orders_that_were_never_counted_cannot_be_forgotten() -> None:
    with pytest.raises(ValueError, match="never counted"):
        Together.fit(tea_and_scones()).forget(histories([[5, 6]]))


def test_an_order_of_a_hundred_thousand_products_is_left_out_of_every_count() -> None:
    truck = Histories.of([list(range(100_000)), [0, 1], [0, 1]], products=100_000)

    counts = count_baskets(truck, least=2)

    assert (counts.wide, counts.total, counts.pairs.orders.tolist()) == (1, 2, [2])


def test_what_is_bought_together_becomes_a_rule_and_what_is_in_every_second_order_does_not() -> None:
    together = Together.fit(tea_and_scones())

    found = {(int(i), int(j)) for i, j in zip(together.found.first, together.found.second, strict=True)}

    assert found == {(0, 1), (1, 0), (2, 4), (4, 2)}


def test_a_rule_tells_what_a_reader_counts_by_hand() -> None:
    table = Together.fit(tea_and_scones()).rules(Products(list("TSBJMXYZW")), AS_OF)

    rule = next(row for row in table.to_pylist() if (row["if_product"], row["then_product"]) == ("T", "S"))

    assert table.schema == ASSOCIATION_RULE.arrow()
    assert (rule["orders"], rule["orders_if"], rule["orders_then"], rule["orders_both"]) == (100, 40, 40, 40)
    assert (rule["support"], rule["confidence"], rule["lift"]) == (0.4, 1.0, 2.5)
    assert rule["low"] == pytest.approx(40 / (40 + 1.959964**2))
    assert rule["high"] == 1.0
    assert rule["p_value"] < rule["q_value"] < 0.001


def test_a_shop_without_orders_has_no_rules() -> None:
    for lists in ([], [[]], [[1]], [[1, 1, 1]]):
        together = Together.fit(histories(lists))

        assert together.rules(Products(list("abcdefghi")), AS_OF).num_rows == 0


def test_what_was_counted_comes_back_from_its_arrays() -> None:
    counts = Together.fit(tea_and_scones(), TogetherConfig(least=2)).counts

    assert same(Together.of_arrays(counts.arrays()).counts, counts)
