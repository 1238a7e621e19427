"""Replaces fixed phrases: lower case anywhere, capitalised only where a bullet begins.

A capitalised word inside a bullet may be a name and is left alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Tone = Literal["concise", "detailed", "professional"]

# "not very accurate" must not become "not accurate".
_NOT_NEGATED = r"(?<!\b[Nn]ot )(?<!n['’]t )(?<!\b[Nn]ever )(?<!\b[Nn]o )(?<!\b[Nn]unca )"


@dataclass(frozen=True, slots=True)
class Phrase:
    """A pattern that begins with a letter, and what stands in its place."""

    pattern: re.Pattern[str]
    replacement: str

    def apply(self, text: str) -> str:
        """Replace every occurrence, keeping the case of a bullet's first letter."""
        return self.pattern.sub(self._replace, text)

    def _replace(self, found: re.Match[str]) -> str:
        new = found.expand(self.replacement)
        return new[:1].upper() + new[1:] if found[0][0].isupper() else new


def phrases(table: Iterable[tuple[str, str]]) -> tuple[Phrase, ...]:
    """Compile pairs of pattern source and replacement."""
    return tuple(Phrase(_compile(source), replacement) for source, replacement in table)


def apply_all(text: str, table: Iterable[Phrase]) -> str:
    """Apply each phrase in turn."""
    for phrase in table:
        text = phrase.apply(text)
    return text


def _compile(source: str) -> re.Pattern[str]:
    first, rest = source[0], source[1:]
    begin = rf"(?:^{first.upper()}|(?<![\w'’&/.-]){_NOT_NEGATED}{first})"
    return re.compile(rf"{begin}{rest}(?:(?<!\w)|(?![\w'’/&-]))")
