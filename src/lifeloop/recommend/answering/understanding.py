"""Understanding: what a request asks for, what of it is known, and what whoever asked should be told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from lifeloop.base.errors import SettingsError, UnknownName
from lifeloop.base.recommend_settings import PLACEMENTS
from lifeloop.base.text import Text
from lifeloop.recommend.answering import notes
from lifeloop.recommend.answering.notes import note
from lifeloop.recommend.answering.request import MOST_HITS, MOST_ITEMS, OF_THE_PAGE, STRANGER, Request
from lifeloop.recommend.answering.shelf import Shelf
from lifeloop.recommend.asked import MOST_WANTED, Asked, Person

_SOME = 5
"""Products that are named to somebody who named none that is known."""


def understood(
    shelf: Shelf, asked: Asked, person: Person, *, now: int, generator: np.random.Generator
) -> tuple[Request, list[Text]]:
    """Return the request, and notes on what was left out of it. Raises SettingsError, UnknownName: see `answer`.

    Without consent, what was viewed lately does not count, even where the request names it: only the page itself does.
    """
    _check(asked)
    said: list[Text] = []
    if not person.has_consent:
        person = STRANGER
        said.append(note(notes.NO_CONSENT))
        if asked.items and asked.placement not in OF_THE_PAGE:
            asked = replace(asked, items=())
            said.append(note(notes.ITEMS_NOT_USED))
    if asked.k > MOST_WANTED:
        said.append(note(notes.CUT, asked=asked.k, most=MOST_WANTED))
    items, unknown = _known(shelf, asked)
    if asked.placement == "product" and not items and len(shelf):
        near = shelf.catalogue.near(unknown[0])
        raise UnknownName("product", unknown[0], shelf.catalogue.products.ids[:_SOME] if near is None else [near])
    said += _unknown(shelf, unknown)
    most = MOST_HITS if asked.placement == "search" else MOST_ITEMS
    if len(items) > most:
        said.append(note(notes.MANY_HITS if asked.placement == "search" else notes.MANY_ITEMS, count=len(items), most=most))
    if asked.placement == "search":
        items = items[:most]
    if asked.category is not None and len(shelf) and not shelf.book.below(asked.category).any():
        said.append(note(notes.NO_CATEGORY, name=asked.category))
    return Request(shelf, asked, person, min(asked.k, MOST_WANTED), tuple(items), now, generator), said


def _check(asked: Asked) -> None:
    if asked.placement not in PLACEMENTS:
        raise UnknownName("placement", asked.placement, PLACEMENTS)
    if asked.k < 1:
        raise SettingsError(
            f"cannot recommend {asked.k} products", "k must be at least 1", f"Ask for 1 to {MOST_WANTED} products with k."
        )
    if asked.placement == "product" and not asked.items:
        raise SettingsError(
            "cannot recommend for a product page", "no product was named", "Name the product on the page in items."
        )


def _known(shelf: Shelf, asked: Asked) -> tuple[list[str], list[str]]:
    """Return the items that are known and those that are not, each once, in order.

    Something that was sold once may still say what goes with it. A hit of a search must be for sale: of another nobody could
    check the rules.
    """
    here, there = shelf.catalogue.products.places, shelf.model.products.places
    is_search = asked.placement == "search"
    items: list[str] = []
    unknown: list[str] = []
    for name in dict.fromkeys(asked.items):
        (items if name in here or (name in there and not is_search) else unknown).append(name)
    return items, unknown


def _unknown(shelf: Shelf, unknown: Sequence[str]) -> list[Text]:
    if not unknown:
        return []
    if len(unknown) > 1:
        return [note(notes.UNKNOWN_MANY, count=len(unknown), name=unknown[0])]
    near = shelf.catalogue.near(unknown[0])
    return [note(notes.UNKNOWN, name=unknown[0]) if near is None else note(notes.UNKNOWN_NEAR, name=unknown[0], near=near)]
