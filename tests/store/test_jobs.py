"""What was asked for is done once, also when a worker dies over it."""

from __future__ import annotations

import threading

import pytest

from lifeloop.base.errors import UnknownName
from lifeloop.store import Store
from lifeloop.store.jobs import MAX_TRIES, Job, ask, claim, find, finish, list_jobs, put_back, renew
from lifeloop.testing.clock import after


def test_jobs_are_claimed_oldest_first_and_end_with_an_answer(store: Store) -> None:
    with store.writing() as connection:
        second = ask(connection, "import", {"file": "b.csv"}, after(2))
        first = ask(connection, "import", {"file": "a.csv"}, after(1))

        begun = _claim(store_connection=connection, second=3)
        assert begun is not None
        assert (begun.job_id, begun.asked, begun.state, begun.tries) == (first.job_id, {"file": "a.csv"}, "running", 1)
        assert finish(connection, begun.job_id, "ann", after(4), answer={"rows": 3})

        done = find(connection, first.job_id)
        assert (done.state, done.answer) == ("done", {"rows": 3})
        assert [job.job_id for job in list_jobs(connection)] == [second.job_id, first.job_id]


def test_a_job_that_failed_says_why(store: Store) -> None:
    with store.writing() as connection:
        job = ask(connection, "import", {}, after())
        _claim(store_connection=connection, second=1)
        finish(connection, job.job_id, "ann", after(2), answer={"error": "no such file"}, failed=True)

        assert find(connection, job.job_id).state == "failed"
        assert _claim(store_connection=connection, second=100) is None


def test_a_job_is_one_workers_while_its_lease_lasts(store: Store) -> None:
    with store.writing() as connection:
        job = ask(connection, "run", {}, after())
        assert claim(connection, ["run"], "ann", 60, after()) is not None
        assert claim(connection, ["run"], "bob", 60, after(30)) is None
        assert renew(connection, job.job_id, "ann", 60, after(50), answer={"step": "unify"})
        assert find(connection, job.job_id).answer == {"step": "unify"}
        assert claim(connection, ["run"], "bob", 60, after(100)) is None


def test_a_job_whose_worker_died_is_begun_again_by_the_next(store: Store) -> None:
    with store.writing() as connection:
        job = ask(connection, "run", {}, after())
        claim(connection, ["run"], "ann", 60, after())

        again = claim(connection, ["run"], "bob", 60, after(61))
        assert again is not None
        assert (again.job_id, again.tries) == (job.job_id, 2)
        assert not renew(connection, job.job_id, "ann", 60, after(62)), "whoever slept too long has lost it"
        assert not finish(connection, job.job_id, "ann", after(63), answer={})
        assert finish(connection, job.job_id, "bob", after(64), answer={"rows": 1})


def test_a_job_that_kills_its_workers_fails_at_last(store: Store) -> None:
    with store.writing() as connection:
        job = ask(connection, "run", {}, after())
        for death in range(MAX_TRIES):
            assert claim(connection, ["run"], "ann", 60, after(100 * death)) is not None

        assert claim(connection, ["run"], "ann", 60, after(100 * MAX_TRIES)) is None
        failed = find(connection, job.job_id)
        assert failed.state == "failed"
        assert failed.answer == {"error": "its worker died 3 times", "before": None}


def test_a_job_put_back_waits_as_if_never_begun(store: Store) -> None:
    with store.writing() as connection:
        job = ask(connection, "run", {}, after())
        claim(connection, ["run"], "ann", 60, after())
        put_back(connection, job.job_id, "ann")

        assert (find(connection, job.job_id).state, find(connection, job.job_id).tries) == ("waiting", 0)
        assert claim(connection, ["run"], "bob", 60, after(1)) is not None


def test_a_nights_run_is_asked_for_once(store: Store) -> None:
    with store.writing() as connection:
        first = ask(connection, "run", {"as_of": "2026-11-22"}, after(), job_id="run-2026-11-22")
        again = ask(connection, "run", {"as_of": "elsewhere"}, after(5), job_id="run-2026-11-22")

        assert again == first
        assert len(list_jobs(connection)) == 1


def test_only_the_kinds_asked_for_are_claimed_and_listed(store: Store) -> None:
    with store.writing() as connection:
        ask(connection, "run", {}, after())

        assert claim(connection, ["import"], "ann", 60, after()) is None
        assert list_jobs(connection, kind="import") == []
        with pytest.raises(UnknownName):
            find(connection, "job of nobody")


def test_workers_that_claim_at_once_never_share_a_job(store: Store) -> None:
    with store.writing() as connection:
        for number in range(12):
            ask(connection, "import", {"number": number}, after(number))
    done: list[int] = []

    def work(name: str) -> None:
        while True:
            with store.writing() as connection:
                job = claim(connection, ["import"], name, 60, after(60))
            if job is None:
                return
            done.append(job.asked["number"])
            with store.writing() as connection:
                assert finish(connection, job.job_id, name, after(61), answer={})

    workers = [threading.Thread(target=work, args=(f"worker {number}",)) for number in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()

    assert len(done) == len(set(done)), "no job was done twice"
    with store.writing() as connection:
        while _claim(store_connection=connection, second=62) is not None:
            done.append(-1)
    assert len(done) == 12, "none was left out"


def _claim(*, store_connection, second: float) -> Job | None:
    return claim(store_connection, ["import"], "ann", 60, after(second))
