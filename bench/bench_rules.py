"""Association rules of the FIMI retail baskets at .5 % support: seconds and memory, ours beside mlxtend, the same baskets.

Prints one JSON line. Ours counts all pairs in 5 orders and more (`least` 441, the peers' .5 %, stands beside) and judges them:
confidence with its interval, lift, p, q. mlxtend counts pairs (`max_len=2`) of .5 % and gives confidence and lift. The pair
counts of both must be equal. Each side is a process of its own; `seconds` is wall time from baskets in its own form (arrays;
a sparse table of flags) to rules, the best of `--rounds`; `encode_s`, the peers' way into that table, is not in it. `extra_mb`
is by how much the first round raised the peak memory. Needs LIFELOOP_DATA or ../shared/data.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq

DATA = Path(os.environ.get("LIFELOOP_DATA", Path(__file__).parents[2] / "shared" / "data"))
SUPPORT = 0.005
SIDES = ("ours", "ours_at_support", "apriori", "fpgrowth")


def baskets() -> tuple[np.ndarray, np.ndarray]:
    """Return the starts and items of the baskets."""
    rows = pq.read_table(DATA / "baskets_fimi_retail" / "retail.parquet").column("items").combine_chunks()
    return rows.offsets.to_numpy().astype(np.int64), rows.values.to_numpy().astype(np.int32)


def ours(folder: Path, rounds: int, least: int | None) -> dict[str, Any]:
    from lifeloop.recommend.histories import Histories
    from lifeloop.recommend.together import Together, TogetherConfig

    starts, items = baskets()
    given = Histories(starts, items, int(items.max()) + 1)
    config = TogetherConfig() if least is None else TogetherConfig(least=least)

    def once() -> tuple[Any, int]:
        together = Together.fit(given, config)
        return together, len(together.found)

    Together.fit(Histories.of([[0, 1]] * 5, products=2)).found  # noqa: B018 - compiled code is loaded
    measured, (together, rules) = best_of(rounds, once)
    pairs = together.counts.pairs
    np.savez(folder / f"ours{least or ''}.npz", first=pairs.first, second=pairs.second, orders=pairs.orders)
    return measured | {"pairs": len(pairs), "rules": rules}


def mlxtend(folder: Path, rounds: int, name: str) -> dict[str, Any]:
    warnings.simplefilter("ignore")
    import pandas as pd
    from mlxtend import frequent_patterns
    from scipy.sparse import csr_matrix

    starts, items = baskets()
    begun = time.perf_counter()
    flags = csr_matrix((np.ones(len(items), bool), items, starts))
    table = pd.DataFrame.sparse.from_spmatrix(flags)
    table.columns = [str(column) for column in table.columns]
    encoded = time.perf_counter() - begun

    def once() -> tuple[Any, int]:
        sets = getattr(frequent_patterns, name)(table, min_support=SUPPORT, max_len=2)
        return sets, len(frequent_patterns.association_rules(sets, metric="lift", min_threshold=1.0))

    measured, (sets, rules) = best_of(rounds, once)
    whole = [(sorted(pair), support) for pair, support in zip(sets["itemsets"], sets["support"], strict=True) if len(pair) == 2]
    first, second = (np.array([pair[side] for pair, _ in whole], np.int32) for side in (0, 1))
    orders = np.rint(np.array([support for _, support in whole]) * (len(starts) - 1)).astype(np.int32)
    np.savez(folder / f"{name}.npz", first=first, second=second, orders=orders)
    return measured | {"encode_s": round(encoded, 2), "pairs": len(whole), "rules": rules}


def best_of(rounds: int, once: Callable[[], Any]) -> tuple[dict[str, float], Any]:
    """Return the least wall and CPU seconds of some rounds, what the first added to the peak memory, and the result."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    walls, cpus, extra, found = [], [], 0, None
    for number in range(rounds):
        wall, cpu = time.perf_counter(), time.process_time()
        found = once()
        walls.append(time.perf_counter() - wall)
        cpus.append(time.process_time() - cpu)
        if number == 0:
            extra = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    return {"seconds": round(min(walls), 4), "cpu_s": round(min(cpus), 4), "extra_mb": round(extra / 1024, 1)}, found


def in_own_process(side: str, folder: Path, rounds: int) -> dict[str, Any]:
    words = [sys.executable, __file__, "--child", side, str(folder), "--rounds", str(rounds)]
    return dict(json.loads(subprocess.run(words, check=True, stdout=subprocess.PIPE, text=True).stdout))


def same_counts(folder: Path, least: int) -> bool:
    """Return whether both peers and ours tell the same pairs at the support, in as many orders each."""

    def read(name: str) -> set[tuple[int, int, int]]:
        pairs = np.load(folder / f"{name}.npz")
        often = pairs["orders"] >= least
        first, second = np.minimum(pairs["first"], pairs["second"]), np.maximum(pairs["first"], pairs["second"])
        return set(zip(first[often].tolist(), second[often].tolist(), pairs["orders"][often].tolist(), strict=True))

    return read("ours") == read(f"ours{least}") == read("apriori") == read("fpgrowth")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--child", nargs=2, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    least = int(np.ceil(SUPPORT * (len(baskets()[0]) - 1)))
    if asked.child:
        side, folder = asked.child[0], Path(asked.child[1])
        mine = {"ours": None, "ours_at_support": least}
        found = ours(folder, asked.rounds, mine[side]) if side in mine else mlxtend(folder, asked.rounds, side)
        print(json.dumps(found))
        return
    with tempfile.TemporaryDirectory() as folder:
        sides = {side: in_own_process(side, Path(folder), asked.rounds) for side in SIDES}
        equal = same_counts(Path(folder), least)
    faster = min(sides["apriori"]["seconds"], sides["fpgrowth"]["seconds"])
    print(
        json.dumps(
            {
                "name": "association_rules",
                "ours": sides["ours"],
                "ours_at_support": sides["ours_at_support"],
                "peer": {name: sides[name] for name in ("apriori", "fpgrowth")},
                "peer_name": "mlxtend",
                "ratio": round(faster / sides["ours"]["seconds"], 1),
                "ratio_at_support": round(faster / sides["ours_at_support"]["seconds"], 1),
                "counts_equal": equal,
                "goal": {"ratio": 10, "counts_equal": True},
                "sizes": {"baskets": len(baskets()[0]) - 1, "lines": len(baskets()[1]), "least": least},
            }
        )
    )
    sys.exit(0 if equal else 1)


if __name__ == "__main__":
    main()
