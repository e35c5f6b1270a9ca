"""Work on chunks of users in threads: the kernels let go of the interpreter's lock."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import numpy as np

CHUNKS_PER_THREAD = 8


def cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def in_chunks(
    work: Callable[[int, int], None], count: int, threads: int | None = None, *, per_thread: int | None = None
) -> None:
    """Call `work(first, last)` for chunks of `count` things, `per_thread` for each of the threads (None: one per core)."""
    workers = threads or cores()
    chunks = min(count, workers * (per_thread or CHUNKS_PER_THREAD))
    edges = np.linspace(0, count, chunks + 1).astype(int).tolist()
    pairs = list(pairwise(edges))
    if workers == 1 or len(pairs) <= 1:
        for first, last in pairs:
            work(first, last)
        return
    with ThreadPoolExecutor(workers) as pool:
        for done in [pool.submit(work, first, last) for first, last in pairs]:
            done.result()
