"""Turns of phrase that claim a role, an award or a scale."""

from __future__ import annotations

import re
from typing import Final


def _any(*parts: str) -> str:
    return "|".join(parts)


_PLACES: Final = _any(
    r"compan(?:y|ies)|organi[sz]ations?|hospitals?|industry|countr(?:y|ies)|nation|states?|regions?|cit(?:y|ies)",
    r"districts?|departments?|teams?|sites?|plants?|campus(?:es)?|schools?|colleges?|universit(?:y|ies)|branch(?:es)?",
    r"business(?:es)?|world|globe|markets?|continents?|units?|sectors?|faculty|faculties|offices?|wards?|firm|groups?",
    r"networks?|centres?|centers?|stores?|shops?|warehouses?|products?|customers?|clients?|employees|users|engineers",
    r"empresas?|ciudad(?:es)?|red|país(?:es)?|compañía|grupo|cadena|sedes|tiendas|región|provincia|departamentos",
    r"organización|mundo|sector|plantas",
)
_ALL_OVER: Final = _any(
    r"(?:across|throughout|all over|around)\s+(?:(?:the|all|every|whole|entire|several|multiple|both)\s+)*",
    r"(?:for|of|in|at|to|by)\s+(?:all|every|each|(?:the )?whole|(?:the )?entire)\s+(?:of\s+)?(?:the\s+|our\s+)?",
    r"tod[oa]s?\s+(?:el|la|los|las)\s+",
    r"poor[ea]\s+",
)
ACROSS: Final = re.compile(rf"\b(?:{_ALL_OVER})(?:\w+\s+){{0,2}}?({_PLACES})\b", re.IGNORECASE)
"""Everywhere: the group is the place, which the source may name."""
REACH: Final = re.compile(
    _any(
        r"\bmulti-?(?:cent(?:re|er)|site|country|region|national|state|city)\w*",
        r"\b(?:chain|network|group) of\b",
        r"\bsingle-?handed(?:ly)?\b|\bfrom scratch\b|\bas the (?:main|sole|only) \w+",
        r"\b(?:on behalf of|for) an? (?:ministry|government|bank|multinational)\b|\bmember of an? board\b",
        r"\b(?:largest|biggest|busiest|top-selling|most visited|con más(?! de)|líder)\b",
        r"\b\w+wide\b|\bkonzernweit\w*",
        r"\ba nivel (?:de|nacional|mundial|internacional|global)\b|\ben producción\b",
        r"\b(?:infraestructura|misión) crítica\b|\bcritical infrastructure\b",
    ),
    re.IGNORECASE,
)
PEOPLE: Final = re.compile(
    r"\b(?:manag|supervis|overs[ae]|direct|coordin|dirig|gestion)\w*\s+(?:\w+\s+){0,3}?"
    r"(team|teams|engineers|developers|people|staff|colleagues|juniors|interns|members|employees|workers|squad|equipo)\b",
    re.IGNORECASE,
)
"""Leading people; the group is who they are."""
ROLE: Final = re.compile(
    _any(
        r"\b(?:project|product|team|programme|program|line|delivery|engineering) (?:manager|lead|head)\b",
        r"\b(?:al frente|jef[ea]) de\b",
        r"\b(?:at the helm|in charge of|took charge)\b",
    ),
    re.IGNORECASE,
)
IN_CHARGE: Final = re.compile(
    _any(
        r"\b(?:responsible for|in[ -]?charge|looked after|looking after|took care of|handled the team)\b",
        r"\b(?:responsable de|encargad[oa] de|a cargo de)\b",
    ),
    re.IGNORECASE,
)
RANK: Final = re.compile(r"\b(?:\d+(?:st|nd|rd|th)|first|second|third|top)\b", re.IGNORECASE)
HONOUR: Final = re.compile(
    _any(
        r"\b(?:of the (?:year|month|semester)|del (?:mes|año))\b",
        r"\b(?:hackathon final|reconocimiento)\b",
        r"\bbest[ -](?!practice|fit|suited|possible|available|effort|of all)",
        r"\b(?:judged|voted|topped)\b",
        r"\bpublish\w*\b.{0,60}\b(?:paper|journal|conference|article|proceedings|ieee|springer|elsevier)\b",
    ),
    re.IGNORECASE,
)
