"""How customers find what they ordered: the hidden satisfaction from which opinions, questions and returns follow.

The satisfaction with a line is a standard normal number z, the weighted sum of independent ones: the product (its quality and
the luck of the piece), the leniency of the customer, and the delivery. Whatever follows happens with the chance of
`tilted`, whose mean over z is the share of the settings: so shares are kept exactly, however strongly things hang together.

Source  Gaussian copula with a threshold, as in the one-factor model of Vasicek (2002), "Loan portfolio value".
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import ndtr, ndtri

from lifeloop.simulate.checkout import STORE
from lifeloop.simulate.draws import Draws, Floats, Floats32, Ints, Keys, Mask
from lifeloop.simulate.orders import Orders

if TYPE_CHECKING:
    from lifeloop.simulate.world import World

DEFECTS = ("", "damaged", "wrong", "missing")
"""What is wrong with a line that arrives, by number."""
_PRODUCT, _LENIENCY, _DELIVERY = 0.7, 0.5, 0.26**0.5
"""Weights of what makes a satisfaction; their squares sum to 1."""
_QUALITY, _LUCK = 0.6, 0.8
"""Weights within the product."""
_LATE = float(ndtri(0.08))
"""The 8 % of orders whose delivery is worst arrive late, unless they were taken home from the store."""
_DEFECTIVE = float(ndtri(0.04))
"""The 4 % of lines whose product is worst have a defect; half of them are damaged."""
_REMEMBERED = 0.3
"""Weight of the latest order in a customer's mood."""
_SHAPED = {"returned": -0.6, "asks": -0.45, "reviews": 0.35, "comments": 0.45, "surveyed": 0.1}
"""Correlation of what may follow with the satisfaction; for reviews and comments with how far it is from indifference."""


@dataclass(frozen=True)
class Experience:
    """What became of one day's orders; n orders, m lines."""

    key: Ints
    """Order keys, shape (n,)."""
    place: Ints
    """Each line's place in its order, from 0. Shape (m,)."""
    order: Floats
    """Satisfaction with each order as a standard normal number: the one with its line `focus`. Shape (n,)."""
    line: Floats
    """Satisfaction with each line as a standard normal number, shape (m,)."""
    focus: Ints
    """The line a customer speaks of when asked about the order, shape (n,)."""
    late: Mask
    """Arrived late, shape (n,)."""
    defect: Ints
    """Place in DEFECTS, shape (m,)."""


def qualities(world: World) -> Floats:
    """Return each product's quality, shape (p,); over the pieces the shop expects to sell it has mean 0 and variance 1."""
    goods, days = world.goods, world.config.shop.days
    drawn = world.draws.normal("quality", np.arange(len(goods)))
    weight = goods.popularity * np.clip(days - goods.launch, 0, days)
    centred = drawn - np.average(drawn, weights=weight)
    spread = np.sqrt(np.average(centred**2, weights=weight))
    return np.asarray(centred / spread if spread > 0 else centred)


def return_factors(share: float, quality: Floats) -> Floats:
    """Return how many times as often as the average product each one comes back; mean 1 over normal qualities."""
    told = _SHAPED["returned"] * _PRODUCT * _QUALITY
    return np.asarray(ndtr((ndtri(share) + told * quality) / np.sqrt(1 - told**2)) / share) if share else np.ones(quality.size)


def experience(world: World, orders: Orders, quality: Floats) -> Experience:
    """Draw what becomes of a day's orders, each of which has a line."""
    key, place = orders.key, np.arange(orders.order.size) - np.searchsorted(orders.order, orders.order)
    own = several(world.draws, "experience", ("delivery", "focus"), key)
    line = several(world.draws, "experience: line", ("luck", "defect"), key[orders.order], place)
    delivery = ndtri(own["delivery"])
    product = _QUALITY * quality[orders.product] + _LUCK * ndtri(line["luck"])
    leniency = world.draws.normal("leniency", orders.person)
    found = _PRODUCT * product + (_LENIENCY * leniency + _DELIVERY * delivery)[orders.order]
    lines = np.bincount(orders.order, minlength=len(orders))
    focus = np.cumsum(lines) - lines + np.floor(own["focus"] * lines).astype(np.int64)
    kind = np.where(line["defect"] < 0.5, 1, np.where(line["defect"] < 0.75, 2, 3))
    return Experience(
        key=key,
        place=place,
        order=found[focus],
        line=found,
        focus=focus,
        late=(delivery < _LATE) & (orders.channel != STORE),
        defect=np.where(product < _DEFECTIVE, kind, 0),
    )


def with_goods(orders: Orders) -> Orders:
    """Return the orders that have a line at all: where the shelves were empty, a first order may have none."""
    lines = np.bincount(orders.order, minlength=len(orders))
    if lines.all():
        return orders
    kept = np.flatnonzero(lines)
    own = ("person", "second", "channel", "said", "coupon", "goods_minor", "discount_minor", "shipping_minor")
    taken = {name: getattr(orders, name)[kept] for name in own}
    return replace(orders, **taken, order=(np.cumsum(lines > 0) - 1)[orders.order])


def remember(mood: Floats32, who: Ints, satisfaction: Floats) -> None:
    """Let people's mood move towards their latest satisfaction, in place; each of `who` once."""
    mood[who] += _REMEMBERED * (satisfaction - mood[who])


def extremity(satisfaction: Floats) -> Floats:
    """Return how far satisfactions are from indifference, again as standard normal numbers."""
    return np.asarray(ndtri(np.clip(2 * ndtr(np.abs(satisfaction)) - 1, 1e-9, 1 - 1e-9)))


def follows(what: str, share: float, satisfaction: Floats) -> Floats:
    """Return the chance that something (a name of `_SHAPED`) follows each satisfaction; its mean is `share`."""
    lean = extremity(satisfaction) if what in ("reviews", "comments") else satisfaction
    return tilted(share, lean, _SHAPED[what])


def tilted(share: float, lean: Floats, correlation: float) -> Floats:
    """Return P(sqrt(1 - c^2) x noise - c x lean < quantile of `share`), c the correlation; mean `share` for a normal `lean`.

    >>> tilted(0.1, np.zeros(1), 0.6).round(3).tolist(), tilted(0.1, np.ones(1), -0.6).round(3).tolist()
    ([0.055], [0.009])
    """
    return np.asarray(ndtr((ndtri(share) + correlation * lean) / np.sqrt(1 - correlation**2)))


def several(draws: Draws, purpose: str, names: tuple[str, ...], who: Ints, place: Ints | int = 0) -> dict[str, Floats]:
    """Return uniform numbers for each of `who` and each of up to 32 names, in one go; `place` tells apart the lines of one."""
    return dict(zip(names, draws.uniform(purpose, *_addresses(names, who, place)), strict=True))


def several_bits(draws: Draws, purpose: str, names: tuple[str, ...], who: Ints, place: Ints | int = 0) -> dict[str, Keys]:
    """Return 64 bits for each of `who` and each name, as `several` does numbers."""
    return dict(zip(names, draws.bits(purpose, *_addresses(names, who, place)), strict=True))


def _addresses(names: tuple[str, ...], who: Ints, place: Ints | int) -> tuple[Any, int, Any]:
    """Return what `Draws` calls who, day and k, for each name and each of `who`."""
    number = _NUMBERS[: len(names)]
    return who + 0 * number, 0, number | np.asarray(place) << 5


_NUMBERS = np.arange(32)[:, None]
