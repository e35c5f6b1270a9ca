"""A shop's server that speaks segment-analytics-python; arguments: URL, key."""

from __future__ import annotations

import sys


def main(url: str, key: str) -> None:
    import segment.analytics as analytics

    analytics.write_key, analytics.host = key, url
    analytics.identify("ann", {"email": "ann@example.org", "name": "安"})
    analytics.page("ann", "Shop", "Home", {"url": "https://shop.example/"})
    analytics.screen("ann", "Shop", "Cart", {"items": 2})
    analytics.track("ann", "Product Viewed", {"product_id": "mug", "name": "茶杯 🍵", "price": 19.9, "currency": "EUR"})
    analytics.track(anonymous_id="v1", event="Products Searched", properties={"query": "茶"})
    analytics.group("ann", "club", {"plan": "gold"})
    analytics.alias("v0", "ann")
    analytics.shutdown()


if __name__ == "__main__":
    main(*sys.argv[1:])
