"""Messages: what to recommend to every customer who agreed to it, for all of them together, as rows of `recommendation`.

A pool for each (`pools`), of which one after the other the best is taken that is not too like those above it, within the caps.
Every list keeps the rules that the answer to a single request keeps.

Limits  likeness is that of brand and category; what is written about products has no say; nothing is left to chance; of the
        reasons the strongest is told
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
from lifeloop.recommend.answering.diversity import SAME_BRAND, SAME_CATEGORY
from lifeloop.recommend.answering.reasons import DONE, DUE, POPULAR
from lifeloop.recommend.answering.rules import RuleBook, Rules
from lifeloop.recommend.asked import DEED_KINDS
from lifeloop.recommend.catalogue import Catalogue
from lifeloop.recommend.deeds import Bytes, timed
from lifeloop.recommend.histories import Floats, Histories, Ints, Longs
from lifeloop.recommend.learning.consents import allowed
from lifeloop.recommend.learning.pools import BY_KIND, DUE_AGAIN, PERSONAL, TRENDING, Pools
from lifeloop.recommend.learning.spread import Group, spread_all, strongest_causes
from lifeloop.recommend.model import Model
from lifeloop.schema import RECOMMENDATION

CHUNK = 50_000
"""Customers at a time: about 100 MB."""


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
    def agreed(self) -> Ints:
        """Customers who agreed to it: places in the model's names."""
        deeds = self.model.deeds
        said = np.isin(deeds.consent, [state for state in (-1, 0, 1) if allowed(state, self.settings.consent)])
        return np.flatnonzero(deeds.is_customer & said).astype(np.int32)

    @cached_property
    def people(self) -> Ints:
        """Who is recommended anything: those of them with a history."""
        return self.agreed[np.diff(self.model.deeds.histories.starts)[self.agreed] > 0]

    def rows(self) -> Iterator[pa.RecordBatch]:
        """Yield the rows of `recommendation`, by customer and rank."""
        for first in range(0, len(self.people), CHUNK):
            yield self._rows(self.people[first : first + CHUNK])

    def _rows(self, people: Ints) -> pa.RecordBatch:
        deeds = self.model.deeds
        pools = self._pools.of(people)
        picked = spread_all(pools.items, pools.scores, self._rules.diversity, self._groups)
        known, chosen_of = picked >= 0, np.maximum(picked, 0)
        place, score = np.take_along_axis(pools.items, chosen_of, 1), np.take_along_axis(pools.scores, chosen_of, 1)
        origin = np.take_along_axis(pools.origin, chosen_of, 1)
        because, share = strongest_causes(self.model.personal, pools.recent, place, BY_KIND)
        codes = self._causes(pools.recent, because[known], origin[known])
        why = self._reasons(codes, np.where(codes < 0, 1, share[known]))
        rank = np.broadcast_to(np.arange(1, picked.shape[1] + 1, dtype=np.int32), picked.shape)[known]
        who = np.broadcast_to(people[:, None], picked.shape)[known]
        is_trending = (origin[known] == TRENDING).astype(np.int8)
        strategy = pa.DictionaryArray.from_arrays(pa.array(is_trending), pa.array(["personal", "trending"]))
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

    def _causes(self, recent: Histories, because: Longs, origin: Bytes) -> Longs:
        """Return a number for each reason: of what was done with which product, or below 0 of what needs no product."""
        kinds, _ = timed(recent)
        codes = np.where(origin == DUE_AGAIN, -2, -1).astype(np.int64)
        told = (origin == PERSONAL) & (because >= 0)
        codes[told] = recent.items[because[told]].astype(np.int64) * len(DEED_KINDS) + kinds[because[told]]
        return codes

    def _reasons(self, codes: Longs, share: Floats) -> pa.Array:
        """Return each reason as JSON, with its share of what speaks for the product."""
        distinct, place = np.unique(codes, return_inverse=True)
        texts = pa.array([self._reason(int(code)) for code in distinct], pa.string()).take(pa.array(place))
        part = pa.compute.round(pa.array(share.astype(np.float64)), 3).cast(pa.string())
        return pa.compute.binary_join_element_wise(texts, part, pa.scalar("}]"), "")

    def _reason(self, code: int) -> str:
        """Return a reason as JSON, up to its share."""
        if code < 0:
            text = DUE if code == -2 else POPULAR
            said: dict[str, Any] = {language: text.say(language) for language in LANGUAGES}
        else:
            item, kind = divmod(code, len(DEED_KINDS))
            product = self.catalogue.title[item] or self.catalogue.products.ids[item]
            said = {language: DONE[DEED_KINDS[kind]].say(language, product=product) for language in LANGUAGES}
            said["because_of"] = self.catalogue.products.ids[item]
        return "[" + json.dumps(said, ensure_ascii=False)[:-1] + ', "share": '

    @cached_property
    def _pools(self) -> Pools:
        return Pools(self.model, self._book.allowed("message"), self.settings, micros(self.as_of), self.sent)

    @cached_property
    def _rules(self) -> Rules:
        return self._book.rules("message")

    @cached_property
    def _book(self) -> RuleBook:
        return RuleBook(self.catalogue, self.settings)

    @cached_property
    def _ids(self) -> pa.Array:
        return pa.array(self.catalogue.products.ids, pa.string())

    @cached_property
    def _groups(self) -> tuple[Group, ...]:
        shop, rules = self.catalogue, self._rules
        brand = Group(shop.brand_code, SAME_BRAND, rules.brand_cap)
        return Group(shop.category_code, SAME_CATEGORY, rules.category_cap), brand
