"""What stays of a vacancy that is too long: requirements first, boilerplate last, and never half a paragraph.

A heading rules what stands under it, blank lines or not: the list after "Requirements" is requirements.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

MAX_HEADING_CHARACTERS = 60

_REQUIRED, _PLAIN, _BOILER = range(3)

_BOILERPLATE = re.compile(
    r"^\W*(?:about (?:us|the company|our company)|who we are|our (?:benefits|perks|values|culture)|benefits|perks"
    r"|what we offer|equal (?:employment )?opportunit|we are an equal|eeo\b|diversity|disclaimer|how to apply"
    r"|compensation|salary)",
    re.IGNORECASE,
)
_REQUIREMENTS = re.compile(
    r"^\W*(?:requirements?|qualifications?|responsibilit|what you will do|what you bring|must have|nice to have|skills"
    r"|you (?:have|will|bring)|we look for|duties)",
    re.IGNORECASE,
)
_PARAGRAPH = re.compile(r"\n\s*\n")
_HEADING = re.compile(r"[^:.!?]+:?\W*")
_ITEM = re.compile(r"\s*(?:[-*+•·▪‣◦–—]|\d{1,2}[.)])\s")


def cut_at_word(text: str, limit: int) -> str:
    """Return at most `limit` characters, ending with a whole word unless the first word is longer."""
    if len(text) <= limit:
        return text
    head = text[:limit]
    if text[limit].isspace():
        return head.rstrip()
    words = head.rsplit(maxsplit=1)
    return words[0] if len(words) > 1 else head.rstrip()


def shorten(vacancy: str, limit: int) -> str:
    """Return whole paragraphs of at most `limit` characters in all: requirements stay first, boilerplate goes first."""
    paragraphs = [paragraph for paragraph in _PARAGRAPH.split(vacancy) if paragraph.strip()]
    keep: set[int] = set()
    room = limit
    for _, index in sorted((rank, index) for index, rank in enumerate(_ranks(paragraphs))):
        if len(paragraphs[index]) + 2 <= room:
            keep.add(index)
            room -= len(paragraphs[index]) + 2
    if keep:
        return "\n\n".join(paragraphs[index] for index in sorted(keep))
    return cut_at_word(vacancy, limit)


def _ranks(paragraphs: Iterable[str]) -> Iterator[int]:
    """Yield the worth of each paragraph; a heading's goes on to the next one and to every list item after it."""
    ruling, is_next = _PLAIN, False
    for paragraph in paragraphs:
        is_item = _ITEM.match(paragraph) is not None
        rank = _PLAIN if is_item and ruling != _PLAIN else _rank(paragraph)
        if rank != _PLAIN:
            first, _, rest = paragraph.strip().partition("\n")
            ruling, is_next = (rank, not rest) if _is_heading(first) else (_PLAIN, False)
        elif is_item or is_next:
            rank, is_next = ruling, False
        else:
            ruling = _PLAIN
        yield rank


def _rank(paragraph: str) -> int:
    if _REQUIREMENTS.match(paragraph):
        return _REQUIRED
    return _BOILER if _BOILERPLATE.match(paragraph) else _PLAIN


def _is_heading(line: str) -> bool:
    return len(line) <= MAX_HEADING_CHARACTERS and _HEADING.fullmatch(line) is not None
