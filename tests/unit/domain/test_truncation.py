"""What is sent when not everything fits: whole lines within the budget, every bullet accounted for, and told."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from aiworker.domain.resume import locator
from aiworker.domain.resume.truncation import (
    LEAST_VACANCY_CHARACTERS,
    MAX_BULLETS,
    MAX_VACANCY_CHARACTERS,
    Selection,
    select,
    shorten,
)
from aiworker.processors.rewrite_resume import Facts, Payload, Rewrite, ask, settle
from aiworker.protocol import Context, Limits, LLMReply, LLMRequest
from tests.support.jobs import NOW, payload
from tests.unit.domain.resume.documents import patient

PAYLOAD = Payload.model_validate(payload())
ENOUGH = 10**9
COUNTS: tuple[Callable[[str], int], ...] = (len, lambda text: -(-len(text) // 4), lambda text: len(text.split()))

WORDS = st.sampled_from(["built", "led", "Python", "40 %", "é🙂", "SQL", "x" * 40, "a\nb"])
LINES = st.lists(WORDS, min_size=1, max_size=12).map(" ".join)
ENTRIES = st.lists(
    st.fixed_dictionaries(
        {"position": LINES, "tech": st.lists(WORDS, max_size=3), "bullets": st.lists(LINES, max_size=9)}
    ),
    max_size=12,
)
HEADS = st.sampled_from(["", "Requirements:\n", "What you bring\n", "About us\n", "Benefits: ", "EEO "])
PARAGRAPHS = st.tuples(HEADS, LINES, st.integers(1, 60)).map(lambda part: part[0] + part[1] * part[2])
VACANCIES = st.lists(PARAGRAPHS, max_size=15).map("\n\n".join)


def document(entries: list[dict[str, Any]], skills: list[str] | None = None) -> locator.Document:
    return locator.read(json.dumps({"work": entries, "skills": skills or []}))


def numbered(bullets: int, words: str = "built a thing") -> locator.Document:
    return document([{"position": "Intern", "bullets": [f"{words} {n}" for n in range(bullets)]}])


def ids(document: locator.Document) -> tuple[str, ...]:
    return tuple(bullet.id for bullet in document.bullets)


def size(chosen: Selection, count: Callable[[str], int]) -> int:
    return count(chosen.vacancy) + count(chosen.text())


# For every document, vacancy and budget

DOCUMENTS = st.builds(document, ENTRIES, st.lists(WORDS, max_size=4))
BUDGETS = st.integers(-100, 6_000)


@patient
@given(DOCUMENTS, VACANCIES, BUDGETS, st.sampled_from(COUNTS))
def test_only_one_bullet_that_is_too_long_alone_exceeds_the_budget(
    resume: locator.Document, vacancy: str, budget: int, count: Callable[[str], int]
) -> None:
    assume(resume.bullets)
    chosen = select(resume, vacancy, budget=budget, count=count)
    assert chosen.ids
    if size(chosen, count) > budget:
        assert len(chosen.ids) == 1 and not chosen.skills and not any(entry.tech for entry in chosen.entries)
        assert len(chosen.vacancy) <= LEAST_VACANCY_CHARACTERS


@patient
@given(DOCUMENTS, VACANCIES, BUDGETS)
def test_every_bullet_is_sent_or_named_exactly_once_and_in_order(
    resume: locator.Document, vacancy: str, budget: int
) -> None:
    chosen = select(resume, vacancy, budget=budget, count=len)
    assert (*chosen.ids, *chosen.not_sent) == ids(resume)
    assert len(chosen.ids) <= MAX_BULLETS


@patient
@given(DOCUMENTS, VACANCIES, BUDGETS)
def test_a_bullet_is_sent_whole_or_not_at_all(resume: locator.Document, vacancy: str, budget: int) -> None:
    chosen = select(resume, vacancy, budget=budget, count=len)
    texts = {bullet.id: bullet.text for bullet in resume.bullets}
    assert all(bullet.text == texts[bullet.id] for entry in chosen.entries for bullet in entry.bullets)
    lines = chosen.text().splitlines()
    for bullet in chosen.ids:
        assert f"{bullet}: {' '.join(texts[bullet].split())}" in lines
    headings = {entry.path: entry.heading for entry in locator.context(resume)}
    assert all(entry.bullets and entry.heading == headings[entry.path] for entry in chosen.entries)


@patient
@given(DOCUMENTS, VACANCIES, BUDGETS)
def test_a_report_is_empty_exactly_if_nothing_was_left_out(resume: locator.Document, vacancy: str, budget: int) -> None:
    chosen = select(resume, vacancy, budget=budget, count=len)
    whole = Selection(vacancy, locator.context(resume), locator.skills(resume))
    unchanged = (chosen.vacancy, chosen.entries, chosen.skills) == (whole.vacancy, whole.entries, whole.skills)
    assert (chosen.report == {}) is unchanged
    assert json.loads(json.dumps(chosen.report)) == chosen.report


@patient
@given(DOCUMENTS, VACANCIES, BUDGETS)
def test_the_same_question_is_cut_the_same_way(resume: locator.Document, vacancy: str, budget: int) -> None:
    assert select(resume, vacancy, budget=budget, count=len) == select(resume, vacancy, budget=budget, count=len)


@patient
@given(DOCUMENTS, VACANCIES, st.integers(0, 3_000), st.integers(0, 3_000))
def test_less_room_never_sends_more_bullets(resume: locator.Document, vacancy: str, one: int, other: int) -> None:
    small, large = (select(resume, vacancy, budget=budget, count=len) for budget in sorted((one, other)))
    assert len(small.ids) <= len(large.ids)
    assert large.ids[: len(small.ids)] == small.ids


# The vacancy


@patient
@given(VACANCIES, st.integers(50, 3_000))
@example("x" * 500, 50)
@example("Requirements: Python\n\nAbout us: large", 30)
def test_a_shortened_vacancy_fits_and_is_made_of_its_own_paragraphs(vacancy: str, limit: int) -> None:
    short = shorten(vacancy, limit)
    assert len(short) <= limit
    kept = [paragraph for paragraph in short.split("\n\n") if paragraph]
    paragraphs = vacancy.split("\n\n")
    assert all(paragraph in paragraphs for paragraph in kept) or vacancy.startswith(short)


@patient
@given(st.lists(st.tuples(st.sampled_from("RBX"), st.integers(1, 40)), min_size=1, max_size=12), st.integers(20, 600))
def test_requirements_stay_before_boilerplate(given: list[tuple[str, int]], limit: int) -> None:
    heads = {"R": "Requirements: ", "B": "Benefits: ", "X": "You would work. "}
    paragraphs = [f"{heads[kind]}{number} {'word ' * words}end" for number, (kind, words) in enumerate(given)]
    kept = set(shorten("\n\n".join(paragraphs), limit).split("\n\n"))
    assume(kept & set(paragraphs))
    for rank, dropped in ((kind, text) for (kind, _), text in zip(given, paragraphs, strict=True) if text not in kept):
        worse = {"R": "XB", "X": "B", "B": ""}[rank]
        stayed = [text for (kind, _), text in zip(given, paragraphs, strict=True) if kind in worse and text in kept]
        # What is worth less stays only where the better one would not have fitted.
        assert all(len(text) < len(dropped) for text in stayed)


def test_boilerplate_goes_first_and_order_is_kept() -> None:
    vacancy = "About us: we are large.\n\nYou would build services.\n\nRequirements: Python, SQL.\n\nBenefits: fruit."
    assert shorten(vacancy, 60) == "You would build services.\n\nRequirements: Python, SQL."


def test_a_wall_of_text_is_cut_between_words() -> None:
    assert shorten("word " * 100, 23) == "word word word word"


# What costs too much


def test_at_most_60_bullets_and_12_000_characters_of_a_vacancy_are_paid_for() -> None:
    vacancy = "\n\n".join(f"Requirements {n}: {'Python and SQL. ' * 60}" for n in range(40))
    chosen = select(numbered(150), vacancy, budget=ENOUGH, count=len)
    assert len(chosen.ids) == MAX_BULLETS == 60
    assert 0.9 * MAX_VACANCY_CHARACTERS < len(chosen.vacancy) <= MAX_VACANCY_CHARACTERS == 12_000
    assert chosen.report == {
        "jd_chars": len(vacancy) - len(chosen.vacancy),
        "bullets_not_sent": [f"b{n}" for n in range(60, 150)],
    }


@pytest.mark.parametrize(("bullets", "characters"), [(60, 12_000), (1, 0)])
def test_what_is_within_the_cost_cap_and_the_budget_is_sent_as_it_is(bullets: int, characters: int) -> None:
    resume, vacancy = numbered(bullets), "x" * characters
    chosen = select(resume, vacancy, budget=ENOUGH, count=len)
    assert (chosen.ids, chosen.vacancy, chosen.report) == (ids(resume), vacancy, {})


def test_vacancy_then_context_then_the_oldest_bullets_are_dropped() -> None:
    entries = [{"position": f"Job {n}", "tech": ["Python"], "bullets": [f"built {n}", f"ran {n}"]} for n in range(4)]
    resume = document(entries, ["SQL"])
    vacancy = "Requirements: Python.\n\n" + "\n\n".join(["More about the work. " * 10] * 4)

    def cut(budget: int) -> set[str]:
        return set(select(resume, vacancy, budget=budget, count=len).report)

    assert [cut(budget) for budget in (ENOUGH, 900, 360, 250)] == [
        set(),
        {"jd_chars"},
        {"jd_chars", "context_lines"},
        {"jd_chars", "context_lines", "bullets_not_sent"},
    ]
    kept = select(resume, vacancy, budget=300, count=len)
    assert kept.ids == ids(resume)[: len(kept.ids)] and kept.ids


# What becomes of it in the job


def question(facts: Facts, ctx: Context) -> LLMRequest:
    (request,) = ask(PAYLOAD, facts, ctx)
    return request


@patient
@given(DOCUMENTS, VACANCIES, st.integers(2_000, 12_000))
def test_settle_takes_exactly_what_ask_sent_and_leaves_the_rest_as_it_was(
    resume: locator.Document, vacancy: str, window: int
) -> None:
    assume(resume.bullets)
    facts = Facts("Resume", resume, "Intern", vacancy, "row")
    ctx = Context("run", 0, False, NOW, Limits(window, 2_000, len))
    request = question(facts, ctx)
    properties = request.schema["properties"]
    assert isinstance(properties, dict)
    sent, everything = set(properties), ids(resume)
    answer = json.dumps({bullet: f"New text of {bullet}" for bullet in everything})
    result = settle(PAYLOAD, facts, {"rewrite": LLMReply(answer, "p", "m", "m", "end")}, ctx)
    assert isinstance(result, Rewrite)
    assert set(result.changed) == sent
    assert set(result.ignored) == set(everything) - sent
    assert result.truncated == dict(request.truncated)
    after = {bullet.id: bullet.text for bullet in locator.read(result.body).bullets}
    before = {bullet.id: bullet.text for bullet in resume.bullets}
    assert after == {bullet: f"New text of {bullet}" if bullet in sent else before[bullet] for bullet in everything}


def test_the_prompt_shows_what_was_chosen_and_nothing_of_the_rest() -> None:
    resume = numbered(100)
    ctx = Context("run", 0, False, NOW, Limits(128_000, 16_384, len))
    request = question(Facts("Resume", resume, "Intern", "Requirements: Python.", "row"), ctx)
    shown = request.prompt.text("user")
    assert "b59: built a thing 59" in shown and "b60" not in shown
    assert request.truncated == {"bullets_not_sent": [f"b{n}" for n in range(60, 100)]}
    assert "Rewrite the 60 bullet points" in shown


@pytest.mark.parametrize("window", [4_096, 8_192, 128_000, 1_000_000])
def test_prompt_and_answer_fit_the_window_together(window: int) -> None:
    facts = Facts("Resume", numbered(60, "x" * 300), "Intern", "Requirements: Python. " * 2_000, "row")

    def count(text: str) -> int:
        return -(-len(text) // 4)

    request = question(facts, Context("run", 0, False, NOW, Limits(window, 16_384, count)))
    prompt = count(request.prompt.text("system")) + count(request.prompt.text("user"))
    assert prompt + request.max_tokens + count(json.dumps(request.schema)) <= window
