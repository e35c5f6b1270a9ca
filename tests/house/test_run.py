"""A run is whole or it is no run, and the past keeps what was said in it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from lifeloop.app import App
from lifeloop.base.clock import FixedClock
from lifeloop.base.errors import LakeError
from lifeloop.lake import Lake
from lifeloop.schema import SCORE
from lifeloop.simulate import ShopConfig, simulate, write_files

STAGES_SQL = "SELECT customer_id, label, version FROM s WHERE as_of = $as_of AND model = 'stage' ORDER BY customer_id"


@pytest.fixture
def app(tmp_path: Path) -> App:
    files = write_files(simulate(ShopConfig(customers=200, products=20, days=300)), tmp_path / "files")
    (tmp_path / "home").mkdir()
    app = App.open(tmp_path / "home", clock=FixedClock(datetime(2026, 1, 2, tzinfo=UTC)))
    app.import_files([files["lines"]])
    return App.open(tmp_path / "home", clock=app.clock)


def test_a_run_that_broke_off_is_no_run(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = Lake.overwrite_as_of

    def breaks(self: Lake, table: Any, rows: Any, as_of: datetime, where: str = "") -> None:
        if "churn" in where:
            raise LakeError("cannot write", "the plug was pulled")
        whole(self, table, rows, as_of, where)

    as_of = app.as_of(None)
    with monkeypatch.context() as patch:
        patch.setattr(Lake, "overwrite_as_of", breaks)
        with pytest.raises(LakeError, match="the plug was pulled"):
            app.run(as_of)
    broken = app.scored_moments()
    app.run(app.as_of(None))

    assert broken == []
    assert app.scored_moments() == [app.as_of(None)]


def test_a_later_run_leaves_the_stages_of_an_earlier_run_as_they_were_told(app: App) -> None:
    now = app.as_of(None)
    before = now - timedelta(days=30)
    app.run(before)
    told = app.engine.query(STAGES_SQL, {"s": SCORE}, as_of=before)

    app.run(now)

    assert told.num_rows > 100
    assert app.engine.query(STAGES_SQL, {"s": SCORE}, as_of=before).equals(told)


def test_an_order_under_two_sources_is_warned_of_at_once(app: App, tmp_path: Path) -> None:
    again = app.import_files([tmp_path / "files" / "order_lines.csv"], source="elsewhere")

    assert "count twice" in again.warnings[-1]
    assert not next(check for check in app.doctor() if check.name == "sources").ok
