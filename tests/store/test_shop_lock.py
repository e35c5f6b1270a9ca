"""Homes that share a store write one after the other."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from lifeloop.base.errors import LakeError
from lifeloop.base.lock import writing as writing_here
from lifeloop.store import Store, open_store
from lifeloop.store.shop_lock import writing
from lifeloop.testing.postgres import PostgresServer

ASKED = "cannot import now"


@pytest.fixture
def url(postgres: PostgresServer, empty_postgres: str) -> str:
    return postgres.url(postgres.fresh(empty_postgres))


def homes(folder: Path) -> tuple[Path, Path]:
    """Return the homes of two machines."""
    both = folder / "a", folder / "b"
    for home in both:
        home.mkdir()
    return both


def test_who_has_no_patience_is_sent_away_whichever_home_writes(tmp_path: Path, url: str) -> None:
    (here, there), mine, others = homes(tmp_path), open_store(url), open_store(url)
    for _ in range(2):  # what is given back can be had again
        with writing(here, mine, ASKED):
            with (
                pytest.raises(LakeError, match="another import or run is writing for this shop"),
                writing(there, others, ASKED),
            ):
                pass
            with pytest.raises(LakeError, match="is writing in this home"), writing(here, others, ASKED):
                pass
        with writing(there, others, ASKED):
            pass
    mine.close()
    others.close()


def test_a_run_of_one_home_lets_facts_of_another_come_in(tmp_path: Path, url: str) -> None:
    (here, there), mine, others = homes(tmp_path), open_store(url), open_store(url)
    with writing(here, mine, "cannot run now", "run"):
        with writing(there, others, ASKED), pytest.raises(LakeError, match="or run is"), writing(here, mine, ASKED):
            pass
        with pytest.raises(LakeError, match="another run is writing"), writing(there, others, "cannot run now", "run"):
            pass
    mine.close()
    others.close()


def test_who_is_patient_gets_its_turn(tmp_path: Path, url: str) -> None:
    (here, there), mine, others, had = homes(tmp_path), open_store(url), open_store(url), []

    def waits() -> None:
        with writing(there, others, ASKED, patience_s=60):
            had.append("second")

    with writing(here, mine, ASKED):
        thread = threading.Thread(target=waits)
        thread.start()
        thread.join(0.2)
        had.append("first")
    thread.join()

    assert had == ["first", "second"]
    mine.close()
    others.close()


def test_the_lock_of_a_machine_that_died_is_free(tmp_path: Path, url: str, caplog: pytest.LogCaptureFixture) -> None:
    (here, there), mine, others = homes(tmp_path), open_store(url), open_store(url)
    with writing(here, mine, ASKED):
        with others.writing() as connection:
            connection.exec_driver_sql(
                "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'"
                " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
            )
        with writing(there, others, ASKED, patience_s=60):
            pass
    assert "was lost while it was held" in caplog.text
    with writing(here, mine, ASKED):
        pass
    mine.close()
    others.close()


def test_what_goes_wrong_while_it_is_held_is_heard_and_the_lock_given_back(tmp_path: Path, store: Store) -> None:
    with pytest.raises(ValueError, match="of the work"), writing(tmp_path, store, ASKED):
        raise ValueError("of the work")
    with writing(tmp_path, store, ASKED):
        pass


def test_a_file_as_a_store_is_of_one_home_whose_lock_is_enough(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path / 'store.sqlite'}")
    with writing(tmp_path, store, ASKED), pytest.raises(LakeError), writing_here(tmp_path, ASKED):
        pass
    store.close()
