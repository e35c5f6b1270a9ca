"""Cart: one thing more. What others order with what lies in it, dearer to the shop and cheaper to the customer first."""

from __future__ import annotations

import numpy as np

from lifeloop.recommend.answering.reasons import Doubles, Term
from lifeloop.recommend.answering.request import Request
from lifeloop.recommend.placements import terms

TOGETHER, CONTENT, PERSONAL, TRENDING = 1.0, 0.05, 0.1, 0.01
MARGIN = 0.5
"""How much of a product's weight is its margin; of one whose cost is not known, the shop's middle margin is taken."""


def score(request: Request) -> list[Term]:
    """Return the parts of the score."""
    return [
        *terms.together(request, request.context, TOGETHER, small_and_worthwhile(request)),
        *terms.content(request, request.context, CONTENT),
        *terms.personal(request, request.history, PERSONAL),
        *terms.trending(request, TRENDING),
    ]


def small_and_worthwhile(request: Request) -> Doubles:
    """Return what a product weighs by its margin and by its price against what lies in the cart, shape (catalogue,).

    A product as dear as the things in the cart weighs half of one that costs next to nothing.
    """
    shop = request.shelf.catalogue
    weights: Doubles = 1.0 - MARGIN + MARGIN * request.shelf.book.margin
    prices = shop.price_minor[shop.products.find(request.context.names)]
    known = prices[prices > 0]
    if not len(known):
        return weights
    ticket = 1.0 / (1.0 + shop.price_minor / known.mean())
    return weights * np.where(np.isnan(ticket), 0.5, ticket)
