"""How many requests a key may send, and how that is told."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from lifeloop.api.limits import BURST_SECONDS, RateLimit
from lifeloop.api.parts import Parts
from lifeloop.app import App
from lifeloop.base.clock import FixedClock
from lifeloop.testing.live import NOON
from lifeloop.testing.served import open_house


class Ticks:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def test_a_bucket_grants_its_burst_then_one_by_one() -> None:
    ticks = Ticks()
    limit = RateLimit(10, ticks)

    granted = [limit.take("key").granted for _ in range(30)]
    refused = limit.take("key")
    ticks.seconds += 0.1

    assert granted.count(True) == 20
    assert (refused.wait_s, refused.headers["Retry-After"]) == (1, "1")
    assert limit.take("key").granted
    assert not limit.take("key").granted
    assert limit.take("another").granted


@given(st.lists(st.floats(0, 5, allow_nan=False), max_size=60), st.integers(1, 50))
def test_no_key_is_ever_granted_more_than_its_burst_and_its_rate(pauses: list[float], per_second: int) -> None:
    ticks = Ticks()
    limit = RateLimit(per_second, ticks)
    granted = 0
    for pause in pauses:
        ticks.seconds += pause
        granted += limit.take("key").granted

    assert granted <= per_second * BURST_SECONDS + per_second * sum(pauses) + 1e-6


def test_a_key_that_asks_too_often_is_told_when_to_come_back(tmp_path: Path) -> None:
    (tmp_path / "lifeloop.toml").write_text("[serve]\nread_per_second = 2\n")
    app = App.open(tmp_path, clock=FixedClock(NOON))
    with open_house(Parts(app=app)) as house:
        client = house.with_key("read")
        answers = [client.get("/v1/imports") for _ in range(40)]
        another = house.with_key("read").get("/v1/imports")
    app.store.close()

    refused = [answer for answer in answers if answer.status_code == 429]
    assert refused
    assert refused[0].json()["error"] == "too_many_requests"
    assert int(refused[0].headers["Retry-After"]) >= 1
    assert answers[0].headers["X-RateLimit-Limit"] == "4"
    assert int(answers[0].headers["X-RateLimit-Remaining"]) <= 3
    assert another.status_code == 200
