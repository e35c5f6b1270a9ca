"""The command that rehearses policies in a simulated shop."""

from __future__ import annotations

import importlib.util
from dataclasses import asdict
from pathlib import Path
from statistics import fmean, stdev
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lifeloop.base.errors import SettingsError
from lifeloop.base.money import EXPONENT
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
        typer.Option(
            help="none, rfm_coupon, oracle, or your own: file.py:Class; repeatable. Default: the three.", show_default=False
        ),
    ] = None,
    customers: Annotated[int | None, typer.Option(help="Customers who order at least once.", show_default=False)] = None,
    days: Annotated[int, typer.Option(help="Days, up to the world's end.")] = 365,
    after: Annotated[int, typer.Option(help="Days before the policy begins to act.")] = 180,
    seed: Annotated[int | None, typer.Option(help="Seed of every draw.", show_default=False)] = None,
    seeds: Annotated[int, typer.Option(help="How many shops to live in, seed by seed; from 2 on with an interval.")] = 1,
    world: Annotated[
        Path | None, typer.Option(help="A TOML file of settings; see docs/reference/world.md.", show_default=False)
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Live through one simulated shop once per policy, and say what each would have earned."""
    from lifeloop.simulate.policies import POLICIES
    from lifeloop.simulate.policies import rehearse as live

    if seeds < 1:
        raise SettingsError(f"cannot rehearse in {seeds} shops", "", "Set --seeds to 1 or more.")
    config = world_of(world, days=days, customers=customers, seed=seed)
    policies = {name: own_policy(name) if ":" in name else name for name in dict.fromkeys([BASELINE, *(policy or POLICIES)])}
    found: dict[str, list[Rehearsal]] = {name: [] for name in policies}
    with progress(quiet=as_json) as shown:
        for further in range(seeds):
            shop = config.but(shop={"seed": config.shop.seed + further})
            for name, acts in policies.items():
                found[name].append(live(shop, acts, after_days=after, progress=shown))
    unit = 10 ** EXPONENT[config.shop.currency]
    told = {name: {**asdict(runs[0]), "gained": gained(runs, found[BASELINE], unit)} for name, runs in found.items()}
    answer = {
        "currency": config.shop.currency,
        "customers": config.shop.customers,
        "days": config.shop.days,
        "after": after,
        "seed": config.shop.seed,
        "seeds": seeds,
        "policies": told,
    }
    emit(answer, lambda: _show(found, config.shop.currency, unit), as_json=as_json)


def own_policy(place: str) -> Any:
    """Return the policy that a file defines, told as `file.py:Class`. Raises SettingsError."""
    file, _, name = place.rpartition(":")
    spec = importlib.util.spec_from_file_location("own_policy", file) if Path(file).is_file() else None
    if spec is None or spec.loader is None:
        raise SettingsError(f"cannot rehearse {place}", f"there is no Python file {file}", "Name it as file.py:Class.")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    if not hasattr(getattr(module, name, None), "act"):
        raise SettingsError(f"cannot rehearse {place}", f"{file} has no class {name} with a method `act`", "See the guide.")
    return getattr(module, name)()


def gained(runs: list[Rehearsal], silent: list[Rehearsal], unit: int) -> dict[str, float | None]:
    """Return the mean margin against silence in the same shops, in units of the currency, and its 95 % interval.

    The interval is Student's over shops, None for one shop (Student, 1908).
    """
    from scipy.stats import t

    more = [(one.margin_minor - other.margin_minor) / unit for one, other in zip(runs, silent, strict=True)]
    if len(more) < 2:
        return {"value": more[0], "low": None, "high": None}
    wide = float(t.ppf(0.975, len(more) - 1)) * stdev(more) / len(more) ** 0.5
    return {"value": fmean(more), "low": fmean(more) - wide, "high": fmean(more) + wide}


_ABOUT = {
    "none": "nobody is written to",
    "rfm_coupon": "every four weeks, 10 % off by e-mail for whoever ordered 30 to 180 days ago",
    "oracle": "knows the truth and sends what earns most: what there is to be won",
}


def _show(found: dict[str, list[Rehearsal]], currency: str, unit: int) -> None:
    silent, rows = found[BASELINE], []
    for name, runs in found.items():
        more = gained(runs, silent, unit)
        interval = "" if more["low"] is None else f" ({more['low']:+,.0f} to {more['high']:+,.0f})"
        rows.append(
            (
                name,
                *(
                    f"{fmean(getattr(one, what) for one in runs):,.0f}"
                    for what in ("messages", "refused", "unsubscribed", "orders")
                ),
                *(f"{fmean(getattr(one, what) for one in runs) / unit:,.0f}" for what in ("goods_minor", "margin_minor")),
                "" if name == BASELINE else f"{more['value']:+,.0f}{interval}",
            )
        )
    heads = [
        "policy",
        "messages",
        "refused",
        "unsubscribed",
        "orders",
        f"goods, {currency}",
        f"margin, {currency}",
        "against none",
    ]
    shops = "one shop" if len(silent) == 1 else f"each of {len(silent)} shops, means"
    table(f"{silent[0].days} days of {shops}, lived once per policy", heads, rows, right=range(1, len(heads)))
    say(*(f"{name}: {_ABOUT[name]}" for name in found if name in _ABOUT))
    won = f"{fmean(one.acquisition_minor for one in silent) / unit:,.0f} {currency}"
    new = fmean(one.new_customers for one in silent)
    say(f"{new:,.0f} new customers came meanwhile; to win them cost {won}, the same with every policy.")
    say("The margin is goods less their cost, returns, shipping given away and the cost of messages.")
    if len(silent) == 1:
        say("One shop is one story: --seeds 10 gives an interval.")
