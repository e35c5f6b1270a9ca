"""What exists over HTTP is documented, on a page that loads nothing from anywhere."""

from __future__ import annotations

import re

from lifeloop.api.app import declared
from lifeloop.api.pages import operations
from lifeloop.testing.served import House


def test_the_page_names_every_path_and_loads_nothing(empty_house: House) -> None:
    client = empty_house.client()
    answer = client.get("/docs")

    for path in client.get("/openapi.json").json()["paths"]:
        assert path in answer.text
    assert not re.search(r"(src|href)=\"(?!/openapi.json)", answer.text)
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]


def test_every_operation_says_what_it_does_and_what_its_parameters_mean() -> None:
    for one in operations(declared().openapi()):
        assert one.summary, one
        if one.tag in ("collect", "webhooks"):
            continue
        assert one.about.endswith("."), one
        for name, where, kind, about in one.takes:
            assert about or name == "the body", (one.path, name, where, kind)
