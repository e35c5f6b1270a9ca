"""What operators decide about who is who: joining, parting, and undoing either, or a link that a rule made.

A ruling stands above every rule until it is undone. Nothing of what happened is moved: links are made anew from what was seen,
so undoing gives both customers their own history back at once.
"""

from __future__ import annotations

from lifeloop.base.clock import Clock
from lifeloop.base.errors import LifeloopError, UnknownName
from lifeloop.store import identities
from lifeloop.store.identities import ChangeRow, Connection, NewChange, RulingRow
from lifeloop.unify.known import final_id
from lifeloop.unify.linking import GUEST_PREFIX, Linking, Seen

KINDS = ("guest", "device", "account")
"""What can be joined to a customer: an id made of an e-mail address, a device's anonymous id, another account."""


class RulingRefused(LifeloopError):
    """A decision about who is who contradicts another."""

    exit_code = 2


def join(connection: Connection, kind: str, identifier: str, customer_id: str, *, actor: str, clock: Clock) -> int:
    """Say that an identifier is a customer; returns the number of the change, for `undo`.

    Raises UnknownName for another kind, RulingRefused where it would join somebody to themselves, or accounts in a circle.
    """
    asked = f"cannot join {kind} '{identifier}' to '{customer_id}'"
    if kind == "account" and customer_id.startswith(GUEST_PREFIX):
        raise RulingRefused(asked, "that one is known by an e-mail address alone", "Join the guest to the account.")
    if kind != "device" and identifier in (customer_id, final_id(connection, customer_id)):
        raise RulingRefused(asked, "it stands for that customer already, or that one for it", "Undo the earlier joining first.")
    return _rule(connection, kind, identifier, customer_id, joined=True, actor=actor, clock=clock)


def part(connection: Connection, kind: str, identifier: str, customer_id: str, *, actor: str, clock: Clock) -> int:
    """Say that an identifier is not a customer, whatever a rule says; returns the number of the change. Raises UnknownName."""
    return _rule(connection, kind, identifier, customer_id, joined=False, actor=actor, clock=clock)


def undo(connection: Connection, change_id: int, *, actor: str, clock: Clock) -> int:
    """Undo a change of the merge log; returns the number of the change that does so.

    A link that a rule made is parted; a joining or parting is taken back, and what stood before it stands again. Raises
    UnknownName for a number that is not there, RulingRefused for what is undone already or was overruled since.
    """
    done = identities.change(connection, change_id)
    if done is None:
        raise UnknownName("change of who is who", str(change_id), [])
    asked = f"cannot undo change {change_id}"
    if done.undone_at is not None:
        raise RulingRefused(asked, f"it was undone by {done.undone_by}", "Undo that change instead.")
    if done.action == "unlink":
        raise RulingRefused(asked, f"it took '{done.identifier}' away from '{done.customer_id}'", "Join them instead.")
    identities.take_turn(connection)
    at = Linking(connection, clock).at
    if done.action == "link":
        number = part(connection, done.kind, done.identifier, done.customer_id, actor=actor, clock=clock)
    else:
        number = _take_back(connection, done, asked, actor, clock)
    identities.mark_undone(connection, change_id, at, actor)
    return number


def _rule(
    connection: Connection, kind: str, identifier: str, customer_id: str, *, joined: bool, actor: str, clock: Clock
) -> int:
    if kind not in KINDS:
        raise UnknownName("kind of identifier", kind, KINDS)
    identities.take_turn(connection)
    before = _accounts_of(connection, kind, identifier, customer_id)
    at = Linking(connection, clock).at
    identities.put_ruling(connection, RulingRow(kind, identifier, customer_id, joined, actor, at))
    return _settle(connection, "join" if joined else "part", kind, identifier, customer_id, before, actor, clock)


def _take_back(connection: Connection, done: ChangeRow, asked: str, actor: str, clock: Clock) -> int:
    """Undo a joining or parting that still stands, and let the one before it stand again."""
    kind, identifier, customer_id = done.kind, done.identifier, done.customer_id
    stands = [one for one in identities.rulings_on(connection, kind, [identifier]) if one.customer_id == customer_id]
    if not stands or (stands[0].joined, stands[0].made_at) != (done.action == "join", done.made_at):
        raise RulingRefused(asked, "another ruling on the same two was made since", "Undo that one first.")
    before = _accounts_of(connection, kind, identifier, customer_id)
    identities.drop_ruling(connection, kind, identifier, customer_id)
    earlier = [
        one
        for one in identities.changes_about(connection, [], {kind: [identifier]})
        if one.customer_id == customer_id and one.action in ("join", "part") and one.undone_at is None
    ]
    if standing := [one for one in earlier if one.change_id < done.change_id]:
        last = standing[-1]
        ruling = RulingRow(kind, identifier, customer_id, last.action == "join", last.actor, last.made_at)
        identities.put_ruling(connection, ruling)
    return _settle(connection, "undo", kind, identifier, customer_id, before, actor, clock)


def _accounts_of(connection: Connection, kind: str, identifier: str, customer_id: str) -> set[str]:
    """Return the accounts whose customer may be another after a ruling."""
    if kind != "account":
        return set()
    finals = {identifier, customer_id, final_id(connection, identifier), final_id(connection, customer_id)}
    linked = identities.links_to(connection, sorted(finals))
    return finals | {row.identifier for row in linked if row.kind == "account"}


def _settle(
    connection: Connection,
    action: str,
    kind: str,
    identifier: str,
    customer_id: str,
    before: set[str],
    actor: str,
    clock: Clock,
) -> int:
    """Link anew what a ruling touches, and log it; returns its number."""
    linking = Linking(connection, clock, actor=actor)
    linking.silent.add((kind, identifier, customer_id))
    row = NewChange(action, kind, identifier, customer_id, "operator", None, actor, linking.at)
    number = identities.log_ruling(connection, row)
    accounts = before | _accounts_of(connection, kind, identifier, customer_id)
    guests, devices = {identifier} if kind == "guest" else set(), {identifier} if kind == "device" else set()
    if accounts:
        linking.accounts(sorted(accounts))
        linked = identities.links_to(connection, sorted(accounts))
        guests |= {guest for guest, *_ in identities.uses_of(connection, accounts=sorted(accounts))}
        guests |= {row.identifier for row in linked if row.kind == "guest"}
        devices |= {row.identifier for row in linked if row.kind == "device"}
    changed = linking.guests(guests)
    devices |= linking.devices_of(accounts | changed)
    linking.devices(_seen(connection, devices))
    identities.end_turn(connection)
    return number


def _seen(connection: Connection, devices: set[str]) -> dict[str, Seen]:
    seen: dict[str, dict[tuple[int, str], tuple[int, int, str]]] = {device: {} for device in sorted(devices)}
    for device, bucket, named, first_at, last_at, evidence in identities.sightings_on(connection, seen):
        seen[device][bucket, named] = (first_at, last_at, evidence)
    return dict(seen)
