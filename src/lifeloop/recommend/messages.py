"""Messages: what to recommend to every customer who agreed to it, for all of them together, as rows of `recommendation`.

The best `POOL` by the model for each, without what they bought (unless it is due), gave back or were sent; then one after the
other the best that is not too like those above it, within the caps. Who is left with too few gets what is trending.

Limits  likeness is that of brand and category; nothing is left to chance; what is not bought yet may be in the history
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa

from lifeloop.base.clock import micros
from lifeloop.base.recommend_settings import RecommendSettings
from lifeloop.base.text import LANGUAGES
from lifeloop.recommend.asked import DEED_KINDS
from lifeloop.recommend.catalogue import Catalogue
from lifeloop.recommend.consents import allowed
from lifeloop.recommend.deeds import KIND_WEIGHTS, ORDERED, chosen, latest, timed
from lifeloop.recommend.diversity import SAME_BRAND, SAME_CATEGORY
from lifeloop.recommend.histories import Flags, Floats, Histories, Ints, Longs
from lifeloop.recommend.model import Model
from lifeloop.recommend.reasons import DONE, POPULAR
from lifeloop.recommend.rules import RuleBook, Rules
from lifeloop.recommend.spread import Group, spread_all, strongest_causes
from lifeloop.schema import RECOMMENDATION

POOL = 50
"""Products that are looked at for each customer."""
CHUNK = 50_000
"""Customers at a time: about 100 MB."""
_DAY_US = 86_400_000_000
_NEVER = np.float32(-np.inf)
_BY_KIND: Floats = np.array([KIND_WEIGHTS[kind] for kind in DEED_KINDS], np.float32)


@dataclass(frozen=True)
class Messages:
    """All that recommending to everybody needs. The model and the catalogue know the same products."""

    model: Model
    catalogue: Catalogue
    settings: RecommendSettings
    as_of: datetime
    sent: Longs
    """Pairs (person x products + product) that stood in messages lately, sorted."""

    @cached_property
    def people(self) -> Ints:
        """Who is recommended anything: customers with a history who agreed to it; places in the model's names."""
        deeds = self.model.deeds
        agreed = np.isin(deeds.consent, [state for state in (-1, 0, 1) if allowed(state, self.settings.consent)])
        return np.flatnonzero(deeds.is_customer & agreed & (np.diff(deeds.histories.starts) > 0)).astype(np.int32)

    def rows(self) -> Iterator[pa.RecordBatch]:
        """Yield the rows of `recommendation`, by customer and rank."""
        for first in range(0, len(self.people), CHUNK):
            yield self._rows(self.people[first : first + CHUNK])

    def _rows(self, people: Ints) -> pa.RecordBatch:
        deeds = self.model.deeds
        own = chosen(deeds.histories, _flags(people, len(deeds.names)))
        recent, _ = latest(own, self.settings.history)
        pool, scores, is_trending = self._pool(people, own, recent)
        picked = spread_all(pool, scores, self._rules.diversity, self._groups)
        known = picked >= 0
        chosen_of = np.maximum(picked, 0)
        place, score = np.take_along_axis(pool, chosen_of, 1), np.take_along_axis(scores, chosen_of, 1)
        trending = np.take_along_axis(is_trending, chosen_of, 1)
        because, share = strongest_causes(self.model.personal, recent, place, _BY_KIND)
        why = self._reasons(recent, np.where(trending, -1, because)[known], share[known])
        rank = np.broadcast_to(np.arange(1, picked.shape[1] + 1, dtype=np.int32), picked.shape)[known]
        who = np.broadcast_to(people[:, None], picked.shape)[known]
        strategy = pa.DictionaryArray.from_arrays(pa.array(trending[known].astype(np.int8)), pa.array(["personal", "trending"]))
        count = len(rank)
        columns = {
            "as_of": pa.repeat(pa.scalar(self.as_of, pa.timestamp("us", tz="UTC")), count),
            "customer_id": deeds.names.column(who, skip=1),
            "placement": pa.repeat("message", count),
            "rank": pa.array(rank),
            "product_id": self._ids.take(pa.array(place[known])),
            "score": pa.array(score[known].astype(np.float64)),
            "strategy": strategy.cast(pa.string()),
            "reasons": why,
            "version": pa.repeat(self.model.version, count),
        }
        return pa.RecordBatch.from_pydict(columns, schema=RECOMMENDATION.arrow())

    def _pool(self, people: Ints, own: Histories, recent: Histories) -> tuple[Ints, Floats, Flags]:
        """Return the products to pick from for each, their scores (what may not be picked: -inf), and which are trending."""
        ids, best = self.model.personal.top(
            recent, POOL, allowed=self._allowed, drop_seen=False, by_kind=_BY_KIND, threads=self.settings.threads
        )
        ids, best = ids.astype(np.int32), np.where(ids >= 0, best, _NEVER)
        wanted, worth = self._wanted
        filled = np.broadcast_to(wanted, (len(people), len(wanted)))
        least = np.where(np.isfinite(best), best, np.inf).min(axis=1, initial=1.0)[:, None]
        more = least * worth  # below everything the model says
        twice = (filled[:, :, None] == ids[:, None, :]).any(axis=2)
        pool = np.concatenate([ids, filled], axis=1)
        scores = np.concatenate([best, np.where(twice, _NEVER, more)], axis=1).astype(np.float32)
        keys = np.repeat(people.astype(np.int64) * len(self.catalogue), pool.shape[1]).reshape(pool.shape) + pool
        scores[np.isin(keys, self._held_back(people, own))] = _NEVER
        trending = np.zeros(pool.shape, np.bool_)
        trending[:, ids.shape[1] :] = True
        return pool, scores, trending

    def _held_back(self, people: Ints, own: Histories) -> Longs:
        """Return the pairs that are not to be recommended: bought and not due, given back, or sent lately."""
        products, deeds = len(self.catalogue), self.model.deeds
        kinds, at = timed(own)
        who = np.repeat(people.astype(np.int64), np.diff(own.starts))
        days = (micros(self.as_of) - at) / _DAY_US
        with np.errstate(invalid="ignore"):
            is_due = (days >= self.model.gaps[own.items]) if self.settings.repeats else np.zeros(len(at), np.bool_)
        bought = (kinds == ORDERED) & ~is_due
        returned = chosen(deeds.refunds, _flags(people, len(deeds.names)))
        gave = np.repeat(people.astype(np.int64), np.diff(returned.starts)) * products + returned.items
        return np.concatenate([(who * products + own.items)[bought], gave, self.sent])

    def _reasons(self, recent: Histories, because: Longs, share: Floats) -> pa.Array:
        """Return the strongest reason of each row, as JSON: the deed `because` of `recent`, or that many want it (-1)."""
        kinds, _ = timed(recent)
        codes = np.full(len(because), -1, np.int64)
        told = because >= 0
        codes[told] = recent.items[because[told]].astype(np.int64) * len(DEED_KINDS) + kinds[because[told]]
        distinct, place = np.unique(codes, return_inverse=True)
        texts = pa.array([self._reason(int(code)) for code in distinct], pa.string()).take(pa.array(place))
        part = pa.compute.round(pa.array(np.where(told, share, 1).astype(np.float64)), 3).cast(pa.string())
        return pa.compute.binary_join_element_wise(texts, part, pa.scalar("}]"), "")

    def _reason(self, code: int) -> str:
        """Return a reason as JSON, up to its share."""
        if code < 0:
            said: dict[str, Any] = {language: POPULAR.say(language) for language in LANGUAGES}
        else:
            item, kind = divmod(code, len(DEED_KINDS))
            product = self.catalogue.title[item] or self.catalogue.products.ids[item]
            said = {language: DONE[DEED_KINDS[kind]].say(language, product=product) for language in LANGUAGES}
            said["because_of"] = self.catalogue.products.ids[item]
        return "[" + json.dumps(said, ensure_ascii=False)[:-1] + ', "share": '

    @cached_property
    def _rules(self) -> Rules:
        return self._book.rules("message")

    @cached_property
    def _book(self) -> RuleBook:
        return RuleBook(self.catalogue, self.settings)

    @cached_property
    def _allowed(self) -> Flags:
        return self._book.allowed("message")

    @cached_property
    def _ids(self) -> pa.Array:
        return pa.array(self.catalogue.products.ids, pa.string())

    @cached_property
    def _groups(self) -> tuple[Group, ...]:
        shop, rules = self.catalogue, self._rules
        brand = Group(shop.brand_code, SAME_BRAND, rules.brand_cap)
        return Group(shop.category_code, SAME_CATEGORY, rules.category_cap), brand

    @cached_property
    def _wanted(self) -> tuple[Ints, Floats]:
        """Return what many want now, best first, and how much, from 0 to 1."""
        wanted, able = self.model.wanted(), np.flatnonzero(self._allowed)
        best = able[np.lexsort((able, -self.model.people[able], -wanted[able]))][:POOL]
        worth = (1 + np.arange(len(best), 0, -1)) / (2 + len(best))
        return best.astype(np.int32), worth.astype(np.float32)


def _flags(places: Ints, count: int) -> Flags:
    flags = np.zeros(count, np.bool_)
    flags[places] = True
    return flags
