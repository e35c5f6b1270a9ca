"""Whether answers are so quick that the event loop works them out itself.

A thread that works beside the loop needs the interpreter as well, and waits for it after each of its many small calls of the
database: at 200 answers a second four threads kept up with 110 to 140, one with 200, and the loop itself with 200 in half the
time, while events were collected sooner, too (bench/bench_serve_recommendations.py). Answers that take longer, such as from a
very large catalogue, are worked out in threads, so that nobody waits for them.
"""

from __future__ import annotations

from dataclasses import dataclass

QUICK_SECONDS = 0.004
"""Of processor time, on average; the loop may be held up for as long."""
_MOST_SECONDS = 0.05
"""As much is noted of one answer: the first, which loads a model, shall not be remembered for long."""
_SHARE = 0.1


@dataclass
class Pace:
    """How long answers took lately; the first is not known to be quick.

    >>> pace = Pace()
    >>> pace.took(0.002)
    >>> pace.is_quick
    False
    >>> for _ in range(30):
    ...     pace.took(0.002)
    >>> pace.is_quick
    True
    """

    seconds: float = _MOST_SECONDS

    @property
    def is_quick(self) -> bool:
        """Whether the loop may work out the next one."""
        return self.seconds < QUICK_SECONDS

    def took(self, seconds: float) -> None:
        """Note the processor time of one answer."""
        self.seconds += _SHARE * (min(seconds, _MOST_SECONDS) - self.seconds)
