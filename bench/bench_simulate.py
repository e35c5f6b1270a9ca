"""Simulate a shop of 1 M customers and 1,000 products over two years, about 20 M events, and write it as Parquet tables.

Prints one JSON line: seconds, CPU seconds, peak memory, events and events a second, in a process of its own; the same for a
shop of 4,000 customers in both forms. No peer simulates a shop whose truth is known. Of the order process alone lifetimes has a
generator: it runs beside ours for PEER_CUSTOMERS, over as many days.
FORM=wire writes the large shop as JSON lines instead.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

LARGE: dict[str, dict[str, Any]] = {
    "shop": {"customers": 1_000_000, "products": 1000},
    # Half of them order once, small baskets, few visits beside the orders: 20 events a customer in two years.
    "customers": {"rate_scale": 100.0, "once": 0.5, "prospects": 0.15},
    "basket": {"lines": 1.4},
    "behaviour": {"views": 1.0, "visits_per_order": 0.5},
}
PEER_CUSTOMERS = int(os.environ.get("PEER_CUSTOMERS", "100000"))
DAYS = 731


def ours(size: str, form: str, folder: Path) -> int:
    from lifeloop.simulate import Shop, WorldConfig
    from lifeloop.simulate.files.tables import write_tables
    from lifeloop.simulate.files.wire import write_wire

    events = 0

    def count(seen: Any) -> None:
        nonlocal events
        events += len(seen.event)

    config = WorldConfig().but(**(LARGE if size == "large" else {}))
    {"tables": write_tables, "wire": write_wire}[form](Shop(config), folder, watch=count)
    return events


def peer(customers: int) -> int:
    import numpy as np
    from lifetimes.generate_data import beta_geometric_nbd_model

    np.random.seed(0)  # noqa: NPY002 - the peer draws from the global state
    made = beta_geometric_nbd_model(np.full(customers, DAYS / 7), r=0.9, alpha=30.0, a=1.0, b=7.0, size=customers)
    return int(made["frequency"].sum()) + customers


def measure(*words: str) -> dict[str, float]:
    """Run one of them in a process of its own."""
    done = subprocess.run([sys.executable, __file__, *words], capture_output=True, text=True, check=True)
    result: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return result


def run(who: str, *words: str) -> None:
    begun, cpu = time.perf_counter(), time.process_time()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        made = peer(int(words[0])) if who == "peer" else ours(words[0], words[1], folder)
        wall, busy = time.perf_counter() - begun, time.process_time() - cpu
        disk = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    what = {"orders": made} if who == "peer" else {"events": made, "events_per_s": round(made / wall), "disk_mb": disk >> 20}
    print(json.dumps({"wall_s": round(wall, 2), "cpu_s": round(busy, 2), "peak_mb": round(peak), **what}))


def main() -> None:
    form = os.environ.get("FORM", "tables")
    found: dict[str, object] = {"name": "simulate", "cores": os.cpu_count(), "form": form}
    found["ours"] = measure("ours", "large", form)
    found["small"] = {one: measure("ours", "small", one) for one in ("tables", "wire")}
    try:
        theirs = measure("peer", str(PEER_CUSTOMERS))
    except subprocess.CalledProcessError as error:
        found["peer_skipped"] = error.stderr.splitlines()[-1] if error.stderr else "failed"
    else:
        found["peer"] = {**theirs, "customers": PEER_CUSTOMERS}
    print(json.dumps(found))


if __name__ == "__main__":
    if len(sys.argv) > 1:
        run(*sys.argv[1:])
    else:
        main()
