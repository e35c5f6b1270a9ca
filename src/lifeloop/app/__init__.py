"""The composition root: one shop's home put together from its parts. The only place that names the concrete engine."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lifeloop.base.clock import Clock, day_start, next_day_start, parse_instant
from lifeloop.base.config import Home
from lifeloop.base.errors import NotEnoughData, SettingsError
from lifeloop.base.files import write_whole
from lifeloop.base.lock import What, writing
from lifeloop.base.progress import Progress, silent
from lifeloop.lake import DuckEngine, Engine, Lake
from lifeloop.schema import ASSOCIATION_RULE, ORDER, RECOMMENDATION, SCORE, SNAPSHOT, TABLES
from lifeloop.unify.resolved import RESOLVED

if TYPE_CHECKING:
    from lifeloop.app.doctor import Check
    from lifeloop.app.forgetting import Forgotten
    from lifeloop.collect import Guess, ImportReport
    from lifeloop.measure.customers import CustomerCard
    from lifeloop.measure.marginals import Marginals
    from lifeloop.measure.report_data import ReportData
    from lifeloop.predict.run import ModelRun
    from lifeloop.recommend.learning.nightly import RecommendRun
    from lifeloop.recommend.shopfront import Shopfront
    from lifeloop.store import Store

SPAN_SQL = """
SELECT min(placed_at) AS first, max(placed_at) AS last, count(*) AS orders, count(DISTINCT customer_id) AS customers
FROM orders
"""
MOMENTS_SQL = "SELECT DISTINCT as_of FROM scores WHERE model = 'churn' ORDER BY as_of"
SCORES_SQL = "SELECT * FROM scores WHERE as_of = $as_of"

TWICE_SQL = """
SELECT count(*) AS n FROM (
    SELECT order_id, customer_id, placed_at FROM orders GROUP BY order_id, customer_id, placed_at
    HAVING count(DISTINCT source) > 1
) AS twice
"""

_PATIENCE_S = 60.0


@dataclass(frozen=True)
class Span:
    """From when to when orders are known, and how many."""

    first: datetime
    last: datetime
    orders: int
    customers: int


@dataclass(frozen=True)
class RunReport:
    """What one run wrote."""

    as_of: datetime
    customers: int
    features: int
    models: list[ModelRun]
    recommended: RecommendRun


@dataclass(frozen=True)
class App:
    """One shop: its home, its lake, the engine over it, and a clock."""

    home: Home
    lake: Lake
    engine: Engine
    clock: Clock

    @classmethod
    def open(cls, path: Path, *, clock: Clock) -> App:
        """Put a home together. Raises SettingsError."""
        home = Home.open(path)
        lake = Lake(home.lake_url, home.settings.lake.options)
        keep = home.settings.lake
        engine = DuckEngine(lake, memory_mb=keep.memory_mb, threads=keep.threads, views=RESOLVED)
        return cls(home=home, lake=lake, engine=engine, clock=clock)

    @property
    def zone(self) -> str:
        """The shop's time zone by name."""
        return self.home.settings.shop.timezone

    @cached_property
    def store(self) -> Store:
        """The shop's operating state; made when it is first asked for. Raises SettingsError, StoreError."""
        from lifeloop.store import open_store

        return open_store(self.home.store_url)

    @property
    def has_store(self) -> bool:
        """Whether the shop has operating state; one that only imports files needs none."""
        return self.home.settings.store.url is not None or self.home.store_file.exists()

    @cached_property
    def shopfront(self) -> Shopfront:
        """What answers requests for recommendations; it looks at the lake, the store and the models when first asked."""
        from lifeloop.recommend.shopfront import Shopfront

        store = self.store if self.has_store else None
        return Shopfront(self.lake, self.engine, self.home.models, self.home.settings, clock=self.clock, store=store)

    def span(self) -> Span:
        """Return from when to when orders are known. Raises NotEnoughData when there are none."""
        row = self.engine.query(SPAN_SQL, {"orders": ORDER}).to_pylist()[0]
        if not row["orders"]:
            raise NotEnoughData(
                f"nothing can be said about the shop in {self.home.path}",
                "its lake has no orders yet",
                f"Bring some in with: lifeloop import FILE --home {self.home.path}",
            )
        return Span(**row)

    def as_of(self, text: str | None) -> datetime:
        """Return the moment asked for, or `now`; without one, midnight behind the last order, today's if that is earlier."""
        zone = self.home.settings.shop.zone
        if text is not None:
            return self.clock.now() if text == "now" else parse_instant(text, zone)
        return min(next_day_start(self.span().last, zone), day_start(self.clock.now(), zone))

    def guess(
        self,
        files: Sequence[Path],
        *,
        kind: str | None = None,
        columns: Mapping[str, str] | None = None,
        source: str | None = None,
        date_format: str | None = None,
    ) -> list[Guess]:
        """Return how each file would be understood. Raises SourceError."""
        from lifeloop.collect import guess

        return [
            one
            for file in files
            for one in guess(
                file, settings=self.home.settings, kind=kind, columns=columns, source=source, date_format=date_format
            )
        ]

    def import_files(
        self,
        files: Sequence[Path],
        *,
        kind: str | None = None,
        columns: Mapping[str, str] | None = None,
        source: str | None = None,
        date_format: str | None = None,
        dry_run: bool = False,
        progress: Progress = silent,
    ) -> ImportReport:
        """Bring files in and unify their customers; the first import settles the base currency.

        Raises SourceError, and LakeError while another import or run writes for this shop.
        """
        from lifeloop.collect import import_files

        with nullcontext() if dry_run else self._writing("cannot import now", patience_s=self._patience_s):
            report = import_files(
                self.lake,
                self.engine,
                files,
                settings=self.home.settings,
                clock=self.clock,
                kind=kind,
                columns=columns,
                date_format=date_format,
                source=source,
                dry_run=dry_run,
                progress=progress,
            )
            if not dry_run:
                if report.currency and self.home.settings.shop.currency is None:
                    self.home.settle_currency(report.currency)
                self._unify()
        twice = self.told_twice()
        if not twice:
            return report
        warning = (
            f"{twice:,} of the orders stand under two sources and count twice: import all files of one shop with one --source, "
            "into a new home"
        )
        return replace(report, warnings=(*report.warnings, warning))

    def run(self, as_of: datetime, *, progress: Progress = silent) -> RunReport:
        """Compute features, every prediction and what to recommend, as of one moment.

        Raises NotEnoughData without orders before it, and LakeError while another import or run writes for this shop.
        """
        from lifeloop.features import FEATURES, write_snapshot
        from lifeloop.predict.run import predict_all
        from lifeloop.recommend.learning.agreed import words_told
        from lifeloop.recommend.learning.consents import NOBODY
        from lifeloop.recommend.learning.nightly import recommend_all

        span = self.span()
        if span.first >= as_of:
            raise NotEnoughData(
                f"cannot run as of {as_of:%Y-%m-%d}", f"the first order is of {span.first:%Y-%m-%d}", "Choose a later --as-of."
            )
        home = self.home
        with self._writing("cannot run now", "run"):
            with self._writing("cannot run now", patience_s=self._patience_s):
                self._unify()
            progress("features", 0, 1)
            customers = write_snapshot(self.lake, self.engine, as_of, zone=self.zone)
            progress("features", 1, 1)
            models = predict_all(
                self.lake, self.engine, home.models, as_of, first=span.first, settings=home.settings, progress=progress
            )
            told = words_told(self.store, home.settings.recommend.consent_purposes) if self.has_store else NOBODY
            recommended = recommend_all(
                self.lake, self.engine, home.models, as_of, settings=home.settings, told=told, progress=progress
            )
            for table in (SNAPSHOT, SCORE, RECOMMENDATION, ASSOCIATION_RULE):
                self.lake.compact(table)
            for table in TABLES.values():
                self.lake.vacuum(table)
        return RunReport(as_of=as_of, customers=customers, features=len(FEATURES), models=models, recommended=recommended)

    def forget_customer(self, customer_id: str) -> Forgotten:
        """Take a customer out of every model and every table of the lake; what it does not reach is said in `forgetting`.

        Raises ModelError, and LakeError while an import or run writes for this shop.
        """
        from lifeloop.app.forgetting import forget

        asked = "cannot forget a customer now"
        with self._writing(asked, "run"), self._writing(asked, patience_s=self._patience_s):
            return forget(self, customer_id)

    @property
    def _patience_s(self) -> float:
        """How long to wait for whoever writes facts: where facts come in live, that is never for long."""
        return _PATIENCE_S if self.home.spool.exists() or self._may_be_shared else 0.0

    @property
    def _may_be_shared(self) -> bool:
        """Whether other homes, of other machines, may write to the same lake and store."""
        return self.home.settings.store.url is not None and not self.store.is_sqlite

    def _writing(self, asked: str, what: What = "facts", *, patience_s: float = 0.0) -> AbstractContextManager[None]:
        """Hold `what` of this shop, in all its homes. Raises LakeError, StoreError."""
        if not self._may_be_shared:
            return writing(self.home.path, asked, what, patience_s=patience_s)
        from lifeloop.store import shop_lock

        return shop_lock.writing(self.home.path, self.store, asked, what, patience_s=patience_s)

    def _unify(self) -> None:
        """Bring customers up to date with the facts, and with what the store knows of people. Raises StoreError."""
        from lifeloop.unify import unify

        if not self.has_store:
            unify(self.lake, self.engine)
            return
        from lifeloop.unify.handed import handed_over

        told = handed_over(self.store)
        unify(self.lake, self.engine, profiles=told.profiles, links=told.links)

    def last_run(self, text: str | None) -> datetime:
        """Return the moment asked for, else that of the last run. Raises NotEnoughData when nothing was run for it."""
        self.span()
        moments = self.scored_moments()
        wanted = self.as_of(text) if text else max(moments, default=None)
        if wanted not in moments:
            known = ", ".join(f"{moment:%Y-%m-%d}" for moment in moments[-5:]) or "none"
            raise NotEnoughData(
                f"no predictions as of {text or 'any moment'}",
                f"runs so far: {known}",
                f"Run: lifeloop run --home {self.home.path}",
            )
        return wanted

    def scores(self, as_of: datetime) -> Any:
        """Return the rows of `score` as of one moment, an Arrow table."""
        return self.engine.query(SCORES_SQL, {"scores": SCORE}, as_of=as_of)

    def customer(self, customer_id: str, as_of: datetime) -> CustomerCard:
        """Return all that is known of one customer. Raises NotEnoughData."""
        from lifeloop.measure.customers import customer_card

        return customer_card(self.engine, customer_id, as_of)

    def backtest(
        self,
        question: str,
        *,
        horizon_days: int | None = None,
        models: Sequence[str] | None = None,
        origins: Sequence[datetime] | None = None,
        test_origins: int = 4,
        progress: Progress = silent,
    ) -> dict[str, Any]:
        """Judge the models of one question on the past, keep the result for the report, and return it as plain values.

        Raises NotEnoughData when the orders do not reach back far enough, UnknownName for a question or model.
        """
        from lifeloop.predict.backtest import backtest
        from lifeloop.predict.judge.origins import default_origins

        chosen = self.home.settings.predict
        days = self._horizon(question, horizon_days)
        span = self.span()
        result = backtest(
            self.engine,
            question=question,
            origins=origins or default_origins(span.first, span.last, days, zone=self.zone),
            horizon_days=days,
            test_origins=test_origins,
            models=models,
            zone=self.zone,
            seed=chosen.seed,
            threads=chosen.threads,
            progress=progress,
        ).as_json()
        write_whole(self.home.backtests / f"{question}.json", json.dumps(result, ensure_ascii=False))
        return result

    def origins(
        self, first: str | None, last: str | None, every: str, *, question: str, horizon_days: int | None
    ) -> list[datetime]:
        """Return the moments a backtest asks at; an end that is not named is that of the rolling ones. Raises SettingsError."""
        from lifeloop.predict.judge.origins import default_origins, origins_between

        if every != "month" and not every.isdigit():
            raise SettingsError(f"cannot step by '{every}'", "it is neither a number of days nor month", "Write --every 7.")
        span = self.span()
        rolling = default_origins(span.first, span.last, self._horizon(question, horizon_days), zone=self.zone)
        return origins_between(
            self.as_of(first) if first else rolling[0],
            self.as_of(last) if last else rolling[-1],
            step_days=None if every == "month" else int(every),
            zone=self.zone,
        )

    def _horizon(self, question: str, horizon_days: int | None) -> int:
        chosen = self.home.settings.predict
        return horizon_days or (chosen.churn_days if question == "churn" else chosen.value_days)

    def report_data(self, as_of: datetime) -> ReportData:
        """Gather what the report shows as of one moment, with the backtests kept in the home."""
        from lifeloop.measure.report_data import report_data

        kept = [json.loads(file.read_text("utf-8")) for file in sorted(self.home.backtests.glob("*.json"))]
        return report_data(self.engine, as_of, settings=self.home.settings, backtests=kept, models=self.home.models)

    def marginals(self) -> Marginals:
        """Return how often, when, how much and what the shop's customers buy. Raises NotEnoughData."""
        from lifeloop.measure.marginals import marginals

        return marginals(self.engine, zone=self.zone)

    def doctor(self) -> list[Check]:
        """Look at settings, tables, rejected rows, scores and models; a check that fails says what to do."""
        from lifeloop.app.doctor import checks

        return checks(self)

    def scored_moments(self) -> list[datetime]:
        """Return every `as_of` that has churn scores, oldest first."""
        rows = self.engine.query(MOMENTS_SQL, {"scores": SCORE})
        moments: list[datetime] = rows["as_of"].to_pylist()
        return moments

    def told_twice(self) -> int:
        """Return how many orders stand under more than one source."""
        return int(self.engine.query(TWICE_SQL, {"orders": ORDER}).to_pylist()[0]["n"])
