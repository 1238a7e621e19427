"""A JUnit report of cases, for the build servers that show one."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from xml.etree import ElementTree

_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML 1.0 cannot hold, escaped or not."""


@dataclass(frozen=True, slots=True)
class Result:
    """One case of a suite; without `failures` it passed."""

    suite: str
    group: str
    name: str
    seconds: float
    failures: tuple[str, ...] = ()


def report(cases: Sequence[Result]) -> str:
    """Return the document: a suite for each `suite` of the cases, in the order they came."""
    root = ElementTree.Element("testsuites", _totals(cases))
    for suite in dict.fromkeys(case.suite for case in cases):
        members = [case for case in cases if case.suite == suite]
        below = ElementTree.SubElement(root, "testsuite", {"name": _fit(suite), **_totals(members)})
        for case in members:
            _add(below, case)
    ElementTree.indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ElementTree.tostring(root, encoding="unicode")}\n'


def _add(suite: ElementTree.Element, case: Result) -> None:
    told = {"classname": _fit(f"{case.suite}.{case.group}"), "name": _fit(case.name), "time": f"{case.seconds:.3f}"}
    element = ElementTree.SubElement(suite, "testcase", told)
    if case.failures:
        failure = ElementTree.SubElement(element, "failure", {"message": _fit(case.failures[0]), "type": "difference"})
        failure.text = _fit("\n".join(case.failures))


def _totals(cases: Sequence[Result]) -> dict[str, str]:
    return {
        "tests": str(len(cases)),
        "failures": str(sum(bool(case.failures) for case in cases)),
        "errors": "0",
        "skipped": "0",
        "time": f"{sum(case.seconds for case in cases):.3f}",
    }


def _fit(text: str) -> str:
    return _NO_XML.sub("\ufffd", text)
