"""What nobody in a real shop can know: who is active, what each will do, what a message would change, who is who, and why.

A `Truth` is made beside a `Shop` (`open_shop`) and never goes to a policy that is to be judged. It speaks of the day to come.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from lifeloop.simulate.actions import place_of
from lifeloop.simulate.draws import Floats, Ints
from lifeloop.simulate.expect import outlook, uplifts
from lifeloop.simulate.files.tables import Drafts
from lifeloop.simulate.identity import GUEST, SECOND, SELF, customer_ids, name_shares
from lifeloop.simulate.people import RESPONSES
from lifeloop.simulate.season import LANGUAGES
from lifeloop.simulate.settings import WorldConfig
from lifeloop.simulate.shop import Shop
from lifeloop.simulate.shown import click_chances
from lifeloop.simulate.verdict import Verdict, compare
from lifeloop.simulate.world import World

_ROW_GROUP = 250_000
HORIZONS = (30, 180)
"""Horizons, in days, that a truth is written for."""


def open_shop(config: WorldConfig, *, diary: bool = True) -> tuple[Shop, Truth]:
    """Return a shop at its first day, and its truth. Raises SettingsError for a shop that cannot be.

    With `diary`, what happens is noted for the truth's pages; take them from time to time (`Truth.pages`), they take memory.
    """
    world = World(config)
    return Shop(world), Truth(world, diary=diary)


class Truth:
    """The truth about one simulated shop, as of the day to come."""

    def __init__(self, world: World, *, diary: bool = True) -> None:
        self._world = world
        if diary:
            world.diary = defaultdict(list)

    def customers(self) -> pa.Table:
        """Return one row per customer the shop has heard of: who it is and what moves them.

        `customer_id` is the shop's; `person` ties together the ids of one person. Rates are orders a week on an average day.
        """
        world, who = self._world, self._known()
        people, state = world.people, world.state
        columns: dict[str, Any] = {
            "customer_id": people.customer_id.take(pa.array(who)),
            "person": who,
            "active": state.active[who],
            "left_on": self._dates(state.left[who]),
            "rate_per_week": 7.0 * people.rate[who],
            "dropout": people.dropout[who],
            "price_sensitivity": people.sensitivity[who],
            "response": pa.array(RESPONSES).take(pa.array(people.response[who])),
            "acquired_by": pa.array(list(world.config.acquisition)).take(pa.array(people.source[who])),
            "language": pa.array(LANGUAGES).take(pa.array(people.language[who])),
            "household": people.household[who],
            "life_event_until": self._dates(state.lift_until[who], coming=True),
        }
        return pa.table(columns)

    def expected(self, horizon_days: int) -> pa.Table:
        """Return what each customer will do within the horizon in expectation: orders, P(no order), revenue, margin.

        One row per customer id given out, for the orders under that id: who has an account and orders as a guest, too, is two
        customers to the shop, and guests who share an e-mail are one.
        """
        who, ids, share = self._names()
        seen = outlook(self._world, who, horizon_days, share=share)
        names = ids.dictionary_encode()
        one, n = names.indices.to_numpy(), len(names.dictionary)

        def total(values: Any) -> Any:
            return np.bincount(one, values, minlength=n)

        return pa.table(
            {
                "customer_id": names.dictionary,
                "active": total(self._world.state.active[who]) > 0,
                "orders": total(seen.orders),
                "p_no_order": np.exp(total(np.log(np.maximum(1 - seen.any_order, 1e-300)))),
                "revenue_minor": total(seen.revenue_minor),
                "margin_minor": total(seen.margin_minor),
            }
        )

    def uplift(self, horizon_days: int, *, hour: int = 10) -> pa.Table:
        """Return what each message would change if it were sent today: one row per customer, channel and offer.

        `orders` and `margin_minor` (the message's cost taken off) are with the message minus without, in expectation, opened or
        not. `may_send` says whether the customer agrees to the channel.
        """
        return pa.concat_tables(self.uplifts(horizon_days, hour=hour))

    def uplifts(self, horizon_days: int, *, hour: int = 10) -> Iterator[pa.Table]:
        """Yield the uplift of one message after the other."""
        world, who = self._world, self._known()
        who = who[
            np.sort(
                np.unique(world.people.customer_id.take(pa.array(who)).to_numpy(zero_copy_only=False), return_index=True)[1]
            )
        ]
        ids, told = self._ids(who), world.config.messages.channels
        for offer, (orders, margin) in zip(world.messages.offers, uplifts(world, who, horizon_days), strict=True):
            for channel, (by, about) in enumerate(told.items()):
                opened = world.messages.chance_to_open(who, np.full(who.size, channel), np.full(who.size, hour))
                columns = {
                    "customer_id": ids,
                    "channel": pa.repeat(by, who.size),
                    "offer": pa.repeat(offer, who.size),
                    "orders": opened * orders,
                    "margin_minor": opened * margin - about.cost * world.unit,
                    "may_send": world.state.subscribed[who, channel],
                }
                yield pa.table(columns)

    def appeal(self, customers: Any, products: Any) -> Any:
        """Return the chance that each customer clicks each product in the first place of a recommendation.

        Takes ids of n customers and p products, Arrow strings or lists; returns float32 of shape (n, p), NaN where nobody
        knows the customer or the product.
        """
        world = self._world
        who = world.messages.persons(pa.array(customers, pa.string()))
        product = place_of(pa.chunked_array([pa.array(products, pa.string())]), world.goods.product_id)
        chances = click_chances(world, np.maximum(who, 0), np.maximum(product, 0))
        return np.where((who >= 0)[:, None] & (product >= 0)[None, :], chances, np.float32(np.nan))

    def partners(self) -> pa.Table:
        """Return which products are bought together by the world's design: product and partner, by id."""
        goods = self._world.goods
        row, slot = np.nonzero(goods.partners >= 0)
        ids = goods.product_id
        return pa.table({"product_id": ids.take(pa.array(row)), "partner_id": ids.take(pa.array(goods.partners[row, slot]))})

    def identity(self) -> pa.Table:
        """Return every customer id given out and the person behind it; several where a person ordered as a guest too."""
        who, ids, _ = self._names()
        return pa.table({"customer_id": ids, "person": who})

    def pages(self) -> dict[str, pa.Table]:
        """Return what was noted since the last call, by page, and forget it.

        `visit`: session, visitor id, person, wish to order, cause of the abandonment. `order`: order and person. `message`:
        person, offer, opened. `text`, `conversation`, `return`, `quality`, `dirt`: see the rooms that note them.
        """
        diary = self._world.diary
        if diary is None:
            return {}
        told = {page: pa.concat_tables(tables) for page, tables in diary.items()}
        diary.clear()
        return told

    def compare(self, table: pa.Table, *, pages: Mapping[str, pa.Table] | None = None) -> list[Verdict]:
        """Return how near something we said comes to the truth; see `verdict.compare` for the tables it takes.

        Scores must be as of today, give or take a day. `pages` are those that were taken before. Raises SettingsError.
        """
        return compare(self, table, pages or {})

    @property
    def epoch(self) -> int:
        """The first second of the day to come, UTC, since 1970."""
        return self._world.midnight(self._world.state.day)

    def _known(self) -> Ints:
        return np.flatnonzero(self._world.state.known)

    def _ids(self, who: Ints) -> Any:
        return self._world.people.customer_id.take(pa.array(who))

    def _names(self) -> tuple[Ints, Any, Floats]:
        """Return the person behind every customer id given out, the id, and the share of the person's orders under it."""
        world, known = self._world, self._known()
        aliases = world.messages.aliases
        others = np.unique(np.fromiter(aliases.values(), np.int64, len(aliases)))
        said = np.repeat([GUEST, SECOND], others.size)
        person = np.tile(others, 2)
        ids = customer_ids(world.people, person, said)
        given = np.array([one in aliases for one in ids.to_pylist()], np.bool_)
        who = np.concatenate([known, person[given]])
        as_whom = np.concatenate([np.full(known.size, SELF), said[given]])
        names = pa.concat_arrays([self._ids(known), ids.filter(pa.array(given))])
        return who, names, name_shares(world.people, world.draws, world.config.dirt, who, as_whom)

    def _dates(self, days: Ints, *, coming: bool = False) -> Any:
        """Return days that have come as dates, others as null; with `coming`, days still to come."""
        today = self._world.state.day
        dates = np.datetime64(self._world.config.shop.start, "D") + np.minimum(days, 10**6)
        return pa.array(dates, pa.date32(), mask=(days < today) if coming else (days >= today))


class TruthFiles:
    """A folder in which the truth is written as it comes: a Parquet file per page, and the state of the last day at the end.

    The files appear when the block ends well, in place of all Parquet files in the folder; after an error it is as it was.
    """

    def __init__(self, folder: Path, truth: Truth) -> None:
        self.folder, self.truth = folder, truth
        self._writers: dict[str, pq.ParquetWriter] = {}
        self._waiting: defaultdict[str, list[pa.Table]] = defaultdict(list)
        self._drafts = Drafts(folder)

    def __enter__(self) -> Self:
        return self

    def keep(self) -> None:
        """Write down what was noted since the last call."""
        for page, table in self.truth.pages().items():
            self._waiting[page].append(table)
            if sum(part.num_rows for part in self._waiting[page]) >= _ROW_GROUP:
                self._write(page)

    def finish(self, horizons: tuple[int, ...] = HORIZONS) -> None:
        """Write customers, identity, and what is expected of each within the horizons; uplift within the first."""
        tables = {"customers": self.truth.customers(), "identity": self.truth.identity(), "partners": self.truth.partners()}
        tables |= {f"expected_{days}": self.truth.expected(days) for days in horizons}
        for name, table in tables.items():
            self._waiting[name].append(table)
        for table in self.truth.uplifts(horizons[0]):
            self._waiting["uplift"].append(table)
            self._write("uplift")

    def _write(self, page: str) -> None:
        """Write what waits for a page as one row group."""
        waiting = self._waiting.pop(page)
        if page not in self._writers:
            self._writers[page] = pq.ParquetWriter(self._drafts.path(f"{page}.parquet"), waiting[0].schema, compression="zstd")
        self._writers[page].write_table(pa.concat_tables(waiting))

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        with self._drafts as drafts:
            if kind is None:
                self.keep()
                for page in list(self._waiting):
                    self._write(page)
            else:
                drafts.drop()
            for writer in self._writers.values():
                writer.close()
        if kind is None:
            kept = set(drafts.files().values())
            for file in self.folder.glob("*.parquet"):
                if file not in kept:
                    file.unlink()
