"""The operating state: keys, identities, profiles, consent, carts, jobs. SQLAlchemy over SQLite or PostgreSQL.

Only this room knows SQLAlchemy: others call the functions here, which take and return plain values.
"""

from lifeloop.store.database import Store, open_store

__all__ = ["Store", "open_store"]
