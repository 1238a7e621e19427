"""The Spanish rules: weak openings, wordy phrases, fillers, abbreviations."""

from __future__ import annotations

import re
from collections.abc import Mapping

from aiworker.domain.resume.phrases import Phrase, Tone, phrases
from aiworker.domain.resume.tense import Forms, in_past
from aiworker.domain.resume.verbs_es import PAST, PAST_OF_INFINITIVE, PAST_OF_NOUN

_FORMS = Forms(past=PAST_OF_INFINITIVE, shape=r"[a-záéíóúñ]+[aei]r", link=r" [yeo] ")

_NOUN = re.compile(rf"(?:el |la )?({'|'.join(PAST_OF_NOUN)}) de(l)? (?=\S)", re.IGNORECASE)
_YO = r"^(?:yo )?"
_DUTY = re.compile(
    rf"{_YO}(?:(?:fui |era )?(?:el |la )?(?:responsable|encargad[oa]) del? "
    r"|mis (?:funciones|tareas|responsabilidades) (?:incluían|incluyeron|eran|fueron) )(?=\S)",
    re.IGNORECASE,
)
_DONE = re.compile(rf"{_YO}(?:realicé|hice|efectué|llevé a cabo) (?=\S)", re.IGNORECASE)
# A further duty that hangs on the opening: "y del desarrollo de la web".
_HANGING = re.compile(
    r" (?:[yeo]|así como) (?:del?|al?|en|con|por|para)\b|(?:,| [yeo]) (?:el |la )?\w+(?:ción|miento|sis|ño|llo) del?\b"
)
_SHARED = re.compile(rf"{_YO}trabajé en (?:(el )|la )(?=(?:{'|'.join(PAST_OF_NOUN)}) del? \S)", re.IGNORECASE)
_INVOLVED = re.compile(rf"{_YO}(?:estuve involucrad[oa]|tomé parte) en (?=\S)", re.IGNORECASE)
_MEANT = re.compile(rf"{_YO}(?:tuve que|pude|logré|conseguí) (?=[a-zñ]+ \S)", re.IGNORECASE)
_PRONOUN = re.compile(r"^Yo (?=([a-záéíóúñ]+) \S)")

_INFINITIVE = r"(?=[a-záéíóúñ]+[aei]r(?:l[aeo]s?|se)?\b)"

PLAIN_WORDS = phrases(
    [
        ("utilicé", "usé"),
        ("utilizando", "usando"),
        ("utilizar", "usar"),
        ("hice uso de", "usé"),
        ("haciendo uso de", "usando"),
    ]
)

TIGHTER = phrases(
    [
        (rf"con el (?:fin|objetivo|propósito) de {_INFINITIVE}", "para "),
        (rf"a fin de {_INFINITIVE}", "para "),
        ("con el fin de que", "para que"),
        ("debido al hecho de que", "porque"),
        ("de (?:forma|manera) (semanal|mensual|anual)", r"\1mente"),
        ("de (?:forma|manera) diaria", "a diario"),
    ]
)

FILLERS = phrases(
    [
        ("básicamente (?=[a-záéíóúñ])", ""),
        ("realmente (?=[a-záéíóúñ])", ""),
        ("exitosamente (?=[a-záéíóúñ])", ""),
        ("satisfactoriamente (?=[a-záéíóúñ])", ""),
        ("con éxito (?=[a-záéíóúñ0-9])", ""),
    ]
)

BRIEF = phrases(
    [
        ("muy (?=[a-záéíóúñ])", ""),
        *(
            (rf"{word} (?=[a-záéíóúñ]+s\b)(?!(?:tipo|clase|forma|manera|vece)s\b)", "")
            for word in ("divers[oa]s", "vari[oa]s")
        ),
    ]
)

ABBREVIATIONS = phrases(
    [
        (r"aprox\.?", "aproximadamente"),
        (r"p\. ?ej\.,?", "por ejemplo,"),
        (r"dpto\.?", "departamento"),
        (r"depto\.?", "departamento"),
        (r"hrs\.?", "horas"),
        (r"c/ ?(?=\w)", "con "),
        (r"s/ ?(?=\w)", "sin "),
    ]
)

PHRASES: Mapping[Tone, tuple[Phrase, ...]] = {
    "concise": (*PLAIN_WORDS, *TIGHTER, *FILLERS, *BRIEF),
    "professional": (*PLAIN_WORDS, *ABBREVIATIONS, *TIGHTER, *FILLERS),
    "detailed": (*PLAIN_WORDS, *ABBREVIATIONS),
}


def strengthen(text: str) -> str:
    """Replace a weak opening by the verb it hides, claiming no more than the source does."""
    if duty := _DUTY.match(text):
        return _as_verb(text[duty.end() :]) or text
    if done := _DONE.match(text):
        return _noun_as_verb(text[done.end() :]) or text
    if shared := _SHARED.match(text):
        return ("Contribuí al " if shared[1] else "Contribuí a la ") + text[shared.end() :]
    if involved := _INVOLVED.match(text):
        return "Participé en " + text[involved.end() :]
    if meant := _MEANT.match(text):
        return in_past(text[meant.end() :], _FORMS) or text
    pronoun = _PRONOUN.match(text)
    return text[pronoun.end() :] if pronoun and pronoun[1] in PAST else text


def _as_verb(duties: str) -> str | None:
    return _noun_as_verb(duties) or (None if _HANGING.search(duties) else in_past(duties, _FORMS))


def _noun_as_verb(duties: str) -> str | None:
    noun = _NOUN.match(duties)
    if noun is None or _HANGING.search(duties, noun.end()):
        return None
    # "del inventario" is "de el inventario": the verb takes the article alone.
    article = "el " if noun[2] else ""
    return f"{PAST_OF_NOUN[noun[1].lower()]} {article}{duties[noun.end() :]}"
