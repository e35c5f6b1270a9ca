"""Models side by side: what is told of each, for whom, and of those that could not be compared."""

from __future__ import annotations

import numpy as np
import pytest

from lifeloop.base.errors import NotEnoughData
from lifeloop.recommend.evaluate import Recorded, Split, compare, leave_last_out, measure
from lifeloop.recommend.evaluate.compare import judge
from lifeloop.recommend.evaluate.cost import cpu_seconds, peak_mb
from lifeloop.recommend.evaluate.segments import popularity_thirds, segments
from lifeloop.recommend.histories import Histories, Ints
from lifeloop.recommend.peers import PEERS


class Told:
    """A model that tells the lists it was given, and remembers what it was shown."""

    name = "told"

    def __init__(self, lists: Ints) -> None:
        self.lists = lists
        self.learnt: Histories | None = None

    def fit(self, histories: Histories) -> None:
        self.learnt = histories

    def top(self, histories: Histories, k: int, *, drop_seen: bool) -> Ints:
        return self.lists[:, :k]


class Refusing:
    name = "refusing"

    def fit(self, histories: Histories) -> None:
        raise NotEnoughData("cannot fit 'refusing'", "too many products", "Bring fewer.")

    def top(self, histories: Histories, k: int, *, drop_seen: bool) -> Ints:
        raise AssertionError


@pytest.fixture
def split() -> Split:
    rows = [[(start + step) % 6 for step in range(4)] for start in range(6)] + [[0, 1, 2]] * 6
    return leave_last_out(Recorded(about="a test", histories=Histories.of(rows, products=6)))


def test_a_model_that_knows_the_future_finds_all_of_it_and_others_do_not(split: Split) -> None:
    knowing = np.full((len(split), 100), -1, np.int32)
    knowing[:, 0] = split.targets.items

    found = measure(split, Told(knowing))
    assert found.means["ndcg_at_10"].value == found.means["mrr_at_20"].value == 1
    assert measure(split, PEERS["popularity"]()).means["ndcg_at_10"].value < 1


def test_no_model_is_shown_what_is_to_be_found(split: Split) -> None:
    model = Told(np.full((len(split), 100), -1, np.int32))
    measure(split, model)

    assert model.learnt is not None
    for number in range(len(model.learnt)):
        assert split.targets.items[number] not in model.learnt.one(number)


def test_a_model_that_refuses_is_left_out_and_said_why(split: Split) -> None:
    found = compare(split, {"refusing": Refusing, "popularity": PEERS["popularity"]})

    assert list(found.measured) == ["popularity"]
    assert found.as_json()["not_compared"] == {"refusing": "cannot fit 'refusing': too many products. Bring fewer."}
    assert found.as_json()["models"]["popularity"]["segments"]["history_length"]["2-4"]["cases"] == 12


def test_the_library_of_another_finds_blas_on_one_thread_whatever_it_was_set_to(
    split: Split, monkeypatch: pytest.MonkeyPatch
) -> None:
    import implicit.utils
    import scipy.sparse.linalg  # noqa: F401  its BLAS must be there to be set
    from threadpoolctl import threadpool_limits

    monkeypatch.setattr(implicit.utils, "_checked_blas_config", False)
    with threadpool_limits(2):
        assert measure(split, PEERS["ials"]()).means["ndcg_at_10"].value > 0  # a warning would be an error


def test_empty_lists_are_worth_nothing_and_break_nothing(split: Split) -> None:
    found = judge(np.full((len(split), 100), -1, np.int32), split)

    assert found["means"]["ndcg_at_10"].value == found["coverage"] == 0
    assert np.isnan(found["popularity_bias"])


def test_recommending_everybody_what_they_had_is_no_bias(split: Split) -> None:
    lists = np.full((len(split), 100), -1, np.int32)
    for number in range(len(split)):
        lists[number, : len(split.given.one(number))] = split.given.one(number)

    assert judge(lists, split)["popularity_bias"] == pytest.approx(0, abs=1e-9)


def test_cases_of_all_lengths_are_in_one_segment_each(split: Split) -> None:
    lists = np.zeros((len(split), 100), np.int32)
    found = list(segments(lists, split))

    assert sum(one.cases for one in found if one.kind == "history_length") == len(split)
    assert sum(one.cases for one in found if one.kind == "target_popularity") == len(split)


def test_the_head_is_a_third_of_what_was_had_not_of_the_products() -> None:
    train = Histories.of([[0]] * 50 + [[number] for number in range(1, 101)], products=101)

    thirds = popularity_thirds(train)
    assert thirds[0] == 0
    assert np.bincount(thirds, minlength=3).tolist() == [1, 50, 50]


def test_costs_are_those_of_the_work() -> None:
    kept, seconds = cpu_seconds(lambda: sum(range(100_000)))
    assert kept == 4_999_950_000
    assert seconds >= 0

    size, peak = peak_mb(lambda: np.ones(25_000_000).nbytes)
    assert size == 200_000_000
    assert peak is None or 150 < peak < 400
