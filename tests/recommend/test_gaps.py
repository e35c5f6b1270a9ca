"""After how many days a product is bought again."""

from __future__ import annotations

from itertools import pairwise
from statistics import median

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from lifeloop.recommend.histories import Histories
from lifeloop.recommend.learning.gaps import LEAST_PAIRS, median_gaps

DAY_US = 86_400_000_000
ORDERS = st.lists(
    st.tuples(st.integers(-1, 2), st.integers(0, 60), st.lists(st.integers(0, 2), min_size=1, max_size=3, unique=True)),
    max_size=40,
)


@given(ORDERS)
def test_gaps_are_the_medians_of_days_between_purchases(orders: list[tuple[int, int, list[int]]]) -> None:
    owner = np.array([one[0] for one in orders], np.int32)
    at = np.array([one[1] * DAY_US // 2 for one in orders], np.int64)

    found = median_gaps(Histories.of([one[2] for one in orders], products=3), owner, at)

    for product in range(3):
        gaps = []
        for who in range(3):
            days = sorted(half / 2 for buyer, half, items in orders if buyer == who and product in items)
            gaps += [after - before for before, after in pairwise(days) if after - before >= 1]
        expected = median(gaps) if len(gaps) >= LEAST_PAIRS else np.nan
        assert np.array_equal(found[product], np.float32(expected), equal_nan=True)
