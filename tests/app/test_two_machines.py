"""Two machines, a home each, with one store and one lake: what both do at once is there once."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from lifeloop.app import App
from lifeloop.app import reconcile as reconciling
from lifeloop.base.clock import FixedClock, micros
from lifeloop.base.errors import LakeError
from lifeloop.collect.flow import Flow
from lifeloop.collect.spool import SpoolWriter, Stamp
from lifeloop.schema import EVENT, ORDER, ORDER_LINE, Table
from lifeloop.testing.postgres import PostgresServer

NOW = datetime(2024, 6, 1, 12, tzinfo=UTC)
TEA = {"product_id": "tea", "name": "Tea", "price": 3, "quantity": 1}
ROWS = "order_id,customer_id,placed_at,total,currency\n1,ann,2024-05-01T10:00:00Z,27.00,EUR\n"


class Machine:
    """One home and its spool; what it hears came in a second before."""

    def __init__(self, home: Path, store: str, lake: Path) -> None:
        home.mkdir()
        said = f'[shop]\ncurrency = "EUR"\n[store]\nurl = "{store}"\n[lake]\nurl = "{lake}"\n'
        shop = '[webhooks.shop]\nsystem = "shopify"\nsecrets = ["s"]\n'
        (home / "lifeloop.toml").write_text(said + shop, "utf-8")
        self.app = App.open(home, clock=FixedClock(NOW))
        self.spool = home.name
        self.folder = self.app.home.spool / self.spool
        app = self.app
        self.flow = Flow(app.lake, app.engine, app.store, self.folder, self.spool, home, app.home.settings, app.clock)

    def hears(self, *events: dict[str, object]) -> None:
        """Accept one request with some events."""
        with SpoolWriter(self.folder) as writer:
            stamp = Stamp("segment", "live", micros(NOW - timedelta(seconds=1)))
            writer.append([(stamp, json.dumps({"batch": events}).encode())])

    def carries(self) -> None:
        """Let the flow come to the end of the spool, whoever else writes."""
        while not self.flow.step():
            pass

    def count(self, table: Table) -> int:
        """Return how many rows a table of the lake has."""
        return int(self.app.engine.query("SELECT count(*) AS n FROM t", {"t": table})["n"][0].as_py())


@pytest.fixture
def two(tmp_path: Path, postgres: PostgresServer, empty_postgres: str) -> Iterator[tuple[Machine, Machine]]:
    url = postgres.url(postgres.fresh(empty_postgres))
    made = [Machine(tmp_path / name, url, tmp_path / "lake") for name in ("a", "b")]
    yield made[0], made[1]
    for machine in made:
        machine.app.store.close()


def event(name: str, message: str, **properties: object) -> dict[str, object]:
    """Return one tracked event of ann's."""
    at = (NOW - timedelta(minutes=5)).isoformat().replace("+00:00", "Z")
    return {"type": "track", "event": name, "messageId": message, "userId": "ann", "timestamp": at, "properties": properties}


def at_once(*doing: Callable[[], object]) -> list[BaseException]:
    """Do all at the same moment; return what went wrong."""
    together, wrong = threading.Barrier(len(doing)), []

    def begin(one: Callable[[], object]) -> None:
        together.wait()
        try:
            one()
        except BaseException as error:  # noqa: BLE001 - the test tells of it
            wrong.append(error)

    threads = [threading.Thread(target=begin, args=(one,)) for one in doing]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return wrong


def test_one_message_that_two_machines_hear_at_once_is_one_event_and_one_order(two: tuple[Machine, Machine]) -> None:
    two[0].hears(event("Looked", "m0"))
    two[0].carries()
    for number in range(1, 4):
        paid = event("Order Completed", f"m{number}", order_id=str(number), total=27.0, currency="EUR", products=[TEA])
        for machine in two:
            machine.hears(paid)

        assert at_once(*(machine.carries for machine in two)) == []
        for machine in two:
            assert [machine.count(table) for table in (EVENT, ORDER, ORDER_LINE)] == [number + 1, number, number]


def test_one_file_that_two_machines_import_at_once_is_one_order(two: tuple[Machine, Machine], tmp_path: Path) -> None:
    file = tmp_path / "orders.csv"
    file.write_text(ROWS, "utf-8")

    assert at_once(*(lambda app=machine.app: app.import_files([file], source="shop") for machine in two)) == []
    assert two[0].count(ORDER) == 1


def test_while_one_machine_writes_no_other_imports_reconciles_or_runs(
    two: tuple[Machine, Machine], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lifeloop.app._PATIENCE_S", 0.1)
    monkeypatch.setattr("lifeloop.collect.flow._SHORT_S", 0.1)
    here, there = (machine.app for machine in two)
    file, told = tmp_path / "orders.csv", tmp_path / "orders.json"
    file.write_text(ROWS, "utf-8")
    told.write_text('{"orders": [{"id": 1, "name": "#1"}]}', "utf-8")
    here.import_files([file], source="shop")

    with here._writing("cannot import now"):
        with pytest.raises(LakeError, match="from another home"):
            there.import_files([file], source="shop")
        with pytest.raises(LakeError, match="another import or run"):
            reconciling.reconcile(there, "shop", pause=lambda _: None, files=[told])
        with pytest.raises(LakeError, match="from another home"):
            there.run(NOW)
        two[1].hears(event("Looked", "m1"))
        assert not two[1].flow.step()
    with here._writing("cannot run now", "run"), pytest.raises(LakeError, match="another run is writing"):
        there.run(NOW)
    assert two[1].flow.step()
