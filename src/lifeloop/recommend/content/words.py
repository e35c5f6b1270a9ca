"""The words of a text: of English and its like every word, of Chinese every two signs that stand together.

So neither language needs a dictionary, and both can stand in one text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape

_TAGS = re.compile(r"<[^>]*>")
_RUNS = re.compile(r"[\u3400-\u9fff]+|[^\W_\u3400-\u9fff]+(?:'[^\W_]+)?")


def words_of(text: str) -> Iterator[str]:
    """Yield the words of a text in lower case, tags left out; single letters and signs say too little, unless alone.

    >>> list(words_of("<b>Green tea</b>, 250 g: 绿茶杯"))
    ['green', 'tea', '250', '绿茶', '茶杯']
    """
    for run in _RUNS.findall(unescape(_TAGS.sub(" ", text)).casefold()):
        if "\u3400" <= run[0] <= "\u9fff":
            yield from (run[at : at + 2] for at in range(max(1, len(run) - 1)))
        elif len(run) > 1:
            yield run
