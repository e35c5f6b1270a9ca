"""The truth answers what nobody in a shop can know, and says how near we came."""

from __future__ import annotations

import contextlib
import io
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from lifeloop.base.errors import SettingsError
from lifeloop.simulate.policies import rehearse
from lifeloop.simulate.settings import WorldConfig
from lifeloop.simulate.shop import Seen
from lifeloop.simulate.truth import Truth, TruthFiles, open_shop
from lifeloop.simulate.verdict import Verdict, auc

ROOT = Path(__file__).parents[2]
WORLD = WorldConfig().but(shop={"customers": 700, "products": 60}).lasting(150)


@pytest.fixture(scope="module")
def lived() -> tuple[Truth, dict[str, pa.Table], list[Seen]]:
    """A shop at its end, with the pages of its diary and all it saw."""
    shop, truth = open_shop(WORLD)
    days = list(shop.history())
    return truth, truth.pages(), days


def by_figure(verdicts: list[Verdict]) -> dict[str, Verdict]:
    return {one.figure: one for one in verdicts}


def scores(truth: Truth, target: str, values: np.ndarray, horizon: int = 30) -> pa.Table:
    ids = truth.expected(horizon)["customer_id"]
    n = len(ids)
    return pa.table(
        {"customer_id": ids, "target": pa.repeat(target, n), "horizon_days": pa.repeat(horizon, n), "value": values}
    )


def test_the_truth_scores_as_well_as_can_be(lived: tuple[Truth, dict[str, pa.Table], list[Seen]]) -> None:
    truth = lived[0]
    told = truth.expected(30)
    churn = by_figure(truth.compare(scores(truth, "p_churn", told["p_no_order"].to_numpy())))
    orders = by_figure(truth.compare(scores(truth, "orders", told["orders"].to_numpy())))

    assert churn["auc"].ours == churn["auc"].best
    assert churn["rms_error"].ours == 0
    assert orders["total_ratio"].ours == pytest.approx(1)
    assert orders["spearman"].ours == pytest.approx(1)


def test_a_worse_score_is_told_to_be_worse(lived: tuple[Truth, dict[str, pa.Table], list[Seen]]) -> None:
    truth = lived[0]
    true = truth.expected(30)["p_no_order"].to_numpy()
    noise = np.random.default_rng(0).random(true.size)
    halfway, blind = (
        by_figure(truth.compare(scores(truth, "p_churn", values))) for values in ((true + noise) / 2, np.full(true.size, 0.5))
    )

    assert blind["auc"].ours == pytest.approx(0.5)
    assert 0.5 < halfway["auc"].ours < halfway["auc"].best
    assert 0 < halfway["rms_error"].ours < blind["rms_error"].ours


def test_the_expected_curve_is_that_of_drawn_outcomes() -> None:
    rng = np.random.default_rng(1)
    chance = rng.random(400)
    score = chance + rng.normal(0, 0.3, 400)

    def drawn() -> float:
        yes = rng.random(400) < chance
        return float((score[yes][:, None] > score[~yes][None, :]).mean())

    assert auc(score, chance) == pytest.approx(np.mean([drawn() for _ in range(300)]), abs=0.004)


def test_customers_are_told_with_what_moves_them(lived: tuple[Truth, dict[str, pa.Table], list[Seen]]) -> None:
    truth, _, days = lived
    customers, expected = truth.customers(), truth.expected(60)
    gone = customers.filter(pc.invert(customers["active"]))["customer_id"]
    nothing = expected.filter(pc.is_in(expected["customer_id"], gone.combine_chunks()))
    alone = nothing.filter(pc.invert(nothing["active"]))

    heard_of = {one for day in days for one in day.customer["customer_id"].to_pylist()}
    assert heard_of == set(truth.identity()["customer_id"].to_pylist())
    assert alone["orders"].to_numpy().max() == 0
    assert alone["p_no_order"].to_numpy().min() == 1
    assert set(customers["response"].to_pylist()) == {"persuadable", "sure_thing", "lost_cause", "sleeping_dog"}


def test_uplift_is_for_persuadables_and_against_sleeping_dogs(lived: tuple[Truth, dict[str, pa.Table], list[Seen]]) -> None:
    truth = lived[0]
    uplift = truth.uplift(30)
    one = uplift.filter(pc.and_(pc.equal(uplift["channel"], "email"), pc.equal(uplift["offer"], "content")))
    kinds = dict(zip(truth.customers()["customer_id"].to_pylist(), truth.customers()["response"].to_pylist(), strict=True))
    orders: dict[str, list[float]] = {}
    for row in one.to_pylist():
        orders.setdefault(kinds[row["customer_id"]], []).append(row["orders"])

    assert min(orders["persuadable"]) >= 0
    assert np.mean(orders["persuadable"]) > 0.005
    assert max(orders["sleeping_dog"]) <= 0
    assert max(map(abs, orders["sure_thing"])) == 0


def test_uplifts_are_judged_by_what_they_would_earn(lived: tuple[Truth, dict[str, pa.Table], list[Seen]]) -> None:
    truth = lived[0]
    true = truth.uplift(30)
    keys = ["customer_id", "channel", "offer"]
    right = by_figure(truth.compare(true.select(keys).append_column("uplift", true["orders"])))
    wrong = by_figure(truth.compare(true.select(keys).append_column("uplift", pc.negate(true["orders"]))))

    assert right["orders_by_top_30_percent"].ours == right["orders_by_top_30_percent"].best
    assert wrong["orders_by_top_30_percent"].ours < 0
    assert right["spearman"].ours == pytest.approx(1)


def test_intents_sentiments_and_causes_are_judged(lived: tuple[Truth, dict[str, pa.Table], list[Seen]]) -> None:
    truth, pages, _ = lived
    for column, page, key in (
        ("intent", "text", "message_id"),
        ("sentiment", "text", "message_id"),
        ("cause", "visit", "session_id"),
    ):
        told = pages[page].select([key, column])
        wrong = told.set_column(1, column, pa.repeat("nonsense", told.num_rows))

        assert truth.compare(told, pages=pages)[0].ours == 1
        assert truth.compare(wrong, pages=pages)[0].ours == 0
    asked = pages["text"].filter(pc.is_valid(pages["text"]["intent"]))
    assert asked.num_rows > 50


def test_profiles_are_judged_by_pairs_of_visits(lived: tuple[Truth, dict[str, pa.Table], list[Seen]]) -> None:
    truth, pages, _ = lived
    visits = pages["visit"].filter(pc.is_valid(pages["visit"]["session_id"]))
    person = visits["person"].to_numpy()
    perfect, one_for_all, one_each = (
        by_figure(truth.compare(pa.table({"session_id": visits["session_id"], "profile": values.astype(str)}), pages=pages))
        for values in (person, np.zeros_like(person), np.arange(person.size))
    )

    assert (perfect["pair_precision"].ours, perfect["pair_recall"].ours) == (1, 1)
    assert one_for_all["pair_recall"].ours == 1
    assert one_for_all["pair_precision"].ours < 0.05
    assert one_for_all["visits_of_people_mixed_with_others"].ours == 1
    assert (one_each["pair_precision"].ours, one_each["pair_recall"].ours) == (1, 0)


def test_shared_devices_and_forgotten_visitor_ids_make_identity_hard(
    lived: tuple[Truth, dict[str, pa.Table], list[Seen]],
) -> None:
    truth, pages, _ = lived
    visits = pages["visit"].filter(pc.is_valid(pages["visit"]["session_id"]))
    by_device = by_figure(
        truth.compare(pa.table({"session_id": visits["session_id"], "profile": visits["anonymous_id"]}), pages=pages)
    )

    assert by_device["pair_precision"].ours < 1
    assert by_device["pair_recall"].ours < 0.9


def test_appeal_and_partners_are_told(lived: tuple[Truth, dict[str, pa.Table], list[Seen]]) -> None:
    truth = lived[0]
    ids = truth.customers()["customer_id"].to_pylist()[:50]
    partners = truth.partners()
    appeal = truth.appeal([*ids, "nobody"], ["P00001", "P00002", "P99999"])

    assert appeal.shape == (51, 3)
    assert np.isnan(appeal[50]).all()
    assert np.isnan(appeal[:, 2]).all()
    assert 0 < appeal[:50, :2].min() < appeal[:50, :2].max() < 0.5
    assert partners.num_rows > 30
    assert set(partners.column_names) == {"product_id", "partner_id"}


def test_what_cannot_be_compared_is_refused_in_words(lived: tuple[Truth, dict[str, pa.Table], list[Seen]]) -> None:
    truth, pages, _ = lived
    with pytest.raises(SettingsError, match="its columns are a"):
        truth.compare(pa.table({"a": [1]}))
    with pytest.raises(SettingsError, match="page 'text' was not given"):
        truth.compare(pages["text"].select(["message_id", "intent"]))
    stranger = pa.table({"customer_id": ["nobody"], "target": ["orders"], "horizon_days": [30], "value": [1.0]})
    with pytest.raises(SettingsError, match="none of its rows is about this shop"):
        truth.compare(stranger)
    old = stranger.append_column("as_of", pa.array([datetime(2020, 1, 1, tzinfo=UTC)], pa.timestamp("us", tz="UTC")))
    with pytest.raises(SettingsError, match="the day the simulated shop is at"):
        truth.compare(old)


def test_truth_files_hold_every_page(tmp_path: Path) -> None:
    shop, truth = open_shop(WORLD.lasting(60))
    (tmp_path / "stale.parquet").write_bytes(b"left by an earlier run")
    with TruthFiles(tmp_path, truth) as files:
        for _ in shop.history():
            files.keep()
        files.finish()
    found = {file.stem: pq.read_table(file) for file in tmp_path.glob("*.parquet")}

    assert {"customers", "identity", "expected_30", "expected_180", "uplift", "visit", "order", "text", "dirt"} <= set(found)
    assert "stale" not in found
    assert found["expected_30"].equals(truth.expected(30))
    assert found["uplift"].num_rows == 12 * found["customers"].num_rows


def test_the_example_of_the_guide_runs() -> None:
    text = (ROOT / "docs" / "guide" / "simulator.md").read_text("utf-8")
    example, own_policy = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        exec(compile(example, "simulator.md", "exec"), {})

    orders, *_, customers = said.getvalue().split()
    names: dict[str, Any] = {}
    exec(compile(own_policy, "cart_left.py", "exec"), names)
    rehearsed = rehearse(WORLD, names["CartLeft"](), after_days=60)
    assert int(orders) >= 0
    assert int(customers) > 100
    assert rehearsed.messages > 20
