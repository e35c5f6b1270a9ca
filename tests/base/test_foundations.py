"""Errors, texts, clocks, ids and settings say what they mean."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from lifeloop.base.clock import FixedClock, day_start, next_day_start, parse_instant
from lifeloop.base.config import Home, read_settings
from lifeloop.base.errors import LifeloopError, SettingsError, UnknownName
from lifeloop.base.files import write_whole
from lifeloop.base.ids import customer_of_email
from lifeloop.base.registry import Registry
from lifeloop.base.text import Text


def test_an_error_says_what_was_asked_what_was_found_and_what_to_do() -> None:
    error = LifeloopError("cannot import orders.csv", "line 1 has no column for 'customer_id'", "Map one with --map.")

    assert str(error) == "cannot import orders.csv: line 1 has no column for 'customer_id'.\nMap one with --map."


def test_an_unknown_name_offers_the_nearest() -> None:
    known = ["home", "product", "search", "cart", "message"]

    assert str(UnknownName("placement", "chart", known)) == (
        "no placement named 'chart'; did you mean 'cart'? (known: cart, home, message, product, search)"
    )


def test_a_registry_finds_by_name_and_refuses_the_unknown() -> None:
    engines = Registry("engine", "lifeloop.test_engines", {"duckdb": 1, "spark": 2})

    assert engines["duckdb"] == 1
    assert list(engines) == ["duckdb", "spark"]
    with pytest.raises(UnknownName, match="did you mean 'duckdb'"):
        engines["duckbd"]


def test_a_text_needs_the_same_blanks_in_both_languages() -> None:
    assert Text("{n} orders", "{n} 笔订单").say("zh", n=3) == "3 笔订单"
    with pytest.raises(ValueError, match="the blanks differ"):
        Text("{n} orders", "{count} 笔订单")


def test_a_date_without_zone_is_midnight_in_the_shop() -> None:
    assert parse_instant("2011-09-05", ZoneInfo("Asia/Shanghai")) == datetime(2011, 9, 4, 16, tzinfo=UTC)
    assert parse_instant("2011-09-05T12:00+02:00", ZoneInfo("UTC")) == datetime(2011, 9, 5, 10, tzinfo=UTC)
    with pytest.raises(SettingsError, match=r"cannot read the date '5\.9\.2011'"):
        parse_instant("5.9.2011", ZoneInfo("UTC"))


def test_a_fixed_clock_stands_still_and_a_day_starts_at_local_midnight() -> None:
    clock = FixedClock(datetime(2024, 3, 31, 12, tzinfo=UTC))

    assert clock.now() == clock.now()
    assert day_start(clock.now(), ZoneInfo("Europe/Berlin")) == datetime(2024, 3, 30, 23, tzinfo=UTC)


def test_the_day_after_a_long_day_begins_at_the_next_midnight() -> None:
    early_on_a_day_of_25_hours = datetime(2024, 10, 27, 0, 10, tzinfo=ZoneInfo("Europe/Berlin"))

    after = next_day_start(early_on_a_day_of_25_hours.astimezone(UTC), ZoneInfo("Europe/Berlin"))

    assert after == datetime(2024, 10, 28, 0, tzinfo=ZoneInfo("Europe/Berlin"))


def test_the_same_e_mail_is_the_same_customer_however_written() -> None:
    assert customer_of_email(" Ann@Example.com ") == customer_of_email("ann@example.com")


def test_a_home_without_settings_has_the_defaults(tmp_path: Path) -> None:
    home = Home.open(tmp_path)

    assert home.settings.predict.churn_days == 30
    assert home.lake_url == str(tmp_path / "lake")


def test_the_environment_wins_over_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "lifeloop.toml").write_text('[shop]\nname = "Tea"\ncurrency = "GBP"\n')
    monkeypatch.setenv("LIFELOOP_SHOP__CURRENCY", "CNY")

    shop = Home.open(tmp_path).settings.shop

    assert (shop.name, shop.currency) == ("Tea", "CNY")


@pytest.mark.parametrize(
    ("toml", "said"),
    [
        ("[shop", "cannot read"),
        ('[shop]\ncurrency = "EURO"', "shop.currency.*ISO 4217"),
        ('[shop]\ntimezone = "London"', "shop.timezone.*IANA"),
        ("[predict]\nchurn_days = 0", "predict.churn_days"),
        ("[predict]\nchurn_dyas = 30", "predict.churn_dyas"),
    ],
)
def test_a_wrong_setting_is_named(tmp_path: Path, toml: str, said: str) -> None:
    file = tmp_path / "lifeloop.toml"
    file.write_text(toml)

    with pytest.raises(SettingsError, match=f"(?s){said}"):
        read_settings(file)


def test_a_home_that_is_not_there_is_refused_with_the_way_out(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="lifeloop init"):
        Home.open(tmp_path / "nowhere")


@pytest.mark.parametrize("written", ["", "[shop]", "  [ shop ]  # ours", '[lake]\nmemory_mb = 500\n\n[shop]\nname = "Tea"'])
def test_the_first_imports_currency_is_written_into_the_settings_whatever_they_look_like(tmp_path: Path, written: str) -> None:
    (tmp_path / "lifeloop.toml").write_text(written)

    Home.open(tmp_path).settle_currency("JPY")

    assert Home.open(tmp_path).currency == "JPY"
    assert [file.name for file in tmp_path.iterdir()] == ["lifeloop.toml"]


def test_a_base_currency_is_settled_once(tmp_path: Path) -> None:
    home = Home.open(tmp_path)

    home.settle_currency("JPY")
    home.settle_currency("EUR")

    assert Home.open(tmp_path).currency == "JPY"


def test_settings_that_cannot_take_the_currency_are_left_as_they_are(tmp_path: Path) -> None:
    file = tmp_path / "lifeloop.toml"
    file.write_text('shop = { name = "Tea" }\n')

    with pytest.raises(SettingsError, match='Write currency = "JPY" among them'):
        Home.open(tmp_path).settle_currency("JPY")
    assert file.read_text() == 'shop = { name = "Tea" }\n'


def test_a_file_whose_writing_breaks_off_is_still_the_old_one(tmp_path: Path) -> None:
    file = write_whole(tmp_path / "made" / "churn.json", "{}")

    with pytest.raises(UnicodeEncodeError):
        write_whole(file, '{"half": "written \udcff')

    assert file.read_text() == "{}"
    assert list(file.parent.glob("*.json")) == [file]
