"""Every model of ours keeps the contract."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa

from lifeloop.predict.examples import Example
from lifeloop.predict.models import churn, next_order, segment, stage, value
from lifeloop.predict.questions import Model
from lifeloop.testing.models import ModelContract


class TestChurn(ModelContract):
    question = "churn"

    def learn(self, past: Sequence[Example], present: pa.Table) -> Model:
        return churn.fit(past, churn.ChurnConfig(horizon_days=self.horizon_days, threads=1))

    def load(self, folder: Path) -> Model:
        return churn.Churn.load(folder)


class TestValue(ModelContract):
    question = "value"

    def learn(self, past: Sequence[Example], present: pa.Table) -> Model:
        config = value.ValueConfig(horizon_days=self.horizon_days, least_rows=1000, threads=1)
        return value.fit(past, config, present=present)

    def load(self, folder: Path) -> Model:
        return value.Value.load(folder)


class TestNextOrder(ModelContract):
    question = "next_order"

    def learn(self, past: Sequence[Example], present: pa.Table) -> Model:
        return next_order.fit(past, next_order.NextOrderConfig(), present=present)

    def load(self, folder: Path) -> Model:
        return next_order.NextOrder.load(folder)


class TestStage(ModelContract):
    question = "stage"

    def learn(self, past: Sequence[Example], present: pa.Table) -> Model:
        return stage.fit([present])

    def load(self, folder: Path) -> Model:
        return stage.Stage.load(folder)


class TestSegment(ModelContract):
    question = "segment"

    def learn(self, past: Sequence[Example], present: pa.Table) -> Model:
        return segment.fit([present])

    def load(self, folder: Path) -> Model:
        return segment.Segment.load(folder)
