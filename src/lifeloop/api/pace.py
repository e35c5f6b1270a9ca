"""Whether an answer is so quick that the event loop works it out itself.

A thread that works beside the loop needs the interpreter as well, and waits for it after each of its many small calls of the
database. In single runs on two cores that other work shared (bench/bench_serve_recommendations.py), so figures of an order
only: four threads kept up with 110 to 140 answers a second, one thread and the loop itself with the 200 asked for, the loop in
about half the time.

What may take longer goes to a thread, so that nobody waits for it: a long list, many products, a product that is not known (for
which a near name is looked for), and every placement whose answers took long lately, such as from a very large catalogue.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import thread_time

from lifeloop.base.recommend_settings import Placement
from lifeloop.recommend.asked import Asked

QUICK_SECONDS = 0.004
"""Of processor time, on average; the loop may be held up for as long."""
SHORT_LIST = 24
FEW_ITEMS = 50
"""Lists and requests up to so long differ little in what they cost."""
_MOST_SECONDS = 0.05
"""As much is noted of one answer: the first, which loads a model, shall not be remembered for long."""
_SHARE = 0.1


def is_small(asked: Asked) -> bool:
    """Return whether a request is of the kind whose cost depends on the catalogue alone; a message looks into the lake."""
    return asked.placement != "message" and asked.k <= SHORT_LIST and len(asked.items) <= FEW_ITEMS


@dataclass
class Pace:
    """How long small answers took lately, by placement; the first of each is not known to be quick.

    >>> pace = Pace()
    >>> pace.took("home", 0.002)
    >>> pace.is_quick("home")
    False
    >>> for _ in range(30):
    ...     pace.took("home", 0.002)
    >>> pace.is_quick("home"), pace.is_quick("cart")
    (True, False)
    """

    seconds: dict[Placement, float] = field(default_factory=lambda: defaultdict(lambda: _MOST_SECONDS))

    def is_quick(self, placement: Placement) -> bool:
        """Return whether the loop may work out the next small one."""
        return self.seconds[placement] < QUICK_SECONDS

    def took(self, placement: Placement, seconds: float) -> None:
        """Note the processor time of one small answer."""
        self.seconds[placement] += _SHARE * (min(seconds, _MOST_SECONDS) - self.seconds[placement])

    @contextmanager
    def timed(self, placement: Placement) -> Iterator[None]:
        """Note what is worked out within, whether it comes to an answer or not."""
        begun = thread_time()
        try:
            yield
        finally:
            self.took(placement, thread_time() - begun)
