"""Visitors become customers, an operator has the last word, and every link can be taken back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pytest

from lifeloop.base.clock import FixedClock
from lifeloop.base.errors import UnknownName
from lifeloop.base.ids import customer_of_email
from lifeloop.store import Store
from lifeloop.store.identities import all_links, blocked
from lifeloop.unify import identity
from lifeloop.unify.identity import ChangeRow, Known, RulingRefused, Sight
from lifeloop.unify.policy import DAY_US, MINUTE_US

NOON = 20_000 * DAY_US + 12 * 60 * MINUTE_US
ANN_MAIL, BOB_MAIL = customer_of_email("ann@x.example"), customer_of_email("bob@x.example")


@dataclass
class Shop:
    """A shop that hears of people, and an operator."""

    store: Store
    minutes: int = 0
    heard: int = 0

    def hears(self, device: str | None = None, account: str | None = None, guest: str | None = None, **more: object) -> Shop:
        """An event comes in, a minute after the last one unless `at` is given."""
        self.heard += 1
        at = int(str(more.get("at", NOON + self.heard * MINUTE_US)))
        previous = str(more["previous"]) if "previous" in more else None
        with self.store.writing() as connection:
            identity.observe(connection, [Sight(device, account, guest, at, f"m{self.heard}", previous)], self.clock)
        return self

    @property
    def clock(self) -> FixedClock:
        self.minutes += 1
        return FixedClock(datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=self.minutes))

    def join(self, kind: str, identifier: str, customer: str) -> int:
        with self.store.writing() as connection:
            return identity.join(connection, kind, identifier, customer, actor="olga", clock=self.clock)

    def part(self, kind: str, identifier: str, customer: str) -> int:
        with self.store.writing() as connection:
            return identity.part(connection, kind, identifier, customer, actor="olga", clock=self.clock)

    def undo(self, change: int) -> int:
        with self.store.writing() as connection:
            return identity.undo(connection, change, actor="olga", clock=self.clock)

    def who(self, named: str | None = None, device: str | None = None, at: int = NOON) -> str | None:
        with self.store.reading() as connection:
            return identity.customer_of(connection, named=named, anonymous_id=device, at=at)

    def knows(self, customer: str) -> Known:
        with self.store.reading() as connection:
            return identity.resolve(connection, customer)

    def log(self, customer: str) -> list[ChangeRow]:
        with self.store.reading() as connection:
            return identity.history(connection, customer)

    def links(self) -> list[tuple[object, ...]]:
        with self.store.reading() as connection:
            return [row[:7] for row in all_links(connection)]


@pytest.fixture
def asked(store: Store) -> Iterator[Shop]:
    return Shop(store)


def test_what_a_visitor_did_before_signing_in_is_the_customer_s(asked: Shop) -> None:
    asked.hears("d1", "ann")

    assert asked.who(device="d1", at=NOON - 29 * DAY_US) == "ann"
    assert asked.who(device="d1", at=NOON - 31 * DAY_US) is None
    assert asked.who(device="d2") is None
    assert asked.who(named="ann", device="d2") == "ann"


def test_a_guest_becomes_the_account_that_names_the_same_address(asked: Shop) -> None:
    asked.hears("d1", guest=ANN_MAIL)
    assert asked.who(device="d1") == ANN_MAIL

    asked.hears("d2", "ann", ANN_MAIL)

    assert asked.who(named=ANN_MAIL) == "ann"
    assert asked.who(device="d1") == "ann"
    assert asked.knows(ANN_MAIL) == asked.knows("ann")
    assert asked.knows("ann").names == ("ann", ANN_MAIL)
    assert [span.device for span in asked.knows("ann").devices] == ["d1", "d2"]


def test_a_guest_who_keeps_to_other_devices_reads_the_same_mailbox_and_is_somebody_else(asked: Shop) -> None:
    asked.hears("d1", "ann", ANN_MAIL).hears("d2", guest=ANN_MAIL)
    assert asked.who(named=ANN_MAIL) == "ann"

    asked.hears("d2", guest=ANN_MAIL, at=NOON + 3 * DAY_US)
    assert asked.who(named=ANN_MAIL) == ANN_MAIL
    assert "never_on_one_device" in {one.rule for one in asked.log("ann")}

    asked.hears("d2", "ann", at=NOON + 4 * DAY_US)
    assert asked.who(named=ANN_MAIL) == "ann"


def test_meeting_on_a_device_that_many_use_does_not_make_a_guest_the_account(asked: Shop) -> None:
    asked.hears("d1", "ann", ANN_MAIL).hears("d2", guest=ANN_MAIL).hears("d2", guest=ANN_MAIL, at=NOON + 3 * DAY_US)
    asked.hears("desk", guest=ANN_MAIL).hears("desk", "ann")
    assert asked.who(named=ANN_MAIL) == "ann"

    for number in range(5):
        asked.hears("desk", f"c{number}")

    assert asked.who(named=ANN_MAIL) == ANN_MAIL


def test_an_address_moved_to_another_account_is_taken_from_both_and_both_histories_say_so(asked: Shop) -> None:
    asked.hears(None, "ann", ANN_MAIL).hears(None, "bob", ANN_MAIL)

    assert asked.who(named=ANN_MAIL) == ANN_MAIL
    assert [(one.action, one.rule) for one in asked.log("ann")] == [
        ("link", "account_uses_email"),
        ("unlink", "several_accounts"),
    ]


def test_two_accounts_are_never_merged_by_an_address_a_device_or_an_alias(asked: Shop) -> None:
    asked.hears("d1", "ann", ANN_MAIL).hears("d1", "bob", ANN_MAIL).hears("ann", "bob", previous="d1").hears("bob", "ann")

    assert asked.who(named="ann") == "ann"
    assert asked.who(named="bob") == "bob"
    assert asked.knows("ann").accounts == asked.knows("bob").accounts == ()


def test_an_alias_tells_of_another_visitor_id_of_the_same_person(asked: Shop) -> None:
    asked.hears("d2", "ann", previous="d1")

    assert asked.who(device="d1") == "ann"
    assert asked.who(device="d2") == "ann"


def test_a_call_centre_s_device_belongs_to_nobody(asked: Shop) -> None:
    asked.hears("desk", "c0")
    assert asked.who(device="desk") == "c0"

    for number in range(1, 60):
        asked.hears("desk", f"c{number}")

    assert asked.who(device="desk") is None
    with asked.store.reading() as connection:
        assert [row[:2] for row in blocked(connection)] == [("device", "desk")]


def test_an_address_that_twenty_one_accounts_name_in_a_day_is_blocked_and_is_nobody_s_device(asked: Shop) -> None:
    nobody = customer_of_email("noreply@shop.example")
    asked.hears("d1", guest=nobody)
    for number in range(21):
        asked.hears(None, f"c{number}", nobody)

    assert asked.who(device="d1") is None
    with asked.store.reading() as connection:
        assert [row[:2] for row in blocked(connection)] == [("guest", nobody)]


def test_an_account_that_names_six_addresses_owns_and_contests_none_of_them(asked: Shop) -> None:
    mails = [customer_of_email(f"{number}@x.example") for number in range(6)]
    for mail in mails[:5]:
        asked.hears(None, "desk", mail)
    assert asked.knows("desk").guests == tuple(sorted(mails[:5]))

    asked.hears(None, "ann", mails[0])
    assert asked.who(named=mails[0]) == mails[0]

    asked.hears(None, "desk", mails[5])

    assert asked.knows("desk").guests == ()
    assert asked.who(named=mails[0]) == "ann", "who speaks for others contests nothing"


def test_undoing_a_link_gives_both_their_own_history_back(asked: Shop) -> None:
    asked.hears("d1", guest=ANN_MAIL)
    before = asked.links()
    asked.hears(None, "ann", ANN_MAIL)
    merged = asked.links()
    (made,) = (one for one in asked.log("ann") if one.kind == "guest")

    undone = asked.undo(made.change_id)
    assert asked.links() == before
    asked.undo(undone)
    assert asked.links() == merged


def test_what_was_undone_stays_undone_whatever_is_heard_later(asked: Shop) -> None:
    asked.hears("d1", "ann", ANN_MAIL)
    for one in asked.log("ann"):
        asked.undo(one.change_id)
    asked.hears("d1", "ann", ANN_MAIL).hears("d1", "ann", ANN_MAIL, at=NOON + 40 * DAY_US)

    assert asked.links() == []


def test_an_operator_joins_two_accounts_with_all_that_is_theirs_and_takes_it_back(asked: Shop) -> None:
    asked.hears("d1", "ann", ANN_MAIL).hears("d2", "bob", BOB_MAIL).hears("d3", guest=BOB_MAIL)
    before = asked.links()

    joined = asked.join("account", "bob", "ann")
    assert asked.knows("bob") == asked.knows("ann")
    assert asked.knows("ann").names == ("ann", "bob", *sorted([ANN_MAIL, BOB_MAIL]))
    assert {asked.who(device=one) for one in ("d1", "d2", "d3")} == {"ann"}
    assert asked.log("bob")[-1].actor == "olga"

    asked.undo(joined)
    assert asked.links() == before


def test_joined_accounts_count_as_one_on_a_shared_device_and_for_an_address(asked: Shop) -> None:
    asked.hears("d1", "ann", ANN_MAIL).hears("d1", "ann2", ANN_MAIL)
    assert asked.who(named=ANN_MAIL) == ANN_MAIL

    asked.join("account", "ann", "ann2")

    assert asked.who(named=ANN_MAIL) == "ann2"
    assert asked.who(device="d1", at=NOON - 5 * DAY_US) == "ann2"


def test_accounts_are_joined_through_one_another_but_never_in_a_circle(asked: Shop) -> None:
    asked.hears("d1", "a").join("account", "a", "b")
    asked.join("account", "b", "c")

    assert asked.who(named="a") == asked.who(device="d1") == "c"
    with pytest.raises(RulingRefused, match="stands for that customer already"):
        asked.join("account", "c", "a")
    with pytest.raises(RulingRefused, match="already"):
        asked.join("account", "a", "a")
    with pytest.raises(RulingRefused, match="e-mail address alone"):
        asked.join("account", "a", ANN_MAIL)
    with pytest.raises(UnknownName, match="no kind of identifier named 'cookie'"):
        asked.join("cookie", "a", "b")


def test_two_guests_can_be_joined_and_go_to_the_account_together(asked: Shop) -> None:
    asked.hears("d1", guest=ANN_MAIL).hears("d2", guest=BOB_MAIL).join("guest", BOB_MAIL, ANN_MAIL)
    assert asked.who(device="d2") == ANN_MAIL

    asked.hears(None, "ann", ANN_MAIL)

    assert asked.who(named=BOB_MAIL) == asked.who(device="d2") == "ann"


def test_a_device_can_be_given_and_refused(asked: Shop) -> None:
    asked.hears("d1", "ann").part("device", "d1", "ann")
    assert asked.who(device="d1") is None

    asked.join("device", "d1", "bob")
    assert asked.who(device="d1") == "bob"
    assert asked.who(device="d1", at=0) == "bob"


def test_undoing_the_last_ruling_lets_the_one_before_stand_again(asked: Shop) -> None:
    asked.join("guest", BOB_MAIL, "ann")
    parted = asked.part("guest", BOB_MAIL, "ann")
    assert asked.who(named=BOB_MAIL) == BOB_MAIL

    asked.undo(parted)

    assert asked.who(named=BOB_MAIL) == "ann"


def test_what_cannot_be_undone_is_refused_in_words(asked: Shop) -> None:
    first = asked.join("guest", BOB_MAIL, "ann")
    second = asked.part("guest", BOB_MAIL, "ann")

    with pytest.raises(RulingRefused, match="another ruling on the same two was made since"):
        asked.undo(first)
    asked.undo(second)
    with pytest.raises(RulingRefused, match="undone by olga"):
        asked.undo(second)
    with pytest.raises(UnknownName, match="no change of who is who named '999'"):
        asked.undo(999)
    asked.hears(None, "ann", ANN_MAIL).hears(None, "bob", ANN_MAIL)
    (lost,) = (one for one in asked.log("ann") if one.action == "unlink" and one.identifier == ANN_MAIL)
    with pytest.raises(RulingRefused, match="Join them instead"):
        asked.undo(lost.change_id)


def test_the_merge_log_says_rule_evidence_and_actor_and_grows_only_by_what_changed(asked: Shop) -> None:
    asked.hears("d1", "ann")
    for day in range(5):
        asked.hears("d1", "ann", at=NOON + day * DAY_US)
    (only,) = asked.log("ann")

    assert (only.action, only.kind, only.identifier, only.rule, only.evidence, only.actor) == (
        "link", "device", "d1", "only_owner", "m1", "rule",
    )  # fmt: skip


def test_links_are_given_as_a_table_for_the_lake(asked: Shop) -> None:
    asked.hears("d1", "ann", ANN_MAIL)
    with asked.store.reading() as connection:
        table = identity.links(connection)

    assert table.schema.field("since").type == pa.timestamp("us", tz="UTC")
    assert table.select(["kind", "identifier", "customer_id"]).to_pylist() == [
        {"kind": "device", "identifier": "d1", "customer_id": "ann"},
        {"kind": "guest", "identifier": ANN_MAIL, "customer_id": "ann"},
    ]
    assert table["until"].null_count == 1
