"""Commands about API keys: make one, list them, make a new one in place of one, take one away."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lifeloop.base.errors import SettingsError
from lifeloop.cli.options import HomeOption, JsonOption, open_app
from lifeloop.cli.show import emit, say, table

if TYPE_CHECKING:
    from lifeloop.store.keys import ApiKey

_HOUR = 3600.0
KeyId = Annotated[str, typer.Argument(help="The key's id, as `lifeloop keys list` shows it.")]


def register(app: typer.Typer) -> None:
    """Add the commands to `app`."""
    keys = typer.Typer(help="API keys: public ones that only send events, secret ones that read or do all.")
    keys.command("create")(create)
    keys.command("list")(list_)
    keys.command("rotate")(rotate)
    keys.command("revoke")(revoke)
    app.add_typer(keys, name="keys")


def create(
    scope: Annotated[str, typer.Option(help="ingest (public, sends events), read, or admin.")],
    home: HomeOption = None,
    name: Annotated[str, typer.Option(help="Your own name for it.")] = "",
    source: Annotated[
        str, typer.Option(help="Under which its events are kept; one message id in one source is one event.")
    ] = "live",
    origin: Annotated[
        list[str] | None, typer.Option(help="Web origin that may send with it; repeatable. Default: any.", show_default=False)
    ] = None,
    days: Annotated[int | None, typer.Option(help="Days it is valid. Default: until revoked.", show_default=False)] = None,
    as_json: JsonOption = False,
) -> None:
    """Make a key and show it, this once."""
    from lifeloop.base.clock import micros
    from lifeloop.store import keys

    app = open_app(home)
    if days is not None and days < 1:
        raise SettingsError(f"cannot make a key valid for {days} days", "that is less than one", "Write --days 90.")
    end = None if days is None else micros(app.clock.now() + timedelta(days=days))
    with app.store.writing() as connection:
        secret, made = keys.create(
            connection, app.clock, scope=scope, name=name, source=source, origins=origin or None, expires_at=end
        )
    _show_new(secret, made, as_json=as_json)


def list_(home: HomeOption = None, as_json: JsonOption = False) -> None:
    """List the keys; what they are is not kept and cannot be shown."""
    from lifeloop.store import keys

    app = open_app(home)
    with app.store.reading() as connection:
        known = keys.list_keys(connection)
    rows = [_row(key) for key in known]
    emit(
        {"keys": rows},
        lambda: table("", ["id", "scope", "name", "source", "state", "last used"], [tuple(row.values())[:6] for row in rows]),
        as_json=as_json,
    )


def rotate(
    key_id: KeyId,
    home: HomeOption = None,
    hours: Annotated[float, typer.Option(help="Hours the old one is still valid.")] = 24.0,
    as_json: JsonOption = False,
) -> None:
    """Make a new key like this one, which itself stays valid for some hours."""
    from lifeloop.store import keys

    app = open_app(home)
    with app.store.writing() as connection:
        secret, made = keys.rotate(connection, key_id, app.clock, grace_seconds=hours * _HOUR)
    _show_new(secret, made, as_json=as_json)


def revoke(key_id: KeyId, home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Let nobody in with this key from now on."""
    from lifeloop.store import keys

    app = open_app(home)
    with app.store.writing() as connection:
        keys.revoke(connection, key_id, app.clock)
    emit({"revoked": key_id}, lambda: say(f"{key_id} lets nobody in any more."), as_json=as_json)


def _show_new(secret: str, made: ApiKey, *, as_json: bool) -> None:
    emit(
        {"key": secret, **_row(made)},
        lambda: say(secret, f"This is {made.key_id} ({made.scope}). It is not kept and cannot be shown again."),
        as_json=as_json,
    )


def _row(key: ApiKey) -> dict[str, Any]:
    from lifeloop.base.clock import instant_of

    def shown(at: int | None) -> str | None:
        return None if at is None else instant_of(at).isoformat(timespec="seconds")

    state = "revoked" if key.revoked_at else f"valid until {shown(key.expires_at)}" if key.expires_at else "valid"
    return {
        "id": key.key_id,
        "scope": key.scope,
        "name": key.name,
        "source": key.source,
        "state": state,
        "used_at": shown(key.used_at),
        "origins": None if key.origins is None else list(key.origins),
        "created_at": shown(key.created_at),
    }
