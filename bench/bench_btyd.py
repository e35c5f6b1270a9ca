"""BG/NBD fit of simulated customers at 100,000 and 1,000,000: CPU seconds and memory, ours beside lifetimes, same rows.

Prints one JSON line. `--customers` sets the sizes. Customers follow the parameters published for CDNOW, watched for 189
to 273 whole days. Each fit runs in a process of its own that loaded the rows before: `cpu_s` is the process time of that
one first fit, all threads together; `extra_mb` is by how much it raised the peak resident memory.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path

import numpy as np

R, ALPHA, A, B = 0.24259, 4.41353, 0.79289, 2.42575


def simulate(customers: int, path: Path) -> None:
    """Write x, t_x and T (weeks) of customers who live by the book."""
    rng = np.random.default_rng(0)
    rate, drop = rng.gamma(R, 1 / ALPHA, customers), rng.beta(A, B, customers)
    days = rng.integers(189, 274, customers).astype(np.float64)
    x, last, now = np.zeros(customers), np.zeros(customers), rng.exponential(1.0, customers) * 7 / np.maximum(rate, 1e-12)
    here = np.flatnonzero(now < days)
    while here.size:
        x[here] += 1
        last[here] = np.minimum(np.ceil(now[here]), days[here])
        here = here[rng.random(here.size) >= drop[here]]
        now[here] += rng.exponential(1.0, here.size) * 7 / rate[here]
        here = here[now[here] < days[here]]
    np.save(path, np.stack([x, last / 7, days / 7]))


def ours(x: np.ndarray, t_x: np.ndarray, T: np.ndarray) -> dict[str, float]:
    fit = fit_bg_nbd(x, t_x, T)
    return {"r": fit.r, "alpha": fit.alpha, "a": fit.a, "b": fit.b, "log_likelihood": fit.log_likelihood}


def lifetimes(x: np.ndarray, t_x: np.ndarray, T: np.ndarray) -> dict[str, float]:
    fit = BetaGeoFitter().fit(x, t_x, T)
    return {name: float(value) for name, value in fit.params_.items()}


def measure(who: str, rows: Path) -> dict[str, float]:
    """Return what one fit cost in this process."""
    warnings.simplefilter("ignore")
    x, t_x, T = np.load(rows)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    wall, cpu = time.perf_counter(), time.process_time()
    found = {"ours": ours, "lifetimes": lifetimes}[who](x, t_x, T)
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    extra = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    return {"cpu_s": round(cpu, 4), "wall_s": round(wall, 4), "extra_mb": round(extra / 1024, 1)} | {
        name: float(f"{value:.8g}") for name, value in found.items()
    }


def in_own_process(who: str, rows: Path) -> dict[str, float]:
    """Run one child; this process must stay small, as a child's peak memory begins at that of who started it."""
    done = subprocess.run([sys.executable, __file__, "--child", who, str(rows)], check=True, capture_output=True, text=True)
    return dict(json.loads(done.stdout))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, nargs="+", default=[100_000, 1_000_000])
    parser.add_argument("--child", nargs=2, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.child and asked.child[0] == "simulate":
        simulate(int(Path(asked.child[1]).stem), Path(asked.child[1]))
        print("{}")
        return
    if asked.child:
        print(json.dumps(measure(asked.child[0], Path(asked.child[1]))))
        return
    runs = []
    with tempfile.TemporaryDirectory() as folder:
        for customers in asked.customers:
            rows = Path(folder) / f"{customers}.npy"
            in_own_process("simulate", rows)
            mine, peer = in_own_process("ours", rows), in_own_process("lifetimes", rows)
            runs.append({"customers": customers, "ours": mine, "peer": peer, "ratio": round(peer["cpu_s"] / mine["cpu_s"], 1)})
    last = runs[-1]
    print(
        json.dumps(
            {
                "name": "btyd_fit",
                "ours": last["ours"],
                "peer": last["peer"],
                "peer_name": "lifetimes 0.11.3",
                "ratio": last["ratio"],
                "goal": {"cpu_s": 0.6, "ratio": 20},
                "sizes": {"customers": last["customers"]},
                "runs": runs,
            }
        )
    )


if __name__ == "__main__":
    if "ours" in sys.argv:
        from lifeloop.predict.btyd.bg_nbd import fit_bg_nbd
    elif "lifetimes" in sys.argv:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            from lifetimes import BetaGeoFitter
    main()
