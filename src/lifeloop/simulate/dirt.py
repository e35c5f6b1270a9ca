"""What stands between what was done and what the shop hears of it: doubles, delays, wrong clocks, bots, broken rows.

Every draw is keyed by the event's message id (a wrong clock by the device's visitor id), so what nothing happens to stays as it
is whatever happens to others. Orders, refunds and customers come from the shop's own books and are always clean.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lifeloop.simulate.arrival import microseconds
from lifeloop.simulate.deeds import DAY, NOTHING, NUMBER, US, Deeds, deeds, hex_or_null, instants
from lifeloop.simulate.draws import Draws, Ints, Keys, Mask
from lifeloop.simulate.settings import DirtSection

if TYPE_CHECKING:
    from lifeloop.simulate.world import World

LONGEST_DAYS = 45
"""No event is on its way for more days."""
_MINUTES = 300
_COPY_SECONDS = (2.0, 25_000.0)
"""Least and most seconds between the two deliveries of one event."""
BROKEN = ("no_time", "no_name", "no_one", "torn")
"""How an event is malformed: it does not say when, what, or who; or only the beginning of its properties is there."""
_BOTS = 24
_BURST = 40
"""Pages a bot asks for in a row."""
_SEARCHES, _LISTS = 0.04, 0.12
"""Shares of searches and of lists among the pages a bot asks for."""
_HIDDEN = 4
"""One bot in so many does not say that it is one."""
AGENT = '"user_agent": '
"""How it begins that an event says in which browser a page was read."""
WEB_AGENTS = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Safari/604.1",
    "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Mobile Safari/537.36",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Safari/605.1.15",
)
"""What people read in, and bots that do not say what they are; the last four bits of the visitor id choose."""
BOT_AGENTS = (
    "Mozilla/5.0 (compatible; ShelfCrawler/2.1; +https://shelfcrawler.example/bot)",
    "PriceWatchBot/1.4 (+https://pricewatch.example/bot.html)",
    "Mozilla/5.0 (compatible; FindAllSpider/3.0; spider@findall.example)",
)


class Dirt:
    """The way from the shop's pages to its pipeline; keeps what is still under way."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.under_way: defaultdict[int, list[pa.Table]] = defaultdict(list)
        """Rows to be received on a later day, by day."""

    def bots(self, day: int, done: Deeds) -> Deeds:
        """Return what bots do on a day on which people did `done`: each burst reads on through the catalogue."""
        world, draws = self.world, self.world.draws
        events = int(world.config.dirt.bots * len(done) + draws.uniform("bots", [day])[0])
        shelf = np.flatnonzero(world.goods.launch <= day)
        if not events or not shelf.size:
            return NOTHING
        number = np.arange(events)
        burst, place = number // _BURST, number % _BURST
        bot = np.floor(draws.uniform("bot", burst, day) * _BOTS).astype(np.int64)
        begins = np.floor(draws.uniform("bot: when", burst, day) * (DAY - 2 * _BURST)).astype(np.int64)
        product = shelf[(np.floor(draws.uniform("bot: where", burst, day) * shelf.size).astype(np.int64) + place) % shelf.size]
        page = _pages(draws, number, day, place)
        viewed = page == NUMBER["Product Viewed"]
        second = (
            world.midnight(day) + begins + np.floor((place + draws.uniform("bot: pause", number, day)) * 1.5).astype(np.int64)
        )
        message = draws.ids("bot: message", number, day)
        self._note(message, "bot", second)
        return deeds(
            page,
            np.full(events, -1),
            second,
            message,
            visitor=draws.ids("bot: visitor", bot, k=day // 30),
            session=draws.ids("bot: session", burst, day),
            product=np.where(viewed, product, -1),
            extra=self._said(bot, page, product),
        )

    def _said(self, bot: Ints, page: Ints, product: Ints) -> Any:
        """Return the properties of what bots do, in the language each reads; those that are honest come in by their name."""
        world, texts = self.world, np.full(bot.size, "", object)
        home, language = page == NUMBER["Home"], np.asarray(world.draws.chance("bot: language", bot, 0.4), np.int64)
        names = np.array([f'{AGENT}"{one}", ' for one in BOT_AGENTS], object)
        names = np.where(bot % _HIDDEN == 0, "", names[bot % len(BOT_AGENTS)])
        context = np.array([f'"channel": "web", "locale": "{one}"' for one in ("en-GB", "zh-CN")], object)
        texts[:] = np.where(home, names, "") + context[language]
        for number in (0, 1):
            rows = np.flatnonzero((page == NUMBER["Product Viewed"]) & (language == number))
            texts[rows] = texts[rows] + ", " + world.fragments[number][product[rows]]
            for name, key in (("Products Searched", "query"), ("Product List Viewed", "category")):
                rows = np.flatnonzero((page == NUMBER[name]) & (language == number))
                shelf = world.category_text[number][world.goods.category[product[rows]]]
                texts[rows] = texts[rows] + f', "{key}": ' + shelf
        return pa.array(texts, pa.string())

    def deliver(self, day: int, event: pa.Table) -> pa.Table:
        """Return the rows of `event` received on a day, of those that happened today and those under way from before.

        They come in the order of `received_at`. With all rates 0 those are the rows of `event`.
        """
        own, draws = self.world.config.dirt, self.world.draws
        if not (own.duplicates or own.late or own.out_of_order or own.skewed or own.malformed):
            return event.take(pa.array(np.argsort(_microseconds(event["received_at"]), kind="stable")))
        keys = keys_of(event["message_id"])
        true = _microseconds(event["occurred_at"])
        event, off = self._wrong_clocks(event, true)
        received, late, behind = self._delays(day, keys, _microseconds(event["received_at"]))
        place = np.arange(len(event))
        broken = np.flatnonzero(draws.chance("malformed", keys, own.malformed))
        place[broken] = len(event) + np.arange(broken.size)
        spoiled, how = _spoiled(event.take(pa.array(broken)), draws, keys[broken])
        twice = np.flatnonzero(draws.chance("duplicate", keys, own.duplicates))
        again = received[twice] + _copies(draws, keys[twice])
        for kind, rows in (("skewed", off), ("late", late), ("out_of_order", behind), ("duplicate", twice)):
            self._note(keys[rows], kind, true[rows] // US)
        for number, kind in enumerate(BROKEN):
            self._note(keys[broken[how == number]], kind, true[broken[how == number]] // US)
        return self._arrive(
            day, pa.concat_tables([event, spoiled]), np.concatenate([place, place[twice]]), np.concatenate([received, again])
        )

    def _wrong_clocks(self, event: pa.Table, true: Ints) -> tuple[pa.Table, Ints]:
        """Return the events as the devices' clocks date them, and which are dated wrongly."""
        skew = skews(self.world.draws, self.world.config.dirt, keys_of(event["anonymous_id"]))
        off = np.flatnonzero(skew)
        if off.size:
            event = event.set_column(*_column(event, "occurred_at", instants(true // US + skew)))
        return event, off

    def _delays(self, day: int, keys: Keys, received: Ints) -> tuple[Ints, Ints, Ints]:
        """Return when each event is received, in microseconds, and which come days and which come minutes late."""
        own, draws = self.world.config.dirt, self.world.draws
        is_late = draws.chance("late", keys, own.late)
        late = np.flatnonzero(is_late)
        behind = np.flatnonzero(draws.chance("out of order", keys, own.out_of_order) & ~is_late)
        days = 1 + np.minimum(draws.count("late: days", keys[late], max(own.late_days - 1, 0)), LONGEST_DAYS - 2)
        clock = np.floor(draws.uniform("late: when", keys[late]) * DAY * US).astype(np.int64)
        at = received.copy()
        at[late] = (self.world.midnight(day) + days * DAY) * US + clock
        at[behind] += np.ceil(draws.uniform("behind", keys[behind]) * _MINUTES * US).astype(np.int64)
        return at, late, behind

    def _arrive(self, day: int, pool: pa.Table, place: Ints, received: Ints) -> pa.Table:
        """Return what is received today of the rows at `place` and of those under way; the others are under way from now on."""
        on = np.maximum(day, (received // US - self.world.epoch) // DAY)
        for later in np.unique(on[on > day]).tolist():
            if later < self.world.config.shop.days:
                rows = np.flatnonzero(on == later)
                self.under_way[later].append(_received(pool.take(pa.array(place[rows])), received[rows]))
        now = np.flatnonzero(on == day)
        come = self.under_way.pop(day, [])
        at = np.concatenate([received[now], *(_microseconds(table["received_at"]) for table in come)])
        place = np.concatenate([place[now], len(pool) + np.arange(at.size - now.size)])
        order = np.argsort(at, kind="stable")
        whole = pa.concat_tables([pool, *come]).combine_chunks()
        return _received(whole.take(pa.array(place[order])), at[order])

    def _note(self, message: Keys, kind: str, second: Ints) -> None:
        if message.size:
            self.world.note(
                "dirt",
                lambda: {
                    "message_id": hex_or_null(message),
                    "kind": pa.array([kind] * message.size, pa.string()),
                    "occurred_at": instants(second),
                },
            )


def _pages(draws: Draws, number: Ints, day: int, place: Ints) -> Ints:
    """Return what bots ask for: first the shop's own page, then products, and lists and searches in between."""
    asks = draws.uniform("bot: page", number, day)
    between = np.where(asks < _SEARCHES, NUMBER["Products Searched"], NUMBER["Product List Viewed"])
    other = np.where(asks < _SEARCHES + _LISTS, between, NUMBER["Product Viewed"])
    return np.where(place == 0, NUMBER["Home"], other)


def skews(draws: Draws, dirt: DirtSection, keys: Keys) -> Ints:
    """Return by how many seconds the clock of each device is ahead (below 0: behind); 0 for most, and for the key 0, none."""
    skew = np.zeros(keys.size, np.int64)
    if not dirt.skewed or not dirt.skew_seconds:
        return skew
    wrong = np.flatnonzero(draws.chance("wrong clock", keys, dirt.skewed) & (keys != 0))
    seconds = 1 - np.log(draws.uniform("wrong by", keys[wrong])) * max(dirt.skew_seconds - 1, 0)
    sign = np.where(draws.chance("ahead", keys[wrong], 0.5), 1, -1)
    skew[wrong] = sign * np.rint(seconds).astype(np.int64)
    return skew


def keys_of(ids: Any) -> Keys:
    """Return the 64 bits that ids of 16 hex digits stand for; 0 for null. About 60 ns an id."""
    texts = pc.fill_null(ids, "0" * 16)
    texts = texts.combine_chunks() if isinstance(texts, pa.ChunkedArray) else texts
    digits = np.frombuffer(texts.buffers()[2] or b"", np.uint8)[16 * texts.offset :][: 16 * len(texts)]
    nibbles = _NIBBLE[digits]
    packed = nibbles[0::2] << 4 | nibbles[1::2]
    keys: Keys = packed.view(">u8").astype(np.uint64)
    return keys


_NIBBLE = np.zeros(256, np.uint8)
_NIBBLE[np.frombuffer(b"0123456789abcdef", np.uint8)] = np.arange(16)


def _copies(draws: Draws, keys: Keys) -> Ints:
    """Return how many microseconds behind the first the second delivery of each event comes: seconds to hours."""
    low, high = np.log(_COPY_SECONDS)
    behind: Ints = np.floor(np.exp(low + (high - low) * draws.uniform("copy", keys)) * US).astype(np.int64)
    return behind


def _spoiled(event: pa.Table, draws: Draws, keys: Keys) -> tuple[pa.Table, Ints]:
    """Return events as malformed rows, and how each is malformed (place in BROKEN); only a track event needs a name."""
    how = np.floor(draws.uniform("how", keys) * len(BROKEN)).astype(np.int64)
    how[(how == 1) & ~np.asarray(pc.equal(event["type"], "track"))] = 0
    share = draws.uniform("torn at", keys).tolist()
    torn: Mask = how == BROKEN.index("torn")
    lost = {
        "occurred_at": how == 0,
        "name": how == 1,
        **dict.fromkeys(("customer_id", "anonymous_id", "session_id"), how == 2),
    }
    for name in event.column_names:
        if name in ("source", "received_at"):
            continue
        if name == "properties":
            texts = [text or "{}" for text in event[name].to_pylist()]
            cut = [text[: max(1, int(part * len(text)))] for text, part in zip(texts, share, strict=True)]
            values = pc.if_else(pa.array(torn), pa.array(cut, pa.string()), event[name].combine_chunks())
        else:
            gone = torn | lost.get(name, torn)
            values = pc.if_else(pa.array(gone), pa.scalar(None, event.schema.field(name).type), event[name].combine_chunks())
        event = event.set_column(*_column(event, name, values))
    return event, how


def _column(event: pa.Table, name: str, values: Any) -> tuple[int, Any, Any]:
    place = event.schema.get_field_index(name)
    return place, event.schema.field(place), values


def _received(event: pa.Table, at: Ints) -> pa.Table:
    return event.set_column(*_column(event, "received_at", microseconds(at)))


def _microseconds(values: Any) -> Ints:
    """Return timestamps as microseconds since 1970; null as 0."""
    return np.asarray(pc.fill_null(values.cast(pa.int64()), 0))
