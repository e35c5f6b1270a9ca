"""Snapshots: every feature of every customer as of one moment, from facts whose time < as_of and no others.

Each subject is one query over relations cut in time (`cut.py`); the subjects meet by customer. Who is in a snapshot:
everyone named in a fact or in the customer table before as_of; those who never ordered have `orders` = 0.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

import pyarrow as pa

from lifeloop.base.errors import FeatureError, LakeError
from lifeloop.features.combined import COMBINED
from lifeloop.features.cut import FACTS, Moment, known
from lifeloop.features.declare import Feature, Subject
from lifeloop.features.declared import FEATURES, features_named
from lifeloop.lake import Engine, Lake, Source
from lifeloop.schema import CUSTOMER, SNAPSHOT
from lifeloop.schema.declare import Dtype

_SQL_TYPE: Mapping[Dtype, str] = {"int32": "INTEGER", "int64": "BIGINT", "float64": "DOUBLE"}


def take_snapshot(
    engine: Engine,
    as_of: datetime,
    *,
    zone: str = "UTC",
    features: Mapping[str, Feature] | Iterable[str] = FEATURES,
    customers: Iterable[str] | None = None,
) -> pa.Table:
    """Return all `features` of every customer known before `as_of`: columns as_of, customer_id, then one per feature.

    `features` may be names of declared features or declarations of one's own; only the subjects they need are read.
    With `customers`, only these are in the snapshot. Rows come in the order of customer_id.
    Raises UnknownName, FeatureError, SettingsError or LakeError.
    """
    moment = Moment(as_of, zone)
    wanted = dict(features) if isinstance(features, Mapping) else features_named(features)
    needed = _needed(wanted)
    chosen = None if customers is None else pa.table({"customer_id": pa.array(sorted(set(customers)), pa.string())})
    parts: dict[str, Source] = {"people": _people(engine, moment, chosen)}
    for subject in _subjects(needed):
        own = [feature for feature in needed.values() if feature.subject == subject]
        parts[f"of_{subject.name}"] = _part(engine, moment, subject, own, chosen)
    rows = engine.query(_together(moment, needed, wanted), parts)
    return rows.add_column(0, "as_of", pa.array([as_of.astimezone(UTC)] * len(rows), pa.timestamp("us", tz="UTC")))


def write_snapshot(lake: Lake, engine: Engine, as_of: datetime, *, zone: str = "UTC") -> int:
    """Write all features as of `as_of` into the snapshot table; run twice, same table. Returns the number of customers."""
    rows = take_snapshot(engine, as_of, zone=zone)
    further = [(name, feature.dtype) for name, feature in FEATURES.items()]
    lake.overwrite_as_of(SNAPSHOT, rows.cast(SNAPSHOT.arrow(further)), as_of.astimezone(UTC))
    return int(rows.num_rows)


def _needed(wanted: Mapping[str, Feature]) -> dict[str, Feature]:
    """Return the wanted features and those they are made of, the parts first."""
    everything = {**FEATURES, **wanted}
    needed: dict[str, Feature] = {}

    def add(feature: Feature) -> None:
        if feature.name in needed:
            return
        if feature.subject == COMBINED:
            for word in sorted(feature.words & everything.keys() - {feature.name}):
                add(everything[word])
        needed[feature.name] = feature

    for feature in wanted.values():
        add(feature)
    return needed


def _subjects(features: Mapping[str, Feature]) -> list[Subject]:
    """Return the subjects with rows of their own, each once."""
    return list({f.subject.name: f.subject for f in features.values() if f.subject != COMBINED}.values())


def _people(engine: Engine, moment: Moment, chosen: pa.Table | None) -> pa.Table:
    """Return everyone known before the moment, one row each."""
    tables: dict[str, Source] = {**FACTS, "customers": CUSTOMER}
    queries = [
        f"SELECT DISTINCT customer_id FROM {name} WHERE {table.time} < $as_of AND customer_id IS NOT NULL"
        for name, table in {**FACTS, "customers": CUSTOMER}.items()
        if name != "lines"
    ]
    where = ""
    if chosen is not None:
        tables["chosen"] = chosen
        where = " WHERE customer_id IN (SELECT customer_id FROM chosen)"
    del tables["lines"]
    sql = f"SELECT DISTINCT customer_id FROM ({' UNION ALL '.join(queries)}) AS seen{where}"
    return engine.query(sql, tables, **moment.values())


def _part(engine: Engine, moment: Moment, subject: Subject, features: list[Feature], chosen: pa.Table | None) -> pa.Table:
    """Return the features of one subject: customer_id and one column each, one row per customer with such facts."""
    windows = [feature.window_days for feature in features]
    since = max(window or 0 for window in windows) if all(windows) else None
    tables: dict[str, Source] = {name: FACTS[name] for name in subject.facts}
    if chosen is not None:
        tables["chosen"] = chosen
    cuts = ", ".join(
        f"{name} AS ({known(name, moment, since_days=since, only_chosen=chosen is not None)})" for name in subject.facts
    )
    columns = ", ".join(f"{feature.expression} AS {feature.name}" for feature in features)
    sql = f"WITH {cuts} SELECT customer_id, {columns} FROM ({subject.sql}) AS {subject.name}_of GROUP BY customer_id"
    try:
        return engine.query(sql, tables, **moment.values(since_days=since))
    except LakeError as error:
        raise _blamed(engine, subject, features, error) from error


def _blamed(engine: Engine, subject: Subject, features: list[Feature], error: LakeError) -> LakeError | FeatureError:
    """Return the error of the one feature the engine does not understand, else the engine's own."""
    empty: dict[str, Source] = {name: FACTS[name].empty() for name in subject.facts}
    noon = Moment(datetime(2024, 1, 1, tzinfo=UTC))
    cuts = ", ".join(f"{name} AS ({known(name, noon)})" for name in subject.facts)
    for feature in features:
        sql = f"WITH {cuts} SELECT {feature.expression} FROM ({subject.sql}) AS {subject.name}_of GROUP BY customer_id"
        try:
            engine.query(sql, empty, **noon.values())
        except LakeError as refused:
            return FeatureError(
                f"the feature {feature.name} cannot be computed from `{feature.expression}`",
                refused.found,
                f"Use the columns of {subject.name}: {', '.join(subject.columns)}.",
            )
    return error


def _together(moment: Moment, needed: Mapping[str, Feature], wanted: Mapping[str, Feature]) -> str:
    """Return the query that brings all subjects together, fills what is empty and adds the combined features."""
    plain = [f for f in needed.values() if f.subject != COMBINED]
    joins = "".join(f" LEFT JOIN of_{s.name} ON of_{s.name}.customer_id = people.customer_id" for s in _subjects(needed))
    columns = ", ".join(["people.customer_id", *(_filled(f, f"of_{f.subject.name}.{f.name}") for f in plain)])
    sql = f"SELECT {columns}, {moment.month} AS month_of_as_of FROM people{joins}"
    for feature in (f for f in needed.values() if f.subject == COMBINED):
        sql = f"SELECT *, {_filled(feature, feature.expression)} FROM ({sql}) AS with_{feature.name}"
    return f"SELECT customer_id, {', '.join(wanted)} FROM ({sql}) AS everything ORDER BY customer_id"


def _filled(feature: Feature, value: str) -> str:
    """Return the column of one feature: its declared type, no infinities, and what an empty one gets."""
    column = f"CAST({value} AS {_SQL_TYPE[feature.dtype]})"
    if feature.dtype == "float64":
        column = f"CASE WHEN abs({column}) < 1e300 THEN {column} END"
    if feature.empty is not None:
        column = f"coalesce({column}, {feature.empty})"
    return f"{column} AS {feature.name}"
