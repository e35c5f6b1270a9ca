"""Churn for 100,000 customers: features, scores, intervals and reasons, from the lake's files to the rows of the score table.

Prints one JSON line. The peer does what one writes without lifeloop: features with pandas, 200 LightGBM trees of 15
leaves, `pred_contrib` for exact contributions, the four strongest by name (no sentences, no intervals). Training is
reported beside (`fit_s`), not in `seconds`. Each side is a process of its own, on the same files.
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
from datetime import timedelta
from pathlib import Path

import numpy as np

from bench_snapshot import AS_OF, LINES_PER_CUSTOMER, generate
from lifeloop.features import FEATURES, take_labels, take_snapshot
from lifeloop.lake import DuckEngine, Lake
from lifeloop.schema import ORDER, ORDER_LINE, REFUND

HORIZON_DAYS = 30
ORIGINS = [AS_OF - timedelta(days=HORIZON_DAYS + 14 * number) for number in (4, 3, 2, 1, 0)]
CORES = os.cpu_count() or 1


def ours(folder: Path) -> dict[str, float]:
    """Learn from five past snapshots; then, timed: snapshot, BG/NBD, scores, reasons."""
    from lifeloop.predict.examples import Example
    from lifeloop.predict.models.churn import ChurnConfig, fit

    engine = DuckEngine(Lake(folder))
    rng = np.random.default_rng(0)
    training = []
    for origin in ORIGINS:
        example = Example.of(take_snapshot(engine, origin), take_labels(engine, origin, HORIZON_DAYS), HORIZON_DAYS)
        training.append(example.take(np.sort(rng.choice(example.rows, min(10_000, example.rows), replace=False))))
    begun = time.perf_counter()
    churn = fit(training, ChurnConfig(currency="EUR", threads=CORES))
    fitted = time.perf_counter() - begun
    begun, busy = time.perf_counter(), time.process_time()
    snapshot = take_snapshot(engine, AS_OF)
    taken = time.perf_counter() - begun
    scores = churn.score(snapshot)
    reasons = scores.column("reasons").to_pylist()
    assert json.loads(reasons[0])
    return _measured(begun, busy) | {
        "fit_s": round(fitted, 2),
        "features_s": round(taken, 2),
        "customers": scores.num_rows,
        "features": len(FEATURES),
    }


def peer(folder: Path) -> dict[str, float]:
    """The same with pandas and plain LightGBM."""
    import lightgbm

    from peer_snapshot import pandas_snapshot

    lake = Lake(folder)
    files = lake.files(ORDER), lake.files(ORDER_LINE), lake.files(REFUND)
    before = pandas_snapshot(*files, ORIGINS[-1])
    labels = take_labels(DuckEngine(lake), ORIGINS[-1], HORIZON_DAYS).to_pandas().set_index("customer_id")
    begun = time.perf_counter()
    settings = {"objective": "binary", "learning_rate": 0.05, "num_leaves": 15, "num_threads": CORES, "verbosity": -1}
    truth = labels["churned"].reindex(before.index).to_numpy(dtype=float)
    columns = list(before.columns)
    rows = np.random.default_rng(0).choice(len(before), min(50_000, len(before)), replace=False)
    trees = lightgbm.train(settings, lightgbm.Dataset(before.to_numpy(dtype=float)[rows], truth[rows]), num_boost_round=200)
    fitted = time.perf_counter() - begun
    begun, busy = time.perf_counter(), time.process_time()
    now = pandas_snapshot(*files, AS_OF)
    taken = time.perf_counter() - begun
    values = now[columns].to_numpy(dtype=float)
    score = trees.predict(values)
    contributions = trees.predict(values, pred_contrib=True)[:, :-1]
    strongest = np.argsort(-np.abs(contributions), axis=1)[:, :4]
    told = [[columns[number] for number in row] for row in strongest.tolist()]
    assert len(told) == len(score)
    return _measured(begun, busy) | {
        "fit_s": round(fitted, 2),
        "features_s": round(taken, 2),
        "customers": len(now),
        "features": len(columns),
    }


def _measured(begun: float, busy: float) -> dict[str, float]:
    return {
        "seconds": round(time.perf_counter() - begun, 2),
        "cpu_s": round(time.process_time() - busy, 2),
        "peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
    }


def _process(what: str, folder: Path) -> dict[str, float]:
    """Run one side in a process of its own and return what it says."""
    command = [sys.executable, __file__, "--only", what, "--folder", str(folder)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    answer: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return answer


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=100_000)
    parser.add_argument("--folder", type=Path, help="Keep the lake here and use it again.")
    parser.add_argument("--only", choices=("ours", "peer"))
    asked = parser.parse_args()
    if asked.only:
        print(json.dumps((ours if asked.only == "ours" else peer)(asked.folder)))
        return
    with tempfile.TemporaryDirectory() as scratch:
        folder = (asked.folder or Path(scratch)) / f"lake-{asked.customers}"
        if not folder.exists():
            generate(folder, asked.customers * LINES_PER_CUSTOMER)
        mine, other = _process("ours", folder), _process("peer", folder)
    print(
        json.dumps(
            {
                "name": "churn",
                "ours": mine,
                "peer": other | {"what": "pandas features, 200 LightGBM trees, pred_contrib"},
                "ratio": round(other["seconds"] / mine["seconds"], 2),
                "memory_mb": {"ours": mine["peak_mb"], "peer": other["peak_mb"]},
                "sizes": {"customers": asked.customers, "lines": asked.customers * LINES_PER_CUSTOMER, "cores": CORES},
            }
        )
    )


if __name__ == "__main__":
    main()
