"""The simulated shop is the shop its settings say, every time."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow.compute as pc
import pytest

from lifeloop.base.errors import SettingsError
from lifeloop.simulate import ShopConfig, simulate, write_files

SMALL = ShopConfig(customers=300, products=40, days=400)


def test_the_same_seed_writes_the_same_bytes_and_another_seed_others(tmp_path: Path) -> None:
    files = [write_files(simulate(replace(SMALL, seed=seed)), tmp_path / name) for name, seed in [("a", 1), ("b", 1), ("c", 2)]]

    a, b, c = ([path.read_bytes() for path in written.values()] for written in files)

    assert a == b
    assert a != c


def test_every_customer_orders_and_nobody_orders_outside_the_history() -> None:
    lines = simulate(SMALL).lines

    assert len(set(lines["customer_id"].to_pylist())) == 300
    assert min(lines["order_date"].to_pylist()) >= "2024-11-27 00:00:00"
    assert max(lines["order_date"].to_pylist()) < "2026-01-01 00:00:00"


def test_repeat_orders_come_at_the_rate_the_settings_promise() -> None:
    # Nobody drops out and nobody arrives late enough to matter: the mean rate is r / alpha a week.
    config = ShopConfig(
        customers=4000, products=20, days=728, rate_shape=2, rate_scale=40, dropout_a=1e-9, dropout_b=1e9, seed=3
    )
    shop = simulate(config)
    orders = len(set(shop.lines.filter(pc.greater(shop.lines["quantity"], 0))["order_id"].to_pylist()))
    weeks = 4000 * 104 * (1 - 0.7 / 1.3)  # arrivals lean to the end: density (1 + .6 u) / 1.3 over the history

    assert (orders - 4000) / weeks == pytest.approx(2 / 40, rel=0.05)


def test_returns_point_back_and_are_as_frequent_as_set() -> None:
    lines = simulate(replace(SMALL, return_share=0.2, customers=1000)).lines
    quantity = np.array(lines["quantity"].to_pylist())
    returned = Counter(lines.filter(pc.less(lines["quantity"], 0))["order_id"].to_pylist())

    assert (quantity < 0).sum() / (quantity > 0).sum() == pytest.approx(0.19, abs=0.02)
    assert all(order.startswith("R") for order in returned)


def test_no_file_carries_the_truth(tmp_path: Path) -> None:
    files = write_files(simulate(SMALL), tmp_path)

    for path in files.values():
        assert "dropout" not in path.read_text().splitlines()[0]


@pytest.mark.parametrize("name", ["customers", "products", "days", "rate_scale"])
def test_an_impossible_shop_is_refused_by_the_name_of_its_setting(name: str) -> None:
    with pytest.raises(SettingsError, match=name):
        replace(SMALL, **{name: 0})
