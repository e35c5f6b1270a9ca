"""Recommenders to compare ours with, by name: ours and those of others behind one interface.

Needs   implicit for `ials`, the extra `peers`; PyTorch for `sasrec`, the extra `deep`
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from lifeloop.recommend.peers.again import Again
from lifeloop.recommend.peers.factors import ImplicitAls, TruncatedSvd
from lifeloop.recommend.peers.neighbours import ItemKnn, UserKnn
from lifeloop.recommend.peers.ours import next_of_ours, taste_of_ours, visit_of_ours
from lifeloop.recommend.peers.peer import Peer
from lifeloop.recommend.peers.plain import Markov, PlainEase, Popularity
from lifeloop.recommend.peers.sasrec import SequenceNetwork

PEERS: Mapping[str, Callable[[], Peer]] = {
    "lifeloop": next_of_ours,
    "lifeloop_visit": visit_of_ours,
    "lifeloop_taste": taste_of_ours,
    "popularity": Popularity,
    "again": Again,
    "markov": Markov,
    "item_knn": ItemKnn,
    "user_knn": UserKnn,
    "svd": TruncatedSvd,
    "ials": ImplicitAls,
    "ease": PlainEase,
    "sasrec": SequenceNetwork,
}
"""Name -> what makes one."""

SLOW = frozenset({"sasrec"})
"""Compared only where they are named: they take minutes or hours."""

__all__ = ["PEERS", "SLOW", "Peer"]
