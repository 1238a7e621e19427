from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiworker.domain.resume.locator import Document, context, entry_text, frame_text, read, skills
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


WRAPPED = {"workExperiences": [{"company": "Tern", "descriptions": ["Built a bridge", "Wrote it down"]}]}


def test_sections_in_one_object_below_the_top_are_found_and_its_key_begins_their_paths() -> None:
    document = a_document(resume={**WRAPPED, "skills": ["Git"]}, settings={"fontSize": "11"})
    assert paths(document) == ["resume.workExperiences.0.descriptions.0", "resume.workExperiences.0.descriptions.1"]
    assert (document.wrapper, document.prefix, skills(document)) == ("resume", "resume.", "Git")
    (entry,) = context(document)
    assert (entry.path, entry.heading) == ("resume.workExperiences.0", "Tern")
    assert entry_text(document, entry.path).splitlines() == ["Tern", "Built a bridge", "Wrote it down"]
    assert frame_text(document, entry.path) == "Tern"


@pytest.mark.parametrize("key", ["resume", "data", "cv_2", "my-resume", "R"])
def test_the_object_may_have_any_name_that_is_a_step_of_a_path(key: str) -> None:
    assert a_document(**{key: WRAPPED}).wrapper == key


@pytest.mark.parametrize("key", ["a.b", "", "a b", "2", "über", "x" * 41, "settings", "meta", "resume_id"])
def test_an_object_of_another_name_or_of_a_program_is_opaque(key: str) -> None:
    assert a_document(**{key: WRAPPED}).bullets == ()


@pytest.mark.parametrize(
    "members",
    [
        {"en": WRAPPED, "de": WRAPPED},
        {"sections": {"experience": {"items": [{"bullets": ["a"]}]}}},
        {"cv": {"sections": WRAPPED}},
        {"resume": [WRAPPED]},
        {"resume": {"workExperiences": []}},
    ],
    ids=["two of them", "no list", "two levels", "a list", "empty"],
)
def test_what_is_not_one_object_with_sections_is_opaque(members: dict[str, object]) -> None:
    document = a_document(**members)
    assert (document.bullets, document.wrapper) == ((), "")


def test_sections_on_the_top_level_come_first() -> None:
    document = a_document(resume=WRAPPED, work=[{"highlights": ["Own"]}])
    assert (paths(document), document.wrapper) == (["work.0.highlights.0"], "")
    document = a_document(resume=WRAPPED, work=[], projects="none")
    assert (len(document.bullets), document.wrapper) == (2, "resume")


def test_what_lies_beside_the_object_is_read_where_it_holds_no_such_key() -> None:
    document = a_document(skills=["Git"], education=["outer"], resume={**WRAPPED, "education": ["inner"]})
    assert (skills(document), document.content["education"]) == ("Git", ["inner"])
    assert a_document(skills=["Git"]).content == {"skills": ["Git"]}


def test_a_resume_of_studies_alone_may_be_wrapped_too() -> None:
    document = a_document(resume={"educations": [{"school": "SVIT"}], "workExperiences": []})
    assert (document.wrapper, document.bullets) == ("resume", ())


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
        '{"resume": {"work": ["x"]}, "resume": 1}',
        '{"resume": {"work": ["x"], "work": []}}',
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


def test_skills_as_openresume_and_resume_matcher_keep_them_become_one_line() -> None:
    featured = [{"skill": "SAP", "rating": 4}, {"skill": "", "rating": 4}, {"skill": "Excel"}]
    of_open_resume = {"featuredSkills": featured, "descriptions": ["Tools: SAP, Excel", "", "Bookkeeping"]}
    assert skills(a_document(skills=of_open_resume)) == "SAP, Excel; Tools: SAP, Excel; Bookkeeping"
    assert skills(a_document(skills={"featuredSkills": "SAP", "descriptions": None})) == ""
    assert skills(a_document(skills=[{"skill": "SAP"}, {"skill": "Excel"}])) == "SAP; Excel"
    of_matcher = {"technicalSkills": ["SQL", "R"], "languages": ["German (native)"], "awards": ["First prize"]}
    assert skills(a_document(additional=of_matcher)) == "SQL, R; Languages: German (native)"
    assert skills(a_document(skills=["Git"], additional={"languages": []})) == "Git"
    assert skills(a_document(additional=["SQL"])) == ""


def test_a_project_of_openresume_is_named_by_its_project() -> None:
    (entry,) = context(a_document(projects=[{"project": "Ledger", "descriptions": ["a"]}]))
    assert (entry.name, entry.heading) == ("Ledger", "Ledger")


def test_a_resume_without_skills_has_an_empty_line() -> None:
    assert skills(a_document()) == ""
