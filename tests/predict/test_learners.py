"""Every learner learns by name, says exactly what its logits are made of, and comes back from a saved version as it was."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from lifeloop.base.errors import ModelError, UnknownName
from lifeloop.predict.churn.inputs import Inputs
from lifeloop.predict.churn.learned import learned_from_parts
from lifeloop.predict.churn.learners import COMPARISON_ONLY, LEARNERS, LearnerConfig, enough, learn
from lifeloop.predict.churn.preparation import Preparation, signed_log
from lifeloop.predict.churn.training import past_of, purged
from lifeloop.predict.metrics import Binary, sigmoid

CONFIG = LearnerConfig(num_threads=1)


@pytest.fixture(scope="module")
def rows(known_past: Any) -> tuple[Inputs, np.ndarray, Inputs, np.ndarray]:
    past = past_of([known_past.example(day) for day in (200, 230, 260, 320)], 30, 50_000, seed=0)
    assert past is not None
    return *past.of_origins([0, 1, 2]), *past.of_origins([3])


@pytest.mark.parametrize("name", sorted(LEARNERS))
def test_every_learner_ranks_better_than_chance_but_the_prior(name: str, rows: Any) -> None:
    inputs, churned, later, happened = rows

    found = Binary(happened, sigmoid(learn(name, inputs, churned, CONFIG).logits(later))).measure()

    assert found["auc"] == 0.5 if name == "prior" else found["auc"] > 0.7
    assert abs(found["bias"]) < 0.1


@pytest.mark.parametrize("name", sorted(set(LEARNERS) - set(COMPARISON_ONLY)))
def test_terms_add_up_to_the_logit_exactly(name: str, rows: Any) -> None:
    inputs, churned, later, _ = rows
    learned = learn(name, inputs, churned, CONFIG)

    terms = learned.terms(later)

    np.testing.assert_allclose(terms.base + terms.effects.sum(axis=1), learned.logits(later), atol=1e-9)


@pytest.mark.parametrize("name", sorted(set(LEARNERS) - set(COMPARISON_ONLY)))
def test_what_was_learned_comes_back_from_its_parts(name: str, rows: Any) -> None:
    inputs, churned, later, _ = rows
    learned = learn(name, inputs, churned, CONFIG)

    again = learned_from_parts(learned.kind, learned.parts(), num_threads=1)

    np.testing.assert_allclose(again.logits(later), learned.logits(later), atol=1e-12)


@pytest.mark.parametrize("name", COMPARISON_ONLY)
def test_a_learner_to_compare_with_is_never_saved(name: str, rows: Any) -> None:
    inputs, churned, _, _ = rows

    with pytest.raises(ModelError, match="there to compare with"):
        learn(name, inputs, churned, CONFIG).parts()


@pytest.mark.parametrize("name", sorted(LEARNERS))
def test_nobody_churned_is_an_answer_and_not_an_error(name: str, rows: Any) -> None:
    inputs, churned, later, _ = rows

    logits = learn(name, inputs, np.zeros_like(churned), CONFIG).logits(later)

    assert np.isfinite(logits).all()


@pytest.mark.parametrize("name", ["blend", "lightgbm", "neural_network"])
def test_the_same_seed_learns_the_same(name: str, rows: Any) -> None:
    inputs, churned, later, _ = rows

    first, second = (learn(name, inputs, churned, CONFIG).logits(later) for _ in range(2))

    np.testing.assert_array_equal(first, second)


def test_an_unknown_learner_is_told_with_the_nearest(rows: Any) -> None:
    inputs, churned, _, _ = rows

    with pytest.raises(UnknownName, match="did you mean 'lightgbm'"):
        learn("lightgmb", inputs, churned, CONFIG)


def test_trees_see_the_month_only_after_a_whole_year(rows: Any) -> None:
    inputs, churned, _, _ = rows
    year = inputs.values.copy()
    year[:, inputs.names.index("month")] = 1 + np.arange(inputs.rows) % 12

    assert "month" not in learn("lightgbm", inputs, churned, CONFIG).columns  # type: ignore[attr-defined]
    assert "month" in learn("lightgbm", Inputs(inputs.names, year), churned, CONFIG).columns  # type: ignore[attr-defined]


def test_many_features_need_many_rows_of_both_classes() -> None:
    assert enough(np.arange(2000) < 100)
    assert not enough(np.arange(2000) < 99)
    assert not enough(np.arange(1999) < 1000)


def test_preparation_by_hand() -> None:
    values = np.array([[np.e - 1, 5.0], [np.nan, 5.0], [-(np.e - 1), 5.0]])

    prepared = Preparation.of(values).apply(values)

    assert signed_log(np.array([-(np.e - 1)])).tolist() == [-1.0]
    np.testing.assert_allclose(prepared[:, 0], np.array([1.0, 0.0, -1.0]) * np.sqrt(1.5))
    np.testing.assert_allclose(prepared[:, 1], 0.0, atol=1e-12)  # never varies
    np.testing.assert_allclose(prepared[:, 2], np.array([-1.0, 2.0, -1.0]) / np.sqrt(2.0))


def test_training_stops_before_the_first_test_window_begins(known_past: Any) -> None:
    examples = [known_past.example(day, 30) for day in (200, 215, 230, 245, 260)]
    first_test = examples[-1].as_of

    kept = purged([one.as_of for one in examples[:-1]], [one.ends for one in examples[:-1]], first_test)

    assert kept == [0, 1, 2]
    assert all(examples[number].ends <= first_test for number in kept)
