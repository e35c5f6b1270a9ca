"""Messages and what they do: opened or not, further orders or fewer, a coupon, fatigue, unsubscribing, leaving for good.

One opened message with offer o adds effect[i, o] x exp(-fatigue x remembered) orders in all to what person i will order from
the next day on, fading with `messages.memory_days`; the true uplift is worked out in `expect`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lifeloop.simulate.actions import place_of, sift
from lifeloop.simulate.deeds import NUMBER, Deeds, deeds, hex_or_null
from lifeloop.simulate.draws import Floats, Ints, Mask
from lifeloop.simulate.identity import SELF
from lifeloop.simulate.people import RESPONSES

if TYPE_CHECKING:
    from lifeloop.simulate.world import World

DOG = RESPONSES.index("sleeping_dog")
_QUIET_OPENED = 0.5
"""Factor on opening a message that comes in quiet hours."""
_TIRED_UNSUBSCRIBE = 2.0
"""How much each message remembered adds to the chance to unsubscribe, as a share of it."""
_DOG_UNSUBSCRIBE = 3.0
"""Factor on a sleeping dog's chance to unsubscribe."""
_CLICK = (0.1, 0.25)
"""Chance to click in an opened message, and how much more where the price matters."""


@dataclass(frozen=True)
class Clicks:
    """Today's clicks in messages, as columns of equal length: one a person at most."""

    person: Ints
    second: Ints
    channel: Ints
    offer: Ints


NO_CLICKS = Clicks(*(np.zeros(0, np.int64) for _ in range(4)))
"""Nobody clicked."""


@dataclass(frozen=True)
class Sent:
    """Today's messages, as columns of equal length."""

    person: Ints
    channel: Ints
    offer: Ints
    hour: Ints
    attention: Floats
    """What is left of each message's strength after those remembered."""
    opened: Mask
    lost: Mask
    """Who unsubscribes."""


class Messages:
    """The way of messages from the policy to the people. What a message does begins with the next day."""

    def __init__(self, world: World) -> None:
        self.world = world
        told = world.config.messages
        self.channels = list(told.channels)
        self.offers = list(world.config.offers)
        self.fade = float(np.exp(-1 / told.memory_days))
        self.forget = float(np.exp(-1 / told.fatigue_days))
        self.aliases: dict[str, int] = {}
        """Customer ids under which people ordered as guests, beside their own."""
        self.clicks = NO_CLICKS
        """Today's clicks."""
        self._sent: Sent | None = None
        self.refused: list[tuple[str, str]] = []
        """Today's messages that could not be sent: customer id and reason."""

    def send(self, asked: pa.Table) -> list[Deeds]:
        """Send today's messages and return what the shop sees of it; `act` lets them work when the day is over."""
        self.refused, self.clicks, self._sent = [], NO_CLICKS, None
        if not asked.num_rows:
            return []
        who, channel, offer, hour = self._sendable(asked)
        if not who.size:
            return []
        chance = self.chance_to_open(who, channel, hour)
        opened = self.world.draws.chance("opened", who, chance, self.world.state.day)
        lost = self._unsubscribes(who, channel, hour)
        self._sent = Sent(who, channel, offer, hour, self.attention(who), opened, lost)
        return self._tell(self._sent)

    def act(self) -> None:
        """End the day: what earlier messages did fades, what today's will do is added. Changes the state."""
        state, sent = self.world.state, self._sent
        if state.touched:
            state.boost[: state.present] *= self.fade
            state.fatigue[: state.present] *= self.forget
        if sent is None:
            return
        state.touched = True
        state.subscribed[sent.person[sent.lost], sent.channel[sent.lost]] = False
        self._work(sent.person[sent.opened], sent.offer[sent.opened], sent.attention[sent.opened])
        state.fatigue[sent.person] += 1

    def persons(self, customers: Any) -> Ints:
        """Return the person behind each customer id the shop has heard of; -1 for others."""
        found = pc.index_in(customers, value_set=self.world.people.customer_id)
        who = pc.fill_null(found, -1).to_numpy(zero_copy_only=False).astype(np.int64)
        who = np.where((who >= 0) & self.world.state.known[who], who, -1)
        for row in np.flatnonzero(who < 0).tolist():
            who[row] = self.aliases.get(customers[row].as_py(), -1)
        return who

    def chance_to_open(self, who: Ints, channel: Any, hour: Any) -> Floats:
        """Return the chance that each opens a message by a channel at a UTC hour, as tired as they are now."""
        chance: Floats = self.world.people.opened[who, channel] * self.attention(who)
        return np.where(self.quiet(who, hour), _QUIET_OPENED, 1.0) * chance

    def attention(self, who: Ints) -> Floats:
        """Return what is left of a message's strength after the messages remembered."""
        left: Floats = np.exp(-self.world.config.messages.fatigue * self.world.state.fatigue[who].astype(np.float64))
        return left

    def quiet(self, who: Ints, hour: Any) -> Mask:
        """Return for whom a UTC hour lies in quiet hours."""
        told = self.world.config.messages
        local = (hour + self.world.people.hours_east[who]) % 24
        if told.quiet_from <= told.quiet_to:
            return np.asarray((local >= told.quiet_from) & (local < told.quiet_to))
        return np.asarray((local >= told.quiet_from) | (local < told.quiet_to))

    def _sendable(self, asked: pa.Table) -> tuple[Ints, Ints, Ints, Ints]:
        """Return person, channel, offer and hour of what can be sent; the rest is refused with its reason."""
        customers = asked["customer_id"].combine_chunks()
        who = self.persons(customers)
        channel = place_of(asked["channel"], self.channels)
        offer = place_of(asked["offer"], self.offers)
        hour = asked["hour"].to_numpy().astype(np.int64)
        first = np.zeros(who.size, np.bool_)
        first[np.unique(who, return_index=True)[1]] = True
        reasons = (
            ("no such customer", who < 0),
            ("no such channel", channel < 0),
            ("no such offer", offer < 0),
            ("hour not in 0..23", (hour < 0) | (hour > 23)),
            ("no consent", ~self.world.people.consent[who, channel]),
            ("unsubscribed", ~self.world.state.subscribed[who, channel]),
            ("one message a day", ~first),
        )
        good, self.refused = sift(customers, reasons)
        return who[good], channel[good], offer[good], hour[good]

    def _work(self, who: Ints, offer: Ints, attention: Floats) -> None:
        """Let opened messages work on those who read them, from tomorrow on."""
        world, state = self.world, self.world.state
        strength = world.people.effect[who, offer] * attention
        state.boost[who] += (strength * (1 - self.fade) / world.checkout.completion[who]).astype(np.float32)
        given = (world.discount[offer] > 0) | world.free_shipping[offer]
        days = np.array([one.days for one in world.config.offers.values()])
        state.coupon[who[given]] = offer[given]
        state.coupon_until[who[given]] = state.day + days[offer[given]]
        dogs = who[(world.people.response[who] == DOG) & state.active[who]]
        leaves = world.draws.chance("message: leave", dogs, world.config.messages.leave, state.day)
        state.leave(dogs[leaves], world.config.behaviour.visits_after)

    def _unsubscribes(self, who: Ints, channel: Ints, hour: Ints) -> Mask:
        """Return who unsubscribes."""
        world, state, told = self.world, self.world.state, self.world.config.messages
        chance = np.array([one.unsubscribe for one in told.channels.values()])[channel]
        chance = chance * (1 + _TIRED_UNSUBSCRIBE * state.fatigue[who])
        chance = chance * np.where(world.people.response[who] == DOG, _DOG_UNSUBSCRIBE, 1.0)
        chance = chance * np.where(self.quiet(who, hour), told.annoyance, 1.0)
        return world.draws.chance("unsubscribe", who, chance, state.day)

    def _tell(self, sent: Sent) -> list[Deeds]:
        """Return deliveries, openings, clicks and unsubscriptions as events; note who clicked."""
        world, day, who = self.world, self.world.state.day, sent.person
        at = world.midnight(day) + sent.hour * 3600 + np.floor(world.draws.uniform("sent", who, day) * 900).astype(np.int64)
        wait = 60 + np.floor(world.draws.uniform("reads", who, day) ** 2 * 14_000).astype(np.int64)
        read = np.minimum(at + wait, world.midnight(day + 1) - 60)
        chance = _CLICK[0] + _CLICK[1] * world.people.sensitivity[who]
        clicked = np.flatnonzero(sent.opened & world.draws.chance("click", who, chance, day))
        self.clicks = Clicks(who[clicked], read[clicked] + 20, sent.channel[clicked], sent.offer[clicked])
        extra = pa.array(
            [
                f'"channel": {_json(self.channels[by])}, "offer": {_json(self.offers[what])}'
                for by, what in zip(sent.channel.tolist(), sent.offer.tolist(), strict=True)
            ],
            pa.string(),
        )
        told = (
            ("Delivered", np.arange(who.size), at),
            ("Opened", np.flatnonzero(sent.opened), read),
            ("Link Clicked", clicked, read + 20),
            ("Unsubscribed", np.flatnonzero(sent.lost), read + 30),
        )
        parts = []
        for k, (what, rows, second) in enumerate(told):
            number = np.array([self._event(name, what) for name in self.channels], np.int64)[sent.channel[rows]]
            message = world.draws.ids("message: id", who[rows], day, k)
            said = np.full(rows.size, SELF)
            parts.append(deeds(number, who[rows], second[rows], message, customer=said, extra=extra.take(pa.array(rows))))
        ids = parts[0].message
        world.note(
            "message",
            lambda: {
                "message_id": hex_or_null(ids),
                "person": who,
                "offer": pa.array(self.offers).take(pa.array(sent.offer)),
                "channel": pa.array(self.channels).take(pa.array(sent.channel)),
                "opened": sent.opened,
            },
        )
        return parts

    @staticmethod
    def _event(channel: str, what: str) -> int:
        """Return the number of an event's name; channels the shop invents speak like e-mail."""
        if what == "Unsubscribed":
            return NUMBER[what]
        return NUMBER.get(f"{ {'sms': 'SMS', 'push': 'Push'}.get(channel, 'Email') } {what}", NUMBER[f"Email {what}"])


def _json(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
