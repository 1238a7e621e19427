"""A text without a pattern's cues has no match of it, and with them it is searched as ever."""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Iterable, Iterator

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from aiworker.domain import injection
from aiworker.domain.cued import AnyOf, Cued, Index, cued
from aiworker.domain.cues import cues_in
from aiworker.domain.resume import guard

LETTERS = "abeknsıſKµ É9٣_-.'/\n"
WORDS = ["a", "of", "each", "led", "team", "12", "ſale", "Kilo", "naïve", "x_y", "-", "/", "%", ".", " "]


def held(value: object) -> Iterator[Cued]:
    if isinstance(value, Cued):
        yield value
    elif isinstance(value, AnyOf):
        yield from value.patterns
    elif isinstance(value, tuple):
        for part in value:  # pyright: ignore[reportUnknownVariableType]
            yield from held(part)  # pyright: ignore[reportUnknownArgumentType]


def ours() -> list[Cued]:
    """Return every cued pattern there is."""
    modules = [
        importlib.import_module(f"{guard.__name__}.{found.name}") for found in pkgutil.iter_modules(guard.__path__)
    ]
    return list(dict.fromkeys(held(tuple(value for module in modules for value in vars(module).values()))))


OURS = ours()


@st.composite
def patterns(draw: st.DrawFn, depth: int = 2) -> str:
    """Draw a pattern of what the rules are written with."""
    literals = st.sampled_from(WORDS).map(re.escape)
    classes = st.sampled_from(
        [r"\w", r"\s", r"\d", r"\W", ".", "[ab]", "[^ab]", "[a-z]", "[-–/]", r"[\s-]", r"\b", r"\B"]
    )
    ends = st.sampled_from(["^", r"\A", r"\Z", "$", "(?=a)", "(?!b)", "(?<=a)", "(?<!b)"])
    parts = st.one_of(literals, classes, ends)
    if depth:
        inner = patterns(depth=depth - 1)
        repeats = st.sampled_from(["?", "*", "+", "{0,2}", "{1,2}", "{2}", "*?", "+?", "??", "{0,4}?"])
        groups = st.one_of(inner, st.lists(inner, min_size=2, max_size=3).map("|".join)).map(lambda it: f"(?:{it})")
        parts = st.one_of(parts, groups, st.tuples(groups, repeats).map("".join))
    return "".join(draw(st.lists(parts, min_size=1, max_size=4)))


TEXTS = st.one_of(st.text(LETTERS, max_size=12), st.lists(st.sampled_from(WORDS), max_size=8).map("".join))


@given(patterns(), st.sampled_from([0, re.IGNORECASE]), TEXTS, TEXTS, st.data())
def test_nothing_is_missed(pattern: str, flags: int, before: str, after: str, data: st.DataObject) -> None:
    compiled = re.compile(pattern, flags)
    found = data.draw(st.one_of(st.from_regex(compiled), TEXTS))
    for text in (found, before + found + after, f"{before} {found} {after}"):
        match, expected = Cued(compiled).search(text), compiled.search(text)
        assert (match and match.span()) == (expected and expected.span())
        assert [one.span() for one in Cued(compiled).finditer(text)] == [one.span() for one in compiled.finditer(text)]
        assert Cued(compiled).sub("!", text) == compiled.sub("!", text)


@given(st.data())
def test_nothing_is_missed_by_the_patterns_there_are(data: st.DataObject) -> None:
    pattern = data.draw(st.sampled_from(OURS))
    text = data.draw(st.from_regex(pattern.pattern))
    match = pattern.pattern.search(text)
    assume(match is not None)
    assert pattern.search(text) is not None


@given(st.sampled_from(injection._rules()), st.data())  # pyright: ignore[reportPrivateUsage]
def test_no_order_to_a_model_is_missed(rule: injection._Rule, data: st.DataObject) -> None:  # pyright: ignore[reportPrivateUsage]
    text = data.draw(st.sampled_from(["", "-", "x", "_"])) + data.draw(st.from_regex(rule.cued.pattern))
    assume(any(rule.matches(text)))
    assert not rule.cued.cues.isdisjoint(cues_in(text))


@pytest.mark.parametrize("text", [word for word in WORDS if word.isalpha()])
def test_most_patterns_are_not_tried_on_most_texts(text: str) -> None:
    tried = [pattern for pattern in OURS if not pattern.cues.isdisjoint(cues_in(text))]
    assert len(tried) < len(OURS) / 3


@pytest.mark.parametrize(
    ("pattern", "cues"),
    [
        (r"\b(?:led|ran) the team\b", {"led\0", "ran\0"}),
        (r"\b(?:mentor|coach)\w*", {"ment", "coac"}),
        (r"\b(?:help(?:ed|s)?|aided)\b", {"help\0", "helped\0", "helps\0", "aided\0"}),
        (r"\d+ ?%", {"%"}),
        (r"24/7", {"/"}),
        (r"\bper\s+(?:day|week)\b", {"day\0", "week\0"}),
        (r"\b(?:\w+ ){0,3}captain\b", {"captain\0"}),
        (r"(?<=\d)-(?=seconds?\b)", {"second\0", "seconds\0"}),
        (r"(?<=\bwon )gold\b", {"won\0"}),
        (r"\w+", {""}),
        (r"p\d?", {""}),
        (r"(?:led)?", {""}),
    ],
)
def test_the_cues_are_what_the_fewest_texts_have(pattern: str, cues: set[str]) -> None:
    assert cued(pattern).cues == cues


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        (r"\bsale\b", "ſale"),
        (r"\bſale\b", "SALE"),
        (r"\bkilo\b", "\u212ailo"),
        ("\\b\u212ailo\\b", "kilo"),
        (r"\b\u212ailo\b", "Kilo"),
        (r"\b[\u017f]ale\b", "sale"),
        (r"\bin\b", "ın"),
        (r"\bin\b", "İN"),
        (r"\bnaïve\b", "NAÏVE"),
        (r"\b\d{3}\b", "٣٣٣"),
        (r"\Beach\b", "peach"),
        (r"\bpea\B", "peach"),
        (r"\bpea(?:ch|r)?\b", "a pear"),
        (r"\bled_by\b", "was led_by him"),
        (r"^\W*led", "(led"),
        (r"(?:\w+ ){0,2}team\b", "the big team"),
        (r"(?P<who>team) \(?P=who\)|ran (?P=who)?", "ran "),
        (r"(?>team|crew)s", "crews"),
        (r"(team)?x(?(1)y|z)", "xz"),
    ],
)
def test_what_re_finds_is_found(pattern: str, text: str) -> None:
    expected = re.search(pattern, text, re.IGNORECASE)
    found = cued(pattern, re.IGNORECASE).search(text)
    assert (found and found.span()) == (expected and expected.span())
    assert expected or "P=who" in pattern


def test_who_wants_only_what_begins_a_word_has_a_cue_for_it() -> None:
    assert Cued(re.compile("ignore all")).cues != {"ignore\0"}
    assert Cued(re.compile("ignore all"), begins_a_word=True).cues == {"ignore\0"}


@given(st.lists(st.sampled_from(WORDS), max_size=8).map(" ".join))
def test_an_index_leaves_out_only_what_can_not_match(text: str) -> None:
    several = [cued(rf"\b{re.escape(word)}", re.IGNORECASE) for word in WORDS]
    places = Index(several).places(text)
    assert places == sorted(places)
    assert [at for at in places if several[at].pattern.search(text)] == matching(several, text)


@given(st.lists(patterns(), min_size=1, max_size=4), TEXTS, st.data())
def test_several_are_searched_like_one(several: list[str], text: str, data: st.DataObject) -> None:
    text += data.draw(st.from_regex(data.draw(st.sampled_from(several))))
    expected = re.search("|".join(f"(?:{pattern})" for pattern in several), text)
    found = AnyOf(*several).search(text)
    assert (found and found.span()) == (expected and expected.span())


def matching(several: Iterable[Cued], text: str) -> list[int]:
    return [at for at, pattern in enumerate(several) if pattern.pattern.search(text)]
