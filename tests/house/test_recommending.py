"""One server as a shop asks it what to recommend: a click changes the next answer, and every list stands in the lake once."""

from __future__ import annotations

import shutil
import signal
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil
import pytest

from lifeloop.app import App
from lifeloop.base.clock import SystemClock
from lifeloop.schema import EVENT, EXPOSURE, ORDER
from lifeloop.simulate import Shop, WorldConfig
from lifeloop.simulate.files.tables import write_tables
from lifeloop.testing.postgres import PostgresServer
from lifeloop.testing.serving import Served, served, until

TODAY = datetime.now(UTC)  # noqa: TID251 - the server's clock is the machine's


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the home of a shop that was run: everybody's history may be used who did not say otherwise."""
    folder = tmp_path_factory.mktemp("lived")
    files = write_tables(Shop(WorldConfig().but(shop={"customers": 150, "products": 30}).lasting(200)), folder / "files")
    made = folder / "home"
    made.mkdir()
    (made / "lifeloop.toml").write_text('[recommend]\nconsent = "unless_withdrawn"\n')
    app = App.open(made, clock=SystemClock())
    app.import_files(list(files.values()))
    app.run(app.as_of(None))
    return made


@pytest.fixture
def home(lived: Path, tmp_path: Path) -> Path:
    """Return such a home that a test may write in."""
    return Path(shutil.copytree(lived, tmp_path / "home"))


def rows(home: Path, sql: str) -> list[dict[str, Any]]:
    app = App.open(home, clock=SystemClock())
    found: list[dict[str, Any]] = app.engine.query(sql, {"events": EVENT, "orders": ORDER, "shown": EXPOSURE}).to_pylist()
    return found


def home_page(shop: Served, **who: str) -> dict[str, Any]:
    answer = shop.get("/v1/recommendations", placement="home", k=8, **who)
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


def does(shop: Served, message: str, name: str, **said: Any) -> None:
    event = {"type": "track", "event": name, "messageId": message, "timestamp": TODAY.isoformat()}
    assert shop.post("/v1/track", event | said).status_code == 200


def causes(told: dict[str, Any]) -> set[str]:
    return {reason["because_of"] for product in told["products"] for reason in product["reasons"]} - {None}


def test_a_click_changes_the_very_next_answer_and_the_list_stands_in_the_lake(home: Path) -> None:
    with served(home) as shop:
        before = home_page(shop, anonymous="v1")
        clicked = before["products"][0]["product_id"]
        does(
            shop,
            "m1",
            "Product Clicked",
            anonymousId="v1",
            properties={"product_id": clicked, "exposure_id": before["exposure_id"]},
        )
        after = home_page(shop, anonymous="v1")
        stranger = home_page(shop, anonymous="v2")

        assert (before["personal"], after["personal"], stranger["personal"]) == (False, True, False)
        assert clicked in causes(after)
        assert clicked not in causes(before) | causes(stranger)
        logged = until(lambda: rows(home, "SELECT * FROM shown ORDER BY shown_at, rank") if _lists(home) == 3 else [])
        until(lambda: rows(home, "SELECT message_id FROM events WHERE message_id = 'm1'"))

    lists = {told["exposure_id"]: [one["product_id"] for one in told["products"]] for told in (before, after, stranger)}
    for exposure_id, products in lists.items():
        assert [row["product_id"] for row in logged if row["exposure_id"] == exposure_id] == products
    assert {row["version"] for row in logged} == {before["version"]} != {"none"}
    assert all(0 < row["propensity"] <= 1 for row in logged)
    met = "SELECT count(*) AS n FROM events AS e JOIN shown AS s ON e.properties LIKE concat('%', s.exposure_id, '%')"
    assert rows(home, met)[0]["n"] == len(before["products"])


def test_whoever_takes_consent_back_is_nobody_in_particular_from_the_next_question_on(home: Path) -> None:
    customer = rows(home, "SELECT customer_id, count(*) AS n FROM orders GROUP BY customer_id ORDER BY n DESC LIMIT 1")[0]
    who = str(customer["customer_id"])
    with served(home) as shop:
        does(shop, "m1", "Product Viewed", userId=who, properties={"product_id": rows(home, _SOLD)[0]["product_id"]})
        before = home_page(shop, customer=who)
        taken = {"channel": "web", "purpose": "personalization", "state": "withdrawn"}
        assert shop.post(f"/v1/customers/{who}/consents", taken, scope="admin").status_code == 201
        after = home_page(shop, customer=who)
        until(lambda: _lists(home) == 2)

    assert (before["personal"], after["personal"]) == (True, False)
    assert "no consent" in after["notes"][0]["en"]
    assert after["products"]
    assert causes(after) == set()
    named = {row["exposure_id"]: row["customer_id"] for row in rows(home, "SELECT exposure_id, customer_id FROM shown")}
    assert named == {before["exposure_id"]: who, after["exposure_id"]: None}


def test_what_a_customer_without_consent_does_is_not_used_for_their_device(home: Path) -> None:
    who, taken = "withdrawn", {"channel": "web", "purpose": "personalization", "state": "withdrawn"}
    seen = {"product_id": rows(home, _SOLD)[0]["product_id"]}
    with served(home) as shop:
        does(shop, "m1", "Hello", userId=who)
        until(lambda: shop.get(f"/v1/customers/{who}").status_code == 200)
        assert shop.post(f"/v1/customers/{who}/consents", taken, scope="admin").status_code == 201
        does(shop, "m2", "Product Viewed", userId=who, anonymousId="v77", properties=seen)
        told = home_page(shop, anonymous="v77")

    assert not told["personal"]
    assert causes(told) == set()


def test_lists_that_were_answered_survive_a_killed_server_and_are_there_once(home: Path) -> None:
    with served(home) as shop:
        beside = psutil.Process(shop.process.pid).children()
        told = [home_page(shop, anonymous=f"v{number}") for number in range(30)]
        shop.stop(signal.SIGKILL)
        psutil.wait_procs(beside, timeout=30)
    with served(home):
        until(lambda: _lists(home) >= 30)

    assert {row["exposure_id"] for row in rows(home, "SELECT exposure_id FROM shown")} == {one["exposure_id"] for one in told}
    counted = rows(home, "SELECT count(*) AS n, count(DISTINCT concat(exposure_id, '/', rank)) AS places FROM shown")[0]
    assert counted["n"] == counted["places"] == sum(len(one["products"]) for one in told)


def test_a_process_that_only_answers_logs_its_lists_too(home: Path, postgres: PostgresServer, empty_postgres: str) -> None:
    with (home / "lifeloop.toml").open("a") as stream:
        stream.write(f'[store]\nurl = "{postgres.url(postgres.fresh(empty_postgres))}"\n')
    with served(home, "--only", "api") as shop:
        told = [home_page(shop), home_page(shop, anonymous="v1")]
        assert shop.post("/v1/track", {"event": "Hello", "userId": "ann"}).status_code in (404, 405)
        until(lambda: _lists(home) == 2)
        until(lambda: shop.get("/readyz").status_code == 200)

    assert (home / "spool" / "shown").is_dir()
    assert not (home / "spool" / "main").exists()
    assert {row["exposure_id"] for row in rows(home, "SELECT exposure_id FROM shown")} == {one["exposure_id"] for one in told}


def test_a_shop_that_knows_nothing_yet_has_an_answer_too(tmp_path: Path) -> None:
    with served(tmp_path) as shop:
        told = [home_page(shop), home_page(shop, customer="ann"), home_page(shop, anonymous="v1")]
        hits = shop.post("/v1/recommendations/search", {"items": ["mug", "pot"]}, scope="read")

    assert all(one["version"] == "none" and one["products"] == [] and one["notes"] for one in told)
    assert hits.status_code == 200


_SOLD = "SELECT product_id FROM events WHERE product_id IS NOT NULL GROUP BY product_id ORDER BY count(*) DESC LIMIT 1"


def _lists(home: Path) -> int:
    return int(rows(home, "SELECT count(DISTINCT exposure_id) AS n FROM shown")[0]["n"])
