"""The command that recommends: to one customer or visitor, in one placement or in all, with the reasons."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lifeloop.base.errors import SettingsError, UnknownName
from lifeloop.base.text import Language, Text
from lifeloop.cli.options import HomeOption, JsonOption, open_app
from lifeloop.cli.show import emit, say, table

if TYPE_CHECKING:
    from lifeloop.app import App
    from lifeloop.base.recommend_settings import Placement
    from lifeloop.recommend.asked import Answer, Recommended, Strategy

_MANY = 10
_SHORT = 3
"""Products of each placement where all are shown to a person."""
_NAMED = 3
"""Products of a cart that its title names."""
_HEADINGS = (Text("", ""), Text("product", "商品"), Text("from", "来自"), Text("because", "原因"))
_TITLES: Mapping[Placement, Text] = {
    "home": Text("home page", "首页"),
    "product": Text("product page of {products}", "{products} 的商品页"),
    "search": Text("search, hits handed in", "搜索，结果由商店交来"),
    "cart": Text("cart with {products}", "含 {products} 的购物车"),
    "message": Text("message", "消息"),
}
"""Every placement in order -> what a table of it stands on."""
_EMPTY_TITLES: Mapping[Placement, Text] = {
    "search": Text("search, no hits handed in", "搜索，没有交来结果"),
    "cart": Text("empty cart", "空购物车"),
}
_EXAMPLE = Text("{title} (an example)", "{title}（示例）")
_MORE = Text("{products} and {count} more", "{products} 等（另有 {count} 件）")
_STRATEGIES: Mapping[Strategy, Text] = {
    "personal": Text("personal", "本人历史"),
    "session": Text("session", "本次访问"),
    "similar": Text("similar", "相似"),
    "together": Text("together", "一起购买"),
    "content": Text("content", "商品内容"),
    "trending": Text("trending", "热门"),
    "new": Text("new", "新品"),
    "given": Text("given", "商店次序"),
}
"""Where a recommendation comes from, in words."""


@dataclass(frozen=True)
class Shown:
    """What one placement shows, and what it was asked for."""

    answer: Answer
    items: tuple[str, ...] = ()
    """The product on the page, what lies in the cart, or the hits."""
    is_example: bool = False
    """Whether nobody named these items: they were chosen to have something to show."""


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
        typer.Option(help="home, product, search, cart or message. Without one: all of them, by example.", show_default=False),
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
    k: Annotated[
        int | None,
        typer.Option("-k", "--k", help="How many products. Default: 10; 3 in tables of all placements.", show_default=False),
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed of the places that are given by chance.")] = 0,
    as_json: JsonOption = False,
) -> None:
    """Recommend products, with the reason of each. It is a look: nothing is logged as shown."""
    chosen = _checked(placement, k, item)
    app = open_app(home)
    wanted, items = k or _MANY, tuple(item or ())
    if chosen is None:
        short = wanted if k or as_json else _SHORT
        shown = every_placement(app, customer_id, k=short, seed=seed, items=items, category=category)
    else:
        shown = [Shown(_answer(app, chosen, customer_id, k=wanted, seed=seed, items=items, category=category), items)]
    emit(answers_json(app, customer_id, shown), lambda: show_answers(app, shown), as_json=as_json)


def _checked(placement: str | None, k: int | None, items: Sequence[str] | None) -> Placement | None:
    """Return the placement; what cannot be asked is refused in the words of the command. Raises UnknownName, SettingsError."""
    chosen = next((name for name in _TITLES if name == placement), None)
    if placement is not None and chosen is None:
        raise UnknownName("placement", placement, _TITLES)
    if k is not None and k < 1:
        raise SettingsError(f"cannot recommend {k} products", "-k must be at least 1", "Ask for 1 to 100 products with -k.")
    if placement == "product" and not items:
        raise SettingsError(
            "cannot recommend for a product page", "no product was named", "Name the product on the page with --item ID."
        )
    return chosen


def every_placement(
    app: App,
    customer_id: str | None,
    *,
    k: int,
    seed: int = 0,
    items: tuple[str, ...] = (),
    category: str | None = None,
) -> list[Shown]:
    """Return what each placement shows; where none is named, the product on the page is the first of the home page."""
    home = _answer(app, "home", customer_id, k=k, seed=seed, category=category)
    on_page = items or tuple(one.product_id for one in home.products[:1])
    if not on_page:
        return [Shown(home)]
    near = _answer(app, "product", customer_id, k=10, seed=seed, items=on_page[:1], category=category)
    hits = tuple(one.product_id for one in reversed(near.products)) or on_page
    given: dict[Placement, tuple[str, ...]] = {"product": on_page[:1], "search": hits, "cart": on_page}
    shown = [Shown(home)]
    for name in list(_TITLES)[1:]:
        named = given.get(name, ())
        answer = _answer(app, name, customer_id, k=k, seed=seed, items=named, category=category)
        shown.append(Shown(answer, named, is_example=bool(named) and named != items[: len(named)]))
    return shown


def example(app: App, customers: Sequence[str]) -> str | None:
    """Return the first of some customers whose own history may be used; the first of them where that is so of nobody."""
    for customer in customers:
        if _answer(app, "home", customer, k=1).is_personal:
            return customer
    return customers[0] if customers else None


def _answer(
    app: App,
    placement: Placement,
    customer_id: str | None,
    *,
    k: int,
    seed: int = 0,
    items: tuple[str, ...] = (),
    category: str | None = None,
) -> Answer:
    import numpy as np

    from lifeloop.recommend.asked import Asked

    asked = Asked(placement=placement, k=k, items=items, category=category, language=app.home.settings.shop.language)
    return app.shopfront.answer(asked, customer_id=customer_id, generator=np.random.default_rng(seed))


def answers_json(app: App, customer_id: str | None, shown: Sequence[Shown]) -> dict[str, Any]:
    """Return what is shown to whom as plain values."""
    return {"customer_id": customer_id, "answers": [_answer_json(app, one) for one in shown]}


def _answer_json(app: App, shown: Shown) -> dict[str, Any]:
    answer = shown.answer
    return {
        "placement": answer.placement,
        "items": list(shown.items),
        "example": shown.is_example,
        "version": answer.version,
        "personal": answer.is_personal,
        "notes": [{"en": note.say("en"), "zh": note.say("zh")} for note in answer.notes],
        "products": [_product_json(app, one) for one in answer.products],
    }


def _product_json(app: App, one: Recommended) -> dict[str, Any]:
    whole = sum(reason.contribution for reason in one.reasons)
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
                "share": reason.contribution / whole if whole > 0 else None,
            }
            for reason in one.reasons
        ],
    }


def show_answers(app: App, shown: Sequence[Shown]) -> None:
    """Show answers to a person, a table each, in the language of the shop."""
    language = app.home.settings.shop.language
    for one in shown:
        rows = [
            (row.rank, _name(app, row.product_id), _STRATEGIES[row.strategy].say(language), _because(row, language))
            for row in one.answer.products
        ]
        table(_title(app, one, language), [heading.say(language) for heading in _HEADINGS], rows, right=[0])
        say(*(note.say(language) for note in one.answer.notes))


def _title(app: App, shown: Shown, language: Language) -> str:
    """Return what a table stands on: the placement, and the product on the page or what lies in the cart."""
    placement = shown.answer.placement
    if not shown.items and placement in _EMPTY_TITLES:
        return _EMPTY_TITLES[placement].say(language)
    products = ", ".join(_name(app, one) for one in shown.items[:_NAMED])
    if len(shown.items) > _NAMED:
        products = _MORE.say(language, products=products, count=len(shown.items) - _NAMED)
    title = _TITLES[placement].say(language, products=products)
    return _EXAMPLE.say(language, title=title) if shown.is_example else title


def _name(app: App, product_id: str) -> str:
    return app.shopfront.title(product_id) or product_id


def _because(one: Recommended, language: Language) -> str:
    return one.reasons[0].say(language) if one.reasons else ""
