"""Is everything well with a shop's home? One check after the other, each with what was found and what to do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lifeloop.base.config import SETTINGS_FILE
from lifeloop.base.errors import LifeloopError, ModelError, NotEnoughData
from lifeloop.schema import ORDER, REFUND, TABLES, Table

if TYPE_CHECKING:
    from lifeloop.app import App
    from lifeloop.recommend.catalogue import Catalogue

_MOST_NAMED = 5
"""Names that match nothing of which each is told."""

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
    done += _exclusions_check(app)
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


def _exclusions_check(app: App) -> list[Check]:
    """Look for categories and products that are kept out of recommendations by a name that nothing in the catalogue has."""
    recommend = app.home.settings.recommend
    rules = (recommend, *recommend.placements.values())
    categories = {name for one in rules for name in one.excluded_categories or ()}
    products = {name for one in rules for name in one.excluded_products or ()}
    if not categories and not products:
        return []
    from lifeloop.recommend.learning.nightly import read_catalogue

    lost = _lost(read_catalogue(app.lake, app.engine, app.home.settings), categories, products)
    if not lost:
        return [Check("exclusions", ok=True, found="each category and product of [recommend] that is excluded is sold")]
    more = f" and {len(lost) - _MOST_NAMED:,} more" if len(lost) > _MOST_NAMED else ""
    found = f"[recommend] excludes what nothing in the catalogue is called: {', '.join(lost[:_MOST_NAMED])}{more}"
    return [Check("exclusions", ok=False, found=f"{found}; correct the names, or take them out")]


def _lost(catalogue: Catalogue, categories: set[str], products: set[str]) -> list[str]:
    """Return the excluded names that keep nothing out, each with the nearest name there is."""
    from lifeloop.recommend.categories import steps
    from lifeloop.recommend.near import Near

    known = Near(step for path in catalogue.categories for step in steps(path))
    lost = [("category", name, known.to(name)) for name in sorted(categories) if not catalogue.anywhere(name).any()]
    lost += [("product", name, catalogue.near(name)) for name in sorted(products - catalogue.products.places.keys())]
    return [f"{kind} '{name}'" + (f" (did you mean '{near}'?)" if near else "") for kind, name, near in lost]


def _model_check(app: App, question: str) -> Check:
    from lifeloop.base.versions import latest, load_version

    try:
        folder = latest(app.home.models, question)
        load_version(folder, question)
    except ModelError as error:
        return Check(f"model {question}", ok=False, found=str(error))
    return Check(f"model {question}", ok=True, found=f"version {folder.name}, whole")
