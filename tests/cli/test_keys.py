"""API keys from the command line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from typer.testing import CliRunner

from lifeloop.base.errors import UnknownName
from lifeloop.cli.main import app


@pytest.fixture
def home(tmp_path: Path) -> Path:
    said("init", home=tmp_path)
    return tmp_path


def run(*words: str, home: Path) -> Result:
    return CliRunner().invoke(app, [*words, "--home", str(home), "--json"])


def said(*words: str, home: Path) -> Any:
    result = run(*words, home=home)
    assert result.exit_code == 0, result.output
    return json.loads(result.output)


@pytest.mark.parametrize("scope", ["ingest", "read", "admin"])
def test_a_key_is_shown_once_and_never_kept(home: Path, scope: str) -> None:
    made = said("keys", "create", "--scope", scope, "--name", "till", home=home)

    assert made["key"].startswith(f"ll_{scope}_")
    listed = said("keys", "list", home=home)["keys"]
    assert [(row["id"], row["scope"], row["name"], row["state"]) for row in listed] == [(made["id"], scope, "till", "valid")]
    secret = made["key"].encode()
    assert not any(secret in file.read_bytes() for file in home.rglob("*") if file.is_file())


def test_a_rotated_key_stays_valid_for_a_while_and_a_revoked_one_does_not(home: Path) -> None:
    old = said("keys", "create", "--scope", "ingest", "--source", "web", "--origin", "https://shop.example", home=home)
    new = said("keys", "rotate", old["id"], "--hours", "2", home=home)
    said("keys", "revoke", new["id"], home=home)

    assert (new["source"], new["origins"]) == ("web", ["https://shop.example"])
    states = {row["id"]: row["state"] for row in said("keys", "list", home=home)["keys"]}
    assert states[old["id"]].startswith("valid until")
    assert states[new["id"]] == "revoked"


def test_an_unknown_scope_or_key_is_refused_with_the_nearest(home: Path) -> None:
    with pytest.raises(UnknownName, match=r"no scope named 'reed'; did you mean 'read'"):
        CliRunner().invoke(app, ["keys", "create", "--scope", "reed", "--home", str(home)], catch_exceptions=False)
    assert run("keys", "revoke", "key_0", home=home).exit_code != 0
    assert run("keys", "create", "--scope", "read", "--days", "0", home=home).exit_code != 0
