"""Support conversations: a customer asks today, and on the next day the policy answers, or else the shop's staff does.

Events as Segment's live-chat spec means them (twilio.com/docs/segment/connections/spec/live-chat): a message is *sent* by
the customer and *received* by the customer. The chat is staffed by day, and written to in the evening: what is asked waits for
one night and is answered within the first hour of the next morning. So a shop in which no policy answers is the same whether
it is stepped or told at once.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
from scipy.special import ndtr

from lifeloop.simulate.after.coming import persons
from lifeloop.simulate.after.experience import several, several_bits
from lifeloop.simulate.after.matters import blanks
from lifeloop.simulate.after.opinions import LOCALES, Titles, goods_kinds, text_page
from lifeloop.simulate.deeds import DAY, NUMBER, Deeds, deeds
from lifeloop.simulate.draws import Floats, Ints, Mask, hexadecimal
from lifeloop.simulate.season import LANGUAGES
from lifeloop.simulate.words import support as words
from lifeloop.simulate.words.support import INTENTS

if TYPE_CHECKING:
    from lifeloop.simulate.world import World

RESOLVED, HANDED_OVER, UNRESOLVED = range(3)
"""Outcomes, by number: places in `words.OUTCOMES`."""
STAFF, RIGHT, WRONG = range(3)
"""Who answered: the staff, or the policy with the right or a wrong intent."""
_RIGHT_RESOLVES, _WRONG_RESOLVES = 0.93, 0.2
UNRESOLVED_BY = np.array([0.5, 0.5, 0.8])
"""Share of what is not resolved that nobody takes over, by who answered."""
_MOOD = np.array([0.2, -0.1, -0.5])
"""What an outcome does to the mood."""
_WRONG_MOOD = -0.3
"""What an answer to another question does to it besides."""
_EVENING, _NIGHT, _MORNING = 17, 22.5, 9
"""Hours by the customer's clock between which questions are asked, and from which they are answered."""
_LAST_ASKED, _LAST_ANSWERED = DAY - 600, 20 * 3600
"""Seconds of the UTC day by which both happen at the latest, wherever the customer is."""
_QUEUE = 2700
"""Within so many seconds of opening all that has waited is answered, most of it in the first minutes."""
_PICKS = ("greeting", "question", "answer", "parting")
"""What is put into words."""
_ACTS = ("answer", "handoff")


@dataclass(frozen=True)
class Waiting:
    """Conversations opened on one day, as columns of equal length."""

    asked: Any
    """Rows of `coming.ROW`."""
    ids: list[str]
    upset: Mask
    opened: Ints
    blanks: list[dict[str, str]]
    kinds: list[str]
    """What kind of good each is about."""
    picks: dict[str, list[int]]
    """Which words are chosen, by name in _PICKS."""


class Support:
    """The shop's support; keeps the conversations that wait over night."""

    def __init__(self, world: World, titles: Titles) -> None:
        self.world, self.titles = world, titles
        self.waiting: Waiting | None = None

    def day(self, day: int, due: Any, order_ids: list[str], answers: Any) -> tuple[list[Deeds], list[tuple[str, str]]]:
        """Answer what has waited and open what is asked today; return the events and the answers refused, with reasons.

        `order_ids` are the numbers of the orders that `due` is about.
        """
        before, self.waiting = self.waiting, self._opened(day, due, order_ids) if due.size else None
        given, refused = _accepted(answers, before.ids if before else [])
        told = []
        if before:
            told.append(self._answer(day, before, given))
        if self.waiting:
            told.append(self._open(self.waiting))
        return told, refused

    def _opened(self, day: int, due: Any, order_ids: list[str]) -> Waiting:
        world, person = self.world, persons(due)
        drawn = several(world.draws, "conversation", ("upset", "when"), due["key"])
        bits = several_bits(world.draws, "conversation: bits", _PICKS, due["key"])
        cross = ndtr(-0.8 - 0.5 * due["satisfaction"] - 0.4 * world.state.mood[person])
        cross = np.where(due["about"] == INTENTS.index("complaint"), 0.9, cross)
        cross = np.where(due["about"] == INTENTS.index("thanks"), 0.0, cross)
        return Waiting(
            asked=due,
            ids=[one.decode() for one in hexadecimal(world.draws.ids("conversation", due["key"])).tolist()],
            upset=drawn["upset"] < cross,
            opened=world.midnight(day) + _asked_at(world.people.hours_east[person], drawn["when"]),
            kinds=goods_kinds(world, due["product"]),
            blanks=blanks(world, due, order_ids, self.titles),
            picks={name: bits[name].tolist() for name in _PICKS},
        )

    def _open(self, new: Waiting) -> Deeds:
        """Return the events of today's questions."""
        world, asked, chat = self.world, new.asked, _Chat(self.world, new)
        entities = []
        for number, (about, upset, greeting, pick) in enumerate(
            zip(asked["about"].tolist(), new.upset.tolist(), new.picks["greeting"], new.picks["question"], strict=True)
        ):
            tongue = chat.language[number]
            said = words.ask(tongue, INTENTS[about], new.blanks[number], pick, kind=new.kinds[number])
            entities.append(said.entities)
            chat.add(number, _STARTED, 0)
            chat.add(number, _SENT, 1, said=words.opener(tongue, words.MOODS[upset], greeting) + said.text)
        world.note(
            "text",
            lambda: text_page(
                world,
                world.draws.ids("support: message", asked["key"], k=1),
                persons(asked),
                pa.repeat("question", asked.size),
                sentiment=_sentiments(asked["about"], new.upset),
                intent=pa.array(INTENTS).take(pa.array(asked["about"])),
                entities=pa.array([json.dumps(one, ensure_ascii=False) for one in entities], pa.string()),
                conversation_id=pa.array(new.ids, pa.string()),
            ),
        )
        return chat.deeds()

    def _answer(self, day: int, open_: Waiting, given: dict[int, dict[str, Any]]) -> Deeds:
        """Return the events of today's answers; they move moods, and some of those left alone leave for good."""
        world, asked = self.world, open_.asked
        by = np.zeros(asked.size, np.int64)
        for number, answer in given.items():
            if answer["act"] == "answer":
                by[number] = RIGHT if answer["intent"] == INTENTS[asked["about"][number]] else WRONG
        drawn = several(world.draws, "answer", ("outcome", "when", "then", "ends", "speaks", "leaves"), asked["key"])
        outcome = self._outcomes(asked, by, drawn["outcome"])
        self._feel(asked, by, outcome, drawn["leaves"])
        chat = _Chat(world, open_)
        picks = (open_.picks["answer"], open_.picks["parting"])
        opens = np.clip((_MORNING - world.people.hours_east[persons(asked)]) * 3600, 0, _LAST_ANSWERED)
        first = world.midnight(day) + opens + 30 + np.floor(drawn["when"] ** 2 * _QUEUE).astype(np.int64) - open_.opened
        then = 30 + np.floor(drawn["then"] * 900).astype(np.int64)
        for number, (wait, pause, end, speaks, pick, last) in enumerate(
            zip(first.tolist(), then.tolist(), outcome.tolist(), (drawn["speaks"] < 0.75).tolist(), *picks, strict=True)
        ):
            silent = 20
            tongue, result, about = chat.language[number], words.OUTCOMES[end], INTENTS[asked["about"][number]]
            if number in given and given[number]["text"]:
                chat.add(number, _RECEIVED, wait, said=given[number]["text"], agent="assistant", turn=2)
                silent = 0
            if not by[number]:
                body = words.reply(tongue, about, result, open_.blanks[number], pick, kind=open_.kinds[number])
                chat.add(number, _RECEIVED, wait + 20, said=body, agent="staff", turn=3)
            if speaks:
                chat.add(number, _SENT, wait + 20 + pause, said=words.after(tongue, result, last), turn=4)
            chat.add(number, _ENDED, wait + 50 + pause, turn=5, active=50 + pause - silent)
        world.note(
            "conversation",
            lambda: {
                "conversation_id": pa.array(open_.ids, pa.string()),
                "person": persons(asked),
                "intent": pa.array(INTENTS).take(pa.array(asked["about"])),
                "mood": pa.array(words.MOODS).take(pa.array(open_.upset.astype(np.int64))),
                "outcome": pa.array(words.OUTCOMES).take(pa.array(outcome)),
                "answered_by": pa.array(["staff", "policy"]).take(pa.array((by > 0).astype(np.int64))),
            },
        )
        return chat.deeds()

    def _outcomes(self, asked: Any, by: Ints, other: Floats) -> Ints:
        """Return how conversations end: the same draw whoever answers, so a better answer never ends worse."""
        resolves = np.array([self.world.config.aftersales.resolved, _RIGHT_RESOLVES, _WRONG_RESOLVES])[by]
        resolved = self.world.draws.uniform("outcome", asked["key"]) < resolves
        resolved |= asked["about"] == INTENTS.index("thanks")
        return np.where(resolved, RESOLVED, np.where(other < UNRESOLVED_BY[by], UNRESOLVED, HANDED_OVER))

    def _feel(self, asked: Any, by: Ints, outcome: Ints, leaves: Floats) -> None:
        state, person = self.world.state, persons(asked)
        np.add.at(state.mood, person, (_MOOD[outcome] + _WRONG_MOOD * (by == WRONG)).astype(np.float32))
        gone = (outcome == UNRESOLVED) & (leaves < self.world.config.aftersales.upset) & state.active[person]
        state.leave(np.unique(person[gone]), self.world.config.behaviour.visits_after)


_STARTED, _SENT = NUMBER["Live Chat Conversation Started"], NUMBER["Live Chat Message Sent"]
_RECEIVED, _ENDED = NUMBER["Live Chat Message Received"], NUMBER["Live Chat Conversation Ended"]


class _Chat:
    """Events of conversations while they are gathered."""

    def __init__(self, world: World, open_: Waiting) -> None:
        self.world, self.open = world, open_
        self.language = [LANGUAGES[one] for one in world.people.language[persons(open_.asked)].tolist()]
        self.locale = [LOCALES[LANGUAGES.index(one)] for one in self.language]
        self.numbers: list[tuple[int, int, int, int]] = []
        self.extra: list[str] = []

    def add(self, row: int, name: int, wait: int, *, said: str = "", agent: str = "", turn: int = -1, active: int = 0) -> None:
        """Add an event `wait` seconds after its conversation began; `turn` tells the events of one apart.

        A conversation that ends lasted `active` seconds from its first answer.
        """
        self.numbers.append((row, name, wait, turn if turn >= 0 else wait))
        text = f'"conversation_id": "{self.open.ids[row]}"'
        if said:
            text += f', "message_body": {json.dumps(said, ensure_ascii=False)}'
        if agent:
            text += f', "agent_id": "{agent}"'
        if name == _ENDED:
            text += f', "conversation_duration": {active}'
        self.extra.append(f'{text}, "locale": "{self.locale[row]}"')

    def deeds(self) -> Deeds:
        """Return them."""
        row, name, wait, turn = np.array(self.numbers, np.int64).reshape(-1, 4).T
        asked = self.open.asked[row]
        return deeds(
            name,
            persons(asked),
            self.open.opened[row] + wait,
            self.world.draws.ids("support: message", asked["key"], k=turn),
            customer=asked["said"].astype(np.int64),
            extra=pa.array(self.extra, pa.string()),
        )


def _asked_at(hours_east: Ints, drawn: Floats) -> Ints:
    """Return the seconds of the UTC day at which questions are asked, in the evening by the clocks of those who ask."""
    first = np.clip((_EVENING - hours_east) * 3600, 0, _LAST_ASKED - 7200)
    last = np.clip((_NIGHT - hours_east) * 3600, first + 3600, _LAST_ASKED)
    asked: Ints = first + np.floor(drawn * (last - first)).astype(np.int64)
    return asked


def _sentiments(about: Any, upset: Mask) -> Any:
    thanks = about == INTENTS.index("thanks")
    number = np.where(thanks, 0, np.where(upset, 2, 1))
    return pa.array(["positive", "neutral", "negative"]).take(pa.array(number))


def _accepted(answers: Any, ids: list[str]) -> tuple[dict[int, dict[str, Any]], list[tuple[str, str]]]:
    """Return the answers that can be given, by the place of their conversation, and the others with the reason why not."""
    given: dict[int, dict[str, Any]] = {}
    refused: list[tuple[str, str]] = []
    place = {one: number for number, one in enumerate(ids)}
    rows: Iterable[dict[str, Any]] = answers.to_pylist() if answers is not None and answers.num_rows else ()
    for answer in rows:
        number = place.get(answer["conversation_id"])
        reason = "no conversation with this id is waiting" if number is None else _fault(answer)
        if number is not None and number in given:
            reason = "this conversation is answered already"
        if reason or number is None:
            refused.append((answer["conversation_id"] or "", reason))
        else:
            given[number] = answer
    return given, refused


def _fault(answer: dict[str, Any]) -> str:
    """Return why an answer cannot be given; empty where it can."""
    if answer["act"] not in _ACTS:
        return f"act must be {' or '.join(_ACTS)}"
    if answer["act"] == "handoff":
        return ""
    if answer["intent"] not in INTENTS:
        return f"no intent named '{answer['intent']}' (known: {', '.join(INTENTS)})"
    return "" if answer["text"] else "an answer needs a text"
