"""The command that recommends: to one customer or visitor, in one placement or in all, with the reasons."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lifeloop.base.errors import UnknownName
from lifeloop.base.recommend_settings import PLACEMENTS, Placement
from lifeloop.cli.options import HomeOption, JsonOption, open_app
from lifeloop.cli.show import emit, say, table

if TYPE_CHECKING:
    from lifeloop.app import App
    from lifeloop.base.text import Language
    from lifeloop.recommend.asked import Answer, Recommended

_SHORT = 3
"""Products of each placement where all are shown."""
_HEADINGS: dict[Language, tuple[str, ...]] = {
    "en": ("", "product", "from", "because"),
    "zh": ("", "商品", "来自", "原因"),
}


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command("recommend")(recommend)


def recommend(
    customer_id: Annotated[
        str | None, typer.Argument(help="The shop's customer id. Without one: what a visitor nobody knows is shown.")
    ] = None,
    home: HomeOption = None,
    placement: Annotated[
        str | None,
        typer.Option(help="home, product, search, cart or message. Without one: the first of all of them.", show_default=False),
    ] = None,
    item: Annotated[
        list[str] | None,
        typer.Option(
            help="The product on the page, one in the cart, or one of the shop's own hits in its order; repeatable.",
            show_default=False,
        ),
    ] = None,
    category: Annotated[
        str | None, typer.Option(help="Only products of this category and those below it.", show_default=False)
    ] = None,
    k: Annotated[int, typer.Option("-k", "--k", help="How many products.")] = 10,
    seed: Annotated[int, typer.Option(help="Seed of the places that are given by chance.")] = 0,
    as_json: JsonOption = False,
) -> None:
    """Recommend products, with the reason of each. It is a look: nothing is logged as shown."""
    app = open_app(home)
    if placement is None:
        answers = every_placement(app, customer_id, k=min(k, _SHORT) if not as_json else k, seed=seed, items=item or ())
    else:
        answers = [_answer(app, placement, customer_id, k=k, seed=seed, items=item or (), category=category)]
    language = app.home.settings.shop.language
    emit([answer_json(app, one) for one in answers], lambda: show_answers(app, answers, language), as_json=as_json)


def every_placement(app: App, customer_id: str | None, *, k: int, seed: int = 0, items: Sequence[str] = ()) -> list[Answer]:
    """Return what each placement shows; where none is named, the product on the page is the first of the home page."""
    home = _answer(app, "home", customer_id, k=k, seed=seed)
    on_page = tuple(items) or tuple(one.product_id for one in home.products[:1])
    if not on_page:
        return [home]
    near = _answer(app, "product", customer_id, k=10, seed=seed, items=on_page[:1])
    hits = tuple(one.product_id for one in reversed(near.products)) or on_page
    given: dict[Placement, tuple[str, ...]] = {"product": on_page[:1], "search": hits, "cart": on_page}
    return [
        home if name == "home" else _answer(app, name, customer_id, k=k, seed=seed, items=given.get(name, ()))
        for name in PLACEMENTS
    ]


def example(app: App, customers: Sequence[str]) -> str | None:
    """Return the first of some customers whose own history may be used; the first of them where that is so of nobody."""
    for customer in customers:
        if _answer(app, "home", customer, k=1).is_personal:
            return customer
    return customers[0] if customers else None


def _answer(
    app: App,
    placement: str,
    customer_id: str | None,
    *,
    k: int,
    seed: int = 0,
    items: Sequence[str] = (),
    category: str | None = None,
) -> Answer:
    import numpy as np

    from lifeloop.recommend.asked import Asked

    if placement not in PLACEMENTS:
        raise UnknownName("placement", placement, PLACEMENTS)
    asked = Asked(
        placement=placement,
        k=k,
        items=tuple(items),
        category=category,
        language=app.home.settings.shop.language,
    )
    return app.shopfront.answer(asked, customer_id=customer_id, generator=np.random.default_rng(seed))


def answer_json(app: App, answer: Answer) -> dict[str, Any]:
    """Return an answer as plain values."""
    return {
        "placement": answer.placement,
        "version": answer.version,
        "personal": answer.is_personal,
        "notes": [{"en": note.say("en"), "zh": note.say("zh")} for note in answer.notes],
        "products": [_product_json(app, one) for one in answer.products],
    }


def _product_json(app: App, one: Recommended) -> dict[str, Any]:
    return {
        "product_id": one.product_id,
        "title": app.shopfront.title(one.product_id),
        "rank": one.rank,
        "score": one.score,
        "strategy": one.strategy,
        "propensity": one.propensity,
        "explored": one.is_explored,
        "reasons": [
            {
                "en": reason.say("en"),
                "zh": reason.say("zh"),
                "because_of": reason.because_of,
                "contribution": reason.contribution,
            }
            for reason in one.reasons
        ],
    }


def show_answers(app: App, answers: Sequence[Answer], language: Language) -> None:
    """Show answers to a person, a table each."""
    for answer in answers:
        rows = [
            (one.rank, app.shopfront.title(one.product_id) or one.product_id, one.strategy, _because(one, language))
            for one in answer.products
        ]
        table(answer.placement, _HEADINGS[language], rows, right=[0])
        say(*(note.say(language) for note in answer.notes))


def _because(one: Recommended, language: Language) -> str:
    return one.reasons[0].say(language) if one.reasons else ""
