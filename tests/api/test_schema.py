"""Whatever may be sent by the description at /openapi.json is answered as it says, and never by a failure."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from lifeloop.api.app import declared
from lifeloop.api.parts import Parts
from lifeloop.app import App
from lifeloop.base.clock import FixedClock
from lifeloop.collect.spool.record import Place, Stamp
from lifeloop.testing.live import NOON, said, spooled
from lifeloop.testing.served import House, open_house
from lifeloop.unify.indexer import Indexer

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
SCHEMA = schemathesis.openapi.from_dict(declared().openapi())
WHOSE = {"collect": "ingest"}
"""The key each part of the API is asked with; the others take an admin's."""


class Hole:
    """A spool that takes everything and keeps nothing."""

    async def put(self, _stamp: Stamp, _body: bytes) -> Place:
        return Place(1, 0)

    def backlog_bytes(self) -> int:
        return 0


@pytest.fixture(scope="module")
def house(new_home: Path, lived: Path) -> Iterator[House]:
    """A shop on PostgreSQL of which only events are known, and one on SQLite that has been run."""
    if not (new_home / "lifeloop.toml").exists():
        shutil.copytree(lived, new_home, dirs_exist_ok=True)
    with (new_home / "lifeloop.toml").open("a") as stream:
        stream.write("[serve]\nread_per_second = 100000\ncollect_per_second = 100000\n")
    app = App.open(new_home, clock=FixedClock(NOON + timedelta(hours=2)))
    events = [said(f"m{number}", after=number, anonymousId="phone", userId="0", event="Hello") for number in range(30)]
    spooled(app.home.spool / "main", [events])
    Indexer(app.store, app.home.spool / "main", "main", app.clock).step(1 << 20)
    with open_house(Parts(app=app, spool=Hole())) as house:
        yield house
    app.store.close()


@pytest.fixture(scope="module")
def shown(house: House) -> dict[str, str]:
    return {scope: house.key(scope) for scope in ("ingest", "admin")}


@SCHEMA.parametrize()
@settings(max_examples=12, suppress_health_check=list(HealthCheck), deadline=None, derandomize=True)
def test_every_answer_is_as_described(case: schemathesis.Case, house: House, shown: dict[str, str]) -> None:
    scope = WHOSE.get((case.operation.tags or ["other"])[0], "admin")
    case.call_and_validate(base_url=house.url, headers={"Authorization": f"Bearer {shown[scope]}"}, checks=CHECKS)
