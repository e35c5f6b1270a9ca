"""The tables of a store are those declared, however it came about."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import create_engine, inspect, text

from lifeloop.base.errors import StoreError
from lifeloop.store import Connection, Store, open_store
from lifeloop.store.draft import drafted
from lifeloop.store.migrate import config_of, revision_of
from lifeloop.store.migrations import HEAD
from lifeloop.store.tables import METADATA
from lifeloop.testing.postgres import PostgresServer

OPEN_AND_SAY = """
import sys
from sqlalchemy import func, select
from lifeloop.store import open_store
from lifeloop.store.tables import KEY

sys.stdin.readline()
store = open_store(sys.argv[1])
with store.reading() as connection:
    print(connection.execute(select(func.count()).select_from(KEY)).scalar_one())
"""


def test_a_migrated_store_has_exactly_the_declared_tables(store: Store) -> None:
    with store.writing() as connection:
        assert drafted(connection).is_empty(), "run `python -m lifeloop.store.draft` and add the step it prints"
        assert set(inspect(connection).get_table_names()) == {*METADATA.tables, "alembic_version"}


def test_keys_and_checks_are_those_declared_too(store: Store, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    if store.is_sqlite:
        engine = create_engine(f"sqlite:///{tmp_path / 'declared.sqlite'}")
    else:
        postgres: PostgresServer = request.getfixturevalue("postgres")
        engine = create_engine(postgres.url(postgres.fresh()).replace("postgresql:", "postgresql+psycopg:"))
    METADATA.create_all(engine)

    with store.reading() as migrated, engine.connect() as declared:
        for table in METADATA.tables:
            assert rules(migrated, table) == rules(declared, table)
    engine.dispose()


def rules(connection: Connection, table: str) -> tuple[object, ...]:
    told = inspect(connection)
    checks = sorted((check["name"], check["sqltext"]) for check in told.get_check_constraints(table))
    columns = [(column["name"], str(column["type"]), column["nullable"]) for column in told.get_columns(table)]
    return checks, told.get_pk_constraint(table), columns


def test_the_newest_step_is_the_one_a_store_is_compared_with(store: Store) -> None:
    from alembic.script import ScriptDirectory

    with store.reading() as connection:
        assert ScriptDirectory.from_config(config_of(connection)).get_heads() == [HEAD]
        assert revision_of(connection) == HEAD


def test_a_store_that_is_up_to_date_opens_without_alembic(store_url: str) -> None:
    program = "import sys; from lifeloop.store import open_store; open_store(sys.argv[1]); print('alembic' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program, store_url], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "False"


def test_a_store_of_a_newer_lifeloop_is_left_alone(store_url: str) -> None:
    store = open_store(store_url)
    with store.writing() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    store.close()

    with pytest.raises(StoreError, match="a newer lifeloop has written it"):
        open_store(store_url)


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_processes_that_start_together_on_nothing_all_find_the_tables(
    kind: str, tmp_path: Path, postgres: PostgresServer
) -> None:
    url = f"sqlite:///{tmp_path / 'new.sqlite'}" if kind == "sqlite" else postgres.url(postgres.fresh())
    command = [sys.executable, "-c", OPEN_AND_SAY, url]
    started = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    for process in started:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()

    assert [process.communicate() for process in started] == [("0\n", "")] * 3


def test_a_step_that_fails_leaves_the_store_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import alembic.command

    url = f"sqlite:///{tmp_path / 'half.sqlite'}"
    take_all_steps = alembic.command.upgrade

    def break_off(*arguments: object) -> None:
        take_all_steps(*arguments)  # type: ignore[arg-type]
        raise StoreError("the power went")

    monkeypatch.setattr(alembic.command, "upgrade", break_off)
    with pytest.raises(StoreError, match="the power went"):
        open_store(url)

    assert inspect(create_engine(url)).get_table_names() == []
