"""Machines that read a shop's pages and say so in their user agent.

Source  what crawlers of search engines, link previews, monitors and browser automation call themselves; a short list on
        purpose: a person taken for a machine is worse than a machine taken for a person.
"""

from __future__ import annotations

import re
from functools import lru_cache

_KNOWN = re.compile(
    r"(?<!cu)bot\b|crawl|spider|slurp|headless|lighthouse|pagespeed|phantomjs|puppeteer|playwright|selenium|webdriver"
    r"|facebookexternalhit|mediapartners|whatsapp/|telegrambot|bingpreview|google-inspectiontool|googleother"
    r"|pingdom|uptime|statuscake|site24x7|datadog|newrelic|gtmetrix|screaming frog",
    re.IGNORECASE,
)
"""`CUBOT` makes telephones. curl and the like are left out: shops' own servers send with them."""


@lru_cache(4096)
def is_bot(user_agent: str) -> bool:
    """Return whether a user agent says that it is a machine.

    >>> is_bot("Mozilla/5.0 (compatible; Googlebot/2.1)"), is_bot("Mozilla/5.0 (Linux; Android 10; CUBOT NOTE 20)")
    (True, False)
    """
    return _KNOWN.search(user_agent) is not None
