"""A reason is one short line of plain text, whatever the model wrote."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiworker.domain.resume.reasons import MAX_CHARACTERS, plain_reason
from tests.unit.domain.resume.documents import patient

LOUD = st.text(alphabet="<>/ab*_`#[]()!@.:~ \n-", max_size=60)


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("Names the result first.", "Names the result first."),
        ("**Names** the *result* __first__.", "Names the result first."),
        ("***Shorter*** and ~~vague~~ clear", "Shorter and vague clear"),
        ("Uses `active` verbs.", "Uses active verbs."),
        ("```\nUses active verbs.\n```", "Uses active verbs."),
        ("# Clarity\n\n- names the tool\n* says when", "Clarity names the tool says when"),
        ("> quoted\n> twice", "quoted twice"),
        ("See [the guide](https://example.com/x) first.", "See the guide first."),
        ("![picture](https://example.com/x.png) Clearer.", "picture Clearer."),
        ("Clearer, see https://example.com/a?b=c for more.", "Clearer, see for more."),
        ("Clearer (www.example.com).", "Clearer ()."),
        ("Write to tutor@example.com or mailto:x now.", "Write to or now."),
        ("<b>Clearer</b><br/> <!-- hidden --><script>x</script>", "Clearer x"),
        ("<<b>script>Clearer", "Clearer"),
        ("<htt<b>ps://example.com/ Clearer", "<htt Clearer"),
        ("- 1. *nested* - marks", "1. nested - marks"),
        ("Cle\u200barer\u202e \U000e0041now", "Clearer now"),
        ("One\r\nline\u2028only\t please", "One line only please"),
        ("", ""),
        ("**", "**"),
    ],
)
def test_markup_links_and_line_breaks_are_taken_out(said: str, shown: str) -> None:
    assert plain_reason(said) == shown


@pytest.mark.parametrize(
    "plain",
    [
        "Uses C#, C++ and Node.js by name.",
        "Keeps snake_case and file_name_x as written.",
        "2 * 3 * 4 stays arithmetic.",
        "Latency < 200 ms and > 100 ms is clearer.",
        "Says ~45 % of the rows, not ~half.",
        "Nombra el resultado primero, así se lee mejor.",
        "Shorter: 12 words instead of 20 (the filler is gone).",
    ],
)
def test_what_is_no_markup_stays(plain: str) -> None:
    assert plain_reason(plain) == plain


def test_a_long_reason_is_cut_at_a_word() -> None:
    cut = plain_reason("clearer " * 60_000)
    assert cut == ("clearer " * 24).strip()
    assert len(cut) < MAX_CHARACTERS


@pytest.mark.parametrize("nasty", ["*a" * 50_000, "<" * 50_000 + "b>" * 50_000, "[" * 90_000, "a@" * 50_000])
def test_no_text_takes_long(nasty: str) -> None:
    assert len(plain_reason(nasty)) <= MAX_CHARACTERS


@patient
@given(st.one_of(st.text(), LOUD))
def test_any_reason_is_one_plain_short_line_and_stays_as_it_is(said: str) -> None:
    reason = plain_reason(said)
    assert len(reason) <= MAX_CHARACTERS
    assert reason == " ".join(reason.split())
    assert not re.search(r"</?[a-z!][^<>]*>|`|\[[^\[\]]*\]\([^()]*\)|https?://|www\.\S", reason, re.IGNORECASE)
    assert plain_reason(reason) == reason
