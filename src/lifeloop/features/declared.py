"""All features by name. A new subject is one more file, and one more line here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from lifeloop.base.errors import UnknownName
from lifeloop.features import combined, days, events, lines, orders, refunds
from lifeloop.features.declare import Feature, collect_features

FEATURES: Mapping[str, Feature] = collect_features(
    (orders.FEATURES, days.FEATURES, lines.FEATURES, refunds.FEATURES, combined.FEATURES, events.FEATURES)
)
"""Every feature, in the order of the snapshot's columns."""


def features_named(names: Iterable[str]) -> dict[str, Feature]:
    """Return the features of these names, in this order. Raises UnknownName with the nearest."""
    found = {}
    for name in names:
        if name not in FEATURES:
            raise UnknownName("feature", name, FEATURES)
        found[name] = FEATURES[name]
    return found
