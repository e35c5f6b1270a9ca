"""One customer over HTTP: who they are, where they stand, what is predicted and why, what they did."""

from __future__ import annotations

from typing import Any

import pytest

from lifeloop.schema import CUSTOMER, EVENT, SCORE
from lifeloop.testing.served import House


@pytest.fixture(scope="module")
def loyal(house: House) -> str:
    sql = "SELECT customer_id FROM scores WHERE target = 'stage' AND label = 'loyal' ORDER BY customer_id LIMIT 1"
    found: str = house.app.engine.query(sql, {"scores": SCORE}).column("customer_id")[0].as_py()
    return found


def test_a_customer_has_a_stage_and_scores_with_reasons_in_both_languages(house: House, loyal: str) -> None:
    told: dict[str, Any] = house.with_key("read").get(f"/v1/customers/{loyal}").json()

    assert told["customer_id"] == loyal
    assert told["stage"]["name"] == "loyal"
    assert not told["stage"]["provisional"]
    assert told["stage"]["reasons"][0]["en"].startswith("Ordered on")
    assert "下过单" in told["stage"]["reasons"][0]["zh"]
    assert {score["target"] for score in told["scores"]} >= {"p_churn", "orders", "revenue_minor", "days", "rfm", "cluster"}
    assert "stage-loyal" in told["segments"]
    assert told["profile"]["first_seen_at"] < told["profile"]["last_seen_at"]
    assert told["features"]["orders"] >= 3
    assert told["timeline"]


def test_the_pages_of_a_timeline_hold_everything_once_latest_first(house: House, loyal: str) -> None:
    client = house.with_key("read")
    whole = client.get(f"/v1/customers/{loyal}/timeline", params={"limit": 1000}).json()
    assert whole["next"] is None

    pieces: list[dict[str, Any]] = []
    cursor = None
    while True:
        page = client.get(
            f"/v1/customers/{loyal}/timeline", params={"limit": 7, **({"cursor": cursor} if cursor else {})}
        ).json()
        pieces += page["timeline"]
        cursor = page["next"]
        if cursor is None:
            break

    assert pieces == whole["timeline"]
    assert len(pieces) > 14
    assert [one["happened_at"] for one in pieces] == sorted((one["happened_at"] for one in pieces), reverse=True)
    assert {one["kind"] for one in pieces} >= {"order", "track"}


def test_as_of_a_moment_nothing_later_is_told(house: House, loyal: str) -> None:
    app = house.app
    moment = app.scored_moments()[-1]
    client = house.with_key("read")

    told = client.get(f"/v1/customers/{loyal}", params={"as_of": moment.isoformat()}).json()

    assert told["as_of"].startswith(f"{moment:%Y-%m-%d}")
    assert all(one["happened_at"] < told["as_of"] for one in told["timeline"])
    assert told["cart"] == []
    refused = client.get(f"/v1/customers/{loyal}", params={"as_of": "2019-01-01"})
    assert refused.status_code == 404
    assert f"{moment:%Y-%m-%d}" in refused.json()["found"]
    assert client.get(f"/v1/customers/{loyal}", params={"as_of": "yesterday"}).status_code == 400


def test_a_customer_is_found_by_what_a_file_said_of_them(house: House) -> None:
    sql = "SELECT customer_id, email FROM customers WHERE email IS NOT NULL ORDER BY customer_id LIMIT 1"
    row = house.app.engine.query(sql, {"customers": CUSTOMER}).to_pylist()[0]
    client = house.with_key("read")

    by_email = client.get("/v1/customers", params={"email": row["email"].upper()}).json()["customers"]
    by_account = client.get("/v1/customers", params={"account": row["customer_id"]}).json()["customers"]

    assert [one["customer_id"] for one in by_email] == [row["customer_id"]]
    assert by_account == by_email
    assert client.get("/v1/customers", params={"email": "nobody@example.com"}).json() == {"customers": []}


@pytest.mark.parametrize("asked", [{}, {"email": "ann@example.com", "account": "ann"}])
def test_looking_for_somebody_takes_exactly_one_identifier(house: House, asked: dict[str, str]) -> None:
    assert house.with_key("read").get("/v1/customers", params=asked).status_code == 400


def test_a_customer_nobody_knows_is_not_found(house: House) -> None:
    answer = house.with_key("read").get("/v1/customers/nobody")

    assert answer.status_code == 404
    assert answer.json()["error"] == "not_found"
    assert answer.json()["fix"]


def test_somebody_without_a_run_stands_where_their_orders_say_for_now(house: House) -> None:
    sql = "SELECT e.customer_id FROM events e WHERE e.customer_id IS NOT NULL ORDER BY e.customer_id LIMIT 1"
    somebody = house.app.engine.query(sql, {"events": EVENT}).column("customer_id")[0].as_py()
    assert house.with_key("read").get(f"/v1/customers/{somebody}").status_code == 200
