"""Length, content, language, noise and style of a text beside its source."""

from __future__ import annotations

import pytest

from aiworker.domain.resume.guard import form
from aiworker.domain.resume.guard.reading import Reading, Rewording
from aiworker.domain.resume.phrases import Tone
from tests.unit.domain.resume.guard.bullets import fired, source

BULLET = "Watered all of the plants in the library and then counted them for the yearly report of the town"
SPANISH = "Llevé las cuentas del club y escribí a los socios para que lo supieran"
ANNOUNCED = "Sure, here you are"


def lengths(before: int, after: int, tone: Tone | None) -> list[tuple[str, str]]:
    held = source("x" * before)
    return [(found.rule, found.severity) for found in form.length(held, Rewording.of("x" * after, held), tone)]


@pytest.mark.parametrize(
    ("tone", "before", "after", "found"),
    [
        (None, 400, 760, None),
        (None, 400, 761, ("too-long", "violation")),
        (None, 20, 20 + form.LONGER_BY, None),
        (None, 20, 21 + form.LONGER_BY, ("too-long", "violation")),
        (None, 400, 160, None),
        (None, 400, 159, ("too-short", "violation")),
        ("detailed", 400, 760, None),
        ("detailed", 400, 761, ("too-long", "violation")),
        ("professional", 400, 600, None),
        ("professional", 400, 601, ("too-long", "violation")),
        ("professional", 20, 20 + form.LONGER_BY, None),
        ("professional", 20, 21 + form.LONGER_BY, ("too-long", "violation")),
        ("concise", 400, 400, None),
        ("concise", 400, 401, ("too-long", "warning")),
        ("concise", 400, 761, ("too-long", "violation")),
        ("concise", 400, 159, ("too-short", "violation")),
    ],
)
def test_the_tone_says_how_long_a_text_may_be(
    tone: Tone | None, before: int, after: int, found: tuple[str, str] | None
) -> None:
    assert lengths(before, after, tone) == ([found] if found else [])


@pytest.mark.parametrize(
    ("after", "is_long"),
    [
        (f"{'x' * 100} orangery", False),
        (f"{'x' * 100} orangery orangery", True),
        (f"{'x' * 100} greenhouse", True),
        (f"{'x' * 101} orangery", True),
    ],
)
def test_words_of_the_entrys_heading_do_not_count(after: str, *, is_long: bool) -> None:
    held = source("x" * 20, frame="Orangery trainee")
    found = {finding.rule for finding in form.length(held, Rewording.of(after, held), None)}
    assert found == ({"too-long"} if is_long else set())


@pytest.mark.parametrize(
    ("after", "rules"),
    [
        ("Watered and counted all the library's plants for the town's yearly report", set[str]()),
        ("Counting of watered library plants, reported yearly to the town", set[str]()),
        ("Painted the long wall at the corner of a school with some of my best friends", {"content-lost"}),
        ("Watered the plants in the library", {"content-lost"}),
        ("—", {"content-lost"}),
    ],
)
def test_what_a_bullet_was_about_is_kept(after: str, rules: set[str]) -> None:
    assert {rule for rule, _ in fired(form.kept, BULLET, after)} == rules


@pytest.mark.parametrize(
    ("before", "after", "lost"),
    [
        ("Wrote tools in Python and Kafka", "Wrote tools in Python", None),
        ("Wrote tools in Python, Redis and Kafka", "Wrote tools in Python", "Redis, Kafka"),
        ("Wrote tools in JS", "Wrote tools in JavaScript", None),
        ("Wired Firebase Cloud Messaging for shops", "Wired FCM for shops", None),
        ("Wrote tools in Python", "Wrote tools in code", "Python"),
        ("Did TPM of the pumps", "Did total productive maintenance of the pumps", None),
        ("Kept MS lists for the shop", "Kept many small lists for the shop", None),
        ("Sold Palash seeds", "Sold seeds of palash", None),
        ("Wrote tools", "Wrote tools", None),
        ("Sang on Sundays", "Sang", None),
    ],
)
def test_half_of_the_names_are_kept(before: str, after: str, lost: str | None) -> None:
    found = [finding.token for finding in form.kept(source(before), Reading(after)) if finding.rule == "terms-lost"]
    assert found == ([lost] if lost else [])


TENDED = "Watered tulips, trimmed hedges, swept paths and mended fences"


@pytest.mark.parametrize(
    ("before", "after", "is_lost"),
    [
        (TENDED, "Watered tulips and trimmed hedges", True),
        (TENDED, "Watered tulips and trimmed hedges, systems and equipment, materials and tasks", True),
        (TENDED, "Watered tulips and trimmed hedges beneath oaks beside canals", False),
        (TENDED, "Tended tulips, hedges, paths and fences by watering, trimming, sweeping, mending", False),
        ("Watered tulips and hedges", "Watered", True),
        ("Watered tulips and hedges", "Watered tulips", False),
        ("Watered tulips and hedges", "Watering the hedges", False),
        ("Watered tulips for 40 ms on average", "Watered tulips", False),
        ("Watered 2nd floor tulips once", "Watered floor tulips", False),
        ("Wired Firebase Cloud Messaging for the shop", "Wired FCM for the shop", False),
        ("Wired Firebase Cloud Messaging for the shop", "Wired RCM for the shop", True),
        (f"{TENDED} so that guests of old fairs admired them", TENDED, False),
        (f"{TENDED}, guests, old fairs, admired them", "Watered tulips, trimmed hedges, swept paths", True),
        (f"{TENDED} while guests sang old hymns", TENDED, False),
        ("Watered tulips while guests sang old hymns of the valley", "Watered tulips", True),
        ("Inspected lead aprons and removed faulty ones", "Lead aprons examined, defective ones taken out", False),
        ("Cared for guests and cooked rice", "Looked after guests and prepared rice dishes", False),
        ("Held horses for farriers and swept tidy halls", "Swept tidy halls", True),
        ("Swept tidy halls and answered guests", "Swept tidy halls, and guests were given answers", False),
        ("Demonstrated boards to pupils at the end of term", "Demonstrated boards to pupils", False),
        ("Demonstrated boards to pupils using old puppets", "Demonstrated boards to pupils", True),
        ("Demonstrated boards to pupils in Pune", "Demonstrated boards", True),
    ],
)
def test_something_left_out_is_replaced_by_something(before: str, after: str, *, is_lost: bool) -> None:
    assert ("content-lost" in {rule for rule, _ in fired(form.kept, before, after)}) is is_lost


def test_a_bullet_without_content_loses_none() -> None:
    assert fired(form.kept, "The 12", "Of 12") == set()


@pytest.mark.parametrize(
    ("before", "after", "shown"),
    [
        (BULLET, "Regó las plantas de la biblioteca y las contó para el informe de la ciudad", "es"),
        (BULLET, "Watered all of the plants in the library y las contó para el informe de la villa cada vez", "es"),
        (BULLET, "Regó cada una de las plantas de la villa y luego counted them for the yearly report", "es"),
        (BULLET, "Arrosé les plantes de la ville et les ai comptées pour le rapport des élus", "fr"),
        (BULLET, "Watered the plants in the бібліотека and counted them", "CYRILLIC"),
        (BULLET, "Watered the plants in the पुस्तकालय and counted them", "DEVANAGARI"),
        (BULLET, "Watered the plants for the Größe of the town", "ß"),
        (SPANISH, "Kept the books of the club and wrote to the members for it", "en"),
        ("Watered plants", "Regó las plantas de la villa", "es"),
        (BULLET, "Watered the plants y los counted them for the yearly report of the town", "es"),
        (BULLET, "Watered the plants und die counted them for the yearly report of the town", "de"),
        (BULLET, "De planten van het huis en de tuin met zorg gegoten voor de stad", "nl"),
        (BULLET, "Rosliny dla miasta oraz na koniec przez lato pod domem", "pl"),
        (BULLET, "Plantele pentru un raport din sau fost prin", "ro"),
        (BULLET, "Planterna och det som vi av det har mellan vid", "sv"),
        (BULLET, "Planterne og det som jeg har fra hver ved byen", "da"),
        (BULLET, "Watered the plants of Łódź", "ł"),
        ("Watered plants", "Arrosé tulipes", "é"),
        ("Watered plants", "Watered café plants", "é"),
        (BULLET, "Watered the plants mit the hose der garden", "de"),
    ],
)
def test_another_language_or_script_is_refused(before: str, after: str, shown: str) -> None:
    assert fired(form.spoken, before, after) in ({("language", shown)}, {("language", "ö")})


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (BULLET, "Counted and watered the plants of the library for the report"),
        (BULLET, "Watered plants"),
        (BULLET, "Watered the plants of a café in the town"),
        (SPANISH, "Escribí a los socios del club y llevé las cuentas con mimo"),
        ("Sold to Muñoz", "Sold seeds to Muñoz"),
        ("पौधे", "पौधे दिए"),
        ("Watered plants of Łódź", "Watered the plants in Łódź"),
        ("Watered plants at the café", "Watered café plants"),
        ("Watered plants", "Watered the café plants"),
        (BULLET, "Watered the plants at MIT and DER in the library"),
        (
            "Replied to e-mails and Booking.com notes a night",
            "Replied to e-mails and Booking.com messages a night, as a rule",
        ),
    ],
)
def test_its_own_language_is_not(before: str, after: str) -> None:
    assert fired(form.spoken, before, after) == set()


def test_a_bullet_without_small_words_speaks_the_language_of_its_resume() -> None:
    after = "Kept the books of the club and wrote to the members"
    assert fired(form.spoken, "Cuentas claras", after, sibling=SPANISH, elsewhere=SPANISH) == {("language", "en")}
    assert fired(form.spoken, "Clear books", after) == set()


@pytest.mark.parametrize(
    ("after", "token"),
    [
        (f"{ANNOUNCED}: watered plants", "sure,"),
        ("Here is the bullet: watered plants", "here is"),
        ("As an AI I watered plants", "as an ai"),
        ("Watered plants, says a language model", "as an ai"),
        ("**Watered** plants", "**"),
        ("- Watered plants", "-"),
        ("• Watered plants", "•"),
        ("# Watered plants", "#"),
        ("Watered `plants`", "`"),
        ("Watered {plants}", "{"),
        ("Watered [number] plants", "[number]"),
        ("Watered <b>plants</b>", "<b>"),
        ("Watered [plants](x)", "["),
        ('"Watered plants"', '"'),
        ("“Watered plants”", "“"),
        ("'Watered plants'", "'"),
        ("Watered\nplants", "line break"),
    ],
)
def test_what_models_leave_is_noise(after: str, token: str) -> None:
    found = fired(form.noise, "Watered plants", after)
    assert any(rule == "noise" and (shown.startswith(token) or token == "[") for rule, shown in found)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("Watered plants", "Watered the plants of the 'Green' hall"),
        ("Watered plants", "Watered plants - twice"),
        ("Watered plants", "Watered 2 * 3 plants < 5"),
        ("Note: watered plants", "Note: watered the plants"),
        ("**Watered** plants", "**Watered** the plants"),
        ('"Watered" and "cut"', '"Cut" and "watered"'),
        ("Watered plants\n", "Watered the plants"),
        ("Watered plants", "Watered plants\n"),
    ],
)
def test_a_sign_within_a_text_or_of_its_source_is_none(before: str, after: str) -> None:
    assert fired(form.noise, before, after) == set()


@pytest.mark.parametrize(
    "address", ["a.b+c@palash.example", "https://palash.example/x", "www.palash.example", "+91 98765 43210"]
)
def test_an_address_is_the_bullets(address: str) -> None:
    found = fired(form.noise, "Watered plants", f"Watered plants, ask {address}")
    assert found == {("contact", "address or number")}, "and it is not quoted"
    assert fired(form.noise, f"Watered plants, see {address}", f"Watered plants, ask {address}") == set()


def test_a_name_of_the_resume_may_hold_small_words_of_another_language() -> None:
    after = "Watered plants at El Sol de la Villa and the library"
    assert fired(form.spoken, "Watered plants at El Sol de la Villa", after) == set()
    assert fired(form.spoken, "Watered plants", after, elsewhere="Sang at El Sol de la Villa") == set()
    assert fired(form.spoken, "Watered plants", after) == {("language", "es")}


def test_a_date_is_no_telephone() -> None:
    assert fired(form.noise, "Watered plants", "Watered plants on 2024-05-17") == set()


def test_a_figure_is_no_telephone() -> None:
    assert fired(form.noise, "Watered plants", "Watered 12,34,567 plants in 2023-2024") == set()


def test_style_only_warns() -> None:
    found = list(form.style(source("Used the seeds"), Reading("Leveraged robust seeds with synergy")))
    assert [(finding.token, finding.severity) for finding in found] == [
        ("leveraged", "warning"),
        ("robust", "warning"),
        ("synergy", "warning"),
    ]
    assert fired(form.style, "Used robust seeds", "Sowed robust seeds") == set()
