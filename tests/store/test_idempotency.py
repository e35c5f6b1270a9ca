"""A write sent twice is done once, and answered twice the same."""

from __future__ import annotations

import threading

from lifeloop.store import Store
from lifeloop.store.idempotency import ABANDONED_SECONDS, KEPT_SECONDS, Answer, begin, finish, forget_old, let_go
from lifeloop.testing.clock import after

CREATED = Answer(201, "application/json", b'{"id":"1"}\x00')


def test_the_first_answer_is_given_again(store: Store) -> None:
    with store.writing() as connection:
        assert begin(connection, "key_a", "order-7", "hash", after()).state == "new"
        assert finish(connection, "key_a", "order-7", CREATED)

    with store.writing() as connection:
        again = begin(connection, "key_a", "order-7", "hash", after(3600))
        assert (again.state, again.answer) == ("answered", CREATED)
        assert not finish(connection, "key_a", "order-7", Answer(500, None, b"")), "the first answer counts"
        assert begin(connection, "key_a", "order-7", "hash", after(3600)).answer == CREATED


def test_a_server_error_is_a_first_answer_too(store: Store) -> None:
    with store.writing() as connection:
        begin(connection, "key_a", "order-7", "hash", after())
        finish(connection, "key_a", "order-7", Answer(500, "text/plain", b"broken"))

        assert begin(connection, "key_a", "order-7", "hash", after(1)).answer == Answer(500, "text/plain", b"broken")


def test_another_request_under_the_same_key_is_told_apart(store: Store) -> None:
    with store.writing() as connection:
        begin(connection, "key_a", "order-7", "hash", after())

        assert begin(connection, "key_a", "order-7", "other hash", after(1)).state == "other"
        assert begin(connection, "key_a", "order-7", "other hash", after(ABANDONED_SECONDS + 1)).state == "other"


def test_keys_of_one_client_are_not_anothers(store: Store) -> None:
    with store.writing() as connection:
        begin(connection, "key_a", "order-7", "hash", after())

        assert begin(connection, "key_b", "order-7", "hash", after()).state == "new"


def test_while_the_first_is_worked_on_the_second_waits(store: Store) -> None:
    with store.writing() as connection:
        begin(connection, "key_a", "order-7", "hash", after())

        assert begin(connection, "key_a", "order-7", "hash", after(ABANDONED_SECONDS - 1)).state == "busy"


def test_a_write_whose_process_died_may_be_tried_again(store: Store) -> None:
    with store.writing() as connection:
        begin(connection, "key_a", "order-7", "hash", after())

        assert begin(connection, "key_a", "order-7", "hash", after(ABANDONED_SECONDS)).state == "new"
        assert begin(connection, "key_a", "order-7", "hash", after(ABANDONED_SECONDS + 1)).state == "busy"


def test_a_request_nothing_was_done_for_can_be_let_go(store: Store) -> None:
    with store.writing() as connection:
        begin(connection, "key_a", "order-7", "hash", after())
        let_go(connection, "key_a", "order-7")
        assert begin(connection, "key_a", "order-7", "hash", after(1)).state == "new"

        finish(connection, "key_a", "order-7", CREATED)
        let_go(connection, "key_a", "order-7")
        assert begin(connection, "key_a", "order-7", "hash", after(2)).state == "answered", "an answer is never let go"


def test_of_many_equal_requests_at_once_one_is_new(store: Store) -> None:
    states: list[str] = []
    together = threading.Barrier(8)

    def send() -> None:
        together.wait()
        with store.writing() as connection:
            states.append(begin(connection, "key_a", "order-7", "hash", after()).state)

    senders = [threading.Thread(target=send) for _ in range(8)]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()

    assert sorted(states) == ["busy"] * 7 + ["new"]


def test_old_answers_are_forgotten(store: Store) -> None:
    with store.writing() as connection:
        begin(connection, "key_a", "old", "hash", after())
        finish(connection, "key_a", "old", CREATED)
        begin(connection, "key_a", "young", "hash", after(10))

        assert forget_old(connection, after(KEPT_SECONDS + 5)) == 1
        assert begin(connection, "key_a", "old", "hash", after(KEPT_SECONDS + 5)).state == "new"
