"""A shop whose visitors are hard to tell apart: shared and public devices, call centres, second e-mails, logging out.

After the generator that the rules were first compared on: 55 % of people have an account, 60 % buy, 6 % use a second e-mail,
each has 1 to 3 devices, one in ten neighbouring pairs shares a device, call-centre devices serve 300 people each, 60 % of the
visits of account holders sign in, 1 % of those with a junk id, half of the logouts forget the visitor id, 40 % of the buyers'
visits without signing in end in a guest's checkout.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from lifeloop.base.ids import customer_of_email
from lifeloop.unify.identity import Sight
from lifeloop.unify.policy import DAY_US, MINUTE_US

_PAUSE = 2 * MINUTE_US


class Lived(NamedTuple):
    """One event, and who really did it."""

    sight: Sight
    person: int


@dataclass
class HardShop:
    """A year of such a shop."""

    people: int = 2_000
    days: int = 365
    seed: int = 7
    visits: float = 4.5
    """Mean visits of a person."""
    call_centres: int = 3
    served: int = 300
    """People whom each call centre serves once."""
    shared_device: float = 0.1
    shared_mailbox: float = 0.0
    """Share of neighbouring pairs of whom both use the mailbox of one."""
    aliases: float = 0.02
    """Share of sign-ins that are told as an alias of another visitor id."""
    _resets: dict[str, int] = field(default_factory=dict)

    def events(self) -> list[Lived]:
        """Return what happened, in the order of time."""
        draws = np.random.default_rng(self.seed)
        self._resets.clear()
        account, buyer, second = (draws.random(self.people) < share for share in (0.55, 0.6, 0.06))
        devices = draws.integers(1, 4, self.people)
        shares = draws.random(self.people // 2 + 1) < self.shared_device
        mailbox = draws.random(self.people // 2 + 1) < self.shared_mailbox
        told: list[Lived] = []
        comings = [(int(at), who) for who in range(self.people) for at in self._times(draws)]
        for number, (at, who) in enumerate(sorted(comings)):
            machine = int(draws.integers(devices[who]))
            owner = who - who % 2 if machine == 0 and shares[who // 2] else who
            mails = who - who % 2 if mailbox[who // 2] else who
            mail = f"p{mails}@x.example" if not (second[who] and draws.random() < 0.5) else f"p{who}b@x.example"
            told += self._visit(
                draws, number, at, who, f"m{owner}-{machine}", mail, account=bool(account[who]), buyer=bool(buyer[who])
            )
        for centre in range(self.call_centres):
            told += self._calls(draws, centre, account)
        return sorted(told, key=lambda one: (one.sight.at, one.sight.message_id))

    def _times(self, draws: np.random.Generator) -> np.ndarray:
        return draws.integers(0, self.days * DAY_US, draws.poisson(self.visits))

    def _visit(
        self, draws: np.random.Generator, number: int, at: int, who: int, machine: str, mail: str, *, account: bool, buyer: bool
    ) -> Iterator[Lived]:
        device = f"{machine}.{self._resets.get(machine, 0)}"
        count, signs_in = 2 + int(draws.poisson(3)), account and draws.random() < 0.6
        junk = signs_in and draws.random() < 0.01
        signed_at = int(draws.integers(1, count)) if signs_in and not junk else count
        for place in range(count):
            named = f"c{who}" if place >= signed_at else None
            guest = customer_of_email(f"p{who}@x.example") if place == signed_at else None
            before = f"{machine}.before{number}" if place == signed_at and draws.random() < self.aliases else None
            yield Lived(Sight(device, named, guest, at + place * _PAUSE, f"v{number}-{place}", before), who)
        end = at + count * _PAUSE
        if buyer and not signs_in and draws.random() < 0.4:
            yield Lived(Sight(device, None, customer_of_email(mail), end, f"v{number}-order"), who)
        if signs_in and draws.random() < 0.5:
            self._resets[machine] = self._resets.get(machine, 0) + 1

    def _calls(self, draws: np.random.Generator, centre: int, account: np.ndarray) -> Iterator[Lived]:
        who = draws.choice(np.flatnonzero(account), min(self.served, int(account.sum())), replace=False)
        for at, person in zip(sorted(draws.integers(0, self.days * DAY_US, who.size)), who, strict=True):
            for place in range(3):
                named = f"c{person}" if place else None
                message = f"call{centre}-{person}-{place}"
                yield Lived(Sight(f"centre{centre}", named, None, int(at) + place * _PAUSE, message), int(person))
