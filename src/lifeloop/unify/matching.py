"""Who may be one person, by name, birth, address and phone: suggestions for an operator, never a merge.

Two records that agree by chance agree on what is common; so agreement on a rare value weighs more than on a frequent one. With
m the chance that a field of one person agrees with itself, and u(x) how frequent the value x is,

    weight = log2(m / u(x)) where a field agrees, log2((1 - m) / (1 - u)) where it does not, 0 where one is unknown,
    P(one person) = 1 / (1 + 2^-(sum of weights - log2(records)))

as of all pairs about one in so many records is a true one. A family shares name, street and telephone: so nobody is suggested
whose given name or birth plainly differs.

Source  Fellegi & Sunter (1969), A Theory for Record Linkage; Winkler (1990), String Comparator Metrics, for names
Limits  fields that depend on one another (street and postcode) count as if they did not: the chance is too sure of itself, so
        the bar is high; of one-character names and of names in several scripts it knows nothing
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations
from math import log2
from typing import NamedTuple

_NEAR = 0.88
"""Similarity (Jaro-Winkler) from which two names may be one written twice."""
_APART = 0.7
"""Similarity below which two given names are plainly different."""
_NEAR_SHARE = 0.6
"""Share of the full weight for what agrees nearly."""
_FEW = 50
"""A field that fewer people tell is taken to be told by so many."""
_MOST = 60
"""Records that share a key in so great a number are not compared by it."""


@dataclass(frozen=True, kw_only=True)
class Person:
    """What is known of one customer; fields may be None. Letter case and outer blanks do not matter."""

    customer_id: str
    given_name: str | None = None
    family_name: str | None = None
    birth: str | None = None
    """`19840229` or `1984-02-29`."""
    street: str | None = None
    house: str | None = None
    postcode: str | None = None
    city: str | None = None
    phone: str | None = None
    email: str | None = None


class Suggestion(NamedTuple):
    """Two customers who may be one person."""

    customer_id: str
    other_id: str
    chance: float
    agreed: tuple[str, ...]
    """What they agree on."""


_CHANCE = {
    "given_name": 0.85,
    "family_name": 0.85,
    "birth": 0.9,
    "street": 0.75,
    "house": 0.8,
    "postcode": 0.85,
    "city": 0.8,
    "phone": 0.7,
    "email": 0.7,
}
"""Chance that a field of one person agrees with itself, misspellings and moves included."""
_FIELDS = tuple(_CHANCE)


class _Clean(NamedTuple):
    customer_id: str
    values: tuple[str, ...]
    """In the order of _FIELDS; empty where unknown."""


def suggest(people: Iterable[Person], *, chance: float = 0.999) -> list[Suggestion]:
    """Return pairs of customers who are one person with at least this chance, likeliest first.

    Compares only those who share a key (birth, phone, name and postcode, ...): about n times a few dozen comparisons.
    """
    clean = sorted({one.customer_id: _clean(one) for one in people}.values())
    shares = [_shares(one.values[place] for one in clean) for place in range(len(_FIELDS))]
    found = []
    for one, other in _candidates(clean):
        bits, agreed = _weigh(one.values, other.values, shares)
        p = 1 / (1 + 2.0 ** -(bits - log2(max(len(clean), 2))))
        if p >= chance and not _plainly_two(one.values, other.values):
            found.append(Suggestion(one.customer_id, other.customer_id, p, agreed))
    return sorted(found, key=lambda pair: (-pair.chance, pair.customer_id, pair.other_id))


@lru_cache(1 << 16)
def similarity(one: str, other: str) -> float:
    """Return the similarity of Jaro and Winkler, 0 to 1.

    >>> round(similarity("martha", "marhta"), 3), round(similarity("dixon", "dicksonx"), 3)
    (0.961, 0.813)
    """
    jaro = _jaro(one, other)
    prefix = next((place for place in range(min(4, len(one), len(other))) if one[place] != other[place]), None)
    return jaro + (min(4, len(one), len(other)) if prefix is None else prefix) * 0.1 * (1 - jaro)


def _jaro(one: str, other: str) -> float:
    if one == other:
        return 1.0
    reach = max(len(one), len(other)) // 2 - 1
    free: list[str | None] = list(other)
    common = []
    for place, letter in enumerate(one):
        for at in range(max(0, place - reach), min(len(other), place + reach + 1)):
            if free[at] == letter:
                free[at] = None
                common.append(letter)
                break
    if not common:
        return 0.0
    matched = [letter for letter, left in zip(other, free, strict=True) if left is None]
    swaps = sum(a != b for a, b in zip(common, matched, strict=True)) / 2
    m = len(common)
    return (m / len(one) + m / len(other) + (m - swaps) / m) / 3


def _clean(person: Person) -> _Clean:
    values = [" ".join((getattr(person, name) or "").casefold().split()) for name in _FIELDS]
    for place, name in enumerate(_FIELDS):
        if name in ("birth", "phone"):
            values[place] = "".join(letter for letter in values[place] if letter.isdigit())
    phone = _FIELDS.index("phone")
    values[phone] = values[phone][-9:] if len(values[phone]) >= 7 else ""
    return _Clean(person.customer_id, tuple(values))


def _shares(values: Iterable[str]) -> dict[str, float]:
    """Return how frequent each value is among other people; of few people it cannot be told that a value is rare."""
    counts = Counter(value for value in values if value)
    known = max(sum(counts.values()), _FEW)
    return {value: max(number - 1, 1) / known for value, number in counts.items()}


def _candidates(people: Sequence[_Clean]) -> Iterator[tuple[_Clean, _Clean]]:
    """Yield every two that share a key, once."""
    groups: defaultdict[tuple[str, ...], list[int]] = defaultdict(list)
    for number, one in enumerate(people):
        for key in _keys(one.values):
            groups[key].append(number)
    pairs = {pair for group in groups.values() if len(group) <= _MOST for pair in combinations(group, 2)}
    for a, b in sorted(pairs):
        yield people[a], people[b]


def _keys(values: tuple[str, ...]) -> list[tuple[str, ...]]:
    given, family, birth, street, house, postcode, _, phone, email = values
    keys = [
        ("birth", birth), ("phone", phone), ("email", email), ("home", street, house, postcode), ("street", street, given[:3]),
        ("name", *sorted((given, family))) if given and family else ("", ""),
        ("near", family[:4], postcode), ("given", given[:4], postcode),
    ]  # fmt: skip
    return [key for key in keys if all(key)]


def _weigh(one: tuple[str, ...], other: tuple[str, ...], shares: Sequence[dict[str, float]]) -> tuple[float, tuple[str, ...]]:
    """Return the sum of the weights in bits, and what agrees."""
    bits, agreed = 0.0, []
    if _swapped(one, other):
        one = (one[1], one[0], *one[2:])
    for place, name in enumerate(_FIELDS):
        a, b = one[place], other[place]
        if not a or not b:
            continue
        m = _CHANCE[name]
        u = max(shares[place].get(a, 0.0), shares[place].get(b, 0.0))
        if a == b:
            bits += log2(m / u)
            agreed.append(name)
        elif _near(name, a, b):
            bits += _NEAR_SHARE * log2(m / u)
            agreed.append(name)
        else:
            bits += log2((1 - m) / (1 - min(u, 0.5)))
    return bits, tuple(agreed)


def _swapped(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    """Whether one's given name is the other's family name, and the other way round."""
    straight = similarity(one[0], other[0]) + similarity(one[1], other[1]) if one[0] and one[1] else 2.0
    return straight < similarity(one[0], other[1]) + similarity(one[1], other[0])


def _near(name: str, a: str, b: str) -> bool:
    if name in ("given_name", "family_name", "street", "city"):
        return similarity(a, b) >= _NEAR
    return name in ("birth", "postcode") and len(a) == len(b) and _differ(a, b) <= 2


def _differ(a: str, b: str) -> int:
    """Return in how many places two texts of one length differ, two neighbours in each other's place counted once."""
    wrong = [place for place in range(len(a)) if a[place] != b[place]]
    neighbours = len(wrong) == 2 and wrong[1] == wrong[0] + 1 and a[wrong[0]] == b[wrong[1]] and a[wrong[1]] == b[wrong[0]]
    return 1 if neighbours else len(wrong)


def _plainly_two(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    """Whether they are two: another given name, which no family name explains, or another birth."""
    if _swapped(one, other):
        one = (one[1], one[0], *one[2:])
    given, birth = sorted((one[0], other[0]), key=len), (one[2], other[2])
    other_name = all(given) and similarity(*given) < _APART and not given[1].startswith(given[0])
    other_name = other_name and sorted(given[0]) != sorted(given[1])
    other_birth = all(birth) and not _near("birth", *birth) and birth[0] != birth[1]
    return other_name or other_birth or not (all(given) or all(birth))
