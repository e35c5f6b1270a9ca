"""A run heeds the consent that only the store knows."""

from __future__ import annotations

from pathlib import Path

from lifeloop.app import App
from lifeloop.base.clock import FixedClock, micros
from lifeloop.schema import RECOMMENDATION
from lifeloop.store.consents import ConsentRow, add_consents
from lifeloop.testing.shop import ShopBuilder


def test_who_took_it_back_at_a_banner_is_recommended_nothing(tmp_path: Path) -> None:
    shop = ShopBuilder(tmp_path)
    (tmp_path / "lifeloop.toml").write_text('[shop]\ncurrency = "EUR"\n[recommend]\nconsent = "unless_withdrawn"\n', "utf-8")
    for number in range(12):
        shop.orders(f"c{number:02}", day=number / 10, products=(("tea", "cup"), ("ink", "pen"))[number % 2])
    lake = shop.lake
    app = App.open(tmp_path, clock=FixedClock(shop.day(6)))
    at = micros(shop.day(5))
    row = ConsentRow("1", "c03", "web", "personalization", "withdrawn", "banner", None, "web", at, at)
    with app.store.writing() as connection:
        add_consents(connection, [row])

    app.run(shop.day(4))

    named = set(lake.scan(RECOMMENDATION).read_all()["customer_id"].to_pylist())
    assert named == {f"c{number:02}" for number in range(12)} - {"c03"}
