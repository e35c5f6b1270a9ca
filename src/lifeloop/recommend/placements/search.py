"""Search: the order in which the shop's own hits suit this person best. The match of the text stays first."""

from __future__ import annotations

from lifeloop.recommend.answering.reasons import Term
from lifeloop.recommend.answering.request import Request
from lifeloop.recommend.placements import terms

REACH = 5.0
"""Places that everything else together can move a hit up by: no hit overtakes one that the shop put further above it."""
PERSONAL, CONTENT, TRENDING = 0.6, 0.1, 0.3
"""They add up to 1, so that `REACH` holds."""


def score(request: Request) -> list[Term]:
    """Return the parts of the score."""
    return [
        *terms.given(request, REACH),
        *terms.personal(request, request.history, PERSONAL),
        *terms.content(request, request.history, CONTENT),
        *terms.trending(request, TRENDING),
    ]
