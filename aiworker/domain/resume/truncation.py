"""What of a resume and a vacancy is sent when not everything fits or may be paid for: whole lines, never half a bullet.

With merge-back a bullet that is not sent stays as it is, so truncation loses no fact. Order: boilerplate and tail of
the vacancy, context beside the bullets, bullets as long as a paragraph, bullets of the last (oldest) entries.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from aiworker.domain import untrusted
from aiworker.domain.resume.locator import Bullet, Document, Entry, context, skills
from aiworker.domain.resume.vacancy import cut_at_word, shorten
from aiworker.protocol import JsonValue

MAX_BULLETS = 60
MAX_BULLET_CHARACTERS = 1_500
MAX_TITLE_CHARACTERS = 200
MAX_NAME_CHARACTERS = 200
"""Of each text that names an entry: title, company, name."""
MAX_TECH_CHARACTERS = 400
MAX_SKILLS_CHARACTERS = 2_000
MAX_VACANCY_CHARACTERS = 12_000
LEAST_VACANCY_CHARACTERS = 400
"""What is left of a vacancy before context and bullets are dropped for its sake."""
LONG_BULLET_CHARACTERS = 500
"""Longer bullets are the first to be left out where room is short."""

_AFTER_SKILL = re.compile(r"(?<=[,;]) ")
# As long as the tag of any prompt: what is counted is what will be sent.
_ANY_TAG = "data-0000000000"


@dataclass(frozen=True, slots=True)
class Selection:
    """What is sent. The cuts count characters of title and vacancy and lines of context, `not_sent` names bullets."""

    title: str
    vacancy: str
    entries: tuple[Entry, ...]
    skills: str
    title_cut: int = 0
    vacancy_cut: int = 0
    context_cut: int = 0
    not_sent: tuple[str, ...] = ()

    @property
    def ids(self) -> tuple[str, ...]:
        return tuple(bullet.id for entry in self.entries for bullet in entry.bullets)

    def only(self, ids: Collection[str]) -> Selection:
        """Return the selection with these bullets alone, and the entries that hold them."""
        kept = (replace(entry, bullets=tuple(b for b in entry.bullets if b.id in ids)) for entry in self.entries)
        return replace(self, entries=tuple(entry for entry in kept if entry.bullets))

    def inputs(self) -> dict[str, JsonValue]:
        """Return entries, bullets and skills as data, for the rule engine and the checkpoint's hash."""
        return {
            "entries": [
                {
                    "heading": entry.heading,
                    "tech": list[JsonValue](entry.tech),
                    "bullets": [{"id": bullet.id, "text": bullet.text} for bullet in entry.bullets],
                }
                for entry in self.entries
            ],
            "skills": self.skills,
        }

    @property
    def report(self) -> dict[str, JsonValue]:
        """Say what was left out; empty if nothing was."""
        cuts: dict[str, JsonValue] = {
            "title_chars": self.title_cut,
            "jd_chars": self.vacancy_cut,
            "context_lines": self.context_cut,
            "bullets_not_sent": list[JsonValue](self.not_sent),
        }
        return {name: value for name, value in cuts.items() if value}

    def text(self) -> str:
        """Return entries, bullets and skills as the model reads them."""
        lines: list[str] = []
        for entry in self.entries:
            tech = f" ({', '.join(entry.tech)})" if entry.tech else ""
            lines.append(f"{entry.heading or entry.path}{tech}")
            lines += [f"{bullet.id}: {_shown(bullet)}" for bullet in entry.bullets]
            lines.append("")
        return "\n".join([*lines, f"Skills: {self.skills}"] if self.skills else lines).strip()


def select(document: Document, *, title: str, vacancy: str, budget: int, count: Callable[[str], int]) -> Selection:
    """Choose what fits into `budget` tokens, counted by `count` as a prompt shows it; no bullets if none fits.

    A smaller budget never sends what a larger one leaves out.
    """
    whole = Selection(title, vacancy, context(document), skills(document))
    ever_smaller = _ever_smaller(_capped(whole))
    fitting = (one for one in ever_smaller if _size(one, count) <= budget)
    return _told(next(fitting, Selection("", "", (), "")), whole)


def _size(selection: Selection, count: Callable[[str], int]) -> int:
    texts = (f"{selection.title}\n\n{selection.vacancy}", selection.text())
    return sum(count(untrusted.wrap(untrusted.clean(text).text, _ANY_TAG)) for text in texts)


def _capped(selection: Selection) -> Selection:
    """Apply the size caps, which hold whatever fits."""
    bullets = [bullet for bullet in _bullets(selection) if len(_shown(bullet)) <= MAX_BULLET_CHARACTERS]
    kept = _keeping(selection, bullets[:MAX_BULLETS])
    return replace(
        _with_vacancy(kept, MAX_VACANCY_CHARACTERS),
        title=cut_at_word(kept.title, MAX_TITLE_CHARACTERS),
        entries=tuple(_capped_entry(entry) for entry in kept.entries),
        skills=" ".join(_whole(_AFTER_SKILL.split(kept.skills), MAX_SKILLS_CHARACTERS)).rstrip(",;"),
    )


def _capped_entry(entry: Entry) -> Entry:
    return replace(
        entry,
        title=cut_at_word(entry.title, MAX_NAME_CHARACTERS),
        company=cut_at_word(entry.company, MAX_NAME_CHARACTERS),
        name=cut_at_word(entry.name, MAX_NAME_CHARACTERS),
        tech=tuple(_whole(entry.tech, MAX_TECH_CHARACTERS)),
    )


def _whole(items: Iterable[str], room: int) -> Iterator[str]:
    for item in items:
        if len(item) + 2 <= room:
            room -= len(item) + 2
            yield item


def _ever_smaller(selection: Selection) -> Iterator[Selection]:
    """Yield the selection and what is left of it step by step, down to its last bullet without a vacancy."""
    yield selection
    while len(selection.vacancy) > LEAST_VACANCY_CHARACTERS:
        selection = _with_vacancy(selection, max(len(selection.vacancy) // 2, LEAST_VACANCY_CHARACTERS))
        yield selection
    selection = replace(selection, entries=tuple(replace(one, tech=()) for one in selection.entries), skills="")
    yield selection
    bullets = sorted(_bullets(selection), key=lambda bullet: len(_shown(bullet)) > LONG_BULLET_CHARACTERS)
    left = sum(len(_shown(bullet)) <= LONG_BULLET_CHARACTERS for bullet in bullets) or len(bullets)
    while left:
        selection = _keeping(selection, bullets[:left])
        yield selection
        left = min(left - 1, left * 3 // 4)
    yield replace(selection, vacancy="")


def _keeping(selection: Selection, bullets: Sequence[Bullet]) -> Selection:
    kept = {bullet.id for bullet in bullets}
    entries = (
        replace(entry, bullets=tuple(bullet for bullet in entry.bullets if bullet.id in kept))
        for entry in selection.entries
    )
    return replace(selection, entries=tuple(entry for entry in entries if entry.bullets))


def _with_vacancy(selection: Selection, limit: int) -> Selection:
    if len(selection.vacancy) <= limit:
        return selection
    return replace(selection, vacancy=shorten(selection.vacancy, limit))


def _told(chosen: Selection, whole: Selection) -> Selection:
    """Return the selection with what it leaves out of the whole."""
    sent, kept = frozenset(chosen.ids), {entry.path: entry for entry in chosen.entries}
    pairs = [(entry, kept[entry.path]) for entry in whole.entries if entry.path in kept]
    lines = sum((old.heading != new.heading) + (old.tech != new.tech) for old, new in pairs)
    return replace(
        chosen,
        title_cut=len(whole.title) - len(chosen.title),
        vacancy_cut=len(whole.vacancy) - len(chosen.vacancy),
        context_cut=lines + (whole.skills != chosen.skills),
        not_sent=tuple(bullet for bullet in whole.ids if bullet not in sent),
    )


def _bullets(selection: Selection) -> tuple[Bullet, ...]:
    return tuple(bullet for entry in selection.entries for bullet in entry.bullets)


def _shown(bullet: Bullet) -> str:
    return " ".join(bullet.text.split())
