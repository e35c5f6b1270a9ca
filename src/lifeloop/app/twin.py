"""A simulated shop with the figures of a real one: fitted to its home, and measured like any shop."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from lifeloop.app import App
from lifeloop.base.config import SETTINGS_FILE
from lifeloop.base.progress import Progress, silent
from lifeloop.lake import DuckEngine, Lake

if TYPE_CHECKING:
    from lifeloop.measure.marginals import Marginals
    from lifeloop.simulate import WorldConfig


def world_like(app: App, base: WorldConfig, *, progress: Progress = silent) -> tuple[Marginals, WorldConfig]:
    """Return a shop's marginals and the world fitted to them; what they do not tell is as in `base`.

    Lives some twenty worlds in a lake that is thrown away. Raises NotEnoughData.
    """
    from lifeloop.measure.twin import measured
    from lifeloop.simulate.like.fit import fit

    told, keep = app.marginals(), app.home.settings.lake
    with TemporaryDirectory() as folder:
        lake = Lake(folder)
        engine = DuckEngine(lake, memory_mb=keep.memory_mb, threads=keep.threads)
        return told, fit(told, base, partial(measured, lake=lake, engine=engine), progress=progress)


def marginals_of(app: App, files: Sequence[Path], *, currency: str, progress: Progress = silent) -> Marginals:
    """Return the marginals of a shop whose files tell of `currency` and UTC, by the clock of `app`.

    They are imported into a home that is thrown away. Raises SourceError, NotEnoughData.
    """
    with TemporaryDirectory() as folder:
        (Path(folder) / SETTINGS_FILE).write_text(f'[shop]\ncurrency = "{currency}"\n', "utf-8")
        other = App.open(Path(folder), clock=app.clock)
        other.import_files(files, progress=progress)
        return other.marginals()
