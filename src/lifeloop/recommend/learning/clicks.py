"""Clicks: what was shown and what came of it, as the ranker learns from it.

Reads    exposure; events that name the list they came from in their property `exposure_id`
Limits   lists of the last `DAYS` days that something came of; a product that is shown twice in a list cannot be
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

import msgspec
import numpy as np
import pyarrow as pa

from lifeloop.lake import Engine
from lifeloop.recommend.answering.ranker import Shown
from lifeloop.recommend.answering.signals import SIGNALS
from lifeloop.recommend.asked import DeedKind
from lifeloop.recommend.histories import Flags
from lifeloop.recommend.learning.reading import DONE
from lifeloop.recommend.names import CUSTOMER, VISITOR, Names
from lifeloop.schema import EVENT, EXPOSURE

DAYS = 180
"""Before so many days the shop was another one."""
GAINS: Mapping[DeedKind, int] = {"view": 1, "wish": 2, "cart": 3, "order": 5}
"""What a product in a list is worth by the most that came of it."""

_GAIN = " ".join(f"WHEN '{name}' THEN {GAINS[kind]}" for name, kind in DONE.items())
CLICKS_SQL = f"""
SELECT json_extract_string(e.properties, '$.exposure_id') AS exposure_id, e.product_id AS product_id,
    max(CASE e.name {_GAIN} ELSE 0 END) AS gain
FROM events AS e
WHERE e.occurred_at >= $since AND e.occurred_at < $as_of AND e.product_id IS NOT NULL AND NOT coalesce(e.is_bot, false)
    AND e.properties LIKE '%exposure_id%'
GROUP BY exposure_id, product_id
"""
SHOWN_SQL = f"""
SELECT x.exposure_id AS exposure_id, CAST(x.rank AS INTEGER) AS rank, x.signals AS signals,
    CAST(coalesce(c.gain, 0) AS INTEGER) AS gain, CAST(coalesce(p.place, -1) AS INTEGER) AS who
FROM exposures AS x
JOIN (SELECT DISTINCT k.exposure_id AS exposure_id FROM clicks AS k WHERE k.gain > 0) AS l ON x.exposure_id = l.exposure_id
LEFT JOIN clicks AS c ON x.exposure_id = c.exposure_id AND x.product_id = c.product_id
LEFT JOIN people AS p ON p.name = CASE WHEN x.customer_id IS NOT NULL THEN concat('{CUSTOMER}', x.customer_id)
    ELSE concat('{VISITOR}', x.anonymous_id) END
WHERE x.shown_at >= $since AND x.shown_at < $as_of
ORDER BY x.shown_at, x.exposure_id, x.rank
"""

DOERS_SQL = f"""
SELECT DISTINCT CAST(p.place AS INTEGER) AS who
FROM (
    SELECT json_extract_string(e.properties, '$.exposure_id') AS exposure_id,
        CASE WHEN e.customer_id IS NOT NULL THEN concat('{CUSTOMER}', e.customer_id)
            ELSE concat('{VISITOR}', e.anonymous_id) END AS who
    FROM events AS e
    WHERE e.occurred_at >= $since AND e.occurred_at < $as_of AND e.product_id IS NOT NULL AND NOT coalesce(e.is_bot, false)
        AND e.properties LIKE '%exposure_id%'
) AS d
JOIN (SELECT DISTINCT s.exposure_id AS exposure_id FROM shown AS s) AS l ON d.exposure_id = l.exposure_id
JOIN people AS p ON d.who = p.name ORDER BY who
"""


def read_shown(engine: Engine, names: Names, as_of: datetime) -> tuple[Shown, Flags]:
    """Return the lists something came of before `as_of`, and which of `names` were shown one or did what came of it.

    A list may be shown to one and followed by another: by a visitor who is a customer only later. Raises LakeError.
    """
    span = {"since": as_of - timedelta(days=DAYS), "as_of": as_of}
    clicks = engine.query(CLICKS_SQL, {"events": EVENT}, **span)
    places = np.arange(len(names), dtype=np.int32)
    people = pa.table({"name": names.column(places), "place": pa.array(places)})
    rows = engine.query(SHOWN_SQL, {"exposures": EXPOSURE, "clicks": clicks, "people": people}, **span)
    taught = np.zeros(len(names), np.bool_)
    who = rows["who"].to_numpy()
    taught[who[who >= 0]] = True
    lists = rows.select(["exposure_id"])
    taught[engine.query(DOERS_SQL, {"events": EVENT, "shown": lists, "people": people}, **span)["who"].to_numpy()] = True
    return Shown(_starts(rows), _signals(rows), _column(rows, "gain").astype(np.float32), _column(rows, "rank")), taught


def _starts(rows: pa.Table) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    lists = rows["exposure_id"].combine_chunks()
    if not len(lists):
        return np.zeros(1, np.int64)
    new = pa.compute.not_equal(lists[1:], lists[:-1]).to_numpy(zero_copy_only=False)
    return np.concatenate([[0], np.flatnonzero(new) + 1, [len(lists)]]).astype(np.int64)


def _signals(rows: pa.Table) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    column = {name: place for place, name in enumerate(SIGNALS)}
    told = np.full((rows.num_rows, len(SIGNALS)), np.nan, np.float32)
    decode = msgspec.json.Decoder(dict[str, float | None]).decode
    for row, text in enumerate(rows["signals"].to_pylist()):
        try:
            said = decode(text) if text else {}
        except msgspec.MsgspecError:
            continue
        for name, value in said.items():
            if name in column and value is not None:
                told[row, column[name]] = value
    return told


def _column(rows: pa.Table, name: str) -> np.ndarray[tuple[int], np.dtype[np.int32]]:
    return np.asarray(rows[name].to_numpy(), np.int32)
