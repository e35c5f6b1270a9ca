"""Two indexers write one store: what either hears of somebody is kept, whoever reads and writes first."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from lifeloop.store import Store
from lifeloop.testing.clock import after
from lifeloop.testing.live import said, spooled
from lifeloop.unify import gathered
from lifeloop.unify.identity import resolve
from lifeloop.unify.indexer import Indexer
from lifeloop.unify.people import cart_of, profile_of

_WAIT_SECONDS = 1.0


def meeting(read: Callable[..., Any]) -> Callable[..., Any]:
    """Let two threads have read before either goes on to write, unless one of them waits elsewhere."""
    both = threading.Barrier(2)

    def reads(*arguments: Any) -> Any:
        found = read(*arguments)
        with suppress(threading.BrokenBarrierError):
            both.wait(_WAIT_SECONDS)
        return found

    return reads


def test_neither_loses_what_the_other_hears_of_the_same_customer(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gathered, "read_profiles", meeting(gathered.read_profiles))
    monkeypatch.setattr(gathered, "read_carts", meeting(gathered.read_carts))
    failed: list[BaseException] = []

    def hear(number: int) -> None:
        traits = said(f"t{number}", type="identify", userId="ann", traits={f"t{number}": number})
        adds = said(f"a{number}", userId="ann", event="Product Added", properties={"product_id": f"P{number}"})
        spooled(tmp_path / str(number), [[traits, adds]])
        try:
            Indexer(store, tmp_path / str(number), str(number), after()).step()
        except BaseException as error:
            failed.append(error)
            raise

    threads = [threading.Thread(target=hear, args=(number,)) for number in (1, 2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    with store.reading() as connection:
        known = resolve(connection, "ann")
        profile, cart = profile_of(connection, known), cart_of(connection, known)
    assert failed == []
    assert profile is not None
    assert profile.traits == {"t1": 1, "t2": 2}
    assert {one.product_id for one in cart} == {"P1", "P2"}
