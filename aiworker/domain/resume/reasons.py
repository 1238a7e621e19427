"""Why a suggestion improves a resume, in the model's words: one short line of plain text, whatever it answered."""

from __future__ import annotations

import re

from aiworker.domain import untrusted
from aiworker.domain.resume.vacancy import cut_at_word

MAX_CHARACTERS = 200
MOST_READ = 2_000
"""Nobody wants the end of a longer one."""

_LABELLED_LINK = re.compile(r"!?\[([^\[\]]*)\]\([^()]*\)")
_ADDRESS = re.compile(r"\b(?:[a-z][a-z0-9+.-]*://|www\.|mailto:)[^\s)\]]+|[^\s@<>]+@[^\s@<>]+\.\w{2,}", re.IGNORECASE)
_TAG = re.compile(r"</?[a-z!][^<>]*>", re.IGNORECASE)
_EMPHASIS = re.compile(r"(?<![\w*_~])([*_~]{1,3})(?=[^\s*_~])(.+?)(?<=[^\s*_~])\1(?![\w*_~])")
_LINE_MARK = re.compile(r"^\s*(?:[-*+•>]|#{1,6})\s+", re.MULTILINE)


def plain_reason(text: str) -> str:
    """Return the reason without markup, links, line breaks and hidden characters, cut at a word."""
    text = cut_at_word(untrusted.clean(text).text, MOST_READ)
    # What is taken out may leave something to take out: "<<b>script>".
    while (plainer := _plainer(text)) != text:
        text = plainer
    return text


def _plainer(text: str) -> str:
    text = _TAG.sub("", _ADDRESS.sub("", _LABELLED_LINK.sub(r"\1", _LINE_MARK.sub("", text))))
    text = _EMPHASIS.sub(r"\2", text).replace("`", "")
    return cut_at_word(" ".join(text.split()), MAX_CHARACTERS)
