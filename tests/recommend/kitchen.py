"""A shop of five things, and what an answer notes."""

from __future__ import annotations

from typing import Any

from lifeloop.recommend.asked import Answer
from lifeloop.testing.shopfronts import Front, product

TEA, POT, CUP, MUG, JAM = (
    product("tea", category="Drinks > Tea", brand="Yun"),
    product("pot", category="Kitchen > Pots", brand="Clay"),
    product("cup", category="Kitchen > Cups", brand="Clay"),
    product("mug", category="Kitchen > Cups", brand="Clay"),
    product("jam", category="Food", brand="Berry"),
)
EVERY = [TEA, POT, CUP, MUG, JAM]


def shop(*rows: dict[str, Any], **told: Any) -> Front:
    return Front.of(*(rows or EVERY), **told)


def notes(answer: Answer) -> str:
    return " ".join(text.say("en") for text in answer.notes)
