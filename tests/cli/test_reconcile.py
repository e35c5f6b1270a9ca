"""`lifeloop reconcile`: what it says to people and to programs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from lifeloop.base.errors import UnknownName
from lifeloop.cli.main import app
from lifeloop.testing.shop_api import TOKEN, FakeShop, shop_api
from lifeloop.testing.shops import shopify_order


def home_of(folder: Path, url: str) -> Path:
    (folder / "lifeloop.toml").write_text(
        f'[shop]\ncurrency = "EUR"\n[webhooks.main]\nsystem = "shopify"\nurl = "{url}"\ntoken = "{TOKEN}"\n', "utf-8"
    )
    return folder


def run(home: Path, *words: str) -> str:
    result = CliRunner().invoke(app, ["reconcile", *words, "--home", str(home)], catch_exceptions=False)
    assert result.exit_code == 0
    return result.stdout


def test_it_says_how_much_no_webhook_had_told(tmp_path: Path) -> None:
    shop = FakeShop(documents={"orders": [shopify_order()]})
    with shop_api(shop) as url:
        home = home_of(tmp_path, url)
        first = json.loads(run(home, "main", "--since", "2020-01-01", "--json"))
        again = run(home, "main", "--since", "2020-01-01")

    assert first["documents"]["order"] == {"looked_at": 1, "never_told": 1, "told_older": 0}
    assert first["brought_in"] == 1
    assert "Nothing was lost" in again


def test_an_export_is_as_good(tmp_path: Path) -> None:
    sample = Path(__file__).parent.parent / "collect" / "samples" / "shopify_orders.csv"
    said = run(home_of(tmp_path, "https://shop.example"), "main", "--from", str(sample))

    assert "2 orders were not known" in said


def test_a_shop_nobody_named_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(UnknownName, match="known: main"):
        run(home_of(tmp_path, "https://shop.example"), "mein")
