"""The lake lives behind an object-store URL as it does in a folder."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from lifeloop.lake import DuckEngine, Lake
from lifeloop.schema import ORDER
from lifeloop.testing import ShopBuilder

SIGNED = "AWS4-HMAC-SHA256 Credential=test/20240101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=none"


@pytest.fixture
def bucket() -> Iterator[dict[str, str]]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = subprocess.Popen(
        [sys.executable, "-W", "ignore", "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        make = urllib.request.Request(f"http://127.0.0.1:{port}/shop", method="PUT", headers={"Authorization": SIGNED})
        for _ in range(300):
            try:
                urllib.request.urlopen(make, timeout=10).close()
                break
            except urllib.error.URLError:
                time.sleep(0.1)
        yield {
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
            "AWS_ALLOW_HTTP": "true",
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_REGION": "us-east-1",
        }
    finally:
        server.terminate()
        server.wait()


def test_a_lake_in_a_bucket_keeps_reads_and_forgets(bucket: dict[str, str], tmp_path: Path) -> None:
    lake = Lake("s3://shop/lake", bucket)
    engine = DuckEngine(lake)
    local = ShopBuilder(tmp_path).orders("ann", day=1).orders("bob", day=2)
    lake.append(ORDER, local.engine.query("SELECT * FROM o", {"o": ORDER}))

    assert engine.query("SELECT customer_id FROM o ORDER BY 1", {"o": ORDER})["customer_id"].to_pylist() == ["ann", "bob"]

    lake.delete_customer("ann")

    assert engine.query("SELECT customer_id FROM o ORDER BY 1", {"o": ORDER})["customer_id"].to_pylist() == ["bob"]
    assert len(lake.files(ORDER)) == 1
