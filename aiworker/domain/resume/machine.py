"""What a resume's document keeps for programs: ids, settings, links and addresses. None of it is evidence of anything.

A UUID holds digits for every small figure, and a page's margins are nobody's achievement. Dates, grades and names stay.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

_KEYS: Final = re.compile(
    r"\$.*"
    r"|(?:.*[_-])?(?:ids?|uuid|guid|key|slug|hash)|.*[a-z0-9](?:Ids?|IDs?|Uuid|UUID|Guid|Key|Slug|Hash)"
    r"|(?:.*[_-])?settings|.*[a-z0-9]Settings|section_?(?:configs|meta|order|type)|section(?:Configs|Meta|Order|Type)"
    r"|meta|metadata|(?:created|updated|modified)(?:_at|At)|last_?modified|lastModified"
)
_LINK_KEYS: Final = re.compile(
    r"(?:.*[_-])?(?:url|uri|href|link|website|homepage|e[_-]?mail|linkedin|github|gitlab|portfolio)(?:[_-]address)?"
    r"|.*[a-z0-9](?:Url|URL|Uri|URI|Link|Website|Email)|[eE]mailAddress"
)
_PHONE_KEYS: Final = re.compile(r"(?i:(?:.*[_-])?(?:phone|mobile|telephone|tel|fax|whatsapp)(?:[_-]?(?:number|no))?)")
_POSTAL_KEYS: Final = re.compile(r"(?i:(?:postal|zip|pin)[_-]?code|zip)")
# Bounded, or a text without spaces would take the square of its length.
_ADDRESS: Final = re.compile(r"(?i:\b[a-z][a-z0-9+.-]{1,20}://|\bwww\.)\S+|[^\s@]{1,64}@[^\s@]{1,255}\.\w+")
"""Wherever it stands."""
_ADDRESSED: Final = ("@", "://", "w.", "W.")
"""Of which every address has one."""
_VALUES: Final = re.compile(
    r"data:[a-z]+/[a-z0-9.+-]+[;,]\S*|tel:\+?\d\S*"
    # A bare host in small letters only: B.Com/BBA is a degree, ASP.NET/MVC a tool.
    r"|[a-z0-9-]{2,}(?:\.[a-z0-9-]+)*\.(?:com|org|net|in|edu|dev|me|co|io|app)/\S*"
    r"|\+\d[\d ()./-]{6,}"
    r"|(?i:[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}|[0-9a-f]{16,})"
)
_DIALLED: Final = re.compile(r"[\d ()+./-]+")
_TIME: Final = re.compile(r"(\d{4}-\d{2}-\d{2})[T ]\d{2}:\d{2}\S*")


@lru_cache(maxsize=1_000)
def is_machine(key: str) -> bool:
    """Say whether everything below a key is a program's own."""
    return bool(_KEYS.fullmatch(key))


@lru_cache(maxsize=1_000)
def _kind(key: str) -> str:
    if _POSTAL_KEYS.fullmatch(key):
        return "postal"
    return "link" if _LINK_KEYS.fullmatch(key) else "phone" if _PHONE_KEYS.fullmatch(key) else ""


def said(key: str, text: str) -> str:
    """Return what of a text under a key somebody says with it: nothing of a link or an address, of a time its date."""
    if any(part in text for part in _ADDRESSED):
        text = _ADDRESS.sub("", text)
    value, kind = text.strip(), _kind(key)
    if not value or kind == "postal" or _VALUES.fullmatch(value) or (kind == "link" and len(value.split()) == 1):
        return ""
    if kind == "phone" and _DIALLED.fullmatch(value):
        return ""
    found = _TIME.fullmatch(value)
    return found[1] if found else text
