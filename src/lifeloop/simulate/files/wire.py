"""What a simulated shop's pipeline received, as JSON lines in the form of Segment's specification.

Made of the same day's tables as the Parquet files, so both tell the same: an order's event carries its lines and sums, a new
customer comes as an `identify`, a guest is named by an e-mail, and a malformed row is a line that lacks what the row lacks.
Lines are put together by columns in a second thread; no row is looked at by Python.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lifeloop.base.ids import customer_of_email
from lifeloop.base.progress import Progress, silent
from lifeloop.simulate.deeds import US
from lifeloop.simulate.dirt import keys_of, skews
from lifeloop.simulate.draws import Ints, Keys
from lifeloop.simulate.files.tables import Drafts, Packing, TableFile, nobody
from lifeloop.simulate.files.wire_sales import OrderTexts, refund_texts
from lifeloop.simulate.files.wire_texts import escaped, fine_stamps, listed, money, said, stamps, where
from lifeloop.simulate.shop import Seen, Shop
from lifeloop.simulate.world import World

FILE_BYTES = 256 << 20
"""A file that has grown as large is followed by the next one."""
_PIECE = 250_000
"""Rows put into lines at once."""
WEB_AGENTS = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Safari/604.1",
    "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Mobile Safari/537.36",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Safari/605.1.15",
)
APP_AGENTS = ("ShopApp/5.2 (iOS 17.5)", "ShopApp/5.2 (Android 14)")
_GUEST = "email-"
_ON_THE_WAY = 40_000
"""Microseconds between sending and receiving; nothing is received sooner after it was done."""
_ENTRY = ',"page":{"path":"/"}'
"""The page that is viewed as a page, and not as a product or a list, is the shop's first."""
_TEXT = pa.string()


def write_wire(
    shop: Shop,
    folder: Path,
    *,
    days: int | None = None,
    progress: Progress = silent,
    watch: Callable[[Seen], None] = nobody,
) -> dict[str, Path]:
    """Live the shop's next `days` days (all that are left) and write what its pipeline received to `events-0001.jsonl`, ...

    Beside them goes `product.parquet`, the shop's product list at the end, as a catalogue is never told by events. Returns
    the files by stem; `watch` is shown every day. Raises OSError; then no file has appeared.
    """
    total = shop.days_left if days is None else days
    with Drafts(folder) as drafts, _Lines(drafts) as lines:
        with Packing() as packing:
            pen, product = Pen(shop._world), None  # noqa: SLF001 - same room
            for number, seen in enumerate(shop.history(days), 1):
                product = product or TableFile(drafts.path("product.parquet"), seen.product.schema, packing)
                packing.add(partial(lines.write_day, pen, seen))
                watch(seen)
                progress("simulating", number, total)
            if product:
                product.add(shop.products())
                product.close()
        return drafts.files()


class _Lines:
    """Files of lines, one after the other."""

    def __init__(self, drafts: Drafts) -> None:
        self._drafts = drafts
        self._file: BinaryIO | None = None
        self._number = 0

    def write_day(self, pen: Pen, seen: Seen) -> None:
        """Append the lines of a day, which is not divided between files."""
        if self._file is None or self._file.tell() >= FILE_BYTES:
            self._close()
            self._number += 1
            self._file = self._drafts.path(f"events-{self._number:04}.jsonl").open("wb")
        for lines in pen.lines(seen):
            offsets = np.frombuffer(lines.buffers()[1], np.int32)[lines.offset : lines.offset + len(lines) + 1]
            self._file.write(memoryview(lines.buffers()[2])[int(offsets[0]) : int(offsets[-1])])

    def _close(self) -> None:
        if self._file:
            self._file.close()

    def __enter__(self) -> _Lines:
        return self

    def __exit__(self, *_error: object) -> None:
        self._close()


class Pen:
    """Puts the tables of one day after the other into lines; remembers guests' e-mails and the orders lately placed."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._orders = OrderTexts(world)
        self._mails: dict[str, str] = {}

    def lines(self, seen: Seen) -> list[Any]:
        """Return the lines of a day in the order of receiving, as Arrow strings that each end with a line break."""
        self._remember(seen.customer)
        self._orders.add(seen.order, seen.order_line)
        event, people = seen.event, len(seen.customer)
        pieces = [self._events(event.slice(at, _PIECE)) for at in range(0, len(event), _PIECE)]
        torn = np.flatnonzero(np.asarray(pc.is_null(event["type"])))
        if not people and not torn.size:
            return pieces
        midnight = int(datetime.combine(seen.day, datetime.min.time(), UTC).timestamp())
        told = np.maximum(_seconds(seen.customer["first_seen_at"].combine_chunks()), midnight)
        place = np.arange(people + len(event))
        place[people + torn] = place.size + np.arange(torn.size)
        received = np.concatenate([told * US, _microseconds(event["received_at"].combine_chunks())])
        broken = said('{"type":"track","properties":', event["properties"].combine_chunks().take(pa.array(torn)), "\n")
        lines = pa.concat_arrays([self._people(seen.customer, seen.consent, told), *pieces, broken])
        return [lines.take(pa.array(place[np.argsort(received, kind="stable")]))]

    def _remember(self, customer: pa.Table) -> None:
        """Keep the e-mails of new guests; their ids are made of them."""
        guests = customer.filter(pc.starts_with(customer["customer_id"], _GUEST))
        for customer_id, mail in zip(guests["customer_id"].to_pylist(), guests["email"].to_pylist(), strict=True):
            if mail and customer_of_email(mail) == customer_id:
                self._mails[customer_id] = mail

    def _events(self, event: pa.Table) -> Any:
        """Return the lines of some events; those of torn rows mean nothing."""
        get = {name: event[name].combine_chunks() for name in event.column_names}
        kind, properties = get["type"], pc.fill_null(get["properties"], "{}")
        user, mail = self._named(get["customer_id"])
        is_sale = pc.fill_null(
            pc.is_in(get["name"], value_set=pa.array(["Order Completed", "Order Refunded"])), fill_value=False
        )
        received = _microseconds(get["received_at"])
        at = stamps(_seconds(get["occurred_at"]), pc.is_null(get["occurred_at"]))
        device = keys_of(get["anonymous_id"])
        sent = received - _ON_THE_WAY + US * skews(self.world.draws, self.world.config.dirt, device)
        return _joined(
            '{"type":"', kind, '"',
            said(pc.if_else(pc.equal(kind, "track"), ',"event":"', ',"name":"'), get["name"], '"'),
            said(',"messageId":"', get["message_id"], '"'),
            said(',"userId":"', user, '"'),
            said(',"anonymousId":"', get["anonymous_id"], '"'),
            said(',"timestamp":"', at, '"'),
            said(',"originalTimestamp":"', at, '"'),
            ',"sentAt":"', fine_stamps(sent), '","receivedAt":"', fine_stamps(received),
            '","context":{"library":{"name":"shop"}',
            said(',"sessionId":"', get["session_id"], '"'),
            where(pc.equal(kind, "page"), _ENTRY),
            _surroundings(properties, device),
            said(',"traits":{"email":"', where(pc.invert(is_sale), mail), '"}'),
            '},"properties":{',
            self._properties(get, properties, where(is_sale, mail)),
            "}}\n",
        )  # fmt: skip

    def _named(self, customer: Any) -> tuple[Any, Any]:
        """Return the user id and the e-mail each event names, of which at most one is known."""
        guests = np.flatnonzero(np.asarray(pc.fill_null(pc.starts_with(customer, _GUEST), fill_value=False)))
        if not guests.size:
            return customer, pa.nulls(len(customer), _TEXT)
        mails = [self._mails.get(one) for one in customer.take(pa.array(guests)).to_pylist()]
        place = np.full(len(customer), -1)
        place[guests] = np.arange(guests.size)
        mail = pa.array(mails, _TEXT).take(pa.array(place, mask=place < 0))
        return where(pc.is_null(mail), customer), mail

    def _properties(self, get: dict[str, Any], properties: Any, mail: Any) -> Any:
        """Return the inside of each event's properties: what the row says in columns, then what it says in JSON."""
        own = pc.binary_slice(properties.view(pa.binary()), 1, -1).view(_TEXT)
        value = money(get["amount_minor"], self.world.currency)
        is_order, is_refund, is_added, is_removed = (
            pc.fill_null(pc.equal(get["name"], name), fill_value=False)
            for name in ("Order Completed", "Order Refunded", "Product Added", "Product Removed")
        )
        is_said = pc.or_(pc.or_(is_order, is_refund), pc.or_(is_added, is_removed))  # as a total, or as a price and pieces
        parts = [
            said('"product_id":"', get["product_id"], '"'),
            said('"order_id":"', get["order_id"], '"'),
            said('"currency":"', get["currency"], '"'),
            where(pc.invert(is_said), said('"value":', value, "")),
            said('"email":"', mail, '"'),
            self._orders.of(get["order_id"], is_order),
            refund_texts(get, properties, value, is_refund, self.world.currency),
            where(pc.greater(pc.binary_length(own), 0), own),
        ]
        return listed(parts)

    def _people(self, customer: pa.Table, consent: Any, told: Ints) -> Any:
        """Return an `identify` for each new customer, told by the shop's own server at the second `told`."""
        get = {name: customer[name].combine_chunks() for name in customer.column_names}
        user, _mail = self._named(get["customer_id"])
        at, fine, created = stamps(told), fine_stamps(told * US), stamps(_seconds(get["first_seen_at"]))
        traits = [said(f'"{name}":"', escaped(get[name]), '"') for name in ("email", "phone", "language", "country")]
        traits += [said('"createdAt":"', created, '"'), said('"consent":', consent, "")]
        return _joined(
            '{"type":"identify","messageId":"identify-', get["customer_id"], '"',
            said(',"userId":"', user, '"'),
            ',"timestamp":"', at, '","originalTimestamp":"', at, '","sentAt":"', fine, '","receivedAt":"', fine,
            '","context":{"library":{"name":"shop"}},"traits":{', listed(traits), "}}\n",
        )  # fmt: skip


def _seconds(values: Any) -> Ints:
    return _microseconds(values) // US


def _microseconds(values: Any) -> Ints:
    return np.asarray(pc.fill_null(values.cast(pa.int64()), 0))


def _joined(*parts: Any) -> Any:
    return pc.binary_join_element_wise(*parts, "", null_handling="replace", null_replacement="")


def _surroundings(properties: Any, device: Keys) -> Any:
    """Return what each event's context says of the reader's language and of the browser or app; a bot may say what it is."""
    head = np.full(device.size, -1)
    for number, text in enumerate(_HEADS):
        head[np.asarray(pc.starts_with(properties, text))] = number
    app, language = head // 2 == _CHANNELS.index("app"), np.where(head < 0, len(_LOCALES), head % 2)
    other = np.flatnonzero(head < 0)
    rest = properties.take(pa.array(other))
    for number, locale in enumerate(_LOCALES):
        language[other[np.asarray(pc.match_substring(rest, f'"locale": "{locale}"'))]] = number
    agent = np.where(device == 0, 0, 1 + 16 * app + (device & np.uint64(15)).astype(np.int64))
    place, texts = agent * (len(_LOCALES) + 1) + language, _SURROUNDINGS
    bots = other[np.asarray(pc.match_substring(rest, '"user_agent": "'))]
    if bots.size:
        named = pc.extract_regex(properties.take(pa.array(bots)), r'"user_agent": "(?P<agent>[^"]*)"').field("agent")
        texts = pa.concat_arrays([texts, said(_TONGUES.take(pa.array(language[bots])), said(',"userAgent":"', named, '"'), "")])
        place[bots] = len(_SURROUNDINGS) + np.arange(bots.size)
    return texts.take(pa.array(place))


_CHANNELS, _LOCALES = ("web", "app", "store"), ("en-GB", "zh-CN")
_HEADS = [f'{{"channel": "{channel}", "locale": "{locale}"' for channel in _CHANNELS for locale in _LOCALES]
"""How the properties of nearly all events begin."""
_TONGUES = pa.array([*(f',"locale":"{locale}"' for locale in _LOCALES), ""])
_BROWSERS = ["", *(f',"userAgent":"{agents[one % len(agents)]}"' for agents in (WEB_AGENTS, APP_AGENTS) for one in range(16))]
_SURROUNDINGS = pa.array([tongue + browser for browser in _BROWSERS for tongue in _TONGUES.to_pylist()])
