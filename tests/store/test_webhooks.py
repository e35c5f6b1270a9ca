"""A delivery that comes again is known."""

from __future__ import annotations

from lifeloop.base.clock import micros
from lifeloop.store import Store
from lifeloop.store.webhooks import KEPT_DAYS, heard_lately, is_known, last_received, note, received
from lifeloop.testing.clock import after

DAY = 86_400.0


def test_a_delivery_is_new_once(store: Store) -> None:
    with store.writing() as connection:
        assert note(connection, "shop", "d1", "orders/create", after())
        assert not note(connection, "shop", "d1", "orders/create", after(5))
        assert note(connection, "other shop", "d1", "orders/create", after(6))

    with store.reading() as connection:
        assert is_known(connection, "shop", "d1")
        assert not is_known(connection, "shop", "d2")
        assert last_received(connection, "shop") == micros(after().now())
        assert last_received(connection, "nobody") is None


def test_deliveries_are_counted_by_topic(store: Store) -> None:
    with store.writing() as connection:
        note(connection, "shop", "d1", "orders/create", after())
        note(connection, "shop", "d2", "orders/create", after(10))
        note(connection, "shop", "d3", "refunds/create", after(20))

        assert received(connection, "shop", micros(after(5).now())) == {"orders/create": 1, "refunds/create": 1}


def test_old_deliveries_are_forgotten(store: Store) -> None:
    with store.writing() as connection:
        note(connection, "shop", "d1", "orders/create", after())
        note(connection, "shop", "d2", "orders/create", after(KEPT_DAYS * DAY + 1))

        assert not is_known(connection, "shop", "d1")
        assert is_known(connection, "shop", "d2")


def test_messages_nobody_sent_were_not_heard(store: Store) -> None:
    with store.reading() as connection:
        assert heard_lately(connection, "shop", [f"m{number}" for number in range(1200)]) == {}
