"""The command that judges recommendations by what people then had."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lifeloop.base.errors import SettingsError, UnknownName
from lifeloop.cli.options import SETTINGS_FILE, JsonOption, open_app
from lifeloop.cli.show import emit, progress, say, table

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from lifeloop.recommend.evaluate import Comparison, Measured, Recorded, Split
    from lifeloop.recommend.peers import Peer

EARLIER = 2
"""Latest products that are not looked at in the protocol reported beside the published one, where people are marked as held
for validation: those two and the validated one are what published models were chosen and tested on."""


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command("evaluate-recommendations")(evaluate_recommendations)


def evaluate_recommendations(
    data: Annotated[Path, typer.Option(help="A folder of Parquet files that say who had what, or a data home.")],
    split: Annotated[str, typer.Option(help="leave-last-out, temporal or strong.")] = "temporal",
    model: Annotated[
        list[str] | None,
        typer.Option(help="Model by name; repeatable. Default: all but those that take long.", show_default=False),
    ] = None,
    hold_back: Annotated[
        int | None,
        typer.Option(
            min=0,
            help="Latest products of everybody that are not looked at; then all but the last of the others are learnt from. "
            "Default: the published protocol.",
            show_default=False,
        ),
    ] = None,
    repeats: Annotated[
        bool | None,
        typer.Option(
            help="Whether having a product again is to be found too. Default: where it is common.", show_default=False
        ),
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed of what is drawn by chance.")] = 0,
    as_json: JsonOption = False,
) -> None:
    """Judge what models would have recommended by what people then had: ours beside those of others, all products ranked.

    Everything runs on one thread, so that costs can be compared.
    """
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    from lifeloop.recommend.evaluate import compare

    makers = _chosen(model)
    recorded = _read(data, needs_time=split == "temporal")
    splits = _splits(recorded, split, hold_back=hold_back, repeats=repeats, seed=seed)
    with progress(quiet=as_json) as shown, threadpool_limits(1):
        found = [compare(one, makers, progress=shown) for one in splits]
    answer = {"data": str(data), "read": recorded.about, "split": split, "seed": seed, **found[0].as_json()}
    answer["beside"] = [one.as_json() for one in found[1:]]
    emit(answer, lambda: _show(recorded, found), as_json=as_json)


def _chosen(names: list[str] | None) -> Mapping[str, Callable[[], Peer]]:
    """Return the models asked for. Raises UnknownName."""
    from lifeloop.recommend.peers import PEERS, SLOW

    wanted = list(dict.fromkeys(names)) if names else [name for name in PEERS if name not in SLOW]
    for name in wanted:
        if name not in PEERS:
            raise UnknownName("model", name, PEERS)
    return {name: PEERS[name] for name in wanted}


def _read(data: Path, *, needs_time: bool) -> Recorded:
    """Return what a data home or a folder records. Raises SettingsError."""
    from lifeloop.recommend.evaluate import read_folder
    from lifeloop.recommend.evaluate.home import read_home

    if not data.is_dir():
        raise SettingsError(
            f"cannot evaluate on {data}", "there is no such folder", "Name a folder of Parquet files, or a home."
        )
    if not (data / SETTINGS_FILE).exists():
        return read_folder(data, needs_time=needs_time)
    app = open_app(data)
    return read_home(app.lake, app.engine, app.as_of(None), settings=app.home.settings)


def _splits(recorded: Recorded, split: str, *, hold_back: int | None, repeats: bool | None, seed: int) -> list[Split]:
    """Return the split asked for, and what is reported beside it. Raises UnknownName and what parting raises."""
    import numpy as np

    from lifeloop.recommend.evaluate import SPLITS, leave_last_out, strong, temporal

    if split == "temporal":
        return [temporal(recorded, repeats=repeats)]
    if split == "strong":
        return [strong(recorded, rng=np.random.default_rng(seed), hold_back=hold_back)]
    if split != "leave-last-out":
        raise UnknownName("split", split, SPLITS)
    found = [leave_last_out(recorded, hold_back=hold_back, repeats=repeats)]
    if hold_back is None and recorded.marked is not None:
        found.append(leave_last_out(recorded, hold_back=EARLIER, repeats=repeats))
    return found


_FOUND = ("found", "NDCG@10", "95 %", "recall@10", "recall@20", "MRR@20", "NDCG@100")
_BREADTH = ("breadth and cost", "coverage", "novelty", "diversity", "popularity", "fit CPU s", "top CPU s", "peak MB")


def _show(recorded: Recorded, found: Sequence[Comparison]) -> None:
    for one in found:
        split = one.split
        say(split.words.en)
        say(f"{recorded.about}: {len(split):,} cases; {len(split.train):,} histories, {split.train.products:,} products.")
        table("", _FOUND, [_accuracy(name, measured) for name, measured in one.measured.items()], right=range(1, 7))
        table("", _BREADTH, [_breadth(name, measured) for name, measured in one.measured.items()], right=range(1, 8))
        for name, reason in one.not_compared.items():
            say(f"{name}: {reason}")


def _accuracy(name: str, found: Measured) -> list[str]:
    first = found.means["ndcg_at_10"]
    others = [f"{found.means[what].value:.4f}" for what in ("recall_at_10", "recall_at_20", "mrr_at_20", "ndcg_at_100")]
    return [name, f"{first.value:.4f}", f"{first.low:.4f} to {first.high:.4f}", *others]


def _breadth(name: str, found: Measured) -> list[str]:
    kind = [f"{found.coverage:.3f}", f"{found.means['novelty'].value:.2f}", f"{found.means['diversity'].value:.3f}"]
    peak = "" if found.peak_mb is None else f"{found.peak_mb:,.0f}"
    return [name, *kind, f"{found.popularity_bias:+.2f}", f"{found.fit_cpu_s:,.2f}", f"{found.top_cpu_s:,.2f}", peak]
