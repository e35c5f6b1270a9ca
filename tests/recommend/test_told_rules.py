"""`lifeloop rules` tells what is bought together."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import typer
from typer.testing import CliRunner

from lifeloop.base.errors import NotEnoughData, UnknownName
from lifeloop.base.versions import Parts, new_version, save_version
from lifeloop.cli.rules import register
from lifeloop.lake import Lake
from lifeloop.recommend.histories import Histories, Products
from lifeloop.recommend.model import QUESTION
from lifeloop.recommend.together import Together
from lifeloop.schema import ASSOCIATION_RULE, PRODUCT

PRODUCTS = Products(["T1", "S1", "B1", "M1"])
TITLES = {"T1": "Tea", "S1": "Scones", "B1": "Bread", "M1": "Milk"}


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Return a shop where tea goes with scones, told of in two runs, and milk with nothing."""
    (tmp_path / "lifeloop.toml").write_text('[shop]\nname = "Corner"\n', "utf-8")
    lake = Lake(tmp_path / "lake")
    told = datetime(2026, 1, 1, tzinfo=UTC)
    rows = [
        {"source": "till", "product_id": name, "title": title, "received_at": told, "updated_at": told}
        for name, title in TITLES.items()
    ]
    lake.append(PRODUCT, pa.Table.from_pylist(rows, schema=PRODUCT.arrow()))
    for day, together in ((1, 10), (2, 30)):
        baskets = Histories.of([[0, 1]] * together + [[2, 3]] * 10 + [[2]] * 40 + [[3]] * 40, products=4)
        as_of = datetime(2026, 1, day, tzinfo=UTC)
        lake.append(ASSOCIATION_RULE, Together.fit(baskets).rules(PRODUCTS, as_of))
    return tmp_path


def typed(*words: str, home: Path) -> Any:
    shell = typer.Typer()
    register(shell)
    shell.callback()(lambda: None)
    return CliRunner().invoke(shell, ["rules", *words, "--home", str(home)])


def test_the_rules_of_the_last_run_come_the_surest_first_with_titles(home: Path) -> None:
    told = json.loads(typed("--json", home=home).stdout)

    assert told["as_of"] == "2026-01-02T00:00:00+00:00"
    assert [(rule["if_title"], rule["then_title"], rule["orders_both"]) for rule in told["rules"]] == [
        ("Scones", "Tea", 30),
        ("Tea", "Scones", 30),
    ]


def test_a_product_can_be_asked_for_by_id_and_by_title(home: Path) -> None:
    for name in ("T1", "Tea"):
        told = json.loads(typed("--product", name, "--json", home=home).stdout)

        assert [rule["then_product"] for rule in told["rules"]] == ["S1"]


def test_only_as_many_are_told_as_are_asked_for(home: Path) -> None:
    assert len(json.loads(typed("--top", "1", "--json", home=home).stdout)["rules"]) == 1


def test_people_read_a_table(home: Path) -> None:
    said = typed(home=home).stdout

    assert "Scones (S1)" in said
    assert "88.6% – 100.0%" in said


def test_of_a_product_that_goes_with_nothing_just_that_is_said(home: Path) -> None:
    assert "Nothing is bought with it" in typed("--product", "M1", home=home).stdout


def test_for_an_unknown_product_the_nearest_is_offered(home: Path) -> None:
    error = typed("--product", "Scone", home=home).exception

    assert isinstance(error, UnknownName)
    assert "did you mean 'Scones'?" in str(error)


def test_rules_of_earlier_runs_are_not_told_as_those_of_a_last_run_that_found_none(home: Path) -> None:
    for day, error in ((2, None), (3, NotEnoughData)):
        version = new_version(home / "models", QUESTION, datetime(2026, 1, day, tzinfo=UTC))
        save_version(version, QUESTION, Parts({}))
        found = typed(home=home).exception
        assert found is None if error is None else isinstance(found, error)
    assert "the run as of 2026-01-03 has found no two products" in str(found)


def test_before_the_first_run_it_is_said_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "lifeloop.toml").write_text('[shop]\nname = "Corner"\n', "utf-8")

    error = typed(home=tmp_path).exception

    assert isinstance(error, NotEnoughData)
    assert "lifeloop run" in str(error)
