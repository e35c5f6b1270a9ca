"""What nobody asks for any more goes; what somebody may ask for stays."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from lifeloop.store import Store, jobs, leases, tidying
from lifeloop.store.idempotency import Answer, begin, finish
from lifeloop.store.tidying import DEVICES_KEPT_DAYS, JOBS_KEPT_DAYS, tidy
from lifeloop.testing.clock import after
from lifeloop.testing.live import said, spooled
from lifeloop.unify import people
from lifeloop.unify.identity import resolve
from lifeloop.unify.indexer import Indexer

DAY = 86_400.0


def test_old_answers_jobs_and_leases_go(store: Store) -> None:
    with store.writing() as connection:
        begin(connection, "key", "k1", "hash", after())
        finish(connection, "key", "k1", Answer(201, None, b""))
        job = jobs.ask(connection, "run", {}, after())
        jobs.claim(connection, ["run"], "ann", 60, after())
        jobs.finish(connection, job.job_id, "ann", after(1), answer={})
        leases.take(connection, "flow", "dead process", 60, after())

        assert tidy(connection, after((JOBS_KEPT_DAYS + 1) * DAY)) == 3
        assert jobs.list_jobs(connection) == []


def test_what_is_young_or_not_done_stays(store: Store) -> None:
    with store.writing() as connection:
        jobs.ask(connection, "run", {}, after(), job_id="waiting since long")
        young = after((JOBS_KEPT_DAYS + 1) * DAY)
        begin(connection, "key", "k1", "hash", young)
        leases.take(connection, "flow", "somebody", 60, young)

        assert tidy(connection, young) == 0
        assert [job.job_id for job in jobs.list_jobs(connection)] == ["waiting since long"]


def left(store: Store) -> dict[str, set[str]]:
    owned = {"profile": "named", "cart": "owner", "consent": "named"}
    with store.reading() as connection:
        return {
            table: set(connection.execute(text(f"SELECT {column} FROM {table}")).scalars()) for table, column in owned.items()
        }


def visit(name: str, *, day: float, **who: str) -> list[dict[str, Any]]:
    at = day * DAY
    adds = {"event": "Product Added", "properties": {"product_id": "P1"}}
    banner = {"event": "Looked", "context": {"consent": {"categoryPreferences": {"ads": True}}}}
    return [said(f"{name}-{n}", after=at + n, **who, **words) for n, words in enumerate((adds, banner))]


def heard(store: Store, folder: Path, *events: dict[str, Any]) -> None:
    spooled(folder, [list(events)], received_after=DEVICES_KEPT_DAYS * DAY)
    Indexer(store, folder, "door", after()).step()


def test_what_a_silent_device_left_goes_where_it_means_nobody(store: Store, tmp_path: Path) -> None:
    signs_in = said("in", after=60, type="identify", userId="ann", anonymousId="hers")
    visits = [*visit("a", day=0, anonymousId="nobodys"), *visit("b", day=0, anonymousId="hers"), signs_in]
    lately = [*visit("c", day=0, anonymousId="in use"), said("d", after=90 * DAY, anonymousId="in use", event="Looked")]
    heard(store, tmp_path, *visits, *lately, *visit("e", day=0, userId="bob"))
    hers, used = "device:hers", "device:in use"
    with store.reading() as connection:
        known = people.profile_of(connection, resolve(connection, "ann"))

    with store.writing() as connection:
        assert tidy(connection, after((DEVICES_KEPT_DAYS - 1) * DAY)) == 0
        assert tidy(connection, after((DEVICES_KEPT_DAYS + 2) * DAY)) == 3
        assert tidy(connection, after((DEVICES_KEPT_DAYS + 2) * DAY)) == 0

    assert left(store) == {"profile": {hers, used, "ann", "bob"}, "cart": {hers, used, "bob"}, "consent": {hers, used, "bob"}}
    with store.reading() as connection:
        assert people.profile_of(connection, resolve(connection, "ann")) == known


def test_silent_devices_are_looked_for_some_at_a_time_round_and_round(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tidying, "_AT_ONCE", 4)
    heard(store, tmp_path, *(event for n in range(9) for event in visit(str(n), day=0, anonymousId=f"d{n}")))
    heard(store, tmp_path, *visit("last", day=0, userId="zoe"))
    late = after((DEVICES_KEPT_DAYS + 2) * DAY)

    with store.writing() as connection:
        assert [tidy(connection, late) for _ in range(4)] == [12, 12, 3, 0]
    heard(store, tmp_path, *visit("again", day=0, anonymousId="d0"))
    with store.writing() as connection:
        assert sum(tidy(connection, late) for _ in range(3)) == 3
    assert left(store)["profile"] == {"zoe"}
