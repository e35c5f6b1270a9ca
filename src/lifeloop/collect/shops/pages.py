"""Pages of a shop system's API: every order, customer and product that changed since a moment, one document after another.

Shopify   `/admin/api/VERSION/orders.json` (customers, products) with `updated_at_min`; the header `Link` names the next page
WooCommerce   `/wp-json/wc/v3/orders` (customers, products) with `modified_after`; `X-WP-TotalPages` says how many there are

A page that is refused for now (429, 5xx, no connection) is asked for again, when `Retry-After` says or ever later.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal, TypeAlias
from urllib.parse import parse_qsl, urlsplit

from lifeloop.base.config import WebhookSettings
from lifeloop.base.errors import SettingsError, SourceError
from lifeloop.collect.shops.document import instant, listed, text, written

if TYPE_CHECKING:
    import httpx

Kind: TypeAlias = Literal["order", "customer", "product"]
KINDS: tuple[Kind, ...] = ("customer", "product", "order")
"""In the order they are asked for."""

TOPIC: Mapping[str, str] = {"shopify": "{kind}s/updated", "woocommerce": "{kind}.updated"}
"""The webhook topic under which a document from a page is understood."""

NEEDED: Mapping[str, tuple[str, ...]] = {
    "shopify": ("orders/create", "orders/updated", "customers/update", "products/update"),
    "woocommerce": ("order.created", "order.updated", "customer.updated", "product.updated"),
}
"""Topics without which something is heard late, by reconciling, or never."""

SHOPIFY_VERSION = "2025-07"
"""Of Shopify's API; an older one than it still serves is answered by the oldest it serves."""
TRIES = 7
_LONGEST_PAUSE_S = 60.0
_NEXT = re.compile(r'<([^>]*)>\s*;\s*rel="?next"?')
_LOCAL = {"127.0.0.1", "localhost", "::1"}


@dataclass(frozen=True)
class ShopApi:
    """The API of one shop."""

    system: Literal["shopify", "woocommerce"]
    url: str
    token: str
    pause: Callable[[float], None]
    """Waits that many seconds."""

    @classmethod
    def of(cls, name: str, shop: WebhookSettings, pause: Callable[[float], None]) -> ShopApi:
        """Return the API that the settings `[webhooks.NAME]` name. Raises SettingsError."""
        asked = f"cannot ask the shop '{name}'"
        if shop.url is None or shop.token is None:
            missing = "url" if shop.url is None else "token"
            fix = f"Write both into lifeloop.toml, or set LIFELOOP_WEBHOOKS__{name.upper()}__TOKEN; or name its export: --from."
            raise SettingsError(asked, f"[webhooks.{name}] has no {missing}", fix)
        parts = urlsplit(shop.url)
        if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in _LOCAL):
            raise SettingsError(asked, f"'{shop.url}' does not begin with https://", "The token must not travel in the open.")
        return cls(shop.system, shop.url.rstrip("/"), shop.token.get_secret_value(), pause)

    def documents(self, kind: Kind, since: datetime) -> Iterator[dict[str, Any]]:
        """Yield what changed since a moment. Raises SourceError when the shop does not answer, or not as it should."""
        with self._client() as client:
            asking = _Asking(client, self.pause)
            yield from (_of_shopify if self.system == "shopify" else _of_woocommerce)(asking, kind, since)

    def untold(self, name: str) -> tuple[str, ...]:
        """Return the topics that the shop does not tell `[webhooks.NAME]`, among those it should.

        Nothing where the shop does not say which it tells: Shopify lists those of the app the token belongs to, and not those
        that were made by hand.
        """
        path = f"/admin/api/{SHOPIFY_VERSION}/webhooks.json" if self.system == "shopify" else "/wp-json/wc/v3/webhooks"
        asked: dict[str, str | int] = {"limit": 250} if self.system == "shopify" else {"per_page": 100, "status": "all"}
        with self._client() as client:
            try:
                found = _objects(_Asking(client, self.pause).get(path, asked), path, "webhooks")
            except SourceError:
                return ()
        ours = [one for one in found if _path_of(one).endswith(f"/v1/webhooks/{self.system}/{name}")]
        told = {text(one, "topic") for one in ours if text(one, "status") in (None, "active")}
        return tuple(topic for topic in NEEDED[self.system] if topic not in told) if ours else ()

    def _client(self) -> httpx.Client:
        import httpx

        headers = {"User-Agent": "lifeloop", "Accept": "application/json"}
        auth = None
        if self.system == "shopify":
            headers["X-Shopify-Access-Token"] = self.token
        else:
            key, _, secret = self.token.partition(":")
            auth = httpx.BasicAuth(key, secret)
        return httpx.Client(base_url=self.url, headers=headers, auth=auth, timeout=60, follow_redirects=False)


@dataclass(frozen=True)
class _Asking:
    client: httpx.Client
    pause: Callable[[float], None]

    def get(self, path: str, parameters: Mapping[str, str | int]) -> httpx.Response:
        """Return one page, asked for until it comes. Raises SourceError."""
        found = ""
        for tried in range(TRIES):
            answer, found = self._once(path, parameters)
            if answer is not None and answer.status_code == 200:
                return answer
            if answer is not None and answer.status_code != 429 and answer.status_code < 500:
                break
            if tried < TRIES - 1:
                self.pause(_pause_of(answer, tried))
        fix = "Check its url and token in lifeloop.toml; the token must be allowed to read orders, customers and products."
        raise SourceError(f"cannot read {path} of the shop", found, fix)

    def _once(self, path: str, parameters: Mapping[str, str | int]) -> tuple[httpx.Response | None, str]:
        import httpx

        try:
            answer = self.client.get(path, params=dict(parameters))
        except httpx.TransportError as error:
            return None, f"no answer ({type(error).__name__})"
        return answer, f"it answers {answer.status_code}"


def _pause_of(answer: httpx.Response | None, tried: int) -> float:
    """Return the seconds to wait: as the shop says, else 1, 2, 4 ..."""
    said = answer.headers.get("retry-after", "") if answer is not None else ""
    try:
        return min(max(float(said), 0.0), _LONGEST_PAUSE_S)
    except ValueError:
        return min(2.0**tried, _LONGEST_PAUSE_S)


def _of_shopify(asking: _Asking, kind: Kind, since: datetime) -> Iterator[dict[str, Any]]:
    path = f"/admin/api/{SHOPIFY_VERSION}/{kind}s.json"
    parameters: dict[str, str | int] = {"limit": 250, "updated_at_min": written(since)}
    if kind == "order":
        parameters["status"] = "any"
    seen: set[str] = set()
    while True:
        answer = asking.get(path, parameters)
        yield from _objects(answer, path, f"{kind}s")
        page = _page_behind(answer)
        if page is None or page in seen:
            return
        seen.add(page)
        parameters = {"limit": 250, "page_info": page}


def _page_behind(answer: httpx.Response) -> str | None:
    """Return what names the next page; its address is not followed, so that the token goes nowhere else."""
    found = _NEXT.search(answer.headers.get("link", ""))
    return dict(parse_qsl(urlsplit(found[1]).query)).get("page_info") if found else None


def _of_woocommerce(asking: _Asking, kind: Kind, since: datetime) -> Iterator[dict[str, Any]]:
    path = f"/wp-json/wc/v3/{kind}s"
    asked: dict[str, str | int] = {"per_page": 100, "orderby": "id", "order": "asc"}
    if kind == "customer":
        asked["role"] = "all"
    else:
        asked |= {"modified_after": written(since), "dates_are_gmt": "true", "status": "any"}
    page, pages = 1, 1
    while page <= pages:
        answer = asking.get(path, asked | {"page": page})
        for one in _objects(answer, path):
            changed = instant(one, "date_modified_gmt", "date_created_gmt", utc=True)
            if changed is None or changed >= since:
                yield _with_refunds(asking, path, one) if kind == "order" else one
        pages, page = _count(answer), page + 1


def _with_refunds(asking: _Asking, path: str, order: dict[str, Any]) -> dict[str, Any]:
    """Return an order with its refunds told whole: with their day and their goods."""
    number = text(order, "id")
    if not listed(order, "refunds") or number is None or not number.isdigit():
        return order
    below = f"{path}/{number}/refunds"
    return order | {"refunds": _objects(asking.get(below, {"per_page": 100}), below)}


def _count(answer: httpx.Response) -> int:
    said = answer.headers.get("x-wp-totalpages", "")
    return int(said) if said.isascii() and said.isdigit() else 1


def _path_of(webhook: Mapping[str, Any]) -> str:
    """Return the path a webhook is sent to."""
    try:
        return urlsplit(text(webhook, "address", "delivery_url") or "").path.rstrip("/")
    except ValueError:
        return ""


def _objects(answer: httpx.Response, path: str, below: str | None = None) -> list[dict[str, Any]]:
    """Return the objects of one page. Raises SourceError where it has none of the form it should have."""
    try:
        found = answer.json()
    except ValueError:
        found = None
    listed_ = found.get(below) if below is not None and isinstance(found, dict) else found
    if not isinstance(listed_, list):
        fix = "Check its url in lifeloop.toml: it is the shop's own address, without a path."
        raise SourceError(f"cannot read {path} of the shop", "its answer is no list of documents", fix)
    return [one for one in listed_ if isinstance(one, dict)]
