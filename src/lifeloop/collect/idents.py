"""The shop's ids as they stand in files and on the wire, made comparable: `13085.0` is 13085, and junk names nobody.

Source  the list of junk ids is research on public shop data: what front ends send when nobody is signed in.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from lifeloop.base.ids import customer_of_email
from lifeloop.collect.numbers import by_distinct

JUNK = (
    "null", "nan", "na", "n/a", "none", "nil", "undefined", "unknown", "anonymous", "guest", "0", "-1", "-", "--", "false",
    "#n/a", "\\n", "[object object]", "游客", "匿名", "未知", "无",
)  # fmt: skip
"""What stands in a customer column when no customer is meant; case does not matter."""

_JUNK = frozenset(JUNK)
_LONGEST_JUNK = max(map(len, JUNK))
_WHOLE = re.compile(r"(-?[0-9]+)\.0+")
_NOBODY = re.compile(
    r"(no[._-]?reply|do[._-]?not[._-]?reply|mailer-daemon|postmaster)@.*"
    r"|test@(test|example)\.com|(null|none|undefined|noemail)@.*"
)
"""Addresses that many share or nobody reads: those of the shop's own machines, and what is typed to get past a form."""


def clean_ids(values: Any, *, junk: tuple[str, ...] = ()) -> Any:
    """Return ids as text: outer blanks and a `.0` behind digits removed, blank and `junk` values null."""
    bare = values
    if pc.any(pc.match_substring(values, ".0")).as_py():
        bare = pc.replace_substring_regex(values, r"^(-?\d+)\.0+$", r"\1")
    if junk:
        known_junk = pc.is_in(pc.utf8_lower(bare), value_set=pa.array(junk))
        bare = pc.if_else(known_junk, pa.scalar(None, pa.string()), bare)
    return bare


def clean_id(value: Any) -> str | None:
    """Return one id as `clean_ids` does with JUNK; what is no text and no number names nobody.

    >>> clean_id(" 13085.0 "), clean_id(7), clean_id("undefined"), clean_id(["a"])
    ('13085', '7', None, None)
    """
    if value.__class__ is not str:
        if isinstance(value, bool) or not isinstance(value, int | Decimal):
            return None
        value = str(value)
    text: str = value.strip()
    if ".0" in text and (whole := _WHOLE.fullmatch(text)):
        text = whole[1]
    if not text or (len(text) <= _LONGEST_JUNK and text.lower() in _JUNK):
        return None
    return text


def clean_email(value: Any) -> str | None:
    """Return an e-mail address in lower case; None for what is none, and for addresses that name nobody.

    >>> clean_email(" Ann@Example.COM "), clean_email("noreply@shop.example"), clean_email("ann")
    ('ann@example.com', None, None)
    """
    if value.__class__ is not str or "@" not in value:
        return None
    text: str = value.strip().lower()
    return None if _NOBODY.fullmatch(text) else text


def customers_of(ids: Any, emails: Any) -> Any:
    """Return the customer of each row: the shop's id, else one made of the e-mail, else null."""
    known = clean_ids(ids, junk=JUNK)
    if emails.null_count == len(emails):
        return known
    return pc.coalesce(known, by_distinct(emails, _customer_of, pa.string()))


def _customer_of(email: str | None) -> str | None:
    clean = clean_email(email)
    return customer_of_email(clean) if clean else None
