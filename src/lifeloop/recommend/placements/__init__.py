"""Placements: which parts the score of a product is summed from in each place where products are shown."""

from collections.abc import Callable, Mapping

from lifeloop.base.recommend_settings import Placement
from lifeloop.recommend.answering.reasons import Term
from lifeloop.recommend.answering.request import Request
from lifeloop.recommend.placements import cart, home, message, product, search

SCORES: Mapping[Placement, Callable[[Request], list[Term]]] = {
    "home": home.score,
    "product": product.score,
    "search": search.score,
    "cart": cart.score,
    "message": message.score,
}

__all__ = ["SCORES"]
