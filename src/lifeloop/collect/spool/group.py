"""Group commit: many requests wait, one synchronisation of the disk answers them all.

One thread is given everything that waits (at most `GROUP_RECORDS` requests or `GROUP_BYTES`), writes it, and tells the event
loop once. Meanwhile the next group gathers: the slower the disk, the larger the groups, so throughput holds. Loop and thread
hand over twice a group and not for each request, since every handing over costs a wait for the interpreter. Framing and
checksums are done by the loop: the thread then needs the interpreter only between two system calls.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum
from queue import SimpleQueue
from threading import Thread

from lifeloop.collect.spool.errors import SpoolBusy, SpoolFailed
from lifeloop.collect.spool.framing import framed
from lifeloop.collect.spool.record import Place, Stamp
from lifeloop.collect.spool.writer import SpoolWriter

_log = logging.getLogger(__name__)

GROUP_RECORDS = 64
GROUP_BYTES = 8 << 20
LOOK_SECONDS = 1.0
"""How often the unread part of the spool is looked at."""
SEGMENT_SECONDS = 3600.0
"""How long one segment is written to: a quiet shop's bodies shall not lie there for months after they were read."""


@dataclass(slots=True)
class _Waiting:
    head: bytes
    body: bytes
    answer: asyncio.Future[Place]

    @property
    def size(self) -> int:
        return len(self.head) + len(self.body)


class _Word(Enum):
    """What the thread is told besides."""

    TURN = "begin a new segment"
    END = "end"


@dataclass(slots=True)
class Tally:
    """What was done since the start; for metrics."""

    requests: int = 0
    bytes: int = 0
    groups: int = 0
    failures: int = 0
    disk_seconds: float = 0.0
    """Spent writing and synchronising."""
    longest_seconds: float = 0.0
    """The slowest group."""


class GroupCommit:
    """The event loop's front of a `SpoolWriter`; made and closed inside the loop it serves."""

    def __init__(
        self,
        writer: SpoolWriter,
        *,
        max_waiting_bytes: int = 64 << 20,
        max_unread_bytes: int = 4 << 30,
        unread: Callable[[], int] | None = None,
        segment_seconds: float = SEGMENT_SECONDS,
        look_seconds: float = LOOK_SECONDS,
    ) -> None:
        """Begin to serve. `unread` returns how many bytes of the spool the slowest reader has not read.

        It is asked every `look_seconds`, in a thread of its own, and may remove what was read by all; while it fails, what was
        last known stands.
        """
        self._writer = writer
        self._max_waiting_bytes = max_waiting_bytes
        self._max_unread_bytes = max_unread_bytes
        self._unread = unread or (lambda: 0)
        self._unread_bytes = 0
        self._segment_seconds = segment_seconds
        self._look_seconds = look_seconds
        self._waiting_bytes = 0
        self._closed = False
        self._waiting: deque[_Waiting] = deque()
        self._busy = False
        self._sending = False
        self._queue: SimpleQueue[list[_Waiting] | _Word] = SimpleQueue()
        self._loop = asyncio.get_running_loop()
        self._segment = (writer.place.segment, self._loop.time())
        self._looking = self._loop.create_task(self._look())
        self._ended = self._loop.create_future()
        self.tally = Tally()
        """Read it only."""
        self._thread = Thread(target=self._serve, name="spool", daemon=True)
        self._thread.start()

    async def put(self, stamp: Stamp, body: bytes) -> Place:
        """Return where the request lies, once it will survive a power cut.

        Raises SpoolBusy when too much waits or is unread, SpoolFull or SpoolFailed when the disk does not take it.
        """
        if self._closed:
            raise SpoolFailed("cannot keep what was sent", "the server is stopping", "Send it again.")
        self._refuse_when_full(len(body))
        waiting = _Waiting(*framed(stamp, body), self._loop.create_future())
        self._waiting_bytes += waiting.size
        self._waiting.append(waiting)
        if not (self._busy or self._sending):
            self._sending = True
            self._loop.call_soon(self._send)  # once whoever else is being heard in this turn of the loop has come
        return await waiting.answer

    def backlog_bytes(self) -> int:
        """Return how much waits for the disk."""
        return self._waiting_bytes

    def unread_bytes(self) -> int:
        """Return how much of the spool the slowest reader had not read when last looked at."""
        return self._unread_bytes

    async def close(self) -> None:
        """Wait until what waits is answered, then let go of the spool. What comes from now on is refused."""
        if not self._closed:
            self._closed = True
            self._looking.cancel()
            if not (self._busy or self._waiting):
                self._queue.put(_Word.END)
        await asyncio.shield(self._ended)

    def _refuse_when_full(self, size: int) -> None:
        if self._waiting_bytes + size > self._max_waiting_bytes and self._waiting_bytes:
            raise SpoolBusy(
                "cannot take more now", f"{self._waiting_bytes} bytes wait for the disk", "Come back in some seconds."
            )
        if self._unread_bytes > self._max_unread_bytes:
            raise SpoolBusy(
                "cannot take more now",
                f"{self._unread_bytes} bytes wait to be indexed",
                "Come back, or see why the indexer is behind.",
            )

    async def _look(self) -> None:
        """See again and again how much is unread, and end a segment that grew old."""
        while True:
            await self._loop.run_in_executor(None, self._measure)
            await asyncio.sleep(self._look_seconds)
            now, place = self._loop.time(), self._writer.place
            if place.segment != self._segment[0] or place.offset == 0:
                self._segment = (place.segment, now)
            elif now - self._segment[1] >= self._segment_seconds:
                self._queue.put(_Word.TURN)

    def _measure(self) -> None:
        try:
            self._unread_bytes = self._unread()
        except Exception as error:  # noqa: BLE001 - whatever is wrong there, requests are taken on
            _log.warning("how much of the spool is unread cannot be seen: %s", error)

    def _send(self) -> None:
        """Give the thread the next group, unless it has one."""
        self._sending = False
        if self._busy or not self._waiting:
            return
        group: list[_Waiting] = []
        size = 0
        while self._waiting and len(group) < GROUP_RECORDS and size < GROUP_BYTES:
            group.append(self._waiting.popleft())
            size += group[-1].size
        self._busy = True
        self._queue.put(group)

    def _serve(self) -> None:
        while (given := self._queue.get()) is not _Word.END:
            if isinstance(given, list):
                self._write(given)
            else:
                with suppress(SpoolFailed):
                    self._writer.turn()
        self._writer.close()
        self._loop.call_soon_threadsafe(self._ended.set_result, None)

    def _write(self, group: list[_Waiting]) -> None:
        begun = time.perf_counter()
        places: list[Place] = []
        error: BaseException | None = None
        try:
            places = self._writer.append_framed([(each.head, each.body) for each in group])
        except BaseException as raised:  # noqa: BLE001 - each waiting request must hear of it, and the thread must live
            error = raised
        self._loop.call_soon_threadsafe(self._answer, group, places, error, time.perf_counter() - begun)

    def _answer(self, group: list[_Waiting], places: list[Place], error: BaseException | None, seconds: float) -> None:
        self._busy = False
        self._send()
        if self._closed and not self._busy:
            self._queue.put(_Word.END)
        size = sum(each.size for each in group)
        self._waiting_bytes -= size
        self._count(len(group), size, seconds, failed=error is not None)
        for number, each in enumerate(group):
            if each.answer.done():  # its client went away
                continue
            if error is None:
                each.answer.set_result(places[number])
            else:
                each.answer.set_exception(_for_one(error))

    def _count(self, requests: int, size: int, seconds: float, *, failed: bool) -> None:
        tally = self.tally
        tally.groups += 1
        tally.disk_seconds += seconds
        tally.longest_seconds = max(tally.longest_seconds, seconds)
        if failed:
            tally.failures += requests
        else:
            tally.requests += requests
            tally.bytes += size


def _for_one(error: BaseException) -> BaseException:
    """Return the same error anew: several requests raise it, each with its own traceback."""
    if isinstance(error, SpoolFailed):
        return type(error)(error.asked, error.found, error.fix)
    return SpoolFailed("cannot keep what was sent", f"{type(error).__name__}: {error}", "See the server's log.")
