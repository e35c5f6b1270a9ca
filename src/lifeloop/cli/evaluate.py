"""The command that judges recommendations by what people then had."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lifeloop.base.errors import SettingsError, UnknownName
from lifeloop.base.text import Language, Text
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
        typer.Option(
            help="Model by name; repeatable. Ours: lifeloop (served to customers), lifeloop_visit (served within a visit), "
            "lifeloop_taste (a part of lifeloop, alone). Baselines: popularity, again, markov. Peers: "
            "item_knn, user_knn, svd, ials (extra peers), ease (up to 10,000 products; minutes near that), "
            "sasrec (extra deep; takes minutes or hours). Default: all but sasrec.",
            show_default=False,
        ),
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
    import scipy.sparse.linalg  # noqa: F401  its BLAS must be there to be limited
    from threadpoolctl import threadpool_limits

    from lifeloop.recommend.evaluate import compare

    makers = _chosen(model)
    recorded, language = _read(data, needs_time=split == "temporal")
    splits = _splits(recorded, split, hold_back=hold_back, repeats=repeats, seed=seed)
    with progress(quiet=as_json) as shown, threadpool_limits(1):
        found = [compare(one, makers, progress=shown) for one in splits]
    refused = [error for one in found for name, error in one.not_compared.items() if model and name in model]
    if refused and not any(one.measured for one in found):
        raise refused[0]
    answer = {"data": str(data), "read": recorded.about, "split": split, "seed": seed, **found[0].as_json()}
    answer["beside"] = [one.as_json() for one in found[1:]]
    emit(answer, lambda: _show(recorded, found, language), as_json=as_json)
    if refused:  # told above with its reason
        raise typer.Exit(refused[0].exit_code)


def _chosen(names: list[str] | None) -> Mapping[str, Callable[[], Peer]]:
    """Return the models asked for. Raises UnknownName."""
    from lifeloop.recommend.peers import PEERS, SLOW

    wanted = list(dict.fromkeys(names)) if names else [name for name in PEERS if name not in SLOW]
    for name in wanted:
        if name not in PEERS:
            raise UnknownName("model", name, PEERS)
    return {name: PEERS[name] for name in wanted}


def _read(data: Path, *, needs_time: bool) -> tuple[Recorded, Language]:
    """Return what a data home or a folder records, and the language to tell of it. Raises SettingsError."""
    from lifeloop.recommend.evaluate import read_folder
    from lifeloop.recommend.evaluate.home import read_home

    if not data.is_dir():
        raise SettingsError(
            f"cannot evaluate on {data}", "there is no such folder", "Name a folder of Parquet files, or a home."
        )
    if not (data / SETTINGS_FILE).exists():
        return read_folder(data, needs_time=needs_time), "en"
    app = open_app(data)
    recorded = read_home(app.lake, app.engine, app.as_of(None), settings=app.home.settings)
    return recorded, app.home.settings.shop.language


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


_FOUND = (
    Text("found", "命中"),
    Text("NDCG@10", "NDCG@10"),
    Text("95 %", "95%"),
    *(Text(one, one) for one in ("recall@10", "recall@20", "MRR@20", "NDCG@100")),
)
_BREADTH = (
    Text("breadth and cost", "广度与开销"),
    Text("coverage", "覆盖"),
    Text("novelty, bits", "新颖度（比特）"),
    Text("diversity", "多样性"),
    Text("popularity bias", "热门偏差"),
    Text("fit, CPU s", "训练 CPU 秒"),
    Text("top, CPU s", "排序 CPU 秒"),
    Text("peak, MB", "峰值 MB"),
)
_SIZE = Text(
    "{about}: {cases} cases; {histories} histories, {products} products.",
    "{about}：{cases} 个样例；{histories} 段历史，{products} 件商品。",
)
_NOTES = (
    Text(
        "coverage: share of all products in anybody's first ten. novelty: bits, -log2 of the share of histories that hold a "
        "listed product; one bit more is half as common.",
        "覆盖：出现在任何人前十件中的商品占比。新颖度：比特，即含有该商品的历史占比的 -log2；多一比特即罕见一倍。",
    ),
    Text(
        "diversity: 0 to 1, 1 - cosine of two listed products; 1 where nobody had both. popularity bias: how much more popular "
        "the lists are than what people had: 0 as popular, +1 twice as popular.",
        "多样性：0 到 1，即列表中两件商品的 1 - 余弦；无人同时有过则为 1。"
        "热门偏差：列表比人们有过的商品热门多少：0 为相同，+1 为两倍。",
    ),
    Text(
        "top: the first hundred of every case. Everything ran on one thread.",
        "排序：为每个样例给出前一百件。全部在单线程上运行。",
    ),
)


def _show(recorded: Recorded, found: Sequence[Comparison], language: Language) -> None:
    from lifeloop.recommend.evaluate.compare import why
    from lifeloop.recommend.evaluate.home import ABOUT
    from lifeloop.recommend.evaluate.verdict import EXPLAINED

    about = ABOUT.say(language) if recorded.about == ABOUT.en else recorded.about
    for one in found:
        split, measured = one.split, one.measured
        sizes = {"cases": len(split), "histories": len(split.train), "products": split.train.products}
        say(split.words.say(language), _SIZE.say(language, about=about, **{name: f"{size:,}" for name, size in sizes.items()}))
        for headings, row in ((_FOUND, _accuracy), (_BREADTH, _breadth)):
            rows = [row(name, figures) for name, figures in measured.items()]
            table("", [heading.say(language) for heading in headings], rows, right=range(1, len(headings)))
        say(*(f"{name}: {why(error)}" for name, error in one.not_compared.items()))
    say(*(f"{name}: {EXPLAINED[name].say(language)}" for name in found[0].measured))
    say(*(note.say(language) for note in _NOTES))
    say(*(one.verdict.say(language) for one in found))


def _accuracy(name: str, found: Measured) -> list[str]:
    first = found.means["ndcg_at_10"]
    others = [f"{found.means[what].value:.4f}" for what in ("recall_at_10", "recall_at_20", "mrr_at_20", "ndcg_at_100")]
    return [name, f"{first.value:.4f}", f"{first.low:.4f} to {first.high:.4f}", *others]


def _breadth(name: str, found: Measured) -> list[str]:
    kind = [f"{found.coverage:.3f}", f"{found.means['novelty'].value:.2f}", f"{found.means['diversity'].value:.3f}"]
    peak = "" if found.peak_mb is None else f"{found.peak_mb:,.0f}"
    return [name, *kind, f"{found.popularity_bias:+.2f}", f"{found.fit_cpu_s:,.2f}", f"{found.top_cpu_s:,.2f}", peak]
