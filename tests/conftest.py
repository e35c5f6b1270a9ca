"""What every test may ask for."""

from __future__ import annotations

import os
from importlib.util import find_spec
from pathlib import Path

import pytest
from hypothesis import settings

from lifeloop.testing import ShopBuilder
from lifeloop.testing.stores import empty_postgres, empty_sqlite, postgres, store, store_url  # noqa: F401 - fixtures

settings.register_profile("ci", deadline=None, derandomize=True, max_examples=30)
settings.register_profile("soak", deadline=None, max_examples=1000)
settings.load_profile("ci")

DATA = Path(os.environ.get("LIFELOOP_DATA", Path(__file__).parents[2] / "shared" / "data"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run what needs PyTorch where it is installed: it is an extra of several gigabytes."""
    if find_spec("torch") is None:
        for item in items:
            if "deep" in item.keywords:
                item.add_marker(pytest.mark.skip(reason="PyTorch is not installed: pip install lifeloop[deep]"))


@pytest.fixture
def shop(tmp_path: Path) -> ShopBuilder:
    return ShopBuilder(tmp_path)


@pytest.fixture(scope="session")
def real_data() -> Path:
    if not DATA.is_dir():
        pytest.skip(f"no real data sets at {DATA} (set LIFELOOP_DATA to their folder)")
    return DATA
