"""A shop's server that speaks rudder-sdk-python; arguments: URL, key."""

from __future__ import annotations

import sys


def main(url: str, key: str) -> None:
    import rudderstack.analytics as rudder

    rudder.write_key, rudder.dataPlaneUrl = key, url
    rudder.identify("ann", {"email": "ann@example.org", "name": "安"})
    rudder.page("ann", "Shop", "Home", {"url": "https://shop.example/"})
    rudder.screen("ann", "Shop", "Cart", {"items": 2})
    rudder.track("ann", "Product Viewed", {"product_id": "mug", "name": "茶杯 🍵", "price": 19.9, "currency": "EUR"})
    rudder.track(anonymous_id="v1", event="Products Searched", properties={"query": "茶"})
    rudder.group("ann", "club", {"plan": "gold"})
    rudder.alias("v0", "ann")
    rudder.shutdown()


if __name__ == "__main__":
    main(*sys.argv[1:])
