"""For any document, vacancy and text the guard answers, in time, the same each time, and takes what is unchanged.

A failure prints the example and the blob that brings it back.
"""

from __future__ import annotations

import json
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, event, example, given, settings
from hypothesis import strategies as st

from aiworker.domain.resume import locator
from aiworker.domain.resume.guard import Guard, additions, boasts, claims, figures, form, roles, skills
from aiworker.domain.resume.guard.grounding import ungrounded
from aiworker.domain.resume.guard.numbers import numbers
from aiworker.domain.resume.guard.reading import Rewording
from aiworker.domain.resume.guard.terms import terms
from aiworker.domain.resume.phrases import Tone
from aiworker.errors import JobFailed
from tests.unit.domain.resume.documents import DOCUMENTS, WORDS
from tests.unit.domain.resume.guard.bullets import refused

RULES = (
    figures.check,
    claims.named_terms,
    skills.skill_phrases,
    skills.elsewhere,
    skills.listed_elsewhere,
    skills.instruments,
    skills.means,
    roles.leadership,
    roles.helped,
    boasts.awards,
    boasts.scope,
    boasts.outcomes,
    additions.added,
    form.kept,
    form.spoken,
    form.noise,
    form.style,
)
SEARCHED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True)

# Random letters seldom make a figure, a name or a rate.
SAID = """
40 4,00,000 48.000 1.2 12 % ₹ Rs. $ k lakh million ms 0.84 s hours a day per week half an dozen two hundred and fifty
mil quinientos once paanch second prize first from to al del against → - – / ( ) . , : ; “ ” ' " — … _ ** x ×
Python JS Go go C++ Node.js SQL p99 v1.24 2FA MS Excel HR Palash Meera's led managed workshop award best of nationwide
across the country para los für die logon ki ß ñ é पौधे 🙂 a@b.cd {x}
"""
PIECES = st.sampled_from([*SAID.split(), "\u0301", "\x00", "\n", "\u00a0"])
SENTENCES = st.lists(PIECES, max_size=12).map(" ".join)
GLUED = st.lists(PIECES, max_size=12).map("".join)
TEXTS = st.one_of(SENTENCES, GLUED, WORDS, st.text(max_size=60))
TONES = st.sampled_from([None, "concise", "detailed", "professional"])
RESUMES = st.lists(st.lists(TEXTS, min_size=1, max_size=3), min_size=1, max_size=2).map(
    lambda entries: json.dumps({"work": [{"position": "Palash", "highlights": texts} for texts in entries]})
)

LONG = 20_000
STRAINS = (
    *("1", " ", "-", "A", "AB", " K", " lakh", "aB", "a.", "a@", "<a", "(", "'", "\n", "é", "_", "½"),
    *("1 ", "1-", "1.", "1,000,", "+1 ", "one ", "two hundred and ", "1 to ", "from 1 to 2 ", "1 against 2 "),
    *("and ", "A ", "manage the ", "across the ", "publish "),
    *("a, and ", "a of the ", "8 of them ", "which ", "(a ", "half a ", "the first day "),
)
"""What makes a pattern or a pair of loops work hard when there is much of it."""


def strained(strain: str) -> str:
    return (strain * (LONG // len(strain) + 1))[:LONG]


@SEARCHED
@given(st.one_of(DOCUMENTS, RESUMES), TEXTS, TONES)
def test_every_unchanged_bullet_is_taken(text: str, vacancy: str, tone: Tone | None) -> None:
    document = locator.read(text)
    guard = Guard.of(document, vacancy=vacancy, tone=tone)
    for bullet in document.bullets:
        event("bullet")
        for same in (bullet.text, f"{bullet.text} ", f" {bullet.text}"):
            assert not any(finding.is_violation for finding in guard.check(bullet.id, same))


@SEARCHED
@given(st.one_of(DOCUMENTS, RESUMES), TEXTS, TONES)
@example(json.dumps({"work": [{"highlights": ["Packed boxes\nand bags"]}]}), "", None)
@example(json.dumps({"work": [{"highlights": ["Served 4 calls of /users2 a day"]}]}), "", None)
@example(json.dumps({"work": [{"highlights": ["Kept Kaf\x00ka"]}]}), "", None)
def test_every_rule_takes_an_unchanged_bullet(text: str, vacancy: str, tone: Tone | None) -> None:
    """The guard does not ask its rules about an equal text; they would have nothing against it."""
    guard = Guard.of(locator.read(text), vacancy=vacancy, tone=tone)
    for source in guard.sources.values():
        same = Rewording.of(source.bullet.text, source)
        found = [
            *(finding for rule in RULES for finding in rule(source, same)),
            *claims.copied(source, same, guard.vacancy),
            *form.length(source, same, tone),
        ]
        assert [finding for finding in found if finding.is_violation] == []


@SEARCHED
@given(st.one_of(DOCUMENTS, RESUMES, TEXTS), TEXTS, TEXTS, TONES)
def test_nothing_makes_the_guard_fail_or_change_its_mind(text: str, vacancy: str, new: str, tone: Tone | None) -> None:
    try:
        document = locator.read(text)
    except JobFailed:
        event("no resume")
        return
    guard, again = (Guard.of(document, vacancy=vacancy, tone=tone) for _ in range(2))
    for bullet in document.bullets:
        found = guard.check(bullet.id, new)
        assert guard.check(bullet.id, new) == again.check(bullet.id, new) == found
        assert len(set(found)) == len(found)
        assert all(finding.rule and finding.severity for finding in found)


@SEARCHED
@given(TEXTS, TEXTS)
def test_nothing_makes_reading_fail(text: str, source: str) -> None:
    assert ungrounded(text, source) == ungrounded(text, source)
    found = numbers(text)
    assert terms(text, found) == terms(text, found)
    spans = [number.span for number in found]
    assert spans == sorted(spans)
    assert all(start < end <= len(text) for start, end in spans)
    assert all(first[1] <= second[0] for first, second in pairwise(spans))


@SEARCHED
@given(TEXTS)
@example("Sold -Élan")
def test_a_text_is_grounded_in_itself(text: str) -> None:
    assert ungrounded(text, text) == ()


@pytest.mark.parametrize("digits", ["9" * 28, "1" * 60, "9" * 400, "1" + ",000" * 100, "1" * 30 + "." + "1" * 40])
@pytest.mark.parametrize(
    "written",
    [
        *(
            "Cooled to {} K",
            "Cooled to {} °C",
            "Heated to {} °F",
            "Minus {} °C",
            "Saved ₹{}½ lakh",
            "Saved {} 1/2 crore",
        ),
        *(
            "Sold {} of {}",
            "Sold {} in {}",
            "Fed 8 cooks, {} of whom sang",
            "Sold {}e30",
            "Took {} h {} min",
            "Split {}:{}",
        ),
        *(
            "Sold {} %",
            "Sold {}p",
            "Drew {} K cooks",
            "Took {} years 3 months",
            "Ran {}K race",
            "Sold ½{}",
            "Cut {} to {}x",
        ),
    ],
)
def test_figures_of_more_digits_than_a_decimal_has_make_nothing_fail(written: str, digits: str) -> None:
    text = written.replace("{}", digits)
    assert refused(text, text) == set()
    # By one rule or another, whatever the digits come to.
    assert refused("Sang", text) and refused(text, "Sang")
    assert "number-dropped" not in {rule for rule, _ in refused(text, f"{text} and sang")}


@pytest.mark.parametrize("strain", STRAINS)
def test_a_long_text_is_checked_in_time(strain: str) -> None:
    guard = Guard.of(locator.read(json.dumps({"work": [{"highlights": ["Packed 4 boxes", strained(strain)]}]})))
    assert guard.check("b0", strained(strain))
    for bullet in list(guard.sources)[1:]:
        guard.check(bullet, "Packed 4 boxes")


@pytest.mark.parametrize("strain", STRAINS)
def test_a_long_text_is_grounded_in_time(strain: str) -> None:
    ungrounded(strained(strain), "Packed 4 boxes")
    ungrounded("Packed 4 boxes", strained(strain))
