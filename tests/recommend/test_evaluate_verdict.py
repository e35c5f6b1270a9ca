"""What a comparison comes to: who is best, and how what is served stands beside the others."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lifeloop.recommend.evaluate.verdict import EXPLAINED, OURS, SERVED, verdict
from lifeloop.recommend.peers import PEERS

NOISE = np.random.default_rng(0).random(400)


@pytest.mark.parametrize(
    ("ours", "en", "zh"),
    [
        (NOISE + 0.01, "lifeloop (served to known customers, on the home page and in messages) is better than ease", "优于"),
        (NOISE - 0.01, "is worse than ease, the best of the others", "不如"),
        (np.roll(NOISE, 1), "is as good as ease, the best of the others, as far as can be told", "看不出差别"),
    ],
)
def test_what_is_served_is_compared_case_by_case_with_the_best_of_the_others(ours: np.ndarray, en: str, zh: str) -> None:
    rng = np.random.default_rng(1)
    said = verdict({"lifeloop": ours + rng.normal(0, 0.001, 400), "popularity": NOISE / 2, "ease": NOISE})

    assert en in said.en
    assert zh in said.zh
    assert "popularity" not in said.en


def test_the_best_is_named_with_its_interval_even_where_it_is_never_served() -> None:
    said = verdict({"lifeloop": NOISE, "lifeloop_taste": NOISE + 1, "popularity": NOISE / 2})

    assert said.en.startswith(f"Best by NDCG@10: lifeloop_taste, {NOISE.mean() + 1:.4f} (")
    assert "lifeloop_taste (" not in said.en


def test_each_of_the_two_that_are_served_is_told_with_where_it_is() -> None:
    said = verdict({"lifeloop": NOISE, "lifeloop_visit": NOISE, "markov": NOISE / 2})

    assert "lifeloop (served to known customers" in said.en
    assert "lifeloop_visit (served to visitors nobody knows" in said.en


def test_without_others_only_the_best_is_said_and_without_any_that_there_is_none() -> None:
    assert verdict({"lifeloop": NOISE}).en.count(".") == verdict({"markov": NOISE}).en.count(".")
    assert verdict({}).en == "No model could be compared."


def test_one_case_compares_nothing() -> None:
    assert "too few cases" in verdict({"lifeloop": np.ones(1), "markov": np.zeros(1)}).en


def test_cases_of_few_people_make_the_difference_less_sure() -> None:
    rng = np.random.default_rng(3)
    ours, whose = NOISE + 0.05 + np.repeat(rng.normal(0, 0.5, 20), 20), np.repeat(np.arange(20), 20)

    def width(clusters: np.ndarray | None) -> float:
        low, high = verdict({"lifeloop": ours, "ease": NOISE}, clusters).en.split("difference")[1].split(" to ")
        return float(high.split(")")[0].split(",")[0]) - float(low.strip(" (,"))

    assert width(whose) > 2 * width(None)


@given(st.lists(st.floats(0, 1), min_size=2, max_size=20), st.lists(st.floats(0, 1), min_size=20, max_size=20))
def test_there_is_a_verdict_in_both_languages_whatever_was_found(ours: list[float], theirs: list[float]) -> None:
    said = verdict({"lifeloop": np.array(ours), "svd": np.array(theirs[: len(ours)])})

    assert "lifeloop" in said.en
    assert "lifeloop" in said.zh
    assert "nan" not in said.en


def test_every_model_is_explained_and_ours_are_told_from_the_others() -> None:
    assert list(EXPLAINED) == list(PEERS)
    assert {name for name in PEERS if name.startswith("lifeloop")} == OURS
    assert set(SERVED) < OURS
