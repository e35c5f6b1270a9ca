"""Who is let in."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from lifeloop.base.clock import micros
from lifeloop.base.errors import UnknownName
from lifeloop.store import Store
from lifeloop.store.keys import create, find, fingerprint, list_keys, load_keys, revoke, rotate, touch
from lifeloop.store.tables import KEY
from lifeloop.testing.clock import after

HOUR = 3600.0


def test_a_key_lets_in_whoever_shows_it(store: Store) -> None:
    with store.writing() as connection:
        secret, made = create(connection, after(), scope="ingest", name="web", source="shop", origins=["https://shop.example"])

    with store.reading() as connection:
        assert find(connection, secret, after(1)) == made
        assert find(connection, secret + "x", after(1)) is None
        assert find(connection, "", after(1)) is None
        assert find(connection, "\udc80", after(1)) is None
    assert (made.scope, made.name, made.source, made.origins) == ("ingest", "web", "shop", ("https://shop.example",))


def test_the_key_itself_is_not_kept(store: Store) -> None:
    with store.writing() as connection:
        secret, made = create(connection, after(), scope="read", name="reports")
        (row,) = connection.execute(select(KEY)).all()

    assert secret.startswith("ll_read_")
    assert len(secret) >= len("ll_read_") + 32, "192 random bits"
    assert all(secret not in str(value) and secret[8:] not in str(value) for value in row)
    assert row.hash == fingerprint(secret)
    assert made.key_id not in secret


def test_a_scope_nobody_declared_is_refused(store: Store) -> None:
    with pytest.raises(UnknownName, match="did you mean 'admin'"), store.writing() as connection:
        create(connection, after(), scope="admim", name="typo")


def test_a_key_ends_at_its_time(store: Store) -> None:
    end = after(HOUR)
    with store.writing() as connection:
        secret, _ = create(connection, after(), scope="read", name="fair", expires_at=micros(end.now()))

        assert find(connection, secret, after(HOUR - 1)) is not None
        assert find(connection, secret, end) is None


def test_a_revoked_key_lets_nobody_in_and_keeps_its_time(store: Store) -> None:
    with store.writing() as connection:
        secret, made = create(connection, after(), scope="admin", name="lost laptop")
        revoke(connection, made.key_id, after(10))
        revoke(connection, made.key_id, after(20))

        assert find(connection, secret, after(10)) is None
        assert list_keys(connection)[0].revoked_at == micros(after(10).now())
        with pytest.raises(UnknownName):
            revoke(connection, "key_of_nobody", after(30))


def test_after_rotation_both_keys_are_valid_for_the_grace_period(store: Store) -> None:
    with store.writing() as connection:
        old_secret, old = create(connection, after(), scope="ingest", name="web", source="eu", origins=["https://a.example"])
        new_secret, new = rotate(connection, old.key_id, after(10), grace_seconds=HOUR)

        assert (new.scope, new.name, new.source, new.origins) == (old.scope, old.name, old.source, old.origins)
        assert new.key_id != old.key_id
        assert find(connection, old_secret, after(HOUR)) is not None
        assert find(connection, old_secret, after(10 + HOUR)) is None
        assert find(connection, new_secret, after(10 * HOUR)) == new


def test_rotation_never_makes_a_key_live_longer(store: Store) -> None:
    with store.writing() as connection:
        _, old = create(connection, after(), scope="read", name="fair", expires_at=micros(after(60).now()))
        _, new = rotate(connection, old.key_id, after(10), grace_seconds=HOUR)

        assert [key.expires_at for key in list_keys(connection)] == [micros(after(60).now())] * 2
        revoke(connection, new.key_id, after(20))
        with pytest.raises(UnknownName, match="no valid key named"):
            rotate(connection, new.key_id, after(30), grace_seconds=HOUR)


def test_the_last_use_is_written_at_most_once_a_minute(store: Store) -> None:
    with store.writing() as connection:
        _, key = create(connection, after(), scope="read", name="reports")

        assert [touch(connection, key.key_id, after(second)) for second in (0, 1, 59, 60, 61, 121)] == [
            True,
            False,
            False,
            True,
            False,
            True,
        ]


def test_all_keys_can_be_held_in_memory_by_their_fingerprint(store: Store) -> None:
    with store.writing() as connection:
        secret, first = create(connection, after(), scope="read", name="first")
        _, second = create(connection, after(1), scope="read", name="second")
        revoke(connection, second.key_id, after(2))

    with store.reading() as connection:
        held = load_keys(connection)
        assert held[fingerprint(secret)] == first
        assert sorted(key.name for key in held.values()) == ["first", "second"], "also those no longer valid"
