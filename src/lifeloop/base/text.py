"""Texts people read, each in English and Chinese with the same blanks."""

from __future__ import annotations

import string
from dataclasses import dataclass
from typing import Literal

Language = Literal["en", "zh"]
LANGUAGES: tuple[Language, ...] = ("en", "zh")


def blanks(template: str) -> set[str]:
    """Return the names of the blanks of one format string."""
    return {name for _, name, _, _ in string.Formatter().parse(template) if name}


@dataclass(frozen=True, slots=True)
class Text:
    """One text in both languages.

    >>> Text("Bought {n} times", "买过 {n} 次").say("zh", n=3)
    '买过 3 次'
    """

    en: str
    zh: str

    def __post_init__(self) -> None:
        """Refuse a pair whose blanks differ: one of the two would show a hole."""
        if blanks(self.en) != blanks(self.zh):
            raise ValueError(f"the blanks differ: {self.en!r} has {blanks(self.en)}, {self.zh!r} has {blanks(self.zh)}")

    def say(self, language: Language, **values: object) -> str:
        """Return the text in one language with its blanks filled."""
        return (self.zh if language == "zh" else self.en).format(**values)
