"""A shop's server that speaks posthog-python; arguments: URL, key."""

from __future__ import annotations

import sys


def main(url: str, key: str) -> None:
    from posthog import Posthog

    posthog = Posthog(key, host=url, gzip=True, disable_geoip=False)
    posthog.set(distinct_id="ann", properties={"email": "ann@example.org", "name": "安"})
    posthog.capture("$pageview", distinct_id="ann", properties={"$current_url": "https://shop.example/"})
    viewed = {"product_id": "mug", "name": "茶杯 🍵", "price": 19.9, "currency": "EUR"}
    posthog.capture("Product Viewed", distinct_id="ann", properties=viewed)
    posthog.capture("Products Searched", properties={"query": "茶"})
    posthog.group_identify("club", "c1", {"plan": "gold"})
    posthog.alias("v0", "ann")
    posthog.shutdown()


if __name__ == "__main__":
    main(*sys.argv[1:])
