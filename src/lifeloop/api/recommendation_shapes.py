"""What is asked and answered about recommendations, as JSON."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any

from pydantic import BaseModel, Field

from lifeloop.api.shapes import PLAIN
from lifeloop.base.text import LANGUAGES, Language, Text
from lifeloop.recommend.asked import MOST_WANTED, Answer, Reason, Recommended

MOST_ITEMS = 1000
"""The most products one request may name."""

ID_CHARACTERS = 256
_Id = Annotated[str, Field(max_length=ID_CHARACTERS, pattern=PLAIN)]
PLAIN_OR_EMPTY = r"^[^\x00]*$"
_Text = Annotated[str, Field(max_length=ID_CHARACTERS, pattern=PLAIN_OR_EMPTY)]
K_ABOUT = f"How many at most: 1 or more, of which {MOST_WANTED} are answered."
LANGUAGE_ABOUT = "Of the reasons, and of what many want."
CATEGORY_ABOUT = "Only of this category, with all below it."
CUSTOMER_ABOUT = "The shop's own customer id; empty or left away where nobody is signed in."
ANONYMOUS_ABOUT = "The browser's anonymous id, as it sends it with its events; with or without `customer`."

PREVIEW_ABOUT = "To look at a list that is shown to nobody: it is not logged, and its products do not count as sent."


class SearchAsked(BaseModel):
    """The hits of the shop's own search, in its own order, and who searched."""

    items: list[_Id] = Field(description=f"Product ids, at most {MOST_ITEMS:,}.")
    customer: _Text | None = Field(None, description=CUSTOMER_ABOUT)
    anonymous: _Text | None = Field(None, description=ANONYMOUS_ABOUT)
    k: int = Field(10, description=K_ABOUT)
    language: Language = Field("en", description=LANGUAGE_ABOUT)
    category: _Text | None = Field(None, description=CATEGORY_ABOUT)
    preview: bool = Field(default=False, description=PREVIEW_ABOUT)


class NoteShown(BaseModel):
    """What whoever asked should know of the answer."""

    en: str
    zh: str


class RecommendationReason(BaseModel):
    """One part of a product's score, in words."""

    text: str = Field(description="In the language asked for.")
    because_of: str | None = Field(description="The product of the history, the page or the cart that it comes from.")
    share: float | None = Field(description="Of the score before re-ranking; those of a product add up to 1.")


class Recommendation(BaseModel):
    """One product in its place."""

    product_id: str
    title: str | None = Field(description="As the catalogue has it.")
    rank: int = Field(description="From 1.")
    score: float | None = Field(description="What it was ranked by; comparable within one list only.")
    propensity: float = Field(description="The chance with which it came to this place; 1 where nothing is left to chance.")
    explored: bool = Field(description="True where chance put it there, to learn about a new product.")
    strategy: str = Field(
        description="Where it comes from: personal, session, similar, together, content, trending, new, given."
    )
    reasons: list[RecommendationReason] = Field(description="Strongest first.")


class Recommendations(BaseModel):
    """A list for one place of the shop."""

    exposure_id: str | None = Field(
        description="Of this list: a click on it says so in its property `exposure_id`. Null for an empty list, for a "
        "preview, and for one that could not be logged."
    )
    placement: str
    version: str = Field(description="Of the model; `none` before the first run.")
    personal: bool = Field(description="Whether their own history was used.")
    notes: list[NoteShown] = Field(description="Such as that there is no consent, or that a product is not known.")
    products: list[Recommendation]


def told(
    answer: Answer, language: Language, titles: Mapping[str, str], notes: Iterable[Text], exposure_id: str | None
) -> dict[str, Any]:
    """Return an answer in the form of `Recommendations`."""
    return {
        "exposure_id": exposure_id,
        "placement": answer.placement,
        "version": answer.version,
        "personal": answer.is_personal,
        "notes": [{one: note.say(one) for one in LANGUAGES} for note in notes],
        "products": [_product(one, language, titles) for one in answer.products],
    }


def _product(one: Recommended, language: Language, titles: Mapping[str, str]) -> dict[str, Any]:
    return {
        "product_id": one.product_id,
        "title": titles.get(one.product_id),
        "rank": one.rank,
        "score": one.score,
        "propensity": one.propensity,
        "explored": one.is_explored,
        "strategy": one.strategy,
        "reasons": _reasons(one.reasons, language),
    }


def _reasons(reasons: Sequence[Reason], language: Language) -> list[dict[str, Any]]:
    whole = sum(one.contribution for one in reasons)
    return [
        {
            "text": one.say(language),
            "because_of": one.because_of,
            "share": one.contribution / whole if whole > 0 else None,
        }
        for one in reasons
    ]
