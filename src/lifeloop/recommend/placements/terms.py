"""The parts that scores are summed from: what each part of the model says of every product, in one unit.

A part is scaled so that what it adds to the products that may be answered reaches over the part's weight: so parts of
different models can be added, and no part can say more than its weight allows.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lifeloop.recommend.answering.reasons import DUE, FOUND, LATELY, LINKS, POPULAR, POPULAR_IN, Cause, Term
from lifeloop.recommend.answering.request import Request, Sources
from lifeloop.recommend.asked import Strategy
from lifeloop.recommend.categories import steps
from lifeloop.recommend.deeds import KIND_WEIGHTS
from lifeloop.recommend.histories import Floats, Ints
from lifeloop.recommend.matrices import ItemMatrix, decay

Doubles = npt.NDArray[np.float64]

CONTENT_DELTA, CONTENT_DEEDS = 0.2, 20
"""How fast a history fades before what is written about products, and how much of it counts."""


@dataclass(frozen=True)
class _Linear:
    """What sources say of all products, and how much of it each of them says: the two must be one sum."""

    sources: Sources
    scores: Floats
    """Shape (model,)."""
    contributions: Callable[[Ints], Floats]
    """Of products of the model, shape (sources, products)."""


def personal(request: Request, sources: Sources, weight: float) -> list[Term]:
    """Return what the history of a customer says of what comes next; of others, what the visit so far does."""
    if not len(sources):
        return []
    is_own = request.person.is_known and len(request.history) > 0
    blend = request.shelf.model.personal if is_own else request.shelf.model.visit
    by_deed = np.array([KIND_WEIGHTS.get(deed, 1.0) for deed in sources.deeds], np.float32)
    linear = _Linear(
        sources,
        blend.scores(sources.places, by_deed),
        lambda targets: blend.contributions(sources.places, targets, by_deed),
    )
    return _term(request, "personal" if is_own else "session", linear, weight)


def similar(request: Request, sources: Sources, weight: float, factors: Doubles | None = None) -> list[Term]:
    """Return what is had by those who have the sources; `factors`, shape (catalogue,), weigh the products."""
    return _of_matrix(request, "similar", request.shelf.model.similar, sources, sources.ones, weight, factors)


def together(request: Request, sources: Sources, weight: float, factors: Doubles | None = None) -> list[Term]:
    """Return what is in the same orders as the sources; `factors`, shape (catalogue,), weigh the products."""
    return _of_matrix(request, "together", request.shelf.model.together.matrix, sources, sources.ones, weight, factors)


def content(request: Request, sources: Sources, weight: float) -> list[Term]:
    """Return what is written about like what is written about the sources, the latest most."""
    weights = decay(len(sources), CONTENT_DELTA, CONTENT_DEEDS)
    return _of_matrix(request, "content", request.shelf.model.content, sources, weights, weight)


def trending(request: Request, weight: float, category: str | None = None) -> list[Term]:
    """Return what many want now, where the visitor comes from and in their language; of a category alone, if one is given."""
    scores, cause = request.wanted, Cause(POPULAR)
    category = request.asked.category or category
    if category is not None:
        scores = scores * request.shelf.book.below(category)
        cause = Cause(POPULAR_IN, None, {"category": next(reversed(steps(category)), category)})
    return _alone(request, "trending", scores, cause, weight)


def due(request: Request, weight: float) -> list[Term]:
    """Return what was bought so long ago that others have bought it again by then."""
    places = request.shelf.catalogue.products.find(name for name, _ in request.due)
    if not len(places):
        return []
    scores = np.zeros(len(request.shelf))
    scores[places] = 1.0
    return _alone(request, "personal", scores, Cause(DUE), weight)


def given(request: Request, reach: float) -> list[Term]:
    """Return the order the shop gave its hits in: each stands 1 / `reach` above the next."""
    places = request.shelf.catalogue.products.find(request.items)
    scores = np.zeros(len(request.shelf))
    scores[places] = np.arange(len(places), 0, -1) / reach
    return [_of_one("given", scores, Cause(FOUND))]


def newest(request: Request, weight: float) -> list[Term]:
    """Return how lately products were added or changed: where nothing else is known, that is."""
    order = np.argsort(request.shelf.catalogue.updated_at, kind="stable")
    scores = np.empty(len(request.shelf))
    scores[order] = np.arange(1.0, len(order) + 1)
    return _alone(request, "new", scores, Cause(LATELY), weight)


def _of_matrix(
    request: Request,
    strategy: Strategy,
    matrix: ItemMatrix,
    sources: Sources,
    weights: Floats,
    weight: float,
    factors: Doubles | None = None,
) -> list[Term]:
    if not len(sources):
        return []
    linear = _Linear(
        sources,
        matrix.scores(sources.places, weights),
        lambda targets: matrix.contributions(sources.places, weights, targets),
    )
    return _term(request, strategy, linear, weight, factors)


def _term(request: Request, strategy: Strategy, linear: _Linear, weight: float, factors: Doubles | None = None) -> list[Term]:
    raw = request.shelf.spread(linear.scores)
    if factors is not None:
        raw = raw * factors
    scale = _scale(request, raw, weight)
    if scale == 0:
        return []

    def spell(places: Ints) -> Doubles:
        at = request.shelf.in_model(places)
        is_known = at >= 0
        amounts = np.zeros((len(linear.sources), len(places)))
        amounts[:, is_known] = linear.contributions(at[is_known])
        return linear.sources.merged(amounts * (scale if factors is None else scale * factors[places]))

    return [Term(strategy, raw * scale, linear.sources.causes(LINKS[strategy]), spell)]


def _alone(request: Request, strategy: Strategy, raw: Doubles, cause: Cause, weight: float) -> list[Term]:
    scale = _scale(request, raw, weight)
    return [] if scale == 0 else [_of_one(strategy, raw * scale, cause)]


def _of_one(strategy: Strategy, scores: Doubles, cause: Cause) -> Term:
    return Term(strategy, scores, [cause], lambda places: scores[places][None, :])


def _scale(request: Request, raw: Doubles, weight: float) -> float:
    """Return what makes the part reach over `weight`, from the worst to the best product that may be answered, 0 included."""
    able = raw * request.allowed
    reach = float(able.max(initial=0.0) - able.min(initial=0.0))
    return weight / reach if reach > 0 and np.isfinite(reach) else 0.0
