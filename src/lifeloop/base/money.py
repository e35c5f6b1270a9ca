"""Money: integer minor units with a currency beside them. No float ever holds a stored price.

Source  ISO 4217 for the number of decimals of each currency.
"""

from __future__ import annotations

import re
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation

_TWO_DECIMALS = (
    "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CNY COP "
    "CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR "
    "JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN "
    "NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP "
    "SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD UYU UZS VES WST XCD YER ZAR ZMW ZWG"
)
EXPONENT: dict[str, int] = (
    dict.fromkeys(_TWO_DECIMALS.split(), 2)
    | dict.fromkeys("BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF".split(), 0)
    | dict.fromkeys("BHD IQD JOD KWD LYD OMR TND".split(), 3)
)
"""Decimals of each currency lifeloop knows."""

SYMBOL: dict[str, str] = {
    "€": "EUR", "£": "GBP", "US$": "USD", "$": "USD", "₹": "INR",
    "¥": "CNY", "￥": "CNY", "元": "CNY", "RMB": "CNY", "人民币": "CNY",
}  # fmt: skip
"""What a price is written with, where a column has no currency code beside it."""

_BLANK_GROUPS = re.compile(r"(?<=\d)['\u00a0\u202f ](?=\d{3}(?!\d))")
_COMMA_GROUPS = re.compile(r"-?\d{1,3}(,\d{3})+")


def decimal_of(text: str) -> Decimal | None:
    """Read one written amount: `1,234.50`, `1.234,50`, `-12`, `(12.30)`, `£5`. None if it is not an amount.

    A comma before exactly three digits separates thousands, so `1,234` is 1234; a lone point is always the decimal
    point, so `1.234` is one and 234 thousandths; a point that stands twice separates thousands.

    >>> decimal_of("£1,234.50"), decimal_of("1.234,50"), decimal_of("(3.20)")
    (Decimal('1234.50'), Decimal('1234.50'), Decimal('-3.20'))
    """
    body = text.strip()
    negative = body.startswith("(") and body.endswith(")")
    body = body.strip("()").strip()
    for symbol in sorted(SYMBOL, key=len, reverse=True):
        body = body.replace(symbol, "")
    body = re.sub(r"^[A-Z]{3}\s+|\s+[A-Z]{3}$", "", body.strip()).replace("\u2212", "-")
    body = _BLANK_GROUPS.sub("", body)
    if body.rfind(",") > body.rfind(".") >= 0 or ("," not in body and body.count(".") > 1):
        body = body.replace(".", "").replace(",", ".")
    elif "." in body or _COMMA_GROUPS.fullmatch(body):
        body = body.replace(",", "")
    else:
        body = body.replace(",", ".")
    try:
        value = Decimal(body)
    except InvalidOperation:
        return None
    if not value.is_finite():
        return None
    return -value if negative else value


def to_minor(amount: Decimal, currency: str) -> int:
    """Return `amount` in minor units of `currency`, half to even.

    >>> to_minor(Decimal("12.345"), "EUR"), to_minor(Decimal("1200"), "JPY"), to_minor(Decimal("1.5"), "KWD")
    (1234, 1200, 1500)
    """
    return int((amount.scaleb(EXPONENT[currency])).to_integral_value(rounding=ROUND_HALF_EVEN))


def show_money(minor: float, currency: str, *, decimals: bool = True) -> str:
    """Return an amount for people to read, such as `1,234.50 EUR`; `decimals=False` rounds to whole units."""
    places = EXPONENT[currency] if decimals else 0
    return f"{minor / 10 ** EXPONENT[currency]:,.{places}f} {currency}"
