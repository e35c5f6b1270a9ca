"""Questions are asked by name; an installed package may add one."""

from __future__ import annotations

from datetime import timedelta
from importlib.metadata import EntryPoint
from pathlib import Path

import pyarrow as pa
import pytest

from lifeloop.base import registry
from lifeloop.base.config import Settings
from lifeloop.base.errors import SettingsError
from lifeloop.base.registry import Registry
from lifeloop.base.text import Text
from lifeloop.base.versions import Parts, load_version, save_version
from lifeloop.features import write_snapshot
from lifeloop.predict import questions, run
from lifeloop.predict.columns import score_rows
from lifeloop.predict.questions import Model, Past, Question
from lifeloop.schema import SCORE
from lifeloop.testing import ShopBuilder


class Birthday:
    """Everybody's is tomorrow."""

    def __init__(self, version: str) -> None:
        self.version = version

    @property
    def notes(self) -> tuple[Text, ...]:
        return ()

    def score(self, snapshot: pa.Table) -> pa.Table:
        n = snapshot.num_rows
        said = [[{"feature": "orders", "effect": 0.0, "en": "Why not.", "zh": "为何不。"}]] * n
        return score_rows(snapshot, model="birthday", target="day", version=self.version, labels=["tomorrow"] * n, reasons=said)

    def save(self, folder: Path) -> None:
        save_version(folder, "birthday", Parts({}))


def read_birthday(folder: Path) -> Model:
    load_version(folder, "birthday")
    return Birthday(folder.name)


def learn_birthday(past: Past) -> tuple[Model, int]:
    return Birthday("unsaved"), past.now.num_rows


def test_a_question_that_a_package_adds_is_asked_with_the_rest(
    shop: ShopBuilder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.orders("ann", day=1).orders("bob", day=2)
    asked = dict(questions.QUESTIONS.items()) | {"birthday": Question(learn_birthday, read_birthday)}
    monkeypatch.setattr(run, "QUESTIONS", Registry("question", "lifeloop.test_models", asked))
    write_snapshot(shop.lake, shop.engine, shop.day(5))

    done = run.predict_all(shop.lake, shop.engine, tmp_path, shop.day(5), first=shop.day(1.5), settings=Settings())

    assert [one.question for one in done] == ["churn", "value", "next_order", "stage", "segment", "birthday"]
    assert done[-1].scored == 2
    told = shop.engine.query("SELECT label FROM s WHERE model = 'birthday' ORDER BY customer_id", {"s": SCORE})
    assert told["label"].to_pylist() == ["tomorrow", "tomorrow"]


def test_a_registry_takes_what_packages_add_and_says_which_of_them_is_broken(monkeypatch: pytest.MonkeyPatch) -> None:
    points = [EntryPoint("spare", "math:pi", "g")]
    monkeypatch.setattr(registry, "entry_points", lambda group: points)

    assert dict(Registry("number", "g", {"own": 1.0})) == {"own": 1.0, "spare": pytest.approx(3.14159, abs=1e-5)}
    points.append(EntryPoint("broken", "no_such_room:thing", "g"))
    with pytest.raises(SettingsError, match=r"cannot load the number 'broken'.*no_such_room"):
        Registry("number", "g", {"own": 1.0})["own"]


def test_no_label_of_a_run_at_noon_reaches_past_noon(shop: ShopBuilder) -> None:
    for day in range(0, 120, 2):
        shop.orders("ann", day=day, spent=10)
    noon = shop.day(100.25)
    past = Past(shop.engine, noon, shop.day(0.5), Settings(), pa.table({}))

    ends = [example.as_of + timedelta(days=7) for example in past.examples(7)]

    assert max(ends) == shop.day(100)  # the order at noon of day 100 is not known yet
