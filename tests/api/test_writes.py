"""Writes may be sent again: under one Idempotency-Key each is done once and has one answer."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from lifeloop.store import idempotency
from lifeloop.testing.served import House

SUPPRESS = {"channel": "email", "address": "ann@example.com"}


def test_the_same_write_twice_is_done_once_and_answered_alike(empty_house: House) -> None:
    admin = empty_house.with_key("admin")

    first = admin.post("/v1/suppressions", json=SUPPRESS, headers={"Idempotency-Key": "k1"})
    again = admin.post("/v1/suppressions", json=SUPPRESS, headers={"Idempotency-Key": "k1"})
    other = admin.post("/v1/suppressions", json=SUPPRESS, headers={"Idempotency-Key": "k2"})

    assert (first.status_code, first.json()) == (again.status_code, again.json()) == (201, {"changed": True})
    assert again.headers["Idempotent-Replayed"] == "true"
    assert other.json() == {"changed": False}


def test_a_key_used_for_another_write_is_refused(empty_house: House) -> None:
    admin = empty_house.with_key("admin")
    headers = {"Idempotency-Key": "k1"}

    admin.post("/v1/suppressions", json=SUPPRESS, headers=headers)
    other_body = admin.post("/v1/suppressions", json=SUPPRESS | {"channel": "sms"}, headers=headers)
    other_path = admin.post("/v1/merges", json=SUPPRESS, headers=headers)

    assert [answer.json()["error"] for answer in (other_body, other_path)] == ["other_request", "other_request"]


def test_keys_of_two_callers_do_not_meet(empty_house: House) -> None:
    headers = {"Idempotency-Key": "k1"}

    first = empty_house.with_key("admin").post("/v1/suppressions", json=SUPPRESS, headers=headers)
    second = empty_house.with_key("admin").post("/v1/suppressions", json=SUPPRESS, headers=headers)

    assert "Idempotent-Replayed" not in second.headers
    assert (first.json(), second.json()) == ({"changed": True}, {"changed": False})


def test_a_write_that_is_still_being_done_is_not_begun_again(empty_house: House) -> None:
    secret = empty_house.key("admin")
    admin = empty_house.client(secret)
    with empty_house.app.store.writing() as connection:
        from lifeloop.store.keys import list_keys

        (key,) = list_keys(connection)
        digest = _digest_of("POST", "/v1/suppressions", b'{"channel":"email"}')
        idempotency.begin(connection, key.key_id, "k1", digest, empty_house.app.clock)

    busy = admin.post("/v1/suppressions", content=b'{"channel":"email"}', headers={"Idempotency-Key": "k1"})

    assert (busy.status_code, busy.json()["error"]) == (409, "in_progress")
    assert busy.headers["Retry-After"] == "1"


def test_many_at_once_under_one_key_are_one_write(empty_house: House) -> None:
    secret = empty_house.key("admin")

    async def all_at_once() -> list[httpx.Response]:
        headers = {"Authorization": f"Bearer {secret}", "Idempotency-Key": "k1"}
        async with httpx.AsyncClient(base_url=empty_house.url, headers=headers, timeout=60) as client:
            return await asyncio.gather(*(client.post("/v1/suppressions", json=SUPPRESS) for _ in range(12)))

    answers = asyncio.run(all_at_once())

    done = [answer for answer in answers if answer.status_code == 201]
    assert done
    assert all(answer.json() == {"changed": True} for answer in done)
    assert {answer.status_code for answer in answers} <= {201, 409}
    assert sum("Idempotent-Replayed" not in answer.headers for answer in done) == 1


def test_what_was_refused_before_it_was_done_can_be_mended_under_the_same_key(empty_house: House) -> None:
    admin = empty_house.with_key("admin")
    headers = {"Idempotency-Key": "k1"}

    wrong = admin.post("/v1/suppressions", json={"channel": "email"}, headers=headers)
    mended = admin.post("/v1/suppressions", json=SUPPRESS, headers=headers)

    assert (wrong.status_code, mended.status_code) == (422, 201)
    assert "address" in wrong.json()["found"]


@pytest.mark.parametrize("key", ["", "x" * 256])
def test_a_key_that_is_too_long_or_empty_is_refused(empty_house: House, key: str) -> None:
    answer = empty_house.with_key("admin").post("/v1/suppressions", json=SUPPRESS, headers={"Idempotency-Key": key})

    assert answer.status_code in (400, 422)


def test_a_refusal_names_the_field_and_never_the_value(empty_house: House) -> None:
    said: dict[str, Any] = {"channel": "E MAIL", "address": "secret@example.com"}

    answer = empty_house.with_key("admin").post("/v1/suppressions", json=said)

    assert answer.status_code == 422
    assert "body.channel" in answer.json()["found"]
    assert "E MAIL" not in answer.text


def test_a_body_larger_than_a_write_may_be_is_refused(empty_house: House) -> None:
    answer = empty_house.with_key("admin").post("/v1/suppressions", content=b"x" * ((1 << 20) + 1))

    assert (answer.status_code, answer.json()["error"]) == (413, "too_large")


def test_a_body_that_comes_in_pieces_is_measured_as_it_comes(empty_house: House) -> None:
    def pieces() -> Any:
        for _ in range(40):
            yield b"x" * 65_536

    answer = empty_house.with_key("admin").post("/v1/suppressions", content=pieces())

    assert answer.status_code == 413


def test_a_text_the_store_cannot_keep_is_refused(empty_house: House) -> None:
    admin = empty_house.with_key("admin")

    for text in ("a\0b", "\ud800"):
        body = f'{{"channel": "email", "address": "{text}"}}'.encode("unicode_escape")
        assert admin.post("/v1/suppressions", content=body).status_code == 422


def test_threads_writing_at_once_all_succeed(empty_house: House) -> None:
    secret = empty_house.key("admin")

    def write(number: int) -> int:
        headers = {"Authorization": f"Bearer {secret}"}
        said = {"channel": "email", "address": f"{number}@example.com"}
        return httpx.post(f"{empty_house.url}/v1/suppressions", json=said, headers=headers, timeout=60).status_code

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(write, range(40))) == {201}


def _digest_of(method: str, path: str, body: bytes) -> str:
    import hashlib

    content = hashlib.sha256(body).hexdigest()
    return hashlib.sha256("\x1f".join([method, path, "", content]).encode()).hexdigest()
