"""What the shop is told of people as they come: by which campaign, and to which channels and uses they agree.

Consent stands in the facts by which the shop hears of somebody: `Signed Up`, `Order Completed`, and `Consent Given` of those
who were customers before the first day. It is as it stands then: who unsubscribed from a channel did not agree to it.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from lifeloop.simulate.deeds import NOTHING, Deeds, deeds
from lifeloop.simulate.draws import Ints, Mask
from lifeloop.simulate.identity import SELF
from lifeloop.simulate.settings import WorldConfig

if TYPE_CHECKING:
    from lifeloop.simulate.world import World

PERSONALIZATION = "personalization"
"""Stands among the channels of those who agree that what they did is used to recommend to them; they never take it back."""
STORE_SOURCE = "store"
"""Who comes this way is named by no campaign."""
_MEDIUM = {"paid_search": "cpc", "social": "social", "referral": "referral", "direct": "none"}


def consents(world: World, who: Ints) -> Any:
    """Return what each agrees to today, as JSON lists of names, channels first; NumPy objects of shape (n,)."""
    tracked = world.draws.chance("consent: personalization", who, world.config.customers.personalization)
    agreed = np.column_stack([world.state.subscribed[who], tracked])
    code, place = np.unique(agreed @ (1 << np.arange(agreed.shape[1])), return_inverse=True)
    names = [*world.config.messages.channels, PERSONALIZATION]
    texts = [[name for bit, name in enumerate(names) if number >> bit & 1] for number in code.tolist()]
    return np.array([*(json.dumps(one, ensure_ascii=False) for one in texts), ""], object)[place]


def consent_given(world: World, day: int) -> Deeds:
    """Return what customers from before the first day agreed to: on that day, at midnight, the shop takes over its list."""
    if day:
        return NOTHING
    who = np.flatnonzero((world.people.arrival < 0) & ~world.people.unnamed)
    said = np.full(who.size, SELF)
    extra = '"consent": ' + consents(world, who)
    message = world.draws.ids("consent: message", who)
    second = np.full(who.size, world.midnight(day))
    return deeds("Consent Given", who, second, message, customer=said, extra=pa.array(extra, pa.string()))


def first_campaigns(world: World, who: Ints, online: Mask) -> Ints:
    """Return by which campaign each comes today, a place in `campaigns`; -1: by none. Only first visits have one.

    Changes the state: from now on all of them have come.
    """
    state, sources = world.state, list(world.config.acquisition)
    source = world.people.source[who]
    first = online & ~state.came[who]
    if STORE_SOURCE in sources:
        first &= source != sources.index(STORE_SOURCE)
    state.came[who] = True
    return np.where(first, source, -1)


def campaigns(config: WorldConfig) -> Any:
    """Return what the first page of a visit says of where it comes from: of each source, then of each channel's offers.

    NumPy objects: JSON without braces. The message of channel c with offer o is at sources + c x offers + o.
    """
    sources = [(name, _MEDIUM.get(name, "other"), None) for name in config.acquisition]
    messages = [(channel, channel, offer) for channel in config.messages.channels for offer in config.offers]
    told = (("utm_source", "utm_medium", "utm_campaign"), [*sources, *messages])
    texts = [{name: one for name, one in zip(told[0], values, strict=True) if one is not None} for values in told[1]]
    return np.array([json.dumps(text, ensure_ascii=False)[1:-1] for text in texts], object)
