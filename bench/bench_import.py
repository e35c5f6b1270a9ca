"""Import both Online Retail II years (1.07 M lines), as Parquet and as CSV, beside pandas reading, cleaning and grouping them.

Prints one JSON line: seconds and peak memory of each, every run in a process of its own, alternating. The data folder is
LIFELOOP_DATA, else ../shared/data. pandas does the equivalent: read, concatenate, drop rows the other year has too, parse,
split off refunds and stock movements, group to orders, write Parquet; no checks, no lake, no second-import comparison.
"""

from __future__ import annotations

import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
DATA = Path(os.environ.get("LIFELOOP_DATA", ROOT.parent / "shared" / "data")) / "online_retail_ii"
YEARS = ("year_2009_2010", "year_2010_2011")
ROUNDS = int(os.environ.get("ROUNDS", "3"))


def ours(files: list[Path], folder: Path) -> int:
    from lifeloop.base.clock import FixedClock
    from lifeloop.base.config import Settings
    from lifeloop.collect import import_files
    from lifeloop.lake import DuckEngine, Lake

    lake = Lake(folder / "lake")
    settings = Settings(shop={"currency": "GBP", "timezone": "Europe/London"})
    clock = FixedClock(datetime(2026, 11, 22, tzinfo=UTC))
    report = import_files(lake, DuckEngine(lake), files, settings=settings, clock=clock)
    return report.lines + report.refunds + sum(report.rejected.values())


def peer(files: list[Path], folder: Path) -> int:
    import pandas as pd

    names = {"InvoiceNo": "Invoice", "UnitPrice": "Price", "CustomerID": "Customer ID"}
    read = pd.read_parquet if files[0].suffix == ".parquet" else pd.read_csv
    frames = [read(file).rename(columns=names).astype({"Invoice": str}) for file in files]
    for frame in frames:
        frame["occurrence"] = frame.groupby(list(frame.columns), dropna=False).cumcount()
    rows = pd.concat(frames).drop_duplicates()
    rows["InvoiceDate"] = pd.to_datetime(rows["InvoiceDate"]).dt.tz_localize("Europe/London").dt.tz_convert("UTC")
    nameless = rows["Customer ID"].isna()
    rejected = (rows["Price"] < 0) | ((rows["Price"] == 0) & ((rows["Quantity"] < 0) | nameless))
    rows.loc[rejected].to_parquet(folder / "rejected.parquet")
    kept = rows.loc[~rejected].copy()
    kept["minor"] = (kept["Quantity"] * kept["Price"] * 100).round().astype("int64")
    back = (kept["Quantity"] < 0) | kept["Invoice"].str.startswith("C")
    kept.loc[back].to_parquet(folder / "refund.parquet")
    lines = kept.loc[~back].sort_values(["Invoice"], kind="stable")
    lines["line_no"] = lines.groupby("Invoice").cumcount() + 1
    lines.to_parquet(folder / "order_line.parquet")
    orders = lines.groupby("Invoice").agg(
        customer_id=("Customer ID", "max"),
        placed_at=("InvoiceDate", "min"),
        total_minor=("minor", "sum"),
        quantity=("Quantity", "sum"),
        products=("StockCode", "nunique"),
        country=("Country", "max"),
    )
    orders.to_parquet(folder / "order.parquet")
    latest = lines.sort_values("InvoiceDate", kind="stable").drop_duplicates("StockCode", keep="last")
    latest[["StockCode", "Description", "Price"]].to_parquet(folder / "product.parquet")
    return len(rows)


def as_csv(folder: Path) -> list[Path]:
    import pyarrow as pa
    import pyarrow.csv
    import pyarrow.parquet as pq

    files = []
    for year in YEARS:
        table = pq.read_table(DATA / f"{year}.parquet")
        place = table.schema.names.index("InvoiceDate")
        table = table.set_column(place, "InvoiceDate", table["InvoiceDate"].cast(pa.timestamp("s")))
        pyarrow.csv.write_csv(table, folder / f"{year}.csv")
        files.append(folder / f"{year}.csv")
    return files


def measure(who: str, files: list[Path]) -> dict[str, float]:
    """Run one of the two in a process of its own."""
    done = subprocess.run([sys.executable, __file__, who, *map(str, files)], capture_output=True, text=True, check=True)
    result: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return result


def run(who: str, files: list[Path]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        begun, cpu = time.perf_counter(), time.process_time()
        rows = {"ours": ours, "peer": peer}[who](files, Path(folder))
        wall, busy = time.perf_counter() - begun, time.process_time() - cpu
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"wall_s": wall, "cpu_s": busy, "peak_mb": peak, "rows": rows}))


def summary(runs: list[dict[str, float]]) -> dict[str, float]:
    middle = {name: round(statistics.median(run[name] for run in runs), 2) for name in ("wall_s", "cpu_s", "peak_mb")}
    return {**middle, "rows": runs[0]["rows"]}


def main() -> None:
    if not DATA.is_dir():
        print(json.dumps({"name": "import", "skipped": f"no data at {DATA}"}))
        return
    found: dict[str, object] = {"name": "import", "lines": 1_067_370, "cores": os.cpu_count(), "rounds": ROUNDS}
    with tempfile.TemporaryDirectory() as folder:
        forms = {"parquet": [DATA / f"{year}.parquet" for year in YEARS], "csv": as_csv(Path(folder))}
        for form, files in forms.items():
            pairs = [(measure("ours", files), measure("peer", files)) for _ in range(ROUNDS)]
            mine, theirs = summary([pair[0] for pair in pairs]), summary([pair[1] for pair in pairs])
            ratios = {
                clock: round(statistics.median(pair[1][clock] / pair[0][clock] for pair in pairs), 2)
                for clock in ("wall_s", "cpu_s")
            }
            found[form] = {"ours": mine, "peer": theirs, "ratio": ratios["wall_s"], "cpu_ratio": ratios["cpu_s"]}
    print(json.dumps(found))


if __name__ == "__main__":
    if len(sys.argv) > 1:
        run(sys.argv[1], [Path(file) for file in sys.argv[2:]])
    else:
        main()
