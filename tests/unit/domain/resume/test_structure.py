from __future__ import annotations

import pytest

from aiworker.domain.resume.locator import read
from aiworker.domain.resume.structure import assert_same_structure
from aiworker.errors import JobFailed

TEXT = (
    '{"name": "Ananya", "cgpa": 8.40, "ok": true, "none": null,'
    ' "experience": [{"title": "Intern", "bullets": ["one", {"text": "two", "verified": false}, {"text": "three"}]}]}'
)


def compare(after: str) -> None:
    before = read(TEXT)
    assert_same_structure(before.tree, read(after).tree, before.bullets)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("x", "x"),
        ('"one"', '"uno"'),
        ('"two"', '"dos"'),
        ('"two", "verified": false', '"dos", "verified": true'),
        ('"text": "three"', '"text": "tres", "verified": true'),
        ('"cgpa": 8.40', '"cgpa":  8.40'),
    ],
)
def test_new_bullet_texts_and_flags_are_allowed(old: str, new: str) -> None:
    compare(TEXT.replace(old, new))


@pytest.mark.parametrize(
    ("old", "new", "path"),
    [
        ('"one", ', "", "experience.0.bullets"),
        ('"one", ', '"one", "more", ', "experience.0.bullets"),
        ('"ok": true', '"ok": true, "extra": 1', "the top level"),
        ('"ok": true, ', "", "the top level"),
        ('"ok": true, "none": null', '"none": null, "ok": true', "the top level"),
        ("8.40", "8.4", "cgpa"),
        ("8.40", '"8.40"', "cgpa"),
        ("true", "1", "ok"),
        ('"ok": true', '"ok": false', "ok"),
        ('"Intern"', '"Lead"', "experience.0.title"),
        ('"Ananya"', '["Ananya"]', "name"),
        ('"Ananya"', "{}", "name"),
        ('"one"', '{"text": "one"}', "experience.0.bullets.0"),
        ('"one"', "1", "experience.0.bullets.0"),
        ('"two"', "2", "experience.0.bullets.1.text"),
        ('"verified": false', '"verified": null', "experience.0.bullets.1.verified"),
        ('"two", "verified": false', '"two"', "experience.0.bullets.1"),
        ('"text": "two", "verified": false', '"verified": true, "text": "two"', "experience.0.bullets.1"),
        ('"text": "three"', '"text": "three", "verified": false', "experience.0.bullets.2"),
        ('"text": "three"', '"text": "three", "verified": true, "x": 1', "experience.0.bullets.2"),
        ('"title": "Intern"', '"title": "Intern", "verified": true', "experience.0"),
    ],
)
def test_every_other_difference_is_caught_and_named_without_its_value(old: str, new: str, path: str) -> None:
    with pytest.raises(JobFailed) as caught:
        compare(TEXT.replace(old, new))
    assert caught.value.code == "structure_changed"
    assert caught.value.message.endswith(f" at {path}")
    assert "Ananya" not in caught.value.reason


def test_without_located_bullets_every_text_is_fixed() -> None:
    with pytest.raises(JobFailed):
        assert_same_structure(read(TEXT).tree, read(TEXT.replace("one", "uno")).tree)


def test_a_key_that_spells_a_path_is_not_that_path() -> None:
    text = '{"work.0.bullets.0": "fixed", "work": [{"bullets": ["free"]}]}'
    before = read(text)
    with pytest.raises(JobFailed):
        assert_same_structure(before.tree, read(text.replace("fixed", "other")).tree, before.bullets)
