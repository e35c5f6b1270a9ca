"""How sure a rule is: intervals, chances and the share of false rules, each checked by simulation."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from lifeloop.recommend.histories import Histories
from lifeloop.recommend.together import Together
from lifeloop.recommend.together.rules import find_rules
from lifeloop.recommend.together.statistics import benjamini_hochberg, chance_of_at_least, wilson


def test_an_interval_is_the_one_in_the_books() -> None:
    for successes, trials in ((0, 5), (1, 9), (12, 40), (40, 40)):
        low, high = wilson(successes, trials)
        ours = stats.binomtest(successes, trials).proportion_ci(method="wilson")
        assert (low, high) == pytest.approx((ours.low, ours.high))


def test_of_nothing_nothing_is_known() -> None:
    low, high = wilson(0, 0)

    assert (low, high) == (0.0, 1.0)


def test_the_95_percent_interval_holds_the_truth_95_times_of_100() -> None:
    rng = np.random.default_rng(1)
    truth, trials = rng.uniform(0.02, 0.98, 200_000), rng.integers(5, 200, 200_000)

    low, high = wilson(rng.binomial(trials, truth), trials)

    assert ((low <= truth) & (truth <= high)).mean() == pytest.approx(0.95, abs=0.005)


@given(st.integers(2, 300), st.data())
def test_a_chance_is_never_below_fishers_exact_one(orders: int, data: st.DataObject) -> None:
    one, other = data.draw(st.integers(1, orders)), data.draw(st.integers(1, orders))
    both = data.draw(st.integers(0, min(one, other)))
    exact = stats.hypergeom.sf(both - 1, orders, one, other)

    chance = chance_of_at_least([both], [one * other / orders], [min(one, other)]).item()

    assert chance >= exact * (1 - 1e-9)


def test_a_chance_is_close_to_fishers_exact_one_for_products_in_few_of_the_orders() -> None:
    for orders, one, other, both in ((10_000, 30, 50, 5), (100_000, 900, 300, 20), (5_000, 20, 20, 5)):
        exact = stats.hypergeom.sf(both - 1, orders, one, other)
        chance = chance_of_at_least([both], [one * other / orders], [min(one, other)]).item()
        assert exact <= chance <= 2 * exact


@given(st.lists(st.floats(0, 1), min_size=1, max_size=30), st.integers(0, 20))
def test_shares_of_false_rules_are_those_of_the_textbook(p: list[float], further: int) -> None:
    textbook = stats.false_discovery_control(np.array(p + [1.0] * further), method="bh")[: len(p)]

    assert benjamini_hochberg(p, tests=len(p) + further) == pytest.approx(textbook)


def unrelated(rng: np.random.Generator, *, orders: int, products: int, widths: list[int]) -> list[np.ndarray]:
    """Orders of products that have nothing to do with each other: their number differs, what is in them is drawn."""
    want = rng.permutation(np.arange(1, products + 1.0) ** -0.7)
    keys = rng.exponential(1.0, (orders, products)) / want  # the smallest keys are a draw without repeats by weight
    ranked = np.argsort(keys, axis=1)
    return [ranked[number, :width] for number, width in enumerate(rng.choice(widths, orders))]


@pytest.mark.parametrize("widths", [[6], [1, 2, 3, 5, 8, 20, 40]], ids=["orders of one width", "orders of any width"])
def test_products_that_have_nothing_to_do_with_each_other_yield_a_false_rule_in_at_most_5_of_100_shops(
    widths: list[int],
) -> None:
    rng = np.random.default_rng(7)
    shops = 150

    false = sum(
        len(Together.fit(Histories.of(unrelated(rng, orders=400, products=60, widths=widths), products=60)).found) > 0
        for _ in range(shops)
    )

    assert false <= stats.binom.ppf(0.999, shops, 0.05)


def test_judged_without_regard_to_the_width_of_orders_the_same_shops_would_be_full_of_false_rules() -> None:
    rng = np.random.default_rng(7)
    lists = unrelated(rng, orders=400, products=60, widths=[1, 2, 3, 5, 8, 20, 40])
    counts = Together.fit(Histories.of(lists, products=60)).counts

    one_class = [np.zeros_like(part) for part in (counts.orders, counts.holding)]
    one_class[0][1], one_class[1][:, 1] = counts.total, counts.holding.sum(axis=1)
    blind = replace(counts, orders=one_class[0], holding=one_class[1])

    assert len(find_rules(blind, false_share=0.05, per_product=100)) > 500
    assert len(find_rules(counts, false_share=0.05, per_product=100)) == 0


def test_of_the_rules_of_a_shop_with_true_ones_at_most_5_of_100_are_false_and_the_true_ones_are_found() -> None:
    rng = np.random.default_rng(11)
    shares, missed = [], 0
    for _ in range(60):
        lists = []
        for row in unrelated(rng, orders=800, products=50, widths=[2, 3, 5, 8, 15]):
            whole = set(row.tolist())
            for first in whole & set(range(0, 20, 2)):  # half of who buys an even one of the first twenty buys the next too
                if rng.random() < 0.5:
                    whole = whole | {first + 1}
            lists.append(sorted(whole))
        found = Together.fit(Histories.of(lists, products=50)).found
        pairs = {(min(i, j), max(i, j)) for i, j in zip(found.first.tolist(), found.second.tolist(), strict=True)}
        true = {(i, i + 1) for i in range(0, 20, 2)}
        shares.append(len(pairs - true) / max(len(pairs), 1))
        missed += len(true - pairs)

    assert np.mean(shares) <= 0.05
    assert missed / (60 * 10) < 0.15
