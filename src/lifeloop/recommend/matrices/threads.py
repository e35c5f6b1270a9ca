"""Work on chunks in threads: the kernels let go of the interpreter's lock."""

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


def in_chunks(work: Callable[[int, int], None], count: int, threads: int | None = None, *, most: int | None = None) -> None:
    """Call `work(first, last)` for chunks of `count` things, in as many threads (None: one per core).

    `most` is the largest chunk; unset, each thread gets `CHUNKS_PER_THREAD`, so that all end at about the same time.
    """
    workers = threads or cores()
    chunks = workers * CHUNKS_PER_THREAD if most is None else max(workers, -(-count // most))
    edges = np.linspace(0, count, min(count, chunks) + 1).astype(int).tolist()
    pairs = list(pairwise(edges))
    if workers == 1 or len(pairs) <= 1:
        for first, last in pairs:
            work(first, last)
        return
    with ThreadPoolExecutor(workers) as pool:
        for done in [pool.submit(work, first, last) for first, last in pairs]:
            done.result()
