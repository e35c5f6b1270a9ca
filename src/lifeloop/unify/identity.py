"""Who is who: what is seen becomes links from guests, devices and joined accounts to customers; every link can be undone.

`observe` takes in what events tell, `resolve`, `customer_of`, `history` and `links` read, `join`, `part` and `undo` are an
operator's. The rules are in `policy`; docs/guide/identity.md says what they find and what they miss.
"""

from lifeloop.store.identities import ChangeRow
from lifeloop.unify.known import DeviceSpan, Known, customer_of, final_id, history, links, resolve
from lifeloop.unify.observing import Sight, observe
from lifeloop.unify.ruling import KINDS, RulingRefused, join, part, undo

__all__ = [
    "KINDS",
    "ChangeRow",
    "DeviceSpan",
    "Known",
    "RulingRefused",
    "Sight",
    "customer_of",
    "final_id",
    "history",
    "join",
    "links",
    "observe",
    "part",
    "resolve",
    "undo",
]
