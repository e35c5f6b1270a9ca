"""Order-level files and Shopify's export."""

from __future__ import annotations

from pathlib import Path

from lifeloop.testing.till import Till, csv

SHOPIFY = (Path(__file__).parent / "samples" / "shopify_orders.csv").read_text()


def test_goods_leave_out_shipping_and_tax_where_the_shop_states_them(till: Till) -> None:
    till.takes("order id,customer,date,total,shipping,tax,discount,items\n1,ann,2024-01-05,120.00,10.00,20.00,5.00,3\n")

    assert till.orders(
        "total_minor", "goods_minor", "shipping_minor", "tax_minor", "discount_minor", "quantity", "products"
    ) == [(12000, 9000, 1000, 2000, 500, 3.0, 0)]
    assert till.lines("line_no") == []


def test_money_given_back_is_a_refund_and_never_a_negative_order(till: Till) -> None:
    till.takes(
        "order id,customer,date,total,status\n1,ann,2024-01-05,20,paid\n2,ann,2024-01-06,-7.50,paid\n"
        "3,bob,2024-01-06,9,refunded\n"
    )

    assert till.orders("order_id", "total_minor") == [("1", 2000), ("3", 900)]
    assert till.refunds("refund_id", "customer_id", "amount_minor", "quantity") == [
        ("2", "ann", 750, 0.0),
        ("3", "bob", 900, 0.0),
    ]


def test_two_purchases_of_one_customer_at_one_instant_are_one_order_without_numbers(till: Till) -> None:
    till.takes("customer_id,date,number_of_cds,dollar_value\n2,1997-01-12,1,12.00\n2,1997-01-12,5,77.00\n3,1997-01-12,1,5\n")

    assert till.orders("customer_id", "total_minor", "quantity") == [("2", 8900, 6.0), ("3", 500, 1.0)]


def test_a_shopify_order_has_its_fields_on_its_first_row_only(till: Till) -> None:
    till.shop = {"currency": "EUR"}
    till.takes(SHOPIFY)

    assert till.orders("order_id", "total_minor", "goods_minor", "shipping_minor", "tax_minor", "quantity", "products") == [
        ("#1", 3300, 2600, 500, 200, 3.0, 2),
        ("#2", 1000, 1000, 0, 0, 1.0, 1),
    ]
    assert till.lines("order_id", "product_id", "amount_minor", "customer_id IS NOT NULL") == [
        ("#1", "MUG", 2000, True),
        ("#1", "Tea", 600, True),
        ("#2", "MUG", 1000, True),
    ]
    assert [at.isoformat() for at in till.orders("placed_at")] == ["2024-01-05T17:00:00+00:00", "2024-01-06T17:00:00+00:00"]
    assert till.customers("email") == ["ann@x.org", "bob@x.org"]


def test_a_shopify_export_is_one_even_when_it_is_called_orders(till: Till) -> None:
    till.shop = {"currency": "EUR"}
    assert till.takes(SHOPIFY, kind="orders").files[0].guess.form == "shopify"


def test_a_shopify_order_not_paid_is_rejected_with_all_its_rows(till: Till) -> None:
    till.shop = {"currency": "EUR"}
    text = SHOPIFY + "#3,,,,,,,,,,1,Tea,6,,,\n"

    report = till.takes(text)

    assert report.rejected == {"not_paid": 2}
    assert till.rejected("line", "detail") == [
        (5, "its status is 'pending': no payment was confirmed"),
        (6, "its status is 'pending': no payment was confirmed"),
    ]


def test_a_shopify_order_paid_back_in_part_gives_back_its_share_of_the_goods(till: Till) -> None:
    till.shop = {"currency": "EUR"}
    head, first, *_ = SHOPIFY.splitlines()
    till.takes(head + "\n" + first.replace(",paid,", ",partially_refunded,")[:-1] + "16.50\n")

    assert till.refunds("order_id", "amount_minor", "goods_minor", "product_id") == [("#1", 1650, 1300, None)], (
        "half of 33 is half of 26"
    )


def test_a_shopify_order_cancelled_after_payment_is_an_order_and_its_refund(till: Till) -> None:
    till.shop = {"currency": "EUR"}
    head, first, *_ = SHOPIFY.splitlines()
    cancelled = first.removesuffix(",,0") + ",2024-01-09 12:00:00 -0500,\n"
    till.takes(head + "\n" + cancelled)

    assert till.orders("order_id", "total_minor") == [("#1", 3300)]
    assert [(amount, at.isoformat()) for amount, at in till.refunds("amount_minor", "refunded_at")] == [
        (3300, "2024-01-09T17:00:00+00:00")
    ]


def test_shopify_orders_longer_than_a_batch_keep_their_head(till: Till, monkeypatch: object) -> None:
    import lifeloop.collect.encoding as encoding

    monkeypatch.setattr(encoding, "BLOCK_BYTES", 400)  # type: ignore[attr-defined]
    till.shop = {"currency": "EUR"}
    head, first, second, *_ = SHOPIFY.splitlines()
    report = till.takes("\n".join([head, first, *[second] * 50]) + "\n")

    assert (report.orders_new, report.lines, report.rejected) == (1, 51, {})
    assert till.orders("quantity", "total_minor") == [(52.0, 3300)]


def test_a_later_export_that_tells_of_a_refund_updates_the_refund(till: Till) -> None:
    till.shop = {"currency": "EUR"}
    head, first, *_ = SHOPIFY.splitlines()
    till.takes(head + "\n" + first + "\n")
    report = till.takes(head + "\n" + first.replace(",paid,", ",partially_refunded,")[:-1] + "3.30\n", name="later.csv")

    assert (report.orders_unchanged, report.written) == (1, ("refund",))
    assert till.refunds("amount_minor") == [330]


def test_products_and_customers_come_from_lists_of_their_own(till: Till) -> None:
    report = till.takes(
        csv(("sku", "name", "category", "brand", "price", "cost"), ("mug", "A mug", "Kitchen > Cups", "Acme", "9.50", "4")),
        (
            "customer id,first name,last name,e-mail,mobile,language,country,registered\n"
            "7,Ann,Lee,ANN@x.org,123,en,FR,2023-05-01\n0,x,y,,,,,\n"
        ),
    )

    assert (report.products, report.customers, report.rejected) == (1, 1, {"no_customer": 1})
    assert till.products("product_id", "title", "category", "brand", "price_minor", "cost_minor") == [
        ("mug", "A mug", "Kitchen > Cups", "Acme", 950, 400)
    ]
    assert till.customers("customer_id", "email", "phone", "name", "language", "country") == [
        ("7", "ann@x.org", "123", "Ann Lee", "en", "FR")
    ]


def test_a_newer_product_list_changes_prices_and_an_equal_one_changes_nothing(till: Till) -> None:
    from datetime import timedelta

    from lifeloop.base.clock import FixedClock

    till.takes("sku,title,price\nmug,A mug,9.50\ntea,Tea,3\n")
    till.clock = FixedClock(till.clock.now() + timedelta(days=1))
    assert till.takes("sku,title,price\nmug,A mug,9.50\ntea,Tea,3\n", name="same.csv").written == ()
    assert till.takes("sku,title,price\nmug,A mug,8.50\n", name="new.csv").written == ("product",)
    assert till.products("product_id", "price_minor") == [("mug", 850), ("tea", 300)]


def test_events_are_told_in_segments_names_and_come_once(till: Till) -> None:
    text = (
        "timestamp,visitorid,event,itemid,colour\n1433193132535,7,view,355908,red\n"
        "1433193132535,7,view,355908,red\n1433193200000,7,addtocart,355908,\n"
    )
    report = till.takes(text)
    again = till.takes(text, name="again.csv")

    assert (report.events, again.events, again.written) == (3, 3, ())
    assert till.events("name", "anonymous_id", "product_id", "properties") == [
        ("Product Added", "7", "355908", None),
        ("Product Viewed", "7", "355908", '{"colour": "red"}'),
        ("Product Viewed", "7", "355908", '{"colour": "red"}'),
    ]
