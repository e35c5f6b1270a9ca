"""The first tables."""

from __future__ import annotations

from alembic import op

from lifeloop.store.tables import METADATA

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make them."""
    METADATA.create_all(op.get_bind(), checkfirst=False)
