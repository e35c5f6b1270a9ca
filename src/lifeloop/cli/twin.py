"""A simulated shop with the figures of a real one: fitted to its home, and laid beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lifeloop.cli.options import open_app
from lifeloop.cli.show import say, words_table

if TYPE_CHECKING:
    from lifeloop.app import App
    from lifeloop.base.progress import Progress
    from lifeloop.measure.closeness import Closeness
    from lifeloop.measure.marginals import Marginals
    from lifeloop.simulate import WorldConfig

PICTURES = {"en": "marginals.svg", "zh": "marginals.zh.svg"}
"""The real shop and its twin in one drawing, by language."""
_BESIDE = ("order.parquet", "order_line.parquet", "refund.parquet", "product.parquet", "customer.parquet")
"""Of the tables, what figures are made of; events are many, and no figure is made of them."""


@dataclass(frozen=True)
class Twin:
    """A real shop, its figures, and the world fitted to them."""

    app: App
    told: Marginals
    world: WorldConfig

    @classmethod
    def of(cls, home: Path, base: WorldConfig, shown: Progress) -> Twin:
        """Fit a world to the shop in a home. Raises SettingsError, NotEnoughData."""
        from lifeloop.app.twin import world_like

        app = open_app(home)
        told, world = world_like(app, base, progress=shown)
        return cls(app, told, world)

    def compare(self, files: Sequence[Path], folder: Path, shown: Progress) -> list[Closeness]:
        """Import the simulated shop's files as any shop's, draw both shops into the folder, and return how close they are."""
        from lifeloop.app.twin import marginals_of
        from lifeloop.base.files import write_whole
        from lifeloop.console.marginals import marginals_figure
        from lifeloop.console.marginals_texts import TEXTS
        from lifeloop.measure.closeness import closeness

        needed = [file for file in files if file.name in _BESIDE] if _tables(files) else list(files)
        found = marginals_of(self.app, needed, currency=self.world.shop.currency, progress=shown)
        for language in ("en", "zh"):
            names = (self.app.home.settings.shop.name, TEXTS["simulated"].say(language))
            write_whole(folder / PICTURES[language], marginals_figure(self.told, found, language=language, names=names))
        return closeness(self.told, found)

    def show(self, rows: Sequence[Closeness], folder: Path) -> None:
        """Print how close the simulated shop came, what it cannot be like, and where the drawings are."""
        from lifeloop.console.marginals import closeness_table
        from lifeloop.console.marginals_texts import TEXTS
        from lifeloop.console.voice import Voice

        language = self.app.home.settings.shop.language
        names = (self.app.home.settings.shop.name, TEXTS["simulated"].say(language))
        words_table(closeness_table(rows, Voice(language, self.told.currency), names=names))
        say(TEXTS["limits"].say(language), TEXTS["untold"].say(language), "")
        say(" ".join(str(folder / name) for name in PICTURES.values()))


def plain_rows(rows: Sequence[Closeness]) -> list[dict[str, Any]]:
    """Return the rows as JSON shows them."""
    names = ("key", "unit", "real", "simulated", "kind", "distance", "tolerance", "good")
    return [{name: getattr(row, name) for name in names} for row in rows]


def _tables(files: Sequence[Path]) -> bool:
    return any(file.name == "order.parquet" for file in files)
