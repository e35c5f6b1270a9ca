"""What a file is and which column is which, by guess, by map and by settings."""

from __future__ import annotations

import pytest

from lifeloop.base.errors import SourceError, UnknownName
from lifeloop.collect import guess
from lifeloop.testing.till import Till

LINES = "order,customer,date,sku,qty,price\n1,ann,2024-01-05,mug,1,2\n"


def understood(till: Till, text: str, **options: object) -> tuple[str, dict[str, str]]:
    (found,) = guess(till.file(text), settings=till.settings, **options)  # type: ignore[arg-type]
    return found.form, {ours: column.theirs for ours, column in found.columns.items()}


@pytest.mark.parametrize(
    ("header", "first", "form", "expected"),
    [
        (
            "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country",
            "1,mug,A mug,1,12/1/2010 8:26,2.55,17850,UK",
            "lines",
            {"order_id": "InvoiceNo", "price": "UnitPrice", "customer_id": "CustomerID", "placed_at": "InvoiceDate"},
        ),
        (
            "household_id,store_id,basket_id,product_id,quantity,sales_value,retail_disc,coupon_disc,week,transaction_timestamp",
            "1,2,3,4,1,2.5,0,0,1,2017-01-01 11:53:26",
            "lines",
            {"order_id": "basket_id", "amount": "sales_value", "customer_id": "household_id"},
        ),
        (
            "customer_id,date,number_of_cds,dollar_value",
            "1,1997-01-01,1,11.77",
            "orders",
            {"customer_id": "customer_id", "quantity": "number_of_cds", "amount": "dollar_value", "placed_at": "date"},
        ),
        (
            "Order Number,Customer Name,Email,Order Date,Order Total",
            "7,Ann,a@x.org,2024-01-05,5",
            "orders",
            {"order_id": "Order Number"},
        ),
        ("order id,name,date,total", "7,Ann,2024-01-05,5", "orders", {"order_id": "order id"}),
        (
            "Order Date,Order Priority,Customer ID,Product ID,Sales,Quantity",
            "2024-01-05,High,a,mug,5,1",
            "lines",
            {"customer_id": "Customer ID"},
        ),
        (
            "订单编号,买家会员名,订单付款时间,买家实际支付金额,订单状态",
            "1,甲,2024-01-05 08:00:00,28.5,交易成功",
            "orders",
            {"customer_id": "买家会员名", "amount": "买家实际支付金额"},
        ),
        (
            "event_time,event_type,product_id,category_code,brand,price,user_id,user_session",
            "2019-10-01 00:00:00 UTC,view,1,a.b,x,9.9,5,s",
            "events",
            {"event": "event_type"},
        ),
        ("id,first_name,last_name,email,country", "1,Ann,Lee,a@x.org,FR", "customers", {"customer_id": "id", "email": "email"}),
        ("id,title,vendor,price", "1,Mug,Acme,2", "products", {"product_id": "id", "brand": "vendor"}),
    ],
)  # fmt: skip
def test_shops_of_many_kinds_are_understood_by_guess(
    till: Till, header: str, first: str, form: str, expected: dict[str, str]
) -> None:
    found, columns = understood(till, f"{header}\n{first}\n")

    assert found == form
    assert expected.items() <= columns.items()
    if "Order Priority" in header:
        assert "order_id" not in columns


def test_a_guess_shows_how_each_column_was_found_and_the_first_rows(till: Till) -> None:
    (found,) = guess(
        till.file("customer_id,date,number_of_cds,shop,dollar_value\n1,1997-01-01,1,x,11.77\n"), settings=till.settings
    )

    assert {ours: column.how for ours, column in found.columns.items()} == {
        "customer_id": "name",
        "placed_at": "name",
        "amount": "name",
        "quantity": "likeness",
    }
    assert found.unused == ("shop",)
    assert found.sample == ({"customer_id": "1", "placed_at": "1997-01-01", "amount": "11.77", "quantity": "1"},)
    assert found.as_json()["columns"]["quantity"] == {"theirs": "number_of_cds", "how": "likeness"}


@pytest.mark.parametrize("name", ["currency", "total.currency", "transaction_currency", "currency_iso"])
def test_a_currency_by_any_name_is_never_taken_for_the_shops_own(till: Till, name: str) -> None:
    till.shop["rates"] = {"USD": 0.5}
    till.takes(f"order,customer,date,total,{name}\n1,ann,2024-01-05,8.00,USD\n")

    assert till.orders("currency", "total_minor", "goods_minor") == [("USD", 800, 400)]


def test_a_rate_of_exchange_is_no_currency(till: Till) -> None:
    _, columns = understood(till, "order,customer,date,total,currency_rate\n1,ann,2024-01-05,8.00,1.17\n")

    assert "currency" not in columns


def test_a_column_called_date_that_holds_no_dates_is_not_taken(till: Till) -> None:
    with pytest.raises(SourceError, match="no column for 'placed_at'"):
        understood(till, "order,customer,date,total\n1,ann,soon,5\n2,bob,later,6\n")


def test_what_the_user_maps_wins(till: Till) -> None:
    said = {"order_id": "n", "customer_id": "Buyer", "placed_at": "when", "product_id": "what", "quantity": "q", "price": "p"}
    report = till.takes("n,Buyer,when,what,q,p\n1,ann,2024-01-05,mug,1,2\n", columns=said)

    assert {column.how for column in report.files[0].guess.columns.values()} == {"map"}
    assert till.orders("order_id", "customer_id", "goods_minor") == [("1", "ann", 200)]


def test_what_the_settings_keep_is_used_without_asking(till: Till) -> None:
    till.sources = {"till": {"columns": {"customer_id": "Card"}, "kind": "lines"}}
    report = till.takes("order,customer,Card,date,sku,qty,price\n1,x,ann,2024-01-05,mug,1,2\n", source="till")

    assert report.files[0].guess.columns["customer_id"].how == "settings"
    assert till.orders("source", "customer_id") == [("till", "ann")]


def test_a_map_to_a_column_that_is_not_there_says_which_are(till: Till) -> None:
    with pytest.raises(SourceError) as error:
        till.takes(LINES, columns={"customer_id": "Buyer"})

    assert str(error.value) == (
        "cannot import orders.csv: line 1 has no column 'Buyer' to read 'customer_id' from "
        "(found: order, customer, date, sku, qty, price).\nMap a column that is there with --map customer_id=order."
    )


def test_a_map_of_a_column_of_ours_that_does_not_exist_offers_the_nearest(till: Till) -> None:
    with pytest.raises(UnknownName, match="did you mean 'customer_id'"):
        till.takes(LINES, columns={"customer": "customer"})


def test_a_kind_nobody_knows_is_named_with_those_that_are(till: Till) -> None:
    with pytest.raises(UnknownName, match="no kind of file named 'order'; did you mean 'orders'"):
        till.takes(LINES, kind="order")


def test_missing_columns_are_named_with_those_found_and_what_to_do(till: Till) -> None:
    with pytest.raises(SourceError) as error:
        till.takes("OrderNo,Buyer,Date,Paid\n1,7,2024-01-05,5\n".replace("Buyer", "Zoo").replace("OrderNo", "Ref"))

    assert str(error.value) == (
        "cannot import orders.csv: line 1 has no column for 'order_id' (found: Ref, Zoo, Date, Paid).\n"
        "Map one with --map order_id=Ref, or keep the mapping in lifeloop.toml under [sources.orders.columns]."
    )
    assert error.value.exit_code == 3


def test_a_kind_can_be_insisted_on(till: Till) -> None:
    text = "customer,email\nann,a@x.org\n"
    assert understood(till, text)[0] == "customers"
    with pytest.raises(SourceError, match="no column for 'placed_at'"):
        understood(till, text, kind="orders")
