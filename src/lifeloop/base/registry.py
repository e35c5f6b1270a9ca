"""Things others may add: sources, channels and models, found by name through Python entry points."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib.metadata import EntryPoint, entry_points
from typing import Generic, TypeVar

from lifeloop.base.errors import SettingsError, UnknownName

T = TypeVar("T")


class Registry(Mapping[str, T], Generic[T]):
    """Named things of one kind: our own first, then those installed packages add under `group`.

    Asking for an unknown name raises UnknownName with the nearest one.
    """

    def __init__(self, kind: str, group: str, own: Mapping[str, T]) -> None:
        self.kind = kind
        self._group = group
        self._own = dict(own)
        self._found: dict[str, T] | None = None

    def _all(self) -> dict[str, T]:
        if self._found is None:
            added = {point.name: self._loaded(point) for point in entry_points(group=self._group)}
            for name in added.keys() & self._own.keys():
                raise SettingsError(
                    f"cannot add the {self.kind} '{name}'", "lifeloop has one of that name", "Ask its package for another name."
                )
            self._found = self._own | added
        return self._found

    def _loaded(self, point: EntryPoint) -> T:
        """Return what a package adds. Raises SettingsError when it cannot be loaded."""
        try:
            thing: T = point.load()
        except Exception as error:
            package = point.dist.name if point.dist else point.value
            raise SettingsError(
                f"cannot load the {self.kind} '{point.name}' that the package {package} adds",
                f"{type(error).__name__}: {error}",
                f"Update or uninstall {package}.",
            ) from error
        return thing

    def __getitem__(self, name: str) -> T:
        """Return the thing of that name. Raises UnknownName."""
        found = self._all()
        if name not in found:
            raise UnknownName(self.kind, name, found)
        return found[name]

    def __iter__(self) -> Iterator[str]:
        """Walk the names."""
        return iter(self._all())

    def __len__(self) -> int:
        """Count the names."""
        return len(self._all())
