"""The contract every model keeps; subclass it in a test and say how the model learns and how a version of it is read.

class TestChurn(ModelContract):
    question = "churn"

    def learn(self, past: Sequence[Example], present: pa.Table) -> Model:
        return churn.fit(past, ChurnConfig(horizon_days=self.horizon_days, threads=1))

    def load(self, folder: Path) -> Model:
        return Churn.load(folder)
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any, NoReturn

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from lifeloop.base.errors import ModelError
from lifeloop.features import take_labels, take_snapshot
from lifeloop.predict.examples import Example
from lifeloop.predict.questions import Model
from lifeloop.schema import SCORE
from lifeloop.testing.lives import lives
from lifeloop.testing.shop import ShopBuilder

CUSTOMERS = 800
LAST_DAY = 420
VISITOR = "visitor"
"""The one customer of the contract's shop who looked around and never ordered."""

SUFFIXES = {".json", ".npz", ".txt"}
"""What a model version may be made of."""


_MODELS: dict[str, Model] = {}


class ModelContract:
    """What any model must do with the past and the present of a shop."""

    question: str
    """What the model answers: the column `model` of its scores, and the folder of its versions."""
    horizon_days = 30

    def learn(self, past: Sequence[Example], present: pa.Table) -> Model:
        """Return the model, learned from past snapshots with what followed, oldest first, and from the present one."""
        raise NotImplementedError

    def load(self, folder: Path) -> Model:
        """Return a saved version."""
        raise NotImplementedError

    def test_it_writes_rows_of_the_score_table_about_the_customers_it_was_asked_about(self) -> None:
        """Columns, types and keys are those declared; nobody else is spoken of, and no row twice."""
        present = _shop(self.horizon_days)[1]
        scores = _learned(self).score(present)

        assert scores.schema.equals(SCORE.arrow())
        assert scores.num_rows
        assert pc.unique(scores["model"]).to_pylist() == [self.question]
        assert pc.unique(scores["as_of"]).to_pylist() == pc.unique(present["as_of"]).to_pylist()
        assert set(scores["customer_id"].to_pylist()) <= set(present["customer_id"].to_pylist())
        assert scores.group_by(list(SCORE.key)).aggregate([]).num_rows == scores.num_rows
        assert not any(scores[name].null_count for name, column in SCORE.columns.items() if column.required)

    def test_every_figure_lies_in_its_interval(self) -> None:
        """Where a figure and an end of its interval are told, they do not contradict each other."""
        for row in _learned(self).score(_shop(self.horizon_days)[1]).to_pylist():
            value, low, high = row["value"], row["low"], row["high"]
            assert value is None or low is None or low <= value + 1e-9, row
            assert value is None or high is None or value <= high + 1e-9, row

    def test_every_reason_is_a_sentence_in_both_languages(self) -> None:
        """Reasons are a JSON list; each names a feature, an effect, and what it means in English and Chinese."""
        for told in _learned(self).score(_shop(self.horizon_days)[1])["reasons"].to_pylist():
            for reason in json.loads(told):
                assert set(reason) == {"feature", "effect", "en", "zh"}
                assert reason["feature"]
                assert float(reason["effect"]) == reason["effect"]
                assert reason["en"]
                assert reason["zh"]

    def test_a_saved_version_says_what_the_model_said(self, tmp_path: Path) -> None:
        """Only the version's name differs, which is the folder's."""
        model, present = _learned(self), _shop(self.horizon_days)[1]
        folder = tmp_path / self.question / "20250101T000000Z"
        model.save(folder)
        said, again = model.score(present), self.load(folder).score(present)

        assert pc.unique(again["version"]).to_pylist() == [folder.name]
        assert again.drop_columns(["version"]).equals(said.drop_columns(["version"]))

    def test_reading_a_version_runs_no_code(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """A version is JSON, NumPy arrays and plain text; nothing in it is ever unpickled."""
        folder = tmp_path / "version"
        _learned(self).save(folder)

        def refused(*_: Any, **__: Any) -> NoReturn:
            raise AssertionError("a model version was unpickled")

        for name in ("load", "loads", "Unpickler"):
            monkeypatch.setattr(f"pickle.{name}", refused)

        assert {path.suffix for path in folder.iterdir()} <= SUFFIXES
        self.load(folder)

    def test_a_damaged_version_is_refused(self, tmp_path: Path) -> None:
        """Whichever of its files was changed, loading says so."""
        folder = tmp_path / "version"
        _learned(self).save(folder)
        for file in folder.iterdir():
            whole = file.read_bytes()
            file.write_bytes(whole[:-2] + b"0" + whole[-2:])
            with pytest.raises(ModelError):
                self.load(folder)
            file.write_bytes(whole)

    def test_learning_again_gives_the_same_version(self, tmp_path: Path) -> None:
        """Byte by byte: chance comes from the seed alone."""
        _learned(self).save(tmp_path / "one")
        self.learn(*_shop(self.horizon_days)).save(tmp_path / "two")

        assert _bytes(tmp_path / "one") == _bytes(tmp_path / "two")

    def test_it_says_nothing_of_nobody(self) -> None:
        """A snapshot without customers gives no scores, in the table's own shape."""
        scores = _learned(self).score(_shop(self.horizon_days)[1].slice(0, 0))

        assert scores.num_rows == 0
        assert scores.schema.equals(SCORE.arrow())

    def test_it_gives_no_figure_for_someone_who_never_ordered(self) -> None:
        """It may name them, as a stage does; a figure would be made up."""
        scores = _learned(self).score(_shop(self.horizon_days)[1])
        of_visitor = scores.filter(pc.equal(scores["customer_id"], VISITOR)).to_pylist()

        assert all(row[name] is None for row in of_visitor for name in ("value", "low", "high"))

    def test_a_shop_without_a_past_gets_an_answer_all_the_same(self) -> None:
        """A first day has nothing to learn from; the model says what it can, in the shape it always has."""
        present = _shop(self.horizon_days)[1]

        assert self.learn([], present).score(present).schema.equals(SCORE.arrow())


@cache
def _shop(horizon_days: int) -> tuple[tuple[Example, ...], pa.Table]:
    """Return three past snapshots with what followed, and the present one, of a shop whose customers live by the book."""
    with tempfile.TemporaryDirectory(prefix="lifeloop-contract-") as folder:
        shop = ShopBuilder(Path(folder))
        for number, life in enumerate(lives(CUSTOMERS, 7, starts=LAST_DAY - 4 * horizon_days, until=LAST_DAY)):
            for day, minor in life:
                shop.orders(f"c{number:04d}", day=day, spent=max(minor, 1) / 100)
        shop.does(VISITOR, "Product Viewed", day=LAST_DAY - 5)
        engine = shop.engine
        past = []
        for periods in (3, 2, 1):
            origin = shop.day(LAST_DAY - periods * horizon_days)
            labels = take_labels(engine, origin, horizon_days)
            past.append(Example.of(take_snapshot(engine, origin), labels, horizon_days))
        return tuple(past), take_snapshot(engine, shop.day(LAST_DAY))


def _learned(contract: ModelContract) -> Model:
    """Return the model under test, learned once for all tests of one class."""
    name = f"{type(contract).__module__}.{type(contract).__qualname__}"
    if name not in _MODELS:
        _MODELS[name] = contract.learn(*_shop(contract.horizon_days))
    return _MODELS[name]


def _bytes(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.iterdir()}
