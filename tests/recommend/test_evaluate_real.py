"""The figures that docs/models/recommend.md promises, by the product's own code and its one default, on real data."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from lifeloop.cli.main import app
from lifeloop.recommend.evaluate import Measured, Recorded, Split, leave_last_out, measure, read_folder, strong, temporal
from lifeloop.recommend.evaluate.parting import picked
from lifeloop.recommend.peers import PEERS

pytestmark = pytest.mark.real


def recorded(folder: Path, *, needs_time: bool = False) -> Recorded:
    return read_folder(folder, needs_time=needs_time)


def measured(name: str, split: Split) -> Measured:
    return measure(split, PEERS[name]())


def figure(found: Measured, name: str) -> float:
    return found.means[name].value


def test_the_next_film_is_found_as_often_as_promised(real_data: Path) -> None:
    data = recorded(real_data / "recsys_ml1m")

    earlier = leave_last_out(data, hold_back=2)
    assert (len(earlier), len(earlier.train.items), earlier.train.products) == (6040, 987_019 - 6040, 3416)
    found = measured("lifeloop", earlier)
    assert figure(found, "ndcg_at_10") >= 0.166
    assert figure(found, "recall_at_10") >= 0.29

    published = measured("lifeloop", leave_last_out(data))
    assert figure(published, "ndcg_at_10") >= 0.172


def test_the_floor_under_it_is_the_known_one(real_data: Path) -> None:
    found = measured("popularity", leave_last_out(recorded(real_data / "recsys_ml1m")))

    assert figure(found, "ndcg_at_10") == pytest.approx(0.0178, abs=0.0005)
    assert figure(found, "recall_at_10") == pytest.approx(0.0363, abs=0.001)


def test_the_next_beauty_product_is_found_as_often_as_promised(real_data: Path) -> None:
    split = leave_last_out(recorded(real_data / "recsys_amazon_beauty"))

    assert (len(split), len(split.train.items), split.train.products) == (22_363, 198_502 - 2 * 22_363, 12_101)
    assert figure(measured("lifeloop", split), "ndcg_at_10") >= 0.053


def test_of_people_never_seen_more_is_found_than_by_plain_ease(real_data: Path) -> None:
    data = recorded(real_data / "recsys_ml1m")

    found = []
    for seed in range(3):
        split = strong(data, rng=np.random.default_rng(seed), hold_back=2)
        found.append(measured("lifeloop_taste", split))
    assert np.mean([figure(one, "recall_at_20") for one in found]) >= 0.419
    assert np.mean([figure(one, "ndcg_at_100") for one in found]) >= 0.474
    plain = measured("ease", split)
    assert figure(found[-1], "recall_at_20") > figure(plain, "recall_at_20")
    assert figure(found[-1], "ndcg_at_100") > figure(plain, "ndcg_at_100")


def every(step: int, split: Split) -> Split:
    """Only every so many cases, evenly spread: all of them take minutes."""
    some = np.arange(len(split)) % step == 0
    return replace(split, given=picked(split.given, some), targets=picked(split.targets, some))


def test_the_next_click_is_found_more_often_than_by_a_chain_of_first_order(real_data: Path) -> None:
    whole = leave_last_out(recorded(real_data / "clickstream_diginetica"))

    assert (len(whole), whole.drop_seen, whole.clusters) == (60_858, False, None)
    split = every(10, whole)
    floor, found = measured("markov", split), measured("lifeloop_visit", split)
    assert figure(floor, "hit_rate_at_20") == pytest.approx(0.336, abs=0.015)
    assert figure(floor, "mrr_at_20") == pytest.approx(0.128, abs=0.01)
    assert figure(found, "hit_rate_at_20") > figure(floor, "hit_rate_at_20") + 0.15
    assert figure(found, "mrr_at_20") > figure(floor, "mrr_at_20") + 0.05


def test_what_comes_after_one_moment_is_found_from_what_came_before(real_data: Path) -> None:
    split = temporal(recorded(real_data / "recsys_ml100k", needs_time=True))

    found = figure(measured("lifeloop", split), "ndcg_at_10")
    assert found >= 0.21
    assert found > figure(measured("popularity", split), "ndcg_at_10") + 0.04


def test_what_a_shop_sells_in_the_coming_weeks_is_found_more_often_than_by_taste_alone(real_data: Path) -> None:
    split = temporal(recorded(real_data / "online_retail_ii", needs_time=True))

    found = figure(measured("lifeloop", split), "ndcg_at_10")
    assert found >= 0.25
    assert found > figure(measured("lifeloop_taste", split), "ndcg_at_10")


def command(*words: str) -> Any:
    return CliRunner().invoke(app, ["evaluate-recommendations", *words])


def test_the_command_tells_every_figure_of_every_model(real_data: Path) -> None:
    done = command("--data", str(real_data / "recsys_ml100k"), "--split", "strong", "--json", "--seed", "4")

    assert done.exit_code == 0
    told = json.loads(done.stdout)
    assert told["protocol"] == "strong"
    assert told["words"]["en"]
    assert told["words"]["zh"]
    assert set(told["models"]) == set(PEERS) - {"sasrec"}
    for one in told["models"].values():
        assert {"ndcg_at_10", "ndcg_at_100", "recall_at_10", "recall_at_20", "precision_at_20", "mrr_at_20"} <= set(one)
        assert {"coverage", "novelty", "diversity", "popularity_bias", "fit_cpu_s", "top_cpu_s", "peak_mb"} <= set(one)
        low, high = one["intervals"]["ndcg_at_10"]
        assert low < one["ndcg_at_10"] < high
        assert set(one["segments"]["target_popularity"]) == {"head", "middle", "tail"}
    assert told["models"]["ease"]["ndcg_at_10"] > told["models"]["popularity"]["ndcg_at_10"]


def test_the_command_tells_the_earlier_protocol_beside_the_published_one(real_data: Path) -> None:
    done = command("--data", str(real_data / "recsys_ml1m"), "--split", "leave-last-out", "--model", "popularity", "--json")

    told = json.loads(done.stdout)
    assert told["protocol"] == "published"
    assert [one["protocol"] for one in told["beside"]] == ["last"]
