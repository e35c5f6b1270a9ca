"""Fitting: from what everybody did to the model; one function of the deeds, the catalogue and the settings, and nothing else.

So what is left when somebody is taken out is what a fit without them gives.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TypedDict, cast

import numpy as np

from lifeloop.base.clock import micros
from lifeloop.base.recommend_settings import RecommendSettings
from lifeloop.recommend.catalogue import Catalogue
from lifeloop.recommend.content import ContentConfig, fit_content
from lifeloop.recommend.deeds import Bytes, Deeds, timed
from lifeloop.recommend.histories import Ints, Longs, Products
from lifeloop.recommend.learning.gaps import median_gaps
from lifeloop.recommend.matrices import Following, FollowingConfig, Taste, TasteConfig, personal_blend, similar_of, visit_blend
from lifeloop.recommend.matrices.together import histories_with
from lifeloop.recommend.model import NO_VERSION, Model
from lifeloop.recommend.together import Together
from lifeloop.recommend.trending import Trending

_FADED_DAYS = 175
"""A deed this old (25 half-lives) counts for less than nothing can be rounded to: it is not looked at."""
_DAY_US = 86_400_000_000


def fit_model(
    deeds: Deeds, catalogue: Catalogue, settings: RecommendSettings, as_of: datetime, *, version: str = NO_VERSION
) -> Model:
    """Return the model of what was done before `as_of` with the products of `catalogue`, of which deeds speak by place.

    Cost: see docs/models/recommend.md; the matrices take up to `settings.memory_mb` while they are fitted.
    """
    memory_mb, threads = settings.memory_mb, settings.threads
    taste = Taste.fit(deeds.histories, TasteConfig(memory_mb=memory_mb, threads=threads))
    following = Following.fit(deeds.histories, FollowingConfig(memory_mb=memory_mb, threads=threads))
    together = Together.fit(deeds.orders, owners=deeds.owner, threads=threads)
    trending = trending_of(deeds, catalogue.category_code, micros(as_of))
    return composed(
        deeds,
        catalogue,
        Counted(taste, following, together, trending),
        micros(as_of),
        version,
        products=catalogue.products,
        category=catalogue.category_code,
        categories=catalogue.categories,
        new_below=settings.new_below,
    )


@dataclass(frozen=True)
class Counted:
    """The statistics that deeds are counted into, from which all else follows."""

    taste: Taste
    following: Following
    together: Together
    trending: Trending


def composed(
    deeds: Deeds,
    catalogue: Catalogue,
    counted: Counted,
    as_of: int,
    version: str,
    *,
    products: Products,
    category: Ints,
    categories: tuple[str, ...],
    new_below: int,
) -> Model:
    """Return the model that follows from what was counted of `products`."""
    people = histories_with(counted.taste.counts).astype(np.int32)
    config = ContentConfig(new_below=new_below)
    return Model(
        version=version,
        as_of=as_of,
        products=products,
        category=category,
        categories=categories,
        people=people,
        gaps=median_gaps(deeds.orders, deeds.owner, deeds.ordered_at),
        taste=counted.taste,
        following=counted.following,
        personal=personal_blend(counted.following, counted.taste),
        visit=visit_blend(counted.following),
        similar=similar_of(counted.taste.counts),
        together=counted.together,
        content=fit_content(catalogue, products, counted.following.matrix, people, config),
        trending=counted.trending,
        deeds=deeds,
    )


class TrendingDeeds(TypedDict):
    """Deeds as `Trending` takes them."""

    items: Ints
    at: Longs
    kinds: Bytes
    who: Ints
    category: Ints
    source: Ints
    language: Ints


def trending_of(deeds: Deeds, category: Ints, as_of: int) -> Trending:
    """Return what is trending as of the latest deed before `as_of`; `category` is that of each product.

    Not as of `as_of`: of data that end long before it, what was wanted last would be faded away.
    """
    _, at = timed(deeds.histories)
    now = min(as_of, int(at.max(initial=0))) if len(at) else as_of
    rows = lasting(deeds, np.arange(len(at)), now)
    return Trending.fit(**trending_deeds(deeds, category, rows), products=len(category), now=now)


def lasting(deeds: Deeds, rows: Longs, now: int) -> Longs:
    """Return which of some deeds, by their places among all, are not faded away."""
    _, at = timed(deeds.histories)
    kept: Longs = rows[at[rows] > now - _FADED_DAYS * _DAY_US]
    return kept


def joined(old: TrendingDeeds, new: TrendingDeeds) -> TrendingDeeds:
    """Return deeds and later deeds as one."""
    pairs = zip(old.items(), new.values(), strict=True)
    return cast("TrendingDeeds", {name: np.concatenate([first, second]) for (name, first), second in pairs})


def trending_deeds(deeds: Deeds, category: Ints, rows: Longs) -> TrendingDeeds:
    """Return some deeds, by their places among all; `category` is that of each product."""
    kinds, at = timed(deeds.histories)
    items = deeds.histories.items[rows]
    who = np.searchsorted(deeds.histories.starts, rows, side="right") - 1
    return TrendingDeeds(
        items=items,
        at=at[rows],
        kinds=kinds[rows],
        who=who.astype(np.int32),
        category=_of(category, items),
        source=deeds.source[rows].astype(np.int32),
        language=_of(deeds.language.astype(np.int32), who),
    )


def unfitted(catalogue: Catalogue, settings: RecommendSettings, as_of: datetime) -> Model:
    """Return the model of a shop before its first run: it knows the catalogue, and nobody."""
    return fit_model(Deeds.none(len(catalogue)), catalogue, settings, as_of)


def _of(codes: Ints, places: Ints | Longs) -> Ints:
    return codes[places] if len(places) else np.zeros(0, np.int32)
