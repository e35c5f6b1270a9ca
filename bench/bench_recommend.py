"""Recommendations for 1,000,000 customers: refit and the ten best for everybody, one request, and implicit's ALS beside it.

Prints one JSON line. Customers are made up: 20.4 deeds each on average (geometric), products wanted as rank^-0.6, 20 groups
of taste, 60 % of deeds within a customer's two groups. Each side is a process of its own on the same histories. `taste` is
EASE, `following` the closed form of what comes next, `served` the sum of both: what a known customer is answered with. One
request is `Blend.top` of one history, by which the night makes the lists of all. ALS runs as its makers set it but for 64
factors; with fewer than 15 iterations its time is carried on from those that ran, and `als_extrapolated` says so. Seconds
are of the wall; `cpu` are summed over threads, and what a busy machine leaves comparable.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

DEEDS_EACH = 20.42
GROUPS = 20
ALS_ITERATIONS = 15


def make(users: int, products: int, random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Return starts and items of histories without repeats."""
    wanted = (np.arange(products) + 1.0) ** -0.6
    group = random.integers(0, GROUPS, products)
    count = random.geometric(1 / (DEEDS_EACH * 1.176), users).clip(1, products // 3)
    user = np.repeat(np.arange(users, dtype=np.int32), count)
    liked = random.integers(0, GROUPS, (users, 2))[user, random.integers(0, 2, len(user))]
    liked[random.random(len(user)) >= 0.6] = -1
    items = np.empty(len(user), np.int32)
    for one in range(-1, GROUPS):
        members = np.flatnonzero(group == one) if one >= 0 else np.arange(products)
        chance = np.cumsum(wanted[members])
        at = np.flatnonzero(liked == one)
        items[at] = members[np.searchsorted(chance / chance[-1], random.random(len(at)))]
    first = np.sort(np.unique(user.astype(np.int64) * products + items, return_index=True)[1])
    return np.searchsorted(user[first], np.arange(users + 1)), items[first]


def timed(work: Callable[[], object]) -> tuple[object, dict[str, float]]:
    begun, busy = time.perf_counter(), time.process_time()
    done = work()
    return done, {"seconds": round(time.perf_counter() - begun, 3), "cpu": round(time.process_time() - busy, 3)}


def ours(folder: Path, threads: int) -> dict[str, object]:
    from lifeloop.recommend.histories import Histories
    from lifeloop.recommend.kernels import kernels
    from lifeloop.recommend.matrices import Blend, Following, FollowingConfig, next_blend, next_parts, taste_blend

    begun = time.perf_counter()
    kernels()
    told: dict[str, object] = {"load_kernels_s": round(time.perf_counter() - begun, 2)}
    items, starts = np.load(folder / "items.npy"), np.load(folder / "starts.npy")
    histories = Histories(starts, items, int(items.max()) + 1)

    def following(histories: Histories, *, threads: int) -> Blend:
        return Blend(next_parts(Following.fit(histories, FollowingConfig(threads=threads))))

    for name, fit in (("taste", taste_blend), ("following", following), ("served", next_blend)):
        blend, fit_time = timed(lambda fit=fit: fit(histories, threads=threads))
        _, top_time = timed(lambda blend=blend: blend.top(histories, 10, threads=threads))
        both = {key: round(fit_time[key] + top_time[key], 3) for key in fit_time}
        told[name] = {"refit": fit_time, "top_10": top_time, "both": both, "request_us": requests(blend, histories)}
    return told | {"peak_mb": peak_mb()}


def requests(blend: object, histories: object, count: int = 50_000) -> dict[str, float]:
    """Time single requests, each with a mask of what is allowed, after 1,000 that warm up."""
    from lifeloop.recommend.histories import Histories

    allowed = np.ones(histories.products, np.bool_)
    allowed[::17] = False
    taken = np.empty(count + 1_000)
    for number in range(len(taken)):
        own = histories.one(number % len(histories))
        begun = time.perf_counter_ns()
        blend.top(Histories(np.array([0, len(own)]), own, histories.products), 10, allowed=allowed, threads=1)
        taken[number] = (time.perf_counter_ns() - begun) / 1e3
    return {name: round(float(np.percentile(taken[1_000:], share)), 1) for name, share in (("p50", 50), ("p99", 99))}


def als(folder: Path, threads: int, iterations: int) -> dict[str, object]:
    import scipy.sparse as sp
    from implicit.als import AlternatingLeastSquares

    items, starts = np.load(folder / "items.npy"), np.load(folder / "starts.npy")
    had = sp.csr_matrix((np.ones(len(items), np.float32), items, starts))
    model = AlternatingLeastSquares(factors=64, iterations=iterations, num_threads=threads, random_state=0)
    _, fit_time = timed(lambda: model.fit(had, show_progress=False))
    users = np.arange(had.shape[0])
    _, top_time = timed(lambda: model.recommend(users, had, N=10, filter_already_liked_items=True))
    whole = {key: round(value * ALS_ITERATIONS / iterations, 1) for key, value in fit_time.items()}
    both = {key: round(whole[key] + top_time[key], 1) for key in whole}
    return {"refit": whole, "top_10": top_time, "both": both, "iterations": iterations, "peak_mb": peak_mb()}


def peak_mb() -> int:
    """Return the most this process held; `getrusage` would count what the one that started it held."""
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) // 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--users", type=int, default=1_000_000)
    parser.add_argument("--products", type=int, default=1_000)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--als-iterations", type=int, default=ALS_ITERATIONS, help="0 leaves the peer out")
    parser.add_argument("--side", choices=["ours", "als"])
    parser.add_argument("--folder", type=Path)
    asked = parser.parse_args()
    if asked.side:
        told = (
            ours(asked.folder, asked.threads)
            if asked.side == "ours"
            else als(asked.folder, asked.threads, asked.als_iterations)
        )
        print(json.dumps(told))
        return
    with tempfile.TemporaryDirectory() as folder:
        starts, items = make(asked.users, asked.products, np.random.default_rng(7))
        np.save(Path(folder) / "starts.npy", starts)
        np.save(Path(folder) / "items.npy", items)
        told = {"users": asked.users, "products": asked.products, "deeds": len(items), "threads": asked.threads}
        del starts, items
        told["lifeloop"] = side("ours", folder, asked)
        if asked.als_iterations:
            peer = side("als", folder, asked)
            told |= {"als": peer, "als_extrapolated": asked.als_iterations < ALS_ITERATIONS}
            for name in ("taste", "following", "served"):
                told[f"times_faster_{name}"] = {
                    key: round(peer["both"][key] / told["lifeloop"][name]["both"][key], 1) for key in ("seconds", "cpu")
                }
    print(json.dumps(told))


def side(name: str, folder: str, asked: argparse.Namespace) -> dict[str, dict[str, dict[str, float]]]:
    options = ["--threads", str(asked.threads), "--als-iterations", str(asked.als_iterations)]
    command = [sys.executable, __file__, "--side", name, "--folder", folder, *options]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()[-1])


if __name__ == "__main__":
    main()
