"""Which column is which: what the user said, then names in English and Chinese, then likeness, each checked on content."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lifeloop.base.errors import UnknownName
from lifeloop.collect.dates import DateStyle, read_date
from lifeloop.collect.numbers import read_number
from lifeloop.collect.report import ColumnGuess
from lifeloop.collect.stock import in_stock
from lifeloop.collect.words import plain_name

DATES = frozenset({"placed_at", "occurred_at", "created_at", "updated_at", "cancelled_at", "paid_at"}) | {
    "refunded_at", "received_at", "first_seen_at", "last_seen_at",
}  # fmt: skip
NUMBERS = frozenset(
    {"quantity", "price", "amount", "discount", "shipping", "tax", "cost", "refunded", "subtotal", "total", "line_discount"}
) | {"stock"}
_STOCK = frozenset({"stock", "availability"})
_IDS = frozenset({"order_id", "customer_id", "product_id"})
_LIKENESS = _IDS | {"placed_at", "occurred_at", "quantity", "price", "amount", "currency", "title", "email", "phone"}
"""Columns that are also found where their name only contains one of the words."""
_OF_PERSONS = frozenset({"customer_id", "email", "phone"})
_PERSONS = (
    "customer", "client", "user", "member", "buyer", "billing", "contact", "first", "last",
    "客户", "顾客", "会员", "用户", "买家", "收货",
)  # fmt: skip
"""A column named after one of these tells of a person, however like another column it sounds."""
_ID_ENDINGS = ("sku", "id", "no", "nr", "number", "code", "key", "编号", "编码", "号", "号码", "id号")
_LEAST_SHARE = 0.5
_MOST_EVENT_NAMES = 200
_ORDER_TOTAL_SHARE = 0.2


@dataclass(frozen=True)
class Sample:
    """The first rows of a file: by column, one trimmed text (or None) per row."""

    rows: Mapping[str, list[str | None]]

    @classmethod
    def of(cls, columns: Mapping[str, Any], most: int = 1000) -> Sample:
        """Take up to `most` rows of text columns."""
        texts = {name: column.slice(0, most).to_pylist() for name, column in columns.items()}
        return cls({name: [(value or "").strip() or None for value in values] for name, values in texts.items()})

    def values(self, column: str | None) -> list[str]:
        """Return what stands in a column, blanks left out."""
        return [value for value in self.rows.get(column or "", []) if value is not None]


def fits(ours: str, values: Sequence[str]) -> bool:
    """Return whether half of a column's values can be what `ours` needs; a blank column fits anything."""
    if not values:
        return True
    if ours in DATES:
        styles = (DateStyle("dmy"), DateStyle("mdy"))
        good = sum(any(read_date(value, style) is not None for style in styles) for value in values)
    elif ours in NUMBERS or ours in _STOCK:
        good = sum(_is_number(value) or (ours in _STOCK and in_stock(value) is not None) for value in values)
    elif ours == "currency":
        good = sum(not any(sign.isdigit() for sign in value) for value in values)
    elif ours == "email":
        good = sum("@" in value for value in values)
    elif ours == "event":
        return len(set(values)) <= _MOST_EVENT_NAMES and not all(value.isdigit() for value in values)
    else:
        return True
    return good >= _LEAST_SHARE * len(values)


def _is_number(text: str) -> bool:
    return read_number(text) is not None or read_number(text, comma=True) is not None


def guess_columns(
    fields: Mapping[str, Sequence[str]], sample: Sample, said: Mapping[str, ColumnGuess]
) -> dict[str, ColumnGuess]:
    """Return our column -> the file's column, each used once; `said` wins over every guess."""
    chosen = {ours: guess for ours, guess in said.items() if ours in fields}
    taken = {guess.theirs for guess in chosen.values()}
    candidates = []
    for ours, words in fields.items():
        ranks = {plain_name(word): rank for rank, word in reversed(list(enumerate([*words, ours])))}
        squashed = {word.replace(" ", ""): rank for word, rank in ranks.items()}
        for place, theirs in enumerate(sample.rows):
            rank = _rank(ours, plain_name(theirs), ranks, squashed)
            if rank is not None:
                candidates.append((rank, place, ours, theirs))
    for (tier, _), _, ours, theirs in sorted(candidates):
        if ours in chosen or theirs in taken or not fits(ours, sample.values(theirs)):
            continue
        chosen[ours] = ColumnGuess(theirs=theirs, how=("name", "likeness")[tier])
        taken.add(theirs)
    return {ours: chosen[ours] for ours in fields if ours in chosen}


def _rank(ours: str, name: str, ranks: Mapping[str, int], squashed: Mapping[str, int]) -> tuple[int, int] | None:
    """Return (0, place among the words) for a name that is one of them, (1, place) for one that contains one.

    Minor units are never taken for an amount because of their name: they would be read a hundred times too large.
    """
    if name.replace(" ", "") in squashed:
        return 0, squashed[name.replace(" ", "")]
    if name.endswith(" minor"):
        return None
    if ours not in _LIKENESS or (ours in _IDS and not name.endswith(_ID_ENDINGS)):
        return None
    if ours not in _OF_PERSONS and any(word in name for word in _PERSONS):
        return None
    padded = f" {name} "
    inside = [
        rank for word, rank in ranks.items() if (f" {word} " in padded and len(word) > 2 if word.isascii() else word in name)
    ]
    return (1, min(inside)) if inside else None


def amount_is_of_order(columns: Mapping[str, ColumnGuess], sample: Sample) -> bool:
    """Return whether a guessed line amount is really the whole order's: too large for quantity x price, too often."""
    if not {"amount", "price", "quantity"} <= columns.keys() or columns["amount"].how in ("map", "settings"):
        return False
    large = known = 0
    texts = zip(*(sample.rows[columns[name].theirs] for name in ("amount", "price", "quantity")), strict=True)
    for written in texts:
        amount, price, quantity = (None if text is None else read_number(text) for text in written)
        if amount and price and quantity:
            known += 1
            large += abs(float(amount)) > 1.35 * abs(float(price * quantity)) + 0.02
    return large > _ORDER_TOTAL_SHARE * max(known, 1)


def check_said(said: Mapping[str, str], fields: Mapping[str, Sequence[str]], source: str) -> None:
    """Refuse a mapping of a column that `source` does not have. Raises UnknownName."""
    for ours in said:
        if ours not in fields:
            raise UnknownName(f"column of {source}", ours, fields)
