"""Money is read the way people write it and kept exactly."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lifeloop.base.money import EXPONENT, decimal_of, show_money, to_minor


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("12.34", "12.34"),
        ("1,234.50", "1234.50"),
        ("1.234,50", "1234.50"),
        ("1 234,50", "1234.50"),
        ("1,234", "1234"),
        ("12,5", "12.5"),
        ("1.234.567", "1234567"),
        ("0.001", "0.001"),
        ("£5", "5"),
        ("US$ 5.00", "5.00"),
        ("EUR 7", "7"),
        ("7 EUR", "7"),
        ("(3.20)", "-3.20"),
        ("-3.20", "-3.20"),
        ("−3.20", "-3.20"),
        ("¥100", "100"),
    ],
)
def test_an_amount_is_read_as_people_write_it(written: str, read: str) -> None:
    assert decimal_of(written) == Decimal(read)


@pytest.mark.parametrize("written", ["", "free", "12.3.4x", "NaN", "inf", "--5", "1e", "€"])
def test_what_is_no_amount_is_no_amount(written: str) -> None:
    assert decimal_of(written) is None


def test_minor_units_follow_the_currency() -> None:
    assert to_minor(Decimal("12.34"), "EUR") == 1234
    assert to_minor(Decimal(1200), "JPY") == 1200
    assert to_minor(Decimal("1.5"), "KWD") == 1500
    assert to_minor(Decimal("0.125"), "EUR") == 12  # half to even
    assert to_minor(Decimal("0.135"), "EUR") == 14


@given(st.integers(-(10**12), 10**12), st.sampled_from(sorted(EXPONENT)))
def test_what_is_shown_is_what_was_kept(minor: int, currency: str) -> None:
    shown = decimal_of(show_money(minor, currency).removesuffix(currency).strip().replace(",", ""))

    assert shown is not None
    assert to_minor(shown, currency) == minor
