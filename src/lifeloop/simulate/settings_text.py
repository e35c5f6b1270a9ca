"""Settings written as TOML, each with its meaning beside it."""

from __future__ import annotations

import json
import re
from typing import Any

from pydantic import BaseModel

_BARE = re.compile("[A-Za-z0-9_-]+")


def section_lines(name: str, value: Any) -> list[str]:
    """Return the lines of one section, its own settings first and its tables of sections behind them."""
    if isinstance(value, dict) and not any(isinstance(inner, BaseModel) for inner in value.values()):
        return [f"[{name}]", *(f"{_key(key)} = {_literal(inner)}" for key, inner in value.items()), ""]
    if isinstance(value, dict):
        return [line for key, inner in value.items() for line in section_lines(f"{name}.{_key(key)}", inner)]
    about = {key: field.description or "" for key, field in type(value).model_fields.items()}
    lines, further = [f"[{name}]"], []
    for key, inner in value:
        if isinstance(inner, dict):
            further += section_lines(f"{name}.{key}", inner)
        else:
            lines.append(f"{key} = {_literal(inner)}  # {about[key]}")
    return [*lines, "", *further]


def _key(name: str) -> str:
    """Return a name as TOML writes a key: a JSON string is one, too."""
    return name if _BARE.fullmatch(name) else json.dumps(name, ensure_ascii=False)


def _literal(value: Any) -> str:
    """Return a value as TOML writes it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, tuple):
        return f"[{', '.join(_literal(one) for one in value)}]"
    return str(value)
