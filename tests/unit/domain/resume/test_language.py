from __future__ import annotations

import pytest

from aiworker.domain.resume.language import detect


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Responsible for the maintenance of 12 servers", "en"),
        ("Responsable de mantener la base de datos con los clientes", "es"),
        ("Responsable de la maintenance des serveurs et du réseau pour les clients", "other"),
        ("Responsável pela manutenção dos servidores da empresa e das redes", "other"),
        ("Responsabile della manutenzione dei server e delle reti", "other"),
        ("Verantwortlich für die Wartung der Server und das Netz", "other"),
        ("प्रयोगशाला के उपकरणों का रखरखाव किया", "other"),
        ("Docker Kubernetes Terraform Prometheus Grafana", "other"),
        ("8.40 %", "other"),
        ("", "other"),
        ("de", "other"),
    ],
)
def test_language_is_told_by_stop_words(text: str, language: str) -> None:
    assert detect(text) == language
