"""Commands about people: one customer, or the segments they form."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from lifeloop.cli.options import AsOfOption, HomeOption, JsonOption, open_app
from lifeloop.cli.show import emit, say, words_table

if TYPE_CHECKING:
    from lifeloop.app import App
    from lifeloop.measure.customers import CustomerCard
    from lifeloop.measure.report_data import ReportData


def register(app: typer.Typer) -> None:
    """Add the commands to `app`."""
    app.command("customer")(customer)
    app.command("segments")(segments)


def customer(
    customer_id: Annotated[str, typer.Argument(help="The shop's customer id.")],
    home: HomeOption = None,
    as_of: AsOfOption = None,
    features: Annotated[bool, typer.Option("--features", help="Show every feature, too.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Show one customer: stage, scores with reasons, and what they did."""
    app = open_app(home)
    card = app.customer(customer_id, app.last_run(as_of))
    emit(card, lambda: _show_card(app, card, features=features), as_json=as_json)


def segments(home: HomeOption = None, as_of: AsOfOption = None, as_json: JsonOption = False) -> None:
    """Show the segments: RFM names and clusters, with their size and worth."""
    app = open_app(home)
    data = app.report_data(app.last_run(as_of))
    shown = {"as_of": data.as_of, "rfm": data.rfm, "clusters": data.clusters, "cluster_facts": data.cluster_facts}
    emit(shown, lambda: _show_segments(data), as_json=as_json)


def _show_card(app: App, card: CustomerCard, *, features: bool) -> None:
    from lifeloop.console.tables import card_words
    from lifeloop.console.voice import Voice

    words = card_words(card, Voice(app.home.settings.shop.language, app.home.currency, app.zone))
    say(f"{words.title}: {words.stage}", words.stage_reason)
    say(*(f"{name}: {value}" for name, value in words.profile))
    for shown in (words.scores, words.history, *((words.features,) if features else ())):
        words_table(shown)


def _show_segments(data: ReportData) -> None:
    from lifeloop.console.tables import segment_table
    from lifeloop.console.voice import Voice

    voice = Voice(data.language, data.currency, data.zone)
    for groups in (data.rfm, data.clusters):
        words_table(segment_table(groups, voice))
    facts = data.cluster_facts
    if facts:
        stability = "–" if facts.stability is None else f"{facts.stability:.2f}"
        say(f"{facts.method}, {facts.clusters} clusters; stability (adjusted Rand index over bootstrap samples): {stability}")
