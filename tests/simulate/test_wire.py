"""The lines of the wire tell what the tables of the same shop tell, in the form of Segment's specification."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lifeloop.base.ids import customer_of_email, file_sha256
from lifeloop.simulate import Seen, Shop, WorldConfig
from lifeloop.simulate.contact import PERSONALIZATION
from lifeloop.simulate.files import wire
from lifeloop.simulate.files.wire import write_wire

CONFIG = (
    WorldConfig().but(shop={"customers": 3000, "products": 150, "seed": 4}, dirt={"malformed": 0.01, "late": 0.05}).lasting(70)
)


class Told:
    """One shop, as lines and as tables."""

    def __init__(self, folder: Path) -> None:
        days: list[Seen] = []
        self.files = write_wire(Shop(CONFIG), folder, watch=days.append)
        self.tables = {name: pa.concat_tables([seen.tables()[name] for seen in days]) for name in days[0].tables()}
        self.consent = [json.loads(one) for seen in days for one in seen.consent.to_pylist()]
        self.lines: list[dict[str, Any]] = []
        self.torn: list[str] = []
        for line in self.files["events-0001"].read_text("utf-8").splitlines():
            try:
                self.lines.append(json.loads(line, parse_float=Decimal))
            except ValueError:
                self.torn.append(line)
        self.events = [line for line in self.lines if line["type"] != "identify"]
        self.rows = [row for row in self.tables["event"].to_pylist() if row["type"]]

    def named(self, *names: str) -> list[tuple[dict[str, Any], dict[str, Any]]]:
        return [(line, row) for line, row in zip(self.events, self.rows, strict=True) if line.get("event") in names]


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Told:
    return Told(tmp_path_factory.mktemp("wire"))


def stamp(at: Any) -> str | None:
    return at and f"{at:%Y-%m-%dT%H:%M:%S}.000Z"


def fine(at: Any) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%S.%f}Z"


def minor(number: Decimal | int) -> Decimal:
    return (Decimal(number) * 100).quantize(Decimal(1))


def test_every_good_row_is_a_line_of_json_that_says_the_same(told: Told) -> None:
    assert len(told.torn) == told.tables["event"].num_rows - len(told.rows) > 0
    assert all(line.startswith('{"type":"track","properties":{') for line in told.torn)
    for line, row in zip(told.events, told.rows, strict=True):
        assert line["type"] == row["type"]
        assert line.get("event" if line["type"] == "track" else "name") == row["name"]
        assert line["messageId"] == row["message_id"]
        assert line.get("anonymousId") == row["anonymous_id"]
        assert line["context"].get("sessionId") == row["session_id"]
        assert (line.get("timestamp"), line["receivedAt"]) == (stamp(row["occurred_at"]), fine(row["received_at"]))
        assert line.get("originalTimestamp") == line.get("timestamp")
        assert line["context"].get("page") == ({"path": "/"} if row["type"] == "page" else None)
        said = line["properties"]
        assert (said.get("product_id"), said.get("order_id")) == (row["product_id"], row["order_id"])
        assert said.get("currency") == row["currency"]
        assert json.loads(row["properties"] or "{}", parse_float=Decimal).items() <= said.items()


def test_who_did_it_is_a_user_id_or_a_guest_with_an_email(told: Told) -> None:
    guests = 0
    for line, row in zip(told.events, told.rows, strict=True):
        mail = line["properties"].get("email") or line["context"].get("traits", {}).get("email")
        assert not (mail and line.get("userId"))
        named = customer_of_email(mail) if mail else line.get("userId")
        assert named == row["customer_id"]
        guests += mail is not None
        assert (line.get("event") in ("Order Completed", "Order Refunded")) == ("email" in line["properties"]) or not mail
    assert guests > 100
    assert any(not line.get("userId") and "email" not in str(line) for line in told.events)


def test_an_order_tells_its_sums_and_its_lines(told: Told) -> None:
    orders = {row["order_id"]: row for row in told.tables["order"].to_pylist()}
    lines: dict[str, list[dict[str, Any]]] = {}
    for row in told.tables["order_line"].to_pylist():
        lines.setdefault(row["order_id"], []).append(row)
    told_orders = [line["properties"] for line, _ in told.named("Order Completed")]

    assert len({said["order_id"] for said in told_orders}) > 0.9 * len(orders)
    for said in told_orders:
        order = orders[said["order_id"]]
        sums = {name: minor(said[name]) for name in ("total", "subtotal", "shipping", "discount")}
        assert sums == {
            "total": order["total_minor"],
            "subtotal": order["goods_minor"],
            "shipping": order["shipping_minor"],
            "discount": order["discount_minor"],
        }
        assert (said["country"], said.get("coupon")) == (order["country"], order["coupon"])
        found = [
            (one["product_id"], one["name"], one["quantity"], minor(one["price"] * one["quantity"])) for one in said["products"]
        ]
        assert found == [
            (row["product_id"], row["title"], row["quantity"], row["amount_minor"]) for row in lines.get(said["order_id"], [])
        ]
        assert all(" > " in one["category"] and one["brand"] for one in said["products"])


def test_a_refund_tells_what_came_back(told: Told) -> None:
    refunds = {row["refund_id"]: row for row in told.tables["refund"].to_pylist()}
    found = told.named("Order Refunded")

    assert found
    for line, _ in found:
        said = line["properties"]
        refund, (product,) = refunds[said["refund_id"]], said["products"]
        assert minor(said["total"]) == refund["amount_minor"]
        assert (product["product_id"], product["quantity"]) == (refund["product_id"], refund["quantity"])
        assert minor(product["price"] * product["quantity"]) == refund["amount_minor"]


def test_what_goes_into_the_cart_is_worth_its_price_times_the_pieces(told: Told) -> None:
    added = told.named("Product Added", "Product Removed")

    assert added
    for line, row in added:
        said = line["properties"]
        assert minor(said["price"] * said["quantity"]) == row["amount_minor"]


def test_a_new_customer_is_identified_once_with_traits(told: Told) -> None:
    people = [line for line in told.lines if line["type"] == "identify"]
    customers = told.tables["customer"].to_pylist()

    assert len({line["messageId"] for line in people}) == len(people) == len(customers)
    found = {}
    for line in people:
        traits = line["traits"]
        found[line.get("userId") or customer_of_email(traits["email"])] = (
            traits["email"], traits["language"], traits["country"], traits["createdAt"], traits["consent"],
        )  # fmt: skip
    assert found == {
        row["customer_id"]: (row["email"], row["language"], row["country"], stamp(row["first_seen_at"]), consent)
        for row, consent in zip(customers, told.consent, strict=True)
    }
    assert {name for one in told.consent for name in one} == {*CONFIG.messages.channels, PERSONALIZATION}


def test_lines_come_in_the_order_of_receiving(told: Told) -> None:
    received = [line["receivedAt"] for line in told.lines]

    assert received == sorted(received)


def test_a_device_whose_clock_is_right_sends_just_before_the_shop_receives(told: Told) -> None:
    ahead = [line["sentAt"] > line["receivedAt"] for line in told.events if "anonymousId" in line]

    assert 0 < sum(ahead) < 0.05 * len(ahead)


def test_devices_and_bots_name_their_browser_and_readers_their_language(told: Told) -> None:
    for line in told.events:
        assert ("userAgent" in line["context"]) == ("anonymousId" in line or "user_agent" in line["properties"])
    agents = {line["context"].get("userAgent") for line in told.events}

    assert {*wire.WEB_AGENTS, *wire.APP_AGENTS} < agents
    assert any("bot" in agent for agent in agents - {None})
    assert {line["context"].get("locale") for line in told.events} >= {"zh-CN", "en-GB"}


def test_chinese_stands_in_the_file_as_it_is_read(told: Told) -> None:
    text = told.files["events-0001"].read_text("utf-8")

    assert "茶" in text
    assert "\\u" not in text


def test_large_histories_fill_several_files_and_the_same_settings_the_same(
    told: Told, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wire, "FILE_BYTES", 1 << 20)
    monkeypatch.setattr(wire, "_PIECE", 50)

    files = write_wire(Shop(CONFIG), tmp_path)

    assert [*files][:3] == ["product", "events-0001", "events-0002"]
    parts = [file for stem, file in files.items() if stem.startswith("events")]
    assert b"".join(file.read_bytes() for file in parts) == told.files["events-0001"].read_bytes()
    assert file_sha256(files["product"]) == file_sha256(told.files["product"])
    assert pq.read_table(files["product"]).num_rows == told.tables["product"].num_rows


def test_a_broken_run_leaves_no_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_args: object) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(wire.Pen, "lines", full)

    with pytest.raises(OSError, match="no space left"):
        write_wire(Shop(CONFIG), tmp_path)
    assert not list(tmp_path.iterdir())
