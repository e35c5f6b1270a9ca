"""Forgetting somebody: out of every model, then out of every table of the lake, with all that means them.

Models are first: who is who stands in the lake, so a forgetting that was cut short can be done again.

Limits  reaches models and lake alone. The store (profiles, consent, carts, identity, the timeline), the spool, backtests, files
        that were uploaded or imported, and copies of the home are not touched; what the store still knows of them comes back
        into the lake with the next run. A process that answers requests goes on with what it holds until it looks for newer
        versions, seconds later
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from lifeloop.schema import IDENTITY

if TYPE_CHECKING:
    from lifeloop.app import App

MEANS_SQL = """
SELECT i.kind AS kind, i.identifier AS identifier, i.customer_id AS customer_id FROM identities AS i
WHERE i.customer_id IN (
    SELECT k.customer_id FROM identities AS k WHERE k.identifier = $customer_id AND k.kind <> 'device'
) OR i.customer_id = $customer_id
ORDER BY kind, identifier
"""


@dataclass(frozen=True)
class Forgotten:
    """What a customer was taken out of."""

    customer_id: str
    """The customer that the id asked for means."""
    models: int
    """Model versions they were in."""
    rows: dict[str, int] = field(default_factory=dict)
    """Rows deleted, by table."""


def forget(app: App, customer_id: str) -> Forgotten:
    """Take a customer out of models and lake; an id of a guest or joined account means the customer.

    Nobody else may write meanwhile. Of devices that were theirs, the models lose all that nobody in particular did there,
    whenever it was done; the lake loses what was done while the device was theirs. Raises LakeError, ModelError.
    """
    from lifeloop.recommend.learning.forget import forget_customer
    from lifeloop.recommend.learning.nightly import read_catalogue

    found = app.engine.query(MEANS_SQL, {"identities": IDENTITY}, customer_id=customer_id).to_pylist()
    final = next((row["customer_id"] for row in found), customer_id)
    names = {customer_id, *(row["identifier"] for row in found if row["kind"] != "device")} - {final}
    devices = {row["identifier"] for row in found if row["kind"] == "device"}
    settings = app.home.settings
    catalogue = read_catalogue(app.lake, app.engine, settings)
    models = forget_customer(
        app.home.models, final, catalogue=catalogue, settings=settings.recommend, also=sorted(names), devices=sorted(devices)
    )
    return Forgotten(final, models, app.lake.delete_customer(final))
