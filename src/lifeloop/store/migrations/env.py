"""What Alembic runs to migrate: on the connection it is given, within its transaction."""

from __future__ import annotations

from alembic import context

from lifeloop.store.tables import METADATA


def run() -> None:
    """Take the steps asked for."""
    context.configure(connection=context.config.attributes["connection"], target_metadata=METADATA, render_as_batch=True)
    context.run_migrations()


if __name__ == "env_py":  # the name under which Alembic loads it
    run()
