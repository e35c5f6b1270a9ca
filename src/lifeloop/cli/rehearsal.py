"""The command that rehearses policies in a simulated shop."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lifeloop.base.errors import SettingsError, UnknownName
from lifeloop.cli.options import JsonOption
from lifeloop.cli.show import emit, progress, say, table
from lifeloop.cli.simulated import world_of

if TYPE_CHECKING:
    from lifeloop.simulate.policies import Rehearsal

BASELINE = "none"
"""The policy the others are compared with."""


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command("rehearse")(rehearse)


def rehearse(
    policy: Annotated[
        list[str] | None,
        typer.Option(help="Policy by name: none, rfm_coupon, oracle; repeatable. Default: all.", show_default=False),
    ] = None,
    customers: Annotated[int | None, typer.Option(help="Customers who order at least once.", show_default=False)] = None,
    days: Annotated[int, typer.Option(help="Days, up to the world's end.")] = 365,
    after: Annotated[int, typer.Option(help="Days before the policy begins to act.")] = 180,
    seed: Annotated[int | None, typer.Option(help="Seed of every draw.", show_default=False)] = None,
    world: Annotated[
        Path | None, typer.Option(help="A TOML file of settings; see docs/reference/world.md.", show_default=False)
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Live through one simulated shop once per policy, and say what each would have earned."""
    from lifeloop.simulate.policies import POLICIES
    from lifeloop.simulate.policies import rehearse as live

    names = list(dict.fromkeys([BASELINE, *(policy or POLICIES)]))
    for name in names:
        if name not in POLICIES:
            raise UnknownName("policy", name, POLICIES)
    config = world_of(world, days=days, customers=customers, seed=seed)
    if not 0 <= after < config.shop.days:
        raise SettingsError(
            f"cannot let a policy act after {after} days",
            f"the world has {config.shop.days}",
            "Set --after lower or --days higher.",
        )
    with progress(quiet=as_json) as shown:
        found = {name: live(config, name, warm_up_days=after, progress=shown) for name in names}
    emit({"currency": config.shop.currency, "policies": found}, lambda: _show(found, config.shop.currency), as_json=as_json)


def _show(found: dict[str, Rehearsal], currency: str) -> None:
    from lifeloop.base.money import EXPONENT

    unit, silent = 10 ** EXPONENT[currency], found[BASELINE]
    rows: list[tuple[Any, ...]] = []
    for name, one in found.items():
        gained = (one.margin_minor - silent.margin_minor) / unit
        rows.append(
            (
                name,
                f"{one.messages:,}",
                f"{one.unsubscribed:,}",
                f"{one.orders:,}",
                f"{one.goods_minor / unit:,.0f}",
                f"{one.margin_minor / unit:,.0f}",
                "" if name == BASELINE else f"{gained:+,.0f}",
            )
        )
    heads = ["policy", "messages", "unsubscribed", "orders", f"goods, {currency}", f"margin, {currency}", "against none"]
    table(f"{silent.days} days of one shop, lived once per policy", heads, rows, right=range(1, len(heads)))
    won = f"{silent.acquisition_minor / unit:,.0f} {currency}"
    say(f"{silent.new_customers:,} new customers came meanwhile; to win them cost {won}, the same with every policy.")
    say("The margin is goods less their cost, returns, shipping given away and the cost of messages.")
