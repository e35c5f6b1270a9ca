"""A model version is a folder that can be read, never run, and that says so when it is not whole."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lifeloop.base.errors import ModelError
from lifeloop.base.versions import (
    Parts,
    is_being_replaced,
    latest,
    load_version,
    moment_of,
    new_version,
    save_version,
    tidy,
    versions,
)

PARTS = Parts({"r": 0.25, "name": "顾客"}, {"edges": np.array([1.5, 2.5])}, {"trees": "tree\nversion=v4\n"})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = new_version(tmp_path, "churn", datetime(2011, 9, 5, tzinfo=UTC))
    save_version(folder, "churn", PARTS)
    return folder


def test_a_version_comes_back_as_it_was_saved(folder: Path) -> None:
    back = load_version(folder, "churn")

    assert back.model == PARTS.model
    assert back.texts == PARTS.texts
    np.testing.assert_array_equal(back.arrays["edges"], [1.5, 2.5])


def test_the_latest_version_is_that_of_the_latest_moment(folder: Path, tmp_path: Path) -> None:
    china = timezone(timedelta(hours=8))
    later = new_version(tmp_path, "churn", datetime(2011, 9, 6, 1, tzinfo=china))
    save_version(later, "churn", PARTS)

    assert later.name == "20110905T170000Z"
    assert latest(tmp_path, "churn") == later


def test_versions_for_moments_to_come_drive_out_no_other(tmp_path: Path) -> None:
    days = [datetime(2011, 9, day, tzinfo=UTC) for day in range(1, 8)]
    for day in days:
        save_version(new_version(tmp_path, "churn", day), "churn", PARTS)

    assert [moment_of(one) for one in versions(tmp_path, "churn", until=days[3])] == days[:4]
    tidy(tmp_path, "churn", keep=2, as_of=days[3])
    assert [moment_of(one) for one in versions(tmp_path, "churn")] == [days[2], days[3], days[5], days[6]]
    tidy(tmp_path, "churn", keep=2)
    assert [moment_of(one) for one in versions(tmp_path, "churn")] == days[5:]


def test_a_version_that_is_away_while_it_is_replaced_is_known_to_be(folder: Path, tmp_path: Path) -> None:
    assert not is_being_replaced(tmp_path, "churn", folder.name)
    (folder.parent / ".replaced-x").mkdir()
    away = folder.replace(folder.parent / ".replaced-x" / folder.name)

    assert is_being_replaced(tmp_path, "churn", folder.name)
    assert not is_being_replaced(tmp_path, "churn", "20110906T000000Z")
    save_version(folder, "churn", PARTS)
    assert away.exists()
    assert not is_being_replaced(tmp_path, "churn", folder.name)


def test_no_version_at_all_is_an_error_that_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no version of the model 'value'"):
        latest(tmp_path, "value")
    with pytest.raises(ModelError, match=r"there is no model\.json"):
        load_version(tmp_path / "value", "value")


def test_training_again_for_the_same_moment_replaces_the_version_and_leaves_nothing_behind(folder: Path) -> None:
    save_version(folder, "churn", Parts({"r": 0.5}))

    assert load_version(folder, "churn") == Parts({"r": 0.5})
    assert [path.name for path in folder.parent.iterdir()] == [folder.name]


def test_the_same_parts_give_the_same_bytes(folder: Path, tmp_path: Path) -> None:
    again = tmp_path / "again"
    save_version(again, "churn", PARTS)

    assert (again / "model.json").read_bytes() == (folder / "model.json").read_bytes()


@pytest.mark.parametrize("name", ["trees.txt", "arrays.npz", "model.json"])
def test_a_damaged_file_is_noticed(folder: Path, name: str) -> None:
    body = bytearray((folder / name).read_bytes())
    body[len(body) // 2] ^= 1
    (folder / name).write_bytes(bytes(body))

    with pytest.raises(ModelError, match=r"damaged|not as it was written"):
        load_version(folder, "churn")


@pytest.mark.parametrize("name", ["trees.txt", "arrays.npz", "model.json"])
def test_a_missing_file_is_named(folder: Path, name: str) -> None:
    (folder / name).unlink()

    with pytest.raises(ModelError, match=f"there is no {name}"):
        load_version(folder, "churn")


@pytest.mark.parametrize("body", [b"", b"[]", b"null", b'{"format": 1}', b"\xff\xfe"])
def test_a_head_that_is_no_head_is_an_error_and_not_a_traceback(folder: Path, body: bytes) -> None:
    (folder / "model.json").write_bytes(body)

    with pytest.raises(ModelError, match="damaged"):
        load_version(folder, "churn")


def test_another_question_or_a_newer_format_is_refused(folder: Path) -> None:
    with pytest.raises(ModelError, match="answers the question 'churn'"):
        load_version(folder, "value")
    head = json.loads((folder / "model.json").read_text())
    (folder / "model.json").write_text(json.dumps(head | {"format": 99}))
    with pytest.raises(ModelError, match="format 99"):
        load_version(folder, "churn")


def test_objects_are_never_written(tmp_path: Path) -> None:
    objects: Any = np.array([object()], dtype=object)

    with pytest.raises(ModelError, match="holds objects"):
        save_version(tmp_path / "v", "churn", Parts({}, {"bad": objects}))
    with pytest.raises(ModelError, match="no JSON"):
        save_version(tmp_path / "v", "churn", Parts({"r": float("nan")}))
    assert not list(tmp_path.iterdir())


def test_mapped_arrays_come_back_as_they_were_saved_and_cannot_be_written_to(tmp_path: Path) -> None:
    folder = new_version(tmp_path, "churn", datetime(2011, 9, 5, tzinfo=UTC))
    large: dict[str, Any] = {
        "counts": np.arange(12, dtype=np.int32).reshape(3, 4),
        "none": np.zeros((0, 2)),
        "flags": np.array([True]),
    }
    save_version(folder, "churn", Parts({}, mapped=large))

    back = load_version(folder, "churn").mapped

    assert {name: array.dtype for name, array in back.items()} == {name: array.dtype for name, array in large.items()}
    for name, array in large.items():
        np.testing.assert_array_equal(back[name], array)
    with pytest.raises(ValueError, match="read-only"):
        back["counts"][0, 0] = 5


@pytest.mark.parametrize("change", ["damaged", "missing", "cut"])
def test_a_mapped_array_that_is_not_whole_is_noticed(tmp_path: Path, change: str) -> None:
    folder = new_version(tmp_path, "churn", datetime(2011, 9, 5, tzinfo=UTC))
    save_version(folder, "churn", Parts({}, mapped={"counts": np.arange(1000)}))
    file = folder / "counts.npy"
    body = bytearray(file.read_bytes())
    body[len(body) // 2] ^= 1
    if change == "missing":
        file.unlink()
    else:
        file.write_bytes(bytes(body) if change == "damaged" else bytes(body[:100]))

    with pytest.raises(ModelError, match=r"damaged|not as it was written|there is no counts\.npy"):
        load_version(folder, "churn")


def test_all_bytes_are_on_the_disk_before_a_version_gets_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[str] = []
    sync, replace = os.fsync, Path.replace
    links = Path("/proc/self/fd")

    def synced(held: int) -> None:
        done.append((links / str(held)).readlink().name)
        sync(held)

    def renamed(old: Path, new: Path) -> Path:
        done.append(f"-> {new.name}")
        return replace(old, new)

    monkeypatch.setattr(os, "fsync", synced)
    monkeypatch.setattr(Path, "replace", renamed)
    folder = new_version(tmp_path, "churn", datetime(2011, 9, 5, tzinfo=UTC))

    save_version(folder, "churn", Parts({"r": 1}, PARTS.arrays, PARTS.texts, {"counts": np.arange(9)}))

    named = done.index(f"-> {folder.name}")
    assert {"model.json", "arrays.npz", "trees.txt", "counts.npy"} <= set(done[:named])
    assert done[named - 1].startswith(".writing-")
    assert done[named + 1 :] == ["churn"]


def test_a_version_caught_while_it_was_replaced_is_put_back(folder: Path, tmp_path: Path) -> None:
    (folder.parent / ".replaced-x").mkdir()
    folder.rename(folder.parent / ".replaced-x" / folder.name)
    (folder.parent / ".writing-y").mkdir()
    (folder.parent / ".writing-y" / "half.npy").write_bytes(b"half")

    tidy(tmp_path, "churn")

    assert load_version(latest(tmp_path, "churn"), "churn").model == PARTS.model
    assert [path.name for path in folder.parent.iterdir()] == [folder.name]


def test_only_the_newest_versions_are_kept(tmp_path: Path) -> None:
    for day in (5, 7, 6):
        save_version(new_version(tmp_path, "churn", datetime(2011, 9, day, tzinfo=UTC)), "churn", PARTS)

    tidy(tmp_path, "churn", keep=2)
    tidy(tmp_path, "value", keep=2)

    assert [path.name for path in versions(tmp_path, "churn")] == ["20110906T000000Z", "20110907T000000Z"]
