"""Archives in Segment's wire form: events, and the orders, refunds and customers told in them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from lifeloop.base.ids import customer_of_email
from lifeloop.schema import EVENT
from lifeloop.testing.till import Till

AT = datetime(2024, 1, 5, 10, 0, 0, 250_000, tzinfo=UTC)
MUGS = {"product_id": "mug", "name": "杯子", "category": "Kitchen > Cups", "price": 9.5, "quantity": 2}
TEA = {"product_id": "tea", "name": "Tea", "price": 3, "quantity": 1}
PAID = {
    "order_id": "1", "total": 27.0, "subtotal": 20.5, "shipping": 5, "tax": 1.5, "discount": 1.5, "coupon": "茶",
    "channel": "web", "currency": "EUR", "products": [MUGS, TEA],
}  # fmt: skip


def event(event_name: str | None, message: str = "m1", /, **said: Any) -> dict[str, Any]:
    """Return one tracked event of ann's; `said` takes the place of what it says otherwise."""
    usual = {
        "type": "track", "event": event_name, "messageId": message, "userId": "ann", "anonymousId": "v1",
        "timestamp": "2024-01-05T10:00:00.250Z", "receivedAt": "2024-01-05T10:00:03.000Z", "context": {"sessionId": "s1"},
    }  # fmt: skip
    return {key: value for key, value in (usual | said).items() if value is not None}


def lines_of(*rows: Mapping[str, Any] | str) -> str:
    """Return rows as JSON lines."""
    return "".join((row if isinstance(row, str) else json.dumps(row, ensure_ascii=False)) + "\n" for row in rows)


@pytest.fixture
def shop(till: Till) -> Till:
    """Return a till of a shop in euros."""
    till.shop = {"currency": "EUR"}
    return till


def takes(shop: Till, *rows: Mapping[str, Any] | str, name: str = "archive.jsonl") -> Any:
    """Import one archive."""
    return shop.takes(lines_of(*rows), name=name)


def test_everything_an_event_says_is_kept(shop: Till) -> None:
    said = {"product_id": "mug", "price": 9.50, "quantity": 2, "currency": "EUR", "tags": ["新", {"a": 1}], "query": "茶杯"}
    report = takes(shop, event("view_item", properties=said), name="archive.jsonl.gz")
    columns = (
        "message_id",
        "type",
        "name",
        "customer_id",
        "anonymous_id",
        "session_id",
        "product_id",
        "currency",
        "amount_minor",
    )

    assert (report.files[0].guess.form, report.files[0].guess.source, report.events) == ("segment", "shop", 1)
    assert shop.events(*columns) == [("m1", "track", "Product Viewed", "ann", "v1", "s1", "mug", "EUR", 1900)]
    assert shop.events("occurred_at", "received_at") == [(AT, datetime(2024, 1, 5, 10, 0, 3, tzinfo=UTC))]
    assert json.loads(shop.events("properties")[0]) == {"price": 9.5, "quantity": 2, "tags": ["新", {"a": 1}], "query": "茶杯"}


def test_an_order_completed_is_an_event_an_order_and_its_lines(shop: Till) -> None:
    report = takes(shop, event("Order Completed", properties=PAID))
    money = ("total_minor", "goods_minor", "shipping_minor", "tax_minor", "discount_minor")

    assert (report.events, report.orders_new, report.lines, report.rejected) == (1, 1, 2, {})
    assert shop.orders("order_id", "customer_id", "placed_at", *money) == [("1", "ann", AT, 2700, 2050, 500, 150, 150)]
    assert shop.orders("quantity", "products", "coupon", "channel") == [(3.0, 2, "茶", "web")]
    assert shop.lines("line_no", "product_id", "title", "quantity", "amount_minor") == [
        (1, "mug", "杯子", 2.0, 1900),
        (2, "tea", "Tea", 1.0, 300),
    ]
    assert shop.products("product_id", "category", "price_minor") == [("mug", "Kitchen > Cups", 950), ("tea", None, 300)]


@pytest.mark.parametrize(
    ("said", "total", "goods"),
    [
        ({"total": 27, "shipping": 5, "tax": 2}, 2700, 2000),
        ({"total": 27, "revenue": 20, "shipping": 5}, 2700, 2200),
        ({"revenue": 20, "shipping": 5}, 2500, 2000),
        ({"value": "20.00"}, 2000, 2000),
        ({"products": [MUGS, TEA]}, 2200, 2200),
    ],
)
def test_what_was_paid_and_for_goods_is_found_in_whatever_the_order_says(
    shop: Till, said: dict[str, Any], total: int, goods: int
) -> None:
    takes(shop, event("purchase", properties={"transaction_id": "1", "currency": "EUR"} | said))
    assert shop.orders("order_id", "total_minor", "goods_minor") == [("1", total, goods)]


def test_the_same_message_twice_is_one_event_and_one_order(shop: Till) -> None:
    bought = event("Order Completed", properties=PAID)
    report = takes(shop, bought, event("Cart Viewed", "m2"), bought)
    again = takes(shop, bought, name="again.jsonl")

    assert (report.events, report.orders_new, again.orders_unchanged, again.written) == (2, 1, 1, ())
    assert shop.orders("total_minor", "quantity") == [(2700, 3.0)]


def test_an_order_told_anew_is_told_whole(shop: Till) -> None:
    smaller = {"order_id": "1", "total": 3, "currency": "EUR", "products": [TEA]}
    takes(shop, event("Order Completed", properties=PAID), event("Order Completed", "m2", properties=smaller))

    assert shop.orders("total_minor", "quantity") == [(300, 1.0)]
    assert shop.lines("product_id") == ["tea"]


@pytest.mark.parametrize("said", [{"userId": None}, {"userId": ""}, {"userId": "null"}])
def test_a_guest_is_known_by_the_e_mail_of_the_order(shop: Till, said: dict[str, Any]) -> None:
    bought = event("Order Completed", properties=PAID | {"email": " Ann@x.org"})
    takes(shop, bought | said | {"context": {}}, event("Cart Viewed", "m2") | said)
    guest = customer_of_email("ann@x.org")

    assert shop.orders("customer_id") == [guest]
    assert shop.customers("customer_id", "email") == [(guest, "ann@x.org")]
    assert shop.events("name", "customer_id", "anonymous_id") == [("Cart Viewed", None, "v1"), ("Order Completed", guest, "v1")]


def test_a_visitor_whose_e_mail_stands_beside_an_event_is_known_by_it(shop: Till) -> None:
    takes(shop, event("Cart Viewed", userId=None, context={"traits": {"email": "ann@x.org"}}))
    assert shop.events("customer_id") == [customer_of_email("ann@x.org")]


def test_an_order_delivered_again_was_received_when_it_first_was(shop: Till) -> None:
    bought = event("Order Completed", properties=PAID)
    takes(shop, bought, bought | {"receivedAt": "2024-01-07T00:00:00Z"})
    first = datetime(2024, 1, 5, 10, 0, 3, tzinfo=UTC)

    assert (shop.orders("received_at"), shop.lines("received_at"), shop.events("received_at")) == (
        [first],
        [first] * 2,
        [first],
    )


def test_a_refund_gives_back_its_products_and_what_its_total_is_above_them(shop: Till) -> None:
    back = {"order_id": "1", "refund_id": "R1", "total": 5.0, "shipping": 2, "currency": "EUR", "products": [TEA]}
    takes(shop, event("Order Completed", properties=PAID), event("Order Refunded", "m2", properties=back))

    assert shop.refunds("refund_id", "line_no", "order_id", "product_id", "quantity", "amount_minor", "goods_minor") == [
        ("R1", 1, "1", "tea", 1.0, 300, 300),
        ("R1", 2, "1", None, 0.0, 200, 0),
    ]


def test_a_refund_never_gives_back_more_than_its_total(shop: Till) -> None:
    takes(shop, event("Order Refunded", properties={"order_id": "1", "total": 11, "products": [MUGS, TEA]}))
    assert shop.refunds("product_id", "amount_minor") == [("mug", 950), ("tea", 150)]


def test_a_cancelled_order_is_given_back_whole_and_known_by_its_order(shop: Till) -> None:
    cancelled = event("Order Cancelled", "m2", properties={"order_id": "1", "total": 27, "currency": "EUR"})
    report = takes(shop, cancelled, cancelled, event("Order Refunded", "m3", properties={"order_id": "1"}))

    assert (report.events, report.refunds) == (2, 1), "a refund that says no amount is an event alone"
    assert shop.refunds("refund_id", "order_id", "amount_minor", "quantity") == [("1-cancelled", "1", 2700, 0.0)]


@pytest.mark.parametrize("behind", ["traits", "context"])
def test_an_identify_tells_of_a_customer(shop: Till, behind: str) -> None:
    traits = {
        "email": "Ann@x.org", "phone": "1", "firstName": "安", "lastName": "李", "language": "zh-CN",
        "address": {"country": "CN"}, "createdAt": "2023-05-01T00:00:00Z",
    }  # fmt: skip
    told: dict[str, Any] = {"traits": traits} if behind == "traits" else {"context": {"traits": traits}}
    takes(shop, event(None, type="identify", **told))

    assert shop.customers("customer_id", "email", "phone", "name", "language", "country") == [
        ("ann", "ann@x.org", "1", "安 李", "zh", "CN")
    ]
    assert shop.customers("first_seen_at", "last_seen_at") == [(datetime(2023, 5, 1, tzinfo=UTC), AT)]
    assert json.loads(shop.events("properties")[0])["firstName"] == "安"


def test_pages_and_aliases_keep_what_stands_beside_their_properties(shop: Till) -> None:
    takes(
        shop,
        event(None, "m1", type="page", name="Home", category="Shop"),
        event(None, "m2", type="alias", previousId="v0"),
    )
    assert shop.rows(EVENT, "type", "name", "properties", by="message_id") == [
        ("page", "Home", '{"category": "Shop"}'),
        ("alias", None, '{"previousId": "v0"}'),
    ]


def test_a_page_or_screen_keeps_its_own_name_whatever_it_is_called(shop: Till) -> None:
    takes(
        shop,
        event(None, "m1", type="screen", name="Cart"),
        event(None, "m2", type="page", name=" Purchase ", properties=PAID),
        event("cart", "m3"),
    )
    assert shop.rows(EVENT, "type", "name", by="message_id") == [
        ("screen", "Cart"),
        ("page", "Purchase"),
        ("track", "Product Added"),
    ]
    assert shop.orders("order_id") == []


def test_a_number_no_computer_holds_is_kept_as_text(shop: Till) -> None:
    row = json.dumps(event("Cart Viewed", properties={"a": 1.5, "b": 0})).replace("1.5", '1E+999, "c": -1E+999, "d": 1E-999')
    takes(shop, row)

    assert json.loads(shop.events("properties")[0]) == {"a": "1E+999", "c": "-1E+999", "d": "1E-999", "b": 0}


def test_an_event_without_a_timestamp_happened_when_the_client_says(shop: Till) -> None:
    takes(shop, event("Cart Viewed"), event("Cart Viewed", "m2", timestamp=None, originalTimestamp="2024-01-05T11:00:00+01:00"))
    assert [at.hour for at in shop.events("occurred_at")] == [10, 10]


def test_malformed_lines_are_rejected_and_kept(shop: Till) -> None:
    good = [event("Cart Viewed", f"g{number}") for number in range(9)]
    no_price = {"order_id": "2", "total": 3, "products": [{"product_id": "tea"}]}
    bad: Sequence[tuple[Any, str]] = [
        ("[1, 2]", "bad_json"),
        ('{"type": "track", ', "bad_json"),
        (event("Cart Viewed", type=None), "no_event"),
        (event("Cart Viewed", type="shout"), "no_event"),
        (event("Cart Viewed", event=None), "no_event"),
        (event("Cart Viewed", timestamp=None), "no_date"),
        (event("Cart Viewed", timestamp="yesterday"), "bad_date"),
        (event("Cart Viewed", timestamp="2190-01-01T00:00:00Z"), "future_date"),
        (event("Cart Viewed", userId=None, anonymousId="", context=[]), "no_customer"),
        (event("Order Completed", properties={"order_id": "2"}), "missing_number"),
        (event("Order Completed", properties={"order_id": "2", "total": "much"}), "bad_number"),
        (event("Order Completed", properties={"order_id": "2", "total": -3}), "negative_price"),
        (event("Order Completed", properties={"order_id": "2", "total": 3, "currency": "XYZ"}), "unknown_currency"),
        (event("Order Completed", properties=no_price), "bad_number"),
        (event("Order Completed", properties={"order_id": "2", "total": 3, "products": ["tea"]}), "bad_number"),
    ]
    report = takes(shop, *good, *(row for row, _ in bad))

    assert shop.rejected("line", "reason") == [(10 + place, reason) for place, (_, reason) in enumerate(bad)]
    assert (report.events, shop.orders("order_id")) == (9, [])
    assert json.loads(shop.rejected("raw")[2])["messageId"] == "m1"


def test_odd_values_where_objects_are_meant_cost_nothing_but_themselves(shop: Till) -> None:
    odd = event("Product Viewed", properties=["mug"], context="web", traits=None)
    free = event("Coupon Applied", "m2", properties={"value": "10 % off", "price": {"of": 1}, "currency": "points"})
    report = takes(shop, event("Product Viewed", "m0", properties={"product_id": 7}), odd, free)

    assert (report.events, report.rejected) == (3, {})
    assert shop.rows(EVENT, "product_id", "amount_minor", by="message_id") == [("7", None), (None, None), (None, None)]


def test_an_object_nested_without_end_is_rejected(shop: Till) -> None:
    deep = json.dumps(event("Cart Viewed", "m2", properties={"q": []})).replace("[]", "[" * 300 + "]" * 300)
    report = takes(shop, event("Cart Viewed"), deep)

    assert (report.events, shop.rejected("line", "reason")) == (1, [(2, "bad_json")])


def test_a_flat_table_of_the_same_fields_is_read_alike(shop: Till) -> None:
    shop.takes(
        "type,event,messageId,userId,timestamp,properties.order_id,properties.total,properties.currency\n"
        "track,Order Completed,m1,ann,2024-01-05T10:00:00.250Z,1,27.00,EUR\n"
    )
    assert shop.orders("order_id", "customer_id", "placed_at", "total_minor") == [("1", "ann", AT, 2700)]


def test_what_stands_beside_the_properties_is_not_said_of_the_order(shop: Till) -> None:
    said = {key: value for key, value in PAID.items() if key != "channel"}
    takes(shop, event("Order Completed", properties=said, channel="server", country="none"))

    assert shop.orders("channel", "country") == [(None, None)]


def test_a_shop_may_say_where_its_customers_are_named(shop: Till) -> None:
    rows = lines_of(event("Cart Viewed", userId=None, member="bob"))
    shop.takes(rows, name="archive.jsonl", columns={"customer_id": "member"})

    assert shop.events("customer_id") == ["bob"]


def test_a_wire_and_tables_of_the_same_shop_give_the_same_facts(shop: Till, tmp_path: Any) -> None:
    given = {"order_id": "1", "refund_id": "R1", "total": 3.0, "currency": "EUR", "products": [TEA]}
    traits = {"email": "ann@x.org", "language": "zh", "country": "CN", "createdAt": "2023-05-01T00:00:00Z"}
    view = event("Product Viewed", "m0", properties={"product_id": "mug", "price": 9.5, "currency": "EUR", "list": ["茶"]})
    takes(
        shop,
        view,
        event("Order Completed", properties=PAID),
        event("Order Refunded", "m2", timestamp="2024-01-09T08:00:00.000Z", properties=given),
        event(None, "m3", type="identify", traits=traits),
    )
    (tmp_path / "tables").mkdir()
    other = Till(tmp_path / "tables")
    other.shop = shop.shop
    for file in _tables():
        other.takes(file)

    sums = ("total_minor", "goods_minor", "discount_minor", "shipping_minor", "tax_minor", "quantity", "products", "digest")
    line = ("line_no", "product_id", "title", "quantity", "amount_minor", "goods_minor")
    back = ("refund_id", "line_no", "order_id", "refunded_at", "product_id", "quantity", "amount_minor", "goods_minor")
    who = ("customer_id", "email", "language", "country")
    seen = (
        "message_id",
        "type",
        "name",
        "customer_id",
        "session_id",
        "occurred_at",
        "product_id",
        "amount_minor",
        "properties",
    )
    told = ("order_id", "customer_id", "placed_at", "currency", "channel", "coupon")
    assert other.orders(*told, *sums) == shop.orders(*told, *sums)
    assert other.lines(*line) == shop.lines(*line)
    assert other.refunds(*back) == shop.refunds(*back)
    assert other.customers(*who) == shop.customers(*who)
    assert other.rows(EVENT, *seen) == [row for row in shop.rows(EVENT, *seen) if row[0] == "m0"]


def _tables() -> list[str]:
    """Return the same shop as CSV files of the declared tables."""
    at = "2024-01-05T10:00:00.250Z"
    head = (
        "order_id,customer_id,placed_at,currency,total_minor,discount_minor,shipping_minor,tax_minor,goods_minor,quantity,"
        "channel,coupon"
    )
    line = "order_id,line_no,customer_id,placed_at,product_id,title,quantity,currency,amount_minor,goods_minor"
    refund = "refund_id,line_no,order_id,customer_id,refunded_at,product_id,quantity,currency,amount_minor,goods_minor"
    seen = "message_id,type,name,customer_id,anonymous_id,session_id,occurred_at,product_id,currency,amount_minor,properties"
    properties = '"{""price"": 9.5, ""list"": [""茶""]}"'
    return [
        f"{head}\n1,ann,{at},EUR,2700,150,500,150,2050,3,web,茶\n",
        f"{line}\n1,1,ann,{at},mug,杯子,2,EUR,1900,1900\n1,2,ann,{at},tea,Tea,1,EUR,300,300\n",
        f"{refund}\nR1,1,1,ann,2024-01-09T08:00:00Z,tea,1,EUR,300,300\n",
        f"customer_id,first_seen_at,last_seen_at,email,language,country\nann,2023-05-01,{at},ann@x.org,zh,CN\n",
        f"{seen}\nm0,track,Product Viewed,ann,v1,s1,{at},mug,EUR,950,{properties}\n",
    ]
