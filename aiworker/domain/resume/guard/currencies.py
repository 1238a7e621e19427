"""Currencies by their codes (ISO 4217), signs and names."""

from __future__ import annotations

import re
from typing import Final

from aiworker.domain.resume.guard.words import listed

CODES: Final = listed(
    "INR USD EUR GBP CHF AED SGD AUD CAD ZAR NZD HKD CNY JPY KRW BRL MXN ARS CLP COP SEK NOK DKK ISK PLN CZK HUF RON"
    " BGN UAH TRY ILS EGP NGN GHS KES TZS UGX RWF ETB MAD SAR QAR KWD BHD OMR PKR BDT LKR NPR THB VND IDR MYR PHP TWD"
)
_ONLY_BEFORE: Final = frozenset({"rm", "rp", "tk"})
"""Signs that are something else after a figure."""
_NAMED: Final = {
    "₹": "INR",
    "rs": "INR",
    "rs.": "INR",
    "rupees": "INR",
    "rupee": "INR",
    "indian rupees": "INR",
    "$": "USD",
    "us$": "USD",
    "dollars": "USD",
    "dollar": "USD",
    "€": "EUR",
    "euros": "EUR",
    "euro": "EUR",
    "£": "GBP",
    "pounds": "GBP",
    "pound": "GBP",
    "pounds sterling": "GBP",
    "sterling": "GBP",
    "swiss francs": "CHF",
    "francs": "CHF",
    "dirhams": "AED",
    "s$": "SGD",
    "singapore dollars": "SGD",
    "a$": "AUD",
    "au$": "AUD",
    "australian dollars": "AUD",
    "c$": "CAD",
    "ca$": "CAD",
    "canadian dollars": "CAD",
    "rand": "ZAR",
    "nz$": "NZD",
    "new zealand dollars": "NZD",
    "hk$": "HKD",
    "hong kong dollars": "HKD",
    "yuan": "CNY",
    "rmb": "CNY",
    "renminbi": "CNY",
    "¥": "JPY",
    "yen": "JPY",
    "₩": "KRW",
    "korean won": "KRW",
    "r$": "BRL",
    "reais": "BRL",
    "mex$": "MXN",
    "mexican pesos": "MXN",
    "swedish kronor": "SEK",
    "kronor": "SEK",
    "norwegian kroner": "NOK",
    "danish kroner": "DKK",
    "zł": "PLN",
    "zloty": "PLN",
    "zlotys": "PLN",
    "złoty": "PLN",
    "złotych": "PLN",
    "kč": "CZK",
    "koruna": "CZK",
    "czech crowns": "CZK",
    "forints": "HUF",
    "forint": "HUF",
    "lei": "RON",
    "₴": "UAH",
    "hryvnia": "UAH",
    "hryvnias": "UAH",
    "₺": "TRY",
    "turkish lira": "TRY",
    "lira": "TRY",
    "₪": "ILS",
    "shekels": "ILS",
    "egyptian pounds": "EGP",
    "₦": "NGN",
    "naira": "NGN",
    "nigerian naira": "NGN",
    "gh₵": "GHS",
    "₵": "GHS",
    "cedis": "GHS",
    "ghanaian cedis": "GHS",
    "ksh": "KES",
    "kshs": "KES",
    "kenyan shillings": "KES",
    "shillings": "KES",
    "tsh": "TZS",
    "tanzanian shillings": "TZS",
    "ush": "UGX",
    "ugandan shillings": "UGX",
    "rwandan francs": "RWF",
    "birr": "ETB",
    "riyals": "SAR",
    "saudi riyals": "SAR",
    "pkr": "PKR",
    "pakistani rupees": "PKR",
    "৳": "BDT",
    "taka": "BDT",
    "tk": "BDT",
    "sri lankan rupees": "LKR",
    "npr": "NPR",
    "nepali rupees": "NPR",
    "nepalese rupees": "NPR",
    "฿": "THB",
    "baht": "THB",
    "₫": "VND",
    "rp": "IDR",
    "rupiah": "IDR",
    "rm": "MYR",
    "ringgit": "MYR",
    "₱": "PHP",
    "philippine pesos": "PHP",
    "nt$": "TWD",
}
CURRENCIES: Final = {**{code.lower(): code for code in CODES}, **_NAMED}
"""The code of each sign, name and code, all in lower case."""
_SHARED: Final = {
    "$": "AUD CAD SGD NZD HKD MXN TWD",
    "dollars": "AUD CAD SGD NZD HKD",
    "dollar": "AUD CAD SGD NZD HKD",
    "rs": "PKR LKR NPR",
    "rs.": "PKR LKR NPR",
    "rupees": "PKR LKR NPR",
    "shillings": "TZS UGX",
    "pounds": "EGP",
    "francs": "RWF",
    "¥": "CNY",
}
OTHERS: Final = {name: tuple(codes.split()) for name, codes in _SHARED.items()}
"""Which other currencies go by a sign or a name as well."""

SIGNS: Final = "".join(sorted(name for name in _NAMED if len(name) == 1 and not name.isalpha()))
_WORDLIKE: Final = listed("TRY MAD COP RON PHP CLP SAR ILS OMR")
"""Codes that are something else in small letters."""
_CAPITALS: Final = "|".join(sorted(_WORDLIKE))
_EITHER: Final = "|".join(sorted(CODES - _WORDLIKE))
_PREFIXES: Final = "|".join(
    re.escape(name) for name in sorted(_NAMED, key=len, reverse=True) if name.endswith("$") and len(name) > 1
)
BEFORE: Final = (
    rf"GH₵|[{SIGNS}]|\bR(?=\d)"
    # Few words stand before a figure, and only those need be looked up.
    rf"|\b(?=[^\s\d]{{1,6}}\s?[\d.])"
    rf"(?:{_PREFIXES}|Rs\.?|{_EITHER}|Kshs?\.?|Tsh\.?|Ush\.?|(?-i:RM|Tk|Rp\.?|{_CAPITALS}))"
)
"""What stands before the digits."""
_WORDS: Final = "|".join(
    re.escape(name)
    for name in sorted(_NAMED, key=len, reverse=True)
    if name.replace(" ", "").isalpha() and name not in _ONLY_BEFORE
)
AFTER: Final = rf"(?:US |U\.S\. |American )?(?:[{SIGNS}](?!\s?\d)|(?:{_WORDS}|{_EITHER}|(?-i:{_CAPITALS}))\b)"
"""What stands after them."""


def currency(written: str) -> str | None:
    """Return the code of a sign or name; None if it is none."""
    if written == "R":
        return "ZAR"
    low = written.lower()
    return CURRENCIES.get(low) or CURRENCIES.get(low.rstrip("."))
