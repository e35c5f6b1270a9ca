"""Bringing the tables of a store up to date."""

from __future__ import annotations

from sqlalchemy import Engine

from lifeloop.store.tables import METADATA


def upgrade(engine: Engine) -> None:
    """Make what is missing."""
    METADATA.create_all(engine)
