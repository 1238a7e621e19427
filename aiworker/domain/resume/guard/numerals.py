"""The words figures are written with: magnitudes, number words, ratios, ranks."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Final, Literal, TypeAlias

Tongue = Literal["en", "es", "hi"]
Kind: TypeAlias = str
"""What a figure is: "plain", "percent", "times", or the code of a currency."""


def _names(text: str) -> list[str]:
    return text.split()


def _numbered(text: str, first: int = 0, step: int = 1) -> dict[str, int]:
    return {name: first + step * place for place, name in enumerate(_names(text))}


MAGNITUDES: Final = {
    "k": 10**3,
    "thousand": 10**3,
    "mil": 10**3,
    "m": 10**6,
    "mn": 10**6,
    "million": 10**6,
    "millions": 10**6,
    "millones": 10**6,
    "millón": 10**6,
    "bn": 10**9,
    "b": 10**9,
    "billion": 10**9,
    "hundred": 10**2,
    "lakh": 10**5,
    "lakhs": 10**5,
    "lac": 10**5,
    "lacs": 10**5,
    "lpa": 10**5,
    "l": 10**5,
    "crore": 10**7,
    "crores": 10**7,
    "cr": 10**7,
    "dozen": 12,
    "docena": 12,
    "decena": 10,
    "veintena": 20,
}
PART_SIGNS: Final = {
    "½": Decimal("0.5"),
    "1/2": Decimal("0.5"),
    "¼": Decimal("0.25"),
    "¾": Decimal("0.75"),
    "⅓": Decimal(1) / 3,
    "⅔": Decimal(2) / 3,
}
"""How parts are written, alone or after a whole number."""
SHORT: Final = frozenset(_names("k m b l"))
"""Magnitudes only when they stand at the digits: "5 m" is a length."""
ATTACHED: Final = frozenset({"k", "m", "mn", "bn", "b", "l", "cr", "lpa"})
"""Magnitudes that may be written without a space, and mean something else with one ("5 m")."""

WORDS: Final[Mapping[Tongue, Mapping[str, int]]] = {
    "en": {
        **_numbered("zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen"),
        **_numbered("fifteen sixteen seventeen eighteen nineteen", 15),
        **_numbered("twenty thirty forty fifty sixty seventy eighty ninety", 20, 10),
    },
    "es": {
        "cero": 0,
        "una": 1,
        "dos": 2,
        "tres": 3,
        "cuatro": 4,
        "cinco": 5,
        "seis": 6,
        "siete": 7,
        "ocho": 8,
        "nueve": 9,
        "diez": 10,
        "once": 11,
        "doce": 12,
        "trece": 13,
        "catorce": 14,
        "quince": 15,
        **_numbered("dieciséis diecisiete dieciocho diecinueve", 16),
        **_numbered("veintiuno veintidós veintitrés veinticuatro veinticinco veintiséis veintisiete veintiocho", 21),
        **_numbered("veintinueve", 29),
        "veinte": 20,
        "treinta": 30,
        "cuarenta": 40,
        "cincuenta": 50,
        "sesenta": 60,
        "setenta": 70,
        "ochenta": 80,
        "noventa": 90,
        "cien": 100,
        "ciento": 100,
        "mil": 1000,
        **{
            f"{name}{ending}": 100 * value
            for value, name in enumerate(
                _names("doscient trescient cuatrocient quinient seiscient setecient ochocient"), 2
            )
            for ending in ("os", "as")
        },
        "novecientos": 900,
        "novecientas": 900,
        "un": 1,
        "uno": 1,
    },
    "hi": {
        "ek": 1,
        "do": 2,
        "teen": 3,
        "char": 4,
        "chaar": 4,
        "panch": 5,
        "paanch": 5,
        "chhe": 6,
        "chhah": 6,
        "saat": 7,
        "aath": 8,
        "nau": 9,
        "das": 10,
        "gyarah": 11,
        "gyarahvi": 11,
        "barah": 12,
        "barahvi": 12,
        "pandrah": 15,
        "bees": 20,
        "tees": 30,
        "pachas": 50,
        "sau": 100,
    },
}
NUMBER_WORDS: Final = frozenset(word for spoken in WORDS.values() for word in spoken)
ORDINALS: Final = {
    **_numbered("first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth", 1),
    **_numbered("primer segundo tercer cuarto quinto", 1),
    **_numbered("primera segunda tercera cuarta quinta", 1),
}
RANKED: Final = frozenset(_names("prize place position rank runner best"))
PLACED: Final = frozenset(_names("placed finished came ranked placing finishing coming"))
HALF_OF: Final = (["of"], ["the"], ["a"], ["an"])
AMOUNTS: Final = frozenset(_names("hundred thousand dozen docena decena veintena lakh crore million billion"))
TIMES: Final[dict[str, Decimal]] = {
    "doubled": Decimal(2),
    "doubling": Decimal(2),
    "double": Decimal(2),
    "twice": Decimal(2),
    "twofold": Decimal(2),
    "doble": Decimal(2),
    "triplicar": Decimal(3),
    "duplicar": Decimal(2),
    "tripled": Decimal(3),
    "tripling": Decimal(3),
    "triple": Decimal(3),
    "thrice": Decimal(3),
    "threefold": Decimal(3),
    "quadrupled": Decimal(4),
    "fourfold": Decimal(4),
    "fivefold": Decimal(5),
    "tenfold": Decimal(10),
    "halved": Decimal("0.5"),
    "halving": Decimal("0.5"),
    "half": Decimal("0.5"),
    "duplicó": Decimal(2),
    "dupliqué": Decimal(2),
    "triplicó": Decimal(3),
    "mitad": Decimal("0.5"),
}
OFTEN: Final = frozenset(_names("twice thrice"))
"""As many times: "presented twice" and "two presentations"."""
COPIES: Final = {"duplicate": 2, "triplicate": 3, "quadruplicate": 4}
"""How often a thing is done when it is done "in" them."""
LABELS: Final = frozenset(
    _names("level nivel tier class grade phase stage type step version chapter page room gate line zone")
    + _names("semester standard module block ward planta fase tipo clase")
)
"""A figure after one of these names a thing instead of counting the next."""
HUNDREDS: Final = frozenset(_names("hundred thousand mil sau hazaar"))
JOINERS: Final = frozenset(("and", "y"))
