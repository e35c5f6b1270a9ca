"""What a transaction is, on both databases."""

from __future__ import annotations

import stat
import threading
import time
from pathlib import Path

import pytest
from sqlalchemy import delete, func, insert, select

from lifeloop.base.errors import LifeloopError, SettingsError, StoreError
from lifeloop.store import Store, log_file, open_store
from lifeloop.store.signs import read_signs, say
from lifeloop.store.tables import SEEN
from lifeloop.testing.clock import after
from lifeloop.testing.postgres import PostgresServer


class Interruption(Exception):
    """Something that has nothing to do with the store."""


def test_what_is_written_together_is_kept_together_or_not_at_all(store: Store) -> None:
    def half() -> None:
        with store.writing() as connection:
            say(connection, "a", after())
            say(connection, "b", after())
            raise Interruption

    with pytest.raises(Interruption):
        half()

    with store.reading() as connection:
        assert read_signs(connection) == {}


def test_a_reader_sees_one_state_throughout(store: Store) -> None:
    with store.writing() as connection:
        say(connection, "a", after())

    with store.reading() as reader:
        before = set(read_signs(reader))
        with store.writing() as writer:
            say(writer, "b", after())
        assert set(read_signs(reader)) == before == {"a"}

    with store.reading() as reader:
        assert set(read_signs(reader)) == {"a", "b"}


def test_a_reader_cannot_write(store: Store) -> None:
    with pytest.raises(StoreError, match="cannot read the store"), store.reading() as connection:
        say(connection, "a", after())

    with store.writing() as connection:
        assert read_signs(connection) == {}


def test_what_the_database_refuses_is_a_store_error_that_names_it(store: Store) -> None:
    row = {"what": "a", "detail": "", "figure": None, "seen_at": 1}

    with pytest.raises(StoreError, match=r"(?i)unique"), store.writing() as connection:
        connection.execute(insert(SEEN), [row, row])

    with store.writing() as connection:
        connection.execute(insert(SEEN), row)
        assert connection.execute(select(func.count()).select_from(SEEN)).scalar_one() == 1
        connection.execute(delete(SEEN))


@pytest.mark.parametrize(("url", "found"), [("nonsense", "it is no URL"), ("mysql://host/shop", "it is neither SQLite nor")])
def test_a_url_that_names_no_store_is_refused(url: str, found: str) -> None:
    with pytest.raises(SettingsError, match=found):
        open_store(url)


def test_a_store_in_a_folder_that_is_not_there_says_so(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="Check that its folder is there"):
        open_store(f"sqlite:///{tmp_path / 'nowhere' / 'store.sqlite'}")


def test_a_file_that_is_no_store_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite"
    path.write_text("customer_id,total\n" * 100)

    with pytest.raises(StoreError, match="not a database"):
        open_store(f"sqlite:///{path}")

    assert path.read_text() == "customer_id,total\n" * 100


def test_a_server_that_is_not_there_says_what_to_look_at(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="Check that PostgreSQL runs"):
        open_store(f"postgresql://nobody@/shop?host={tmp_path}")


@pytest.mark.parametrize("wanted", ["off", "local"])
def test_a_hasty_server_is_made_to_wait_for_its_disk(store: Store, wanted: str) -> None:
    if store.is_sqlite:
        with store.reading() as connection:
            assert connection.exec_driver_sql("PRAGMA synchronous").scalar_one() == 2, "FULL"
            assert connection.exec_driver_sql("PRAGMA journal_mode").scalar_one() == "wal"
        return
    url = store.engine.url.update_query_dict({"options": f"-c synchronous_commit={wanted}"})
    hasty = open_store(url.render_as_string(hide_password=False))
    with hasty.reading() as connection:
        set_to = connection.exec_driver_sql("SHOW synchronous_commit").scalar_one()
    hasty.close()

    assert set_to == ("on" if wanted == "off" else wanted)


def test_an_old_spelling_of_postgresql_is_understood(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="Check that PostgreSQL runs"):
        open_store(f"postgres://nobody@/shop?host={tmp_path}")


def test_no_refusal_shows_a_password(tmp_path: Path) -> None:
    for url in (
        "mysql://ann:hunter2@host/shop",
        "postgresql://ann:hunter2@host:port/shop",
        f"postgresql://a:hunter2@/x?host={tmp_path}",
    ):
        with pytest.raises(LifeloopError) as refused:
            open_store(url)
        assert "hunter2" not in str(refused.value)


def test_a_store_in_memory_is_refused() -> None:
    for url in ("sqlite://", "sqlite:///:memory:"):
        with pytest.raises(SettingsError, match="it names no file"):
            open_store(url)


def test_only_its_owner_may_read_the_file_and_its_log(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path / 'store.sqlite'}")
    with store.writing() as connection:
        say(connection, "a", after())
    rights = {file.name: stat.S_IMODE(file.stat().st_mode) for file in tmp_path.iterdir()}
    store.close()

    assert "store.sqlite-wal" in rights
    assert set(rights.values()) == {0o600}


def test_the_log_is_cut_where_readers_leave_no_gap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_file, "LIMIT_BYTES", 1_000_000)
    store = open_store(f"sqlite:///{tmp_path / 'store.sqlite'}")
    log, longest, done = tmp_path / "store.sqlite-wal", 0, threading.Event()

    def read() -> None:
        while not done.is_set():
            with store.reading() as connection:
                read_signs(connection)
                time.sleep(0.01)

    readers = [threading.Thread(target=read) for _ in range(4)]
    for reader in readers:
        reader.start()
    for number in range(400):
        with store.writing() as connection:
            say(connection, f"sign {number % 10}", after(), detail=f"{number:04}" * 5_000)
        longest = max(longest, log.stat().st_size)
    done.set()
    for reader in readers:
        reader.join()
    store.close()

    assert longest < 5_000_000, "of 9 MB that were written"


def test_a_reader_that_stays_long_holds_nobody_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_file, "LIMIT_BYTES", 100_000)
    monkeypatch.setattr(log_file, "PATIENCE_MS", 1)
    store = open_store(f"sqlite:///{tmp_path / 'store.sqlite'}")
    with store.reading() as reader:
        assert read_signs(reader) == {}
        for number in range(50):
            with store.writing() as connection:
                say(connection, f"sign {number}", after(), detail="x" * 20_000)
        assert read_signs(reader) == {}
    with store.writing() as connection:
        say(connection, "last", after())
        assert len(read_signs(connection)) == 51
    store.close()


def test_a_database_that_cannot_hold_every_name_is_refused(postgres: PostgresServer) -> None:
    url = postgres.url(postgres.fresh("template0", encoding="LATIN1"))

    with pytest.raises(StoreError, match="the database is in LATIN1"):
        open_store(url)


@pytest.mark.parametrize(("detail", "seen_at"), [("\ud800", 1), ("fine", 1 << 70)])
def test_a_value_no_database_keeps_is_a_store_error(store: Store, detail: str, seen_at: int) -> None:
    row = {"what": "a", "detail": detail, "figure": None, "seen_at": seen_at}

    with pytest.raises(StoreError, match="cannot write to the store"), store.writing() as connection:
        connection.execute(insert(SEEN), row)

    with store.reading() as connection:
        assert read_signs(connection) == {}
