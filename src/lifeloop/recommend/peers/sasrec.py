"""Self-attention over the sequence of what somebody had, trained to tell the next product: the models ours is compared with.

Source  Kang & McAuley (2018), SASRec; softmax over the next product and shared uniform negatives in the place of its one
        negative (Klenitskiy & Vasilev, 2023)
Needs   PyTorch, the extra `deep`
Cost    per epoch some 6 * (network + negatives * width) operations for every deed
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from lifeloop.base.errors import SettingsError
from lifeloop.recommend.histories import Floats, Histories, Ints
from lifeloop.recommend.peers.peer import rank_in_chunks

Windows = npt.NDArray[np.int64]
"""(rows, length) products + 1, oldest first, filled up with 0 behind."""


@dataclass(frozen=True, kw_only=True)
class SequenceConfig:
    """How the network is made and trained."""

    length: int = 50
    """Latest products that are looked at."""
    width: int = 64
    blocks: int = 2
    heads: int = 2
    dropout: float = 0.3
    negatives: int = 512
    """Products drawn by chance, one draw for a batch."""
    batch: int = 128
    rate: float = 1e-3
    epochs: int = 200
    patience: int = 6
    """Epochs without a better NDCG@10 of those validated before it ends."""
    validated: int = 1000
    """Histories whose last product is held back to see when to end."""
    seconds: float = 3600.0
    """CPU seconds after which no further epoch begins."""
    seed: int = 0
    threads: int = 1


class SequenceNetwork:
    """A SASRec-style network; `epochs` says how many it was trained for, `best_epoch` which one was kept."""

    name = "sasrec"

    def __init__(self, config: SequenceConfig | None = None) -> None:
        self.config = config or SequenceConfig()
        self.epochs = 0
        self.best_epoch = 0
        self.validated_ndcg = 0.0
        self._network: Any = None

    def fit(self, histories: Histories) -> None:
        """Train until the validated NDCG@10 gets no better. Raises SettingsError without PyTorch."""
        torch = _torch()
        torch.set_num_threads(self.config.threads)
        torch.manual_seed(self.config.seed)
        rng = np.random.default_rng(self.config.seed)
        lists = [histories.one(number) for number in range(len(histories)) if len(histories.one(number)) > 1]
        held = set(
            rng.permutation(np.array([n for n, one in enumerate(lists) if len(one) > 2]))[: self.config.validated].tolist()
        )
        training = [one[:-1] if number in held else one for number, one in enumerate(lists)]
        judged = [lists[number] for number in sorted(held)]
        self._network = _network(self.config, histories.products)
        optimizer = torch.optim.Adam(self._network.parameters(), lr=self.config.rate, betas=(0.9, 0.98))
        kept, began = None, time.process_time()
        while self.epochs < self.config.epochs and self.epochs - self.best_epoch < self.config.patience:
            if time.process_time() - began > self.config.seconds:
                break
            self._epoch(training, optimizer, rng, histories.products)
            self.epochs += 1
            reached = self._validate(judged, histories.products)
            if reached > self.validated_ndcg or kept is None:
                self.validated_ndcg, self.best_epoch = reached, self.epochs
                kept = {name: value.detach().clone() for name, value in self._network.state_dict().items()}
        if kept is not None:
            self._network.load_state_dict(kept)
        self._network.eval()

    def top(self, histories: Histories, k: int, *, drop_seen: bool) -> Ints:
        """Rank all products by the network's score at the end of each history."""
        return rank_in_chunks(histories, k, self._scores, drop_seen=drop_seen)

    def _epoch(self, lists: list[Ints], optimizer: Any, rng: np.random.Generator, products: int) -> None:
        torch = _torch()
        self._network.train()
        for rows in _batches(lists, self.config.batch, rng):
            window = torch.from_numpy(windows(rows, self.config.length + 1))
            given, wanted = window[:, :-1], window[:, 1:]
            there = wanted > 0
            state, positive = self._network(given)[there], wanted[there]
            drawn = torch.from_numpy(rng.integers(1, products + 1, self.config.negatives))
            table = self._network.products.weight
            right = (state * table[positive]).sum(-1, keepdim=True)
            wrong = (state @ table[drawn].T).masked_fill(positive[:, None] == drawn[None, :], -1e9)
            loss = torch.nn.functional.cross_entropy(
                torch.cat([right, wrong], 1), torch.zeros(len(positive), dtype=torch.long), label_smoothing=0.0
            )
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()

    def _validate(self, judged: list[Ints], products: int) -> float:
        """Return the mean NDCG@10 of the last product of each, seen products removed."""
        if not judged:
            return 0.0
        given = Histories.of([one[:-1].tolist() for one in judged], products=products)
        ranked = self.top(given, 10, drop_seen=True)
        wanted = np.array([one[-1] for one in judged])[:, None]
        return float(((ranked == wanted) / np.log2(np.arange(2, 12))).sum(1).mean())

    def _scores(self, part: Histories) -> Floats:
        torch = _torch()
        self._network.eval()
        rows = [part.one(number) for number in range(len(part))]
        found = np.zeros((len(part), part.products), np.float32)
        some = np.flatnonzero(np.diff(part.starts) > 0)
        with torch.no_grad():
            for first in range(0, len(some), 512):
                numbers = some[first : first + 512]
                window = torch.from_numpy(windows([rows[number] for number in numbers], self.config.length))
                ends = (window > 0).sum(1) - 1
                state = self._network(window)[torch.arange(len(numbers)), ends]
                found[numbers] = (state @ self._network.products.weight[1:].T).numpy()
        return found


def windows(rows: list[Ints], length: int) -> Windows:
    """Return the latest `length` products of each, as wide as the longest needs.

    >>> windows([np.array([3, 1, 2]), np.array([5])], 2).tolist()
    [[2, 3], [6, 0]]
    """
    wide = min(length, max(len(row) for row in rows))
    found = np.zeros((len(rows), max(wide, 1)), np.int64)
    for number, row in enumerate(rows):
        latest = row[-wide:]
        found[number, : len(latest)] = latest + 1
    return found


def _batches(lists: list[Ints], size: int, rng: np.random.Generator) -> list[list[Ints]]:
    """Return batches of like length in random order: padding would cost most of the time."""
    order = rng.permutation(len(lists))
    runs = [order[first : first + 50 * size] for first in range(0, len(order), 50 * size)]
    alike = np.concatenate([run[np.argsort([len(lists[number]) for number in run], kind="stable")] for run in runs])
    cut = [alike[first : first + size] for first in range(0, len(alike), size)]
    return [[lists[number] for number in cut[place]] for place in rng.permutation(len(cut))]


def _torch() -> Any:
    """Return PyTorch. Raises SettingsError where it is not installed."""
    try:
        import torch
    except ModuleNotFoundError as error:
        raise SettingsError(
            "cannot train the model 'sasrec'", "PyTorch is not installed", "Install it with: pip install 'lifeloop[deep]'"
        ) from error
    return torch


def _network(config: SequenceConfig, products: int) -> Any:
    torch = _torch()

    class Network(torch.nn.Module):  # type: ignore[name-defined,misc,unused-ignore] # PyTorch is not always there
        """Embeddings and causal self-attention; (rows, length) -> (rows, length, width)."""

        def __init__(self) -> None:
            super().__init__()
            self.products = torch.nn.Embedding(products + 1, config.width, padding_idx=0)
            self.positions = torch.nn.Embedding(config.length, config.width)
            torch.nn.init.normal_(self.products.weight, std=config.width**-0.5)
            torch.nn.init.normal_(self.positions.weight, std=config.width**-0.5)
            self.dropout = torch.nn.Dropout(config.dropout)
            layer = torch.nn.TransformerEncoderLayer(
                config.width, config.heads, 2 * config.width, config.dropout, "gelu", batch_first=True, norm_first=True
            )
            self.layers = torch.nn.TransformerEncoder(layer, config.blocks, enable_nested_tensor=False)
            self.norm = torch.nn.LayerNorm(config.width)

        def forward(self, window: Any) -> Any:
            wide = window.shape[1]
            state = self.products(window) * config.width**0.5 + self.positions(torch.arange(wide))
            later = torch.triu(torch.ones(wide, wide, dtype=torch.bool), diagonal=1)
            return self.norm(self.layers(self.dropout(state), mask=later))

    return Network()
