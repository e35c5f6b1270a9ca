"""What was acknowledged becomes visible, once, whatever happens on the way."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from lifeloop.base.clock import FixedClock
from lifeloop.base.errors import StoreError
from lifeloop.store import Store
from lifeloop.store.positions import advance, read_position
from lifeloop.store.timeline import event_count
from lifeloop.testing.live import NOON, said, spooled
from lifeloop.unify.identity import resolve
from lifeloop.unify.indexer import Indexer
from lifeloop.unify.people import timeline

CLOCK = FixedClock(NOON + timedelta(hours=2))
VIEW = {"event": "Product Viewed", "properties": {"product_id": "P1", "price": 12.5}}


def indexer(store: Store, folder: Path, *, hours: float = 2) -> Indexer:
    return Indexer(store, folder, "door", FixedClock(NOON + timedelta(hours=hours)))


def happened(store: Store, customer: str, limit: int = 100) -> list[tuple[str, str | None]]:
    with store.reading() as connection:
        known = resolve(connection, customer)
        return [(one.message_id, one.name) for one in timeline(connection, known, limit=limit)]


def test_an_acknowledged_event_is_in_the_timeline_after_one_step(store: Store, tmp_path: Path) -> None:
    spooled(tmp_path, [[said("m1", userId="ann", **VIEW)]])

    stepped = indexer(store, tmp_path).step()

    assert (stepped.records, stepped.events, stepped.refused) == (1, 1, 0)
    assert happened(store, "ann") == [("m1", "Product Viewed")]


def test_an_event_keeps_its_product_its_order_and_its_properties(store: Store, tmp_path: Path) -> None:
    properties = {"transaction_id": "N 7", "product_id": 1308, "total": 12.50, "note": "\0 ok"}
    spooled(tmp_path, [[said("m1", userId="ann", event="Order Completed", properties=properties)]])
    indexer(store, tmp_path).step()

    with store.reading() as connection:
        (entry,) = timeline(connection, resolve(connection, "ann"))

    assert (entry.product_id, entry.order_id) == ("1308", "N 7")
    assert entry.properties == '{"note":" ok","product_id":1308,"total":12.5,"transaction_id":"N 7"}'


def test_what_a_visitor_did_before_signing_in_is_in_the_customers_timeline(store: Store, tmp_path: Path) -> None:
    first = [said("m1", anonymousId="d1", **VIEW), said("m2", after=60, type="identify", anonymousId="d1", userId="ann")]
    spooled(tmp_path, [first, [said("m3", after=90, anonymousId="d2", **VIEW)]])

    indexer(store, tmp_path).step()

    assert [one for one, _ in happened(store, "ann")] == ["m2", "m1"]


def test_the_same_event_twice_is_there_once(store: Store, tmp_path: Path) -> None:
    event = said("m1", userId="ann", **VIEW)
    spooled(tmp_path, [[event, event], [event]])
    one = indexer(store, tmp_path)

    assert one.step().events == 1
    spooled(tmp_path, [[event]])
    assert (one.step().events, indexer(store, tmp_path).step().records) == (0, 0)
    assert happened(store, "ann") == [("m1", "Product Viewed")]


def test_an_id_that_two_sources_use_names_two_events(store: Store, tmp_path: Path) -> None:
    spooled(tmp_path, [[said("m1", userId="ann", **VIEW)]], source="live")
    spooled(tmp_path, [[said("m1", userId="ann", **VIEW)]], source="till")

    assert indexer(store, tmp_path).step().events == 2


def test_a_bad_event_costs_no_other_and_is_counted(store: Store, tmp_path: Path) -> None:
    spooled(tmp_path, [[said("m1", userId="ann", **VIEW), {"type": "track", "event": "x"}, said("m2", userId="ann", **VIEW)]])

    stepped = indexer(store, tmp_path).step()

    assert (stepped.events, stepped.refused) == (2, 1)


def test_steps_are_as_small_as_asked_and_go_on_where_the_last_one_ended(store: Store, tmp_path: Path) -> None:
    spooled(tmp_path, [[said(f"m{number}", after=number, userId="ann", **VIEW)] for number in range(5)])

    steps = [indexer(store, tmp_path).step(1).records for _ in range(6)]

    assert steps == [1, 1, 1, 1, 1, 0]
    assert [one for one, _ in happened(store, "ann", limit=3)] == ["m4", "m3", "m2"]


def test_an_empty_or_missing_spool_is_nothing_to_do(store: Store, tmp_path: Path) -> None:
    assert indexer(store, tmp_path / "none").step().records == 0


def test_a_finished_segment_is_left_behind_so_that_it_can_be_removed(store: Store, tmp_path: Path) -> None:
    spooled(tmp_path, [[said("m1", userId="ann", **VIEW)]])
    one = indexer(store, tmp_path)
    one.step()
    spooled(tmp_path, [])
    (tmp_path / "000000000002.log").touch()

    one.step()

    with store.reading() as connection:
        assert read_position(connection, "door", "indexer")[0] == 2


def test_a_second_indexer_of_one_spool_keeps_nothing_twice_and_goes_on_behind_the_first(store: Store, tmp_path: Path) -> None:
    spooled(tmp_path, [[said("m1", userId="ann", **VIEW)]])
    one, two = indexer(store, tmp_path), indexer(store, tmp_path)
    one.step()
    two.step()
    spooled(tmp_path, [[said("m2", userId="ann", **VIEW)]])

    assert one.step().events == 1
    with pytest.raises(StoreError, match="Let one process run as this reader"):
        two.step()
    assert two.step().records == 0


def test_events_leave_the_store_some_minutes_after_the_lake_has_them(store: Store, tmp_path: Path) -> None:
    places = spooled(tmp_path, [[said("m1", userId="ann", **VIEW)], [said("m2", userId="ann", **VIEW)]], received_after=0)
    indexer(store, tmp_path).step()
    assert indexer(store, tmp_path).prune() == 0

    with store.writing() as connection:
        advance(connection, "door", "flow", places[1], CLOCK, came_from=(0, 0))

    assert indexer(store, tmp_path, hours=0).prune() == 0
    assert indexer(store, tmp_path).prune() == 1
    assert [one for one, _ in happened(store, "ann")] == ["m2"]


def test_events_of_a_spool_that_nobody_reads_on_leave_the_store_too(store: Store, tmp_path: Path) -> None:
    folder = tmp_path / "reconcile"
    spooled(folder, [[said("m1", userId="ann", **VIEW)]], received_after=0)
    stepped = Indexer(store, folder, "reconcile", CLOCK).step()
    assert indexer(store, tmp_path).prune() == 0, "the lake has none of it"
    with store.writing() as connection:
        advance(connection, "reconcile", "flow", stepped.place, CLOCK, came_from=(0, 0))

    assert indexer(store, tmp_path).prune() == 1


def test_an_event_sent_again_after_the_lake_has_it_changes_no_profile(store: Store, tmp_path: Path) -> None:
    event = said("m1", type="identify", userId="ann", traits={"name": "Ann"})
    places = spooled(tmp_path, [[event], [event]], received_after=0)
    one = indexer(store, tmp_path)
    one.step(1)
    before = profiles(store)
    with store.writing() as connection:
        advance(connection, "door", "flow", places[1], CLOCK, came_from=(0, 0))
    one.prune()

    one.step()

    assert profiles(store) == before


def profiles(store: Store) -> list[tuple[object, ...]]:
    with store.reading() as connection:
        return [tuple(row) for row in connection.execute(text("SELECT * FROM profile ORDER BY named"))]


def test_it_runs_until_told_to_stop_and_outlives_a_failing_store(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lifeloop.unify.indexer._AFTER_ERROR_SECONDS", 0.01)
    stop, indexed = threading.Event(), threading.Event()
    tries: list[int] = []

    class Failing(Indexer):
        def step(self, limit_bytes: int = 1 << 20):  # type: ignore[no-untyped-def]
            tries.append(1)
            if len(tries) == 1:
                raise StoreError("cannot write to the store", "it is gone", "Wait.")
            stepped = super().step(limit_bytes)
            if stepped.events:
                indexed.set()
            return stepped

    one = Failing(store, tmp_path, "door", CLOCK)
    thread = threading.Thread(target=one.run, args=(stop,))
    thread.start()
    spooled(tmp_path, [[said("m1", userId="ann", **VIEW)]])
    assert indexed.wait(30)
    stop.set()
    thread.join(30)

    assert not thread.is_alive()
    with store.reading() as connection:
        assert event_count(connection) == 1


def test_a_machine_leaves_its_events_and_no_profile_unless_it_signs_in(store: Store, tmp_path: Path) -> None:
    robot = {"context": {"userAgent": "Mozilla/5.0 (compatible; Examplebot/1.0)"}}
    signed_in = {"userId": "ann", "anonymousId": "d1"}
    spooled(tmp_path, [[said("m1", anonymousId="d1", **VIEW, **robot), said("m2", **signed_in, **VIEW, **robot)]])

    indexer(store, tmp_path).step()

    with store.reading() as connection:
        flags = [row.is_bot for row in connection.execute(text("SELECT is_bot FROM recent_event"))]
        assert connection.execute(text("SELECT count(*) FROM sighting")).scalar() == 0
    assert [bool(flag) for flag in flags] == [True, True]
    assert [row[0] for row in profiles(store)] == ["ann"]


def test_a_step_that_does_not_end_leaves_nothing_and_is_taken_again(store: Store, tmp_path: Path) -> None:
    class Crashing(FixedClock):
        def now(self) -> datetime:
            raise KeyboardInterrupt  # read last where the position moves

    spooled(tmp_path, [[said("m1", userId="ann", **VIEW)]])
    with pytest.raises(KeyboardInterrupt):
        Indexer(store, tmp_path, "door", Crashing(NOON)).step()
    assert (happened(store, "ann"), profiles(store)) == ([], [])

    assert indexer(store, tmp_path).step().events == 1


def test_a_timeline_is_read_page_by_page_even_where_much_happened_at_once(store: Store, tmp_path: Path) -> None:
    spooled(
        tmp_path,
        [[said(name, after=after, userId="ann", **VIEW) for name, after in zip("bDaCe", (1, 1, 1, 1, 0), strict=True)]],
    )
    indexer(store, tmp_path).step()
    pages: list[str] = []
    before: tuple[int, str] | None = None
    with store.reading() as connection:
        known = resolve(connection, "ann")
        while page := timeline(connection, known, limit=2, before=before):
            pages.append("".join(one.message_id for one in page))
            before = (page[-1].occurred_at, page[-1].message_id)

    assert pages == ["ba", "DC", "e"]


def test_on_a_device_of_two_people_nobody_is_shown_what_the_other_did(store: Store, tmp_path: Path) -> None:
    def visit(name: str, user: str, day: int) -> list[dict[str, object]]:
        who = {"anonymousId": "d1"}
        signs_in = said(f"{name}2", after=day * 86_400 + 60, type="identify", userId=user, **who)
        return [said(f"{name}1", after=day * 86_400, **VIEW, **who), signs_in]

    spooled(tmp_path, [[*visit("a", "ann", 0), *visit("b", "bob", 1)]], received_after=2 * 86_400)
    indexer(store, tmp_path).step()

    assert {one for one, _ in happened(store, "ann")} <= {"a1", "a2"}
    assert {one for one, _ in happened(store, "bob")} <= {"b1", "b2"}


def test_the_position_is_kept_with_what_it_stands_for(store: Store, tmp_path: Path) -> None:
    (place,) = spooled(tmp_path, [[said("m1", userId="ann", **VIEW)]])

    stepped = indexer(store, tmp_path).step()

    with store.reading() as connection:
        assert read_position(connection, "door", "indexer") == stepped.place
    assert stepped.place.offset > place.offset
