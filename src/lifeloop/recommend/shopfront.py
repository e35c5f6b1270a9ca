"""The shopfront: what answers requests. It holds the newest model, the catalogue as it is now, and what was done since the fit.

Many threads may ask at once: what changes is replaced as a whole, never in place.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from lifeloop.base.clock import Clock
from lifeloop.base.recommend_settings import RecommendSettings
from lifeloop.lake import Engine, Lake
from lifeloop.recommend.asked import Answer, Asked, Deed

if TYPE_CHECKING:
    from lifeloop.store import Store


class Shopfront:
    """Answers what to recommend, for one shop."""

    def __init__(
        self,
        lake: Lake,
        engine: Engine,
        models: Path,
        settings: RecommendSettings,
        *,
        currency: str,
        clock: Clock,
        store: Store | None = None,
    ) -> None:
        """`models` is the folder of all model versions; without a store, people are known from the lake alone."""
        self._lake, self._engine, self._models, self._settings = lake, engine, models, settings
        self._currency, self._clock, self._store = currency, clock, store

    @property
    def version(self) -> str:
        """The version that answers now; `none` before the first run."""
        raise NotImplementedError

    def refresh(self) -> None:
        """Take up a newer model, what changed in the catalogue, and what was done since; to be called every second or so.

        Costs next to nothing where nothing changed. Raises LakeError, ModelError, StoreError; the last state answers on.
        """
        raise NotImplementedError

    def answer(
        self,
        asked: Asked,
        *,
        customer_id: str | None = None,
        anonymous_id: str | None = None,
        fresh: Sequence[Deed] = (),
        generator: np.random.Generator,
    ) -> Answer:
        """Return what to recommend to a customer, to a visitor, or to nobody in particular.

        `fresh` is what they did in this process's sight and the store may not know yet; what it knows is not counted twice.
        Raises SettingsError, UnknownName, StoreError.
        """
        raise NotImplementedError
