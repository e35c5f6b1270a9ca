"""Offline evaluation: what models would have recommended, beside what people then had."""

from lifeloop.recommend.evaluate.compare import Comparison, Measured, compare, measure
from lifeloop.recommend.evaluate.reading import read_folder
from lifeloop.recommend.evaluate.recorded import Recorded
from lifeloop.recommend.evaluate.splits import SPLITS, Split, SplitName, leave_last_out, strong, temporal

__all__ = [
    "SPLITS",
    "Comparison",
    "Measured",
    "Recorded",
    "Split",
    "SplitName",
    "compare",
    "leave_last_out",
    "measure",
    "read_folder",
    "strong",
    "temporal",
]
