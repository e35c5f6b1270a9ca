"""Reviews, social comments and answers to the recommendation question, put together from pools of sayings.

Every choice comes from `pick` by mixed radix (the lowest digit first), so the same pick says the same; give it a
64-bit hash. `product` is the product's title in the language of the text.
"""

from __future__ import annotations

from lifeloop.simulate.words.aspects import ASPECTS, KINDS, fitting
from lifeloop.simulate.words.remarks import REMARKS
from lifeloop.simulate.words.sayings import NPS, REVIEWS, Sayings

SENTIMENTS = ("positive", "neutral", "negative")


_REVIEWS = {
    (*said, kind): Sayings(
        *(
            fitting(kind, pool, ASPECTS[said].get(kind, ()) if name == "thing" else ())
            for name, pool in zip(Sayings._fields, pools, strict=True)
        )
    )
    for said, pools in REVIEWS.items()
    for kind in KINDS
}
_REMARKS = {(*said, kind): fitting(kind, pools[0]) for said, pools in REMARKS.items() for kind in KINDS}


def review(language: str, sentiment: str, product: str, pick: int, *, kind: str = "ware") -> str:
    """Return what a buyer writes: about a fifth are a few words, the others one to four sentences.

    `kind` is what kind of good it is, one of `aspects.KINDS`: it decides what there is to be said.

    Raises
    ------
    KeyError
        If `language` is not en or zh, `sentiment` not one of `SENTIMENTS`, or `kind` not one of `KINDS`.
    """
    sayings = _REVIEWS[language, sentiment, kind]
    pick, form = divmod(pick, 16)
    pick, style = divmod(pick, 8)
    if form < 3:
        return _styled(sayings.short[pick % len(sayings.short)], language, product, style)
    pick, a = divmod(pick, len(sayings.thing))
    pick, b = divmod(pick, len(sayings.opening))
    pick, c = divmod(pick, len(sayings.closing))
    parts = [sayings.thing[a]]
    if form > 4:
        parts.insert(0, sayings.opening[b])
    if form > 11:
        parts.append(sayings.shop[pick % len(sayings.shop)])
    if form > 6:
        parts.append(sayings.closing[c])
    return _styled(("" if language == "zh" else " ").join(parts), language, product, style)


def comment(language: str, sentiment: str, product: str, pick: int, *, kind: str = "ware") -> str:
    """Return a short public remark, often with a face and a tag; errors as for `review`."""
    words, (_, faces, tags) = _REMARKS[language, sentiment, kind], REMARKS[language, sentiment]
    pick, a = divmod(pick, len(words))
    pick, b = divmod(pick, len(faces))
    pick, c = divmod(pick, len(tags))
    text = words[a] + faces[b] + tags[c]
    return text.replace("{p}", _called(language, product)) if "{p}" in text else text


def nps_comment(language: str, score: int, pick: int) -> str:
    """Return why somebody gave `score`, 0 to 10 (to 6 low, 7 and 8 middle, 9 and 10 high).

    Raises
    ------
    KeyError
        If `language` is not en or zh.
    """
    first, second = NPS[language, "high" if score > 8 else "middle" if score > 6 else "low"]
    pick, form = divmod(pick, 4)
    pick, style = divmod(pick, 8)
    pick, a = divmod(pick, len(first))
    if form == 0:
        text = first[a]
    elif form == 1:
        text = second[a]
    else:
        text = first[a] + ("" if language == "zh" else " ") + second[pick % len(second)]
    return _styled(text, language, "", style)


def _called(language: str, product: str) -> str:
    """Return the product as its buyer calls it: in English without its finish, "Tea cup, oak" as "tea cup"."""
    if language == "zh":
        return product
    name = product.partition(",")[0]
    return name[:1].lower() + name[1:]


def _styled(text: str, language: str, product: str, style: int) -> str:
    """Fill in the product; one text in eight is typed carelessly, without capitals or the last full stop."""
    if style == 0:
        text = text.rstrip("。.") if language == "zh" else text.lower().rstrip(".")
    return text.replace("{p}", _called(language, product)) if "{p}" in text else text
