"""Recorded histories from a data home: what customers and visitors did, as the nightly run reads it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from lifeloop.base.errors import NotEnoughData
from lifeloop.base.text import Text
from lifeloop.lake import Engine, Lake
from lifeloop.recommend.evaluate.recorded import Recorded
from lifeloop.recommend.learning.nightly import read_catalogue
from lifeloop.recommend.learning.reading import read_deeds

if TYPE_CHECKING:
    from lifeloop.base.config import Settings

ABOUT = Text("what customers and visitors did", "顾客和访客的行为")


def read_home(lake: Lake, engine: Engine, as_of: datetime, *, settings: Settings) -> Recorded:
    """Return what was done before `as_of`. Raises LakeError, NotEnoughData where nothing is known."""
    catalogue = read_catalogue(lake, engine, settings)
    deeds = read_deeds(engine, catalogue.products, as_of, titles=catalogue.title)
    if not len(deeds.histories.items):
        raise NotEnoughData("cannot evaluate", "nothing is known of what anybody viewed or bought", "Import orders or events.")
    return Recorded(about=ABOUT.en, histories=replace(deeds.histories, names=()))
