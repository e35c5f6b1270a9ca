from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from lifeloop.api.parts import Parts
from lifeloop.app import App
from lifeloop.base.clock import FixedClock
from lifeloop.simulate import Shop, WorldConfig
from lifeloop.simulate.files.tables import write_tables
from lifeloop.testing.postgres import PostgresServer
from lifeloop.testing.served import House, open_house
from lifeloop.testing.stores import empty_postgres, empty_sqlite, postgres, store_url

__all__ = ["empty_postgres", "empty_sqlite", "postgres", "store_url"]

NOW = datetime(2026, 1, 2, 9, tzinfo=UTC)


@pytest.fixture(scope="session")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home of a shop of 200 customers that was imported and run once; nobody writes in it."""
    folder = tmp_path_factory.mktemp("lived")
    world = WorldConfig().but(shop={"customers": 200, "products": 20}).lasting(300)
    files = write_tables(Shop(world), folder / "files")
    home = folder / "home"
    home.mkdir()
    app = App.open(home, clock=FixedClock(NOW))
    app.import_files([files[name] for name in ("order", "order_line", "customer", "event")])
    app.run(app.as_of(None))
    return home


def _opened(home: Path) -> Iterator[House]:
    app = App.open(home, clock=FixedClock(NOW))
    with open_house(Parts(app=app, roles=frozenset({"api"}))) as house:
        yield house
    app.store.close()


@pytest.fixture(scope="module")
def house(lived: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A served shop that has been run; each file of tests has its own."""
    yield from _opened(Path(shutil.copytree(lived, tmp_path_factory.mktemp("house") / "home")))


@pytest.fixture
def empty_house(tmp_path: Path, store_url: str) -> Iterator[House]:
    """A served shop that knows nothing yet; the test runs once for each database."""
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "lifeloop.toml").write_text(f'[store]\nurl = "{store_url}"\n')
    yield from _opened(tmp_path / "home")


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def new_home(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home of a shop that knows nothing yet, for all tests of a file; they run once for each database."""
    home = tmp_path_factory.mktemp("home")
    if request.param == "postgresql":
        postgres: PostgresServer = request.getfixturevalue("postgres")
        url = postgres.url(postgres.fresh(request.getfixturevalue("empty_postgres")))
        (home / "lifeloop.toml").write_text(f'[store]\nurl = "{url}"\n')
    return home
