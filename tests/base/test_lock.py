"""One writer at a time; who is patient gets its turn."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from lifeloop.base.errors import LakeError
from lifeloop.base.lock import writing


def test_who_has_no_patience_is_sent_away_at_once(tmp_path: Path) -> None:
    first, second = (writing(tmp_path, "cannot import now") for _ in range(2))
    with first, pytest.raises(LakeError, match="another import or run"), second:
        pass


def test_a_run_does_not_keep_facts_from_coming_in(tmp_path: Path) -> None:
    with writing(tmp_path, "cannot run now", "run"):
        with writing(tmp_path, "cannot import now"):
            pass
        with pytest.raises(LakeError, match="another run is writing"), writing(tmp_path, "cannot run now", "run"):
            pass


def test_who_is_patient_gets_its_turn(tmp_path: Path) -> None:
    held, had = threading.Event(), []

    def waits() -> None:
        held.wait()
        with writing(tmp_path, "cannot import now", patience_s=60):
            had.append("second")

    thread = threading.Thread(target=waits)
    thread.start()
    with writing(tmp_path, "cannot import now"):
        held.set()
        thread.join(0.1)
        had.append("first")
    thread.join()

    assert had == ["first", "second"]


def test_a_home_that_cannot_be_written_is_an_answer(tmp_path: Path) -> None:
    with pytest.raises(LakeError, match="cannot be written"), writing(tmp_path / "missing", "cannot import now"):
        pass
