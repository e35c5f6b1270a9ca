"""The tables of recommending: what goes together, what is recommended to whom, and what was shown."""

from __future__ import annotations

from lifeloop.schema.declare import Column, Table

_CUSTOMER = Column("string", "The customer; null for a visitor nobody knows.", personal=True)
_VERSION = Column("string", "The version of the recommender that said so.", required=True)

ASSOCIATION_RULE = Table(
    name="association_rule",
    about="One row per pair of products bought in the same order more often than by chance: who buys `if_product` buys "
    "`then_product` too.",
    key=("as_of", "if_product", "then_product"),
    time="as_of",
    columns={
        "as_of": Column("timestamp", "First instant not known.", unit="UTC", required=True),
        "if_product": Column("string", "The product in the basket.", required=True),
        "then_product": Column("string", "The product bought with it.", required=True),
        "orders": Column("int64", "Orders that were counted.", unit="orders", required=True),
        "orders_if": Column("int64", "Orders with `if_product`.", unit="orders", required=True),
        "orders_then": Column("int64", "Orders with `then_product`.", unit="orders", required=True),
        "orders_both": Column("int64", "Orders with both.", unit="orders", required=True),
        "support": Column("float64", "Share of orders with both.", unit="0..1", required=True),
        "confidence": Column(
            "float64", "Share of the orders with `if_product` that hold `then_product`.", unit="0..1", required=True
        ),
        "low": Column("float64", "Lower end of the confidence's 95 % interval.", unit="0..1", required=True),
        "high": Column("float64", "Upper end of the confidence's 95 % interval.", unit="0..1", required=True),
        "lift": Column("float64", "Confidence over the share of all orders with `then_product`.", unit="ratio", required=True),
        "p_value": Column(
            "float64",
            "Chance of so many orders with both if the two had nothing to do with each other.",
            unit="0..1",
            required=True,
        ),
        "q_value": Column(
            "float64", "Share of false rules among those at least as sure as this one.", unit="0..1", required=True
        ),
    },
)

RECOMMENDATION = Table(
    name="recommendation",
    about="One row per product recommended to a customer in a message, as of one moment.",
    key=("as_of", "customer_id", "placement", "rank"),
    time="as_of",
    columns={
        "as_of": Column("timestamp", "First instant not known.", unit="UTC", required=True),
        "customer_id": Column("string", "The customer.", personal=True, required=True),
        "placement": Column("string", "Where it is to be shown: message.", required=True),
        "rank": Column("int32", "Place in the list, from 1.", required=True),
        "product_id": Column("string", "The product.", required=True),
        "score": Column("float64", "The sum of its reasons; comparable within one list only.", required=True),
        "strategy": Column(
            "string", "What it comes from: personal, session, similar, together, content, trending, new.", required=True
        ),
        "reasons": Column("string", "What speaks for it, strongest first, as a JSON list.", personal=True),
        "version": _VERSION,
    },
)

EXPOSURE = Table(
    name="exposure",
    about="One row per product in a list of recommendations that was handed out, with the chance it had to stand there.",
    key=("exposure_id", "rank"),
    time="shown_at",
    columns={
        "exposure_id": Column("string", "The list; a click names it in its property `exposure_id`.", required=True),
        "rank": Column("int32", "Place in the list, from 1.", required=True),
        "shown_at": Column("timestamp", "When it was handed out.", unit="UTC", required=True),
        "received_at": Column("timestamp", "When lifeloop learned of it.", unit="UTC", required=True),
        "placement": Column("string", "home, product, search, cart or message.", required=True),
        "customer_id": _CUSTOMER,
        "anonymous_id": Column("string", "The visitor's id.", personal=True),
        "product_id": Column("string", "The product.", required=True),
        "propensity": Column("float64", "With which chance this product came to this place.", unit="0..1", required=True),
        "is_explored": Column("bool", "Whether chance put it there, to learn about a new product.", required=True),
        "strategy": Column(
            "string", "What it comes from: personal, session, similar, together, content, trending, new.", required=True
        ),
        "score": Column("float64", "The sum of its reasons; comparable within one list only."),
        "signals": Column("string", "What the ranking knew of it, as a JSON object: a ranker learns from it."),
        "version": _VERSION,
    },
)
