"""The folder a simulation is written to: filled all at once or not at all, and never at the cost of other files in it.

What was written is listed in a manifest with the fingerprint of each file. A later simulation replaces the files of that list
and no other; a file that was changed since belongs to whoever changed it.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Self

from lifeloop.base.errors import SettingsError
from lifeloop.base.ids import file_sha256

MANIFEST = "simulated.json"
"""Names the files a simulation wrote; by it the folder of an earlier simulation is known again."""
_DRAFT, _OLD = ".simulating", "old"


class OutFolder:
    """A folder to be filled with a simulation. What is written into `draft` appears in it when the block ends well.

    A block that ends with an error, an interruption too, leaves the folder as it was. Raises SettingsError where files of
    others are in the way, or where the folder cannot be written.
    """

    def __init__(self, folder: Path, form: str) -> None:
        self.folder, self.form = folder, form
        self.draft = folder / _DRAFT / "new"
        self._ours = _listed(folder)

    def refuse(self, names: Iterable[str]) -> None:
        """Raise SettingsError where one of the files to be written is there already and no earlier simulation wrote it."""
        for name in names:
            file = self.folder / name
            if os.path.lexists(file) and name not in self._ours:
                raise _in_the_way(file, "an earlier simulation did not write it")

    def __enter__(self) -> Self:
        self._made = [one for one in (self.folder, *self.folder.parents) if not one.exists()]
        try:
            self._sweep()
            self.draft.mkdir(parents=True)
        except OSError as error:
            self._leave()
            raise _unwritable(self.folder, error) from None
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        try:
            if kind is None:
                self._swap()
        except OSError as wrong:
            raise _unwritable(self.folder, wrong) from None
        finally:
            self._leave()
        if isinstance(error, OSError):
            raise _unwritable(self.folder, error) from None

    def _swap(self) -> None:
        """Put the files of the earlier simulation aside and the new ones in their place; undo all of it if one step fails."""
        fresh = {str(file.relative_to(self.draft)): file for file in sorted(self.draft.rglob("*")) if file.is_file()}
        self.refuse(fresh)
        listed = {"form": self.form, "files": {name: file_sha256(file) for name, file in fresh.items()}}
        manifest = self.draft / MANIFEST
        manifest.write_text(json.dumps(listed, indent=1) + "\n", "utf-8")
        aside = self.folder / _DRAFT / _OLD
        old = [name for name in (*self._ours, MANIFEST) if (self.folder / name).is_file()]
        moves = [(self.folder / name, aside / name) for name in old]
        moves += [(file, self.folder / name) for name, file in [*fresh.items(), (MANIFEST, manifest)]]
        done: list[tuple[Path, Path]] = []
        try:
            for here, there in moves:
                there.parent.mkdir(parents=True, exist_ok=True)
                done.append((here, there))
                here.replace(there)
        except BaseException:
            for here, there in reversed(done):
                if there.exists() and not here.exists():
                    there.replace(here)
            raise

    def _leave(self) -> None:
        """Remove the draft, and the folders that were made for it if nothing has come into them."""
        self._sweep()
        for folder in (self.folder / "truth", *self._made):
            if folder.is_dir() and not any(folder.iterdir()):
                folder.rmdir()

    def _sweep(self) -> None:
        if (self.folder / _DRAFT).exists():
            shutil.rmtree(self.folder / _DRAFT)


def open_folder(folder: Path, form: str) -> OutFolder:
    """Return a folder to write to: a new or empty one, or one that holds an earlier simulation. Raises SettingsError."""
    if folder.exists() and not folder.is_dir():
        raise SettingsError(f"cannot write to {folder}", "it is a file", "Name a folder with --out.")
    try:
        others = folder.is_dir() and any(not one.name.startswith(".") for one in folder.iterdir())
    except OSError as error:
        raise _unwritable(folder, error) from None
    if others and not (folder / MANIFEST).is_file():
        raise SettingsError(
            f"cannot write to {folder}",
            f"there are files in it, and no {MANIFEST} of an earlier simulation",
            "Name a new folder with --out.",
        )
    return OutFolder(folder, form)


def _listed(folder: Path) -> list[str]:
    """Return the names of the files an earlier simulation wrote and nobody changed since.

    Raises SettingsError where one was changed, or where the list cannot be understood.
    """
    manifest = folder / MANIFEST
    if not manifest.exists():
        return []
    try:
        files = dict(json.loads(manifest.read_text("utf-8"))["files"])
    except (OSError, ValueError, KeyError, TypeError):
        raise _in_the_way(manifest, "it is not the list a simulation writes") from None
    for name, digest in files.items():
        file = folder / name
        if Path(name).is_absolute() or ".." in Path(name).parts:
            raise _in_the_way(manifest, f"it names {name}, outside of the folder")
        if file.is_file() and file_sha256(file) != digest:
            raise _in_the_way(file, "it was changed after it was simulated, and would be lost")
    return list(files)


def _in_the_way(file: Path, found: str) -> SettingsError:
    return SettingsError(f"cannot write over {file}", found, "Move it away, or name a new folder with --out.")


def _unwritable(folder: Path, error: OSError) -> SettingsError:
    found = os.strerror(error.errno) if error.errno else str(error)
    return SettingsError(f"cannot write to {folder}", found, "Nothing in it was changed. Check its space and rights.")
