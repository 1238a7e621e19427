"""Finds the bullets of any resume schema; everything else is opaque and copied.

Bullets live in `<section>[i].<list>`, as strings or as objects with a string `text` or `content`. A blank text is
no bullet: there is nothing to rewrite and nothing to verify. The sections lie on the top level, or in one object on it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from aiworker.domain.characters import storable
from aiworker.domain.resume import machine
from aiworker.domain.resume.spans import Array, Malformed, Member, Node, Object, Scalar, Tree, named, parse, plain
from aiworker.errors import JobFailed

SECTIONS = frozenset(
    {
        "experience",
        "work",
        "workExperience",
        "work_experience",
        "workExperiences",
        "projects",
        "personalProjects",
        "volunteer",
    }
)
LISTS = frozenset({"bullets", "highlights", "description", "descriptions"})
EDUCATION = frozenset({"education", "educations"})
TEXT_KEYS = ("text", "content")
VERIFIED = "verified"

TITLE_KEYS = ("title", "position", "role", "jobTitle", "job_title")
COMPANY_KEYS = ("company", "organization", "organisation", "employer")
NAME_KEYS = ("name", "project")
TECH_KEYS = ("tech", "technologies", "techStack", "tech_stack", "keywords")
GROUP_NAME_KEYS = ("name", "category", "group", "skill")
GROUP_ITEM_KEYS = ("keywords", "items", "skills")
FEATURED, DESCRIPTIONS = "featuredSkills", "descriptions"
"""OpenResume's two ways to state skills: objects that name one each, and lines that list some."""
ADDITIONAL = "additional"
"""Where Resume-Matcher keeps skills, languages, certificates and awards."""

# Its dots would be taken for steps of a path.
_WRAPPER = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,39}")


@dataclass(frozen=True, slots=True)
class Bullet:
    """One located bullet; `span` is the string literal that holds its text."""

    id: str
    path: str
    text: str
    entry: str
    verified: bool | None
    is_object: bool
    span: tuple[int, int]
    text_path: str
    item: Scalar | Object = field(repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Document:
    """A resume as PostgreSQL hands it out: the text is the truth, the tree is for reading."""

    text: str
    bullets: tuple[Bullet, ...]
    tree: Tree
    wrapper: str = ""
    """The key of the object in which the sections lie; empty if that is the top level."""

    @property
    def prefix(self) -> str:
        """Return what a section's path begins with."""
        return f"{self.wrapper}." if self.wrapper else ""

    @property
    def content(self) -> dict[str, Tree]:
        """Return the sections and all that lies beside them, by key."""
        whole = _members(self.tree)
        return {**whole, **_members(whole[self.wrapper])} if self.wrapper else whole


@dataclass(frozen=True, slots=True)
class Entry:
    """One job or project that has bullets, with what a prompt says about it; absent fields are empty."""

    path: str
    title: str
    company: str
    name: str
    tech: tuple[str, ...]
    bullets: tuple[Bullet, ...]

    @property
    def heading(self) -> str:
        """Join what names the entry into one line."""
        return ", ".join(part for part in (self.title, self.name, self.company) if part)


@dataclass(frozen=True, slots=True)
class _Text:
    """Where a bullet keeps its text: `key` is None for a plain string."""

    key: str | None
    token: Scalar
    value: str


def read(text: str) -> Document:
    """Parse a stored resume and number its bullets; raises JobFailed `invalid_resume`."""
    try:
        root = parse(text)
        if not isinstance(root, Object):
            raise Malformed("its top level is not an object")
        wrapper = _wrapper(root)
        if wrapper is None:
            return Document(text, tuple(_bullets(root, "")), plain(root))
        key, inner = wrapper
        return Document(text, tuple(_bullets(inner, f"{key}.")), plain(root), key)
    except Malformed as malformed:
        raise JobFailed(f"The stored resume cannot be used: {malformed}", code="invalid_resume") from malformed


def context(document: Document) -> tuple[Entry, ...]:
    """Return the entries that hold bullets, in document order, with their titles, companies and technologies."""
    grouped: dict[str, list[Bullet]] = {}
    for bullet in document.bullets:
        grouped.setdefault(bullet.entry, []).append(bullet)
    return tuple(_entry(document.tree, path, bullets) for path, bullets in grouped.items())


def skills(document: Document) -> str:
    """Return the resume's skills as one line, groups as `Name: a, b`; empty when there are none."""
    found, more = document.content.get("skills"), document.content.get(ADDITIONAL)
    parts = [*_skill_groups(found), *(_additional_skills(more) if isinstance(more, dict) else ())]
    return "; ".join(filter(None, parts))


def flat(value: Tree, key: str = "") -> str:
    """Join every text and number that somebody wrote below a value, a line each; `machine` says what nobody did."""
    if machine.is_machine(key):
        return ""
    if isinstance(value, dict):
        return "\n".join(flat(item, name) for name, item in value.items())
    if isinstance(value, list):
        return "\n".join(flat(item, key) for item in value)
    if value is None or isinstance(value, bool):
        return ""
    text = storable(str(value))
    # A bullet is evidence as it stands: who rewrites it may keep its link.
    return text if key in LISTS or key in TEXT_KEYS else machine.said(key, text)


def entry_text(document: Document, path: str) -> str:
    """Return everything one entry says, dates and technologies included, ids and links left out."""
    return flat(_at(document.tree, path))


def frame_text(document: Document, path: str) -> str:
    """Return what an entry says besides its bullets: titles, names, dates, technologies."""
    return flat({key: value for key, value in _at(document.tree, path).items() if key not in LISTS})


def _entry(tree: Tree, path: str, bullets: list[Bullet]) -> Entry:
    value = _at(tree, path)
    return Entry(
        path=path,
        title=_first(value, TITLE_KEYS),
        company=_first(value, COMPANY_KEYS),
        name=_first(value, NAME_KEYS),
        tech=tuple(text for key in TECH_KEYS for text in _strings(value.get(key))),
        bullets=tuple(bullets),
    )


def _at(tree: Tree, path: str) -> dict[str, Tree]:
    for step in path.split("."):
        tree = tree[int(step)] if isinstance(tree, list) else _members(tree)[step]
    return _members(tree)


def _members(tree: Tree) -> dict[str, Tree]:
    assert isinstance(tree, dict)
    return tree


def _skill_groups(found: Tree) -> Iterator[str]:
    if not isinstance(found, dict):
        yield ", ".join(_strings(found))
        yield from map(_group, found if isinstance(found, list) else ())
        return
    for name, items in found.items():
        if name == FEATURED:
            yield ", ".join(filter(None, map(_group, items if isinstance(items, list) else ())))
        elif name == DESCRIPTIONS:
            yield from _strings(items)
        else:
            yield _group({"name": name, "items": items})


def _additional_skills(more: dict[str, Tree]) -> Iterator[str]:
    yield ", ".join(_strings(more.get("technicalSkills")))
    if any(_strings(more.get("languages"))):
        yield _group({"name": "Languages", "items": more.get("languages")})


def _group(item: Tree) -> str:
    if not isinstance(item, dict):
        return ""
    members = ", ".join(text for key in GROUP_ITEM_KEYS for text in _strings(item.get(key)))
    return ": ".join(part for part in (_first(item, GROUP_NAME_KEYS), members) if part)


def _first(value: dict[str, Tree], keys: tuple[str, ...]) -> str:
    return next((text for key in keys for text in _strings(value.get(key))), "")


def _strings(value: Tree) -> Iterator[str]:
    for item in value if isinstance(value, list) else [value]:
        if isinstance(item, str) and (text := " ".join(storable(item).split())):
            yield text


def _wrapper(root: Object) -> tuple[str, Object] | None:
    """Return the only object on the top level that holds sections, if the top level itself holds none."""
    if _holds(root, SECTIONS):
        return None
    wrappers = [
        (member.key, member.value)
        for member in root.members
        if isinstance(member.value, Object)
        and _holds(member.value, SECTIONS | EDUCATION)
        and _WRAPPER.fullmatch(member.key)
        and not machine.is_machine(member.key)
    ]
    if len(wrappers) != 1:
        return None
    named(root, (wrappers[0][0],))
    return wrappers[0]


def _holds(node: Object, names: frozenset[str]) -> bool:
    return any(
        member.key in names and isinstance(member.value, Array) and member.value.items for member in node.members
    )


def _bullets(root: Object, prefix: str) -> Iterator[Bullet]:
    number = 0
    for entry_path, entry in _entries(root, prefix):
        for path, item in _items(entry_path, entry):
            located = _text_of(item)
            if located is None:
                continue
            yield _bullet(f"b{number}", path, entry_path, item, located)
            number += 1


def _entries(root: Object, prefix: str) -> Iterator[tuple[str, Object]]:
    for section in named(root, SECTIONS):
        for index, entry in enumerate(_array_items(section)):
            if isinstance(entry, Object):
                yield f"{prefix}{section.key}.{index}", entry


def _items(entry_path: str, entry: Object) -> Iterator[tuple[str, Scalar | Object]]:
    for bullets in named(entry, LISTS):
        for index, item in enumerate(_array_items(bullets)):
            if not isinstance(item, Array):
                yield f"{entry_path}.{bullets.key}.{index}", item


def _array_items(member: Member) -> tuple[Node, ...]:
    return member.value.items if isinstance(member.value, Array) else ()


def _text_of(item: Scalar | Object) -> _Text | None:
    if isinstance(item, Scalar):
        return _text_token(None, item)
    members = {member.key: member.value for member in named(item, (*TEXT_KEYS, VERIFIED))}
    found = (_text_token(key, members[key]) for key in TEXT_KEYS if key in members)
    return next((token for token in found if token), None)


def _text_token(key: str | None, node: Node) -> _Text | None:
    if isinstance(node, Scalar) and isinstance(node.value, str) and (value := storable(node.value)).strip():
        return _Text(key, node, value)
    return None


def _bullet(bullet_id: str, path: str, entry: str, item: Scalar | Object, located: _Text) -> Bullet:
    return Bullet(
        id=bullet_id,
        path=path,
        text=located.value,
        entry=entry,
        verified=_flag(item),
        is_object=isinstance(item, Object),
        span=(located.token.start, located.token.end),
        text_path=path if located.key is None else f"{path}.{located.key}",
        item=item,
    )


def _flag(item: Scalar | Object) -> bool | None:
    members = named(item, (VERIFIED,)) if isinstance(item, Object) else ()
    values = [member.value.value for member in members if isinstance(member.value, Scalar)]
    return next((value for value in values if isinstance(value, bool)), None)
