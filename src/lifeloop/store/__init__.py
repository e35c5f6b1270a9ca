"""The operating state: keys, identities, profiles, consent, carts, jobs. SQLAlchemy over SQLite or PostgreSQL.

Only this room knows SQLAlchemy: others call the functions here, which take a `Connection` of `Store.reading()` or
`Store.writing()` and plain values. What is called within one `writing()` is kept together, or not at all.
"""

from sqlalchemy import Connection

from lifeloop.store.database import Store, open_store

__all__ = ["Connection", "Store", "open_store"]
