"""A shop's API for tests: documents on pages, over a real socket of this machine, with its bad days."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

TOKEN = "shpat-test"  # noqa: S105 - of no shop
KEY, SECRET = "ck_test", "cs_test"
"""What lets in: Shopify's token; WooCommerce's key and secret."""


@dataclass
class FakeShop:
    """Documents by kind (`orders`, `customers`, `products`), pages of two, and what is refused before it is answered."""

    documents: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    refunds: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    """WooCommerce's, by order id."""
    refuse: list[tuple[int, str | None]] = field(default_factory=list)
    """Status and `Retry-After` of the next answers."""
    asked: list[str] = field(default_factory=list)
    """Every path that was asked for, with its query."""
    url: str = ""

    def answer(self, path: str, headers: Any) -> tuple[int, dict[str, str], Any]:
        """Return status, headers and body for one request."""
        self.asked.append(path)
        if self.refuse:
            status, again = self.refuse.pop(0)
            return status, {"Retry-After": again} if again else {}, {"errors": "not now"}
        parts = urlsplit(path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        if parts.path.startswith("/admin/api/"):
            return self._shopify(parts.path, query, headers)
        return self._woocommerce(parts.path, query, headers)

    def _shopify(self, path: str, query: dict[str, str], headers: Any) -> tuple[int, dict[str, str], Any]:
        if headers.get("X-Shopify-Access-Token") != TOKEN:
            return 401, {}, {"errors": "[API] Invalid API key or access token"}
        kind = path.rsplit("/", 1)[1].removesuffix(".json")
        asked: dict[str, Any] = {"at": 0, "since": ""}
        if "page_info" in query:
            asked = json.loads(base64.urlsafe_b64decode(query["page_info"]))
        asked["since"] = query.get("updated_at_min", asked["since"])
        found = [one for one in self.documents.get(kind, []) if _since(one.get("updated_at"), asked["since"])]
        page, behind = found[asked["at"] : asked["at"] + 2], asked["at"] + 2
        more = {}
        if behind < len(found):
            info = base64.urlsafe_b64encode(json.dumps(asked | {"at": behind}).encode()).decode()
            more["Link"] = f'<{self.url}{path}?{urlencode({"limit": 2, "page_info": info})}>; rel="next"'
        return 200, more, {kind: page}

    def _woocommerce(self, path: str, query: dict[str, str], headers: Any) -> tuple[int, dict[str, str], Any]:
        expected = "Basic " + base64.b64encode(f"{KEY}:{SECRET}".encode()).decode()
        if headers.get("Authorization") != expected:
            return 401, {}, {"code": "woocommerce_rest_cannot_view"}
        kind, *below = path.removeprefix("/wp-json/wc/v3/").split("/")
        if below:
            return 200, {}, self.refunds.get(below[0], [])
        if kind == "webhooks":
            return 200, {}, self.documents.get(kind, [])
        after = query.get("modified_after", "")
        found = [one for one in self.documents.get(kind, []) if _since(f"{one.get('date_modified_gmt')}Z", after)]
        at = (int(query["page"]) - 1) * 2
        return 200, {"X-WP-TotalPages": str(max(1, -(-len(found) // 2)))}, found[at : at + 2]


def _since(at: str | None, since: str) -> bool:
    if not since or not at:
        return True
    return datetime.fromisoformat(at).astimezone(UTC) >= datetime.fromisoformat(since)


@contextmanager
def shop_api(shop: FakeShop) -> Iterator[str]:
    """Serve a shop's API on a free port of this machine; yields its URL."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, headers, body = shop.answer(self.path, self.headers)
            data = json.dumps(body).encode()
            self.send_response(status)
            for name, value in (headers | {"Content-Type": "application/json", "Content-Length": str(len(data))}).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name is the library's
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        shop.url = f"http://127.0.0.1:{server.server_address[1]}"
        yield shop.url
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
