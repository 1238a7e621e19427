"""The offline suggestions: what the rewrite rules would change in words, and a plain reason for each.

A capital letter or a full stop is no suggestion: a student who is shown ten of those reads none.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from enum import IntEnum

from aiworker.domain.resume.language import Language, detect
from aiworker.domain.resume.rewrite_rules import rewrite
from aiworker.domain.resume.suggestions import MAX_SUGGESTIONS

_WORD = re.compile(r"[^\W_]+")


class Gain(IntEnum):
    """What a bullet gains, the most first."""

    OPENING = 0
    SHORTER = 1
    WORDING = 2


_ENGLISH: Mapping[Gain, str] = {
    Gain.OPENING: "Begins with a plain verb that says what you did.",
    Gain.SHORTER: "Says the same in fewer words.",
    Gain.WORDING: "Replaces abbreviations and loose wording by plain, whole words.",
}
_SPANISH: Mapping[Gain, str] = {
    Gain.OPENING: "Empieza con un verbo claro que dice lo que hiciste.",
    Gain.SHORTER: "Dice lo mismo con menos palabras.",
    Gain.WORDING: "Cambia abreviaturas y expresiones vagas por palabras claras y completas.",
}
_REASONS: Mapping[Language, Mapping[Gain, str]] = {"en": _ENGLISH, "es": _SPANISH, "other": _ENGLISH}


def suggest(bullets: Sequence[tuple[str, str]]) -> list[dict[str, str]]:
    """Return id, text and reason for the bullets that gain most, given as pairs of id and text."""
    reasons = _REASONS[detect(" ".join(text for _, text in bullets))]
    texts = rewrite(bullets, "professional")
    gains = {bullet: gain for bullet, text in bullets if (gain := _gain(text, texts[bullet])) is not None}
    most = sorted(gains, key=lambda bullet: gains[bullet])[:MAX_SUGGESTIONS]
    return [{"id": bullet, "text": texts[bullet], "reason": reasons[gains[bullet]]} for bullet in most]


def _gain(before: str, after: str) -> Gain | None:
    old, new = (_WORD.findall(text.casefold()) for text in (before, after))
    if old == new:
        return None
    # "Wasn't" that becomes "Was not" still begins as it did.
    if not " ".join(old).startswith(" ".join(new[:1])):
        return Gain.OPENING
    return Gain.SHORTER if len(new) < len(old) else Gain.WORDING
