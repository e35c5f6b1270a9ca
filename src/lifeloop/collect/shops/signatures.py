"""Whether a webhook comes from the shop: it signs the body, as it came, with a secret that both know.

Source  Shopify ("Verify a webhook") and WooCommerce ("Webhooks"): base64 of the HMAC-SHA256 of the raw body, in a header.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Sequence


def signature(body: bytes, secret: str) -> str:
    """Return what a shop writes into the header of a webhook with this body.

    >>> signature(b"{}", "hush")
    'UFwgrGBPZilFtmKh8TqcovA78LGYb1BdWu9I4Q2oyRg='
    """
    return base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest()).decode()


def is_signed(body: bytes, said: str, secrets: Sequence[str]) -> bool:
    """Return whether `said` is the signature of `body` under one of `secrets`; every one is tried, in constant time.

    While a secret is exchanged the shop may use either for an hour, so that both stand in the settings.
    """
    given = said.strip().encode("utf-8", "replace")
    found = False
    for secret in secrets:
        found |= bool(secret) and hmac.compare_digest(signature(body, secret).encode(), given)
    return found
