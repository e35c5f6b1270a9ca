"""All settling steps, in the order their changes must be written."""

from __future__ import annotations

from lifeloop.collect.settle.change import Settlement, Work
from lifeloop.collect.settle.customers import settle_customers
from lifeloop.collect.settle.events import settle_events
from lifeloop.collect.settle.given_back import told_once
from lifeloop.collect.settle.products import settle_products
from lifeloop.collect.settle.rejections import settle_live_rejections, settle_rejections
from lifeloop.collect.settle.sales import joined_parts, settle_sales
from lifeloop.collect.stage import Stage


def settle(work: Work, stage: Stage, sha256: list[str]) -> Settlement:
    """Compare everything staged with the lake; `sha256` are the fingerprints of the files. Orders are written last."""
    whole = Settlement()
    joined, told = joined_parts(work, stage)
    sale = told_once(work, joined)
    steps = [settle_live_rejections(work, stage) if work.live else settle_rejections(work, stage, sha256)]
    if stage.files("sale") or stage.files("product"):
        steps.append(settle_products(work, stage, stage.source("sale")))
    if stage.files("customer"):
        steps.append(settle_customers(work, stage))
    if stage.files("event"):
        steps.append(settle_events(work, stage))
    if stage.files("sale"):
        steps.append(settle_sales(work, sale, told))
    for step in steps:
        whole.counts.update(step.counts)
        whole.rejected.update(step.rejected)
        whole.changes += step.changes
        whole.warnings += step.warnings
    return whole
