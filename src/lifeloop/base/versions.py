"""Model versions: a folder each, which loading can only read, never run.

    models/<question>/<version>/
        model.json       format, question, what the model learned as plain values, fingerprints of the files beside it
        arrays.npz       numbers (NumPy, loaded with allow_pickle=False); only where there are any
        <name>.txt       texts, such as LightGBM trees; only where there are any

A version is named by the moment it was trained for, so that training again for the same moment replaces it. It is
written into a temporary folder beside its place and renamed into it: a folder with a version's name is always whole.
"""

from __future__ import annotations

import hashlib
import io
import json
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

_MODEL = "model.json"
_ARRAYS = "arrays.npz"
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


def new_version(models: Path, question: str, as_of: datetime) -> Path:
    """Return the folder of the version of `question` trained for `as_of`; it need not exist.

    >>> new_version(Path("models"), "churn", datetime(2011, 9, 5, tzinfo=UTC)).as_posix()
    'models/churn/20110905T000000Z'
    """
    return models / question / f"{as_of.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def latest(models: Path, question: str) -> Path:
    """Return the folder of the version trained for the latest moment. Raises ModelError when there is none."""
    found = sorted(folder.parent for folder in (models / question).glob(f"[0-9]*/{_MODEL}"))
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
    head = {
        "format": FORMAT,
        "question": question,
        "model": dict(parts.model),
        "files": {name: hashlib.sha256(body).hexdigest() for name, body in sorted(files.items())},
    }
    try:
        told = json.dumps(head | {"checksum": _checksum(head)}, ensure_ascii=False, indent=1, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise ModelError(f"cannot save the model '{question}'", f"a value is no JSON: {error}") from error
    try:
        _write(folder, files | {_MODEL: told.encode()})
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
    for name, digest in head["files"].items():
        path = folder / Path(name).name
        bodies[name] = _read(path, asked)
        if hashlib.sha256(bodies[name]).hexdigest() != digest:
            raise ModelError(asked, f"{path.name} is not as it was written", _TRAIN_AGAIN)
    arrays = _unpacked(bodies.pop(_ARRAYS), asked) if _ARRAYS in bodies else {}
    texts = {name.removesuffix(".txt"): body.decode() for name, body in bodies.items()}
    return Parts(head["model"], arrays, texts)


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


def _write(folder: Path, files: Mapping[str, bytes]) -> None:
    folder.parent.mkdir(parents=True, exist_ok=True)
    fresh = Path(tempfile.mkdtemp(prefix=".writing-", dir=folder.parent))
    try:
        for name, body in files.items():
            (fresh / name).write_bytes(body)
        fresh.chmod(0o755)
        if folder.exists():
            old = Path(tempfile.mkdtemp(prefix=".replaced-", dir=folder.parent))
            folder.replace(old / folder.name)
            fresh.replace(folder)
            shutil.rmtree(old)
        else:
            fresh.replace(folder)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
