"""A thing that goes by several names is told by the one a resume knows, and nothing else is touched."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiworker.domain.resume.guard.aliases import names, retold
from tests.unit.domain.resume.guard.bullets import lines, untidy

LINES = [line.split(" = ") for line in lines("aliases.txt")]
SAID = "sold tins to the Ran of US us. C++ Moment.js a/b (c) — 12 % 's ’ _ @ ß पौधे"
PLAIN = [*SAID.split(), "\n", "\x00"]
PIECES = st.one_of(st.sampled_from(PLAIN), st.sampled_from(LINES).flatmap(st.sampled_from), st.text(max_size=8))
TEXTS = st.one_of(st.lists(PIECES, max_size=8).map(" ".join), st.lists(PIECES, max_size=8).map("".join))
PAIRS = st.sampled_from(LINES).flatmap(lambda line: st.tuples(st.sampled_from(line), st.sampled_from(line)))


@pytest.mark.parametrize(
    ("known", "text", "told"),
    [
        ("Kept POs", "Kept purchase orders", "Kept POs"),
        ("Made sheets for human resources", "Made sheets for HR", "Made sheets for human resources"),
        ("Read pull requests", "Read PR", "Read pull requests"),
        ("Aged accounts receivable ageing lists", "Aged AR", "Aged accounts receivable"),
        ("Taught B.N. students", "Taught Bachelor of Nursing students", "Taught B.N students"),
        ("Kept purchase orders", "Kept POs", "Kept purchase orders"),
        ("Kept a purchase order", "Kept the POs", "Kept the purchase order"),
        ("Set up Postgres", "Set up PostgreSQL", "Set up Postgres"),
        ("Set up K8s", "Set up Kubernetes.", "Set up K8s."),
        ("Wrote JS", "Wrote “JavaScript”, then slept", "Wrote “JS”, then slept"),
        ("Filed VAT", "Filed value added tax daily", "Filed VAT daily"),
        ("Filed value added tax", "Filed VAT", "Filed value added tax"),
        ("Did QC", "Did quality-control", "Did QC"),
        ("Did quality control", "QC lists and QC rows", "quality control lists and quality control rows"),
        ("Did QC, kept POs", "Did quality control of purchase orders", "Did QC of POs"),
        ("Kept lists in Excel", "Kept lists in MS Excel", "Kept lists in Excel"),
        ("micro:bit rovers", "BBC micro:bit rovers", "micro:bit rovers"),
    ],
)
def test_a_known_thing_is_told_by_its_known_name(known: str, text: str, told: str) -> None:
    assert retold(text, names(known)) == told


@pytest.mark.parametrize(
    ("known", "text"),
    [
        ("Kept lists", "Kept purchase orders"),
        ("Kept POs", "Kept POs"),
        ("Kept POs", "Kept orders of a purchase"),
        ("Filed value added tax", "Cleaned a vat"),
        ("Filed value added tax", "VATS".lower()),
        ("Did QC", "Did quality, control"),
        ("Did QC", "Did quality checks, then control"),
        ("Wrote JavaScript", "Wrote Moment.js"),
        ("Kept human resources", "Wrote to hr@palash"),
        ("Kept human resources", "Wrote to me@hr"),
        ("Wrote C sharp", "Wrote C++"),
        ("Set up Postgres", "Set up MySQL"),
        ("", ""),
    ],
)
def test_what_is_no_other_name_of_a_known_thing_stays(known: str, text: str) -> None:
    assert retold(text, names(known)) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Kept POs", {"POs"}),
        ("Kept purchase orders and VAT", {"purchase orders", "VAT"}),
        ("Did Quality Control", {"Quality Control"}),
        ("Washed tins", set[str]()),
        ("A cab of the lab", set[str]()),
        ("", set[str]()),
    ],
)
def test_things_are_named_as_a_text_writes_them(text: str, shown: set[str]) -> None:
    assert set(names(text).values()) == shown


def test_a_name_does_not_go_on_in_the_next_line() -> None:
    assert names("Sang\npurchase orders") == names("purchase orders") != {}
    assert names("purchase orders").keys().isdisjoint(names("purchase\norders"))


@pytest.mark.parametrize(("one", "several"), [("a PO", "two POs"), ("a purchase order", "two purchase orders")])
def test_several_of_a_thing_are_that_thing(one: str, several: str) -> None:
    assert names(one).keys() == names(several).keys() != set()


def test_one_thing_has_one_number_by_whatever_name() -> None:
    assert names("purchase orders").keys() <= names("POs").keys()
    assert names("purchase orders").keys().isdisjoint(names("quality control"))


@given(TEXTS)
def test_where_nothing_is_known_nothing_is_retold(text: str) -> None:
    assert retold(text, {}) == text


@given(TEXTS, TEXTS)
def test_no_text_makes_it_fail_or_say_what_neither_holds(text: str, known: str) -> None:
    found = names(known)
    assert all(name in known for name in found.values())
    told = retold(text, found)
    if told != text:
        assert any(name in told for name in found.values())


@given(PAIRS)
def test_what_is_retold_once_is_not_retold_again(pair: tuple[str, str]) -> None:
    one, other = pair
    known = names(f"Kept {one} lists")
    told = retold(f"Sold {other} tins", known)
    assert retold(told, known) == told


def test_the_list_is_in_order_and_each_line_has_several_names() -> None:
    assert untidy("aliases.txt") == []
    assert [line for line in LINES if len(line) < 2 or len(set(line)) < len(line) or "" in line] == []
