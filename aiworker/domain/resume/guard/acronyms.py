"""Acronyms and the words that spell them out."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from aiworker.domain.resume.guard.words import STOP_WORDS, words

if TYPE_CHECKING:
    from aiworker.domain.resume.guard.reading import Reading

_NAMED_TOO: Final = re.compile(r"(?<![\w-])((?:[\w-]{1,30} ){1,4})\(([A-Z][A-Za-z]*[A-Z]s?)\)")
"""What a text calls by its name and by its acronym."""
_AND: Final = re.compile(r"\b[A-Z]+(?:&[A-Z]+)+\b")


def explanations(entry: Reading, text: Reading) -> frozenset[str]:
    """Return the words of a text that spell out an acronym of the entry: "Total Productive Maintenance" for TPM."""
    found: set[str] = set()
    shorts = {term.text.removesuffix("s").rstrip("0123456789") for term in entry.terms}
    shorts.update(match[0].replace("&", "") for match in _AND.finditer(entry.text))
    for spoken in (text.words, [word for word in text.words if word not in STOP_WORDS]):
        letters = "".join(word[0] for word in spoken)
        for written in sorted(shorts):
            short = written.lower()
            is_acronym = sum(letter.isupper() for letter in written) > 1 and written.isalpha()
            at = letters.find(short) if is_acronym else -1
            while at >= 0:
                found.update(spoken[at : at + len(short)])
                at = letters.find(short, at + 1)
    for match in _NAMED_TOO.finditer(text.text):
        if match[2].removesuffix("s") in shorts:
            found.update(words(match[1]))
    return frozenset(found)
