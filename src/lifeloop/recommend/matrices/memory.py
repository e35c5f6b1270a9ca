"""What is dense, what is sparse: one rule, by the bytes that may be taken.

A dense matrix of n products takes 4 n^2 bytes, and its fit several times as much for a while; a sparse one 8 bytes for each
neighbour kept, its statistics 12 for each pair ever met. Dense is better and takes time as n^3: it is chosen while its fit
stays within the memory and n within `MOST_DENSE`.
"""

from __future__ import annotations

MOST_DENSE = 5_000
"""Products up to which a square system is solved: n^3 multiply-adds are 10^11 here, a few seconds of one core."""
NEIGHBOURS = 200
"""Columns kept of each row of a sparse matrix."""
TOGETHER_BYTES = 4 + 4 + 4 + 4
"""For each pair of products while taste is fitted: int32 counts, the system, its inverse and the matrix."""
FOLLOWING_BYTES = 8 + 8 + 8 + 4 + 4 + 4
"""For each pair while what follows is fitted: three int64 counts, the system, the right side and a transpose."""
PAIR_BYTES = 4 + 8 + 4
"""For each pair in sparse counts: column, int64 sum, and its value while neighbours are chosen."""


def fits_dense(products: int, bytes_per_pair: int, memory_mb: int) -> bool:
    """Return whether a matrix of all pairs and its fit stay within half of the memory: taste and following have one each."""
    return products <= MOST_DENSE and bytes_per_pair * products * products <= memory_mb * 500_000


def room_for_pairs(memory_mb: int) -> int:
    """Return how many pairs sparse counts may hold: half of the memory again."""
    return memory_mb * 500_000 // PAIR_BYTES
