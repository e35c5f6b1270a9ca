"""Declared features, point-in-time snapshots of them, and labels."""

from lifeloop.features.declare import Feature, Subject
from lifeloop.features.declared import FEATURES, features_named
from lifeloop.features.labels import take_labels
from lifeloop.features.reference import features_reference
from lifeloop.features.snapshot import take_snapshot, write_snapshot

__all__ = [
    "FEATURES",
    "Feature",
    "Subject",
    "features_named",
    "features_reference",
    "take_labels",
    "take_snapshot",
    "write_snapshot",
]
