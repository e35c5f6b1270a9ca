"""Rejected rows: kept once, and gone again when the same file is read better.

A rejected row is known by its text and how often that text came before in its file, so that overlapping files reject a row
once, and the same file changes nothing. Rows of a file that an earlier reading rejected and this one takes are removed.
"""

from __future__ import annotations

from lifeloop.collect.settle.change import Change, Settlement, Work
from lifeloop.collect.stage import Stage, materialise
from lifeloop.schema import REJECTED

NUMBERED = """
WITH occurrences AS (
    SELECT r.*, row_number() OVER (PARTITION BY part, raw ORDER BY line) AS occurrence FROM rejections AS r
), ranked AS (
    SELECT o.*, row_number() OVER (PARTITION BY raw, occurrence ORDER BY part) AS copy FROM occurrences AS o
)
SELECT part, file, file_sha256, line, reason, detail, raw, occurrence FROM ranked WHERE copy = 1
"""
"""Each rejected text of this import as often as in the file that holds it most often."""

FRESH = """
WITH known AS (
    SELECT r.raw AS raw, row_number() OVER (PARTITION BY r.file_sha256, r.raw ORDER BY r.line) AS occurrence FROM rejected AS r
    LEFT JOIN stale AS s ON r.file_sha256 = s.file_sha256 AND r.line = s.line WHERE s.line IS NULL
)
SELECT n.file, n.file_sha256, n.line, n.reason, n.detail, n.raw FROM numbered AS n
LEFT JOIN (SELECT DISTINCT raw, occurrence FROM known) AS k ON n.raw = k.raw AND n.occurrence = k.occurrence
WHERE k.raw IS NULL
"""

STALE = """
SELECT r.file_sha256, r.line FROM rejected AS r
JOIN files AS f ON r.file_sha256 = f.file_sha256
LEFT JOIN rejections AS n ON r.file_sha256 = n.file_sha256 AND r.line = n.line AND r.reason = n.reason
WHERE n.line IS NULL
"""
"""Stored rows of these files that are taken now, or rejected for another reason."""

_COLUMNS = ("file", "file_sha256", "line", "reason", "detail", "raw")
APPENDED = f"SELECT {', '.join(_COLUMNS)}, $received_at AS received_at FROM fresh"
REWRITTEN = f"""
{APPENDED}
UNION ALL
SELECT {", ".join(f"r.{name}" for name in _COLUMNS)}, r.received_at FROM rejected AS r
LEFT JOIN stale AS s ON r.file_sha256 = s.file_sha256 AND r.line = s.line WHERE s.line IS NULL
"""


LIVE_FRESH = f"""
SELECT {", ".join(f"n.{name}" for name in _COLUMNS)}, $received_at AS received_at
FROM rejections AS n LEFT JOIN rejected AS r ON n.file_sha256 = r.file_sha256 AND n.line = r.line WHERE r.line IS NULL
"""


def settle_live_rejections(work: Work, stage: Stage) -> Settlement:
    """Compare rejected live events with the lake: each is known by its place in the spool, which never changes."""
    if not stage.files("rejected"):
        return Settlement()
    tables = {"rejections": stage.source("rejected"), "rejected": REJECTED}
    counted = f"SELECT reason, count(*) AS n FROM ({LIVE_FRESH}) AS f GROUP BY reason ORDER BY reason"
    stamp = {"received_at": work.values["received_at"]}
    reasons = {row["reason"]: row["n"] for row in work.engine.query(counted, tables, **stamp).to_pylist()}
    changes = [Change(REJECTED, "append", LIVE_FRESH, tables, stamp)] if reasons else []
    return Settlement(rejected=reasons, changes=changes)


def settle_rejections(work: Work, stage: Stage, sha256: list[str]) -> Settlement:
    """Compare the rejected rows of this import, which read the files of these fingerprints, with the lake."""
    import pyarrow as pa

    engine = work.engine
    rejections = stage.source("rejected")
    numbered = materialise(engine.stream(NUMBERED, {"rejections": rejections}), work.folder / "numbered.parquet")
    reasons = engine.query("SELECT reason, count(*) AS n FROM numbered GROUP BY reason ORDER BY reason", {"numbered": numbered})
    settlement = Settlement(rejected={row["reason"]: row["n"] for row in reasons.to_pylist()})
    files = pa.table({"file_sha256": sha256})
    stale = engine.query(STALE, {"rejected": REJECTED, "files": files, "rejections": rejections})
    known = {"numbered": numbered, "rejected": REJECTED, "stale": stale}
    fresh = materialise(engine.stream(FRESH, known), work.folder / "fresh.parquet")
    any_fresh = engine.query("SELECT count(*) AS n FROM fresh", {"fresh": fresh}).to_pylist()[0]["n"]
    stamp = {"received_at": work.values["received_at"]}
    if stale.num_rows:
        tables = {"fresh": fresh, "rejected": REJECTED, "stale": stale}
        settlement.changes = [Change(REJECTED, "overwrite", REWRITTEN, tables, stamp)]
    elif any_fresh:
        settlement.changes = [Change(REJECTED, "append", APPENDED, {"fresh": fresh}, stamp)]
    return settlement
