"""Product page: what instead of this one, and what with it, in one list; each product says which of the two it is."""

from __future__ import annotations

import numpy as np

from lifeloop.recommend.answering.reasons import Doubles, Term
from lifeloop.recommend.answering.request import Request
from lifeloop.recommend.categories import steps
from lifeloop.recommend.placements import terms

SIMILAR, TOGETHER, CONTENT, PERSONAL = 1.0, 0.9, 0.3, 0.2
IN_CATEGORY, TRENDING = 0.05, 0.01
"""What is wanted in the page's category fills up before what is wanted anywhere."""
NEAR_BY, ELSEWHERE = 0.4, 0.1
"""What a product of a neighbouring category, and of any other, weighs as a substitute: nobody takes a bedspread for a tea tray,
however many have both."""


def score(request: Request) -> list[Term]:
    """Return the parts of the score."""
    page = request.page
    category = None if page is None else request.shelf.catalogue.category[page]
    return [
        *terms.similar(request, request.context, SIMILAR, kinship(request, category)),
        *terms.together(request, request.context, TOGETHER),
        *terms.content(request, request.context, CONTENT),
        *terms.personal(request, request.history, PERSONAL),
        *(terms.trending(request, IN_CATEGORY, category) if category else ()),
        *terms.trending(request, TRENDING),
    ]


def kinship(request: Request, category: str | None) -> Doubles | None:
    """Return what each product weighs as a substitute for one of a category, shape (catalogue,); None where it has none."""
    if not category:
        return None
    book, above = request.shelf.book, " > ".join(steps(category)[:-1])
    near = book.below(above) if above else book.below(category)
    unknown = request.shelf.catalogue.category_code < 0
    return np.where(book.below(category) | unknown, 1.0, np.where(near, NEAR_BY, ELSEWHERE))
