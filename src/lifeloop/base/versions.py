"""Model versions: a folder each, which loading can only read, never run.

    models/<question>/<version>/
        model.json       format, question, what the model learned as plain values, fingerprints of the files beside it
        arrays.npz       numbers (NumPy, loaded with allow_pickle=False); only where there are any
        <name>.npy       large numbers, mapped into memory: only what is looked at is read, and processes share it
        <name>.txt       texts, such as LightGBM trees; only where there are any

A version is named by the moment it was trained for, so that training again for the same moment replaces it. It is
written into a temporary folder beside its place, synchronised with the disk and renamed into it: a folder with a version's
name is always whole, after a power cut too. One that was being replaced just then is put back by `tidy`.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from lifeloop.base.errors import ModelError

FORMAT = 1
"""Raised when a folder written before can no longer be read as it is."""

UNSAVED = "unsaved"
"""The version of a model that was never written."""

Array: TypeAlias = npt.NDArray[Any]

_MOMENT = "%Y%m%dT%H%M%SZ"
_MODEL = "model.json"
_ARRAYS = "arrays.npz"
_MAPPED = ".npy"
_WRITING = ".writing-"
_REPLACED = ".replaced-"
_TRAIN_AGAIN = "Train it again: lifeloop run."


@dataclass(frozen=True)
class Parts:
    """What a model consists of."""

    model: Mapping[str, Any]
    """Plain values, as JSON knows them."""
    arrays: Mapping[str, Array] = field(default_factory=dict)
    """Arrays of numbers, truth values or fixed-length strings; no objects."""
    texts: Mapping[str, str] = field(default_factory=dict)
    """Texts by name, such as LightGBM's own model text."""
    mapped: Mapping[str, Array] = field(default_factory=dict)
    """Large arrays of numbers; loaded, they cannot be written to, and lie on the disk until they are looked at."""


def new_version(models: Path, question: str, as_of: datetime) -> Path:
    """Return the folder of the version of `question` trained for `as_of`; it need not exist.

    >>> new_version(Path("models"), "churn", datetime(2011, 9, 5, tzinfo=UTC)).as_posix()
    'models/churn/20110905T000000Z'
    """
    return models / question / f"{as_of.astimezone(UTC):{_MOMENT}}"


def moment_of(folder: Path) -> datetime:
    """Return the moment a version was trained for, to the second.

    >>> moment_of(Path("models/churn/20110905T000000Z"))
    datetime.datetime(2011, 9, 5, 0, 0, tzinfo=datetime.timezone.utc)
    """
    return datetime.strptime(folder.name, _MOMENT).replace(tzinfo=UTC)


def latest(models: Path, question: str) -> Path:
    """Return the folder of the version trained for the latest moment. Raises ModelError when there is none."""
    found = versions(models, question)
    if not found:
        raise ModelError(f"no version of the model '{question}'", f"nothing is saved under {models / question}", _TRAIN_AGAIN)
    return found[-1]


def save_version(folder: Path, question: str, parts: Parts) -> None:
    """Write one version, whole or not at all; one that is there is replaced. Raises ModelError."""
    files: dict[str, bytes] = {}
    for name, text in parts.texts.items():
        files[f"{name}.txt"] = text.encode()
    if parts.arrays:
        files[_ARRAYS] = _packed(parts.arrays)
    try:
        _write(folder, question, parts, files)
    except OSError as error:
        raise ModelError(
            f"cannot save the model '{question}' at {folder}", str(error), "Check space and rights of the data home."
        ) from error


def load_version(folder: Path, question: str) -> Parts:
    """Return what `save_version` wrote, after checking every fingerprint.

    Raises ModelError when the folder is missing, damaged, of another question or of a format this version cannot read.
    """
    asked = f"cannot load the model '{question}' from {folder}"
    head = _head(folder, question, asked)
    bodies: dict[str, bytes] = {}
    mapped: dict[str, Array] = {}
    for name, digest in head["files"].items():
        path = folder / Path(name).name
        if name.endswith(_MAPPED):
            found, mapped[name.removesuffix(_MAPPED)] = _map(path, asked)
        else:
            bodies[name] = _read(path, asked)
            found = hashlib.sha256(bodies[name]).hexdigest()
        if found != digest:
            raise ModelError(asked, f"{path.name} is not as it was written", _TRAIN_AGAIN)
    arrays = _unpacked(bodies.pop(_ARRAYS), asked) if _ARRAYS in bodies else {}
    texts = {name.removesuffix(".txt"): body.decode() for name, body in bodies.items()}
    return Parts(head["model"], arrays, texts, mapped)


def tidy(models: Path, question: str, *, keep: int | None = None, as_of: datetime | None = None) -> None:
    """Put back a version that a power cut caught while it was replaced; drop what was half written, and old versions.

    All but the `keep` newest are old; those for moments after `as_of` are counted apart, so that neither drives out the other.
    Nobody else may write versions of the question meanwhile. Raises ModelError.
    """
    home = models / question
    try:
        for old in home.glob(f"{_REPLACED}*/*"):
            if not (home / old.name).exists():
                old.replace(home / old.name)
        for rest in (*home.glob(f"{_WRITING}*"), *home.glob(f"{_REPLACED}*")):
            shutil.rmtree(rest)
        if keep:
            early = versions(models, question, until=as_of)
            later = [folder for folder in versions(models, question) if folder not in early]
            for folder in (*early[:-keep], *later[:-keep]):
                shutil.rmtree(folder)
        if home.exists():
            _sync(home)
    except OSError as error:
        raise ModelError(f"cannot tidy the versions in {home}", str(error), "Check the rights of the data home.") from error


def versions(models: Path, question: str, *, until: datetime | None = None) -> list[Path]:
    """Return the folders of all versions of a question, oldest first; with `until`, of those for that moment or earlier."""
    found = sorted(file.parent for file in (models / question).glob(f"[0-9]*/{_MODEL}"))
    last = None if until is None else new_version(models, question, until).name
    return [folder for folder in found if last is None or folder.name <= last]


def is_being_replaced(models: Path, question: str, name: str) -> bool:
    """Return whether the version of that name is away for a moment, while another one is put in its place."""
    home = models / question
    return not (home / name).exists() and any(home.glob(f"{_REPLACED}*/{name}"))


def _head(folder: Path, question: str, asked: str) -> dict[str, Any]:
    try:
        head = json.loads(_read(folder / _MODEL, asked))
        checksum, found = head.pop("checksum"), (head["format"], head["question"])
    except (ValueError, KeyError, AttributeError, TypeError) as error:
        raise ModelError(asked, f"{_MODEL} is damaged", _TRAIN_AGAIN) from error
    if found[0] != FORMAT:
        raise ModelError(asked, f"it has format {found[0]}, this lifeloop reads {FORMAT}", _TRAIN_AGAIN)
    if found[1] != question:
        raise ModelError(asked, f"it answers the question '{found[1]}'", "Name the folder of the right question.")
    if checksum != _checksum(head):
        raise ModelError(asked, f"{_MODEL} is not as it was written", _TRAIN_AGAIN)
    return dict(head)


def _checksum(head: Mapping[str, Any]) -> str:
    told = json.dumps(head, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(told.encode()).hexdigest()


def _packed(arrays: Mapping[str, Array]) -> bytes:
    held = io.BytesIO()
    try:
        np.savez_compressed(held, allow_pickle=False, **{name: np.asarray(array) for name, array in arrays.items()})
    except ValueError as error:
        raise ModelError("cannot save a model", f"an array holds objects: {error}") from error
    return held.getvalue()


def _unpacked(body: bytes, asked: str) -> dict[str, Array]:
    try:
        with np.load(io.BytesIO(body), allow_pickle=False) as packed:
            return {name: packed[name] for name in packed.files}
    except (ValueError, OSError) as error:
        raise ModelError(asked, f"{_ARRAYS} is damaged: {error}", _TRAIN_AGAIN) from error


def _read(path: Path, asked: str) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        found = f"there is no {path.name}" if isinstance(error, FileNotFoundError) else str(error)
        raise ModelError(asked, found, _TRAIN_AGAIN) from error


def _map(path: Path, asked: str) -> tuple[str, Array]:
    """Return the fingerprint of a file, and the array in it, mapped."""
    try:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        return digest, np.asarray(np.load(path, mmap_mode="r", allow_pickle=False))  # `memmap` makes every slice slow
    except FileNotFoundError as error:
        raise ModelError(asked, f"there is no {path.name}", _TRAIN_AGAIN) from error
    except (OSError, ValueError, EOFError) as error:
        raise ModelError(asked, f"{path.name} is damaged: {error}", _TRAIN_AGAIN) from error


def _write(folder: Path, question: str, parts: Parts, files: Mapping[str, bytes]) -> None:
    folder.parent.mkdir(parents=True, exist_ok=True)
    fresh = Path(tempfile.mkdtemp(prefix=_WRITING, dir=folder.parent))
    try:
        digests = {name: _put(fresh / name, body) for name, body in files.items()}
        digests |= {f"{name}{_MAPPED}": _put_array(fresh / f"{name}{_MAPPED}", one) for name, one in parts.mapped.items()}
        _put(fresh / _MODEL, _told(question, parts, digests))
        fresh.chmod(0o755)
        _sync(fresh)
        if folder.exists():
            old = Path(tempfile.mkdtemp(prefix=_REPLACED, dir=folder.parent))
            folder.replace(old / folder.name)
            _sync(old)
            fresh.replace(folder)
            _sync(folder.parent)
            shutil.rmtree(old)
        else:
            fresh.replace(folder)
        _sync(folder.parent)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def _told(question: str, parts: Parts, digests: Mapping[str, str]) -> bytes:
    head = {"format": FORMAT, "question": question, "model": dict(parts.model), "files": dict(sorted(digests.items()))}
    try:
        return json.dumps(head | {"checksum": _checksum(head)}, ensure_ascii=False, indent=1, allow_nan=False).encode()
    except (TypeError, ValueError) as error:
        raise ModelError(f"cannot save the model '{question}'", f"a value is no JSON: {error}") from error


def _put(path: Path, body: bytes) -> str:
    """Write a file, so that it survives a power cut, and return its fingerprint."""
    with path.open("wb") as file:
        file.write(body)
        file.flush()
        os.fsync(file.fileno())
    return hashlib.sha256(body).hexdigest()


def _put_array(path: Path, array: Array) -> str:
    """Write an array as `_put` does a file."""
    try:
        with path.open("w+b") as file:
            np.save(file, np.ascontiguousarray(array), allow_pickle=False)
            file.flush()
            os.fsync(file.fileno())
            file.seek(0)
            return hashlib.file_digest(file, "sha256").hexdigest()
    except ValueError as error:
        raise ModelError("cannot save a model", f"the array '{path.stem}' holds objects: {error}") from error


def _sync(folder: Path) -> None:
    """Return when the names in a folder survive a power cut."""
    held = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(held)
    finally:
        os.close(held)
