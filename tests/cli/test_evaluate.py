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
from lifeloop.recommend.peers import PEERS, SLOW


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


def test_a_verdict_closes_what_people_are_shown_and_every_row_is_explained(visits: Path) -> None:
    words = ["--data", str(visits), "--split", "leave-last-out", "--model", "lifeloop", "--model", "again"]
    told = json.loads(command(*words, "--json").stdout)
    shown = " ".join(command(*words).stdout.split())

    assert (
        "lifeloop (served to known customers, on the home page and in messages) is better than again" in told["verdict"]["en"]
    )
    assert "优于" in told["verdict"]["zh"]
    assert shown.endswith(told["verdict"]["en"])
    assert "again: baseline: one's own products again" in shown
    assert "novelty: bits" in shown
    assert "diversity: 0 to 1" in shown
    assert "0 as popular, +1 twice as popular" in shown


def test_a_model_that_was_named_and_cannot_be_compared_is_an_error_that_says_how_to_get_it(
    visits: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "torch", None)
    done = command("--data", str(visits), "--split", "strong", "--model", "sasrec")

    assert isinstance(done.exception, SettingsError)
    assert "pip install 'lifeloop[deep]'" in str(done.exception)
    assert "NDCG" not in done.stdout


def test_what_could_be_compared_is_still_told_beside_a_named_model_that_could_not(
    visits: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lifeloop.recommend.peers.plain.DENSE_PRODUCTS", 11)
    words = ["--data", str(visits), "--split", "strong", "--model", "popularity"]
    shown, told = command(*words, "--model", "ease"), command(*words, "--model", "ease", "--json")

    assert shown.exit_code == told.exit_code == 4
    assert "12 products need a matrix" in shown.stdout
    assert "It is compared up to 11 products." in json.loads(told.stdout)["not_compared"]["ease"]
    assert list(json.loads(told.stdout)["models"]) == ["popularity"]
    assert command(*words).exit_code == 0


def test_help_names_every_model_and_those_that_take_long() -> None:
    shown = " ".join(command("--help").stdout.replace("│", " ").split())

    assert [name for name in PEERS if name not in shown] == []
    assert f"all but {', '.join(SLOW)}" in shown


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
