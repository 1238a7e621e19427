from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiworker.domain.resume.locator import Document, context, read, skills
from aiworker.errors import JobFailed
from tests.unit.domain.resume.documents import DOCUMENTS, patient


def a_document(**members: object) -> Document:
    return read(json.dumps(members))


def paths(document: Document) -> list[str]:
    return [bullet.path for bullet in document.bullets]


@pytest.mark.parametrize(
    ("section", "bullets"),
    [
        ("experience", "bullets"),
        ("work", "highlights"),
        ("workExperiences", "descriptions"),
        ("workExperience", "description"),
        ("work_experience", "description"),
        ("projects", "highlights"),
        ("personalProjects", "description"),
        ("volunteer", "highlights"),
    ],
)
def test_bullets_are_found_in_every_known_schema(section: str, bullets: str) -> None:
    document = a_document(**{section: [{}, {bullets: ["Built a bridge"]}]})
    assert paths(document) == [f"{section}.1.{bullets}.0"]
    assert document.bullets[0].entry == f"{section}.1"


def test_ids_follow_the_document_not_the_list_of_sections() -> None:
    document = a_document(projects=[{"bullets": ["one", "two"]}], experience=[{"bullets": ["three"]}])
    assert [(bullet.id, bullet.text) for bullet in document.bullets] == [("b0", "one"), ("b1", "two"), ("b2", "three")]


def test_strings_and_objects_keep_their_kind_flag_and_place() -> None:
    text = '{"work": [{"bullets": ["a\\u00e9", {"id": 1, "text": "b", "verified": false}, {"content": "c"}]}]}'
    plain, flagged, content = read(text).bullets
    assert (plain.text, plain.is_object, plain.verified, plain.text_path) == ("aé", False, None, plain.path)
    assert (flagged.text, flagged.is_object, flagged.verified) == ("b", True, False)
    assert flagged.text_path == "work.0.bullets.1.text"
    assert (content.text_path, content.verified) == ("work.0.bullets.2.content", None)
    assert [text[slice(*bullet.span)] for bullet in read(text).bullets] == ['"a\\u00e9"', '"b"', '"c"']


def test_content_is_the_text_where_text_is_blank_or_no_string() -> None:
    document = a_document(work=[{"bullets": [{"text": "", "content": "a"}, {"content": "b", "text": 5}]}])
    assert [bullet.text_path[-9:] for bullet in document.bullets] == ["0.content", "1.content"]


def test_anything_else_is_opaque() -> None:
    document = a_document(
        sections={"experience": {"items": [{"bullets": ["hidden"]}]}},
        experience="free text",
        work=[["bullets"], {"bullets": "one string"}],
        volunteer=[{"bullets": [1, None, ["nested"], {"label": "x"}, " ", "\x00"]}],
    )
    assert document.bullets == ()


def test_a_flag_that_is_no_boolean_counts_as_absent() -> None:
    document = read('{"work": [{"bullets": [{"text": "a", "verified": "yes"}, {"text": "b", "verified": []}]}]}')
    assert [bullet.verified for bullet in document.bullets] == [None, None]


def test_characters_no_database_holds_do_not_reach_the_text() -> None:
    assert read('{"work": [{"bullets": ["a\\u0000b\\ud800c"]}]}').bullets[0].text == "abc"


@pytest.mark.parametrize("text", ["", "not json", "[]", '"a"', "null", "\ufeff{}", "[" * 100_000, '{"a":' * 5_000])
def test_a_text_that_is_no_resume_is_a_typed_failure(text: str) -> None:
    with pytest.raises(JobFailed) as caught:
        read(text)
    assert caught.value.code == "invalid_resume"


@pytest.mark.parametrize(
    "text",
    [
        '{"work": [], "work": []}',
        '{"work": [{"bullets": [], "bullets": []}]}',
        '{"work": [{"bullets": [{"text": "a", "text": "b"}]}]}',
        '{"work": [{"bullets": [{"text": "a", "verified": true, "verified": false}]}]}',
    ],
)
def test_repeated_keys_on_the_way_to_a_bullet_are_refused(text: str) -> None:
    with pytest.raises(JobFailed, match="repeated"):
        read(text)


def test_repeated_keys_elsewhere_are_nobodys_business() -> None:
    assert read('{"meta": {"a": 1, "a": 2}, "x": 1, "x": 2, "work": [{"id": 1, "id": 2, "bullets": ["a"]}]}').bullets


def test_the_message_names_a_place_and_never_a_value() -> None:
    with pytest.raises(JobFailed) as caught:
        read('{"phone": "+00 secret" "x"}')
    assert "secret" not in caught.value.reason
    assert "character 23" in caught.value.reason


@patient
@given(st.one_of(st.text(), DOCUMENTS))
def test_reading_raises_nothing_but_the_typed_failure(text: str) -> None:
    try:
        document = read(text)
    except JobFailed as failure:
        assert failure.code == "invalid_resume"
    else:
        assert [bullet.id for bullet in document.bullets] == [f"b{at}" for at in range(len(document.bullets))]
        assert len(set(paths(document))) == len(document.bullets)
        assert context(document) is not None
        assert skills(document) is not None


def test_context_groups_bullets_under_what_names_their_entry() -> None:
    document = a_document(
        work=[
            {"position": "Engineer", "name": "Tern", "highlights": ["a", "b"]},
            {"position": "No bullets here"},
        ],
        projects=[{"name": "Logger", "tech": ["C", 5, "MQTT"], "keywords": "IoT", "highlights": ["c"]}],
        experience=[{"title": ["Analyst"], "company": "  Larkspur \n Bay ", "bullets": ["d"]}],
    )
    work, project, experience = context(document)
    assert (work.path, work.heading, [bullet.text for bullet in work.bullets]) == (
        "work.0",
        "Engineer, Tern",
        ["a", "b"],
    )
    assert (project.heading, project.tech) == ("Logger", ("C", "MQTT", "IoT"))
    assert (experience.title, experience.company, experience.heading) == (
        "Analyst",
        "Larkspur Bay",
        "Analyst, Larkspur Bay",
    )


@pytest.mark.parametrize(
    ("value", "line"),
    [
        (["Python", "Go"], "Python, Go"),
        ("Python and Go", "Python and Go"),
        ([{"name": "Backend", "level": "Expert", "keywords": ["Go", "C"]}, {"name": "Git"}, {}], "Backend: Go, C; Git"),
        ({"Tools": ["Git"], "Talks": "PyCon"}, "Tools: Git; Talks: PyCon"),
        (["SQL", {"items": "R, Excel"}, 7], "SQL; R, Excel"),
        (None, ""),
        (3, ""),
    ],
)
def test_skills_become_one_line(value: object, line: str) -> None:
    assert skills(a_document(skills=value)) == line


def test_a_resume_without_skills_has_an_empty_line() -> None:
    assert skills(a_document()) == ""
