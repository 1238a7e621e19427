"""A profile out of rows and resumes of every schema: public texts only, bounded, months as words."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given

from aiworker.domain.resume.guard.grounding import ungrounded
from aiworker.domain.students import reading
from aiworker.domain.students.profile import Entry, Line, from_json
from aiworker.errors import JobFailed
from tests.unit.domain.resume.documents import DOCUMENTS
from tests.unit.domain.students.profiles import EXAMPLE, STUDENTS, of_example, of_resume, read

MANY = 100


def test_the_row_is_read_as_it_stands() -> None:
    profile = read(degree=" B.Tech. ", branch="Computer\nEngineering", year=4, cgpa="8.40", skills='["Java", "SQL"]')
    assert (profile.degree, profile.branch, profile.year, profile.cgpa) == (
        "B.Tech.",
        "Computer Engineering",
        4,
        "8.40",
    )
    assert profile.skills == ("Java", "SQL")
    assert (profile.entries, profile.education, profile.achievements, profile.certifications) == ((), (), (), ())


def test_the_time_of_verification_is_part_of_it_whatever_the_zone() -> None:
    at = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)
    there = at.astimezone(timezone(timedelta(hours=5, minutes=30)))
    assert read(verified_at=at) == read(verified_at=there) != read()


def test_jobs_keep_title_company_technologies_period_and_flags_of_their_bullets() -> None:
    job = {
        "title": "Intern",
        "company": "Kaveri Ledger Pvt. Ltd.",
        "tech": ["Python", "python"],
        "start_date": "2025-05",
        "end_date": "2025-07-31",
        "bullets": [{"text": "wrote  tests", "verified": True}, {"text": "ran them", "verified": False}, "fixed bugs"],
    }
    lines = (Line("wrote tests", True), Line("ran them", False), Line("fixed bugs", False))
    assert of_resume(experience=[job]).entries == (
        Entry("experience", "Intern", "Kaveri Ledger Pvt. Ltd.", "", ("Python",), "May 2025 to July 2025", lines),
    )


@pytest.mark.parametrize(
    ("section", "item", "kind", "heading"),
    [
        ("work", {"name": "Palash Pay", "position": "Intern"}, "experience", "Intern, Palash Pay"),
        ("workExperience", {"company": "Palash", "title": "Intern"}, "experience", "Intern, Palash"),
        ("work_experience", {"company": "Palash", "role": "Intern"}, "experience", "Intern, Palash"),
        ("projects", {"name": "Ledger"}, "project", "Ledger"),
        ("personalProjects", {"name": "Ledger"}, "project", "Ledger"),
        ("volunteer", {"organization": "Food Shelf", "position": "Helper"}, "volunteering", "Helper, Food Shelf"),
    ],
)
def test_entries_of_every_schema_are_read_with_or_without_bullets(
    section: str, item: dict[str, Any], kind: str, heading: str
) -> None:
    (bare,) = of_resume(**{section: [item]}).entries
    assert (bare.kind, bare.heading, bare.lines) == (kind, heading, ())
    (told,) = of_resume(**{section: [{**item, "highlights": ["did it"]}]}).entries
    assert (told.heading, [line.text for line in told.lines]) == (heading, ["did it"])


@pytest.mark.parametrize(
    ("fields", "period"),
    [
        ({"startDate": "2020-03"}, "since March 2020"),
        ({"start": "2020", "end": "2022"}, "2020 to 2022"),
        ({"endDate": "2013-06"}, "June 2013"),
        ({"years": "2019 - 2021"}, "2019 - 2021"),
        ({"date": "Summer 2025"}, "Summer 2025"),
        ({"date": "2025-04"}, "April 2025"),
        ({"years": "2010-12"}, "2010-12"),
        ({"start_date": "2025-05-03T00:00:00.000Z"}, "since May 2025"),
        ({"start_date": "2020-13", "end_date": "today"}, "2020-13 to today"),
        ({}, ""),
    ],
)
def test_periods_are_read_in_every_form_and_months_become_words(fields: dict[str, str], period: str) -> None:
    (entry,) = of_resume(projects=[{"name": "Ledger", **fields}]).entries
    assert entry.period == period


@pytest.mark.parametrize("item", [{}, {"bullets": []}, {"bullets": [" "]}, "a string", None, 7, [], {"x": "y"}])
def test_an_entry_that_says_nothing_is_none(item: object) -> None:
    assert of_resume(experience=[item]).entries == ()


@pytest.mark.parametrize("value", [{"name": "Ledger"}, "Ledger", None, 7])
def test_a_section_that_is_no_list_does_no_harm(value: object) -> None:
    assert len(of_resume(projects=value).entries) <= 1


@pytest.mark.parametrize(
    ("skills", "names"),
    [
        (["SQL", "Git"], ("SQL", "Git")),
        ("SQL", ("SQL",)),
        ([{"name": "Databases", "keywords": ["SQL", "Redis"]}], ("SQL", "Redis")),
        ([{"category": "Databases", "items": ["SQL"]}, "Git"], ("SQL", "Git")),
        ([{"name": "SQL", "level": "good"}], ("SQL",)),
        ({"Analysis": ["SQL", "Excel"], "Clinical": ["Triage"]}, ("SQL", "Excel", "Triage")),
        ([{"level": 3}, None, ["x"], {"name": 7}], ()),
        (None, ()),
    ],
)
def test_skills_are_read_in_every_form(skills: object, names: tuple[str, ...]) -> None:
    assert of_resume(skills=skills).skills == names


def test_skills_of_openresume_are_those_it_features_and_those_its_lines_list() -> None:
    featured = [{"skill": "SAP", "rating": 4}, {"skill": "", "rating": 4}, {"skill": "Excel"}]
    told = ["Tools: SAP, Sage 50 (payroll, VAT), Excel", "Bookkeeping", "Some of: all", "A: ", "", 7]
    assert of_resume(skills={"featuredSkills": featured, "descriptions": told}).skills == (
        *("SAP", "Excel", "Sage 50 (payroll, VAT)", "Bookkeeping", "all", "A:"),
    )


def test_what_resume_matcher_keeps_as_additional_is_read() -> None:
    profile = of_resume(
        awards=["Second prize"],
        additional={
            "technicalSkills": ["SQL", "R"],
            "languages": ["German (native)"],
            "certificationsTraining": ["Certified Planner (2019)"],
            "awards": ["Idea of the quarter 2022"],
            "hobbies": ["Canary"],
        },
    )
    assert profile.skills == ("SQL", "R", "German (native)")
    assert profile.achievements == ("Second prize", "Idea of the quarter 2022")
    assert profile.certifications == ("Certified Planner (2019)",)
    assert of_resume(additional=["Canary"], languages=["Canary"], technicalSkills=["Canary"]) == read()


def test_a_project_of_openresume_is_named_by_its_project() -> None:
    (entry,) = of_resume(projects=[{"project": "Ledger", "date": "2023", "descriptions": ["did it"]}]).entries
    assert (entry.name, entry.period, [line.text for line in entry.lines]) == ("Ledger", "2023", ["did it"])


def test_a_wrapped_resume_is_read_as_it_would_be_without_its_wrapper() -> None:
    sections: dict[str, object] = {
        "workExperiences": [{"company": "Tern", "jobTitle": "Clerk", "descriptions": ["did it"]}],
        "educations": [{"school": "SVIT", "degree": "BA", "gpa": "8.40"}],
        "skills": {"featuredSkills": [{"skill": "SAP"}], "descriptions": []},
        "certificates": ["Welding"],
        "achievements": ["Second prize"],
    }
    profile = of_resume(resume=sections, settings={"fontSize": "11"})
    assert profile == of_resume(**sections) != read()
    assert [line.text for line in profile.entries[0].lines] == ["did it"]


def test_skills_of_row_and_resume_are_one_list_each_once() -> None:
    profile = read(skills='["Java", "SQL"]', resume='{"skills": ["sql", "Git"]}')
    assert profile.skills == ("Java", "SQL", "Git")


@pytest.mark.parametrize("skills", ["null", "{}", "7", '"Java"', '["\\ud800Java"]'])
def test_skills_of_the_row_may_be_any_json(skills: str) -> None:
    assert read(skills=skills).skills in ((), ("Java",))


@pytest.mark.parametrize(
    ("item", "line"),
    [
        (
            {"institution": "SVIT, Pune", "degree": "B.Tech.", "field": "ECE", "grade": "CGPA", "cgpa": "8.40"},
            "B.Tech., ECE, SVIT, Pune, CGPA 8.40",
        ),
        (
            {"institution": "Junior College", "degree": "Class XII", "grade": "91.20 %"},
            "Class XII, Junior College, 91.20 %",
        ),
        (
            {"institution": "UNC", "area": "Physics", "studyType": "BSc", "score": "2:1", "gpa": "3.9"},
            "BSc, Physics, UNC, 2:1, CGPA 3.9",
        ),
        ({"institution": "SVIT", "start": "2022-08", "end": "2026-05"}, "SVIT, August 2022 to May 2026"),
        ("B.Tech. at SVIT", "B.Tech. at SVIT"),
        ({"school": "UWV", "degree": "BA", "gpa": "2:1", "date": "2012 - 2015"}, "BA, UWV, 2:1, 2012 - 2015"),
        ({"school": "UWV", "gpa": "8.4 / 10", "date": "2025-05"}, "UWV, CGPA 8.4 / 10, May 2025"),
        ({"school": "UWV", "gpa": "", "grade": "CGPA"}, "UWV, CGPA"),
    ],
)
@pytest.mark.parametrize("key", ["education", "educations"])
def test_education_is_one_line_each(key: str, item: object, line: str) -> None:
    assert of_resume(**{key: [item]}).education == (line,)


def test_what_was_achieved_in_a_course_is_told_with_the_course() -> None:
    mba = {
        "degree": "MBA",
        "school": "MIM",
        "achievements": ["**Merit list** (8 of 120)", " ", None, {"title": "Prize"}],
    }
    profile = of_resume(
        education=[mba, {"school": "MIM", "achievements": "71.5 % in the finals"}, "BA", {"degree": "BA"}],
        achievements=["Second prize"],
    )
    assert profile.achievements == (
        "Second prize",
        "Merit list (8 of 120) (MBA)",
        "Prize (MBA)",
        "71.5 % in the finals",
    )
    assert profile.education == ("MBA, MIM", "MIM", "BA", "BA")


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("Surveyed **118 shops** in **Kochi**", "Surveyed 118 shops in Kochi"),
        ("2**10 and 3**4", "2**10 and 3**4"),
        ("** no mark **", "** no mark **"),
        ("__init__ and *args", "__init__ and *args"),
    ],
)
def test_bold_print_is_no_part_of_a_text(text: str, plain: str) -> None:
    (entry,) = of_resume(work_experience=[{"company": "Tern", "description": [text]}]).entries
    assert [line.text for line in entry.lines] == [plain]


def test_figures_stay_as_they_were_written() -> None:
    assert read(resume='{"education": [{"degree": "B.Tech.", "cgpa": 8.40}]}').education == ("B.Tech., CGPA 8.40",)


@pytest.mark.parametrize("key", ["achievements", "awards", "certifications", "certificates"])
@pytest.mark.parametrize(
    ("item", "line"),
    [
        ("Second prize", "Second prize"),
        ({"text": "Second prize (₹15,000)"}, "Second prize (₹15,000)"),
        ({"title": "Second prize", "awarder": "Vindhya", "date": "2025", "url": "https://example.org"}, None),
    ],
)
def test_honours_are_one_line_each_and_links_are_not_read(key: str, item: object, line: str | None) -> None:
    nothing: list[object] = [None, {}, " "]
    profile = of_resume(**{key: [item, *nothing]})
    assert profile.achievements + profile.certifications == (line or "Second prize, Vindhya, 2025",)
    assert bool(profile.achievements) is (key in ("achievements", "awards"))


@pytest.mark.parametrize("key", ["achievements", "awards", "certifications", "certificates"])
@pytest.mark.parametrize(
    ("date", "told"),
    [
        ("2024-06", "June 2024"),
        (" 2024-06-17 ", "June 2024"),
        ("2024-06-17T08:30:00Z", "June 2024"),
        ("2024", "2024"),
        ("Summer 2024", "Summer 2024"),
        ("2024-13", "2024-13"),
    ],
)
def test_months_of_honours_become_words_as_those_of_jobs_do(key: str, date: str, told: str) -> None:
    profile = of_resume(**{key: [{"name": "Welding", "issuer": "Vindhya", "date": date}]})
    assert profile.achievements + profile.certifications == (f"Welding, Vindhya, {told}",)


@pytest.mark.parametrize("key", ["achievements", "certifications"])
def test_the_month_of_an_honour_is_no_evidence_for_a_small_number(key: str) -> None:
    profile = of_resume(**{key: [{"name": "Welding", "date": "2024-06-17"}]})
    assert [finding.token for finding in ungrounded("6 welds in 2024, 17 of them good", profile.evidence())] == [
        "6",
        "17",
    ]


def test_nothing_else_of_a_resume_is_read() -> None:
    basics = {"name": "Ananya Velankar", "email": "a@example.com", "phone": "+91 00000 01234", "summary": "Canary"}
    profile = of_resume(basics=basics, summary="Canary", location="Canary", objective="Canary", interests=["Canary"])
    assert profile == read()


def test_contact_data_is_taken_out_and_personal_lines_are_left_out() -> None:
    bullets = ["See https://example.org/x for it", "Gender: female", "Led the women's cell", "Built a ledger"]
    profile = of_resume(
        experience=[{"title": "Intern", "company": "Women in Tech", "bullets": bullets}],
        achievements=["OBC scholarship", "Second prize"],
        skills=["SQL", "me@example.com"],
        education=[{"institution": "Hindu College", "degree": "B.Sc."}],
    )
    (entry,) = profile.entries
    assert [line.text for line in entry.lines] == ["See for it", "Built a ledger"]
    assert (entry.heading, profile.achievements, profile.skills) == ("Intern", ("Second prize",), ("SQL",))
    assert profile.education == ("B.Sc.",)


def test_hidden_characters_hide_nothing() -> None:
    profile = of_resume(projects=[{"name": "Py\u200bthon", "bullets": ["Gen\u200bder: female", "caf\u202eé"]}])
    (entry,) = profile.entries
    assert (entry.name, [line.text for line in entry.lines]) == ("Python", ["café"])


def test_everything_is_bounded() -> None:
    long, name = "word " * 200, "name " * 100
    jobs = [{"title": name, "bullets": [long, *(f"did {number}" for number in range(MANY))]} for _ in range(MANY)]
    profile = of_resume(
        experience=jobs,
        skills=[f"skill {number}" for number in range(MANY)],
        education=[f"school {number}" for number in range(MANY)],
        achievements=[long, *(f"prize {number}" for number in range(MANY))],
    )
    assert len(profile.entries) == reading.MAX_ENTRIES
    assert {len(entry.lines) for entry in profile.entries} == {reading.MAX_BULLETS}
    assert all(len(entry.title) <= reading.MAX_NAME for entry in profile.entries)
    assert len(profile.skills) == reading.MAX_SKILLS
    assert len(profile.education) == len(profile.achievements) == reading.MAX_LINES
    assert long.strip() not in profile.text()


def test_a_megabyte_in_one_text_is_read_at_once() -> None:
    profile = of_resume(experience=[{"title": "a" * 2**20, "bullets": ["a" * 2**20, "a@" * 2**19]}])
    assert len(profile.text()) < 1_000


@pytest.mark.parametrize("resume", ["[]", "{", '{"work": [], "work": []}', "7"])
def test_a_resume_that_cannot_be_read_is_an_error_and_no_empty_profile(resume: str) -> None:
    with pytest.raises(JobFailed) as raised:
        read(resume=resume)
    assert raised.value.code == "invalid_resume"


@given(DOCUMENTS)
def test_any_document_gives_a_bounded_profile_that_survives_json(text: str) -> None:
    try:
        profile = read(resume=text)
    except JobFailed:
        return
    assert from_json(json.loads(json.dumps(profile.as_json()))) == profile
    assert "\x00" not in profile.text()


@pytest.mark.parametrize("student", STUDENTS)
def test_no_example_s_name_address_or_number_is_in_its_profile(student: str) -> None:
    row = next(row for row in EXAMPLE.students if row["id"] == student)
    told = json.dumps(of_example(student).as_json(), ensure_ascii=False)
    private = [*str(row["name"]).split(), str(row["email"]), str(row["roll_number"]), "example.", "+91", "00000", "555"]
    assert [word for word in private if word in told] == []
