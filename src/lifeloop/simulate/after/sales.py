"""What follows an order: goods that come back, reviews, comments, support conversations and answers to the NPS survey.

All that will follow is drawn when the order is placed, kept in few numbers until its day (`coming`), and put into words then.
Draws are keyed by the order, so what follows one is the same whatever becomes of others.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from lifeloop.simulate.after.coming import COMMENT, QUESTION, RETURN, REVIEW, SURVEY, Coming, joined
from lifeloop.simulate.after.experience import experience, qualities, remember, return_factors, with_goods
from lifeloop.simulate.after.matters import plan_questions
from lifeloop.simulate.after.opinions import Titles, plan_opinions, tell_opinions
from lifeloop.simulate.after.returns import no_refunds, plan_returns, tell_returns
from lifeloop.simulate.after.support import STAFF, UNRESOLVED_BY, Support
from lifeloop.simulate.deeds import Deeds
from lifeloop.simulate.orders import Orders, order_numbers

if TYPE_CHECKING:
    from lifeloop.simulate.world import World


@dataclass(frozen=True)
class Aftermath:
    """What earlier orders lead to today."""

    deeds: list[Deeds]
    refund: pa.Table
    """Rows of `refund`."""
    refused: list[tuple[str, str]] = field(default_factory=list)
    """Answers of the policy that could not be given: conversation id and reason."""


class Aftersales:
    """What is still to come because of orders placed, by day."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.coming = Coming()
        self.quality = qualities(world)
        english, chinese = (texts.to_pylist() for texts in world.goods.title)
        self.titles: Titles = (english, chinese)
        self.support = Support(world, self.titles)
        self._no_refunds = no_refunds(world)
        self._noted = False

    @property
    def leaves_upset(self) -> float:
        """Return the chance, per order, to leave for good because the staff did not resolve a question."""
        own = self.world.config.aftersales
        return own.support * (1 - own.resolved) * float(UNRESOLVED_BY[STAFF]) * own.upset

    def day(self, orders: Orders, answers: Any = None) -> Aftermath:
        """Note what today's orders will lead to and return what is due today. Raises nothing; changes the state.

        `answers` is a table of `actions.ANSWER` about conversations opened yesterday; the staff answers the others.
        """
        self._note_quality()
        self._plan(orders)
        due = self.coming.take(orders.day)
        kind, refund, told = due["kind"], self._no_refunds, []
        back, question = kind == RETURN, kind == QUESTION
        numbers = order_numbers(self.world.draws, np.concatenate([due["key"][back], due["key"][question]]), self.world.epoch)
        returned = int(back.sum())
        if returned:
            event, refund = tell_returns(self.world, orders.day, due[back], numbers[:returned])
            told.append(event)
        opinion = (kind == REVIEW) | (kind == COMMENT) | (kind == SURVEY)
        if opinion.any():
            told.append(tell_opinions(self.world, orders.day, due[opinion], self.titles))
        chats, refused = self.support.day(orders.day, due[question], numbers[returned:].to_pylist(), answers)
        return Aftermath(deeds=[*told, *chats], refund=refund, refused=refused)

    def _plan(self, orders: Orders) -> None:
        """Draw what today's orders lead to."""
        orders = with_goods(orders)
        if not len(orders):
            return
        found = experience(self.world, orders, self.quality)
        remember(self.world.state.mood, orders.person, found.order)
        line, back_on, back = plan_returns(self.world, orders, found)
        days, opinions = plan_opinions(self.world, orders, found)
        asked_on, questions = plan_questions(self.world, orders, found, line, back_on, back)
        self.coming.put(np.concatenate([back_on, days, asked_on]), joined([back, opinions, questions]))

    def _note_quality(self) -> None:
        """Note on the first day how good the products are, and how often each comes back compared with the average one."""
        if self._noted:
            return
        self._noted = True
        factor = return_factors(self.world.config.aftersales.returns, self.quality)
        self.world.note(
            "quality",
            lambda: {"product_id": self.world.goods.product_id, "quality": self.quality, "return_factor": factor},
        )
