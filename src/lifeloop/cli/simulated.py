"""The command that simulates a shop: its settings from a file and from options, its facts into a folder."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lifeloop.base.errors import SettingsError, UnknownName
from lifeloop.cli.options import JsonOption
from lifeloop.cli.show import emit, progress, say, table

if TYPE_CHECKING:
    from lifeloop.base.progress import Progress
    from lifeloop.cli.twin import Twin
    from lifeloop.measure.closeness import Closeness
    from lifeloop.simulate import Seen, WorldConfig
    from lifeloop.simulate.truth import Truth

FORMS = ("tables", "wire")
WORLD_FILE = "world.toml"
"""The settings kept beside what was simulated with them; by it the folder of an earlier simulation is known again."""
TRUTH_FOLDER = "truth"
"""What the shop could not see is kept apart from what it saw."""
_WRITTEN = ("*.parquet", "events-*.jsonl")


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command("simulate")(simulate)


def simulate(
    customers: Annotated[
        int | None, typer.Option(help="Customers who order at least once. Default: the world's, 4000.", show_default=False)
    ] = None,
    products: Annotated[
        int | None, typer.Option(help="Products in the catalogue. Default: the world's, 600.", show_default=False)
    ] = None,
    days: Annotated[
        int | None, typer.Option(help="Days up to the world's end. Default: two years.", show_default=False)
    ] = None,
    seed: Annotated[
        int | None, typer.Option(help="Seed of every draw; the same seed gives the same bytes.", show_default=False)
    ] = None,
    out: Annotated[Path | None, typer.Option(help="The folder to write to.", show_default=False)] = None,
    as_: Annotated[
        str, typer.Option("--as", help="tables: Parquet files; wire: the events as JSON lines, as a shop's pipeline gets them.")
    ] = "tables",
    world: Annotated[
        Path | None, typer.Option(help="A TOML file of settings; see docs/reference/world.md.", show_default=False)
    ] = None,
    like: Annotated[
        Path | None,
        typer.Option(
            help="A data home: simulate a shop with the figures of that one, and say how close it came.", show_default=False
        ),
    ] = None,
    show_world: Annotated[bool, typer.Option("--show-world", help="Print all settings as TOML and simulate nothing.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Simulate a shop whose truth is known, and write what it would have seen."""
    changes = {"customers": customers, "products": products, "seed": seed}
    config, twin = world_of(world, days=days, **changes), None
    folder = None if show_world else _folder(out, as_)
    with progress(quiet=as_json) as shown:
        if like is not None:
            twin = _twin(like, config, days, shown)
            config = _changed(twin.world, changes)
        done = write_shop(config, folder, as_, shown)[0] if folder else {}
        rows = twin.compare(done["files"], folder, shown) if twin and folder else []
    if folder is None:
        emit(config.model_dump(mode="json"), lambda: typer.echo(config.toml(), nl=False), as_json=as_json)
        return
    if twin:
        from lifeloop.cli.twin import plain_rows

        done["closeness"] = plain_rows(rows)
    emit(done, lambda: _show(done, twin, rows), as_json=as_json)


def _twin(home: Path, base: WorldConfig, days: int | None, shown: Progress) -> Twin:
    """Return the world fitted to the shop in a home. Raises SettingsError, NotEnoughData."""
    from lifeloop.cli.twin import Twin

    if days is not None:
        raise SettingsError("cannot take --days and --like together", "a shop like another has its days", "Leave --days out.")
    return Twin.of(home, base, shown)


def world_of(file: Path | None, *, days: int | None, **given: int | None) -> WorldConfig:
    """Return the world of a file, or the default one, with what the options change in it. Raises SettingsError."""
    from lifeloop.simulate import WorldConfig

    config = WorldConfig() if file is None else WorldConfig.read(file)
    config = _changed(config, given)
    if days is None:
        return config
    return config.lasting(days)


def _changed(config: WorldConfig, given: Mapping[str, int | None]) -> WorldConfig:
    """Return the world with what was given put into its section [shop]. Raises SettingsError."""
    changes = {name: value for name, value in given.items() if value is not None}
    return config.but(shop=changes) if changes else config


def _folder(out: Path | None, form: str) -> Path:
    """Return the folder to write to: a new or empty one, or one an earlier simulation was written to.

    Raises SettingsError, and UnknownName for a form nobody writes.
    """
    if form not in FORMS:
        raise UnknownName("form", form, FORMS)
    if out is None:
        raise SettingsError("no folder to write to was named", "", "Add --out simulated, or --show-world to see the settings.")
    if out.exists() and not out.is_dir():
        raise SettingsError(f"cannot write to {out}", "it is a file", "Name a folder with --out.")
    if out.is_dir() and not (out / WORLD_FILE).exists() and any(not one.name.startswith(".") for one in out.iterdir()):
        raise SettingsError(
            f"cannot write to {out}",
            f"there are files in it, and no {WORLD_FILE} of an earlier simulation",
            "Name a new folder with --out.",
        )
    return out


def write_shop(config: WorldConfig, folder: Path, form: str, shown: Progress) -> tuple[dict[str, Any], Truth]:
    """Simulate and write what the shop saw and, aside, the truth; return what was written, and the truth as of the last day."""
    from lifeloop.base.files import write_whole
    from lifeloop.simulate.files import write_tables
    from lifeloop.simulate.truth import TruthFiles, open_shop
    from lifeloop.simulate.wire import write_wire

    rows: Counter[str] = Counter()
    begun = perf_counter()
    shop, truth = open_shop(config)
    with TruthFiles(folder / TRUTH_FOLDER, truth) as aside:

        def watch(seen: Seen) -> None:
            rows.update({name: len(found) for name, found in seen.tables().items()})
            aside.keep()

        files = {"tables": write_tables, "wire": write_wire}[form](shop, folder, progress=shown, watch=watch)
        aside.finish()
    _remove_others(folder, set(files.values()))
    write_whole(folder / WORLD_FILE, config.toml())
    seconds = perf_counter() - begun
    done = {
        "out": folder,
        "form": form,
        "files": sorted(files.values()),
        "truth": sorted((folder / TRUTH_FOLDER).glob("*.parquet")),
        "rows": dict(rows),
        "seconds": round(seconds, 2),
        "events_per_s": round(rows["event"] / max(seconds, 1e-9)),
    }
    return done, truth


def _remove_others(folder: Path, kept: set[Path]) -> None:
    """Remove the files of an earlier simulation that this one has not written anew."""
    for pattern in _WRITTEN:
        for file in folder.glob(pattern):
            if file not in kept:
                file.unlink()


def _show(done: dict[str, Any], twin: Twin | None, rows: Sequence[Closeness]) -> None:
    if twin:
        twin.show(rows, done["out"])
    table("What the shop saw", ["table", "rows"], [(name, f"{rows:,}") for name, rows in done["rows"].items()], right=[1])
    out, files = done["out"], done["files"]
    what = out / "*.parquet" if done["form"] == "tables" else f"{out / 'events-*.jsonl'} {out / '*.parquet'}"
    say(
        f"{len(files)} files in {out}, in {done['seconds']:.1f} s ({done['events_per_s']:,} events/s)",
        f"What the shop could not see is in {out / TRUTH_FOLDER}",
        f"The same again: lifeloop simulate --world {out / WORLD_FILE} --as {done['form']} --out {out}",
        "Next:           lifeloop init --home shop",
        f"                lifeloop import {what} --home shop --yes",
    )
