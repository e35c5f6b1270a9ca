"""The gate: every list passes it last, whatever made it, and only products that keep every rule pass.

It trusts no list and no mask: each product is looked up again, one by one, in the catalogue, in what was asked and in what is
known of the person. What a price band means, which category a request asks for and what is a variant it reads with the same
code as what chose the product; all else by code of its own. A product that does not pass is a fault of whatever chose it: it
is left out, counted and told to the log.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import isnan

from lifeloop.base.logging import log
from lifeloop.recommend.answering.request import OF_THE_PAGE, Request
from lifeloop.recommend.asked import Deed, Recommended, Strategy
from lifeloop.recommend.categories import holds, levels

IMPERSONAL: frozenset[Strategy] = frozenset({"similar", "together", "content", "trending", "new", "given"})
"""What may be shown to somebody without consent."""
_DAY = 86_400_000_000


@dataclass
class _Gate:
    request: Request
    items: frozenset[str]
    deeds: Mapping[str, Sequence[Deed]]
    caps: Sequence[tuple[Sequence[str | None], int, dict[str | None, int]]]
    """Brands, or categories, of all products; the most of one there may be; and how many there are so far."""
    seen: set[str] = field(default_factory=set)

    def fault(self, one: Recommended) -> str | None:
        """Return the rule that a product breaks; None where it keeps them all."""
        place = self.request.shelf.catalogue.products.places.get(one.product_id)
        if place is None:
            return "catalogue"
        checks = (
            ("twice", one.product_id in self.seen),
            ("goods", not self.request.shelf.catalogue.goods[place]),
            ("stock", bool(self.request.shelf.catalogue.stock[place] <= 0)),
            ("margin", self._is_below_margin(place)),
            ("price", self._is_out_of_band(place)),
            ("excluded", self._is_excluded(one.product_id, place)),
            ("category", self._is_elsewhere(place)),
            ("variant", self.request.is_variant(place)),
            ("asked", self._is_asked_wrongly(one.product_id)),
            ("had", self._was_had(one.product_id)),
            ("consent", self._lacks_consent(one)),
            ("chance", not 0 < one.propensity <= 1),
            ("cap", self._is_over_cap(place)),
        )
        fault = next((name for name, is_broken in checks if is_broken), None)
        if fault is None:
            self._count(one.product_id, place)
        return fault

    def _is_below_margin(self, place: int) -> bool:
        floor, shop = self.request.rules.margin_floor, self.request.shelf.catalogue
        if floor is None:
            return False
        price, cost = float(shop.price_minor[place]), float(shop.cost_minor[place])
        if isnan(price) or isnan(cost):
            return False
        return price <= 0 or 1 - cost / price < floor

    def _is_out_of_band(self, place: int) -> bool:
        shop = self.request.shelf.catalogue
        band = self.request.rules.band(shop, self.request.page)
        return band is not None and not band[0] <= float(shop.price_minor[place]) <= band[1]

    def _is_excluded(self, name: str, place: int) -> bool:
        rules, path = self.request.rules, levels(self.request.shelf.catalogue.category[place] or "")
        return name in rules.excluded_products or any(holds(path, levels(one)) for one in rules.excluded_categories)

    def _is_elsewhere(self, place: int) -> bool:
        wanted = self.request.asked.category
        return wanted is not None and not self.request.shelf.book.below(wanted)[place]

    def _is_asked_wrongly(self, name: str) -> bool:
        placement = self.request.asked.placement
        return name not in self.items if placement == "search" else placement in ("product", "cart") and name in self.items

    def _was_had(self, name: str) -> bool:
        placement, deeds = self.request.asked.placement, self.deeds.get(name, ())
        if placement == "search":
            return False
        if placement == "message" and name in self.request.person.sent:
            return True
        if any(deed.kind == "refund" for deed in deeds):
            return True
        orders = [deed.at for deed in deeds if deed.kind == "order"]
        carts = [deed.at for deed in deeds if deed.kind == "cart"]
        if placement == "home" and carts and not any(at >= max(carts) for at in orders):
            return True
        return bool(orders) and not self._is_due(name, max(orders))

    def _is_due(self, name: str, last: int) -> bool:
        model = self.request.shelf.model
        place = model.products.places.get(name)
        if place is None or not self.request.shelf.settings.repeats:
            return False
        return (self.request.now - last) / _DAY >= float(model.gaps[place])

    def _lacks_consent(self, one: Recommended) -> bool:
        if self.request.person.has_consent:
            return False
        page = self.items if self.request.asked.placement in OF_THE_PAGE else frozenset[str]()
        told = {reason.because_of for reason in one.reasons} - {None}
        return one.strategy not in IMPERSONAL or not told <= page

    def _is_over_cap(self, place: int) -> bool:
        return any(bool(groups[place]) and had.get(groups[place], 0) >= most for groups, most, had in self.caps)

    def _count(self, name: str, place: int) -> None:
        self.seen.add(name)
        for groups, _, had in self.caps:
            had[groups[place]] = had.get(groups[place], 0) + 1


def passed(chosen: Iterable[Recommended], request: Request) -> tuple[tuple[Recommended, ...], int]:
    """Return the products that keep every rule, ranked anew from 1 and at most `k`, and how many others there were.

    Cost: microseconds per product.
    """
    deeds: dict[str, list[Deed]] = {}
    for deed in request.person.deeds:
        deeds.setdefault(deed.product_id, []).append(deed)
    shop, rules = request.shelf.catalogue, request.rules
    capped = ((shop.brand, rules.brand_cap), (shop.category, rules.category_cap))
    caps = [(groups, most, dict[str | None, int]()) for groups, most in capped if most is not None]
    gate = _Gate(request, frozenset(request.asked.items), deeds, caps)
    kept: list[Recommended] = []
    faults: dict[str, str] = {}
    for one in chosen:
        if (fault := gate.fault(one)) is not None:
            faults[one.product_id] = fault
        elif len(kept) < request.k:
            kept.append(one if one.rank == len(kept) + 1 else replace(one, rank=len(kept) + 1))
    if faults:
        log().error("recommendations_broke_rules", placement=request.asked.placement, faults=faults)
    return tuple(kept), len(faults)
