"""The structural guard: a rewrite differs from its base in located bullet texts and nowhere else.

True by construction, asserted anyway: the walk takes well under a millisecond, and a lost section is unforgivable.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from aiworker.domain.resume.locator import VERIFIED, Bullet
from aiworker.domain.resume.spans import Tree
from aiworker.errors import JobFailed

# Tuples, not dotted text: a key may itself hold dots.
_Path = tuple[str, ...]


def assert_same_structure(before: Tree, after: Tree, bullets: Iterable[Bullet] = ()) -> None:
    """Raise JobFailed `structure_changed` unless only the texts and flags of these bullets differ."""
    located = tuple(bullets)
    _Walk(
        texts=frozenset(tuple(bullet.text_path.split(".")) for bullet in located),
        flagged=frozenset(tuple(bullet.path.split(".")) for bullet in located if bullet.is_object),
    ).compare(before, after, ())


@dataclass(frozen=True, slots=True)
class _Walk:
    texts: frozenset[_Path]
    flagged: frozenset[_Path]

    def compare(self, before: Tree, after: Tree, path: _Path) -> None:
        if isinstance(before, dict) and isinstance(after, dict):
            self._objects(before, after, path)
        elif isinstance(before, list) and isinstance(after, list):
            if len(before) != len(after):
                raise _changed(path)
            for index, (old, new) in enumerate(zip(before, after, strict=True)):
                self.compare(old, new, (*path, str(index)))
        elif type(before) is not type(after) or (before != after and path not in self.texts):
            raise _changed(path)

    def _objects(self, before: dict[str, Tree], after: dict[str, Tree], path: _Path) -> None:
        marked = path in self.flagged and after.get(VERIFIED) is True and before.get(VERIFIED) in (None, False)
        if list(before) != [key for key in after if not (marked and key == VERIFIED and key not in before)]:
            raise _changed(path)
        for key, old in before.items():
            if not (marked and key == VERIFIED):
                self.compare(old, after[key], (*path, key))


def _changed(path: _Path) -> JobFailed:
    place = ".".join(path) or "the top level"
    return JobFailed(f"The rewrite would change the resume's structure at {place}", code="structure_changed")
