"""Line-level files: what becomes an order, what a refund, and what no sale at all."""

from __future__ import annotations

from collections import Counter

import pytest

from lifeloop.testing.till import Till, csv

HEADER = ("Invoice", "StockCode", "Description", "Quantity", "InvoiceDate", "Price", "Customer ID", "Country")


def row(
    invoice: object = "489434",
    code: str = "mug",
    quantity: object = 2,
    price: object = "1.50",
    customer: object = "13085",
    when: str = "2024-01-05 07:45:00",
) -> tuple[object, ...]:
    return invoice, code, f"a {code}", quantity, when, price, customer, "United Kingdom"


def test_lines_of_one_invoice_are_one_order(till: Till) -> None:
    report = till.takes(csv(HEADER, row(), row(code="tea", quantity=1, price="3.05"), row("489435", code="tea")))

    assert (report.orders_new, report.lines, report.refunds, report.rejected) == (2, 3, 0, {})
    assert till.orders("order_id", "customer_id", "total_minor", "goods_minor", "quantity", "products", "country") == [
        ("489434", "13085", 605, 605, 3.0, 2, "United Kingdom"),
        ("489435", "13085", 300, 300, 2.0, 1, "United Kingdom"),
    ]
    assert till.lines("order_id", "line_no", "product_id", "title", "amount_minor") == [
        ("489434", 1, "mug", "a mug", 300),
        ("489434", 2, "tea", "a tea", 305),
        ("489435", 1, "tea", "a tea", 300),
    ]
    assert till.products("product_id", "title", "price_minor") == [("mug", "a mug", 150), ("tea", "a tea", 150)]


def test_a_cancelled_invoice_is_a_refund_with_positive_amounts(till: Till) -> None:
    till.takes(csv(HEADER, row(), row("C489449", quantity=-1)))

    assert till.orders("order_id") == ["489434"]
    assert till.refunds("refund_id", "order_id", "customer_id", "product_id", "quantity", "amount_minor") == [
        ("C489449", None, "13085", "mug", 1.0, 150)
    ]


def test_a_negative_quantity_within_an_order_gives_back_of_that_order(till: Till) -> None:
    till.takes(csv(HEADER, row(), row(code="tea", quantity=-1)))

    assert till.orders("order_id", "total_minor") == [("489434", 300)]
    assert till.refunds("refund_id", "order_id", "product_id", "amount_minor") == [("489434", "489434", "tea", 150)]


def test_a_shop_whose_numbers_all_begin_with_c_still_has_orders(till: Till) -> None:
    report = till.takes(csv(HEADER, row("C1"), row("C2"), row("C3", quantity=-1)))

    assert (report.orders_new, report.refunds) == (2, 1)
    assert till.refunds("order_id") == ["C3"]


def test_stock_movements_and_account_corrections_are_no_sales(till: Till) -> None:
    report = till.takes(
        csv(
            HEADER,
            row(),
            row("489436", quantity=-96, price=0, customer=""),
            row("489437", quantity=5, price=0, customer=""),
            row("489438", quantity=1, price="-53594.36", customer=""),
            row("489439", quantity=1, price=0),
        )
    )

    assert report.rejected == {"stock_adjustment": 2, "negative_price": 1}
    assert till.rejected("line", "reason") == [(3, "stock_adjustment"), (4, "stock_adjustment"), (5, "negative_price")]
    assert till.orders("order_id", "goods_minor") == [("489434", 300), ("489439", 0)], "a customer's free line is kept"


@pytest.mark.parametrize("junk", ["", "null", "NaN", "0", "undefined", "guest", "-", "None"])
def test_junk_names_nobody_and_the_order_is_kept(till: Till, junk: str) -> None:
    till.takes(csv(HEADER, row(customer=junk)))

    assert till.orders("order_id", "customer_id") == [("489434", None)]


def test_a_customer_number_that_passed_through_a_float_is_the_same_customer(till: Till) -> None:
    till.takes(csv(HEADER, row(1, customer="13085.0"), row(2, customer="13085")))

    assert till.orders("customer_id") == ["13085", "13085"]


def test_who_gives_only_an_email_is_known_by_it_whatever_its_case(till: Till) -> None:
    till.takes(
        "order,email,date,sku,qty,price\n"
        "1,Ann@X.org,2024-01-05,mug,1,2\n2, ann@x.ORG ,2024-01-06,mug,1,2\n3,bob@x.org,2024-01-06,mug,1,2\n"
    )

    assert sorted(Counter(till.orders("customer_id")).values()) == [1, 2]


def test_without_order_numbers_what_one_customer_bought_at_one_instant_is_one_order(till: Till) -> None:
    till.takes(
        "customer,date,sku,qty,price\nann,2024-01-05,mug,1,2\nann,2024-01-05,tea,1,3\nann,2024-01-06,tea,1,3\nbob,2024-01-05,tea,1,3\n,2024-01-05,tea,1,3\n"
    )

    assert till.orders("order_id", "goods_minor") == [
        ("ann@2024-01-05T00:00:00Z", 500),
        ("ann@2024-01-06T00:00:00Z", 300),
        ("bob@2024-01-05T00:00:00Z", 300),
    ]
    assert till.rejected("line", "reason") == [(6, "no_order")]


def test_what_was_paid_wins_over_the_list_price(till: Till) -> None:
    till.takes("order,customer,date,sku,qty,unit price,line total\n1,ann,2024-01-05,mug,2,10.00,18.00\n")

    assert till.orders("goods_minor") == [1800]
    assert till.products("price_minor") == [1000]


def test_a_column_with_the_orders_total_on_each_line_is_not_taken_for_the_lines_amount(till: Till) -> None:
    report = till.takes(
        "order,customer,date,sku,qty,price,total\n1,ann,2024-01-05,mug,1,2.00,12.00\n1,ann,2024-01-05,pot,1,10.00,12.00\n2,bob,2024-01-05,tea,1,3,3\n"
    )

    assert till.orders("order_id", "goods_minor") == [("1", 1200), ("2", 300)]
    assert "looks like the whole order's total" in report.files[0].guess.warnings[0]


def test_chinese_columns_are_understood(till: Till) -> None:
    till.shop = {"currency": "CNY", "timezone": "Asia/Shanghai"}
    report = till.takes(
        "订单号,客户编号,下单时间,商品编码,商品名称,数量,单价,金额\nA1,甲,2024年1月5日 8:30,M1,杯子,2,15.00,28.50\n".encode(
            "gb18030"
        )
    )

    assert report.files[0].guess.encoding == "gb18030"
    assert till.lines("order_id", "customer_id", "product_id", "title", "quantity", "amount_minor") == [
        ("A1", "甲", "M1", "杯子", 2.0, 2850)
    ]
    assert [at.isoformat() for at in till.orders("placed_at")] == ["2024-01-05T00:30:00+00:00"]


def test_a_status_that_says_unpaid_keeps_a_line_out(till: Till) -> None:
    report = till.takes(
        "order,customer,date,sku,qty,price,status\n1,ann,2024-01-05,mug,1,2,paid\n2,ann,2024-01-05,mug,1,2,pending\n3,ann,2024-01-05,mug,1,2,已取消\n4,bob,2024-01-05,mug,1,2,refunded\n"
    )

    assert report.rejected == {"not_paid": 1, "cancelled": 1}
    assert till.orders("order_id") == ["1", "4"]
    assert till.refunds("order_id", "amount_minor") == [("4", 200)]


def test_a_customer_with_a_hundred_thousand_orders_comes_in(till: Till) -> None:
    lines = "".join(f"{number},ann,2024-01-05,mug,1,2\n" for number in range(100_000))

    report = till.takes("order,customer,date,sku,qty,price\n" + lines)

    assert report.orders_new == 100_000
