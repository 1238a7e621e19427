from __future__ import annotations

import pytest
from hypothesis import given

from aiworker.domain.resume.locator import Document, read
from aiworker.domain.resume.splice import mark_verified, splice
from aiworker.domain.resume.structure import assert_same_structure
from tests.unit.domain.resume.documents import ANSWERS, DOCUMENTS, patient

TEXT = '{ "cgpa": 8.40,\n "work":[{"bullets" : ["caf\\u00e9",\t{"text":"two", "verified":false}]}], "n":1e5}\n'


def outside(document: Document) -> list[str]:
    edges = [0, *(edge for bullet in document.bullets for edge in bullet.span), len(document.text)]
    return [document.text[start:end] for start, end in zip(edges[::2], edges[1::2], strict=True)]


def test_only_the_string_tokens_change() -> None:
    after = splice(read(TEXT), {"b0": 'tea "é" ₹5', "b1": "2\n"})
    assert after == TEXT.replace('"caf\\u00e9"', '"tea \\"é\\" ₹5"').replace('"two"', '"2\\n"')


def test_an_unchanged_text_keeps_its_escapes() -> None:
    assert splice(read(TEXT), {"b0": "café"}) == TEXT


def test_unknown_ids_and_blank_texts_change_nothing() -> None:
    assert splice(read(TEXT), {"b7": "x", "b0": " ", "b1": "\x00"}) == TEXT


def test_characters_no_database_holds_are_not_spliced() -> None:
    assert '"ab"' in splice(read(TEXT), {"b1": "a\x00\ud800b"})


@patient
@given(DOCUMENTS)
def test_the_empty_map_is_the_identity(text: str) -> None:
    assert splice(read(text), {}) == text


@patient
@given(DOCUMENTS, ANSWERS)
def test_only_located_texts_differ_for_any_document_and_any_answer(text: str, answer: dict[str, str]) -> None:
    before = read(text)
    after = read(splice(before, answer))
    assert_same_structure(before.tree, after.tree, before.bullets)
    assert outside(before) == outside(after)
    for old, new in zip(before.bullets, after.bullets, strict=True):
        asked = answer.get(old.id, "").replace("\x00", "").replace("\ud800", "")
        assert new.text == (asked if asked.strip() else old.text)
        assert (new.id, new.path, new.verified, new.is_object) == (old.id, old.path, old.verified, old.is_object)


@patient
@given(DOCUMENTS, ANSWERS)
def test_marking_differs_from_splicing_only_in_flags(text: str, answer: dict[str, str]) -> None:
    before = read(text)
    marked = read(mark_verified(before, answer))
    assert_same_structure(before.tree, marked.tree, before.bullets)
    spliced = read(splice(before, answer))
    for old, new in zip(spliced.bullets, marked.bullets, strict=True):
        assert (new.text, new.path, new.is_object) == (old.text, old.path, old.is_object)
        assert new.verified in ((True, None) if new.is_object else (None,))


@pytest.mark.parametrize(
    ("item", "marked"),
    [
        ('"plain"', '"plain"'),
        ('{"text":"a"}', '{"text":"a","verified":true}'),
        ('{"text": "a"}', '{"text": "a", "verified": true}'),
        ('{ "text" : "a" }', '{ "text" : "a", "verified" : true }'),
        ('{"text": "a", "id": 1}', '{"text": "a", "verified": true, "id": 1}'),
        ('{"id":1,"text":"a"}', '{"id":1,"text":"a","verified":true}'),
        ('{\n\t"text": "a"\n}', '{\n\t"text": "a",\n\t"verified": true\n}'),
        ('{\n  "id": 1,\n  "content": "a"\n}', '{\n  "id": 1,\n  "content": "a",\n  "verified": true\n}'),
        ('{"text": "a", "verified":  false}', '{"text": "a", "verified":  true}'),
        ('{"verified": null, "text": "a"}', '{"verified": true, "text": "a"}'),
        ('{"verified": true, "text": "a"}', '{"verified": true, "text": "a"}'),
        ('{"verified": "soon", "text": "a"}', '{"verified": "soon", "text": "a"}'),
        ('{"verified": [], "text": "a"}', '{"verified": [], "text": "a"}'),
        ('{"text": " "}', '{"text": " "}'),
    ],
)
def test_object_bullets_are_marked_in_the_spacing_they_have(item: str, marked: str) -> None:
    text = '{{"work": [{{"bullets": [{}]}}]}}'
    assert mark_verified(read(text.format(item)), {}) == text.format(marked)


def test_text_and_flag_change_in_one_pass() -> None:
    text = '{"work": [{"bullets": [{"text": "a"}, {"verified": false, "text": "b"}]}]}'
    assert mark_verified(read(text), {"b0": "A1", "b1": "B1"}) == (
        '{"work": [{"bullets": [{"text": "A1", "verified": true}, {"verified": true, "text": "B1"}]}]}'
    )
