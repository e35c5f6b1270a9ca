"""The doctor sees rules of recommending that keep nothing out."""

from __future__ import annotations

from pathlib import Path

import pytest

from lifeloop.app import App
from lifeloop.app.doctor import Check
from lifeloop.base.clock import FixedClock
from lifeloop.base.config import SETTINGS_FILE
from lifeloop.schema import PRODUCT
from lifeloop.testing.shop import ShopBuilder


def exclusions(folder: Path, rules: str) -> Check | None:
    shop = ShopBuilder(folder).orders("ann", day=1, products=("wine",))
    shop.sells("wine", category="Food / Alcohol / Wine").sells("tea", category="Food / Tea")
    assert shop.lake.exists(PRODUCT)
    (folder / SETTINGS_FILE).write_text(f'[shop]\ncurrency = "EUR"\n{rules}\n', "utf-8")
    checks = App.open(folder, clock=FixedClock(shop.day(2))).doctor()
    return next((one for one in checks if one.name == "exclusions"), None)


@pytest.mark.parametrize(
    "rules",
    [
        '[recommend]\nexcluded_categories = ["alcohol"]\nexcluded_products = ["tea"]',
        '[recommend.placements.home]\nexcluded_categories = ["Food > Alcohol"]',
    ],
)
def test_exclusions_that_match_are_well(tmp_path: Path, rules: str) -> None:
    found = exclusions(tmp_path, rules)

    assert found is not None
    assert found.ok


def test_a_shop_that_excludes_nothing_is_not_asked(tmp_path: Path) -> None:
    assert exclusions(tmp_path, "") is None


def test_an_excluded_name_that_nothing_has_is_told_with_the_nearest(tmp_path: Path) -> None:
    found = exclusions(
        tmp_path,
        '[recommend]\nexcluded_products = ["teaa", "tea"]\n'
        '[recommend.placements.cart]\nexcluded_categories = ["Alcohool", "玩具"]',
    )

    assert found is not None
    assert not found.ok
    assert "category 'Alcohool' (did you mean 'Alcohol'?), category '玩具', product 'teaa' (did you mean 'tea'?)" in found.found
    assert "correct the names" in found.found
