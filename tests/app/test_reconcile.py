"""Reconciling with a shop: what no webhook told is brought in, once; what was told is passed over."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from lifeloop.app import App
from lifeloop.app.bringing import SPOOL
from lifeloop.app.reconcile import Reconciliation, reconcile
from lifeloop.base.clock import FixedClock, micros
from lifeloop.base.config import Home
from lifeloop.base.errors import LakeError, SettingsError, SourceError, UnknownName
from lifeloop.base.lock import writing
from lifeloop.collect.flow import Flow
from lifeloop.collect.spool import SpoolWriter, Stamp
from lifeloop.schema import EVENT, ORDER, ORDER_LINE, PRODUCT, REFUND, REJECTED, Table
from lifeloop.store.timeline import events_of
from lifeloop.testing.shop_api import KEY, SECRET, TOKEN, FakeShop, shop_api
from lifeloop.testing.shops import ANN, shopify_order, shopify_refund, woo_order
from lifeloop.testing.till import NOW
from lifeloop.unify.indexer import Indexer

SETTINGS = """
[shop]
currency = "EUR"
[webhooks.main]
system = "{system}"
url = "{url}"
token = "{token}"
"""
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
SAMPLE = Path(__file__).parent.parent / "collect" / "samples" / "shopify_orders.csv"


class World:
    """A shop with an API, and the home that knows of it."""

    def __init__(self, folder: Path, system: str, url: str, shop: FakeShop) -> None:
        token = TOKEN if system == "shopify" else f"{KEY}:{SECRET}"
        (folder / "lifeloop.toml").write_text(SETTINGS.format(system=system, url=url, token=token), "utf-8")
        self.app = App.open(folder, clock=FixedClock(NOW))
        self.shop, self.system = shop, system
        self.paused: list[float] = []

    def reconcile(self, **options: Any) -> Reconciliation:
        """Ask the shop for everything since long ago."""
        return reconcile(self.app, "main", pause=self.paused.append, **({"since": LONG_AGO} | options))

    def webhook(self, topic: str, *documents: dict[str, Any]) -> None:
        """Let the shop tell documents by webhook, and the server carry them on."""
        app, folder = self.app, self.app.home.spool / "main"
        writer = SpoolWriter(folder)
        stamp = Stamp(self.system, self.system, micros(NOW), topic=topic)  # type: ignore[arg-type]
        writer.append([(stamp, json.dumps(one).encode()) for one in documents])
        writer.close()
        Indexer(app.store, folder, "main", app.clock).step()
        Flow(app.lake, app.engine, app.store, folder, "main", app.home.path, app.home.settings, app.clock).step()

    def rows(self, table: Table, *columns: str) -> list[Any]:
        """Return columns of a table, sorted."""
        listed = ", ".join(columns)
        found = self.app.engine.query(f"SELECT {listed} FROM t ORDER BY {listed} NULLS FIRST", {"t": table}).to_pylist()
        return [tuple(row.values()) if len(columns) > 1 else row[columns[0]] for row in found]


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Callable[[str], World]]:
    """Return a maker of worlds; all of them end with the test."""
    shop = FakeShop()
    worlds: list[World] = []
    with shop_api(shop) as url:

        def make(system: str) -> World:
            worlds.append(World(tmp_path, system, url, shop))
            return worlds[-1]

        yield make
    for world in worlds:
        world.app.store.close()


@pytest.fixture
def shopify(made: Callable[[str], World]) -> World:
    return made("shopify")


@pytest.fixture
def woocommerce(made: Callable[[str], World]) -> World:
    return made("woocommerce")


def orders(count: int) -> list[dict[str, Any]]:
    """Return orders #1, #2 ... of ann's."""
    return [shopify_order(id=100 + number, name=f"#{number}") for number in range(1, count + 1)]


def counted(done: Reconciliation, kind: str = "order") -> tuple[int, int, int]:
    one = done.documents[kind]
    return one.looked_at, one.never_told, one.told_older


def test_orders_no_webhook_told_are_brought_in_from_every_page(shopify: World) -> None:
    shopify.shop.documents = {"orders": orders(5), "customers": [ANN]}
    done = shopify.reconcile()

    assert (counted(done), counted(done, "customer"), done.refused) == ((5, 5, 0), (1, 1, 0), 0)
    assert shopify.rows(ORDER, "order_id", "customer_id", "total_minor") == [(f"#{n}", "7001", 3300) for n in range(1, 6)]
    assert sum("page_info" in path for path in shopify.shop.asked) == 2


def test_reconciling_twice_changes_nothing(shopify: World) -> None:
    shopify.shop.documents = {"orders": orders(3), "customers": [ANN]}
    shopify.reconcile()
    before = [shopify.app.lake.version(table) for table in (ORDER, ORDER_LINE, EVENT)]
    done = shopify.reconcile()

    assert (counted(done), done.brought_in) == ((3, 0, 0), 0)
    assert [shopify.app.lake.version(table) for table in (ORDER, ORDER_LINE, EVENT)] == before


def test_only_what_webhooks_lost_is_brought_in(shopify: World) -> None:
    told, lost, changed = orders(3)
    shopify.webhook("orders/create", told, changed)
    later = changed | {"updated_at": "2024-01-09T14:00:05Z", "refunds": [shopify_refund()]}
    shopify.shop.documents = {"orders": [told, lost, later]}
    done = shopify.reconcile()

    assert counted(done) == (3, 1, 1)
    assert shopify.rows(ORDER, "order_id") == ["#1", "#2", "#3"]
    assert shopify.rows(REFUND, "order_id", "amount_minor") == [("#3", 100), ("#3", 1000)]


def test_an_order_by_webhook_by_export_and_by_api_is_one_order(shopify: World) -> None:
    order = shopify_order()
    shopify.webhook("orders/create", order)
    imported = shopify.reconcile(files=[SAMPLE])
    shopify.shop.documents = {"orders": [order | {"updated_at": "2024-01-05T18:00:00Z"}]}
    done = shopify.reconcile()

    assert imported.imported is not None
    assert (imported.imported.orders_new, counted(done)) == (1, (1, 0, 1))
    assert shopify.rows(ORDER, "source", "order_id", "total_minor") == [("shopify", "#1", 3300), ("shopify", "#2", 1000)]
    assert len(shopify.rows(ORDER_LINE, "order_id", "line_no")) == 3


def test_a_late_webhook_of_an_old_version_overwrites_nothing_newer(shopify: World) -> None:
    old = shopify_order(updated_at="2024-01-06T00:00:00Z")
    new = old | {"updated_at": "2024-01-07T00:00:00Z", "total_price": "43.00", "current_total_price": "43.00"}
    shopify.shop.documents = {"orders": [new]}
    shopify.reconcile()
    shopify.webhook("orders/updated", old)

    assert shopify.rows(ORDER, "order_id", "total_minor") == [("#1", 4300)]


def test_only_what_changed_since_is_asked_for(shopify: World) -> None:
    shopify.shop.documents = {"orders": [shopify_order(), shopify_order(id=2, name="#2", updated_at="2024-03-01T00:00:00Z")]}
    done = shopify.reconcile(since=datetime(2024, 2, 1, tzinfo=UTC))

    assert (counted(done), shopify.rows(ORDER, "order_id")) == ((1, 1, 0), ["#2"])


def test_what_the_shop_refuses_for_now_is_asked_for_again(shopify: World) -> None:
    shopify.shop.documents = {"orders": orders(1)}
    shopify.shop.refuse = [(429, "2.0"), (503, None), (500, "Fri, 31 Dec 1999 23:59:59 GMT")]
    done = shopify.reconcile()

    assert (counted(done), shopify.paused) == ((1, 1, 0), [2.0, 2.0, 4.0])


def test_a_shop_that_never_answers_is_an_error_that_says_so(shopify: World) -> None:
    shopify.shop.refuse = [(503, "0")] * 20
    with pytest.raises(SourceError, match="503"):
        shopify.reconcile()


def test_a_token_that_is_not_let_in_is_an_error_at_once(shopify: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIFELOOP_WEBHOOKS__MAIN__TOKEN", "wrong")
    app = App.open(shopify.app.home.path, clock=FixedClock(NOW))
    with pytest.raises(SourceError, match="401"):
        reconcile(app, "main", pause=shopify.paused.append)
    assert len(shopify.shop.asked) == 1
    app.store.close()


def test_a_document_that_is_none_is_kept_among_the_rejected(shopify: World) -> None:
    shopify.shop.documents = {"orders": [shopify_order(id=None), *orders(1)]}
    done = shopify.reconcile()

    assert (done.refused, shopify.rows(ORDER, "order_id")) == (1, ["#1"])
    assert shopify.reconcile().refused == 1
    assert shopify.rows(REJECTED, "reason") == ["bad_document"]


def test_while_an_import_writes_nothing_is_lost(shopify: World) -> None:
    shopify.shop.documents = {"orders": orders(2)}
    with writing(shopify.app.home.path, "hold"), pytest.raises(LakeError, match="another import"):
        shopify.reconcile()
    assert not shopify.rows(ORDER, "order_id")
    shopify.shop.documents = {}
    shopify.reconcile()

    assert shopify.rows(ORDER, "order_id") == ["#1", "#2"]
    assert [file.name for file in (shopify.app.home.spool / SPOOL).glob("*.log")] in ([], ["000000000001.log"])


def test_profiles_and_timelines_know_what_was_brought_in(shopify: World) -> None:
    shopify.shop.documents = {"orders": orders(1)}
    shopify.reconcile()
    with shopify.app.store.reading() as connection:
        assert [one.name for one in events_of(connection, ["7001"]) if one.name] == ["Order Updated", "Order Completed"]


@pytest.mark.parametrize(
    "written",
    [
        json.dumps({"orders": orders(2)}),
        json.dumps(orders(2)),
        json.dumps([{"orders": orders(1)}, {"orders": orders(2)[1:]}], indent=2),
        "\n".join(json.dumps(one) for one in orders(2)) + "\n",
    ],
)
def test_pages_kept_in_a_file_are_as_good_as_the_api(shopify: World, tmp_path: Path, written: str) -> None:
    file = tmp_path / "pages.json"
    file.write_text(written, "utf-8")
    done = shopify.reconcile(files=[file])

    assert (counted(done), shopify.shop.asked) == ((2, 2, 0), [])
    assert shopify.rows(ORDER, "order_id") == ["#1", "#2"]


def test_topics_the_shop_does_not_tell_are_named_where_it_says_which_it_tells(shopify: World) -> None:
    here, there = ("https://events.x.example/v1/webhooks/shopify/main", "https://other.example/hook")
    shopify.shop.documents = {"webhooks": [{"topic": "orders/create", "address": there}]}
    assert shopify.reconcile().untold == ()
    shopify.shop.documents = {
        "webhooks": [
            {"topic": f"{kind}s/updat{'ed' if kind == 'order' else 'e'}", "address": here} for kind in ("order", "product")
        ]
    }
    assert shopify.reconcile().untold == ("orders/create", "customers/update")


def test_a_webhook_that_woocommerce_switched_off_is_named(woocommerce: World) -> None:
    here = "https://events.x.example/v1/webhooks/woocommerce/main"
    topics = {"order.created": "active", "order.updated": "disabled", "customer.updated": "active", "product.updated": "active"}
    told = [{"topic": topic, "status": status, "delivery_url": here} for topic, status in topics.items()]
    woocommerce.shop.documents = {"webhooks": told}

    assert woocommerce.reconcile().untold == ("order.updated",)


def test_a_file_that_is_no_json_is_an_error_that_names_the_line(shopify: World, tmp_path: Path) -> None:
    file = tmp_path / "pages.json"
    file.write_text(json.dumps(orders(1)[0]) + "\n{broken\n", "utf-8")
    with pytest.raises(SourceError, match="line 2 is no JSON"):
        shopify.reconcile(files=[file])


def test_what_the_settings_lack_is_said(shopify: World, tmp_path: Path) -> None:
    home = tmp_path / "other"
    home.mkdir()
    (home / "lifeloop.toml").write_text(
        '[webhooks.a]\nsystem = "shopify"\n[webhooks.b]\nsystem = "shopify"\nurl = "http://x.example"\ntoken = "t"\n'
    )
    app = App(home=Home.open(home), lake=shopify.app.lake, engine=shopify.app.engine, clock=shopify.app.clock)

    with pytest.raises(UnknownName, match="known: a, b"):
        reconcile(app, "c", pause=shopify.paused.append)
    with pytest.raises(SettingsError, match="no url"):
        reconcile(app, "a", pause=shopify.paused.append)
    with pytest.raises(SettingsError, match="https"):
        reconcile(app, "b", pause=shopify.paused.append)
    with pytest.raises(SourceError, match="No such file"):
        reconcile(app, "a", pause=shopify.paused.append, files=[tmp_path / "none.csv"])


def test_woocommerce_is_read_page_by_page_with_its_refunds(woocommerce: World) -> None:
    made = [woo_order(id=700 + n, number=str(n)) for n in range(1, 6)]
    made[4] |= {"refunds": [{"id": 9, "total": "-10.00"}], "date_modified_gmt": "2024-01-09T00:00:00"}
    woocommerce.shop.documents = {
        "orders": made,
        "products": [{"id": 31, "name": "Mug", "regular_price": "11.00", "date_modified_gmt": "2024-02-01T00:00:00"}],
        "customers": [{"id": 26, "email": "cy@x.org", "date_modified_gmt": "2024-01-01T00:00:00"}],
    }
    whole = {
        "id": 9, "amount": "10.00", "date_created_gmt": "2024-01-08T09:00:00",
        "line_items": [{"product_id": 31, "name": "Mug", "quantity": -1, "total": "-10.00"}],
    }  # fmt: skip
    woocommerce.shop.refunds = {"705": [whole]}
    done = woocommerce.reconcile()

    assert (counted(done), counted(done, "customer"), counted(done, "product")) == ((5, 5, 0), (1, 1, 0), (1, 1, 0))
    assert woocommerce.rows(ORDER, "order_id") == ["1", "2", "3", "4", "5"]
    assert woocommerce.rows(REFUND, "refund_id", "order_id", "product_id", "amount_minor") == [("9", "5", "31", 1000)]
    assert woocommerce.rows(PRODUCT, "product_id", "title", "price_minor")[0] == ("31", "Mug", 1100)
    assert woocommerce.reconcile().brought_in == 0
