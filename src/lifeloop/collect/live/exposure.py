"""A list of recommendations that was handed out, as a record of the spool: the door writes it, the flow reads it.

It lies between what clients sent and is nobody's event: whoever hears events hears nothing in it.
"""

from __future__ import annotations

import msgspec

UNREADABLE = msgspec.MsgspecError
"""What reading a body raises that no door of ours wrote."""
_ENCODE = msgspec.json.Encoder().encode


class Placed(msgspec.Struct, frozen=True, array_like=True):
    """One product in its place; the first of a list stands at rank 1."""

    product_id: str
    propensity: float
    is_explored: bool
    strategy: str
    score: float | None = None
    signals: dict[str, float | None] | None = None
    """What the ranking knew of it, by name."""

    @property
    def signals_text(self) -> str | None:
        """`signals` as a JSON object, names in order; None where nothing is known.

        >>> Placed("mug", 1.0, False, "new", signals={"taste": 0.5, "price": 2.0}).signals_text
        '{"price":2.0,"taste":0.5}'
        """
        return _ENCODE(dict(sorted(self.signals.items()))).decode() if self.signals else None


class Shown(msgspec.Struct, frozen=True, omit_defaults=True):
    """One list."""

    exposure_id: str
    shown_at: int
    """Microseconds since 1970 UTC."""
    placement: str
    version: str
    """Of the model."""
    products: list[Placed]
    """By rank."""
    customer_id: str | None = None
    anonymous_id: str | None = None

    def body(self) -> bytes:
        """Return it as the body of a record.

        >>> shown(Shown("x", 0, "home", "v", [Placed("mug", 1.0, False, "new")]).body()).products[0].product_id
        'mug'
        """
        return _ENCODE(self)


_DECODE = msgspec.json.Decoder(Shown).decode


def shown(body: bytes) -> Shown:
    """Return the list a body tells of. Raises UNREADABLE."""
    return _DECODE(body)
