"""One holder at a time."""

from __future__ import annotations

import threading

from lifeloop.store import Store
from lifeloop.store.leases import give_back, holder_of, renew, take
from lifeloop.testing.clock import after


def test_a_lease_has_one_holder_until_it_ends(store: Store) -> None:
    with store.writing() as connection:
        assert take(connection, "run", "ann", 60, after()) is not None
        assert take(connection, "run", "bob", 60, after(59)) is None
        assert holder_of(connection, "run", after(59)) == "ann"
        assert holder_of(connection, "run", after(60)) is None
        assert take(connection, "run", "bob", 60, after(60)) is not None
        assert holder_of(connection, "run", after(61)) == "bob"


def test_a_lease_that_is_renewed_goes_on(store: Store) -> None:
    with store.writing() as connection:
        take(connection, "run", "ann", 60, after())

        assert renew(connection, "run", "ann", 60, after(50))
        assert take(connection, "run", "bob", 60, after(100)) is None


def test_who_comes_too_late_to_renew_has_lost_it(store: Store) -> None:
    with store.writing() as connection:
        take(connection, "run", "ann", 60, after())
        take(connection, "run", "bob", 60, after(70))

        assert not renew(connection, "run", "ann", 60, after(80))
        assert not give_back(connection, "run", "ann")
        assert holder_of(connection, "run", after(80)) == "bob"


def test_a_lease_given_back_is_free_at_once(store: Store) -> None:
    with store.writing() as connection:
        take(connection, "run", "ann", 60, after())

        assert give_back(connection, "run", "ann")
        assert take(connection, "run", "bob", 60, after(1)) is not None


def test_of_many_who_ask_at_once_one_gets_it(store: Store) -> None:
    got: list[str] = []
    together = threading.Barrier(8)

    def ask(name: str) -> None:
        together.wait()
        with store.writing() as connection:
            if take(connection, "run", name, 60, after()) is not None:
                got.append(name)

    askers = [threading.Thread(target=ask, args=(f"worker {number}",)) for number in range(8)]
    for asker in askers:
        asker.start()
    for asker in askers:
        asker.join()

    with store.reading() as connection:
        assert got == [holder_of(connection, "run", after(1))]
