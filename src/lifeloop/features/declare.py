"""What a feature is: one number per customer as of one moment, declared once with one SQL expression.

The expression sees only the rows of its subject, and those are cut in time before it sees them (`cut.py`): whoever
writes a feature cannot reach a fact that was not known yet. What could go around the cut is refused here: a query of
its own, and functions that ask for the present day or for chance.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from lifeloop.base.errors import FeatureError
from lifeloop.base.text import Text
from lifeloop.schema.declare import Dtype

_NAME = re.compile(r"[a-z][a-z0-9_]*")
_GOES_AROUND = re.compile(
    r"\b(select|from|now|today|current_\w+|get_current_\w+|transaction_timestamp|random|uuid|nextval|read_\w+|glob)\b|;|--|/\*|\$",
    re.IGNORECASE,
)
_RESERVED = frozenset({"as_of", "customer_id"})


@dataclass(frozen=True, kw_only=True)
class Subject:
    """What a group of features is about: a relation with one or more rows per customer.

    `sql` is a query over cut relations (`orders`, `lines`, `refunds`, `events`), named in `facts`; empty for the one
    subject whose rows are the features of all others.
    """

    name: str
    about: str
    facts: tuple[str, ...] = ()
    sql: str = ""
    columns: Mapping[str, str]
    """What an expression may use, with its meaning."""


@dataclass(frozen=True)
class Feature:
    """One feature.

    `sql` is an aggregate over the rows of one customer in `subject`, except in the subject `combined`, where it is an
    expression over other features. With `window_days` only facts with as_of - window_days <= time < as_of count, and
    `sql` must be one aggregate call. `empty` is what a customer without such facts gets; None leaves null, which means
    not known. Raises FeatureError when the declaration cannot work.
    """

    name: str
    subject: Subject
    sql: str
    dtype: Dtype
    unit: str
    about: str
    label: Text
    """A short noun phrase for reasons, such as "days since the last order"."""
    empty: float | None = None
    window_days: int | None = None

    def __post_init__(self) -> None:
        """Refuse what could never be computed, or could look past the cut."""
        if not _NAME.fullmatch(self.name) or self.name in _RESERVED:
            raise self._refused(f"'{self.name}' is no free name", "Use lower-case letters, digits and underscores.")
        if self.dtype not in ("int32", "int64", "float64"):
            raise self._refused(f"a feature is a number, not {self.dtype}", "Declare int32, int64 or float64.")
        around = _GOES_AROUND.search(self.sql)
        if around:
            raise self._refused(
                f"'{around.group()}' in `{self.sql}` could look past the cut in time",
                f"Use the columns of {self.subject.name}: {', '.join(self.subject.columns)}.",
            )
        if not self.sql.strip() or not _balanced(self.sql):
            raise self._refused(f"`{self.sql}` is no expression", "Close every bracket and quote.")
        if self.window_days is not None and (self.window_days < 1 or not _one_call(self.sql)):
            raise self._refused(
                f"a window of {self.window_days} days over `{self.sql}`",
                "A window is at least one day and covers exactly one aggregate call, such as count(*).",
            )

    @property
    def expression(self) -> str:
        """The expression with its window, as the engine runs it."""
        if self.window_days is None:
            return self.sql
        return f"{self.sql} FILTER (WHERE age_days < {self.window_days})"

    @property
    def words(self) -> frozenset[str]:
        """Every name the expression uses: the features a combined feature needs are among them."""
        return frozenset(re.findall(r"[a-z_][a-z0-9_]*", self.sql.lower()))

    def _refused(self, found: str, fix: str) -> FeatureError:
        return FeatureError(f"the feature {self.name} cannot be declared", found, fix)


def collect_features(groups: Iterable[Iterable[Feature]]) -> dict[str, Feature]:
    """Return all features by name, in order. Raises FeatureError where a name is taken."""
    features: dict[str, Feature] = {}
    for feature in (feature for group in groups for feature in group):
        if feature.name in features:
            taken = features[feature.name]
            raise FeatureError(
                f"the feature {feature.name} cannot be declared",
                f"the name is taken by `{taken.expression}` over {taken.subject.name}",
                "Choose another name.",
            )
        features[feature.name] = feature
    return features


def _balanced(sql: str) -> bool:
    """Return whether every bracket and quote is closed, in order."""
    depth = 0
    quoted = False
    for sign in sql:
        if sign == "'":
            quoted = not quoted
        elif not quoted:
            depth += (sign == "(") - (sign == ")")
            if depth < 0:
                return False
    return depth == 0 and not quoted


def _one_call(sql: str) -> bool:
    """Return whether `sql` is one function call from its first sign to its last."""
    head = re.match(r"[a-z_]\w*\(", sql)
    if not head or not sql.endswith(")"):
        return False
    return _balanced(sql[head.end() : -1])
