"""Judging recommendations from the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner, Result

from lifeloop.base.errors import SettingsError, UnknownName
from lifeloop.cli.main import app


def command(*words: str) -> Result:
    return CliRunner().invoke(app, ["evaluate-recommendations", *words])


@pytest.fixture
def visits(tmp_path: Path) -> Path:
    rows = [[(start + step) % 12 for step in range(8)] for start in range(12)] * 3
    pq.write_table(pa.table({"visit_id": range(36), "pages": rows}), tmp_path / "visits.parquet")
    return tmp_path


def test_models_are_told_side_by_side_with_their_intervals(visits: Path) -> None:
    done = command("--data", str(visits), "--split", "leave-last-out", "--model", "lifeloop", "--model", "markov", "--json")

    told = json.loads(done.stdout)
    assert list(told["models"]) == ["lifeloop", "markov"]
    assert told["models"]["markov"]["ndcg_at_10"] == 1  # what follows is always the next one
    assert told["cases"] == 36
    assert "the last is to be found" in told["words"]["en"]


def test_people_are_shown_a_table(visits: Path) -> None:
    done = command("--data", str(visits), "--split", "strong", "--model", "popularity")

    assert done.exit_code == 0
    assert "popularity" in done.stdout
    assert "NDCG@10" in done.stdout


def test_a_model_that_cannot_be_compared_is_said_to_be_left_out_and_why(visits: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "torch", None)
    done = command("--data", str(visits), "--split", "strong", "--model", "sasrec", "--json")

    assert "PyTorch" in json.loads(done.stdout)["not_compared"]["sasrec"]


@pytest.mark.parametrize(
    ("words", "error", "said"),
    [
        (["--split", "strongg"], UnknownName, "did you mean 'strong'"),
        (["--model", "lifelop", "--split", "strong"], UnknownName, "did you mean 'lifeloop'"),
        (["--split", "temporal"], SettingsError, "no times"),
    ],
)
def test_wrong_use_is_told_with_a_way_out(visits: Path, words: list[str], error: type[Exception], said: str) -> None:
    done = command("--data", str(visits), *words)

    assert isinstance(done.exception, error)
    assert said in str(done.exception)


def test_a_folder_that_is_not_there_is_said_so(tmp_path: Path) -> None:
    done = command("--data", str(tmp_path / "none"))

    assert isinstance(done.exception, SettingsError)
    assert "no such folder" in str(done.exception)
