"""Message: what this customer may order next. What they bought comes again when it is due, what was sent does not."""

from __future__ import annotations

from lifeloop.recommend.answering.reasons import Term
from lifeloop.recommend.answering.request import Request
from lifeloop.recommend.placements import home, terms

DUE = 0.5
"""What is due stands among the best half of what is liked, and above it where both say so."""


def score(request: Request) -> list[Term]:
    """Return the parts of the score."""
    return [*home.score(request), *terms.due(request, DUE)]
