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

from lifeloop.simulate.draws import Ints
from lifeloop.simulate.expect import outlook, uplift
from lifeloop.simulate.people import FOREVER, RESPONSES
from lifeloop.simulate.season import LANGUAGES
from lifeloop.simulate.settings import WorldConfig
from lifeloop.simulate.shop import Shop
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
        left = state.left[who]
        day = pa.array([None if one == FOREVER else world.date(one) for one in left.tolist()], pa.date32())
        columns: dict[str, Any] = {
            "customer_id": people.customer_id.take(pa.array(who)),
            "person": who,
            "active": state.active[who],
            "left_on": day,
            "rate_per_week": 7.0 * people.rate[who],
            "dropout": people.dropout[who],
            "price_sensitivity": people.sensitivity[who],
            "response": pa.array(RESPONSES).take(pa.array(people.response[who])),
            "acquired_by": pa.array(list(world.config.acquisition)).take(pa.array(people.source[who])),
            "language": pa.array(LANGUAGES).take(pa.array(people.language[who])),
            "household": people.household[who],
            "life_event_on": self._dates(people.life_day[who]),
        }
        return pa.table(columns)

    def expected(self, horizon_days: int) -> pa.Table:
        """Return what each known customer will do within the horizon in expectation: orders, P(no order), revenue, margin.

        Guests who share an e-mail are one customer to the shop, and one row here.
        """
        who = self._known()
        seen = outlook(self._world, who, horizon_days)
        ids = self._ids(who).dictionary_encode()
        one, n = ids.indices.to_numpy(), len(ids.dictionary)

        def total(values: Any) -> Any:
            return np.bincount(one, values, minlength=n)

        return pa.table(
            {
                "customer_id": ids.dictionary,
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
        for channel, by in enumerate(world.messages.channels):
            for offer, what in enumerate(world.messages.offers):
                orders, margin = uplift(world, who, offer, channel, hour, horizon_days)
                columns = {
                    "customer_id": self._ids(who),
                    "channel": pa.repeat(by, who.size),
                    "offer": pa.repeat(what, who.size),
                    "orders": orders,
                    "margin_minor": margin,
                    "may_send": world.state.subscribed[who, channel],
                }
                yield pa.table(columns)

    def identity(self) -> pa.Table:
        """Return every customer id given out and the person behind it; several where a person ordered as a guest too."""
        who, aliases = self._known(), self._world.messages.aliases
        ids = [*self._ids(who).to_pylist(), *aliases]
        table = pa.table({"customer_id": pa.array(ids, pa.string()), "person": [*who.tolist(), *aliases.values()]})
        return table.group_by(["customer_id", "person"], use_threads=False).aggregate([])

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

    def _dates(self, days: Ints) -> Any:
        """Return days that have come as dates, others as null."""
        today = self._world.state.day
        return pa.array([self._world.date(day) if day < today else None for day in days.tolist()], pa.date32())


class TruthFiles:
    """A folder in which the truth is written as it comes: a Parquet file per page, and the state of the last day at the end."""

    def __init__(self, folder: Path, truth: Truth) -> None:
        self.folder, self.truth = folder, truth
        self._writers: dict[str, pq.ParquetWriter] = {}
        self._waiting: defaultdict[str, list[pa.Table]] = defaultdict(list)
        folder.mkdir(parents=True, exist_ok=True)
        for file in folder.glob("*.parquet"):
            file.unlink()

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
        tables = {"customers": self.truth.customers(), "identity": self.truth.identity()}
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
            self._writers[page] = pq.ParquetWriter(self.folder / f"{page}.parquet", waiting[0].schema, compression="zstd")
        self._writers[page].write_table(pa.concat_tables(waiting))

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.keep()
        for page in list(self._waiting):
            self._write(page)
        for writer in self._writers.values():
            writer.close()
