"""The reference pages, written from the declarations; a test keeps them up to date."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, get_args

import typer

from lifeloop.base.errors import SettingsError

_NOTE = "Written from the declarations by `make docs`; do not edit."


def register(app: typer.Typer) -> None:
    """Add the command to `app`; it is for people who work on lifeloop, so `--help` does not list it."""
    app.command("docs", hidden=True)(docs)


def docs(
    context: typer.Context,
    folder: Annotated[Path, typer.Option(help="Where the pages go.")] = Path("docs/reference"),
    check: Annotated[bool, typer.Option("--check", help="Fail when a page is not up to date; write nothing.")] = False,
) -> None:
    """Write docs/reference: tables, features, settings, the simulated world, commands."""
    stale = [
        name
        for name, text in pages(context.find_root().command).items()
        if not _is_current(folder / name, text, write=not check)
    ]
    if check and stale:
        raise SettingsError(
            f"docs/reference is not up to date: {', '.join(stale)}", "", "Run `make docs` and commit the pages."
        )


def pages(group: Any) -> dict[str, str]:
    """Return every reference page by file name; `group` is the command line itself."""
    from lifeloop.features import features_reference
    from lifeloop.schema import TABLES, tables_reference

    return {
        "tables.md": tables_reference(TABLES.values()),
        "features.md": features_reference(),
        "settings.md": settings_reference(),
        "world.md": world_reference(),
        "commands.md": commands_reference(group),
        "http.md": http_reference(),
    }


def settings_reference() -> str:
    """Return the page of lifeloop.toml, one table per section."""
    from pydantic import BaseModel

    from lifeloop.base.config import Settings

    sections: dict[str, type[BaseModel]] = {}
    for name, of_settings in Settings.model_fields.items():
        kept: Any = of_settings.annotation
        of_each = get_args(kept)
        sections[f"{name}.NAME" if of_each else name] = of_each[1] if of_each else kept
    parts = [
        (
            f"# Settings\n\n{_NOTE}\n\nKept in `lifeloop.toml` in the data home. The environment wins over the file: "
            "`LIFELOOP_SHOP__CURRENCY=EUR`.\n"
        )
    ]
    for section, model in sections.items():
        parts.append(f"\n## [{section}]\n\n| setting | default | meaning |\n|---|---|---|\n")
        for name, field in model.model_fields.items():
            default = field.get_default(call_default_factory=True)
            shown = "needed" if field.is_required() else "unset" if default is None else f"`{default!r}`"
            parts.append(f"| {name} | {shown} | {field.description} |\n")
    return "".join(parts)


def http_reference() -> str:
    """Return the page of the HTTP API, from what it declares."""
    from lifeloop.api.app import declared
    from lifeloop.api.pages import markdown_page

    return markdown_page(declared().openapi(), _NOTE)


def world_reference() -> str:
    """Return the page of the simulated world's settings, one table per section."""
    from lifeloop.simulate import WorldConfig

    return (
        f"# The simulated world\n\n{_NOTE}\n\nA TOML file given to `lifeloop simulate --world FILE.toml`; what it leaves out "
        "has the default below, and `lifeloop simulate --show-world` prints them all. Rates are per week, shares lie in 0..1, "
        "money is in major units of `shop.currency`.\n" + "".join(_world_section(name, value) for name, value in WorldConfig())
    )


def _world_section(name: str, value: Any) -> str:
    """Return the table of one section, and behind it those of the sections within it."""
    if isinstance(value, dict):
        named = [inner for inner in value.values() if hasattr(inner, "model_fields_set")]
        if not named:
            rows = "".join(f"| {key} | `{inner}` |\n" for key, inner in value.items())
            return f"\n## [{name}]\n\n| name | default |\n|---|---|\n{rows}"
        return "".join(_world_section(f"{name}.{key}", inner) for key, inner in value.items())
    about = type(value)
    meaning = str(about.__doc__).partition(": ")[2]
    parts = [f"\n## [{name}]\n\n{meaning[:1].upper()}{meaning[1:]}\n\n| setting | default | meaning |\n|---|---|---|\n"]
    further = []
    for key, inner in value:
        if isinstance(inner, dict):
            further.append(_world_section(f"{name}.{key}", inner))
        else:
            shown = list(inner) if isinstance(inner, tuple) else inner
            parts.append(f"| {key} | `{shown}` | {about.model_fields[key].description} |\n")
    return "".join([*parts, *further])


def commands_reference(group: Any) -> str:
    """Return the page of the command line: every command, argument and option."""
    parts = [
        f"# Commands\n\n{_NOTE}\n\nExit codes: 0 done, 1 failed, 2 wrong use, 3 file, 4 too little data, 5 lake, 6 model.\n"
    ]
    for name, command in _commands_in(group):
        parts.append(f"\n## lifeloop {name}\n\n{command.help}\n\n| argument or option | meaning |\n|---|---|\n")
        for parameter in command.params:
            if parameter.name == "help":
                continue
            shown = ", ".join(parameter.opts) if parameter.param_type_name == "option" else parameter.name.upper()
            parts.append(f"| `{shown}` | {getattr(parameter, 'help', None) or ''} |\n")
    return "".join(parts)


def _commands_in(group: Any, behind: str = "") -> Iterator[tuple[str, Any]]:
    """Yield every command people see, with the words it is called by."""
    for name, command in sorted(group.commands.items()):
        if hasattr(command, "commands"):
            yield from _commands_in(command, f"{behind}{name} ")
        elif not command.hidden:
            yield f"{behind}{name}", command


def _is_current(file: Path, text: str, *, write: bool) -> bool:
    if file.exists() and file.read_text("utf-8") == text:
        return True
    if write:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")
    return False
