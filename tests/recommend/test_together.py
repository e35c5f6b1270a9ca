"""Which products are bought together, and how sure that is."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from itertools import combinations
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_array, triu

from lifeloop.recommend.histories import Histories, Products
from lifeloop.recommend.together import BasketCounts, Together, TogetherConfig, count_baskets
from lifeloop.recommend.together.basket_counts import distinct
from lifeloop.recommend.together.counting import Lines, count_compiled, count_plainly
from lifeloop.schema.shown import ASSOCIATION_RULE

PRODUCTS = 9
AS_OF = datetime(2026, 1, 1, tzinfo=UTC)

orders = st.lists(st.lists(st.integers(0, PRODUCTS - 1), max_size=12), max_size=25)


Owned = tuple[int, list[int]]
owned = st.lists(st.tuples(st.integers(-1, 4), st.lists(st.integers(0, PRODUCTS - 1), max_size=12)), max_size=25)


def owners_of(lists: list[Owned]) -> np.ndarray:
    return np.array([owner for owner, _ in lists], np.int32)


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


@given(owned, st.integers(1, 3))
def test_a_pair_is_of_as_many_people_as_ordered_both_and_an_unknown_one_is_somebody_else(
    lists: list[Owned], least: int
) -> None:
    people: dict[tuple[int, int], set[int]] = {}
    for number, (owner, one) in enumerate(lists):
        for pair in combinations(sorted(set(one)), 2):
            people.setdefault(pair, set()).add(owner if owner >= 0 else 100 + number)

    baskets = histories([one for _, one in lists])
    pairs = count_baskets(baskets, owners=owners_of(lists), least=least).pairs

    for first, second, counted in zip(pairs.first.tolist(), pairs.second.tolist(), pairs.people.tolist(), strict=True):
        assert counted == len(people[first, second])


@given(owned, st.sets(st.integers(-1, 4)), st.integers(1, 3))
def test_forgetting_people_leaves_the_counts_of_everybody_else(lists: list[Owned], who: set[int], least: int) -> None:
    kept, gone = [[one for one in lists if (one[0] in who) is is_gone] for is_gone in (False, True)]

    def count(some: list[Owned]) -> BasketCounts:
        return count_baskets(histories([one for _, one in some]), owners=owners_of(some), least=least, widest=7)

    left = count(lists).less(histories([one for _, one in gone]), owners=owners_of(gone))

    assert same(left, count(kept))


def test_without_owners_one_person_is_forgotten() -> None:
    counts = count_baskets(histories([[0, 1]] * 3 + [[0, 1, 2]]), owners=np.array([5, 5, 5, 6], np.int32), least=1)

    left = counts.less(histories([[0, 1]] * 3))

    assert same(left, count_baskets(histories([[0, 1, 2]]), owners=np.array([6], np.int32), least=1))


def test_what_one_household_buys_every_week_is_no_rule() -> None:
    lists = [[0, 1]] * 40 + [[2, 3]] * 40 + [[4], [5]] * 200
    one_household = np.concatenate([np.zeros(40), np.arange(1, 441)]).astype(np.int32)

    found = Together.fit(histories(lists), owners=one_household).found

    assert found.first.tolist() == [2, 3]


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


def test_a_pair_in_tens_of_thousands_of_orders_is_a_rule_too() -> None:
    together, alone = 40_000, 25_000  # the product of orders with both and all orders is beyond 32 bits
    starts = np.concatenate([np.arange(together) * 2, 2 * together + np.arange(2 * alone + 1) * 2])
    items = np.concatenate([np.tile([0, 1], together), np.tile([2, 3], alone), np.tile([4, 5], alone)])

    found = Together.fit(Histories(starts, items.astype(np.int32), PRODUCTS)).found

    assert found.first.tolist() == [0, 1, 2, 3, 4, 5]
    assert found.lift[0] == pytest.approx((together + 2 * alone) / together)


@pytest.mark.parametrize("form", ["owned", "of nobody"])
@given(lists=owned, least=st.integers(1, 3))
def test_the_compiled_loop_counts_what_plain_numpy_counts(form: str, lists: list[Owned], least: int) -> None:
    rising = sorted(lists, key=lambda one: one[0])
    starts, items = distinct(histories([one for _, one in rising]))
    lines = Lines.of(starts, items, owners_of(rising) if form == "owned" else None, PRODUCTS)

    compiled, plain = count_compiled(lines, least, threads=2).arrays(), count_plainly(lines, least).arrays()

    assert all(np.array_equal(counted, plain[name]) for name, counted in compiled.items())


@pytest.mark.real
def test_real_baskets_are_counted_as_a_product_of_matrices_counts_them(real_data: Path) -> None:
    rows = pq.read_table(real_data / "baskets_fimi_retail" / "retail.parquet").column("items").combine_chunks()
    items = rows.values.to_numpy().astype(np.int32)
    baskets = Histories(rows.offsets.to_numpy().astype(np.int64), items, int(items.max()) + 1)
    had = csr_array((np.ones(len(items), np.int64), items, baskets.starts), shape=(len(baskets), baskets.products))
    by_matrix = triu(had.T @ had, k=1).tocsr()

    together = Together.fit(baskets)

    pairs = together.counts.pairs
    assert len(pairs) == 175_951 == (by_matrix.data >= 5).sum()
    assert np.array_equal(by_matrix[pairs.first, pairs.second], pairs.orders)
    rule = next(place for place in range(len(together.found)) if together.found.first[place] == 170)
    assert (together.found.second[rule], together.found.both[rule]) == (38, 3031)
    assert together.found.confidence[rule] == pytest.approx(0.978, abs=0.001)


@pytest.mark.real
def test_in_a_real_gift_shop_herb_markers_go_with_herb_markers(real_data: Path) -> None:
    year = pq.read_table(real_data / "online_retail_ii" / "year_2010_2011.parquet")
    lines = year.filter(pc.match_substring_regex(year["StockCode"], r"^\d{5}"))
    invoice, title = (lines[name].combine_chunks().dictionary_encode() for name in ("InvoiceNo", "Description"))
    table = pa.table({"order": invoice.indices, "item": title.indices}).filter(pc.is_valid(title.indices)).sort_by("order")
    starts = np.concatenate([[0], np.cumsum(np.bincount(table["order"].to_numpy(), minlength=len(invoice.dictionary)))])
    baskets = Histories(starts, table["item"].to_numpy().astype(np.int32), len(title.dictionary))

    surest = Together.fit(baskets).rules(Products(title.dictionary.to_pylist()), AS_OF).to_pylist()[:30]

    assert sum(rule["if_product"].split()[0] == rule["then_product"].split()[0] for rule in surest) >= 25


def test_a_shop_without_orders_has_no_rules() -> None:
    for lists in ([], [[]], [[1]], [[1, 1, 1]]):
        together = Together.fit(histories(lists))

        assert together.rules(Products(list("abcdefghi")), AS_OF).num_rows == 0


def test_what_was_counted_comes_back_from_its_arrays() -> None:
    counts = Together.fit(tea_and_scones(), TogetherConfig(least=2)).counts

    assert same(Together.of_arrays(counts.arrays()).counts, counts)
