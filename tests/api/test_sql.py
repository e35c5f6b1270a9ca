"""Every query of this room also parses and translates for Spark."""

from __future__ import annotations

import importlib
import pkgutil

import pytest
import sqlglot

import lifeloop.api


def queries() -> dict[str, str]:
    found: dict[str, str] = {}
    for module in pkgutil.iter_modules(lifeloop.api.__path__, "lifeloop.api."):
        held = vars(importlib.import_module(module.name))
        found |= {name: text for name, text in held.items() if name.endswith("_SQL")}
    return found


@pytest.mark.parametrize("name", sorted(queries()))
def test_a_query_translates_for_spark(name: str) -> None:
    translated = sqlglot.transpile(queries()[name], read="duckdb", write="spark", unsupported_level=sqlglot.ErrorLevel.RAISE)

    assert len(translated) == 1
