"""Snapshot of all features: seconds and peak memory over 20 million order lines, and against pandas at 2 million.

Prints one JSON line. `--lines` and `--peer-lines` set the sizes; the lakes are made in a temporary folder before
anything is timed. Each measured run is a process of its own; `cpu_s` is its user and system time, `seconds` the wall
clock of the snapshot alone, `peak_mb` its peak resident memory with everything in it.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa

from lifeloop.features import FEATURES, take_snapshot
from lifeloop.lake import DuckEngine, Lake
from lifeloop.schema import ORDER, ORDER_LINE, REFUND, Table

AS_OF = datetime(2025, 1, 1, tzinfo=UTC)
START = datetime(2022, 1, 1, tzinfo=UTC)
DAYS = 1096
LINES_PER_ORDER = 4.4
LINES_PER_CUSTOMER = 40
COMMITS = 8


def text(prefix: str, numbers: np.ndarray) -> pa.Array:
    """Return `prefix` and the number, written out once per distinct number."""
    distinct, position = np.unique(numbers, return_inverse=True)
    names = pa.array([f"{prefix}{number:08d}" for number in distinct.tolist()])
    return pa.DictionaryArray.from_arrays(pa.array(position.astype(np.int32)), names)


def rows(table: Table, columns: dict[str, object], count: int) -> pa.Table:
    """Return rows of `table` with what every fact carries filled in."""
    constant = {"source": "bench", "currency": "EUR", "digest": "-"}
    arrays = []
    for field in table.arrow():
        value = columns.get(field.name, constant.get(field.name))
        if field.name == "received_at":
            value = columns[table.time]
        if value is None or isinstance(value, str):
            value = pa.repeat(pa.scalar(value, field.type), count)
        arrays.append(pa.chunked_array(value if isinstance(value, pa.ChunkedArray) else [pa.array(value)]).cast(field.type))
    return pa.Table.from_arrays(arrays, schema=table.arrow())


def generate(folder: Path, lines: int) -> dict[str, int]:
    """Write a shop's three years: most customers buy a few times, a few very often, each from a taste of their own."""
    rng = np.random.default_rng(1)
    lake = Lake(folder)
    customers = lines // LINES_PER_CUSTOMER
    orders = round(lines / LINES_PER_ORDER)
    products = max(1_000, lines // 1_000)
    weight = rng.gamma(0.6, size=customers) + 0.05
    born = rng.uniform(0, DAYS * 0.9, customers)
    who = np.concatenate([np.arange(customers), rng.choice(customers, orders - customers, p=weight / weight.sum())])
    seconds = ((born[who] + rng.beta(0.8, 1.0, orders) * (DAYS - born[who])) * 86_400).astype(np.int64)
    first = np.arange(orders) < customers
    seconds[first] = (born[who[first]] * 86_400).astype(np.int64)
    in_time = np.argsort(seconds, kind="stable")
    who, seconds = who[in_time], seconds[in_time]
    each = 1 + rng.poisson(LINES_PER_ORDER - 1, orders)
    popularity = 1 / np.arange(20, products + 20)
    cumulated = np.cumsum(popularity / popularity.sum())
    price = np.round(np.exp(rng.normal(7.3, 0.9, products))).astype(np.int64) + 50
    written = 0
    for part in np.array_split(np.arange(orders), COMMITS):
        written += _append(lake, rng, part, who[part], seconds[part], each[part], cumulated, price)
    return {"customers": customers, "orders": orders, "lines": written, "products": products}


def _append(
    lake: Lake,
    rng: np.random.Generator,
    numbers: np.ndarray,
    who: np.ndarray,
    seconds: np.ndarray,
    each: np.ndarray,
    cumulated: np.ndarray,
    price: np.ndarray,
) -> int:
    """Append one stretch of orders with their lines and refunds; returns the lines written."""
    count = int(each.sum())
    order = np.repeat(np.arange(len(numbers)), each)
    taste = (who[order] * 2_654_435_761) % 1_000 / 1_000
    draw = rng.random(count)
    own = rng.random(count) < 0.3
    product = np.searchsorted(cumulated, np.where(own, (taste + draw * 0.01) % 1, draw)).clip(max=len(price) - 1)
    quantity = 1 + rng.poisson(0.4, count)
    goods = price[product] * quantity
    start = int(START.timestamp())
    time_of = pa.array((start + seconds) * 1_000_000, pa.int64()).cast(pa.timestamp("us", tz="UTC"))
    order_id = pa.array([f"o{number:09d}" for number in numbers.tolist()])
    customer = text("customer-", who)
    begins = np.cumsum(each) - each
    total = np.add.reduceat(goods, begins)
    lake.append(
        ORDER,
        rows(
            ORDER,
            {
                "order_id": order_id,
                "customer_id": customer,
                "placed_at": time_of,
                "total_minor": total,
                "goods_minor": total,
                "quantity": np.add.reduceat(quantity, begins).astype(float),
                "products": each,
            },
            len(numbers),
        ),
    )
    take = pa.array(order)
    line = {
        "order_id": order_id.take(take),
        "customer_id": customer.take(take),
        "placed_at": time_of.take(take),
        "line_no": np.arange(count) - begins[order] + 1,
        "product_id": text("sku-", product),
        "quantity": quantity.astype(float),
        "amount_minor": goods,
        "goods_minor": goods,
    }
    lake.append(ORDER_LINE, rows(ORDER_LINE, line, count))
    back = np.flatnonzero(rng.random(count) < 0.03)
    refund = {name: pa.array(value).take(pa.array(back)) for name, value in line.items()}
    refund["refund_id"] = pa.array([f"r{numbers[0]}-{number}" for number in range(len(back))])
    refund["refunded_at"] = pa.array(
        np.minimum((start + seconds[order[back]] + 7 * 86_400), int(AS_OF.timestamp()) - 1) * 1_000_000
    ).cast(pa.timestamp("us", tz="UTC"))
    lake.append(REFUND, rows(REFUND, refund, len(back)))
    return count


def ours(folder: Path) -> dict[str, float]:
    """Take the snapshot as `lifeloop run` does."""
    engine = DuckEngine(Lake(folder), threads=2)
    pa.array([0])  # pyarrow imports pandas at its first array where pandas is there; no installation of lifeloop has it
    begun, busy = time.perf_counter(), time.process_time()
    snapshot = take_snapshot(engine, AS_OF)
    return _measured(begun, busy) | {"customers": snapshot.num_rows, "features": len(FEATURES)}


def peer(folder: Path) -> dict[str, float]:
    """The same features with pandas, read from the same files."""
    from peer_snapshot import pandas_snapshot

    lake = Lake(folder)
    begun, busy = time.perf_counter(), time.process_time()
    snapshot = pandas_snapshot(lake.files(ORDER), lake.files(ORDER_LINE), lake.files(REFUND), AS_OF)
    return _measured(begun, busy) | {"customers": len(snapshot), "features": snapshot.shape[1]}


def _measured(begun: float, busy: float) -> dict[str, float]:
    return {
        "seconds": round(time.perf_counter() - begun, 2),
        "cpu_s": round(time.process_time() - busy, 2),
        "peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
    }


def _process(what: str, folder: Path, lines: int = 0) -> dict[str, float]:
    """Run one of the functions above in a process of its own and return what it says."""
    command = [sys.executable, __file__, "--only", what, "--folder", str(folder), "--lines", str(lines)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    answer: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return answer


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lines", type=int, default=20_000_000)
    parser.add_argument("--peer-lines", type=int, default=2_000_000)
    parser.add_argument("--folder", type=Path, help="Keep the lakes here and use them again.")
    parser.add_argument("--only", choices=("generate", "ours", "peer"))
    asked = parser.parse_args()
    if asked.only:
        work = {"generate": lambda: generate(asked.folder, asked.lines), "ours": lambda: ours(asked.folder)}
        print(json.dumps(work.get(asked.only, lambda: peer(asked.folder))()))
        return
    with tempfile.TemporaryDirectory() as scratch:
        home = asked.folder or Path(scratch)
        large, small = home / f"lake-{asked.lines}", home / f"lake-{asked.peer_lines}"
        for folder, lines in ((large, asked.lines), (small, asked.peer_lines)):
            if not folder.exists():
                _process("generate", folder, lines)
        full, same, other = _process("ours", large), _process("ours", small), _process("peer", small)
    print(
        json.dumps(
            {
                "name": "snapshot",
                "ours": full,
                "lines": asked.lines,
                "target": {"seconds": 15, "peak_mb": 4096},
                "peer_lines": asked.peer_lines,
                "ours_at_peer_lines": same,
                "peer": {"name": "pandas", **other},
                "ratio": round(other["seconds"] / same["seconds"], 2),
                "ratio_cpu": round(other["cpu_s"] / same["cpu_s"], 2),
                "load": os.getloadavg()[0],
            }
        )
    )


if __name__ == "__main__":
    main()
