"""What is taken out of what is sent, and found in what is said."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiworker.domain.students.private import contacts, public, stated

CONTACTS = [
    ("Write to ananya.velankar@example.com for the code", "e-mail", "Write to for the code"),
    ("See https://example.org/messmate and ask", "link", "See and ask"),
    ("See www.example.org and ask", "link", "See and ask"),
    ("Code at github.com/ananya-v/messmate", "link", "Code at"),
    ("Code at GitHub.com/ananya-v", "link", "Code at"),
    ("Page (ananya.example.dev) with notes", "link", "Page with notes"),
    ("Call +91 98765 43210 at night", "phone", "Call at night"),
    ("Call 98765-43210 at night", "phone", "Call at night"),
    ("Call (020) 2345 6789 12", "phone", "Call"),
]


@pytest.mark.parametrize(("text", "kind", "left"), CONTACTS)
def test_contact_data_is_taken_out_and_found(text: str, kind: str, left: str) -> None:
    assert public(text) == left
    assert kind in list(contacts(text))
    assert list(contacts(left)) == []


@pytest.mark.parametrize(
    "text",
    [
        "Wrote 34 unit tests in Node.js and ASP.NET with Socket.io",
        "Intern at Booking.com, B.Tech. 2022-2026, CGPA 8.40",
        "Handled 12,000 rows a day, 1,40,000 in all, worth ₹1.2 lakh",
        "May 2025 to July 2025, p99 from 820 ms to 210 ms",
        "Deployed v2.10.3 on 10.0.0.1 at 99.95 %",
        "Knows C, C++, C# and R",
    ],
)
def test_tools_companies_figures_and_dates_are_no_contact_data(text: str) -> None:
    assert public(text) == text
    assert list(contacts(text)) == []


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Date of Birth: 12 March 2004", "birth"),
        ("DOB 12/03/2004", "birth"),
        ("Born in Nashik", "birth"),
        ("A 21-year-old student", "birth"),
        ("Aged 21", "birth"),
        ("Gender: female", "gender"),
        ("Scholarship for women in engineering", "gender"),
        ("Daughter of a farmer", "gender"),
        ("Father's name: R. Velankar", "gender"),
        ("Religion: Hindu", "religion"),
        ("Secretary of the Muslim students", "religion"),
        ("Caste certificate holder", "caste"),
        ("SC/ST scholarship", "caste"),
        ("Scholarship of the OBC cell", "caste"),
        ("Rank 14 in the reserved category", "caste"),
        ("Marital status: unmarried", "marital status"),
        ("Husband and wife team", "marital status"),
        ("Permanent address Nashik", "address"),
        ("Address: 14 Palm Lane", "address"),
        ("Home town Nashik", "address"),
        ("Roll No. 41", "roll number"),
        ("Registration number 2204", "roll number"),
    ],
)
def test_a_text_that_states_something_personal_is_left_out_whole_and_found(text: str, kind: str) -> None:
    assert public(text) == ""
    assert kind in list(stated(text))


@pytest.mark.parametrize(
    "text",
    [
        "Addressed 14 bugs in the address book",
        "Packaged 34 releases and managed the package registry",
        "Reborn Robotics, general physics, open source",
        "Mailed boyar, womanizer, sexagesimal",
        "Registered 40 users in the rolling release",
        "Single-page application with 4 pages",
    ],
)
def test_words_that_only_look_personal_are_not(text: str) -> None:
    assert public(text) == text
    assert list(stated(text)) == []


@pytest.mark.parametrize("word", ["he", "She", "his", "her", "him", "himself", "Mr", "Mrs", "Ms"])
def test_a_pronoun_tells_a_gender_where_it_is_said_but_may_speak_of_others_where_it_is_read(word: str) -> None:
    text = f"Helped a farmer so that {word} could sell"
    assert list(stated(text)) == ["gender"]
    assert public(text) == text


def test_a_gender_is_told_once() -> None:
    assert list(stated("She is female")) == ["gender"]


def test_a_number_that_an_address_cut_in_two_is_taken_out_too() -> None:
    assert public("Call 98765 me@example.com 43210 now") == "Call now"


@given(st.text(st.sampled_from("ab@.+0123456789 -()/:wh")))
def test_what_is_public_stays_as_it_is(text: str) -> None:
    assert public(public(text)) == public(text)
