"""Money comes in to the minor unit, in any writing, and in the shop's currency once."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lifeloop.collect.numbers import DECIMAL, comma_is_decimal, parse_numbers, to_minor_units
from lifeloop.testing.till import Till

HEADER = "order,customer,date,total\n"


def orders_of(till: Till, *totals: str, header: str = HEADER, **options: object) -> dict[str, int]:
    rows = "".join(f'{number},ann,2024-01-05,"{total}"\n' for number, total in enumerate(totals, start=1))
    return till.takes(header + rows, **options).rejected  # type: ignore[return-value]


@pytest.mark.parametrize(
    ("written", "minor"),
    [
        (["1,234.50", "7"], [123450, 700]),
        (["1.234,50", "7,05"], [123450, 705]),
        (["1.234", "7,05"], [123400, 705]),
        (["£5.00", "£ 1,000.25"], [500, 100025]),
        (["12.345", "12.355"], [1234, 1236]),
        (["1e2", "GBP 3.10"], [10000, 310]),
    ],
)
def test_amounts_are_read_as_the_column_writes_them(till: Till, written: list[str], minor: list[int]) -> None:
    assert orders_of(till, *written) == {}
    assert till.rows_in_order("total_minor") == minor


@pytest.mark.parametrize("written", ["RMB", "人民币", "¥", "cny"])
def test_chinese_money_has_many_names(till: Till, written: str) -> None:
    till.shop = {"currency": "CNY"}
    till.takes(f"order,customer,date,total,currency\n1,ann,2024-01-05,8.50,{written}\n")

    assert till.orders("currency", "total_minor") == [("CNY", 850)]


def test_an_amount_in_brackets_was_given_back(till: Till) -> None:
    orders_of(till, "5", "(1.20)")
    assert till.refunds("amount_minor") == [120]


@pytest.mark.parametrize("text", ["abc", "1_000", "12 apples", "1e400", "999999999999999999", "nan", "inf", "--5"])
def test_text_in_a_number_rejects_the_row(till: Till, text: str) -> None:
    assert orders_of(till, "5", "6", "7", text) == {"bad_number": 1}


def test_quantity_times_price_is_exact_and_rounds_half_to_even(till: Till) -> None:
    till.takes(
        "order,customer,date,sku,qty,price\n1,ann,2024-01-05,a,3,0.335\n2,ann,2024-01-05,a,0.5,0.05\n"
        "3,ann,2024-01-05,a,0.5,0.07\n4,ann,2024-01-05,a,1000,1.115\n"
    )

    assert till.orders("order_id", "goods_minor") == [("1", 100), ("2", 2), ("3", 4), ("4", 111500)]


@given(st.decimals(0, 10**6, places=4), st.decimals(0, 10**6, places=4), st.sampled_from(["GBP", "JPY", "KWD"]))
def test_minor_units_are_those_of_exact_decimals(quantity: Decimal, price: Decimal, currency: str) -> None:
    import pyarrow.compute as pc

    exponent = {"GBP": 2, "JPY": 0, "KWD": 3}[currency]
    numbers = parse_numbers(pa.array([str(quantity), str(price)]))
    minor = to_minor_units(pc.multiply(numbers.slice(0, 1), numbers.slice(1)), pa.array([currency]))

    exact = (quantity * price).scaleb(exponent).to_integral_value(rounding=ROUND_HALF_EVEN)
    assert minor.to_pylist() == [int(exact)]


@given(st.lists(st.one_of(st.text(max_size=12), st.floats().map(str), st.none()), max_size=5))
def test_no_text_breaks_the_reader_of_numbers(texts: list[str | None]) -> None:
    for comma in (False, True):
        assert parse_numbers(pa.array(texts, pa.string()), comma=comma).type == DECIMAL


def test_the_decimal_mark_is_told_by_most_values() -> None:
    assert comma_is_decimal(["1,5", "2,75", "1.234,00"])
    assert not comma_is_decimal(["1,500", "2,750", "1.5"])


CURRENCIES = "order,customer,date,total,currency\n"


def test_the_currency_most_rows_name_is_the_base_of_a_new_shop(till: Till) -> None:
    till.shop = {"rates": {"USD": 0.9}}
    report = till.takes(CURRENCIES + "1,ann,2024-01-05,10,USD\n2,ann,2024-01-05,10,eur\n3,ann,2024-01-05,10,EUR\n")

    assert report.currency == "EUR"
    assert till.orders("order_id", "currency", "total_minor", "goods_minor") == [
        ("1", "USD", 1000, 900),
        ("2", "EUR", 1000, 1000),
        ("3", "EUR", 1000, 1000),
    ]


def test_a_sign_names_the_currency_too(till: Till) -> None:
    till.shop = {}
    report = till.takes(HEADER + "1,ann,2024-01-05,£10\n2,ann,2024-01-05,£5\n")

    assert report.currency == "GBP"
    assert report.warnings == ()
    assert till.orders("currency", "goods_minor") == [("GBP", 500), ("GBP", 1000)]


def test_a_sign_that_several_currencies_share_means_the_shops_own(till: Till) -> None:
    till.shop = {"currency": "CAD"}
    till.takes(HEADER + "1,ann,2024-01-05,$10\n")
    assert till.orders("currency") == ["CAD"]


def test_a_file_that_names_no_currency_is_warned_of(till: Till) -> None:
    till.shop = {}
    report = till.takes(HEADER + "1,ann,2024-01-05,10\n")

    assert report.currency == "EUR"
    assert "no currency is named" in report.warnings[0]


def test_without_a_rate_or_with_an_unknown_code_the_row_is_rejected(till: Till) -> None:
    report = till.takes(
        CURRENCIES + "1,ann,2024-01-05,10,GBP\n2,ann,2024-01-05,10,USD\n3,ann,2024-01-05,10,XYZ\n4,ann,2024-01-05,10,BTC\n"
    )

    assert report.rejected == {"no_rate": 1, "unknown_currency": 2}
    assert till.rejected("detail")[0] == "no rate from 'USD' to GBP (set one in lifeloop.toml under [shop.rates])"


def test_yen_have_no_decimals_and_dinars_three(till: Till) -> None:
    till.shop = {"currency": "GBP", "rates": {"JPY": 0.0053, "KWD": 2.55}}
    till.takes(CURRENCIES + "1,ann,2024-01-05,1000,JPY\n2,ann,2024-01-05,1.500,KWD\n")

    assert till.orders("order_id", "total_minor", "goods_minor") == [("1", 1000, 530), ("2", 1500, 382)]
