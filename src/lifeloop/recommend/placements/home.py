"""Home: what this person may like now; without a history of theirs, what many want now."""

from __future__ import annotations

from lifeloop.recommend.answering.reasons import Term
from lifeloop.recommend.answering.request import Request
from lifeloop.recommend.placements import terms

PERSONAL, CONTENT, TRENDING = 1.0, 0.1, 0.02
"""What is written about products counts where nothing was counted yet, and what is wanted by many settles ties and fills up."""


def score(request: Request) -> list[Term]:
    """Return the parts of the score."""
    return [
        *terms.personal(request, request.path, PERSONAL),
        *terms.content(request, request.path, CONTENT),
        *terms.trending(request, TRENDING),
    ]
