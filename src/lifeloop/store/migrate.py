"""Bringing the tables of a store up to date, once, however many processes start on it together.

A store that is up to date costs one query: Alembic is imported only where there is something to do.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, Engine, inspect, text

from lifeloop.base.errors import StoreError
from lifeloop.store.database import writing_on
from lifeloop.store.migrations import HEAD

if TYPE_CHECKING:
    from alembic.config import Config

_FOLDER = Path(__file__).with_name("migrations")
_LOCK = 0x6C6966656C6F6F70
"""PostgreSQL's advisory lock of whoever migrates: the letters of 'lifeloop'."""


def upgrade(engine: Engine) -> None:
    """Make what is missing, in one transaction. Raises StoreError for a store that a newer lifeloop has written."""
    with engine.connect() as connection:
        if revision_of(connection) == HEAD:
            return
    with writing_on(engine) as connection:  # SQLite: the second process waits here until the first has committed
        _migrate(connection)


def revision_of(connection: Connection) -> str | None:
    """Return the revision a store has; None for an empty one."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one_or_none()


def config_of(connection: Connection) -> Config:
    """Return Alembic's configuration for our steps over `connection`."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_FOLDER).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def _migrate(connection: Connection) -> None:
    from alembic import command
    from alembic.script import ScriptDirectory

    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        encoding = connection.execute(text("SHOW server_encoding")).scalar_one()
        if encoding != "UTF8":
            found = f"the database is in {encoding}, which cannot hold every name"
            raise StoreError(
                "cannot make the tables of the store", found, "Make it with: createdb --encoding UTF8 -T template0 ..."
            )
    revision = revision_of(connection)
    if revision == HEAD:
        return
    config = config_of(connection)
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    if revision is not None and revision not in known:
        asked, found = "cannot open the store", f"a newer lifeloop has written it (its revision is {revision}, ours {HEAD})"
        raise StoreError(asked, found, "Install the newer lifeloop again, or restore the copy made before it.")
    command.upgrade(config, "head")
