"""Text from outside, made safe to show to a model: cleaned of what people cannot see, wrapped so that it stays data.

Nothing here refuses a text: `clean` and `scan` tell what they saw, and a student is never blocked by it. Scan what
`clean` returns, because hidden characters are put into words to hide them from a scan.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import accumulate
from types import MappingProxyType

from aiworker.domain.injection import Finding, scan
from aiworker.protocol import LLMReply

__all__ = ["Cleaned", "Finding", "clean", "flagged", "quoted", "scan", "seen", "unescape", "wrap"]


@dataclass(frozen=True, slots=True)
class Cleaned:
    """A text without hidden characters, and how many of which kind were taken out."""

    text: str
    removed: Mapping[str, int]


_NOTHING: Mapping[str, int] = MappingProxyType({})
_LINE_ENDS = re.compile("\r\n|[\r\v\f\x85\u2028\u2029]")

_HIDDEN: Mapping[str, str] = MappingProxyType(
    {
        "control": "\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\ufff9-\ufffb\ufdd0-\ufdef\ufffe\uffff",
        "bidi": "\u061c\u200e\u200f\u202a-\u202e\u2066-\u206f",
        "zero_width": "\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200d\u2060-\u2065\u3164\ufeff\uffa0",
        "variation": "\u180b-\u180d\u180f\ufe00-\ufe0f\U000e0100-\U000e01ef",
        "tag": "\U000e0000-\U000e007f",
        "surrogate": "\ud800-\udfff",
    }
)
_KINDS = {kind: re.compile(f"[{characters}]") for kind, characters in _HIDDEN.items()}
_RUNS = re.compile(f"[{''.join(_HIDDEN.values())}]+")

# Where a joiner changes what is read: Arabic script (Persian, Urdu), Syriac, the Indic scripts to Sinhala, Tibetan,
# Myanmar, Khmer, Mongolian and the Indic scripts of later blocks.
_JOINED_SCRIPTS = re.compile(
    "[\u0600-\u077f\u08a0-\u0dff\u0f00-\u109f\u1780-\u18af\u1900-\u19df\u1a20-\u1aaf\u1b00-\u1bff\ua800-\uabff"
    "\U00011000-\U000114df]"
)
_MONGOLIAN = re.compile("[\u1820-\u18af]")
_IDEOGRAPH = re.compile("[\u3400-\u9fff\uf900-\ufaff\U00020000-\U000323af]")
_PICTURE = re.compile("[\xa9\xae\u203c\u2049\u2122\u2139\u2190-\u2bff\u3030\u303d\u3297\u3299\U0001f000-\U0001faff]")
_KEYCAP = re.compile("[0-9#*]")
_FLAG = "\U0001f3f4"
_FLAGS = frozenset(
    "".join(chr(0xE0000 + ord(letter)) for letter in region) + "\U000e007f" for region in ("gbeng", "gbsct", "gbwls")
)

# What could end a block or begin another role: closing tags, comments, tokens, "system:", "### system", "[INST]".
_ROLES = "assistant|human|user|system|developer|tool|instructions?"
_ENTITY = re.compile(r"&(?=(?:lt|amp|#\d{2,3});)")
_MARKUP = re.compile(rf"<(?=\s{{0,9}}(?:[/|<!?]|(?:{_ROLES}|sys|inst)\b))", re.IGNORECASE)
_ROLE = re.compile(rf"^([^\w\n]{{0,8}}(?:{_ROLES})\b[^\w\n:]{{0,4}})(:)", re.IGNORECASE | re.MULTILINE)
_HEADING = re.compile(rf"^([ \t]{{0,8}})(#)(?=#{{0,5}}[ \t]{{0,3}}(?:{_ROLES})\b)", re.IGNORECASE | re.MULTILINE)
_BRACKET = re.compile(rf"()(\[)(?=/?(?:{_ROLES}|sys|inst)\])", re.IGNORECASE)
_ESCAPED = re.compile(r"&(?:lt|amp|#(\d{2,3}));")
_TAG = re.compile(r"[a-z][a-z0-9-]{3,}")


def clean(text: str) -> Cleaned:
    """Take out what nobody sees: control, bidi, zero-width, tag and variation characters; line ends become "\\n".

    Joiners stay where they carry meaning: one at a time inside the scripts that use them and between the pictures
    of an emoji. Cleaning a clean text changes nothing.
    """
    if text.isascii() and text.isprintable():
        return Cleaned(text, _NOTHING)
    text = _LINE_ENDS.sub("\n", text)
    removed: Counter[str] = Counter()

    def sift(run: re.Match[str]) -> str:
        before, after = text[run.start() - 1 : run.start()], text[run.end() : run.end() + 1]
        if before == _FLAG and run.group() in _FLAGS:
            return run.group()
        kept: list[str] = []
        for character, following in zip(run.group(), [*run.group()[1:], after], strict=True):
            if _is_meaningful(before, character, following):
                kept.append(character)
                before = character
            else:
                removed[_kind(character)] += 1
        return "".join(kept)

    return Cleaned(_RUNS.sub(sift, text), MappingProxyType(removed))


def wrap(text: str, tag: str) -> str:
    """Put a text between `<tag>` and `</tag>`; whatever in it could end the block or begin a role is escaped."""
    if not _TAG.fullmatch(tag):
        raise ValueError("a tag is four or more small letters, digits and hyphens")
    text = _MARKUP.sub("&lt;", _ENTITY.sub("&amp;", text))
    itself = re.compile(f"()({tag[0]})(?={tag[1:]})", re.IGNORECASE)
    for pattern in (_ROLE, _HEADING, _BRACKET, itself):
        text = pattern.sub(lambda found: f"{found[1]}&#{ord(found[2])};", text)
    return f"<{tag}>\n{text}\n</{tag}>"


def flagged(lines: Sequence[str]) -> frozenset[int]:
    """Return which of the lines speak to a model, alone or with those before and after them."""
    texts = [clean(line).text for line in lines]
    ends = list(accumulate(len(text) + 1 for text in texts))
    joined = "\n".join(texts)
    # All of them: a twenty-first order is no more evidence than the first.
    spans = ((found.start, found.end) for found in scan(joined, most=len(joined)))
    return frozenset(
        at for start, end in spans for at in range(bisect_right(ends, start), bisect_right(ends, end - 1) + 1)
    )


def unescape(text: str) -> str:
    """Undo the escapes of `wrap`, in an answer that quotes its data."""
    return _ESCAPED.sub(lambda found: chr(int(found[1])) if found[1] else {"&lt;": "<"}.get(found[0], "&"), text)


def quoted(reply: LLMReply) -> Callable[[str], str]:
    """Return what makes texts that an answer quotes what they were.

    A model quotes them as it was shown them, escaped; the rule engine sees the texts themselves.
    """
    return str if reply.is_by_rule else unescape


def seen(text: str) -> list[str]:
    """Return what tells two texts apart: their words, as a model is shown them."""
    return clean(text).text.split()


def _is_meaningful(before: str, character: str, following: str) -> bool:
    match character:
        case "\u200c" | "\u200d" if _JOINED_SCRIPTS.match(before):
            return True
        case "\u200d":
            return bool((before == "\ufe0f" or _PICTURE.match(before)) and _PICTURE.match(following))
        case "\ufe0e" | "\ufe0f":
            return bool(_PICTURE.match(before) or (_KEYCAP.match(before) and following == "\u20e3"))
        case _ if "\u180b" <= character <= "\u180f":
            return bool(_MONGOLIAN.match(before)) and character != "\u180e"
        case _ if character >= "\U000e0100":
            return bool(_IDEOGRAPH.match(before))
        case _:
            return False


@cache
def _kind(character: str) -> str:
    return next(kind for kind, pattern in _KINDS.items() if pattern.match(character))
