"""By which names the shop hears of people: customer ids, guests' e-mails, devices and the visitor ids they forget."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from lifeloop.base.ids import customer_of_email
from lifeloop.simulate.draws import Draws, Floats, Ints, Keys, Mask
from lifeloop.simulate.people import People
from lifeloop.simulate.settings import DirtSection

NOBODY, SELF, GUEST, SECOND = 0, 1, 2, 3
"""Who the sender of an event says it is: nobody; the customer id; a guest by e-mail; a guest by the second e-mail."""
_USES_SECOND = 0.5
"""Share of guest orders by the second e-mail, of who has one."""
_APP = 9
"""The device number of the app."""


def visitors(people: People, draws: Draws, dirt: DirtSection, who: Ints, day: int, app: Mask) -> Keys:
    """Return the visitor id of the device each person uses today; households share the first one."""
    device = np.floor(draws.uniform("device", who, day) * people.devices[who]).astype(np.int64)
    owner = np.where((device == 0) & ~app, people.household[who], who)
    machine = draws.ids("machine", owner, k=np.where(app, _APP, device))
    lifetime = dirt.reset_days * (0.5 + draws.uniform("lifetime", machine))
    age = np.floor(day / lifetime + draws.uniform("age", machine)).astype(np.int64)
    return draws.ids("visitor", machine, k=age)


def customer_ids(people: People, person: Ints, said: Ints) -> Any:
    """Return the customer ids events carry, for who the sender says it is; null for nobody. Arrow strings."""
    ids = people.customer_id.take(pa.array(np.maximum(person, 0)))
    guests = np.flatnonzero(said >= GUEST)
    if guests.size:
        values = ids.to_numpy(zero_copy_only=False).copy()
        mails = people.emails(person[guests], second=said[guests] == SECOND)
        values[guests] = [customer_of_email(one) for one in mails]
        ids = pa.array(values, pa.string())
    nobody = said == NOBODY
    return pa.array(ids.to_numpy(zero_copy_only=False), pa.string(), mask=nobody) if nobody.any() else ids


def ordering_as(people: People, draws: Draws, dirt: DirtSection, who: Ints, day: int) -> Ints:
    """Return as whom each person orders today: as themselves, sometimes as a guest by one or the other e-mail, or as nobody."""
    guest = people.account[who] & draws.chance("guest", who, dirt.guest, day)
    second = ~people.account[who] | guest
    second &= draws.chance("second e-mail", who, dirt.second_email) & draws.chance("uses second", who, _USES_SECOND, day)
    said = np.where(guest, GUEST, SELF)
    return np.where(people.unnamed[who], NOBODY, np.where(second, SECOND, said))


def name_shares(people: People, draws: Draws, dirt: DirtSection, who: Ints, said: Ints) -> Floats:
    """Return the share of each person's orders that is placed under a name: SELF, GUEST or SECOND."""
    guest = np.where(people.account[who], dirt.guest, 0.0)
    second = draws.chance("second e-mail", who, dirt.second_email) * _USES_SECOND
    own = np.where(people.account[who], 1 - guest, 1 - second)
    other = np.where(people.account[who], guest, 1.0)
    shares: Floats = np.select([said == SELF, said == GUEST], [own, guest * (1 - second)], other * second)
    return shares
