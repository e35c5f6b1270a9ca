"""The recommenders ours is compared with: each does what its paper says, and all rank by the same rules."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import pytest

from lifeloop.base.errors import NotEnoughData, SettingsError
from lifeloop.recommend.histories import Histories
from lifeloop.recommend.peers import PEERS, SLOW, Peer
from lifeloop.recommend.peers.again import Again
from lifeloop.recommend.peers.factors import ImplicitAls, TruncatedSvd
from lifeloop.recommend.peers.neighbours import ItemKnn, UserKnn, strongest
from lifeloop.recommend.peers.peer import best, chunks, incidence
from lifeloop.recommend.peers.plain import DENSE_PRODUCTS, Markov, PlainEase, Popularity
from lifeloop.recommend.peers.sasrec import SequenceConfig, SequenceNetwork

FAST = [name for name in PEERS if name not in SLOW]


def shop(people: int = 60, seed: int = 0) -> Histories:
    """Two tastes, products 0 to 9 and 10 to 19, each had in rising order."""
    rng = np.random.default_rng(seed)
    rows = [np.sort(rng.choice(10, 6, replace=False)) + 10 * (number % 2) for number in range(people)]
    return Histories.of([row.tolist() for row in rows], products=20)


def fitted(peer: Peer, histories: Histories) -> Peer:
    peer.fit(histories)
    return peer


@pytest.mark.parametrize("name", FAST)
def test_every_peer_ranks_products_once_and_drops_what_was_seen(name: str) -> None:
    peer = fitted(PEERS[name](), shop())
    asked = Histories.of([[0, 1, 2], [15, 11]], products=20)

    lists = peer.top(asked, 30, drop_seen=True)
    assert lists.shape == (2, 30)
    for row, given in zip(lists, ({0, 1, 2}, {15, 11}), strict=True):
        told = row[row >= 0].tolist()
        assert len(set(told)) == len(told)
        assert not set(told) & given
        assert (row[len(told) :] == -1).all()


@pytest.mark.parametrize("name", sorted(set(FAST) - {"popularity", "again", "svd"}))
def test_every_personal_peer_tells_two_tastes_apart(name: str) -> None:
    peer = fitted(PEERS[name](), shop())

    lists = peer.top(Histories.of([[1, 2], [11, 12]], products=20), 3, drop_seen=True)
    assert (lists[0] < 10).all()
    assert (lists[1][lists[1] >= 0] >= 10).all()


@pytest.mark.parametrize("name", FAST)
def test_every_peer_says_the_same_whoever_else_asks(name: str) -> None:
    peer, asked = fitted(PEERS[name](), shop()), shop(8, seed=3)

    together = peer.top(asked, 5, drop_seen=True)
    alone = np.concatenate([peer.top(one, 5, drop_seen=True) for one in chunks(asked, 1)])
    assert (together == alone).mean() > 0.9  # equal scores may be told in another order by another order of adding


@pytest.mark.parametrize("name", FAST)
def test_every_peer_answers_somebody_without_a_history(name: str) -> None:
    peer = fitted(PEERS[name](), shop())

    assert peer.top(Histories.of([[]], products=20), 4, drop_seen=True).shape == (1, 4)


def test_popularity_counts_people_not_deeds() -> None:
    peer = fitted(Popularity(), Histories.of([[0, 0, 0], [1], [1, 2]], products=3))

    assert peer.top(Histories.of([[]], products=3), 3, drop_seen=False).tolist() == [[1, 0, 2]]


def test_a_chain_of_first_order_knows_the_latest_product_only() -> None:
    peer = fitted(Markov(), Histories.of([[0, 1], [0, 1], [0, 2], [1, 2]], products=4))

    lists = peer.top(Histories.of([[3, 0], [1], [2]], products=4), 3, drop_seen=True)
    assert lists.tolist() == [[1, 2, -1], [2, -1, -1], [-1, -1, -1]]


def test_what_one_had_often_and_lately_comes_again_before_what_is_popular() -> None:
    peer = fitted(Again(), Histories.of([[3], [3], [0]], products=4))

    assert peer.top(Histories.of([[2, 1, 1, 0]], products=4), 4, drop_seen=False).tolist() == [[1, 0, 2, 3]]
    assert peer.top(Histories.of([[1]], products=4), 4, drop_seen=True).tolist() == [[3, 0, 2, -1]]


def test_ease_is_the_closed_form_of_its_paper() -> None:
    peer = PlainEase(ridge=2.0)
    histories = shop()
    peer.fit(histories)
    had = incidence(histories).toarray().astype(float)

    left = had.T @ had + 2.0 * np.eye(20)
    for column in range(20):  # one ridge regression for each product, its own weight held at nothing
        others = [row for row in range(20) if row != column]
        solved = np.linalg.solve(left[np.ix_(others, others)], (had.T @ had)[others, column])
        assert peer._matrix[others, column] == pytest.approx(solved, abs=1e-5)
        assert peer._matrix[column, column] == 0


def test_ease_is_not_tried_where_its_matrix_would_not_fit() -> None:
    with pytest.raises(NotEnoughData, match="GB"):
        PlainEase().fit(Histories.of([[0]], products=DENSE_PRODUCTS + 1))


def test_item_neighbours_are_those_of_the_cosine() -> None:
    histories = shop()
    peer = ItemKnn(neighbours=4)
    peer.fit(histories)
    had = incidence(histories).toarray()
    unit = had / np.linalg.norm(had, axis=0)
    cosine = unit.T @ unit
    np.fill_diagonal(cosine, 0)

    assert peer._near is not None
    near = peer._near.toarray()
    assert (np.count_nonzero(near, axis=1) == 4).all()
    assert near[near > 0] == pytest.approx(cosine[near > 0], abs=1e-5)
    assert near.min(axis=1, where=near > 0, initial=9) == pytest.approx(np.sort(cosine, axis=1)[:, -4], abs=1e-5)


def test_user_neighbours_are_the_most_alike_few() -> None:
    peer = fitted(UserKnn(neighbours=1), Histories.of([[0, 1, 2], [0, 3], [4]], products=5))

    assert peer.top(Histories.of([[0, 1]], products=5), 3, drop_seen=True).tolist() == [[2, -1, -1]]


def test_the_strongest_singular_vectors_tell_two_tastes_apart() -> None:
    peer = fitted(TruncatedSvd(factors=2), shop())

    lists = peer.top(Histories.of([[1, 2], [11, 12]], products=20), 3, drop_seen=True)
    assert (lists[0] < 10).all()
    assert (lists[1] >= 10).all()


def test_all_singular_vectors_give_back_the_histories() -> None:
    histories = shop()
    peer = TruncatedSvd(factors=19)
    peer.fit(histories)

    pressed = incidence(histories) @ peer._vectors @ peer._vectors.T
    assert pressed == pytest.approx(incidence(histories).toarray(), abs=0.35)  # all but the weakest direction


def test_the_strongest_of_each_row_are_kept() -> None:
    matrix = incidence(Histories.of([[0, 1, 2], [3]], products=4))
    matrix.data[:] = [1, 3, 2, 5]

    assert strongest(matrix, 2).toarray().tolist() == [[0, 3, 2, 0], [0, 0, 0, 5]]


def test_the_best_are_told_in_order_and_what_is_ruled_out_is_not() -> None:
    scores = np.array([[0.5, -np.inf, 0.7, 0.5]], np.float32)

    assert best(scores, 3).tolist() == [[2, 0, 3]]
    assert best(scores, 6).tolist() == [[2, 0, 3, -1, -1, -1]]
    assert best(np.zeros((1, 0), np.float32), 2).tolist() == [[-1, -1]]


@pytest.mark.parametrize(
    ("peer", "module", "extra"), [(ImplicitAls(), "implicit.als", "peers"), (SequenceNetwork(), "torch", "deep")]
)
def test_a_missing_library_is_told_with_its_extra(peer: Any, module: str, extra: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, module, None)

    with pytest.raises(SettingsError, match=rf"lifeloop\[{extra}\]"):
        peer.fit(shop())


@pytest.mark.deep
def test_a_sequence_network_learns_what_comes_next() -> None:
    rows = [[(start + step) % 12 for step in range(6)] for start in range(12)] * 10
    peer = SequenceNetwork(
        SequenceConfig(length=8, width=16, blocks=1, heads=1, dropout=0.0, epochs=30, rate=1e-2, negatives=8)
    )
    peer.fit(Histories.of(rows, products=12))

    lists = peer.top(Histories.of([[3, 4, 5], [10, 11], []], products=12), 1, drop_seen=True)
    assert lists[:2].tolist() == [[6], [0]]
    assert 0 < peer.best_epoch <= peer.epochs <= 30


@pytest.mark.deep
def test_a_sequence_network_is_the_same_for_the_same_seed() -> None:
    lists = []
    for _ in range(2):
        peer = SequenceNetwork(SequenceConfig(length=6, width=8, blocks=1, heads=1, epochs=2, negatives=8))
        peer.fit(shop())
        lists.append(peer.top(shop(8, seed=3), 5, drop_seen=True))
    assert (lists[0] == lists[1]).all()
