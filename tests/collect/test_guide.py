"""The guide tells every reason a row can be rejected for, and no other; and every source and column."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from lifeloop.base.errors import UnknownName
from lifeloop.collect.reasons import REASONS
from lifeloop.collect.rows import Damaged, Rows, Sieve
from lifeloop.collect.sources import SOURCES

GUIDE = (Path(__file__).parents[2] / "docs" / "guide" / "import.md").read_text("utf-8")


def test_the_guide_explains_every_reason_in_the_words_of_its_declaration() -> None:
    told = dict(re.findall(r"^\| `([a-z_]+)` \| ([^|]+) \|$", GUIDE, re.MULTILINE))

    assert told == {code: words.en for code, words in REASONS.items()}


def test_no_row_is_rejected_for_a_reason_nobody_declared() -> None:
    with pytest.raises(UnknownName, match="did you mean 'bad_date'"):
        Damaged(1, "bad_dates", "what is wrong", "the row")
    rows = Rows(lines=np.array([1]), columns={}, raw=lambda _: ["the row"])
    with pytest.raises(UnknownName, match="reason"):
        Sieve(rows).drop(np.array([False]), "because", "it is")


def test_the_guide_names_every_source_and_column() -> None:
    shopify = SOURCES["shopify"]
    columns = {name for source in SOURCES.values() if source is not shopify for name in source.fields}

    assert all(f"`{name}`" in GUIDE for name in SOURCES)
    assert all(re.search(rf"\b{name}\b", GUIDE) for name in columns)
