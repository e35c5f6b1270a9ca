"""An operator is shown who may be one person, until they are joined or parted."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from lifeloop.base.clock import FixedClock
from lifeloop.store import Store
from lifeloop.store.profiles import ProfileRow, write_profiles
from lifeloop.unify import identity
from lifeloop.unify.suggesting import suggestions

CLOCK = FixedClock(datetime(2026, 1, 1, tzinfo=UTC))
ANN = {
    "firstName": "Annette", "lastName": "Lindqvist", "birthday": "1984-02-29", "phone": "+44 20 7946 0958",
    "address": {"street": "Mill Lane 12", "postalCode": "40221", "city": "Exbridge"},
}  # fmt: skip


def profile(named: str, traits: dict[str, object]) -> ProfileRow:
    told = json.dumps({name: [value, 1] for name, value in traits.items()})
    return ProfileRow(named, 1, 1, None, None, None, told, None, None)


def test_profiles_of_one_person_are_suggested_until_an_operator_decides(store: Store) -> None:
    others = [profile(f"c{n}", {"name": f"Jo{n % 7} Berg{n % 11}", "birthday": f"19{40 + n % 60}0101"}) for n in range(200)]
    with store.writing() as connection:
        write_profiles(connection, [*others, profile("ann", ANN), profile("ann2", ANN | {"firstName": "Anette"})])
        write_profiles(connection, [profile("device:d1", ANN)])
        assert [pair[:2] for pair in suggestions(connection)] == [("ann", "ann2")]

        joined = identity.join(connection, "account", "ann2", "ann", actor="olga", clock=CLOCK)
        assert suggestions(connection) == []
        identity.undo(connection, joined, actor="olga", clock=CLOCK)
        assert len(suggestions(connection)) == 1
        identity.part(connection, "account", "ann2", "ann", actor="olga", clock=CLOCK)
        assert suggestions(connection) == []
