"""Is everything well with a shop's home? One check after the other, each with what was found and what to do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lifeloop.base.config import SETTINGS_FILE
from lifeloop.base.errors import LifeloopError, ModelError, NotEnoughData
from lifeloop.schema import ORDER, REFUND, TABLES, Table

if TYPE_CHECKING:
    from lifeloop.app import App

COUNT_SQL = "SELECT count(*) AS n FROM facts"
EARLY_SQL = """
SELECT count(*) AS n FROM (
    SELECT customer_id, min(placed_at) AS first FROM orders WHERE customer_id IS NOT NULL GROUP BY customer_id
) AS bought
JOIN (
    SELECT customer_id, min(refunded_at) AS first FROM refunds WHERE customer_id IS NOT NULL GROUP BY customer_id
) AS returned ON returned.customer_id = bought.customer_id
WHERE returned.first < bought.first
"""


@dataclass(frozen=True)
class Check:
    """One thing `doctor` looked at."""

    name: str
    ok: bool
    found: str


def checks(app: App) -> list[Check]:
    """Look at settings, tables, rejected rows, scores and models; a check that fails says what to do."""
    home = app.home
    done = [Check("settings", ok=True, found=f"{home.path / SETTINGS_FILE}: {home.settings.shop.name}, {home.currency}")]
    done += [_table_check(app, table) for table in TABLES.values() if app.lake.exists(table)]
    try:
        span = app.span()
    except NotEnoughData as error:
        return [*done, Check("orders", ok=False, found=f"{error.found}; {error.fix}")]
    done.append(Check("orders", ok=True, found=f"{span.orders:,} from {span.first:%Y-%m-%d} to {span.last:%Y-%m-%d}"))
    done.append(_time_order_check(app))
    done.append(_sources_check(app))
    moments = app.scored_moments()
    due = app.as_of(None)
    found = f"scored as of {max(moments):%Y-%m-%d}" if moments else "never run"
    ok = bool(moments) and max(moments) >= due
    done.append(Check("scores", ok=ok, found=found if ok else f"{found}; facts reach {due:%Y-%m-%d}: lifeloop run"))
    from lifeloop.predict.questions import QUESTIONS

    return done + [_model_check(app, question) for question in QUESTIONS if moments]


def _table_check(app: App, table: Table) -> Check:
    try:
        rows = app.engine.query(COUNT_SQL, {"facts": table}).to_pylist()[0]["n"]
    except LifeloopError as error:
        return Check(f"table {table.name}", ok=False, found=str(error))
    files = len(app.lake.files(table))
    return Check(f"table {table.name}", ok=True, found=f"{rows:,} rows in {files:,} file{'s' if files != 1 else ''}")


def _time_order_check(app: App) -> Check:
    """Goods given back before anything was bought hint at a wrong date format."""
    early = app.engine.query(EARLY_SQL, {"orders": ORDER, "refunds": REFUND}).to_pylist()[0]["n"]
    found = f"{early:,} customers returned goods before their first known order" if early else "no return precedes its order"
    return Check("returns", ok=True, found=found)


def _sources_check(app: App) -> Check:
    """Look for one order (same number, customer and instant) under two sources: it counts twice."""
    twice = app.told_twice()
    found = f"orders that stand under two sources and count twice: {twice:,}; import a shop's files with one --source"
    return Check("sources", ok=not twice, found=found if twice else "no order stands under two sources")


def _model_check(app: App, question: str) -> Check:
    from lifeloop.base.versions import latest, load_version

    try:
        folder = latest(app.home.models, question)
        load_version(folder, question)
    except ModelError as error:
        return Check(f"model {question}", ok=False, found=str(error))
    return Check(f"model {question}", ok=True, found=f"version {folder.name}, whole")
