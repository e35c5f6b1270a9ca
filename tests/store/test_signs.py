"""What each part said last."""

from __future__ import annotations

from lifeloop.base.clock import micros
from lifeloop.store import Store
from lifeloop.store.signs import read_signs, say
from lifeloop.testing.clock import after


def test_the_last_word_of_each_part_is_kept(store: Store) -> None:
    with store.writing() as connection:
        say(connection, "indexer", after(), detail="behind", figure=12.5)
        say(connection, "flow", after(1))
        say(connection, "indexer", after(2), detail="here", figure=0.0)

    with store.reading() as connection:
        signs = read_signs(connection)
        assert sorted(signs) == ["flow", "indexer"]
        assert (signs["indexer"].detail, signs["indexer"].figure) == ("here", 0.0)
        assert signs["indexer"].seen_at == micros(after(2).now())
        assert (signs["flow"].detail, signs["flow"].figure) == ("", None)
