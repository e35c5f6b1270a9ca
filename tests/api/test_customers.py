"""One customer over HTTP: who they are, where they stand, what is predicted and why."""

from __future__ import annotations

from typing import Any

import pytest

from lifeloop.schema import SCORE
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
    assert told["timeline"]


def test_a_customer_nobody_knows_is_not_found(house: House) -> None:
    answer = house.with_key("read").get("/v1/customers/nobody")

    assert answer.status_code == 404
    assert answer.json()["error"] == "not_found"
    assert answer.json()["fix"]
