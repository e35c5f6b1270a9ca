"""The shop's ids as they stand in files, made comparable: `13085.0` is 13085, and junk names nobody.

Source  the list of junk ids is research on public shop data: what front ends send when nobody is signed in.
"""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from lifeloop.base.ids import customer_of_email
from lifeloop.collect.numbers import by_distinct

JUNK = (
    "null", "nan", "na", "n/a", "none", "nil", "undefined", "unknown", "anonymous", "guest", "0", "-1", "-", "--", "false",
    "#n/a", "\\n", "游客", "匿名", "未知", "无",
)  # fmt: skip
"""What stands in a customer column when no customer is meant; case does not matter."""


def clean_ids(values: Any, *, junk: tuple[str, ...] = ()) -> Any:
    """Return ids as text: outer blanks and a `.0` behind digits removed, blank and `junk` values null."""
    bare = values
    if pc.any(pc.ends_with(values, ".0")).as_py():
        bare = pc.replace_substring_regex(values, r"^(-?\d+)\.0+$", r"\1")
    if junk:
        known_junk = pc.is_in(pc.utf8_lower(bare), value_set=pa.array(junk))
        bare = pc.if_else(known_junk, pa.scalar(None, pa.string()), bare)
    return bare


def customers_of(ids: Any, emails: Any) -> Any:
    """Return the customer of each row: the shop's id, else one made of the e-mail, else null."""
    known = clean_ids(ids, junk=JUNK)
    if emails.null_count == len(emails):
        return known
    of_email = by_distinct(emails, lambda text: customer_of_email(text) if text and "@" in text else None, pa.string())
    return pc.coalesce(known, of_email)
