"""What a run found, read over HTTP: segments, scores as a file, what was rejected."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lifeloop.api.scores import comma_separated
from lifeloop.schema import REJECTED, SCORE
from lifeloop.testing.served import House


def count(house: House, where: str) -> int:
    sql = f"SELECT count(*) AS n FROM scores WHERE as_of = $as_of AND {where}"
    rows = house.app.engine.query(sql, {"scores": SCORE}, as_of=house.app.scored_moments()[-1])
    number: int = rows.column("n")[0].as_py()
    return number


def test_segments_say_who_they_are_in_both_languages_and_how_many(house: House) -> None:
    told = house.with_key("read").get("/v1/segments").json()["segments"]

    kinds = {kind: [one for one in told if one["kind"] == kind] for kind in ("stage", "rfm", "cluster")}
    assert sum(one["customers"] for one in kinds["stage"]) == count(house, "target = 'stage'")
    assert sum(one["customers"] for one in kinds["rfm"]) == count(house, "target = 'rfm'")
    assert sum(one["share"] for one in kinds["cluster"]) == pytest.approx(1)
    assert all(one["en"] and one["zh"] and one["en"] != one["zh"] for one in told)
    assert len({one["name"] for one in told}) == len(told)


def test_the_members_of_every_segment_are_as_many_as_it_says_each_once(house: House) -> None:
    client = house.with_key("read")
    for segment in client.get("/v1/segments").json()["segments"]:
        seen: list[str] = []
        cursor = None
        while True:
            asked = {"limit": 17, **({"cursor": cursor} if cursor else {})}
            page = client.get(f"/v1/segments/{segment['name']}/customers", params=asked).json()
            seen += [one["customer_id"] for one in page["customers"]]
            cursor = page["next"]
            if cursor is None:
                break
        assert len(seen) == len(set(seen)) == segment["customers"]
        assert seen == sorted(seen)


def test_a_customer_names_the_segments_they_are_members_of(house: House) -> None:
    client = house.with_key("read")
    member = client.get("/v1/segments/stage-loyal/customers", params={"limit": 1}).json()["customers"][0]["customer_id"]

    for name in client.get(f"/v1/customers/{member}").json()["segments"]:
        page = client.get(f"/v1/segments/{name}/customers", params={"limit": 1000}).json()
        assert member in [one["customer_id"] for one in page["customers"]]


@pytest.mark.parametrize("name", ["rfm-nobody", "nothing", "stage-"])
def test_a_segment_there_is_not_is_not_found(house: House, name: str) -> None:
    assert house.with_key("read").get(f"/v1/segments/{name}/customers").json()["error"] == "unknown_name"


def rows_of(form: str, body: bytes) -> list[dict[str, Any]]:
    if form == "jsonl":
        return [json.loads(line) for line in body.decode().splitlines()]
    if form == "csv":
        return list(csv.DictReader(io.StringIO(body.decode())))
    found: list[dict[str, Any]] = pq.read_table(pa.BufferReader(body)).to_pylist()
    return found


@pytest.mark.parametrize("form", ["jsonl", "csv", "parquet"])
def test_the_export_holds_every_score_in_every_form(house: House, form: str) -> None:
    client = house.with_key("read")
    whole = rows_of(form, client.get("/v1/scores", params={"form": form}).content)
    churn = rows_of(form, client.get("/v1/scores", params={"form": form, "model": "churn"}).content)

    assert len(whole) == count(house, "true")
    assert {row["model"] for row in churn} == {"churn"}
    assert len(churn) == count(house, "model = 'churn'")
    reasons = churn[0]["reasons"]
    told = reasons if form == "jsonl" else json.loads(reasons)
    assert {"feature", "effect", "en", "zh"} <= set(told[0])


def test_the_export_streams_more_than_one_piece(house: House) -> None:
    at = house.app.scored_moments()[-1] + timedelta(days=1)
    rows = 300_000
    table = pa.table(
        {
            "as_of": pa.array([at] * rows, pa.timestamp("us", tz="UTC")),
            "customer_id": pa.array([f"c{number:06}" for number in range(rows)]),
            "model": pa.array(["churn"] * rows),
            "target": pa.array(["p_churn"] * rows),
            "horizon_days": pa.array([30] * rows, pa.int32()),
            "value": pa.array([0.5] * rows),
            "low": pa.nulls(rows, pa.float64()),
            "high": pa.nulls(rows, pa.float64()),
            "label": pa.nulls(rows, pa.string()),
            "reasons": pa.nulls(rows, pa.string()),
            "version": pa.array(["v"] * rows),
        }
    )
    house.app.lake.append(SCORE, table)
    with house.with_key("read").stream("GET", "/v1/scores", params={"as_of": at.isoformat(), "form": "parquet"}) as answer:
        body = b"".join(answer.iter_bytes())

    read = pq.read_table(pa.BufferReader(body))
    assert read.num_rows == rows
    assert pq.ParquetFile(pa.BufferReader(body)).num_row_groups > 1
    ids = read.column("customer_id").to_pylist()
    assert ids == sorted(ids)


def test_what_was_rejected_is_read_page_by_page_newest_first(empty_house: House) -> None:
    began = datetime(2026, 1, 1, tzinfo=UTC)
    rows = [
        {
            "file": "orders.csv",
            "file_sha256": f"{number % 2}",
            "line": number + 2,
            "reason": "bad_date" if number % 3 else "bad_money",
            "detail": "it is no date",
            "raw": "x",
            "received_at": began + timedelta(days=number // 4),
        }
        for number in range(12)
    ]
    empty_house.app.lake.append(REJECTED, pa.Table.from_pylist(rows, schema=REJECTED.arrow()))
    client = empty_house.with_key("read")

    seen: list[int] = []
    cursor = None
    while True:
        page = client.get("/v1/rejected", params={"limit": 5, **({"cursor": cursor} if cursor else {})}).json()
        seen += [one["line"] for one in page["rejected"]]
        cursor = page["next"]
        if cursor is None:
            break

    assert sorted(seen) == list(range(2, 14))
    assert seen[:4] == [10, 12, 11, 13]
    money = client.get("/v1/rejected", params={"reason": "bad_money"}).json()["rejected"]
    assert {one["reason"] for one in money} == {"bad_money"}
    assert len(money) == 4


def test_a_shop_nothing_was_run_for_says_what_to_do(empty_house: House) -> None:
    client = empty_house.with_key("read")

    for path in ("/v1/segments", "/v1/segments/stage-new/customers", "/v1/scores"):
        answer = client.get(path)
        assert answer.status_code == 404
        assert "lifeloop" in answer.json()["fix"]
    assert client.get("/v1/rejected").json() == {"rejected": [], "next": None}


def test_an_id_that_a_spreadsheet_would_run_is_made_harmless_in_csv_alone() -> None:
    batch = pa.record_batch({"customer_id": ["=HYPERLINK(1)", "ann", "-1", "@x"], "value": [1, 2, 3, 4]})
    told = b"".join(comma_separated(pa.RecordBatchReader.from_batches(batch.schema, [batch])))

    assert [row["customer_id"] for row in rows_of("csv", told)] == ["'=HYPERLINK(1)", "ann", "'-1", "'@x"]
