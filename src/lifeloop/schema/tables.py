"""The tables of the lake, with those of recommending beside. Times are UTC; money is integer minor units with its currency."""

from __future__ import annotations

from lifeloop.base.errors import UnknownName
from lifeloop.schema.declare import Column, Table
from lifeloop.schema.shown import ASSOCIATION_RULE, EXPOSURE, RECOMMENDATION

_SOURCE = Column("string", "Which shop system or kind of file the fact came from.", required=True)
_RECEIVED = Column("timestamp", "When lifeloop learned of it.", unit="UTC", required=True)
_CUSTOMER = Column("string", "The customer; null for a sale nobody is named in.", personal=True)
_CURRENCY = Column("string", "ISO 4217 code of the amounts beside it.", required=True)
_BASE = "minor units of the shop's base currency"

ORDER = Table(
    name="order",
    about="One row per confirmed payment. Cancelled orders and money given back are refunds, never negative orders.",
    key=("source", "order_id"),
    time="placed_at",
    columns={
        "source": _SOURCE,
        "order_id": Column("string", "The shop's own order number.", required=True),
        "customer_id": _CUSTOMER,
        "placed_at": Column("timestamp", "When payment was confirmed.", unit="UTC", required=True),
        "received_at": _RECEIVED,
        "currency": _CURRENCY,
        "total_minor": Column(
            "int64", "Paid by the customer, tax and shipping in.", unit="minor units of `currency`", required=True
        ),
        "discount_minor": Column("int64", "Taken off by coupons and promotions.", unit="minor units of `currency`"),
        "shipping_minor": Column("int64", "Paid for shipping.", unit="minor units of `currency`"),
        "tax_minor": Column("int64", "Tax within the total.", unit="minor units of `currency`"),
        "goods_minor": Column(
            "int64",
            "Paid for the goods after discount, without shipping and tax where the shop states them, converted once at the "
            "order's own rate. The amount every feature and prediction speaks of.",
            unit=_BASE,
            required=True,
        ),
        "quantity": Column("float64", "Pieces over all lines.", unit="pieces"),
        "products": Column("int32", "Distinct products over all lines.", unit="products"),
        "channel": Column("string", "Where it was placed: web, app, store."),
        "coupon": Column("string", "Coupon codes used, separated by commas."),
        "country": Column("string", "Country it was shipped or billed to."),
        "digest": Column(
            "string", "Fingerprint of the order's content, by which the same order is known again.", required=True
        ),
        "told_at": Column(
            "timestamp",
            "When the shop last told of it live; what is told later and was said earlier changes nothing.",
            unit="UTC",
        ),
        "told": Column(
            "string",
            "Which of its tellings said last what was paid, its lines and the rest, as JSON; by it tellings of one order come "
            "to the same in whatever order they come. Null where none told it as a whole.",
        ),
    },
)

ORDER_LINE = Table(
    name="order_line",
    about="One row per product in an order.",
    key=("source", "order_id", "line_no"),
    time="placed_at",
    columns={
        "source": _SOURCE,
        "order_id": Column("string", "The order it belongs to.", required=True),
        "line_no": Column("int32", "Position in the order, from 1.", required=True),
        "customer_id": _CUSTOMER,
        "placed_at": Column("timestamp", "When the order was placed.", unit="UTC", required=True),
        "received_at": _RECEIVED,
        "product_id": Column("string", "The product; its SKU, else its title, where the shop gives no id."),
        "title": Column("string", "What the line called it."),
        "quantity": Column("float64", "Pieces; more than zero.", unit="pieces", required=True),
        "currency": _CURRENCY,
        "amount_minor": Column("int64", "Paid for the line.", unit="minor units of `currency`", required=True),
        "goods_minor": Column("int64", "The same, converted.", unit=_BASE, required=True),
    },
)

REFUND = Table(
    name="refund",
    about="One row per product given back, cancelled, or amount paid back.",
    key=("source", "refund_id", "line_no"),
    time="refunded_at",
    columns={
        "source": _SOURCE,
        "refund_id": Column("string", "The shop's own number of the refund, or one derived from its order.", required=True),
        "line_no": Column("int32", "Position in the refund, from 1.", required=True),
        "order_id": Column("string", "The order it gives back; null where the shop does not say."),
        "customer_id": _CUSTOMER,
        "refunded_at": Column("timestamp", "When it was given back.", unit="UTC", required=True),
        "received_at": _RECEIVED,
        "product_id": Column("string", "The product; null for an amount without goods."),
        "quantity": Column("float64", "Pieces given back; zero or more.", unit="pieces", required=True),
        "currency": _CURRENCY,
        "amount_minor": Column("int64", "Paid back; zero or more.", unit="minor units of `currency`", required=True),
        "goods_minor": Column("int64", "The same, converted.", unit=_BASE, required=True),
    },
)

PRODUCT = Table(
    name="product",
    about="One row per thing sold: as a product list last told of it, else the newest order line.",
    key=("source", "product_id"),
    time="updated_at",
    columns={
        "source": _SOURCE,
        "product_id": Column("string", "The shop's own product number, SKU, else title.", required=True),
        "title": Column("string", "What it is called."),
        "category": Column("string", "Category path, separated by ` > `."),
        "brand": Column("string", "Maker or brand."),
        "description": Column("string", "What the shop writes about it, in all its languages."),
        "currency": Column("string", "ISO 4217 code of the price, else of the cost."),
        "price_minor": Column("int64", "Price last listed, else last asked in an order.", unit="minor units of `currency`"),
        "cost_minor": Column("int64", "What a piece costs the shop.", unit="minor units of `currency`"),
        "stock": Column(
            "float64", "Pieces that can be sold now, 0 where it is sold out; null where nobody says.", unit="pieces"
        ),
        "updated_at": Column("timestamp", "When this was last true.", unit="UTC", required=True),
        "told": Column(
            "string", "When each of these was last told, by a product `list`, an order `line` or an `event`, as JSON."
        ),
    },
)

CUSTOMER = Table(
    name="customer",
    about="One row per person who buys or may buy, after unification.",
    key=("customer_id",),
    time="first_seen_at",
    columns={
        "customer_id": Column("string", "The shop's own customer id.", personal=True, required=True),
        "first_seen_at": Column("timestamp", "First fact known of them.", unit="UTC", required=True),
        "last_seen_at": Column("timestamp", "Last fact known of them.", unit="UTC", required=True),
        "email": Column("string", "E-mail address, lower case.", personal=True),
        "phone": Column("string", "Phone number.", personal=True),
        "name": Column("string", "Name.", personal=True),
        "language": Column("string", "Language they read: en, zh, ...", personal=True),
        "country": Column("string", "Country of the last order or of the profile.", personal=True),
    },
)

EVENT = Table(
    name="event",
    about="One thing done at one time.",
    key=("source", "message_id"),
    time="occurred_at",
    columns={
        "source": _SOURCE,
        "message_id": Column("string", "The sender's id of the event; the same id is the same event.", required=True),
        "type": Column("string", "Segment type: track, page, screen, identify, alias, group.", required=True),
        "name": Column("string", "What was done, such as `Product Viewed`."),
        "customer_id": Column("string", "Who did it, where known.", personal=True),
        "anonymous_id": Column("string", "The visitor's id.", personal=True),
        "session_id": Column("string", "Visit it belongs to."),
        "occurred_at": Column("timestamp", "When it happened.", unit="UTC", required=True),
        "received_at": _RECEIVED,
        "product_id": Column("string", "The product it is about."),
        "order_id": Column("string", "The order it is about."),
        "currency": Column("string", "ISO 4217 code of the amount."),
        "amount_minor": Column("int64", "Money it is about.", unit="minor units of `currency`"),
        "properties": Column("string", "Everything else the sender said, as JSON.", personal=True),
        "original_at": Column("timestamp", "When it happened by the sender's own clock.", unit="UTC"),
        "sent_at": Column("timestamp", "When it was sent, by the sender's own clock.", unit="UTC"),
        "clock": Column(
            "string",
            "How `occurred_at` was found: `ok` as said, `corrected` by how far the sender's clock goes wrong, `clamped` back "
            "from the future, `missing` and so the time it came in.",
        ),
        "is_bot": Column("bool", "Whether a known robot did it; readers leave such events out."),
    },
)

IDENTITY = Table(
    name="identity",
    about="What an identifier means: facts keep the id they came with, and whoever reads them puts the customer in.",
    key=("kind", "identifier", "since"),
    time="since",
    columns={
        "kind": Column(
            "string", "`guest` or `account`: a customer id that facts name; `device`: an anonymous id.", required=True
        ),
        "identifier": Column("string", "The id itself.", personal=True, required=True),
        "since": Column("timestamp", "From when on it means this customer.", unit="UTC", required=True),
        "until": Column(
            "timestamp", "Before when; null: still. Of a device only: ids mean one customer for all time.", unit="UTC"
        ),
        "customer_id": Column("string", "The customer it means.", personal=True, required=True),
    },
)

SNAPSHOT = Table(
    name="snapshot",
    about="All features of every customer as of one moment. Its further columns are the declared features.",
    key=("as_of", "customer_id"),
    time="as_of",
    widens=True,
    columns={
        "as_of": Column("timestamp", "First instant not known.", unit="UTC", required=True),
        "customer_id": Column("string", "The customer.", personal=True, required=True),
    },
)

SCORE = Table(
    name="score",
    about="One prediction for one customer as of one moment.",
    key=("as_of", "customer_id", "model", "target"),
    time="as_of",
    columns={
        "as_of": Column("timestamp", "First instant not known to the model.", unit="UTC", required=True),
        "customer_id": Column("string", "The customer.", personal=True, required=True),
        "model": Column("string", "The question: churn, value, next_order, stage, segment.", required=True),
        "target": Column("string", "What the figure is, such as p_churn, orders, revenue_minor, days, stage.", required=True),
        "horizon_days": Column("int32", "Days ahead it speaks about.", unit="days"),
        "value": Column("float64", "The figure; null where the model abstains or the answer is a name.", unit="by target"),
        "low": Column("float64", "Lower end of its 80 % interval.", unit="by target"),
        "high": Column("float64", "Upper end of its 80 % interval.", unit="by target"),
        "label": Column("string", "The answer where it is a name: a stage, a segment."),
        "reasons": Column("string", "What moved it, strongest first, as a JSON list.", personal=True),
        "version": Column("string", "The model version that said so.", required=True),
    },
)

REJECTED = Table(
    name="rejected",
    about="One row of an import that could not become a fact, kept whole.",
    key=("file_sha256", "line"),
    time="received_at",
    columns={
        "file": Column("string", "Name of the file.", required=True),
        "file_sha256": Column("string", "Fingerprint of the file.", required=True),
        "line": Column("int64", "Line, or row of a sheet or table, from 1; the header is line 1.", required=True),
        "reason": Column("string", "What is wrong with it, as a short code.", required=True),
        "detail": Column("string", "What is wrong with it, in words.", required=True),
        "raw": Column("string", "The row as it stood in the file.", personal=True, required=True),
        "received_at": _RECEIVED,
    },
)

TABLES: dict[str, Table] = {
    table.name: table
    for table in (
        EVENT,
        ORDER,
        ORDER_LINE,
        REFUND,
        PRODUCT,
        CUSTOMER,
        IDENTITY,
        SNAPSHOT,
        SCORE,
        ASSOCIATION_RULE,
        RECOMMENDATION,
        EXPOSURE,
        REJECTED,
    )
}
"""Every table by name."""


def table_named(name: str) -> Table:
    """Return a table by name. Raises UnknownName."""
    if name not in TABLES:
        raise UnknownName("table", name, TABLES)
    return TABLES[name]
