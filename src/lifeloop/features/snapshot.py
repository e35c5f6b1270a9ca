"""Snapshots: every feature of every customer as of one moment, from facts whose time < as_of and no others.

Each subject is one query over relations cut in time (`cut.py`); the subjects meet by customer. Who is in a snapshot:
everyone named in a fact or in the customer table before as_of; those who never ordered have `orders` = 0.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lifeloop.base.errors import FeatureError, LakeError, LifeloopError
from lifeloop.features.combined import COMBINED
from lifeloop.features.cut import FACTS, Moment, known, named
from lifeloop.features.declare import Feature, Subject
from lifeloop.features.declared import FEATURES, features_named
from lifeloop.lake import Engine, Lake, Source
from lifeloop.schema import CUSTOMER, EVENT, ORDER, REFUND, SNAPSHOT, Table
from lifeloop.schema.declare import Dtype

_SQL_TYPE: Mapping[Dtype, str] = {"int32": "INTEGER", "int64": "BIGINT", "float64": "DOUBLE"}

PEOPLE: Mapping[str, Table] = {"orders": ORDER, "refunds": REFUND, "events": EVENT, "customers": CUSTOMER}
"""Where a person may be named."""


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
    people = _people(engine, moment, customers)
    columns: dict[str, pa.ChunkedArray | pa.Array] = {}
    for subject in _subjects(needed):
        own = [feature for feature in needed.values() if feature.subject == subject]
        if subject == COMBINED:
            part = _combine(engine, moment, own, pa.table({"customer": people["customer"], **columns}))
        else:
            part = _part(engine, moment, subject, own, people)
        columns |= _aligned(part, own, people.num_rows)
    times = pa.repeat(pa.scalar(as_of.astimezone(UTC), pa.timestamp("us", tz="UTC")), people.num_rows)
    return pa.table({"as_of": times, "customer_id": people["customer_id"], **{name: columns[name] for name in wanted}})


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
    """Return the subjects, each once; the one made of all others comes last."""
    subjects = {feature.subject.name: feature.subject for feature in features.values()}
    return sorted(subjects.values(), key=lambda subject: subject == COMBINED)


def _people(engine: Engine, moment: Moment, customers: Iterable[str] | None) -> pa.Table:
    """Return everyone known before the moment: customer_id, in its order, and `customer`, the number from 0."""
    tables: dict[str, Source] = {**PEOPLE}
    where = ""
    if customers is not None:
        tables["chosen"] = pa.table({"customer_id": pa.array(sorted(set(customers)), pa.string())})
        where = " WHERE customer_id IN (SELECT customer_id FROM chosen)"
    seen = " UNION ALL ".join(named(name, table) for name, table in PEOPLE.items())
    sql = f"SELECT DISTINCT customer_id FROM ({seen}) AS seen{where} ORDER BY customer_id"
    people = engine.query(sql, tables, **moment.values())
    return people.append_column("customer", pa.array(np.arange(people.num_rows, dtype=np.int32)))


def _part(engine: Engine, moment: Moment, subject: Subject, features: list[Feature], people: pa.Table) -> pa.Table:
    """Return the features of one subject: `customer` and one column each, one row per customer with such facts."""
    windows = [feature.window_days for feature in features]
    since = max(window or 0 for window in windows) if all(windows) else None
    tables: dict[str, Source] = {"people": people, **{name: FACTS[name] for name in subject.facts}}
    try:
        return engine.query(_part_sql(moment, subject, features, since), tables, **moment.values(since_days=since))
    except LakeError as error:
        raise _blamed(engine, moment, subject, features, error) from error


def _part_sql(moment: Moment, subject: Subject, features: list[Feature], since_days: int | None = None) -> str:
    """Return the query of one subject. The cut relations hide the tables they are cut from, having their names."""
    cuts = ", ".join(f"{name} AS ({known(name, moment, since_days=since_days)})" for name in subject.facts)
    columns = ", ".join(_typed(feature) for feature in features)
    return f"WITH {cuts} SELECT customer, {columns} FROM ({subject.sql}) AS subject GROUP BY customer"


def _combine(engine: Engine, moment: Moment, features: list[Feature], everything: pa.Table) -> pa.Table:
    """Return the features made of other features, one row per customer."""
    sql = f"SELECT *, {moment.month} AS month_of_as_of FROM everything"
    for feature in features:
        sql = f"SELECT *, {_typed(feature)} FROM ({sql}) AS up_to_{feature.name}"
    sql = f"SELECT customer, {', '.join(feature.name for feature in features)} FROM ({sql}) AS combined"
    try:
        return engine.query(sql, {"everything": everything})
    except LakeError as error:
        if len(features) == 1:
            raise _refused(features[0], error) from error
        for feature in features:
            _combine(engine, moment, [feature], everything.slice(0, 0))
        raise


def _blamed(engine: Engine, moment: Moment, subject: Subject, features: list[Feature], error: LakeError) -> LifeloopError:
    """Return the error of the one feature the engine does not understand, else the engine's own."""
    nobody: dict[str, Source] = {
        "people": pa.table({"customer_id": pa.array([], pa.string()), "customer": pa.array([], pa.int32())})
    }
    empty = nobody | {name: FACTS[name].empty() for name in subject.facts}
    for feature in features:
        try:
            engine.query(_part_sql(moment, subject, [feature]), empty, **moment.values())
        except LakeError as refused:
            return _refused(feature, refused)
    return error


def _refused(feature: Feature, error: LakeError) -> FeatureError:
    return FeatureError(
        f"the feature {feature.name} cannot be computed from `{feature.expression}`",
        error.found,
        f"Use the columns of {feature.subject.name}: {', '.join(feature.subject.columns)}.",
    )


def _typed(feature: Feature) -> str:
    """Return the column of one feature in its declared type; what is not finite is not known.

    Floats are kept to 6 decimals: threads add up in any order, and the last bits of a sum would differ from run to run.
    """
    column = f"CAST({feature.expression} AS {_SQL_TYPE[feature.dtype]})"
    if feature.dtype == "float64":
        column = f"CASE WHEN abs({column}) < 1e300 THEN round({column}, 6) END"
    return f"{column} AS {feature.name}"


def _aligned(part: pa.Table, features: list[Feature], count: int) -> dict[str, pa.ChunkedArray]:
    """Return the columns of one subject in the order of all `count` customers, with what an empty one gets."""
    row_of = np.full(count, -1, dtype=np.int64)
    row_of[part["customer"].to_numpy()] = np.arange(part.num_rows)
    rows = pa.array(row_of, mask=row_of < 0)
    columns = {}
    for feature in features:
        column = part[feature.name].combine_chunks().take(rows)
        columns[feature.name] = column if feature.empty is None else pc.fill_null(column, pa.scalar(feature.empty, column.type))
    return columns
