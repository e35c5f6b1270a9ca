"""Jobs: what was asked for is done once, in its own process, also when somebody dies over it."""

from __future__ import annotations

import sys
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from lifeloop.app import App
from lifeloop.app.jobs import HOLD_SECONDS, Jobs
from lifeloop.base.clock import FixedClock
from lifeloop.store import jobs
from lifeloop.store.jobs import Job

NIGHT = datetime(2024, 3, 2, 2, 0, tzinfo=UTC)
ORDERS = "order_id,customer_id,placed_at,total\n1,ann,2024-02-01,10\n2,bob,2024-02-20,12\n"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "lifeloop.toml").write_text('[shop]\ncurrency = "EUR"\n[serve]\nrun_at = "03:00"\n', "utf-8")
    (tmp_path / "orders.csv").write_text(ORDERS, "utf-8")
    return tmp_path


def at(home: Path, instant: datetime) -> App:
    return App.open(home, clock=FixedClock(instant))


def ask_for_import(app: App, file: str) -> None:
    with app.store.writing() as connection:
        jobs.ask(connection, "import", {"file": str(app.home.path / file)}, app.clock, job_id=file)


def known(app: App) -> dict[str, Job]:
    with app.store.reading() as connection:
        return {job.job_id: job for job in jobs.list_jobs(connection)}


def test_an_import_is_done_and_says_what_it_brought(home: Path) -> None:
    app = at(home, NIGHT)
    ask_for_import(app, "orders.csv")

    assert Jobs(app, threading.Event()).step() is True
    job = known(app)["orders.csv"]
    assert (job.state, job.tries, job.answer and job.answer["orders_new"]) == ("done", 1, 2)


def test_an_import_that_cannot_be_done_says_why(home: Path) -> None:
    app = at(home, NIGHT)
    ask_for_import(app, "missing.csv")
    Jobs(app, threading.Event()).step()

    job = known(app)["missing.csv"]
    assert job.state == "failed"
    assert "missing.csv" in str(job.answer)


def test_the_nightly_run_waits_for_its_hour_and_for_orders(home: Path) -> None:
    app = at(home, NIGHT)
    assert Jobs(app, threading.Event()).step() is False

    app.import_files([home / "orders.csv"])
    assert Jobs(app, threading.Event()).step() is True
    assert Jobs(app, threading.Event()).step() is False
    assert Jobs(at(home, NIGHT + timedelta(minutes=59)), threading.Event()).step() is False
    assert Jobs(at(home, NIGHT + timedelta(hours=1)), threading.Event()).step() is True
    assert {name: job.state for name, job in known(app).items()} == {"run-2024-03-01": "done", "run-2024-03-02": "done"}
    assert [f"{moment:%Y-%m-%d}" for moment in app.scored_moments()] == ["2024-03-01", "2024-03-02"]


def test_a_job_goes_back_when_the_server_stops_and_on_when_its_worker_died(home: Path) -> None:
    app = at(home, NIGHT)
    ask_for_import(app, "orders.csv")
    stopping = threading.Event()
    stopping.set()
    Jobs(app, stopping).step()
    assert (known(app)["orders.csv"].state, known(app)["orders.csv"].tries) == ("waiting", 0)

    with app.store.writing() as connection:
        jobs.claim(connection, ["import"], "somebody who dies", HOLD_SECONDS, app.clock)
    assert Jobs(app, threading.Event()).step() is False
    later = at(home, NIGHT + timedelta(seconds=HOLD_SECONDS + 1))
    assert Jobs(later, threading.Event()).step() is True
    assert (known(app)["orders.csv"].state, known(app)["orders.csv"].tries) == ("done", 2)


def test_a_job_whose_process_is_killed_is_begun_again_and_given_up_in_the_end(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kill = ["-c", "import os; os.kill(os.getpid(), 9)"]
    monkeypatch.setattr("lifeloop.app.jobs._program", lambda: [sys.executable, *kill])
    ask_for_import(at(home, NIGHT), "orders.csv")
    states = []
    for minutes in range(5):
        app = at(home, NIGHT + timedelta(minutes=2 * minutes))
        Jobs(app, threading.Event()).step()
        states.append((known(app)["orders.csv"].state, known(app)["orders.csv"].tries))

    assert states == [("running", 1), ("running", 2), ("running", 3), ("failed", 3), ("failed", 3)]
    assert "3 times" in str(known(app)["orders.csv"].answer)
