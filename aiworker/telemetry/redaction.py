"""Hides secrets and personal data that have a shape: keys, tokens, passwords in addresses, e-mail, phone numbers.

This is the second net. Names and resume texts have no shape; the first net is the list of declared fields.
"""

from __future__ import annotations

import re
from functools import lru_cache

MAX_LENGTH = 16_384
"""Longer text is cut before any pattern sees it, so that no input can cost more than this much work."""
MARGIN = 2_048
"""How far past the cut the patterns still look: a secret that straddles it is hidden as a whole."""
MAX_KNOWN = 64
HIDDEN = "[redacted]"
CUT = "…[cut]"

# Group 1 is what gets hidden. Repetitions are bounded, or end where no new match can begin, so a search is linear.
# A lookahead around the group lets matches overlap: text before a secret cannot use up its beginning.
PATTERNS: tuple[re.Pattern[str], ...] = tuple(
    re.compile(pattern)
    for pattern in (
        # Keys of model providers. A bare `sk-` inside a word ("task-1") needs the length of the old OpenAI keys.
        r"(sk-(?:ant|proj|svcacct|admin|or|live|test)-[\w-]{16,})",
        r"(?<![a-z])(sk-[A-Za-z0-9_-]{16,})",
        r"(sk-[A-Za-z0-9]{44,})",
        # Stripe, AWS, Google, GitHub, Slack, SendGrid.
        r"((?:sk|rk|whsec)_(?:live_|test_)?[A-Za-z0-9]{16,})",
        r"(A(?:KIA|SIA)[0-9A-Z]{16}[0-9A-Z]*)",
        r"(AIza[\w-]{30,})",
        r"((?:gh[pousr]|github_pat)_\w{20,})",
        r"(xox[a-z]-[A-Za-z0-9-]{10,})",
        r"hooks\.slack\.com(/[\w/-]{8,})",
        r"(SG\.[\w-]{16,}\.[\w-]{16,})",
        # JSON in base64url, one part or several: JWT, JWE.
        r"(eyJ[\w-]{6,}(?:\.[\w-]+)*)",
        r"-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----([^-]{0,2000})",
        r"(?i)bearer(?=[\s:=]{1,8}([\w.~+/=-]{6,1024}))",
        r"(?i)authorization(?=[\"'\\]{0,2}\s{0,4}[:=]\s{0,4}[\"'\\]{0,2}((?:\w{1,20} )?[^\s\"',;\\]{1,1024}))",
        r"(?i)(?:passw(?:or)?d|pwd|secret|token|api[_-]?key|cookie)"
        r"(?=[\"'\\]{0,2}\s{0,4}[:=]\s{0,4}[\"'\\]{0,2}([^\s\"',;&}\\]{1,1024}))",
        # Everything between :// and the last @: a password may hold : / and @.
        r"://(?=([^\s\"'<>]{1,512})@)",
        r"([^\s@<>\"'(),:;\[\]\\/=]{1,64}@[^\s@<>\"'(),:;\[\]\\/]{1,253}\.[^\W\d_]{2,})",
        # Telephone: international; then the North American, Indian and trunk-prefix shapes, never inside an id.
        r"(\+\d(?:[ ().-]{0,2}\d){6,14})",
        r"(?<![\w-])(\(?\d{3}\)?[ .-]{1,2}\d{3}[ .-]\d{4})(?![\w-])",
        r"(?<![\w-])([6-9]\d{4}[ -]?\d{5})(?![\w-])",
        r"(?<![\w-])(0\d{2,4}[ -]\d{6,8})(?![\w-])",
    )
)


PLAIN = re.compile(r"(?:[\w.-]{0,8}|[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12})\Z")
"""Short words and UUIDs, most of what a log line holds: no pattern matches inside them."""


def redact(text: str) -> str:
    """Return `text` with every secret and address that has a known shape hidden, cut to `MAX_LENGTH`."""
    if PLAIN.match(text):
        return text
    return _known(text) if len(text) <= MAX_KNOWN else _redacted(text)


def _redacted(text: str) -> str:
    end = min(len(text), MAX_LENGTH)
    pieces: list[str] = []
    at = 0
    for start, stop in hidden_spans(text[: end + MARGIN]):
        if start >= end:
            break
        pieces += (text[at:start], HIDDEN)
        at = stop
    pieces.append(text[at:end])
    if len(text) > end:
        pieces.append(CUT)
    return "".join(pieces)


_known = lru_cache(512)(_redacted)
"""Names of queues, jobs and models come with every line."""


def hidden_spans(text: str) -> list[tuple[int, int]]:
    """Return where `text` must not be shown: disjoint spans in order."""
    found = sorted(match.span(1) for pattern in PATTERNS for match in pattern.finditer(text))
    merged: list[tuple[int, int]] = []
    for start, stop in found:
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(stop, merged[-1][1]))
        else:
            merged.append((start, stop))
    return merged
