"""Picking: from scores to a list. The best by score or by what was clicked, spread out, within the caps, then a little chance.

Chance comes last, and draws only among products of which every choice keeps every rule: so nothing after it changes the list,
and the propensity that is logged is the true one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from lifeloop.recommend.answering.diversity import Cap, Likeness, fitting, spread
from lifeloop.recommend.answering.exploring import Placed, explore
from lifeloop.recommend.answering.reasons import Term
from lifeloop.recommend.answering.request import Request
from lifeloop.recommend.answering.signals import signals
from lifeloop.recommend.categories import levels
from lifeloop.recommend.histories import Flags, Floats, Ints

if TYPE_CHECKING:
    from collections.abc import Callable

Doubles = npt.NDArray[np.float64]

POOL = 5
"""Times the wanted number of products among which a list is spread out."""
LEAST_POOL = 50
MOST_NEW = 50
"""New products that chance draws among at one time; with more of them, others every hour."""
_HOUR = 3_600_000_000


def pick(request: Request, terms: Sequence[Term]) -> list[int]:
    """Return the places in the catalogue of at most k products, best first, without chance.

    Only products that some part speaks for or against are picked. The list is spread out among the best of them; where caps
    leave places of it free, they are filled by score. Cost: a few passes over the catalogue, k over the pool.
    """
    total = np.zeros(len(request.shelf))
    for term in terms:
        total += term.scores
    able = request.allowed & (total != 0)
    groups = _groups(request)
    taken: list[dict[int, int]] = [{} for _ in groups]
    chosen: list[int] = []
    weight = request.rules.diversity
    while len(chosen) < request.k:
        pool = best(total, able, max(LEAST_POOL, POOL * request.k))
        if not len(pool):
            break
        able[pool] = False
        ordered, by = _ranked(request, terms, _without_variants(request, pool), total)
        caps = [Cap(codes[ordered], most, had) for (codes, most), had in zip(groups, taken, strict=True)]
        alike = _likeness(request, ordered) if weight > 0 else None
        chosen += ordered[spread(by, request.k - len(chosen), weight=weight, alike=alike, caps=caps)].tolist()
        for (codes, most), had in zip(groups, taken, strict=True):
            able &= ~_full(codes, most, had)
        weight = 0.0
    return chosen


def _full(codes: Ints, most: int, had: Mapping[int, int]) -> Flags:
    """Return which products are of a group of which the list holds enough, shape (catalogue,)."""
    full = np.zeros(int(codes.max(initial=-1)) + 2, np.bool_)
    full[[group for group, count in had.items() if count >= most]] = True
    flags: Flags = full[codes]
    return flags


def best(scores: Doubles, able: Flags, size: int) -> Ints:
    """Return the places of the highest scores, best first, of equals the lower place; at most `size`, all of them able.

    >>> best(np.array([1.0, 3.0, 3.0, 2.0]), np.array([True, False, True, True]), 2).tolist()
    [2, 3]
    """
    places = np.flatnonzero(able)
    own = scores[places]
    if len(places) > size:
        least = np.partition(own, len(own) - size)[len(own) - size]
        above, even = np.flatnonzero(own > least), np.flatnonzero(own == least)
        kept = np.concatenate([above, even[: size - len(above)]])
        places, own = places[kept], own[kept]
    return places[np.lexsort((places, -own))].astype(np.int32)


def tried(request: Request, chosen: list[int]) -> list[Placed]:
    """Return the list as it is shown: new products by chance in some of the places, with the chance of each.

    Whatever is drawn, the caps are kept: only those new products are drawn from that could all stand beside all of `chosen`.
    """
    share = request.rules.exploration
    if share == 0:
        return [Placed(place, 1.0, is_explored=False) for place in chosen]
    return explore(chosen, _new(request, chosen), k=request.k, share=share, generator=request.generator)


def _ranked(request: Request, terms: Sequence[Term], pool: Ints, scores: Doubles) -> tuple[Ints, Doubles]:
    """Return the pool, best first, and by what: by what was learned from clicks, else by score. A search keeps its order."""
    ranker = request.shelf.model.ranker
    if ranker is None or request.asked.placement == "search" or not len(pool):
        return pool, scores[pool]
    liked = ranker.rank(signals(request, terms, pool))
    order = np.lexsort((pool, -liked))
    return pool[order], liked[order]


def _without_variants(request: Request, pool: Ints) -> Ints:
    if not request.in_cart:
        return pool
    return np.array([place for place in pool.tolist() if not request.is_variant(place)], np.int32)


def _likeness(request: Request, pool: Ints) -> Likeness:
    shop = request.shelf.catalogue
    return Likeness(shop.category_code[pool], shop.brand_code[pool], _buyers(request, pool))


def _buyers(request: Request, pool: Ints) -> Callable[[int], Floats]:
    places = request.shelf.in_model(pool)
    is_known = places >= 0
    similar, one = request.shelf.model.similar, np.ones(1, np.float32)
    if is_known.all():
        return lambda number: similar.contributions(places[number : number + 1], one, places)[0]

    def cosines(number: int) -> Floats:
        alike = np.zeros(len(pool), np.float32)
        if is_known[number]:
            alike[is_known] = similar.contributions(places[number : number + 1], one, places[is_known])[0]
        return alike

    return cosines


def _groups(request: Request) -> list[tuple[Ints, int]]:
    shop, rules = request.shelf.catalogue, request.rules
    pairs = ((shop.brand_code, rules.brand_cap), (shop.category_code, rules.category_cap))
    return [(codes, most) for codes, most in pairs if most is not None]


def _new(request: Request, chosen: Sequence[int]) -> list[int]:
    """Return the new products that chance may draw from."""
    able = request.allowed & (request.shelf.people < request.shelf.settings.new_below)
    able[np.asarray(chosen, np.intp)] = False
    if (near := _near(request)) is not None:
        able &= near
    places = np.flatnonzero(able)
    if len(places) > MOST_NEW:
        first = request.now // _HOUR * MOST_NEW % len(places)
        places = np.roll(places, -first)[:MOST_NEW]
    return fitting(_groups(request), chosen, _without_variants(request, places.astype(np.int32)))


def _near(request: Request) -> Flags | None:
    """Return the products of the categories, at the top, of the page or the cart; None where any will do."""
    if request.asked.placement not in ("product", "cart"):
        return None
    shop = request.shelf.catalogue
    paths = {shop.category[place] for place in shop.products.find(request.context.names)}
    tops = {found[0] for path in paths if (found := levels(path or ""))}
    near = np.zeros(len(shop), np.bool_)
    for top in sorted(tops):
        near |= request.shelf.book.below(top)
    return near if tops else None
