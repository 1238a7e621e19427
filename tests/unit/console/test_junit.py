"""The report is XML whatever stands in a case, and counts what it holds."""

from __future__ import annotations

from xml.etree import ElementTree

from hypothesis import given
from hypothesis import strategies as st

from aiworker.console.junit import Result, report

ANY_TEXT = st.text(st.characters(exclude_categories=()))  # lone surrogates and control characters included


def parsed(*cases: Result) -> ElementTree.Element:
    return ElementTree.fromstring(report(cases).encode("utf-8"))


def test_suites_are_the_jobs_and_count_their_cases() -> None:
    root = parsed(
        Result("one-job", "a", "first", 0.25),
        Result("another", "b", "second", 1.0, ("status: expected ok, got failed",)),
        Result("one-job", "c", "third", 0.5, ("this", "and that")),
    )
    assert root.attrib == {"tests": "3", "failures": "2", "errors": "0", "skipped": "0", "time": "1.750"}
    assert [(suite.attrib["name"], suite.attrib["tests"], suite.attrib["failures"]) for suite in root] == [
        ("one-job", "2", "1"),
        ("another", "1", "1"),
    ]
    first, third = root[0]
    assert first.attrib == {"classname": "one-job.a", "name": "first", "time": "0.250"} and list(first) == []
    (failure,) = third
    assert (failure.attrib, failure.text) == ({"message": "this", "type": "difference"}, "this\nand that")


def test_no_properties_and_a_declaration() -> None:
    text = report([Result("job", "a", "n", 0)])
    assert text.startswith('<?xml version="1.0" encoding="UTF-8"?>\n') and "propert" not in text


def test_marks_are_escaped() -> None:
    hostile = "</testcase><!-- & \"' ]]> <?x?>"
    root = parsed(Result(hostile, hostile, hostile, 0, (hostile, hostile)))
    assert len(root) == 1 and len(root[0]) == 1
    assert root[0][0].attrib["name"] == hostile
    assert root[0][0][0].text == f"{hostile}\n{hostile}"


@given(ANY_TEXT, ANY_TEXT, ANY_TEXT, st.lists(ANY_TEXT))
def test_any_text_gives_a_document(suite: str, group: str, name: str, failures: list[str]) -> None:
    root = parsed(Result(suite, group, name, 0, tuple(failures)))
    assert root.attrib["failures"] == str(int(bool(failures)))
    assert len(root[0][0]) == bool(failures)


def test_no_cases_are_no_suites() -> None:
    assert list(parsed()) == []
