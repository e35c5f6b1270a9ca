"""What a piece of work costs: CPU seconds of all threads, and memory at its peak beyond what was held before."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")

_STATUS = Path("/proc/self/status")
_CLEAR = Path("/proc/self/clear_refs")
_RESET_PEAK = "5"
"""What tells Linux to begin anew with the highest memory of a process."""


def cpu_seconds(work: Callable[[], T]) -> tuple[T, float]:
    """Return what `work` returns, and the CPU seconds it took."""
    began = time.process_time()
    found = work()
    return found, time.process_time() - began


def peak_mb(work: Callable[[], T]) -> tuple[T, float | None]:
    """Return what `work` returns, and the most memory it held, in MB; None where the system does not tell (only Linux does)."""
    try:
        _CLEAR.write_text(_RESET_PEAK)
        before = _kilobytes("VmRSS")
    except OSError:
        return work(), None
    found = work()
    return found, max(_kilobytes("VmHWM") - before, 0) * 1024 / 1e6


def _kilobytes(name: str) -> int:
    line = next(line for line in _STATUS.read_text().splitlines() if line.startswith(f"{name}:"))
    return int(line.split()[1])
