"""What is sent when not everything fits: whole lines within the budget, every bullet accounted for, and told."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import replace
from itertools import chain
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from aiworker.domain import untrusted
from aiworker.domain.resume import locator
from aiworker.domain.resume.truncation import (
    LONG_BULLET_CHARACTERS,
    MAX_BULLET_CHARACTERS,
    MAX_BULLETS,
    MAX_NAME_CHARACTERS,
    MAX_SKILLS_CHARACTERS,
    MAX_TECH_CHARACTERS,
    MAX_TITLE_CHARACTERS,
    MAX_VACANCY_CHARACTERS,
    Selection,
    select,
)
from aiworker.errors import ContextTooLong
from aiworker.processors.rewrite_resume import Facts, Payload, Rewrite, ask, settle
from aiworker.protocol import Context, Limits, LLMReply, LLMRequest
from tests.support.jobs import NOW, honest, payload
from tests.unit.domain.resume.documents import patient

PAYLOAD = Payload.model_validate(payload())
ENOUGH = 10**9
COUNTS: tuple[Callable[[str], int], ...] = (len, lambda text: -(-len(text) // 4), lambda text: len(text.split()))

WORDS = st.sampled_from(["built", "led", "Python", "40 %", "é🙂", "SQL", "x" * 40, "a\nb"])
LINES = st.lists(WORDS, min_size=1, max_size=12).map(" ".join)


def an_entry(*, bullets: int = 0) -> st.SearchStrategy[dict[str, Any]]:
    """Draw an entry with no fewer bullets."""
    texts = st.lists(LINES, min_size=bullets, max_size=9)
    return st.fixed_dictionaries({"position": LINES, "tech": st.lists(WORDS, max_size=3), "bullets": texts})


ENTRIES = st.lists(an_entry(), max_size=12)
SOME = st.lists(an_entry(), max_size=3)
WITH_BULLETS = st.tuples(SOME, st.lists(an_entry(bullets=1), min_size=1, max_size=1), SOME).map(
    lambda parts: list(chain(*parts))
)
HEADS = st.sampled_from(["", "Requirements:\n", "What you bring\n", "About us\n", "Benefits: ", "EEO "])
PARAGRAPHS = st.tuples(HEADS, LINES, st.integers(1, 60)).map(lambda part: part[0] + part[1] * part[2])
VACANCIES = st.lists(PARAGRAPHS, max_size=15).map("\n\n".join)

TITLE = "Backend Intern"
MEGABYTE = 2**20
# Whole texts, outsized ones, and such as a prompt escapes: each "</" is sent as "&lt;/", each hidden character not.
PIECES = st.sampled_from(["word ", "x", "</", "&lt;", "\u200b", "system: ", "é🙂", "\n\n", " "])
HOSTILE = st.tuples(PIECES, st.sampled_from([1, 9, 99, 501, 1_600, 20_000])).map(lambda part: part[0] * part[1])
HOSTILE_ENTRIES = st.lists(
    st.fixed_dictionaries(
        {"position": HOSTILE, "company": HOSTILE, "name": HOSTILE, "tech": st.lists(HOSTILE, max_size=3)},
        optional={"bullets": st.lists(HOSTILE, max_size=9)},
    ),
    max_size=4,
)


def document(entries: list[dict[str, Any]], skills: list[str] | None = None) -> locator.Document:
    return locator.read(json.dumps({"work": entries, "skills": skills or []}))


def numbered(bullets: int, words: str = "built a thing") -> locator.Document:
    return document([{"position": "Intern", "bullets": [f"{words} {n}" for n in range(bullets)]}])


def ids(document: locator.Document) -> tuple[str, ...]:
    return tuple(bullet.id for bullet in document.bullets)


def size(chosen: Selection, count: Callable[[str], int]) -> int:
    return sum(count(as_sent(text)) for text in (f"{chosen.title}\n\n{chosen.vacancy}", chosen.text()))


def as_sent(text: str) -> str:
    return untrusted.wrap(untrusted.clean(text).text, "data-0123456789")


# For every document, vacancy and budget

DOCUMENTS = st.builds(document, ENTRIES, st.lists(WORDS, max_size=4))
BUDGETS = st.integers(-100, 6_000)


@patient
@given(DOCUMENTS, VACANCIES, BUDGETS, st.sampled_from(COUNTS))
def test_what_is_sent_never_exceeds_the_budget(
    resume: locator.Document, vacancy: str, budget: int, count: Callable[[str], int]
) -> None:
    chosen = select(resume, title=TITLE, vacancy=vacancy, budget=budget, count=count)
    assert size(chosen, count) <= budget or not chosen.ids


@patient
@given(
    st.builds(document, HOSTILE_ENTRIES, st.lists(HOSTILE, max_size=4)),
    HOSTILE,
    HOSTILE,
    st.integers(-100, 60_000),
    st.sampled_from(COUNTS),
)
def test_no_text_however_long_or_hostile_exceeds_the_budget(
    resume: locator.Document, title: str, vacancy: str, budget: int, count: Callable[[str], int]
) -> None:
    chosen = select(resume, title=title, vacancy=vacancy, budget=budget, count=count)
    assert size(chosen, count) <= budget or not chosen.ids
    assert sorted((*chosen.ids, *chosen.not_sent)) == sorted(ids(resume))


@patient
@given(DOCUMENTS, VACANCIES, BUDGETS)
def test_bullets_are_left_out_only_where_they_would_not_fit(
    resume: locator.Document, vacancy: str, budget: int
) -> None:
    assume(resume.bullets)
    chosen = select(resume, title=TITLE, vacancy=vacancy, budget=budget, count=len)
    first = locator.context(resume)[0]
    alone = Selection(TITLE, "", (replace(first, tech=(), bullets=first.bullets[:1]),), "")
    assert chosen.ids or size(alone, len) > budget


@patient
@given(DOCUMENTS, VACANCIES, BUDGETS)
def test_every_bullet_is_sent_or_named_exactly_once_and_in_order(
    resume: locator.Document, vacancy: str, budget: int
) -> None:
    chosen = select(resume, title=TITLE, vacancy=vacancy, budget=budget, count=len)
    everything = ids(resume)
    assert sorted((*chosen.ids, *chosen.not_sent)) == sorted(everything)
    for some in (chosen.ids, chosen.not_sent):
        assert list(some) == [bullet for bullet in everything if bullet in some]
    assert len(chosen.ids) <= MAX_BULLETS


@patient
@given(DOCUMENTS, VACANCIES, BUDGETS)
def test_a_bullet_is_sent_whole_or_not_at_all(resume: locator.Document, vacancy: str, budget: int) -> None:
    chosen = select(resume, title=TITLE, vacancy=vacancy, budget=budget, count=len)
    texts = {bullet.id: bullet.text for bullet in resume.bullets}
    assert all(bullet.text == texts[bullet.id] for entry in chosen.entries for bullet in entry.bullets)
    lines = chosen.text().splitlines()
    for bullet in chosen.ids:
        assert f"{bullet}: {' '.join(texts[bullet].split())}" in lines
    headings = {entry.path: entry.heading for entry in locator.context(resume)}
    assert all(entry.bullets for entry in chosen.entries)
    for entry in chosen.entries:
        assert entry.heading == headings[entry.path] or len(headings[entry.path]) > MAX_NAME_CHARACTERS


@patient
@given(DOCUMENTS, VACANCIES, BUDGETS)
def test_a_report_is_empty_exactly_if_nothing_was_left_out(resume: locator.Document, vacancy: str, budget: int) -> None:
    chosen = select(resume, title=TITLE, vacancy=vacancy, budget=budget, count=len)
    whole = Selection(TITLE, vacancy, locator.context(resume), locator.skills(resume))
    unchanged = replace(chosen, title_cut=0, vacancy_cut=0, context_cut=0, not_sent=()) == whole
    assert (chosen.report == {}) is unchanged
    assert json.loads(json.dumps(chosen.report)) == chosen.report


@patient
@given(DOCUMENTS, VACANCIES, BUDGETS)
def test_the_same_question_is_cut_the_same_way(resume: locator.Document, vacancy: str, budget: int) -> None:
    assert select(resume, title=TITLE, vacancy=vacancy, budget=budget, count=len) == select(
        resume, title=TITLE, vacancy=vacancy, budget=budget, count=len
    )


@patient
@given(DOCUMENTS, VACANCIES, st.integers(0, 3_000), st.integers(0, 3_000))
def test_less_room_never_sends_more(resume: locator.Document, vacancy: str, one: int, other: int) -> None:
    small, large = (
        select(resume, title=TITLE, vacancy=vacancy, budget=budget, count=len) for budget in sorted((one, other))
    )
    assert set(small.ids) <= set(large.ids)
    assert len(small.vacancy) <= len(large.vacancy)


# What costs too much


def test_at_most_60_bullets_and_12_000_characters_of_a_vacancy_are_paid_for() -> None:
    vacancy = "\n\n".join(f"Requirements {n}: {'Python and SQL. ' * 60}" for n in range(40))
    chosen = select(numbered(150), title=TITLE, vacancy=vacancy, budget=ENOUGH, count=len)
    assert len(chosen.ids) == MAX_BULLETS == 60
    assert 0.9 * MAX_VACANCY_CHARACTERS < len(chosen.vacancy) <= MAX_VACANCY_CHARACTERS == 12_000
    assert chosen.report == {
        "jd_chars": len(vacancy) - len(chosen.vacancy),
        "bullets_not_sent": [f"b{n}" for n in range(60, 150)],
    }


@pytest.mark.parametrize(("bullets", "characters"), [(60, 12_000), (1, 0)])
def test_what_is_within_the_cost_cap_and_the_budget_is_sent_as_it_is(bullets: int, characters: int) -> None:
    resume, vacancy = numbered(bullets), "x" * characters
    chosen = select(resume, title=TITLE, vacancy=vacancy, budget=ENOUGH, count=len)
    assert (chosen.ids, chosen.vacancy, chosen.report) == (ids(resume), vacancy, {})


def test_vacancy_then_context_then_the_oldest_bullets_are_dropped() -> None:
    entries = [{"position": f"Job {n}", "tech": ["Python"], "bullets": [f"built {n}", f"ran {n}"]} for n in range(4)]
    resume = document(entries, ["SQL"])
    vacancy = "Requirements: Python.\n\n" + "\n\n".join(["More about the work. " * 10] * 4)

    def cut(budget: int) -> set[str]:
        return set(select(resume, title=TITLE, vacancy=vacancy, budget=budget, count=len).report)

    assert [cut(budget) for budget in (ENOUGH, 1_000, 450, 350)] == [
        set(),
        {"jd_chars"},
        {"jd_chars", "context_lines"},
        {"jd_chars", "context_lines", "bullets_not_sent"},
    ]
    kept = select(resume, title=TITLE, vacancy=vacancy, budget=390, count=len)
    assert kept.ids == ids(resume)[: len(kept.ids)] and kept.ids


# What is too large by itself


def test_a_title_is_cut_at_a_word_and_the_cut_is_told() -> None:
    title = "Intern " * (MEGABYTE // 7)
    chosen = select(numbered(3), title=title, vacancy="", budget=ENOUGH, count=len)
    assert set(chosen.title.split()) == {"Intern"}
    assert MAX_TITLE_CHARACTERS - 7 <= len(chosen.title) <= MAX_TITLE_CHARACTERS
    assert chosen.report == {"title_chars": len(title) - len(chosen.title)}


def test_the_title_counts_in_the_budget() -> None:
    resume = numbered(30)
    room = size(Selection("", "", locator.context(resume), ""), len)
    fitting, over = (select(resume, title="x" * n, vacancy="", budget=room + 9, count=len) for n in (9, 10))
    assert fitting.ids == ids(resume)
    assert set(over.report) == {"bullets_not_sent"}


@pytest.mark.parametrize("place", [0, 2, 5])
def test_a_bullet_beyond_any_size_is_left_out_and_the_others_are_sent(place: int) -> None:
    bullets = [f"built {n}" for n in range(5)]
    bullets.insert(place, "x" * MEGABYTE)
    chosen = select(document([{"bullets": bullets}]), title=TITLE, vacancy="", budget=ENOUGH, count=len)
    assert chosen.report == {"bullets_not_sent": [f"b{place}"]}
    assert len(chosen.ids) == 5


def test_a_bullet_counts_as_it_is_shown_without_its_odd_spaces() -> None:
    resume = document([{"bullets": ["a" + " " * MAX_BULLET_CHARACTERS + "b"]}])
    assert select(resume, title=TITLE, vacancy="", budget=ENOUGH, count=len).ids == ("b0",)


@pytest.mark.parametrize(("length", "sent"), [(MAX_BULLET_CHARACTERS, ("b0",)), (MAX_BULLET_CHARACTERS + 1, ())])
def test_a_bullet_is_sent_up_to_a_size(length: int, sent: tuple[str, ...]) -> None:
    resume = document([{"bullets": ["x" * length]}])
    assert select(resume, title=TITLE, vacancy="", budget=ENOUGH, count=len).ids == sent


def test_where_room_is_short_long_bullets_go_before_the_others() -> None:
    resume = document([{"bullets": ["x" * (LONG_BULLET_CHARACTERS + 1), "built a", "built b"]}])
    chosen = select(resume, title=TITLE, vacancy="", budget=500, count=len)
    assert (chosen.ids, chosen.not_sent) == (("b1", "b2"), ("b0",))


def test_the_last_of_the_vacancy_goes_before_the_last_bullet() -> None:
    resume, vacancy = document([{"bullets": ["x" * 400]}]), "word " * 70
    chosen = select(resume, title=TITLE, vacancy=vacancy, budget=550, count=len)
    assert (chosen.ids, chosen.vacancy) == (("b0",), "")
    assert chosen.report == {"jd_chars": len(vacancy)}


def test_nothing_is_sent_where_no_bullet_fits() -> None:
    chosen = select(numbered(4), title=TITLE, vacancy="Requirements: Python.", budget=20, count=len)
    assert (chosen.title, chosen.vacancy, chosen.entries, chosen.skills) == ("", "", (), "")
    assert chosen.not_sent == ("b0", "b1", "b2", "b3")


@pytest.mark.parametrize("field", ["position", "company", "name"])
def test_what_names_an_entry_is_cut_at_a_word_and_counts_as_a_line(field: str) -> None:
    resume = document([{field: "Intern " * (MEGABYTE // 7), "bullets": ["built a"]}])
    chosen = select(resume, title=TITLE, vacancy="", budget=ENOUGH, count=len)
    assert set(chosen.entries[0].heading.split()) == {"Intern"}
    assert len(chosen.entries[0].heading) <= MAX_NAME_CHARACTERS
    assert chosen.report == {"context_lines": 1}


def test_technologies_are_named_whole_or_not_at_all() -> None:
    tech = ["Python", "x" * MEGABYTE, "Go", *(f"tool {n}" for n in range(99))]
    resume = document([{"tech": tech, "bullets": ["built a"]}])
    chosen = select(resume, title=TITLE, vacancy="", budget=ENOUGH, count=len)
    kept = chosen.entries[0].tech
    assert kept[:3] == ("Python", "Go", "tool 0") and set(kept) < set(tech)
    assert MAX_TECH_CHARACTERS / 2 < len(", ".join(kept)) <= MAX_TECH_CHARACTERS
    assert chosen.report == {"context_lines": 1}


def test_skills_are_named_whole_or_not_at_all() -> None:
    skills = ["Python", "x" * MEGABYTE, "Go", *(f"skill {n}" for n in range(999))]
    chosen = select(document([{"bullets": ["a"]}], skills), title=TITLE, vacancy="", budget=ENOUGH, count=len)
    kept = chosen.skills.split(", ")
    assert kept[:3] == ["Python", "Go", "skill 0"] and set(kept) < set(skills)
    assert MAX_SKILLS_CHARACTERS / 2 < len(chosen.skills) <= MAX_SKILLS_CHARACTERS
    assert chosen.report == {"context_lines": 1}


def test_a_text_of_megabytes_takes_no_time() -> None:
    entries = [{"position": "x " * MEGABYTE, "bullets": ["y " * MEGABYTE, "z"]}]
    resume = document(entries, ["s, " * MEGABYTE])
    began = time.process_time()
    select(resume, title="t " * MEGABYTE, vacancy="\n \n- v" * MEGABYTE, budget=5_000, count=len)
    assert time.process_time() - began < 10


# What becomes of it in the job


def question(facts: Facts, ctx: Context) -> LLMRequest:
    (request,) = ask(PAYLOAD, facts, ctx)
    return request


@pytest.mark.timeout(120)  # A hundred rewrites of up to sixty bullets each: some seconds on an idle machine.
@patient
@given(WITH_BULLETS, st.lists(WORDS, max_size=4), VACANCIES, st.integers(3_000, 12_000))
def test_settle_takes_exactly_what_ask_sent_and_leaves_the_rest_as_it_was(
    entries: list[dict[str, Any]], skills: list[str], vacancy: str, window: int
) -> None:
    # Read here: what a failure prints is the entries, not every node of a document.
    resume = document(entries, skills)
    facts = Facts("Resume", resume, "Intern", vacancy, "row")
    ctx = Context("run", 0, False, NOW, Limits(window, 500, len))
    request = question(facts, ctx)
    properties = request.schema["properties"]
    assert isinstance(properties, dict)
    sent, everything = set(properties), ids(resume)
    before = {bullet.id: bullet.text for bullet in resume.bullets}
    new = {bullet: honest(text) for bullet, text in before.items()}
    answer = json.dumps(new)
    result = settle(PAYLOAD, facts, {"rewrite": LLMReply(answer, "p", "m", "m", "end")}, ctx)
    assert isinstance(result, Rewrite)
    assert set(result.changed) == sent
    assert set(result.ignored) == set(everything) - sent
    assert result.truncated == dict(request.truncated)
    after = {bullet.id: bullet.text for bullet in locator.read(result.body).bullets}
    assert after == {bullet: new[bullet] if bullet in sent else before[bullet] for bullet in everything}


def test_the_prompt_shows_what_was_chosen_and_nothing_of_the_rest() -> None:
    resume = numbered(100)
    ctx = Context("run", 0, False, NOW, Limits(128_000, 16_384, len))
    request = question(Facts("Resume", resume, "Intern", "Requirements: Python.", "row"), ctx)
    shown = request.prompt.text("user")
    assert "b59: built a thing 59" in shown and "b60" not in shown
    assert request.truncated == {"bullets_not_sent": [f"b{n}" for n in range(60, 100)]}
    assert "Rewrite the 60 bullets above" in shown


@pytest.mark.parametrize("window", [4_096, 8_192, 128_000, 1_000_000])
def test_prompt_and_answer_fit_the_window_together(window: int) -> None:
    facts = Facts("Resume", numbered(60, "x" * 300), "Intern", "Requirements: Python. " * 2_000, "row")

    def count(text: str) -> int:
        return -(-len(text) // 4)

    request = question(facts, Context("run", 0, False, NOW, Limits(window, 16_384, count)))
    prompt = count(request.prompt.text("system")) + count(request.prompt.text("user"))
    assert prompt + request.max_tokens + count(json.dumps(request.schema)) <= window


@patient
@given(st.builds(document, HOSTILE_ENTRIES), HOSTILE, HOSTILE, st.sampled_from([2_000, 4_096, 8_192, 30_000]))
def test_no_text_makes_prompt_and_answer_exceed_the_window(
    resume: locator.Document, title: str, vacancy: str, window: int
) -> None:
    assume(resume.bullets)

    def count(text: str) -> int:
        return -(-len(text) // 4)

    facts = Facts("Resume", resume, title, vacancy, "row")
    try:
        request = question(facts, Context("run", 0, False, NOW, Limits(window, 16_384, count)))
    except ContextTooLong:
        return
    prompt = count(request.prompt.text("system")) + count(request.prompt.text("user"))
    assert prompt + request.max_tokens + count(json.dumps(request.schema)) <= window
