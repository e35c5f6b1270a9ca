"""The settings of a world: what cannot be is refused by name, and the file that is written reads back."""

from __future__ import annotations

import json
import string
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lifeloop.base.errors import SettingsError
from lifeloop.simulate import Shop, WorldConfig
from lifeloop.simulate.actions import MESSAGE, RECOMMENDATION, Actions, messages
from lifeloop.simulate.files.wire import write_wire

ODD = ('a "quoted" name', "back\\slash", "with.dots.in", "中文 名", "[table]", "# no comment", "emoji 🛒", "'")
NAMES = st.text(st.characters(exclude_categories=("Cc", "Cs")) | st.sampled_from(string.punctuation), min_size=1, max_size=20)


def named(names: list[str]) -> WorldConfig:
    """A world in which everything that has a name has these."""
    told = WorldConfig().model_dump()
    told["shop"].update(customers=60, products=20)
    told["messages"]["channels"] = {one: {"cost": 1, "consent": 1, "opened": 0.5} for one in names}
    told.update(countries=dict.fromkeys(names, 0.5), acquisition={one: {"share": 0.5} for one in names})
    told["offers"] = {one: {"discount": 0.1} for one in names}
    return WorldConfig.of(told)


@given(st.lists(NAMES, min_size=1, max_size=4, unique=True), st.floats(0, 1), st.integers(0, 2**63 - 1))
def test_what_is_written_reads_back(
    tmp_path_factory: pytest.TempPathFactory, names: list[str], share: float, seed: int
) -> None:
    world = named(names).but(shop={"seed": seed}, customers={"zh": share})
    file = tmp_path_factory.mktemp("world") / "world.toml"
    file.write_text(world.toml(), "utf-8")

    assert WorldConfig.read(file) == world


def test_names_with_quotes_dots_and_chinese_give_facts_that_can_be_read(tmp_path: Path) -> None:
    world = named(list(ODD)).lasting(12)
    shop = Shop(world)
    known = shop.step().customer["customer_id"].combine_chunks()
    for channel, offer in zip(ODD, reversed(ODD), strict=True):
        seen = shop.step(actions=Actions(messages=messages(known, channel=channel, offer=offer)))
        for text in seen.event["properties"].to_pylist():
            assert text is None or isinstance(json.loads(text), dict)
    lines = write_wire(shop, tmp_path)["events-0001"].read_text("utf-8").splitlines()

    read = [json.loads(line) for line in lines if not line.startswith('{"type":"track","properties":')]
    assert {line["traits"]["country"] for line in read if line["type"] == "identify"} <= {*ODD}


@pytest.mark.parametrize(
    ("section", "name", "value"),
    [
        ("shop", "shipping", 1e300), ("shop", "shipping_free_from", -1), ("customers", "rate_shape", 1e300),
        ("customers", "rate_scale", 1e-9), ("customers", "prospects", 1e6), ("customers", "life_events", 1e6),
        ("basket", "lines", 1e6), ("basket", "quantity", 1e6), ("products", "price_level", 1e12),
        ("behaviour", "visits_per_order", 1e12), ("behaviour", "views", 1e300), ("aftersales", "return_days", 1e300),
        ("aftersales", "return_days_sigma", 1e6), ("aftersales", "upset", 1.5), ("messages", "effect", 1e300),
        ("dirt", "late_days", 1e300), ("dirt", "bots", 1e6), ("season", "months", (1e300,) * 12),
        ("season", "weekdays", (1e-300,) * 7), ("customers", "arrivals", (0.0,)), ("basket", "partner", 2),
        ("shop", "start", date(1969, 12, 31)), ("shop", "end", date(2201, 1, 1)), ("shop", "start", date(2026, 1, 1)),
        ("messages", "channels", {"": {"cost": 1, "consent": 1, "opened": 1}}),
    ],
)  # fmt: skip
def test_what_no_shop_reaches_is_refused_by_name(section: str, name: str, value: Any) -> None:
    with pytest.raises(SettingsError, match=name):
        WorldConfig().but(**{section: {name: value}})


def test_no_world_is_longer_or_larger_than_can_be_lived() -> None:
    with pytest.raises(SettingsError, match="at most 36500 days after start"):
        WorldConfig().but(shop={"start": date(1970, 1, 1), "end": date(2100, 1, 1)})
    with pytest.raises(SettingsError, match="people"):
        WorldConfig().but(shop={"customers": 20_000_000}, customers={"prospects": 90})
    with pytest.raises(SettingsError, match="countries"):
        WorldConfig.of({"countries": {"tab\there": 1}})


def test_actions_take_the_types_of_their_columns() -> None:
    rows = [pa.array(["C1"]).dictionary_encode(), pa.array(["email"]), pa.array(["content"]), pa.array([9.0])]
    table = Actions(messages=pa.table(rows, names=MESSAGE.names)).messages

    assert table.schema == MESSAGE
    assert table["hour"].to_pylist() == [9]


@pytest.mark.parametrize(
    ("form", "column", "values"),
    [
        ("messages", "hour", ["noon"]), ("messages", "hour", [None]), ("messages", "hour", [9.5]),
        ("recommendations", "position", [None]), ("messages", "offer", [[1]]),
    ],
)  # fmt: skip
def test_actions_that_cannot_be_read_name_the_column(form: str, column: str, values: list[Any]) -> None:
    schema = {"messages": MESSAGE, "recommendations": RECOMMENDATION}[form]
    good = {"hour": [9], "position": [1]}
    told = {name: values if name == column else good.get(name, ["one"]) for name in schema.names}

    with pytest.raises(SettingsError, match=f"column {column}"):
        Actions(**{form: pa.table(told)})
    with pytest.raises(SettingsError, match="no Arrow table"):
        Actions(**{form: told})
