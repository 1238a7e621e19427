"""The offline rewrite: rules that strengthen and tighten, and never add a number, a name or a claim.

Bullets in neither English nor Spanish only have their spaces and final period put right.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from aiworker.domain.resume import english, spanish
from aiworker.domain.resume.language import Language, detect
from aiworker.domain.resume.phrases import Phrase, Tone, apply_all

# Addresses, quotations and code are nobody's to reword. The mark itself counts, so that restoring stays in step.
_MARK = "\ue000"
_PROTECTED = re.compile(rf"{_MARK}|https?://\S+|(?<!\S)[^\s@]+@\S+|\"[^\"]*\"|“[^“”]*”|«[^«»]*»|`[^`]*`")

_LOWER_WORD = re.compile(r"[a-záéíóúüñ]+(?=[\s,;:.]|$)")
_KEEPS_LOWER_CASE = frozenset(
    {"bash", "curl", "git", "kubectl", "matplotlib", "nginx", "npm", "numpy", "pandas", "pip", "pytest"}
)

_NEEDS_PERIOD = re.compile(r"[0-9A-Za-zÀ-ɏ%)\]+#₹€$]$")
_SENTENCE_BREAK = re.compile(r"[.!?]\s")
_ABBREVIATIONS = frozenset({"Co.", "Corp.", "Dr.", "Inc.", "Jr.", "Ltd.", "No.", "Pvt.", "Sr.", "St.", "etc."})

# Enough for every chain of rules; a bullet that still changes would be a bug, not a reason to hang.
_PASSES = 10


@dataclass(frozen=True, slots=True)
class _Rules:
    phrases: Mapping[Tone, tuple[Phrase, ...]]
    strengthen: Callable[[str], str]


_NONE = _Rules(phrases={}, strengthen=str)
_RULES: Mapping[Language, _Rules] = {
    "en": _Rules(english.PHRASES, english.strengthen),
    "es": _Rules(spanish.PHRASES, spanish.strengthen),
    "other": _NONE,
}


def rewrite(bullets: Sequence[tuple[str, str]], tone: Tone) -> dict[str, str]:
    """Return id to new text for every bullet; rewriting the result again changes nothing."""
    return _settled(dict(bullets), tone, _PASSES)


def _settled(texts: dict[str, str], tone: Tone, passes: int) -> dict[str, str]:
    rules = _RULES[detect(" ".join(texts.values()))]
    polished = {key: _polished(text, rules, tone) for key, text in texts.items()}
    return polished if polished == texts or not passes else _settled(polished, tone, passes - 1)


def _polished(text: str, rules: _Rules, tone: Tone) -> str:
    tidy = " ".join(text.split())
    protected = _PROTECTED.findall(tidy)
    masked = rules.strengthen(apply_all(_PROTECTED.sub(_MARK, tidy), rules.phrases.get(tone, ())))
    if rules is not _NONE:
        masked = _capitalised(masked)
    kept = iter(protected)
    return re.sub(_MARK, lambda _: next(kept), _ended(masked, tone)) or text


def _capitalised(text: str) -> str:
    first = _LOWER_WORD.match(text)
    if first is None or first[0] in _KEEPS_LOWER_CASE:
        return text
    return text[0].upper() + text[1:]


def _ended(text: str, tone: Tone) -> str:
    if tone != "concise":
        return text + "." if _NEEDS_PERIOD.search(text) else text
    body = text.removesuffix(".")
    last_word = text.rpartition(" ")[2]
    is_abbreviation = last_word in _ABBREVIATIONS or "." in last_word[:-1]
    return text if is_abbreviation or not body or _SENTENCE_BREAK.search(body) else body
