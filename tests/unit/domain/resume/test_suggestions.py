"""What is read from an answer, where a suggestion belongs, and the patch that accepts it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiworker.domain import untrusted
from aiworker.domain.resume import locator
from aiworker.domain.resume.suggestions import (
    Proposal,
    Proposals,
    Suggestion,
    as_patch,
    read_proposals,
    still_fitting,
    suggestion,
)
from aiworker.errors import InvalidAnswer
from tests.unit.domain.resume.documents import DOCUMENTS, OPAQUE, WORDS, patient

RESUMES = sorted((Path(__file__).parents[4] / "examples" / "resumes").glob("*.json"))
ORIGINALS = {"b0": "worked on refunds", "b1": "made reports", "b2": "built a ledger"}


def item(bullet: object = "b0", text: object = "Refunded shops", reason: object = "Clearer.") -> dict[str, object]:
    return {"id": bullet, "text": text, "reason": reason}


def answer(*items: object) -> str:
    return json.dumps({"suggestions": list(items)})


def read(*items: object) -> Proposals:
    return read_proposals(answer(*items), ORIGINALS)


# Reading an answer


def test_proposals_are_read_in_the_order_of_the_answer() -> None:
    assert read(item("b2", "Wrote a ledger", "Active."), item()) == Proposals(
        (Proposal("b2", "Wrote a ledger", "Active."), Proposal("b0", "Refunded shops", "Clearer.")), unknown=0
    )


@pytest.mark.parametrize(
    "shape", ["{}", "```json\n{}\n```", "Here, as {{asked}}:\n{}\nAnything else?", "{} {{}}", "<answer>{}</answer>"]
)
def test_the_first_object_is_found_in_any_fence(shape: str) -> None:
    assert [each.bullet for each in read_proposals(shape.format(answer(item())), ORIGINALS).usable] == ["b0"]


@pytest.mark.parametrize(
    "raw",
    [
        "",
        "I would rather not, canary.",
        '["canary"]',
        '{"suggestions": [{"id": "b0", "text": "cut at 40',
        "{}",
        '{"b0": "canary"}',
        '{"suggestions": "canary"}',
        '{"suggestions": null}',
        '{"suggestions": {"id": "b0", "text": "canary", "reason": "x"}}',
        '{"suggestions": [], "suggestions": []}',
        '{"suggestions": ["canary", 7]}',
        '{"suggestions": [{"bullet": "b0", "text": "canary"}]}',
        '{"suggestions": [{"id": 0, "text": "canary", "reason": "x"}]}',
        '{"note": "canary"} ' + answer(item()),
    ],
)
def test_without_a_list_of_proposals_the_answer_is_unusable_and_not_quoted(raw: str) -> None:
    with pytest.raises(InvalidAnswer) as caught:
        read_proposals(raw, ORIGINALS)
    assert caught.value.reason == "invalid_answer: AI suggestions failed, please try again"
    assert caught.value.__context__ is None


def test_an_empty_list_is_an_answer() -> None:
    assert read() == Proposals((), unknown=0)


def test_ids_that_were_not_sent_are_ignored_and_counted() -> None:
    found = read(item("b9"), item("experience.0.bullets.0"), item("b9"), item("b1"))
    assert ([each.bullet for each in found.usable], found.unknown) == (["b1"], 3)


def test_of_an_id_given_twice_only_the_first_counts() -> None:
    found = read(item("b0", "First text"), item("b1", " "), item("b0", "Second text"), item("b1", "Second text"))
    assert [each.text for each in found.usable] == ["First text"]


@pytest.mark.parametrize("text", ["", " \n", "\u200b", None, 7, ["x"], {"text": "x"}])
def test_a_blank_text_is_no_proposal(text: object) -> None:
    assert read(item(text=text), item("b1")).usable == (Proposal("b1", "Refunded shops", "Clearer."),)


@pytest.mark.parametrize("text", ["worked on refunds", " worked  on\nrefunds ", "worked\u200b on refunds"])
def test_an_unchanged_text_is_no_proposal(text: str) -> None:
    assert read(item(text=text)).usable == ()


@pytest.mark.parametrize("reason", ["", " ", "``", "https://example.com/", None, 7])
def test_a_text_that_nobody_can_say_a_reason_for_is_no_proposal(reason: object) -> None:
    assert read(item(reason=reason)).usable == ()


def test_a_field_given_twice_is_as_good_as_none() -> None:
    raw = '{"suggestions": [{"id": "b0", "text": "One", "text": "Other", "reason": "r"}, {"id": "b1", "text": "New"}]}'
    assert read_proposals(raw, ORIGINALS).usable == ()


def test_what_is_no_object_is_passed_over_beside_one_that_is() -> None:
    assert len(read("b0: Refunded shops", [item("b1")], item("b2")).usable) == 1


def test_further_fields_are_ignored() -> None:
    assert read({**item(), "path": "/experience/0", "original": "x"}).usable == read(item()).usable


def test_the_reason_is_cleaned_and_the_text_keeps_what_people_see() -> None:
    (only,) = read(
        item(text=" Refunded \u202eshops  at 40 %\x00\n", reason="**Why**:\n[see](https://example.com)")
    ).usable
    assert (only.text, only.reason) == ("Refunded shops  at 40 %", "Why: see")


def test_what_the_prompt_escaped_is_unescaped_before_anything_is_compared() -> None:
    originals = {"b0": "Built R&amp;D <user> tools"}
    shown = untrusted.wrap(originals["b0"], "data-0000").splitlines()[1]
    echo, better = item(text=shown), item(text=shown.replace("Built", "Made"), reason="Says &lt;b>what&lt;/b>.")
    assert read_proposals(answer(echo), originals, plain=untrusted.unescape).usable == ()
    (only,) = read_proposals(answer(better), originals, plain=untrusted.unescape).usable
    assert (only.text, only.reason) == ("Made R&amp;D <user> tools", "Says what.")


@patient
@given(st.one_of(st.text(), OPAQUE, st.lists(st.dictionaries(st.sampled_from(["id", "text"]), WORDS)).map(json.dumps)))
def test_reading_raises_nothing_but_the_typed_error(raw: str) -> None:
    for text in (raw, f'{{"suggestions": {raw}}}', f'{{"suggestions": [{raw}]}}'):
        try:
            found = read_proposals(text, ORIGINALS)
        except InvalidAnswer:
            continue
        assert {each.bullet for each in found.usable} <= ORIGINALS.keys()


# A suggestion's place


def made(document: locator.Document, bullet: int = 0) -> Suggestion:
    return suggestion(document.bullets[bullet], Proposal(f"b{bullet}", "New text", "Clearer."))


def test_section_original_and_hash_come_from_the_document() -> None:
    document = locator.read('{"experience": [{"bullets": ["old", {"id": "x7", "content": "caf\\u00e9"}]}]}')
    assert made(document, 1) == Suggestion(
        section="experience.0.bullets.1",
        text_path="experience.0.bullets.1.content",
        bullet_id="x7",
        original="café",
        original_hash=hashlib.sha256("café".encode()).hexdigest(),
        suggested="New text",
        reason="Clearer.",
    )
    assert (made(document).text_path, made(document).bullet_id) == ("experience.0.bullets.0", None)


@pytest.mark.parametrize(
    ("members", "own"),
    [
        ('"id": "x7"', "x7"),
        ('"id": 7', "7"),
        ('"id": 8.40', "8.40"),
        ('"id": " x\\u0000y "', "xy"),
        ('"id": " "', None),
        ('"id": null', None),
        ('"id": true', None),
        ('"id": ["x7"]', None),
        ('"id": "x7", "id": "x8"', None),
        ('"key": "x7"', None),
    ],
)
def test_the_bullet_s_own_id_is_kept_if_it_has_one(members: str, own: str | None) -> None:
    document = locator.read(f'{{"work": [{{"bullets": [{{{members}, "text": "old"}}]}}]}}')
    assert made(document).bullet_id == own


def test_suggestions_fit_while_their_originals_are_where_they_were() -> None:
    document = locator.read('{"work": [{"bullets": ["one", {"text": "two"}, "three"]}]}')
    suggestions = [made(document, number) for number in range(3)]
    assert still_fitting(suggestions, document) == tuple(suggestions)
    edited = locator.read('{"work": [{"bullets": ["one", {"text": "two!"}, "three"], "company": "x"}]}')
    assert still_fitting(suggestions, edited) == (suggestions[0], suggestions[2])
    moved = locator.read('{"work": [{"bullets": ["zero", "one", {"text": "two"}, "three"]}]}')
    assert still_fitting(suggestions, moved) == ()
    # The text is there, but no longer where the patch would look for it.
    flat = locator.read('{"work": [{"bullets": ["one", "two", "three"]}]}')
    assert still_fitting(suggestions, flat) == (suggestions[0], suggestions[2])


# The patch


class Refused(Exception):
    """The patch does not apply."""


def children(value: Any) -> dict[str, Any]:
    """Return what is directly within an object or an array, by reference token."""
    if isinstance(value, dict):
        return dict(cast("dict[str, Any]", value))
    return {str(at): each for at, each in enumerate(cast("list[Any]", value))} if isinstance(value, list) else {}


def put(value: Any, tokens: Sequence[str], new: object) -> Any:
    if not tokens:
        return new
    within = children(value)
    within[tokens[0]] = put(within[tokens[0]], tokens[1:], new)
    return within if isinstance(value, dict) else list(within.values())


def applied(document: Any, patch: list[dict[str, str]]) -> Any:
    """Apply test and replace operations as RFC 6902 has them: all or nothing."""
    for step in patch:
        tokens = [part.replace("~1", "/").replace("~0", "~") for part in step["path"].split("/")[1:]]
        current = document
        for token in tokens:
            if token not in children(current):
                raise Refused
            current = children(current)[token]
        if step["op"] == "test" and current != step["value"]:
            raise Refused
        if step["op"] == "replace":
            document = put(document, tokens, step["value"])
    return document


def patch_of(each: Suggestion) -> list[dict[str, str]]:
    return as_patch(each.section, each.text_path, each.original, each.suggested)


def differences(before: Any, after: Any, path: str = "") -> dict[str, object]:
    assert type(before) is type(after)
    old, new = children(before), children(after)
    assert list(old) == list(new)
    if not old:
        return {} if before == after else {path: after}
    found = (differences(each, new[token], f"{path}.{token}".lstrip(".")) for token, each in old.items())
    return {place: value for one in found for place, value in one.items()}


def test_a_patch_tests_the_original_and_then_replaces_it() -> None:
    assert as_patch("experience.0.bullets.2", "experience.0.bullets.2.text", "old", "new") == [
        {"op": "test", "path": "/experience/0/bullets/2/text", "value": "old"},
        {"op": "replace", "path": "/experience/0/bullets/2/text", "value": "new"},
    ]


def test_a_key_is_escaped_as_a_json_pointer_wants_it() -> None:
    document = {"a/b": {"~c": {"~1": "old"}}}
    patch = as_patch("a/b.~c.~1", "a/b.~c.~1", "old", "new")
    assert [step["path"] for step in patch] == ["/a~1b/~0c/~01"] * 2
    assert applied(document, patch) == {"a/b": {"~c": {"~1": "new"}}}


@pytest.mark.parametrize("text_path", ["experience.0.bullets.21", "experience.0.bullets", "text", ""])
def test_a_text_outside_its_section_is_no_patch(text_path: str) -> None:
    with pytest.raises(ValueError, match="not in the section"):
        as_patch("experience.0.bullets.2", text_path, "old", "new")


@pytest.mark.parametrize("path", RESUMES, ids=lambda path: path.stem)
def test_each_patch_changes_one_bullet_of_a_sample_resume_and_nothing_else(path: Path) -> None:
    document = locator.read(path.read_text("utf-8"))
    resume = json.loads(document.text)
    for number in range(len(document.bullets)):
        each = made(document, number)
        assert differences(resume, applied(resume, patch_of(each))) == {each.text_path: "New text"}


@pytest.mark.parametrize("path", RESUMES, ids=lambda path: path.stem)
def test_a_patch_refuses_a_resume_whose_bullets_moved(path: Path) -> None:
    document = locator.read(path.read_text("utf-8"))
    section = document.bullets[0].path.partition(".")[0]
    ours = [made(document, at) for at, bullet in enumerate(document.bullets) if bullet.path.startswith(f"{section}.")]
    job = {"company": "New Job Ltd.", "bullets": ["Something else"], "highlights": ["Something else"]}
    resume = json.loads(document.text)
    for moved in ([job, *resume[section]], [], resume[section][1:]):
        for each in ours:
            with pytest.raises(Refused):
                applied({**resume, section: moved}, patch_of(each))


def test_a_patch_reaches_the_bullet_of_a_wrapped_resume() -> None:
    resume = {"resume": {"work": [{"bullets": ["one", {"text": "two"}]}]}, "settings": {"work": [{"bullets": ["x"]}]}}
    each = made(locator.read(json.dumps(resume)), 1)
    assert (each.section, each.text_path) == ("resume.work.0.bullets.1", "resume.work.0.bullets.1.text")
    assert differences(resume, applied(resume, patch_of(each))) == {each.text_path: "New text"}


def test_a_patch_refuses_a_resume_whose_text_was_edited() -> None:
    document = locator.read('{"work": [{"bullets": [{"text": "old"}]}]}')
    for stored in ('{"work": [{"bullets": [{"text": "old."}]}]}', '{"work": [{"bullets": ["old"]}]}'):
        with pytest.raises(Refused):
            applied(json.loads(stored), patch_of(made(document)))


@patient
@given(DOCUMENTS)
def test_a_patch_reaches_the_bullet_in_any_document(text: str) -> None:
    document = locator.read(text)
    resume = json.loads(text)
    for number, bullet in enumerate(document.bullets):
        each = made(document, number)
        # What no database can hold is not in the original, so that such a text is never replaced.
        if json.loads(document.text[slice(*bullet.span)]) == each.original:
            after = applied(resume, patch_of(each))
            assert locator.read(json.dumps(after)).bullets[number].text == "New text"
        else:
            with pytest.raises(Refused):
                applied(resume, patch_of(each))
