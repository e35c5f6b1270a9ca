"""Files sent over HTTP: taken in whole, imported in the background, once."""

from __future__ import annotations

import threading
from pathlib import Path

from lifeloop.schema import ORDER
from lifeloop.store import jobs
from lifeloop.testing.served import House

ORDERS = b"order_id,customer_id,date,total,currency\n1001,ann,2026-01-01,20.00,EUR\n1002,bob,2026-01-01,10.00,EUR\n"


def uploads(house: House) -> list[Path]:
    return sorted(path for path in (house.app.home.path / "uploads").glob("*/*"))


def test_a_file_is_taken_in_and_waits_to_be_imported(empty_house: House) -> None:
    admin = empty_house.with_key("admin")

    asked = admin.post("/v1/imports", params={"name": "orders.csv", "kind": "orders"}, content=ORDERS)
    told = empty_house.with_key("read").get(f"/v1/imports/{asked.json()['import_id']}").json()

    assert asked.status_code == 202
    assert (told["state"], told["file"]) == ("waiting", "orders.csv")
    assert [path.read_bytes() for path in uploads(empty_house)] == [ORDERS]
    assert admin.get("/v1/imports").json()["imports"] == [told]


def test_a_form_holds_the_same_file(empty_house: House) -> None:
    admin = empty_house.with_key("admin")

    asked = admin.post("/v1/imports", files={"file": ("../../orders de mai.csv", ORDERS, "text/csv")})

    assert asked.status_code == 202
    assert asked.json()["file"] == "orders-de-mai.csv"
    assert [path.read_bytes() for path in uploads(empty_house)] == [ORDERS]
    assert uploads(empty_house)[0].is_relative_to(empty_house.app.home.path)


def test_the_same_upload_under_one_key_is_one_import(empty_house: House) -> None:
    admin = empty_house.with_key("admin")
    headers = {"Idempotency-Key": "night-1"}

    first = admin.post("/v1/imports", params={"name": "orders.csv"}, content=ORDERS, headers=headers)
    again = admin.post("/v1/imports", params={"name": "orders.csv"}, content=ORDERS, headers=headers)
    other = admin.post("/v1/imports", params={"name": "orders.csv"}, content=ORDERS + b"1003", headers=headers)

    assert first.json() == again.json()
    assert other.json()["error"] == "other_request"
    assert len(uploads(empty_house)) == len(admin.get("/v1/imports").json()["imports"]) == 1


def test_nothing_is_kept_of_what_is_refused(empty_house: House) -> None:
    admin = empty_house.with_key("admin")

    assert admin.post("/v1/imports", content=b"").json()["error"] == "no_file"
    assert admin.post("/v1/imports", data={"file": "not a file"}, files={}).status_code in (400, 202)
    assert admin.post("/v1/imports", params={"source": "--home"}, content=ORDERS).status_code == 422
    assert admin.post("/v1/imports", params={"kind": "cats"}, content=ORDERS).status_code == 422
    assert empty_house.with_key("read").post("/v1/imports", content=ORDERS).status_code == 403
    assert len(uploads(empty_house)) <= 1


def test_an_import_nobody_asked_for_is_not_found(empty_house: House) -> None:
    with empty_house.app.store.writing() as connection:
        run = jobs.ask(connection, "run", {}, empty_house.app.clock)
    client = empty_house.with_key("read")

    assert client.get("/v1/imports/import_0").status_code == 404
    assert client.get(f"/v1/imports/{run.job_id}").status_code == 404


def test_what_was_sent_is_in_the_lake_once_the_worker_has_done_it(empty_house: House) -> None:
    from lifeloop.app.jobs import Jobs

    admin = empty_house.with_key("admin")
    asked = admin.post("/v1/imports", params={"name": "orders.csv", "kind": "orders"}, content=ORDERS).json()

    Jobs(empty_house.app, threading.Event()).step()
    told = admin.get(f"/v1/imports/{asked['import_id']}").json()

    assert told["state"] == "done", told["answer"]
    rows = empty_house.app.engine.query("SELECT order_id FROM orders ORDER BY order_id", {"orders": ORDER})
    assert rows.column("order_id").to_pylist() == ["1001", "1002"]
    admin.post("/v1/imports", params={"name": "more.csv"}, content=ORDERS)
    assert [path.name for path in uploads(empty_house)] == ["more.csv"]


def test_what_was_sent_is_for_nobody_else_on_the_machine(empty_house: House) -> None:
    admin, folder = empty_house.with_key("admin"), empty_house.app.home.path / "uploads"
    folder.mkdir()
    folder.chmod(0o755)

    admin.post("/v1/imports", content=ORDERS)
    admin.post("/v1/imports", files={"file": ("orders.csv", ORDERS, "text/csv")})

    made = [folder, *folder.glob("*"), *folder.glob("*/*")]
    assert [oct(path.stat().st_mode & 0o777) for path in made] == ["0o700"] * 3 + ["0o600"] * 2


def test_an_import_that_failed_says_so_without_saying_where_the_home_is(empty_house: House) -> None:
    home = str(empty_house.app.home.path)
    with empty_house.app.store.writing() as connection:
        job = jobs.ask(connection, "import", {"file": f"{home}/uploads/1/a.csv"}, empty_house.app.clock, job_id="import_1")
        taken = jobs.claim(connection, ["import"], "me", 60, empty_house.app.clock)
        assert taken is not None
        answer = {"error": f"cannot read {home}/uploads/1/a.csv", "seen": [{"home": home}]}
        jobs.finish(connection, job.job_id, "me", empty_house.app.clock, answer=answer, failed=True)

    told = empty_house.with_key("read").get("/v1/imports/import_1")

    assert told.json()["answer"] == {"error": "cannot read uploads/1/a.csv", "seen": [{"home": "the data home"}]}


def test_a_disk_that_takes_no_file_says_so(empty_house: House) -> None:
    (empty_house.app.home.path / "uploads").write_text("in the way")

    answer = empty_house.with_key("admin").post("/v1/imports", content=ORDERS)

    assert (answer.status_code, answer.json()["error"]) == (503, "disk_failed")
    assert answer.headers["Retry-After"] == "60"
