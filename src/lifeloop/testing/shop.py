"""A small shop for tests: facts are said in days and whole currency units, and stand in a real lake."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa

from lifeloop.lake import DuckEngine, Lake
from lifeloop.schema import EVENT, ORDER, ORDER_LINE, PRODUCT, REFUND, Table

START = datetime(2024, 1, 1, tzinfo=UTC)
"""Day 0 of every test shop, a Monday."""

NOON = timedelta(hours=12)


class ShopBuilder:
    """Builds facts one by one; every method returns the shop, so that a story reads in one line.

    >>> shop = ShopBuilder(Path("home")).orders("ann", day=1).orders("ann", day=9, spent=20)
    >>> shop.day(10).isoformat()
    '2024-01-11T00:00:00+00:00'
    """

    def __init__(self, folder: Path) -> None:
        self._lake = Lake(folder / "lake")
        self._engine = DuckEngine(self._lake)
        self._waiting: dict[str, list[dict[str, Any]]] = {}
        self._numbers = 0

    @staticmethod
    def day(number: float) -> datetime:
        """Return the instant at which day `number` begins."""
        return START + timedelta(days=number)

    def orders(
        self,
        customer: str | None,
        *,
        day: float,
        spent: float = 10,
        products: tuple[str, ...] = ("thing",),
        order_id: str | None = None,
    ) -> ShopBuilder:
        """Say that `customer` orders one piece of each product at noon of `day`, for `spent` units of currency in all."""
        number = order_id or self._number("order")
        placed_at = self.day(day) + NOON
        fact = {
            "source": "test",
            "order_id": number,
            "customer_id": customer,
            "placed_at": placed_at,
            "received_at": placed_at,
            "currency": "EUR",
        }
        minor = round(spent * 100)
        share, rest = divmod(minor, len(products))
        self._add(
            ORDER,
            fact
            | {
                "total_minor": minor,
                "goods_minor": minor,
                "quantity": float(len(products)),
                "products": len(set(products)),
                "digest": number,
            },
        )
        for position, product in enumerate(products, start=1):
            amount = share + (rest if position == 1 else 0)
            self._add(
                ORDER_LINE,
                fact
                | {
                    "line_no": position,
                    "product_id": product,
                    "title": product,
                    "quantity": 1.0,
                    "amount_minor": amount,
                    "goods_minor": amount,
                },
            )
        return self

    def refunds(self, customer: str | None, *, day: float, amount: float = 10, product: str = "thing") -> ShopBuilder:
        """Say that `customer` gives one piece of `product` back at noon of `day` for `amount` units of currency."""
        refunded_at = self.day(day) + NOON
        minor = round(amount * 100)
        self._add(
            REFUND,
            {
                "source": "test",
                "refund_id": self._number("refund"),
                "line_no": 1,
                "customer_id": customer,
                "refunded_at": refunded_at,
                "received_at": refunded_at,
                "product_id": product,
                "quantity": 1.0,
                "currency": "EUR",
                "amount_minor": minor,
                "goods_minor": minor,
            },
        )
        return self

    def does(self, customer: str | None, name: str, *, day: float, product: str | None = None) -> ShopBuilder:
        """Say that `customer` does `name` (such as `Product Viewed`) at noon of `day`."""
        occurred_at = self.day(day) + NOON
        self._add(
            EVENT,
            {
                "source": "test",
                "message_id": self._number("message"),
                "type": "track",
                "name": name,
                "customer_id": customer,
                "occurred_at": occurred_at,
                "received_at": occurred_at,
                "product_id": product,
            },
        )
        return self

    def sells(
        self,
        product: str,
        *,
        day: float = 0,
        price: float | None = 10,
        cost: float | None = None,
        stock: float | None = None,
        **told: str,
    ) -> ShopBuilder:
        """Say once what is told of `product` as of noon of `day`: price and cost in units of currency, pieces in stock.

        `told` are its title, category, brand and description.
        """
        minor = {"price_minor": price, "cost_minor": cost}
        self._add(
            PRODUCT,
            {
                "source": "test",
                "product_id": product,
                "currency": "EUR",
                "updated_at": self.day(day) + NOON,
                "stock": stock,
                **{name: None if amount is None else round(amount * 100) for name, amount in minor.items()},
                **told,
            },
        )
        return self

    @property
    def lake(self) -> Lake:
        """The lake with every fact said so far."""
        for name, rows in self._waiting.items():
            table = next(table for table in (ORDER, ORDER_LINE, REFUND, EVENT, PRODUCT) if table.name == name)
            self._lake.append(table, pa.Table.from_pylist(rows, schema=table.arrow()))
        self._waiting = {}
        return self._lake

    @property
    def engine(self) -> DuckEngine:
        """An engine over the lake with every fact said so far."""
        self.lake  # noqa: B018 - writes what waits
        return self._engine

    def _add(self, table: Table, row: dict[str, Any]) -> None:
        self._waiting.setdefault(table.name, []).append(row)

    def _number(self, kind: str) -> str:
        self._numbers += 1
        return f"{kind}-{self._numbers}"
