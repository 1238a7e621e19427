from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiworker.domain.resume.language import counts, detect, foreign_words, inserted


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Responsible for the maintenance of 12 servers", "en"),
        ("Responsable de mantener la base de datos con los clientes", "es"),
        ("Responsable de la maintenance des serveurs et du réseau pour les clients", "other"),
        ("Responsável pela manutenção dos servidores da empresa e das redes", "other"),
        ("Responsabile della manutenzione dei server e delle reti", "other"),
        ("Verantwortlich für die Wartung der Server und das Netz", "other"),
        ("De planten van het huis en de tuin met zorg gegoten", "other"),
        ("Rosliny dla miasta oraz na koniec przez lato pod domem", "other"),
        ("Planterna och det som vi av det har mellan vid", "other"),
        ("Watered the roses of MIT, DER, DIE and DAS", "en"),
        ("WATERED ALL OF THE ROSES OF THE HALL", "en"),
        ("प्रयोगशाला के उपकरणों का रखरखाव किया", "other"),
        ("Docker Kubernetes Terraform Prometheus Grafana", "other"),
        ("8.40 %", "other"),
        ("", "other"),
        ("de", "other"),
    ],
)
def test_language_is_told_by_stop_words(text: str, language: str) -> None:
    assert detect(text) == language


@pytest.mark.parametrize(
    ("text", "own", "known", "language"),
    [
        ("Watered roses y los paths", "en", (), "es"),
        ("Watered roses und die paths", "en", (), "de"),
        ("Regué las rosas with the hose", "es", (), "en"),
        ("Gaye le din du bois", "en", (), "fr"),
        ("Watered roses at El Sol de la Villa", "en", ("el", "de", "la"), None),
        ("Watered la one two three four five los", "en", (), None),
        ("Watered la one two three four los", "en", (), "es"),
        ("Watered y y paths", "en", (), None),
        ("Watered roses MIT DER hose", "en", (), None),
        ("Watered roses mit der hose", "en", (), "de"),
        ("WATERED ROSES MIT DER HOSE", "en", (), "de"),
        ("Watered roses och det paths", "en", (), "sv"),
        ("Watered roses oraz przez paths", "en", (), "pl"),
        ("Watered los paths", "en", (), None),
        ("Watered the paths of the hall", "en", (), None),
        ("", "en", (), None),
    ],
)
def test_two_small_words_near_each_other_are_a_part_in_another_language(
    text: str, own: str, known: tuple[str, ...], language: str | None
) -> None:
    assert inserted(text, own, known) == language


@pytest.mark.parametrize(
    ("text", "own", "count"),
    [
        ("Watered the paths of the hall", "en", 0),
        ("Watered los paths y las roses", "en", 3),
        ("Watered roses MIT DER hose", "en", 2),
        ("Regué las rosas with the hose", "es", 2),
    ],
)
def test_words_that_only_other_languages_have_are_counted(text: str, own: str, count: int) -> None:
    assert foreign_words(text, own) == count


@given(
    st.lists(st.sampled_from("the of a in y los die der il mit MIT DER de Rosen roses".split()), max_size=12),  # noqa: SIM905
    st.sampled_from(["en", "es", "de"]),
    st.integers(0, 12),
)
def test_no_part_has_more_of_another_language_than_the_text_has_words_that_are_not_its_own(
    words: list[str], own: str, start: int
) -> None:
    found = counts(" ".join(words[start:]))
    assert max(found.values()) - found[own] <= foreign_words(" ".join(words), own)
