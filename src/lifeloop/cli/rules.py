"""The command `lifeloop rules`: what is bought together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from lifeloop.base.text import Language, Text
from lifeloop.cli.options import HomeOption, JsonOption, open_app
from lifeloop.cli.show import emit, say, table

if TYPE_CHECKING:
    from lifeloop.recommend.together.told import ToldRule, ToldRules

TITLE = Text("Bought together, as of {day}, of {orders} orders", "截至 {day}，{orders} 个订单中的一起购买")
HEADINGS = (
    Text("who buys", "购买"),
    Text("buys too", "也购买"),
    Text("orders", "订单"),
    Text("confidence", "置信度"),
    Text("95 % interval", "95% 区间"),
    Text("lift", "提升度"),
    Text("false share", "误报率"),
)
NONE = Text("Nothing is bought with it more often than by chance.", "没有商品与它一起购买的次数明显多于偶然。")


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command("rules")(rules)


def rules(
    home: HomeOption = None,
    product: Annotated[
        str | None, typer.Option(help="Only what is bought with this product: its id or title.", show_default=False)
    ] = None,
    top: Annotated[int, typer.Option(min=1, help="How many, the surest first.")] = 20,
    as_json: JsonOption = False,
) -> None:
    """Show what is bought together: confidence with its interval, lift, and the share of false rules."""
    from lifeloop.recommend.together.told import strongest_rules

    app = open_app(home)
    told = strongest_rules(app.engine, app.home.models, product=product, top=top)
    emit(told, lambda: _show(told, app.home.settings.shop.language), as_json=as_json)


def _show(told: ToldRules, language: Language) -> None:
    if not told.rules:
        say(NONE.say(language))
        return
    title = TITLE.say(language, day=f"{told.as_of:%Y-%m-%d}", orders=f"{told.rules[0].orders:,}")
    table(title, [heading.say(language) for heading in HEADINGS], [_row(rule) for rule in told.rules], right=[2, 3, 4, 5, 6])


def _row(rule: ToldRule) -> tuple[str, ...]:
    return (
        _name(rule.if_product, rule.if_title),
        _name(rule.then_product, rule.then_title),
        f"{rule.orders_both:,}",
        f"{rule.confidence:.1%}",
        f"{rule.low:.1%} – {rule.high:.1%}",
        f"{rule.lift:,.1f}",
        "< 0.01%" if rule.q_value < 0.0001 else f"{rule.q_value:.2%}",
    )


def _name(product_id: str, title: str | None) -> str:
    return f"{title} ({product_id})" if title and title != product_id else product_id
