"""Answering: from a request to a list that keeps every rule, says why, and says what it could not do."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lifeloop.base.recommend_settings import RecommendSettings
from lifeloop.recommend.answering import notes
from lifeloop.recommend.answering.exploring import Placed
from lifeloop.recommend.answering.gate import passed
from lifeloop.recommend.answering.notes import note
from lifeloop.recommend.answering.picking import pick, tried
from lifeloop.recommend.answering.reasons import LITTLE_KNOWN, NEW, Explained, Term, explained
from lifeloop.recommend.answering.request import Request
from lifeloop.recommend.answering.shelf import Shelf
from lifeloop.recommend.answering.signals import SIGNALS, signals
from lifeloop.recommend.answering.understanding import understood
from lifeloop.recommend.asked import Answer, Asked, Person, Reason, Recommended
from lifeloop.recommend.catalogue import Catalogue
from lifeloop.recommend.model import Model
from lifeloop.recommend.placements import SCORES
from lifeloop.recommend.placements.terms import newest

NEWEST = 0.001
"""What the newest products are worth, where too little is known to fill a list: less than anything that is known."""


def answer(
    model: Model,
    catalogue: Catalogue,
    asked: Asked,
    person: Person,
    *,
    settings: RecommendSettings,
    now: int,
    generator: np.random.Generator,
) -> Answer:
    """Return what to recommend; `now` in microseconds since 1970 UTC. The same facts and generator give the same answer.

    Raises SettingsError where nothing can be asked for so (k below 1, no product on the product page), and UnknownName for a
    placement, or for a product on the page, that nobody knows. Everything else that is not as it should be stands in the
    answer's notes. Cost: a few passes over the catalogue.
    """
    request, said = understood(Shelf.of(model, catalogue, settings), asked, person, now=now, generator=generator)
    if not len(catalogue):
        return Answer(asked.placement, model.version, (), (*said, note(notes.NO_PRODUCTS)))
    terms, found = SCORES[asked.placement](request), len(catalogue)
    if asked.placement != "search":
        found = spoken_for(request, terms)
        if found < request.k:
            terms = [*terms, *newest(request, NEWEST)]
    kept, dropped = passed(told(request, terms, tried(request, pick(request, terms))), request)
    if kept and not found:
        said.append(note(notes.NOTHING_SPEAKS if model.is_fitted else notes.NOT_LEARNED))
    if dropped:
        said.append(note(notes.DROPPED, count=dropped))
    wanted = min(request.k, len(request.items)) if asked.placement == "search" else request.k
    if len(kept) < wanted:
        said.append(note(notes.SHORT, found=len(kept), asked=wanted))
    return Answer(asked.placement, model.version, kept, tuple(said), any(_is_personal(one, request) for one in kept))


def spoken_for(request: Request, terms: Sequence[Term]) -> int:
    """Return how many of the products that may be answered anything is known of that speaks for or against them."""
    known = np.zeros(len(request.shelf), np.bool_)
    for term in terms:
        known |= term.scores != 0
    return int(np.count_nonzero(known & request.allowed))


def told(request: Request, terms: Sequence[Term], placed: Sequence[Placed]) -> list[Recommended]:
    """Return a list with scores, reasons, chances and signals."""
    places = np.array([one.item for one in placed], np.int32)
    known = signals(request, terms, places).astype(np.float64).tolist()
    ids = request.shelf.catalogue.products.ids
    return [
        Recommended(
            product_id=ids[one.item],
            rank=number + 1,
            score=why.score,
            strategy="new" if one.is_explored else why.strategy,
            propensity=one.propensity,
            is_explored=one.is_explored,
            reasons=_reasons(one, why, request),
            signals={name: value for name, value in zip(SIGNALS, row, strict=True) if value == value},
        )
        for number, (one, why, row) in enumerate(zip(placed, explained(terms, places, request.shelf.title), known, strict=True))
    ]


def _reasons(one: Placed, why: Explained, request: Request) -> tuple[Reason, ...]:
    """Return the reasons; of what chance put there, first whether it is new in the shop or only little known."""
    if not one.is_explored:
        return why.reasons
    shelf = request.shelf
    is_newer = shelf.model.is_fitted and not shelf.alignment.is_known[one.item]
    return Reason(NEW if is_newer else LITTLE_KNOWN), *why.reasons


def _is_personal(one: Recommended, request: Request) -> bool:
    own = set(request.history.names)
    return one.strategy == "personal" or any(why.because_of in own for why in one.reasons)
