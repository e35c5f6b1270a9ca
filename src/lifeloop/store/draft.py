"""For whoever changes `lifeloop.store.tables`: `python -m lifeloop.store.draft` prints the step from the last to there."""

from __future__ import annotations

import sys

from alembic import command
from alembic.autogenerate import produce_migrations, render_python_code
from alembic.migration import MigrationContext
from alembic.operations.ops import UpgradeOps
from sqlalchemy import Connection, create_engine

from lifeloop.store.migrate import config_of
from lifeloop.store.tables import METADATA


def drafted(connection: Connection) -> UpgradeOps:
    """Return what the tables of `connection` still lack to be those declared."""
    context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
    operations = produce_migrations(context, METADATA).upgrade_ops
    assert operations is not None
    return operations


def main() -> None:
    """Print the body of `upgrade()`; from nothing with the argument `--all`."""
    engine = create_engine("sqlite://")
    with engine.connect() as connection:
        if "--all" not in sys.argv[1:]:
            command.upgrade(config_of(connection), "head")
        sys.stdout.write(render_python_code(drafted(connection)) + "\n")


if __name__ == "__main__":
    main()
