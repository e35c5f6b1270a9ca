"""The command that simulates a shop: its settings from a file and from options, its facts into a folder."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from shlex import quote
from time import perf_counter
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lifeloop.base.errors import SettingsError, UnknownName
from lifeloop.cli.options import JsonOption
from lifeloop.cli.show import emit, progress, say, table

if TYPE_CHECKING:
    from lifeloop.base.progress import Progress
    from lifeloop.cli.outfolder import OutFolder
    from lifeloop.cli.twin import Twin
    from lifeloop.measure.closeness import Closeness
    from lifeloop.simulate import Seen, WorldConfig
    from lifeloop.simulate.truth import Truth

FORMS = ("tables", "wire")
WORLD_FILE = "world.toml"
"""The settings kept beside what was simulated with them."""
TRUTH_FOLDER = "truth"
"""What the shop could not see is kept apart from what it saw."""
_EXPECTED = {"tables": ("event", "order", "order_line", "refund", "product", "customer"), "wire": ("product",)}
"""Parquet files that each form surely writes."""


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
    out: Annotated[str | None, typer.Option(help="The folder to write to.", metavar="PATH", show_default=False)] = None,
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
    place = None if show_world else _place(out, as_)
    with progress(quiet=as_json) as shown:
        if like is not None:
            twin = _twin(like, config, days, shown)
            config = _changed(twin.world, changes)
        done, rows = _fill(place, config, twin, shown) if place else ({}, [])
    if place is None:
        emit(config.model_dump(mode="json"), lambda: typer.echo(config.toml(), nl=False), as_json=as_json)
        return
    if twin:
        from lifeloop.cli.twin import plain_rows

        done["closeness"] = plain_rows(rows)
    emit(done, lambda: _show(done, config, twin, rows), as_json=as_json)


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
    with _naming(["days"]):
        return config.lasting(days)


def _changed(config: WorldConfig, given: Mapping[str, int | None]) -> WorldConfig:
    """Return the world with what was given put into its section [shop]. Raises SettingsError."""
    changes = {name: value for name, value in given.items() if value is not None}
    with _naming(changes):
        return config.but(shop=changes) if changes else config


@contextmanager
def _naming(options: Iterable[str]) -> Iterator[None]:
    """Name the option beside the setting where one was given that cannot be."""
    try:
        yield
    except SettingsError as error:
        for name in options:
            if f"shop.{name} =" in error.asked:
                asked = error.asked.replace(f"shop.{name} =", f"--{name} (shop.{name}) =")
                raise SettingsError(asked, error.found, f"Give --{name} another value.") from None
        raise


def _place(out: str | None, form: str) -> OutFolder:
    """Return the folder to write to. Raises SettingsError, and UnknownName for a form nobody writes."""
    from lifeloop.cli.outfolder import open_folder

    if form not in FORMS:
        raise UnknownName("form", form, FORMS)
    if not (out or "").strip():
        raise SettingsError("no folder to write to was named", "", "Add --out simulated, or --show-world to see the settings.")
    place = open_folder(Path(str(out)), form)
    place.refuse([WORLD_FILE, *(f"{name}.parquet" for name in _EXPECTED[form])])
    return place


def _fill(
    place: OutFolder, config: WorldConfig, twin: Twin | None, shown: Progress
) -> tuple[dict[str, Any], Sequence[Closeness]]:
    """Simulate into a folder, all or nothing; return what was written, and how close a twin came."""
    with place:
        done = write_shop(config, place.draft, place.form, shown)[0]
        rows = twin.compare(done["files"], place.draft, shown) if twin else []
    for name in ("files", "truth"):
        done[name] = [place.folder / file.relative_to(place.draft) for file in done[name]]
    return {**done, "out": place.folder}, rows


def write_shop(config: WorldConfig, folder: Path, form: str, shown: Progress) -> tuple[dict[str, Any], Truth]:
    """Simulate and write what the shop saw and, aside, the truth; return what was written, and the truth as of the last day.

    The folder should be empty, or not there; nothing is removed from it.
    """
    from lifeloop.base.files import write_whole
    from lifeloop.simulate.files.tables import write_tables
    from lifeloop.simulate.files.wire import write_wire
    from lifeloop.simulate.truth import TruthFiles, open_shop

    rows: Counter[str] = Counter()
    begun = perf_counter()
    shop, truth = open_shop(config)
    with TruthFiles(folder / TRUTH_FOLDER, truth) as aside:

        def watch(seen: Seen) -> None:
            rows.update({name: len(found) for name, found in seen.tables().items()})
            aside.keep()

        files = {"tables": write_tables, "wire": write_wire}[form](shop, folder, progress=shown, watch=watch)
        aside.finish()
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


def _show(done: dict[str, Any], config: WorldConfig, twin: Twin | None, rows: Sequence[Closeness]) -> None:
    if twin:
        twin.show(rows, done["out"])
    table("What the shop saw", ["table", "rows"], [(name, f"{rows:,}") for name, rows in done["rows"].items()], right=[1])
    out, home = done["out"], quote(str(_new_home(done["out"])))
    say(
        f"{len(done['files'])} files in {out}, in {done['seconds']:.1f} s ({done['events_per_s']:,} events/s)",
        f"What the shop could not see is in {out / TRUTH_FOLDER}",
    )
    if config.dirt.duplicates or config.dirt.malformed:
        say("Some events come twice and some are broken, as in real shops ([dirt]): import will call them known and rejected.")
    for line in (  # as they are: a command that is broken into lines cannot be copied
        f"The same again: lifeloop simulate --world {quote(str(out / WORLD_FILE))} --as {done['form']} --out {quote(str(out))}",
        f"Next:           lifeloop init --home {home} --currency {config.shop.currency}",
        f"                lifeloop import {_named(done['files'], out)} --home {home} --yes",
    ):
        typer.echo(line)


def _new_home(out: Path) -> Path:
    """Return a home named after the folder that nobody has, so that no real shop is mixed with a simulated one."""
    out = out if out.name not in ("", "..") else out.resolve()
    home, number = out.with_name(f"{out.name}-home"), 1
    while home.exists():
        number += 1
        home = out.with_name(f"{out.name}-home-{number}")
    return home


def _named(files: Sequence[Path], out: Path) -> str:
    """Return the files as a shell takes them, by pattern where the pattern means no other file."""
    words = []
    for pattern in ("events-*.jsonl", "*.parquet"):
        mine, found = [file for file in files if file.match(pattern)], sorted(out.glob(pattern))
        if mine and sorted(mine) == found:
            words.append(f"{quote(str(out))}/{pattern}")
        else:
            words += [quote(str(file)) for file in mine]
    return " ".join(words)
