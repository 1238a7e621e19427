"""Suggestions for single bullets: what a model proposed, where it belongs, and the patch that accepts it.

The model never writes a path or the original. Both come from the document, so that a text is replaced only where the
one it was made for still stands.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from aiworker.domain import untrusted
from aiworker.domain.characters import storable
from aiworker.domain.resume.answer import first_object, text_of
from aiworker.domain.resume.locator import Bullet, Document
from aiworker.domain.resume.reasons import plain_reason
from aiworker.domain.resume.spans import Array, Node, Number, Object, Scalar
from aiworker.domain.student_texts import SUGGESTIONS_FAILED
from aiworker.errors import InvalidAnswer

MAX_SUGGESTIONS = 8


@dataclass(frozen=True, slots=True)
class Proposal:
    """What a model would have a bullet say, and why."""

    bullet: str
    text: str
    reason: str


@dataclass(frozen=True, slots=True)
class Proposals:
    """The usable ones, most useful first, and how many named a bullet that nobody asked about."""

    usable: tuple[Proposal, ...]
    unknown: int


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A proposal with its place: `section` names the bullet, `text_path` its text, `bullet_id` is the resume's own."""

    section: str
    text_path: str
    bullet_id: str | None
    original: str
    original_hash: str
    suggested: str
    reason: str


def read_proposals(raw: str, originals: Mapping[str, str], *, plain: Callable[[str], str] = str) -> Proposals:
    """Return the proposals in the model's text for bullets given by id; raises InvalidAnswer, which never quotes it.

    `plain` undoes what the bullets' texts went through on their way to the model.
    """
    items = _items(first_object(raw, failure=SUGGESTIONS_FAILED))
    proposals = [_proposal(item, plain) for item in items if isinstance(item, Object)]
    if items and not any(proposal.bullet for proposal in proposals):
        raise InvalidAnswer(SUGGESTIONS_FAILED)
    first: dict[str, Proposal] = {}
    for proposal in proposals:
        first.setdefault(proposal.bullet, proposal)
    named = Counter(proposal.bullet in originals for proposal in proposals if proposal.bullet)
    known = (proposal for bullet, proposal in first.items() if bullet in originals)
    usable = (proposal for proposal in known if _is_usable(proposal, originals[proposal.bullet]))
    return Proposals(tuple(usable), unknown=named[False])


def suggestion(bullet: Bullet, proposal: Proposal) -> Suggestion:
    """Put a proposal in its place in the document."""
    return Suggestion(
        section=bullet.path,
        text_path=bullet.text_path,
        bullet_id=_own_id(bullet),
        original=bullet.text,
        original_hash=text_hash(bullet.text),
        suggested=proposal.text,
        reason=proposal.reason,
    )


def still_fitting(suggestions: Iterable[Suggestion], document: Document) -> tuple[Suggestion, ...]:
    """Return the suggestions whose originals are still where they were found."""
    texts = {(bullet.path, bullet.text_path): bullet.text for bullet in document.bullets}
    return tuple(each for each in suggestions if texts.get((each.section, each.text_path)) == each.original)


def as_patch(section: str, text_path: str, original: str, suggested: str) -> list[dict[str, str]]:
    """Return the RFC 6902 patch that accepts a suggestion; it fails on a resume whose text there is another one.

    `text_path` is the section itself for a bullet that is a string, and below it for an object; else ValueError.
    """
    if text_path != section and not text_path.startswith(f"{section}."):
        raise ValueError("the text is not in the section")
    pointer = "".join(f"/{part.replace('~', '~0').replace('/', '~1')}" for part in text_path.split("."))
    return [
        {"op": "test", "path": pointer, "value": original},
        {"op": "replace", "path": pointer, "value": suggested},
    ]


def text_hash(text: str) -> str:
    """Return the SHA-256 of a text, in hex."""
    return hashlib.sha256(text.encode()).hexdigest()


def _items(found: Object) -> tuple[Node, ...]:
    match [member.value for member in found.members if member.key == "suggestions"]:
        case [Array(items=items)]:
            return items
        case _:
            raise InvalidAnswer(SUGGESTIONS_FAILED)


def _proposal(item: Object, plain: Callable[[str], str]) -> Proposal:
    text = untrusted.clean(plain(_field(item, "text"))).text.strip()
    return Proposal(_field(item, "id"), text, plain_reason(plain(_field(item, "reason"))))


def _field(item: Object, name: str) -> str:
    """Return a field's text; one that is given twice is as good as none."""
    values = [text_of(member.value) for member in item.members if member.key == name]
    return values[0] if len(values) == 1 else ""


def _is_usable(proposal: Proposal, original: str) -> bool:
    return bool(proposal.text and proposal.reason) and untrusted.seen(proposal.text) != untrusted.seen(original)


def _own_id(bullet: Bullet) -> str | None:
    if not isinstance(bullet.item, Object):
        return None
    values = [member.value for member in bullet.item.members if member.key == "id"]
    match values:
        case [Scalar(value=str() | Number() as value)]:
            return storable(str(value)).strip() or None
        case _:
            return None
