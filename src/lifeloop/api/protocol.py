"""HTTP on one connection, within bounds: the head of a request is small, and comes soon.

Uvicorn's protocol with httptools bounds neither, so that a stranger could fill the memory with headers, or keep every
connection there may be by sending nothing.
"""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD_BYTES = 64 << 10
"""How large the line and the headers of a request may be together."""

HEAD_SECONDS = 30.0
"""How long they may take, from the connection's or the request's first byte."""

_TOO_LARGE = b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"


class BoundedProtocol(HttpToolsProtocol):
    """One connection."""

    def __init__(self, *given: Any, **more: Any) -> None:
        """Take what uvicorn gives."""
        super().__init__(*given, **more)
        self._in_head = True
        self._head_bytes = 0
        self._waiting: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for a request."""
        super().connection_made(transport)
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no more."""
        self._wait_no_more()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read what came, unless it is a head without an end."""
        if self._in_head:
            self._head_bytes += len(data)
        super().data_received(data)
        if not self._in_head and self._waiting is None and self.cycle is not None and self.cycle.response_complete:
            self._wait()  # the rest of a body that was answered already
        if self._in_head and self._head_bytes > HEAD_BYTES and not self.transport.is_closing():
            self.transport.write(_TOO_LARGE)
            self.transport.close()

    def on_header(self, name: bytes, value: bytes) -> None:
        """Keep a header; those behind a body are of no use to anybody."""
        if self._in_head:
            super().on_header(name, value)

    def on_message_begin(self) -> None:
        """Begin to wait for the head's end."""
        super().on_message_begin()
        if not self._in_head:
            self._in_head, self._head_bytes = True, 0
            self._wait()

    def on_headers_complete(self) -> None:
        """Wait no more: what follows is a body, which has bounds of its own."""
        self._in_head, self._head_bytes = False, 0
        self._wait_no_more()
        super().on_headers_complete()

    def _wait(self) -> None:
        self._wait_no_more()
        self._waiting = self.loop.call_later(HEAD_SECONDS, self._give_up)

    def _wait_no_more(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None

    def _give_up(self) -> None:
        if not self.transport.is_closing():
            self.transport.close()
