"""Puts new bullet texts into the stored text; every character outside the edited tokens stays as it is."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from aiworker.domain.characters import storable
from aiworker.domain.resume.locator import VERIFIED, Bullet, Document
from aiworker.domain.resume.spans import Object, Scalar


@dataclass(frozen=True, slots=True, order=True)
class _Edit:
    start: int
    end: int
    text: str


def splice(document: Document, texts: Mapping[str, str]) -> str:
    """Return the document with these bullet texts (id to text); unknown ids and blank texts change nothing."""
    return _apply(document.text, _text_edits(document, texts))


def mark_verified(document: Document, texts: Mapping[str, str]) -> str:
    """Splice the texts and mark every object bullet as verified; plain strings stay strings."""
    marks = (mark for bullet in document.bullets for mark in _mark(document.text, bullet))
    return _apply(document.text, [*_text_edits(document, texts), *marks])


def _text_edits(document: Document, texts: Mapping[str, str]) -> Iterator[_Edit]:
    for bullet in document.bullets:
        new = storable(texts.get(bullet.id, ""))
        # An unchanged text keeps its token, and so its escapes.
        if new.strip() and new != bullet.text:
            yield _Edit(*bullet.span, json.dumps(new, ensure_ascii=False))


def _mark(text: str, bullet: Bullet) -> Iterator[_Edit]:
    if not isinstance(bullet.item, Object):
        return
    flag = next((member.value for member in bullet.item.members if member.key == VERIFIED), None)
    if flag is None:
        # Directly after the text token: equal starts never meet, a text edit ends where this one begins.
        yield _Edit(bullet.span[1], bullet.span[1], _new_member(text, bullet.item, bullet.span[0]))
    elif isinstance(flag, Scalar) and flag.value in (False, None):
        yield _Edit(flag.start, flag.end, "true")


def _new_member(text: str, item: Object, text_start: int) -> str:
    place = next(index for index, member in enumerate(item.members) if member.value.start == text_start)
    member = item.members[place]
    colon = text[member.key_end : member.value.start]
    return f',{_gap(text, item, place, colon)}"{VERIFIED}"{colon}true'


def _gap(text: str, item: Object, place: int, colon: str) -> str:
    """Return the space this object puts before a member that follows another."""
    starts = [member.key_start for member in item.members]
    if len(starts) > 1:
        follower = max(place, 1)
        return text[item.members[follower - 1].value.end : starts[follower]].partition(",")[2]
    opening = text[item.start + 1 : starts[0]]
    return opening if "\n" in opening else colon.partition(":")[2]


def _apply(text: str, edits: Iterable[_Edit]) -> str:
    pieces: list[str] = []
    done = 0
    for edit in sorted(edits):
        pieces += (text[done : edit.start], edit.text)
        done = edit.end
    return "".join((*pieces, text[done:]))
