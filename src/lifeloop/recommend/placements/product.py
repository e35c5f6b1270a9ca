"""Product page: what instead of this one, and what with it, in one list; each product says which of the two it is."""

from __future__ import annotations

from lifeloop.recommend.placements import terms
from lifeloop.recommend.reasons import Term
from lifeloop.recommend.request import Request

SIMILAR, TOGETHER, CONTENT, PERSONAL = 1.0, 0.9, 0.3, 0.2
IN_CATEGORY, TRENDING = 0.05, 0.01
"""What is wanted in the page's category fills up before what is wanted anywhere."""


def score(request: Request) -> list[Term]:
    """Return the parts of the score."""
    page = request.page
    category = None if page is None else request.shelf.catalogue.category[page]
    return [
        *terms.similar(request, request.context, SIMILAR),
        *terms.together(request, request.context, TOGETHER),
        *terms.content(request, request.context, CONTENT),
        *terms.personal(request, request.history, PERSONAL),
        *(terms.trending(request, IN_CATEGORY, category) if category else ()),
        *terms.trending(request, TRENDING),
    ]
