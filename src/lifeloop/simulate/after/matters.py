"""What customers write to support about: intents by what became of the order, and what fills the blanks of their words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from lifeloop.base.money import EXPONENT
from lifeloop.simulate.after.coming import QUESTION, persons, rows
from lifeloop.simulate.after.experience import DEFECTS, Experience, follows, several
from lifeloop.simulate.checkout import STORE
from lifeloop.simulate.draws import Floats, Ints, pick
from lifeloop.simulate.identity import GUEST
from lifeloop.simulate.orders import Orders
from lifeloop.simulate.words.places import cities
from lifeloop.simulate.words.support import INTENTS

if TYPE_CHECKING:
    from lifeloop.simulate.after.opinions import Titles
    from lifeloop.simulate.world import World

NUMBER = {name: number for number, name in enumerate(INTENTS)}
"""Intent -> number."""
_OTHERWISE = {
    "product_question": 0.2, "where_is_order": 0.14, "invoice_request": 0.1, "return_item": 0.08, "change_address": 0.08,
    "cancel_order": 0.07, "payment_problem": 0.06, "coupon_problem": 0.06, "account_login": 0.06, "stock_question": 0.05,
    "delivery_cost": 0.04, "talk_to_human": 0.03, "complaint": 0.02, "thanks": 0.01,
}  # fmt: skip
"""Intents of those to whom nothing happened."""
_ASKS_BECAUSE = 0.8
"""Chance that a question is about what happened, where something did."""
_REFUND_AFTER = 0.5
"""Chance that who returns something asks for the money rather than for the way."""
_CROSS = -1.3
"""Satisfaction below which every third question is a complaint."""
_NOT_IN_STORE = np.isin(INTENTS, ("where_is_order", "cancel_order", "change_address", "delivery_cost"))
"""What nobody asks who took the goods home."""
_AT_ONCE = np.isin(INTENTS, ("cancel_order", "change_address"))
"""What is asked on the next day or never."""
_SYMBOLS = {"EUR": ("€", "欧元"), "USD": ("$", "美元"), "GBP": ("£", "英镑"), "CNY": ("¥", "元"), "JPY": ("¥", "日元")}


def plan_questions(world: World, orders: Orders, found: Experience, line: Ints, back_on: Ints, back: Any) -> tuple[Ints, Any]:
    """Return the days on which a day's orders will be asked about, and what is to be kept of each question.

    `line`, `back_on` and `back` are which lines come back, when, and what was kept of them. Mostly a question comes one to
    ten days after the order, for a refund one to five days after the return.
    """
    own, n = world.config.aftersales, len(orders)
    drawn = several(world.draws, "question", ("asks", "other", "because", "refund", "day", "late", "cross"), found.key)
    asks = np.flatnonzero(drawn["asks"] < follows("asks", own.support, found.order))
    draw = {name: values[asks] for name, values in drawn.items()}
    intent, focus = _other(world, orders, found, asks, draw), found.focus[asks]
    day = orders.day + 1 + np.floor(draw["day"] * 10).astype(np.int64)
    because = draw["because"] < _ASKS_BECAUSE

    late = because & found.late[asks]
    intent = np.where(late, NUMBER["where_is_order"], intent)
    day = np.where(late, orders.day + 5 + np.floor(draw["day"] * 6).astype(np.int64), day)

    broken = _first(orders.order[found.defect > 0], np.flatnonzero(found.defect > 0), n)[asks]
    defective = because & (broken >= 0)
    kinds = np.array([NUMBER[f"{kind}_item"] if kind else -1 for kind in DEFECTS])
    intent = np.where(defective, kinds[found.defect[np.maximum(broken, 0)]] if found.defect.size else intent, intent)
    focus = np.where(defective, broken, focus)

    place = _first(orders.order[line], np.arange(line.size), n)[asks]
    returned = because & (place >= 0)
    chosen = np.flatnonzero(returned)
    of = place[chosen]
    refund = draw["refund"][chosen] < _REFUND_AFTER
    day[chosen] = np.where(
        refund, back_on[of] + 1 + np.floor(draw["late"][chosen] * 5).astype(np.int64), np.minimum(day[chosen], back_on[of])
    )
    focus[chosen] = line[of]
    intent[chosen] = np.where(
        refund, NUMBER["refund_status"], np.where(defective[chosen], intent[chosen], NUMBER["return_item"])
    )
    day = np.where(_AT_ONCE[intent], orders.day + 1, day)
    amount = orders.amount_minor[focus]
    amount[chosen] = back["amount"][of]
    made = rows(
        asks.size,
        kind=QUESTION,
        key=found.key[asks],
        said=orders.said[asks],
        product=orders.product[focus],
        place=found.place[focus],
        amount=amount,
        satisfaction=found.order[asks],
        about=intent,
    )
    return day, made


def _other(world: World, orders: Orders, found: Experience, asks: Ints, draw: dict[str, Floats]) -> Ints:
    """Return the intents of questions that nothing in particular led to.

    Who is content enough for thanks writes them only where the staff would resolve the question too: so the share of resolved
    conversations stays that of the settings.
    """
    names = np.array([NUMBER[name] for name in _OTHERWISE])
    intent = names[pick(np.cumsum(list(_OTHERWISE.values())), draw["other"])]
    satisfied = found.order[asks]
    intent = np.where((satisfied < _CROSS) & (draw["cross"] < 1 / 3), NUMBER["complaint"], intent)
    resolved = world.draws.uniform("outcome", found.key[asks]) < world.config.aftersales.resolved
    intent = np.where(resolved & (satisfied > 0.5) & (draw["cross"] < 0.15), NUMBER["thanks"], intent)
    astray = (intent == NUMBER["thanks"]) & ~resolved
    astray |= (orders.channel[asks] == STORE) & _NOT_IN_STORE[intent]
    astray |= (orders.said[asks] >= GUEST) & (intent == NUMBER["account_login"])
    return np.where(astray, NUMBER["product_question"], intent)


def _first(group: Ints, value: Ints, n: int) -> Ints:
    """Return the first value of each group 0..n - 1; -1 where it has none."""
    found = np.full(n, -1)
    found[group[::-1]] = value[::-1]
    return found


def blanks(world: World, asked: Any, order_ids: list[str], titles: Titles) -> list[dict[str, str]]:
    """Return what fills the blanks of each question and its answer, in the customer's language."""
    person = persons(asked)
    language, country = world.people.language[person].tolist(), world.people.country[person].tolist()
    names, offers = list(world.config.countries), [_code(name) for name in world.config.offers] or ["WELCOME10"]
    place = world.draws.bits("city", person).tolist()
    offer = world.draws.bits("coupon asked for", asked["key"]).tolist()
    filled = []
    for number, (tongue, product, amount) in enumerate(
        zip(language, asked["product"].tolist(), asked["amount"].tolist(), strict=True)
    ):
        towns = cities(names[country[number]], tongue)
        filled.append(
            {
                "order_id": order_ids[number],
                "product": titles[tongue][product] if tongue else _inside(titles[tongue][product]),
                "coupon": offers[offer[number] % len(offers)],
                "city": towns[place[number] % len(towns)],
                "amount": _money(amount, world.currency, tongue),
            }
        )
    return filled


def _inside(title: str) -> str:
    """Return an English title as it stands within a sentence."""
    return title[:1].lower() + title[1:]


def _code(offer: str) -> str:
    """Return an offer as the code a customer types: coupon_10 is COUPON10."""
    return "".join(letter for letter in offer.upper() if letter.isalnum())


def _money(minor: int, currency: str, language: int) -> str:
    """Return an amount as a customer writes it: €12.50, 12.50欧元, 12.50 SGD."""
    digits = EXPONENT[currency]
    number = f"{minor / 10**digits:.{digits}f}"
    before, behind = _SYMBOLS.get(currency, ("", currency))
    if language:
        return number + behind
    return before + number if before else f"{number} {currency}"
