"""Prompts: one text file each, in blocks with roles, filled in here and nowhere else.

Untrusted blocks are cleaned of hidden characters, escaped and wrapped in a tag that nobody outside can guess; what
was removed or looks like an instruction is told, never acted upon. A prompt's fingerprint is the hash of its file.
"""

from __future__ import annotations

import functools
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Literal, cast

from aiworker.domain import untrusted
from aiworker.protocol import Block, Prompt

_HEADER = re.compile(r"^=== (system|user): ([a-z][a-z0-9-]*)(?: \[([a-z ]+)\])?$", re.MULTILINE)
_PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")

Role = Literal["system", "user"]


@dataclass(frozen=True, slots=True)
class Section:
    """One block of a prompt file, before anything is filled in."""

    role: Role
    name: str
    is_untrusted: bool
    is_cached: bool
    text: str

    @property
    def placeholders(self) -> frozenset[str]:
        return frozenset(_PLACEHOLDER.findall(self.text))


@dataclass(frozen=True, slots=True)
class Template:
    """A prompt file: its sections and the fingerprint of its text."""

    name: str
    fingerprint: str
    sections: tuple[Section, ...]

    @property
    def instructions(self) -> str:
        """What a model is told by us, as against what it is shown."""
        return "\n\n".join(section.text for section in self.sections if section.role == "system")

    @property
    def placeholders(self) -> frozenset[str]:
        return frozenset[str]().union(*(section.placeholders for section in self.sections))


@functools.cache
def template(name: str) -> Template:
    """Read a prompt file of the package."""
    text = (resources.files(__name__) / f"{name}.txt").read_text("utf-8")
    return parse(name, text)


def parse(name: str, text: str) -> Template:
    """Cut a prompt's text into its sections; ValueError if it has none or an unknown flag."""
    headers = list(_HEADER.finditer(text))
    if not headers or text[: headers[0].start()].strip():
        raise ValueError(f"prompt {name} does not begin with a block header")
    ends = [header.start() for header in headers[1:]] + [len(text)]
    sections = tuple(
        _section(header, text[header.end() : end].strip()) for header, end in zip(headers, ends, strict=True)
    )
    return Template(name, hashlib.sha256(text.encode()).hexdigest()[:12], sections)


def render(name: str, values: Mapping[str, str], *, tag: str) -> Prompt:
    """Fill in a prompt; KeyError for a placeholder without a value."""
    found = template(name)
    removed = 0
    flags: list[str] = []
    blocks: list[Block] = []
    for section in found.sections:
        text = section.text
        if section.is_untrusted:
            cleaned = {key: untrusted.clean(values[key]) for key in section.placeholders}
            removed += sum(sum(clean.removed.values()) for clean in cleaned.values())
            filled = _filled(text, {key: clean.text for key, clean in cleaned.items()})
            flags += [f"{section.name}:{finding.kind}" for finding in untrusted.scan(filled)]
            text = untrusted.wrap(filled, tag)
        else:
            text = _filled(text, values)
        blocks.append(Block(section.name, section.role, text, section.is_untrusted, section.is_cached))
    return Prompt(found.name, found.fingerprint, tuple(blocks), removed, tuple(dict.fromkeys(flags)))


def _section(header: re.Match[str], text: str) -> Section:
    flags = set((header[3] or "").split())
    if unknown := flags - {"untrusted", "cache"}:
        raise ValueError(f"unknown block flag {', '.join(sorted(unknown))}")
    return Section(cast("Role", header[1]), header[2], "untrusted" in flags, "cache" in flags, text)


def _filled(text: str, values: Mapping[str, str]) -> str:
    # One pass: a value that looks like a placeholder is not filled in again.
    return _PLACEHOLDER.sub(lambda found: values[found[1]], text)
