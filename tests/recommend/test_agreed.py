"""Consent of everybody at once, as the store knows it."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lifeloop.base.recommend_settings import RecommendSettings
from lifeloop.recommend.learning.agreed import words_told
from lifeloop.recommend.learning.consents import GIVEN, SILENT, WITHDRAWN, Word, last_word
from lifeloop.store import Store, open_store
from lifeloop.store.consents import ConsentRow, add_consents
from lifeloop.store.identities import LinkRow, replace_links
from lifeloop.store.profiles import DEVICE
from lifeloop.unify.consent import LISTED
from lifeloop.unify.identity import resolve
from lifeloop.unify.people import consents_of

PURPOSES = RecommendSettings().consent_purposes
LINKS = {
    "guest": [LinkRow("guest", "guest-of-ann", 0, None, "ann", "r", "", 1)],
    "account": [LinkRow("account", "ann-of-old", 0, None, "ann", "r", "", 1)],
    "device": [
        LinkRow("device", "phone", 3, 6, "ann", "r", "", 1),
        LinkRow("device", "phone", 6, None, "bob", "r", "", 1),
    ],
}
OWNERS = ["ann", "ann-of-old", "guest-of-ann", "bob", DEVICE + "phone", DEVICE + "tablet"]


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return told_by(tmp_path / "store.sqlite")


def told_by(file: Path, *rows: ConsentRow) -> Store:
    store = open_store(f"sqlite:///{file}")
    with store.writing() as connection:
        for kind, links in LINKS.items():
            replace_links(connection, kind, [], links)
        add_consents(connection, rows)
    return store


def row(
    owner: str, at: int, state: str, channel: str = "web", purpose: str = "Personalization", basis: str = "banner"
) -> ConsentRow:
    return ConsentRow(f"{owner} {at} {state} {channel}", owner, channel, purpose, state, basis, None, "web", at, at)


def said(store: Store) -> dict[str, int]:
    return {name: word.state for name, word in words_told(store, PURPOSES).items()}


def test_what_was_said_under_any_name_and_on_a_device_while_it_was_theirs_is_theirs(tmp_path: Path) -> None:
    on = DEVICE + "phone"
    rows = [row("guest-of-ann", 1, "given"), row("ann-of-old", 2, "given"), row(on, 5, "withdrawn"), row(on, 7, "given")]
    rows += [row(on, 2, "withdrawn"), row(DEVICE + "tablet", 1, "given")]

    told = words_told(told_by(tmp_path / "store.sqlite", *rows), PURPOSES)

    assert {name: (word.at, word.state) for name, word in told.items()} == {
        "cann": (5, WITHDRAWN),
        "cbob": (7, GIVEN),
        "vphone": (2, WITHDRAWN),
        "vtablet": (1, GIVEN),
    }


def test_a_list_that_leaves_personalisation_out_takes_it_back(tmp_path: Path) -> None:
    rows = [
        row("ann", 1, "given"),
        row("ann", 3, "given", "email", "marketing", LISTED),
        row("bob", 3, "given", "sms", "marketing", LISTED),
    ]

    assert said(told_by(tmp_path / "store.sqlite", *rows)) == {"cann": WITHDRAWN, "cbob": SILENT}


def test_a_store_in_which_nobody_said_anything_tells_nothing(store: Store) -> None:
    assert said(store) == {}


ROWS = st.lists(
    st.builds(
        row,
        st.sampled_from(OWNERS),
        st.integers(0, 9),
        st.sampled_from(["given", "withdrawn", "pending"]),
        st.sampled_from(["web", "email", "personalization", "个性化"]),
        st.sampled_from(["marketing", "personalization"]),
        st.sampled_from(["banner", LISTED]),
    ),
    max_size=8,
    unique_by=lambda one: one.consent_id,
)


@given(ROWS)
@settings(max_examples=40, deadline=None, derandomize=True)
def test_of_everybody_at_once_the_same_is_known_as_of_one(
    tmp_path_factory: pytest.TempPathFactory, rows: list[ConsentRow]
) -> None:
    store = told_by(tmp_path_factory.mktemp("store") / "store.sqlite", *rows)

    told = words_told(store, PURPOSES)

    with store.reading() as connection:
        for name in ("ann", "bob"):
            one = last_word(consents_of(connection, resolve(connection, name)), PURPOSES)
            assert told.get("c" + name, Word()) == one
