"""Segments: the stages, the RFM groups and the clusters of one run, and who is in them."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Annotated, Literal

import pyarrow as pa
from fastapi import APIRouter, Path
from pydantic import BaseModel, Field

from lifeloop.api.errors import ApiError, problems
from lifeloop.api.guard import KEYED, REFUSALS, ReadRoute
from lifeloop.api.paging import Cursor, Limit, cursor_of, place_of
from lifeloop.api.parts import Door, TheDoor
from lifeloop.api.shapes import AsOf
from lifeloop.base.errors import ModelError, UnknownName
from lifeloop.base.versions import load_version, new_version
from lifeloop.measure.customers import Score
from lifeloop.measure.grids import Group, cluster_facts, clusters, rfm_groups, stage_groups
from lifeloop.measure.standing import standing
from lifeloop.predict.segment.rfm import rfm_name
from lifeloop.schema import SCORE

Kind = Literal["stage", "rfm", "cluster"]
"""Also the target of its scores."""

MEMBERS_SQL = """
SELECT s.customer_id AS customer_id, s.label AS label
FROM scores AS s
JOIN chosen AS c ON c.label = s.label
WHERE s.as_of = $as_of AND s.target = $target AND s.customer_id > $after
ORDER BY s.customer_id
LIMIT $limit
"""
LABELS_SQL = "SELECT DISTINCT label FROM scores WHERE as_of = $as_of AND target = $target AND label IS NOT NULL"


class Segment(BaseModel):
    """A named set of customers."""

    name: str = Field(description="Such as `stage-at_risk`, `rfm-champions`, `cluster-frequent-high-spend`.")
    kind: Kind
    en: str
    zh: str
    customers: int
    share: float = Field(description="Of all customers who are in some segment of this kind, 0 to 1.")
    goods_minor: int = Field(description="What they bought so far, in minor units of the shop's base currency.")
    revenue_minor: float | None = Field(description="Revenue expected of them; null where there is no value score.")
    churn_mean: float | None = Field(description="Mean probability of churn.")


class Segments(BaseModel):
    """The segments of one run."""

    as_of: datetime
    segments: list[Segment]


class Member(BaseModel):
    """A customer in a segment."""

    customer_id: str
    label: str = Field(description="What the score table says: the stage, the RFM scores, or the cluster.")


class Members(BaseModel):
    """A page of those in a segment."""

    as_of: datetime
    customers: list[Member]
    next: str | None = Field(description="The `cursor` of the next page; null on the last.")


segments = APIRouter(
    prefix="/v1", tags=["segments"], route_class=ReadRoute, dependencies=[KEYED], responses=REFUSALS | problems(400, 404)
)


def segment_name(kind: str, name: str) -> str:
    """Return what a segment is called in paths.

    >>> segment_name("cluster", "Frequent, high spend (2)")
    'cluster-frequent-high-spend-2'
    """
    return f"{kind}-{re.sub(r'[^a-z0-9_]+', '-', name.lower()).strip('-')}"


def segment_of(score: Score) -> str | None:
    """Return the segment a score puts its customer into; None where it does not."""
    if score.label is None or score.target not in ("stage", "rfm", "cluster"):
        return None
    return segment_name(score.target, rfm_name(score.label).name if score.target == "rfm" else score.label)


@segments.get("/segments", summary="The segments of a run")
def all_segments(door: TheDoor, as_of: AsOf = None) -> Segments:
    """Return every segment somebody is in, with its size and worth."""
    moment = door.app.last_run(as_of)
    version = door.app.lake.version(SCORE)
    return door.kept.get(("segments", moment, version), lambda: _segments(door, moment))


@segments.get("/segments/{name}/customers", summary="Who is in a segment")
def members(
    door: TheDoor,
    name: Annotated[str, Path(max_length=200, description="As GET /v1/segments names it.")],
    as_of: AsOf = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Members:
    """Return a page of those in a segment, by customer id."""
    moment = door.app.last_run(as_of)
    kind, _, _ = name.partition("-")
    labels = _labels(door, kind, moment)
    chosen = [label for label, known in labels.items() if known == name]
    if not chosen:
        raise UnknownName("segment", name, labels.values())
    after = place_of(cursor, str)[0] if cursor else ""
    rows = door.app.engine.query(
        MEMBERS_SQL,
        {"scores": SCORE, "chosen": pa.table({"label": pa.array(chosen, pa.string())})},
        as_of=moment,
        target=kind,
        after=after,
        limit=limit + 1,
    ).to_pylist()
    page = rows[:limit]
    return Members(
        as_of=moment,
        customers=[Member(**row) for row in page],
        next=cursor_of(page[-1]["customer_id"]) if len(rows) > limit else None,
    )


def _labels(door: Door, kind: str, moment: datetime) -> dict[str, str]:
    """Return the labels of one kind as of a moment, each with the segment it stands for."""
    if kind not in ("stage", "rfm", "cluster"):
        raise ApiError(
            404,
            "unknown_name",
            "cannot show the segment",
            "its name begins with no kind there is",
            "GET /v1/segments lists all.",
        )
    rows = door.app.engine.query(LABELS_SQL, {"scores": SCORE}, as_of=moment, target=kind)
    return {
        label: segment_name(kind, rfm_name(label).name if kind == "rfm" else label)
        for label in rows.column("label").to_pylist()
    }


def _segments(door: Door, moment: datetime) -> Segments:
    rows = standing(door.app.engine, moment)
    found: list[tuple[Kind, tuple[Group, ...]]] = [
        ("stage", stage_groups(rows)),
        ("rfm", rfm_groups(rows)),
        ("cluster", clusters(rows, _chinese(door, moment))),
    ]
    return Segments(as_of=moment, segments=[_shown(kind, group) for kind, groups in found for group in groups])


def _shown(kind: Kind, group: Group) -> Segment:
    return Segment(
        name=segment_name(kind, group.name),
        kind=kind,
        en=group.en,
        zh=group.zh,
        customers=group.customers,
        share=group.share,
        goods_minor=group.goods_minor,
        revenue_minor=group.revenue_minor,
        churn_mean=group.churn_mean,
    )


def _chinese(door: Door, moment: datetime) -> dict[str, str]:
    """Return the Chinese name of each cluster, where the version that named them is there."""
    try:
        return cluster_facts(load_version(new_version(door.app.home.models, "segment", moment), "segment").model)[1]
    except ModelError:
        return {}
