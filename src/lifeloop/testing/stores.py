"""Fixtures that give a test an empty store, once on SQLite and once on PostgreSQL; a conftest imports them by name."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from lifeloop.store import Store, open_store
from lifeloop.testing.postgres import PostgresServer, running_postgres


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """Yield the PostgreSQL server of this test run."""
    with running_postgres() as server:
        yield server


@pytest.fixture(scope="session")
def empty_postgres(postgres: PostgresServer) -> str:
    """Return the name of a database whose tables are up to date and empty, to copy."""
    name = postgres.fresh()
    open_store(postgres.url(name)).close()
    return name


@pytest.fixture(scope="session")
def empty_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a file whose tables are up to date and empty, to copy."""
    path = tmp_path_factory.mktemp("store") / "store.sqlite"
    open_store(f"sqlite:///{path}").close()
    return path


@pytest.fixture(params=["sqlite", "postgresql"])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return the URL of an empty store of this test's own; the test runs once for each database."""
    if request.param == "sqlite":
        shutil.copyfile(request.getfixturevalue("empty_sqlite"), tmp_path / "store.sqlite")
        return f"sqlite:///{tmp_path / 'store.sqlite'}"
    postgres: PostgresServer = request.getfixturevalue("postgres")
    return postgres.url(postgres.fresh(request.getfixturevalue("empty_postgres")))


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    """Yield an empty store of this test's own; the test runs once for each database."""
    opened = open_store(store_url)
    yield opened
    opened.close()
