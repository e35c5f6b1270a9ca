"""Forgetting a customer: out of models and lake, with all that means them."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

from lifeloop.app import App
from lifeloop.base.clock import FixedClock
from lifeloop.base.errors import LakeError
from lifeloop.base.lock import writing
from lifeloop.base.versions import versions
from lifeloop.recommend.learning.keep import load_model
from lifeloop.recommend.learning.nightly import recommend_all
from lifeloop.recommend.model import QUESTION
from lifeloop.schema import EVENT, IDENTITY, TABLES
from lifeloop.testing.shop import ShopBuilder


def link(kind: str, identifier: str, customer_id: str) -> dict[str, object]:
    """Return who is who, from the beginning on."""
    return {"kind": kind, "identifier": identifier, "customer_id": customer_id, "since": ShopBuilder.day(-9)}


@pytest.fixture
def app(tmp_path: Path) -> App:
    """Return a shop of which a run has learned, in which ann has an account, a guest's id and a telephone."""
    shop = ShopBuilder(tmp_path)
    (tmp_path / "lifeloop.toml").write_text('[shop]\ncurrency = "EUR"\n[recommend]\nconsent = "unless_withdrawn"\n', "utf-8")
    for number in range(12):
        shop.orders(f"c{number:02}", day=number / 10, products=(("tea", "cup"), ("ink", "pen"))[number % 2])
    shop.orders("ann-own", day=1, products=("tea", "ink")).orders("ann-guest", day=2, products=("tea", "cup"))
    shop.does("ann-own", "Product Viewed", day=3, product="pen")
    seen: dict[str, object] = {"source": "test", "message_id": "seen", "type": "track", "name": "Product Viewed"}
    seen |= {"anonymous_id": "ann-phone", "product_id": "cup", "occurred_at": shop.day(3), "received_at": shop.day(3)}
    shop.lake.append(EVENT, pa.Table.from_pylist([seen], schema=EVENT.arrow()))
    links = [link("guest", "ann-guest", "ann-own"), link("device", "ann-phone", "ann-own")]
    opened = App.open(tmp_path, clock=FixedClock(shop.day(6)))
    lake, engine = shop.lake, opened.engine
    for day in (4, 5):
        recommend_all(lake, engine, opened.home.models, shop.day(day), settings=opened.home.settings)
        lake.overwrite(IDENTITY, pa.Table.from_pylist(links, schema=IDENTITY.arrow()))
    return opened


def told(app: App) -> list[str]:
    """Return the names of tables and files that still tell of ann."""
    tables = [
        table.name for table in TABLES.values() if app.lake.exists(table) and "ann-" in str(app.lake.scan(table).read_all())
    ]
    files = [file.name for file in app.home.models.rglob("*") if file.is_file() and b"ann-" in file.read_bytes()]
    return tables + files


@pytest.mark.parametrize("name", ["ann-own", "ann-guest"])
def test_nothing_of_a_customer_stays_in_models_and_lake(app: App, name: str) -> None:
    before = told(app)

    done = app.forget_customer(name)

    assert {"event", "order_line", "recommendation", "identity"} <= set(before)
    assert told(app) == []
    assert (done.customer_id, done.models) == ("ann-own", 2)
    assert done.rows["order"] == 2
    assert len(load_model(versions(app.home.models, QUESTION)[-1]).deeds.names) == 12
    again = app.forget_customer(name)
    assert again.models == sum(again.rows.values()) == 0


@pytest.mark.parametrize("what", ["run", "facts"])
def test_nobody_is_forgotten_while_others_write(app: App, what: str) -> None:
    with writing(app.home.path, "a test", what), pytest.raises(LakeError, match="cannot forget"):  # type: ignore[arg-type] # one of both
        app.forget_customer("ann-own")

    assert told(app)
