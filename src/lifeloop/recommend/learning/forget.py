"""Forgetting: somebody is taken out of every version that is kept, as if they had never been there.

What they did is subtracted from the counts, which are whole numbers: what is left is, bit by bit, what a fit without them
gives.
All that follows from counts is worked out anew, and the version is written anew: no byte of their ids stays in its folder.
A ranker that learned from what they were shown, or from what they did with it, is dropped; the next run learns another one.

Limits   the catalogue is that of today: what is said by content follows it
         where memory cuts how far apart the deeds of a pair may stand in sparse counts (`matrices.counting`), what is left
         keeps the reach of its fit; a fit without them, having fewer pairs, may afford a longer one
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np

from lifeloop.base.recommend_settings import RecommendSettings
from lifeloop.base.versions import tidy, versions
from lifeloop.recommend.catalogue import Catalogue
from lifeloop.recommend.deeds import chosen
from lifeloop.recommend.histories import Flags
from lifeloop.recommend.learning.fit import Counted, composed, trending_of
from lifeloop.recommend.learning.keep import load_model, save_model
from lifeloop.recommend.model import QUESTION, Model
from lifeloop.recommend.names import customer, visitor


def forget_customer(
    models: Path,
    customer_id: str,
    *,
    catalogue: Catalogue,
    settings: RecommendSettings,
    also: Iterable[str] = (),
    devices: Iterable[str] = (),
) -> int:
    """Take a customer out of every version in `models`; return out of how many.

    `also` are further ids that mean them, `devices` those that are theirs. Nobody else may write versions meanwhile. Raises
    ModelError. Cost: that of solving and writing each version anew.
    """
    names = [customer(one) for one in (customer_id, *also)] + [visitor(one) for one in devices]
    tidy(models, QUESTION)
    done = 0
    for folder in versions(models, QUESTION):
        model = load_model(folder, memory_mb=settings.memory_mb, threads=settings.threads)
        gone = np.zeros(len(model.deeds.names), np.bool_)
        gone[model.deeds.names.places(names)] = True
        if gone.any():
            save_model(models, without(model, gone, catalogue, settings))
            done += 1
    tidy(models, QUESTION)
    return done


def without(model: Model, gone: Flags, catalogue: Catalogue, settings: RecommendSettings) -> Model:
    """Return the model without some people, shape (people,): what a fit of the others gives."""
    deeds, taste, following = model.deeds, model.taste, model.following
    for place in np.flatnonzero(gone).tolist():
        items = deeds.histories.one(place)
        taste, following = taste.forget(items), following.forget(items)
    theirs = (deeds.owner >= 0) & gone[deeds.owner]
    together = model.together.forget(chosen(deeds.orders, theirs), owners=deeds.owner[theirs])
    others = deeds.without(gone)
    trending = trending_of(others, model.category, model.as_of)
    counted = Counted(taste, following, together, trending)
    left = composed(
        others,
        catalogue,
        counted,
        model.as_of,
        model.version,
        products=model.products,
        category=model.category,
        categories=model.categories,
        new_below=settings.new_below,
    )
    return replace(left, ranker=None if deeds.taught[gone].any() else model.ranker)
