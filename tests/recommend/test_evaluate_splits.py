"""What is learnt from, given and to be found, and how folders are understood."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lifeloop.base.errors import NotEnoughData, SettingsError
from lifeloop.recommend.evaluate import Recorded, Split, leave_last_out, read_folder, strong, temporal
from lifeloop.recommend.evaluate.splits import has_repeats
from lifeloop.recommend.histories import Histories


def recorded(rows: list[list[int]], *, products: int = 10, **more: Any) -> Recorded:
    return Recorded(about="a test", histories=Histories.of(rows, products=products), **more)


def rows_of(histories: Histories) -> list[list[int]]:
    return [histories.one(number).tolist() for number in range(len(histories))]


def test_the_published_protocol_learns_from_all_but_two_and_gives_all_but_one() -> None:
    split = leave_last_out(recorded([[1, 2, 3, 4], [5, 6], [7]]))

    assert rows_of(split.train) == [[1, 2], [], []]
    assert rows_of(split.given) == [[1, 2, 3], [5]]
    assert rows_of(split.targets) == [[4], [6]]
    assert split.facts == {"too_short": 1}
    assert split.drop_seen


def test_whom_the_data_marks_as_held_for_validation_one_more_is_kept_back_of() -> None:
    marked = np.array([True, False])

    published = leave_last_out(recorded([[1, 2, 3, 4], [5, 6, 7, 8]], marked=marked))
    assert rows_of(published.train) == [[1], [5, 6]]
    assert rows_of(published.given) == [[1, 2, 3], [5, 6, 7]]
    earlier = leave_last_out(recorded([[1, 2, 3, 4, 9], [5, 6, 7, 8]], marked=marked), hold_back=2)
    assert rows_of(earlier.train) == rows_of(earlier.given) == [[1], [5]]
    assert rows_of(earlier.targets) == [[2], [6]]


def test_where_repeats_are_common_they_are_to_be_found_too() -> None:
    often = recorded([[1, 2, 1, 2], [3, 3, 3]])

    assert has_repeats(often.histories)
    assert not leave_last_out(often).drop_seen
    assert leave_last_out(often, repeats=False).drop_seen
    assert "those given too" in leave_last_out(often).words.en


def test_published_cases_are_taken_where_there_are_any_and_unknown_products_left_out() -> None:
    cases = recorded(
        [[1, 2], [2, 3]],
        given=Histories.of([[1, 9], [3], [9]], products=10),
        targets=Histories.of([[2], [8], [1]], products=10),
        clusters=np.array([4, 5, 6], np.int32),
    )
    split = leave_last_out(cases)

    assert split.train.products == 3
    assert rows_of(split.given) == [[0]]
    assert rows_of(split.targets) == [[1]]
    assert split.clusters is not None
    assert split.clusters.tolist() == [4]
    assert split.facts == {"unknown_products": 1, "cases_left_out": 2}


def with_times(rows: list[list[tuple[int, int]]]) -> Recorded:
    lists = Histories.of([[item for item, _ in row] for row in rows], products=10)
    at = np.array([when for row in rows for _, when in row], np.int64)
    return Recorded(about="a test", histories=Histories(lists.starts, lists.items, 10, at))


def test_nothing_after_the_cut_is_learnt_from_or_given() -> None:
    before = [(item, item) for item in range(8)]
    split = temporal(with_times([[*before, (8, 9), (9, 9)], [*before[1:], (0, 9)], [(3, 9)]]))

    assert rows_of(split.train) == [[0, 1, 2, 3, 4, 5, 6, 7], [1, 2, 3, 4, 5, 6, 7]]
    assert rows_of(split.given) == [[1, 2, 3, 4, 5, 6, 7]]  # the first had but new products after, nobody could find them
    assert rows_of(split.targets) == [[0]]
    assert split.facts == {"unknown_products": 2, "without_history": 1}


@given(st.lists(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 50)), min_size=1, max_size=12), min_size=1, max_size=8))
def test_the_future_leaves_no_mark_on_what_is_learnt(rows: list[list[tuple[int, int]]]) -> None:
    ordered = [sorted(row, key=lambda one: one[1]) for row in rows]
    try:
        split = temporal(with_times(ordered))
    except NotEnoughData:
        return
    assert split.train.at is not None
    assert split.given.at is not None
    whole = [when for row in ordered for _, when in row]
    cut = np.quantile(whole, 0.9, method="lower")
    assert split.train.at.max() < cut
    assert split.given.at.max() < cut
    assert_fair(split)


@given(st.lists(st.lists(st.integers(0, 9), max_size=20), min_size=1, max_size=20), st.integers(0, 99))
def test_people_unseen_are_never_learnt_from_and_nothing_given_is_to_be_found(rows: list[list[int]], seed: int) -> None:
    data = recorded(rows)
    try:
        split = strong(data, rng=np.random.default_rng(seed))
    except NotEnoughData:
        return
    enough = sum(len(set(row)) >= 5 for row in rows)
    assert len(split.train) == len(rows) - max(1, round(0.1 * enough))
    assert_fair(split)


def assert_fair(split: Split) -> None:
    """Every case gives something and wants something, no two things twice, and nothing that cannot be found."""
    for number in range(len(split)):
        given, wanted = split.given.one(number).tolist(), split.targets.one(number).tolist()
        assert given
        assert wanted
        assert len(set(wanted)) == len(wanted)
        assert not (split.drop_seen and set(given) & set(wanted))
    assert set(split.targets.items.tolist()) <= set(split.train.items.tolist())


def test_strong_draws_the_same_for_the_same_seed_and_gives_four_fifths() -> None:
    data = recorded([list(range(10))] * 30)

    first, again, other = (strong(data, rng=np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert rows_of(first.given) == rows_of(again.given)
    assert rows_of(first.given) != rows_of(other.given)
    assert [len(row) for row in rows_of(first.given)] == [8, 8, 8]
    assert [len(row) for row in rows_of(first.targets)] == [2, 2, 2]


def test_asking_for_what_the_data_cannot_say_is_refused_with_a_way_out() -> None:
    with pytest.raises(SettingsError, match="no times"):
        temporal(recorded([[1, 2, 3]]))
    with pytest.raises(SettingsError, match="no order"):
        leave_last_out(recorded([[1, 2, 3]], is_ordered=False))
    with pytest.raises(NotEnoughData, match="nobody had two"):
        leave_last_out(recorded([[1]]))
    with pytest.raises(NotEnoughData, match="5 products"):
        strong(recorded([[1]]), rng=np.random.default_rng(0))


def keep(folder: Path, name: str, **columns: Any) -> None:
    pq.write_table(pa.table(columns), folder / f"{name}.parquet")


def test_lists_of_products_are_read_whatever_the_columns_are_called(tmp_path: Path) -> None:
    keep(tmp_path, "one", user_id=[7, 8], things_in_order=[[30, 10], [20]], my_val_user=[True, None])
    keep(tmp_path, "looks", item=[10, 20], attributes=[[1], [2, 3]])

    found = read_folder(tmp_path, needs_time=False)
    assert rows_of(found.histories) == [[2, 0], [1]]
    assert found.marked is not None
    assert found.marked.tolist() == [True, False]


def test_single_deeds_are_put_in_order_and_what_two_files_tell_counts_once(tmp_path: Path) -> None:
    keep(tmp_path, "a", CustomerID=[2, 1, 1, None], StockCode=["x", "b", "a", "x"], InvoiceDate=[5, 9, 3, 1], Quantity=[1] * 4)
    keep(tmp_path, "b", **{"Customer ID": [1, 1], "StockCode": ["b", "c"], "InvoiceDate": [9, 9], "Quantity": [1, -1]})

    found = read_folder(tmp_path, needs_time=True)
    assert rows_of(found.histories) == [[0, 1], [2]]
    assert found.histories.at is not None
    assert found.histories.at.tolist() == [3_000_000, 9_000_000, 5_000_000]


def test_the_lines_of_an_order_are_in_no_order(tmp_path: Path) -> None:
    people, lines = np.repeat(np.arange(50), 20), np.tile(np.arange(20), 50)
    keep(tmp_path, "lines", customer_id=people, product_id=lines, order_date=people + 1_000_000)

    rows = rows_of(read_folder(tmp_path, needs_time=True).histories)
    assert rows == rows_of(read_folder(tmp_path, needs_time=True).histories)
    steps = [after - before for row in rows for before, after in pairwise(row)]
    assert len({tuple(row) for row in rows}) == 50
    assert np.mean(np.array(steps) == 1) < 0.1


def test_a_file_called_test_is_tested_on_click_by_click(tmp_path: Path) -> None:
    keep(tmp_path, "visits_train", SessionId=[1, 1, 2, 2], ItemId=[5, 6, 6, 7], Time=[1.0, 2.0, 3.0, 4.0])
    keep(tmp_path, "visits_test", SessionId=[9, 9, 9], ItemId=[5, 6, 7], Time=[5.0, 6.0, 7.5])

    split = leave_last_out(read_folder(tmp_path, needs_time=False))
    assert rows_of(split.train) == [[0, 1], [1, 2]]
    assert rows_of(split.given) == [[0], [0, 1]]
    assert rows_of(split.targets) == [[1], [2]]
    assert split.clusters is not None
    assert len(set(split.clusters.tolist())) == 1


def test_published_cases_and_baskets_are_understood(tmp_path: Path) -> None:
    keep(tmp_path, "visits", session=[0, 1], items=[[1, 2], [2, 3]])
    keep(tmp_path, "asked", prefix=[[1], [2, 1]], target=[2, 3])
    (tmp_path / "baskets").mkdir()
    keep(tmp_path / "baskets", "any", items=[[1, 2], [3]])

    assert rows_of(leave_last_out(read_folder(tmp_path, needs_time=False)).given) == [[0], [1, 0]]
    assert not read_folder(tmp_path / "baskets", needs_time=False).is_ordered


def test_a_folder_that_says_nothing_of_who_had_what_is_refused_with_what_was_found(tmp_path: Path) -> None:
    keep(tmp_path, "colours", item=[1], colour=["red"])

    with pytest.raises(SettingsError, match=r"colours\.parquet"):
        read_folder(tmp_path, needs_time=False)
    with pytest.raises(SettingsError, match="no Parquet file"):
        read_folder(tmp_path / "nothing", needs_time=False)
