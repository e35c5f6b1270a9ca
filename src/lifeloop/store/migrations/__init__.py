"""How the tables of a store came about, step by step: Alembic's files. `HEAD` names the last step, for stores that have it."""

HEAD = "0001"
"""The newest revision in `versions`; a test compares the two."""
