"""Resume-like JSON texts with everything a dump would lose: odd spaces, escapes, 8.40, big numbers, repeated keys."""

from __future__ import annotations

import json
from collections.abc import Iterable

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from aiworker.domain.characters import storable
from aiworker.domain.resume.locator import LISTS, SECTIONS, TEXT_KEYS

# The machine may be busy; a slow example is not a wrong one.
patient = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

SPACES = st.sampled_from(["", "", " ", "\n  ", "\t", "\r\n", "  "])
NUMBERS = st.sampled_from(["8.40", "8.4", "1e5", "1E+2", "-0", "0.10", "12345678901234567890123", "-1.5e-7"])
WORDS = st.one_of(
    st.text(max_size=12),
    st.sampled_from(["Responsible for X", "₹1.2 lakh", 'say "hi"', "\\", "\x00", "\ud800", "a\nb", "é🙂", "  ", ""]),
)


def _escaped(text: str) -> str:
    return '"' + "".join(f"\\u{unit:04x}" for unit in _units(text)) + '"'


def _units(text: str) -> list[int]:
    encoded = text.encode("utf-16-be", "surrogatepass")
    return [int.from_bytes(encoded[at : at + 2], "big") for at in range(0, len(encoded), 2)]


@st.composite
def strings(draw: st.DrawFn) -> str:
    text = draw(WORDS)
    return draw(st.sampled_from([json.dumps(text), json.dumps(text, ensure_ascii=False), _escaped(text)]))


@st.composite
def joined(draw: st.DrawFn, parts: list[str], brackets: str) -> str:
    items = ",".join(draw(SPACES) + part + draw(SPACES) for part in parts)
    return brackets[0] + (items or draw(SPACES)) + brackets[1]


@st.composite
def arrays(draw: st.DrawFn, items: st.SearchStrategy[str], min_size: int = 0) -> str:
    return draw(joined(draw(st.lists(items, min_size=min_size, max_size=3)), "[]"))


@st.composite
def objects(draw: st.DrawFn, *members: st.SearchStrategy[tuple[str, str]]) -> str:
    pairs = [draw(member) for member in draw(st.permutations(members))]
    return draw(joined([json.dumps(key) + draw(SPACES) + ":" + draw(SPACES) + value for key, value in pairs], "{}"))


def member(names: Iterable[str], values: st.SearchStrategy[str]) -> st.SearchStrategy[tuple[str, str]]:
    return st.tuples(st.sampled_from(sorted(names)), values)


SCALARS = st.one_of(strings(), NUMBERS, st.sampled_from(["true", "false", "null"]))
OPAQUE = st.recursive(
    SCALARS,
    lambda inner: st.one_of(arrays(inner), objects(*[st.tuples(st.text(max_size=4), inner)] * 2)),
    max_leaves=6,
)

BULLETS = st.one_of(
    strings(),
    objects(member(TEXT_KEYS, strings())),
    objects(member(TEXT_KEYS, strings()), member(["id"], SCALARS)),
    objects(member(["id"], OPAQUE), member(TEXT_KEYS, strings()), member(["verified"], SCALARS)),
    OPAQUE,
)
ENTRIES = st.one_of(
    objects(member(LISTS, arrays(BULLETS, 1))),
    objects(member(["title", "company", "name", "tech", "x"], OPAQUE), member(LISTS, arrays(BULLETS, 1))),
    OPAQUE,
)
OTHERS = member(["skills", "basics", "education"], OPAQUE)
DOCUMENTS = st.one_of(
    objects(member(SECTIONS, arrays(ENTRIES, 1)), OTHERS),
    objects(
        member(["experience", "work"], arrays(ENTRIES, 1)), OTHERS, member(["projects", "volunteer"], arrays(ENTRIES))
    ),
    objects(OTHERS, member(SECTIONS, OPAQUE)),
    objects(
        member(["resume", "cv", "a.b", "settings"], objects(OTHERS, member(SECTIONS, arrays(ENTRIES, 1)))),
        member(["settings", "skills", "projects"], OPAQUE),
    ),
    # PostgreSQL hands out UTF-8: a lone surrogate is an escape there, or nothing.
).map(storable)
ANSWERS = st.dictionaries(st.sampled_from([f"b{number}" for number in range(9)] + ["x"]), WORDS)
