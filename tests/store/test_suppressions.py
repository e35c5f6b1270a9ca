"""Nothing is sent to who does not want it."""

from __future__ import annotations

from lifeloop.store import Store
from lifeloop.store.suppressions import address_hash, allow, find_suppression, list_suppressions, suppress
from lifeloop.store.tables import SUPPRESSION
from lifeloop.testing.clock import after


def test_a_suppressed_address_is_found_however_it_is_written(store: Store) -> None:
    with store.writing() as connection:
        assert suppress(connection, "email", "Ann@Example.com", after(), reason="unsubscribed", source="live")

        found = find_suppression(connection, "email", " ann@example.COM ")
        assert found is not None
        assert (found.reason, found.source) == ("unsubscribed", "live")
        assert find_suppression(connection, "email", "bob@example.com") is None
        assert find_suppression(connection, "sms", "ann@example.com") is None, "a channel is not another"


def test_the_first_reason_stays(store: Store) -> None:
    with store.writing() as connection:
        suppress(connection, "email", "ann@example.com", after(), reason="complained", source="live")

        assert not suppress(connection, "email", "ann@example.com", after(9), reason="bounced", source="live")
        assert [one.reason for one in list_suppressions(connection)] == ["complained"]


def test_an_address_can_be_allowed_again(store: Store) -> None:
    with store.writing() as connection:
        suppress(connection, "sms", "+49 151 234567", after(), reason="bounced", source="live")

        assert allow(connection, "sms", "0049151234567")
        assert not allow(connection, "sms", "0049151234567")
        assert list_suppressions(connection) == []


def test_the_list_shows_no_address(store: Store) -> None:
    with store.writing() as connection:
        suppress(connection, "email", "ann@example.com", after(), reason="bounced", source="live")
        (row,) = connection.execute(SUPPRESSION.select()).all()

        assert "ann" not in str(row)
        assert row.address_hash == address_hash("email", "ann@example.com")


def test_the_list_comes_in_pages(store: Store) -> None:
    with store.writing() as connection:
        for number in range(7):
            suppress(connection, "email", f"c{number}@example.com", after(), reason="bounced", source="live")
        seen = []
        after_last = None
        while page := list_suppressions(connection, limit=3, after=after_last):
            seen += page
            after_last = (page[-1].channel, page[-1].address_hash)

        assert seen == list_suppressions(connection)
        assert len(seen) == 7
