"""What the tests of importing may ask for."""

from __future__ import annotations

from pathlib import Path

import pytest

from lifeloop.testing.till import Till


@pytest.fixture
def till(tmp_path: Path) -> Till:
    return Till(tmp_path)
