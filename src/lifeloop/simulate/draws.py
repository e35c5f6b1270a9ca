"""Randomness that belongs to someone: a draw depends on the seed, its purpose, the day and the person, and on nobody else.

So a shop in which ann gets a message and one in which she does not differ in what the message did to ann and in nothing else,
and the truth about the message is a difference of two worlds that share every other draw.

Source  whole populations: Philox (Salmon et al., 2011) as NumPy's `Generator`; single people: the finaliser of SplitMix64
        (Steele, Lea & Flood, 2014) over a key, which needs no state.
"""

from __future__ import annotations

import hashlib
import zlib
from typing import Any, TypeAlias

import numpy as np
from scipy.special import ndtri

Floats: TypeAlias = np.ndarray[tuple[int], np.dtype[np.float64]]
Floats32: TypeAlias = np.ndarray[tuple[int], np.dtype[np.float32]]
Ints: TypeAlias = np.ndarray[tuple[int], np.dtype[np.int64]]
Keys: TypeAlias = np.ndarray[tuple[int], np.dtype[np.uint64]]
Mask: TypeAlias = np.ndarray[tuple[int], np.dtype[np.bool_]]

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_STRIDE = np.uint64(0xD1B54A32D192ED03)
_FIRST, _SECOND = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_WORD = (1 << 64) - 1


def mixed(keys: Keys) -> Keys:
    """Return 64 well-mixed bits per key; different keys give different bits. A new array; about 10 ns a key."""
    bits = keys ^ (keys >> np.uint64(30))
    bits *= _FIRST
    bits ^= bits >> np.uint64(27)
    bits *= _SECOND
    bits ^= bits >> np.uint64(31)
    return bits


class Draws:
    """All draws of one world."""

    def __init__(self, seed: int) -> None:
        self.seed = seed

    def stream(self, purpose: str, day: int = 0) -> np.random.Generator:
        """Return the generator of one purpose on one day, for draws that a whole population takes in its order."""
        return np.random.Generator(np.random.Philox(key=self.seed << 32 | zlib.crc32(purpose.encode()), counter=[0, 0, 0, day]))

    def bits(self, purpose: str, who: Any, day: int = 0, k: Any = 0) -> Keys:
        """Return 64 bits for each of `who` (ints), the k-th of a purpose on a day; `k` is an int or an array like `who`."""
        return mixed(_addresses(who, k, self._secrets("draw", purpose, day)[0]))

    def ids(self, purpose: str, who: Any, day: int = 0, k: Any = 0) -> Keys:
        """Return 64 bits for each of `who`, addressed like `bits`, that may leave the shop as names.

        One mixing can be undone by anybody, and then neighbours lie a known step apart: one id with its owner would give away
        the owners of all others. So names are mixed twice, with secrets of seed, purpose and day before, between and after
        (the scheme of Even & Mansour, 1997, with two rounds): what is seen can neither be undone nor compared from outside.
        That keeps names from carrying the truth into models and statistics; it is no cryptography, and whoever knows the seed
        knows everything anyhow. An id takes 5 to 10 ns, a keyed BLAKE2b of each would take 540.
        """
        before, between, after = self._secrets("name", purpose, day)
        return mixed(mixed(_addresses(who, k, before)) + np.uint64(between)) ^ np.uint64(after)

    def _secrets(self, use: str, purpose: str, day: int) -> tuple[int, int, int]:
        """Return three words of 64 bits that only the seed gives away."""
        digest = hashlib.blake2b(f"{self.seed}|{use}|{purpose}|{day}".encode(), digest_size=24).digest()
        return int.from_bytes(digest[:8]), int.from_bytes(digest[8:16]), int.from_bytes(digest[16:])

    def uniform(self, purpose: str, who: Any, day: int = 0, k: Any = 0) -> Floats:
        """Return numbers in (0, 1), addressed like `bits`."""
        return ((self.bits(purpose, who, day, k) >> np.uint64(12)).astype(np.float64) + 0.5) * 2.0**-52

    def normal(self, purpose: str, who: Any, day: int = 0, k: Any = 0) -> Floats:
        """Return standard normal numbers, addressed like `bits`."""
        values: Floats = ndtri(self.uniform(purpose, who, day, k))
        return values

    def chance(self, purpose: str, who: Any, share: Any, day: int = 0, k: Any = 0) -> Mask:
        """Return for each of `who` whether something of probability `share` (a number or an array) happens."""
        return np.asarray(self.uniform(purpose, who, day, k) < share)

    def count(self, purpose: str, who: Any, mean: Any, day: int = 0, k: Any = 0) -> Ints:
        """Return geometric counts 0, 1, 2, ... with this mean (a number or an array; 0 gives 0)."""
        odds = np.asarray(mean, np.float64)
        ratio = np.maximum(odds / (1 + odds), 1e-300)
        return np.floor(np.log(self.uniform(purpose, who, day, k)) / np.log(ratio)).astype(np.int64)


def _addresses(who: Any, k: Any, start: int) -> Keys:
    """Return one number for each of `who` and `k`, counted in steps from `start`."""
    keys = np.atleast_1d(np.asarray(who)).astype(np.uint64) * _GOLDEN
    if isinstance(k, int):
        keys += np.uint64((start + k * int(_STRIDE)) & _WORD)
    else:
        keys += np.asarray(k).astype(np.uint64) * _STRIDE + np.uint64(start)
    return keys


def pick(cumulative: Floats, uniform: Floats) -> Ints:
    """Return which of the weights whose running sum is `cumulative` each uniform number falls into."""
    found: Ints = np.searchsorted(cumulative, uniform * cumulative[-1], side="right").astype(np.int64)
    return np.minimum(found, cumulative.size - 1)


def hexadecimal(bits: Keys) -> Any:
    """Return each key as 16 hex digits, a NumPy array of `S16`."""
    digits = _HEX[np.ascontiguousarray(bits, ">u8").view(np.uint8)]
    return digits.view("S16")


_HEX = np.frombuffer("".join(f"{byte:02x}" for byte in range(256)).encode(), dtype="S2")
