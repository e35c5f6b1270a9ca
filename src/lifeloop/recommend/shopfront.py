"""The shopfront: what answers requests. It holds the newest model, the catalogue as it is now, and what was done since the fit.

Many threads may ask at once: what changes is replaced as a whole, never in place. What was done since is known per person
with their next request (from the store, and from `fresh`); what it says of products for everybody is learned every
`SINCE_SECONDS`.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from lifeloop.base.clock import Clock, instant_of, micros
from lifeloop.base.config import Settings
from lifeloop.base.errors import ModelError
from lifeloop.base.logging import log
from lifeloop.base.versions import is_being_replaced, versions
from lifeloop.lake import Engine, Lake
from lifeloop.recommend.answering.answer import answer
from lifeloop.recommend.answering.notes import NOTHING_DONE
from lifeloop.recommend.answering.shelf import Shelf
from lifeloop.recommend.asked import Answer, Asked, Deed
from lifeloop.recommend.catalogue import Catalogue
from lifeloop.recommend.learning import consents
from lifeloop.recommend.learning.daily import followed, learned
from lifeloop.recommend.learning.fit import unfitted
from lifeloop.recommend.learning.keep import load_model
from lifeloop.recommend.learning.nightly import read_catalogue
from lifeloop.recommend.learning.reading import read_lately
from lifeloop.recommend.model import QUESTION, Model
from lifeloop.recommend.people import People, Since, sent_lately
from lifeloop.schema import EVENT, IDENTITY, ORDER_LINE, PRODUCT, Table

if TYPE_CHECKING:
    from lifeloop.store import Store

CATALOGUE_SECONDS = 5.0
"""How old what is known of stock and prices may be, where the lake has newer."""
SINCE_SECONDS = 30.0
"""How often what everybody did since the fit is learned from; the store keeps an event longer than that."""
FOLLOW_SECONDS = 300.0
"""How often what follows what is counted and solved anew with what was done since."""
UNFITTED_DAYS = 7
"""Before the first run, what was done in so many days is what is trending."""


@dataclass(frozen=True)
class _State:
    """What answers, as of one look."""

    model: Model
    """With what was learned since the fit."""
    fitted: Model
    sign: tuple[object, ...]
    """By which a version is known again."""
    catalogue: Catalogue
    listed: tuple[int, ...]
    """Versions of the tables the catalogue was read from."""
    people: People
    done: tuple[object, ...]
    """Versions of the tables that tell what was done."""


class Shopfront:
    """Answers what to recommend, for one shop."""

    def __init__(
        self,
        lake: Lake,
        engine: Engine,
        models: Path,
        settings: Settings,
        *,
        clock: Clock,
        store: Store | None = None,
        ticks: Callable[[], float] = time.monotonic,
    ) -> None:
        """`models` is the folder of all model versions; without a store, people are known from the lake alone."""
        self._lake, self._engine, self._models, self._settings = lake, engine, models, settings
        self._clock, self._store, self._ticks = clock, store, ticks
        self._looking = threading.Lock()
        self._state: _State | None = None
        self._catalogue_at = self._since_at = self._followed_at = float("-inf")
        self._follows: tuple[Model, Model] | None = None

    @property
    def version(self) -> str:
        """The version that answers now; `none` before the first run."""
        return self._now().model.version

    @property
    def model(self) -> Model:
        """The model that answers now, with what was learned since its fit."""
        return self._now().model

    @property
    def catalogue(self) -> Catalogue:
        """The catalogue as it was looked at last."""
        return self._now().catalogue

    def titles(self, product_ids: Iterable[str]) -> dict[str, str]:
        """Return what those products are called that the catalogue knows by a title."""
        shop = self._now().catalogue
        places = {name: shop.products.places.get(name) for name in product_ids}
        found = {name: shop.title[place] for name, place in places.items() if place is not None}
        return {name: title for name, title in found.items() if title}

    def title(self, product_id: str) -> str | None:
        """Return what a product is called; None where the catalogue does not say."""
        return self.titles((product_id,)).get(product_id)

    def refresh(self) -> None:
        """Take up a newer model, what changed in the catalogue, and what was done since; to be called every second or so.

        Costs next to nothing where nothing changed, or while another thread is at it. Raises LakeError, StoreError,
        ModelError where no version can be read and none is held; the last state answers on.
        """
        if self._looking.acquire(blocking=self._state is None):
            try:
                self._look()
            finally:
                self._looking.release()

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
        Raises SettingsError, UnknownName, StoreError, LakeError.
        """
        state, now = self._now(), self._clock.now()
        person, ids = state.people.person(now=micros(now), customer_id=customer_id, anonymous_id=anonymous_id, fresh=fresh)
        if asked.placement == "message" and ids:
            person = replace(person, sent=sent_lately(self._engine, ids, now))
        chosen, at = self._settings.recommend, micros(now)
        found = answer(state.model, state.catalogue, asked, person, settings=chosen, now=at, generator=generator)
        is_new = customer_id is not None and person.has_consent and not person.deeds
        return replace(found, notes=(*found.notes, NOTHING_DONE)) if is_new else found

    def _now(self) -> _State:
        if self._state is None:
            self.refresh()
        assert self._state is not None  # a first look either sets it or raises
        return self._state

    def _look(self) -> None:
        before, ticks = self._state, self._ticks()
        catalogue, listed = self._listed(before, ticks)
        sign, fitted = self._fitted(before, catalogue)
        is_newer = before is None or fitted is not before.fitted
        done = before.done if before is not None else ()
        if is_newer or ticks - self._since_at >= SINCE_SECONDS:
            done = tuple(self._lake.version(table) for table in (EVENT, ORDER_LINE, IDENTITY))
            self._since_at = ticks
        if before is not None and not is_newer and done == before.done:
            if catalogue is not before.catalogue:
                Shelf.of(before.model, catalogue, self._settings.recommend).prepare()
                self._state = replace(before, catalogue=catalogue, listed=listed)
            return
        since = self._since(fitted)
        model = learned(self._followed(fitted, since, ticks), since.deeds)
        people = People(fitted, since, self._settings.recommend, self._store)
        Shelf.of(model, catalogue, self._settings.recommend).prepare()
        self._state = _State(model, fitted, sign, catalogue, listed, people, done)

    def _followed(self, fitted: Model, since: Since, ticks: float) -> Model:
        """Return the model with what follows what as of a moment ago."""
        known, model = self._follows or (None, fitted)
        if known is not fitted or ticks - self._followed_at >= FOLLOW_SECONDS:
            self._followed_at = ticks
            model = followed(fitted, since.deeds)
            self._follows = (fitted, model)
        return model

    def _listed(self, before: _State | None, ticks: float) -> tuple[Catalogue, tuple[int, ...]]:
        """Return the catalogue, read anew where its tables changed."""
        if before is not None and ticks - self._catalogue_at < CATALOGUE_SECONDS:
            return before.catalogue, before.listed
        tables: tuple[Table, ...] = (PRODUCT,) if self._lake.exists(PRODUCT) else (ORDER_LINE, EVENT)
        listed = tuple(self._lake.version(table) for table in tables)
        self._catalogue_at = ticks
        if before is not None and listed == before.listed:
            return before.catalogue, listed
        return read_catalogue(self._lake, self._engine, self._settings), listed

    def _fitted(self, before: _State | None, catalogue: Catalogue) -> tuple[tuple[object, ...], Model]:
        """Return the newest model that can be read, and by what it is known again; one for a moment to come has to wait."""
        found = versions(self._models, QUESTION, until=self._clock.now())[::-1]
        sign: tuple[object, ...] = tuple(_sign(folder) for folder in found)
        if before is not None and sign == before.sign and (found or catalogue is before.catalogue):
            return sign, before.fitted
        is_held = before is not None and before.fitted.is_fitted
        if before is not None and is_held and (not found or is_being_replaced(self._models, QUESTION, before.fitted.version)):
            return before.sign, before.fitted
        chosen = self._settings.recommend
        for number, folder in enumerate(found):
            try:
                return sign, load_model(folder, memory_mb=chosen.memory_mb, threads=chosen.threads)
            except ModelError as error:
                log().error("a model cannot be read", asked=error.asked, found=error.found)
                if number == len(found) - 1 and before is None:
                    raise
        if before is not None and found:
            return sign, before.fitted
        return sign, unfitted(catalogue, chosen, self._clock.now() - timedelta(days=UNFITTED_DAYS))

    def _since(self, fitted: Model) -> Since:
        since, until = instant_of(fitted.as_of), self._clock.now() + timedelta(days=1)
        deeds = read_lately(self._engine, fitted.products, since, until)
        purposes = self._settings.recommend.consent_purposes
        said = consents.read_lately(self._engine, since, until, purposes, before=fitted.deeds)
        return Since(deeds, said)


def _sign(folder: Path) -> tuple[str, int]:
    """Return by what a version is known again: a version that was written anew has another file."""
    try:
        return folder.name, (folder / "model.json").stat().st_mtime_ns
    except OSError:
        return folder.name, 0
