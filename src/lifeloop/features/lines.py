"""What a customer buys: how many different products, at what prices, and whether always the same ones."""

from __future__ import annotations

from lifeloop.base.text import Text
from lifeloop.features.declare import Feature, Subject
from lifeloop.features.orders import MINOR

LINES = Subject(
    name="lines",
    about="One row per customer and product bought; lines without a product count as one product of no name.",
    facts=("lines",),
    sql="""SELECT customer, product_id, count(*) AS lines, sum(goods_minor / nullif(quantity, 0)) AS price_sum_minor,
    max(goods_minor / nullif(quantity, 0)) AS price_max_minor
    FROM lines GROUP BY customer, product_id""",
    columns={
        "product_id": "the product; null where the lines name none",
        "lines": "order lines with it",
        "price_sum_minor": "sum of the price per piece over these lines",
        "price_max_minor": "highest price per piece",
    },
)

FEATURES: tuple[Feature, ...] = (
    Feature(
        "lines",
        LINES,
        "sum(lines)",
        "int32",
        "order lines",
        "Order lines before as_of.",
        Text("order lines so far", "累计订单行数"),
        empty=0,
    ),
    Feature(
        "products",
        LINES,
        "count(product_id)",
        "int32",
        "products",
        "Distinct products bought before as_of.",
        Text("different products bought", "买过的商品种数"),
        empty=0,
    ),
    Feature(
        "product_entropy",
        LINES,
        "greatest(ln(sum(lines)) - sum(lines * ln(lines)) / sum(lines), 0)",
        "float64",
        "nats",
        "Entropy of the products over order lines: 0 = always the same product, ln(n) = n products equally often.",
        Text("variety of products", "购买商品的多样性"),
    ),
    Feature(
        "unit_price_mean_minor",
        LINES,
        "sum(price_sum_minor) / sum(lines)",
        "float64",
        MINOR,
        "Mean price per piece over order lines.",
        Text("average price per piece", "平均单价"),
    ),
    Feature(
        "unit_price_max_minor",
        LINES,
        "max(price_max_minor)",
        "float64",
        MINOR,
        "Highest price per piece.",
        Text("highest price per piece", "最高单价"),
    ),
)
