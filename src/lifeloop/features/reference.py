"""The features' reference page, written from the declarations."""

from __future__ import annotations

from collections.abc import Mapping

from lifeloop.features.declare import Feature
from lifeloop.features.declared import FEATURES

_HEAD = """# Features

Written from `lifeloop.features`; do not edit. One number per customer as of one moment (`as_of`), from facts before it.
Days are days of the shop's zone; windows are `as_of - w days <= time < as_of`.
"""


def features_reference(features: Mapping[str, Feature] = FEATURES) -> str:
    """Return the Markdown page that lists every feature with its SQL, by subject."""
    parts = [_HEAD]
    for subject in {feature.subject.name: feature.subject for feature in features.values()}.values():
        parts.append(f"\n## {subject.name}\n\n{subject.about}\n")
        if subject.sql:
            parts.append(f"\n```sql\n{_aligned(subject.sql)}\n```\n")
        parts.append("\n" + "".join(f"- `{column}`: {about}\n" for column, about in subject.columns.items()))
        parts.append("\n| feature | type | unit | SQL | without such facts | meaning | 中文 |\n|---|---|---|---|---|---|---|\n")
        parts.extend(_row(feature) for feature in features.values() if feature.subject == subject)
    return "".join(parts)


def _row(feature: Feature) -> str:
    empty = "null (not known)" if feature.empty is None else f"{feature.empty:g}"
    sql = feature.expression.replace("|", "\\|")
    return f"| {feature.name} | {feature.dtype} | {feature.unit} | `{sql}` | {empty} | {feature.about} | {feature.label.zh} |\n"


def _aligned(sql: str) -> str:
    return "\n".join(line.strip() if line.startswith("    ") else line for line in sql.splitlines())
