"""The tables' reference page, written from the declarations."""

from __future__ import annotations

from collections.abc import Iterable

from lifeloop.schema.declare import Table


def tables_reference(tables: Iterable[Table]) -> str:
    """Return the Markdown page that lists every table and column."""
    parts = ["# Tables\n\nWritten from `lifeloop.schema`; do not edit. Times are UTC, money is integer minor units.\n"]
    for table in tables:
        parts.append(f"\n## {table.name}\n\n{table.about}\n\nKey: {', '.join(table.key)}. Time: `{table.time}`.\n")
        parts.append("\n| column | type | unit | personal | meaning |\n|---|---|---|---|---|\n")
        for name, column in table.columns.items():
            personal = "yes" if column.personal else ""
            required = "" if column.required else " Null: not known."
            parts.append(f"| {name} | {column.dtype} | {column.unit} | {personal} | {column.about}{required} |\n")
    return "".join(parts)
