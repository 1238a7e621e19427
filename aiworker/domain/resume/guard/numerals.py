"""The words figures are written with: currencies, magnitudes, units, number words, ratios, ranks."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Final, Literal

Tongue = Literal["en", "es", "hi"]
Kind = Literal["plain", "percent", "times", "INR", "USD", "EUR", "GBP", "CHF", "AED", "SGD", "AUD", "CAD", "ZAR"]


def _names(text: str) -> list[str]:
    return text.split()


def _numbered(text: str, first: int = 0, step: int = 1) -> dict[str, int]:
    return {name: first + step * place for place, name in enumerate(_names(text))}


CURRENCIES: Final[dict[str, Kind]] = {
    "₹": "INR",
    "rs": "INR",
    "rs.": "INR",
    "inr": "INR",
    "rupees": "INR",
    "rupee": "INR",
    "$": "USD",
    "us$": "USD",
    "usd": "USD",
    "dollars": "USD",
    "dollar": "USD",
    "€": "EUR",
    "eur": "EUR",
    "euros": "EUR",
    "euro": "EUR",
    "£": "GBP",
    "gbp": "GBP",
    "pounds": "GBP",
    "chf": "CHF",
    "aed": "AED",
    "sgd": "SGD",
    "aud": "AUD",
    "cad": "CAD",
    "zar": "ZAR",
}
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
SHORT: Final = frozenset(_names("k m b l"))
"""Magnitudes only when they stand at the digits: "5 m" is a length."""
ATTACHED: Final = frozenset({"k", "m", "mn", "bn", "b", "l", "cr", "lpa"})
"""Magnitudes that may be written without a space, and mean something else with one ("5 m")."""

UNITS: Final = {
    "s": "second",
    "sec": "second",
    "secs": "second",
    "ms": "millisecond",
    "min": "minute",
    "mins": "minute",
    "h": "hour",
    "hr": "hour",
    "hrs": "hour",
    "yr": "year",
    "yrs": "year",
    "µs": "microsecond",
    "μs": "microsecond",
    "us": "microsecond",
    "ns": "nanosecond",
    "ps": "picosecond",
    "picosecond": "picosecond",
    "wk": "week",
    "weekend": "weekend",
    "mo": "month",
    "mth": "month",
    "mnth": "month",
    "qtr": "quarter",
    "kilolitre": "kilolitre",
    "kiloliter": "kilolitre",
    "w": "watt",
    "watt": "watt",
    "kilowatt": "kw",
    "megawatt": "mw",
    "m²": "square metre",
    "m2": "square metre",
    "sqm": "square metre",
    "ft²": "square foot",
    "sqft": "square foot",
    "sft": "square foot",
    "m³": "cubic metre",
    "m3": "cubic metre",
    "cum": "cubic metre",
    "px": "pixel",
    "pixel": "pixel",
    "pt": "point",
    "ma": "milliamp",
    "µa": "microamp",
    "μa": "microamp",
    "amp": "amp",
    "microampere": "microamp",
    "mv": "millivolt",
    "µv": "microvolt",
    "volt": "volt",
    "kva": "kva",
    "mva": "mva",
    "milliamp": "milliamp",
    "microamp": "microamp",
    "µm": "micrometre",
    "μm": "micrometre",
    "nm": "nanometre",
    "t": "tonne",
    "q": "quintal",
    "u": "unit",
    "l": "litre",
    "g": "gram",
    "milligram": "mg",
    "millilitre": "ml",
    "milliliter": "ml",
    "tonelada": "tonne",
    "toneladas": "tonne",
    "milisegundo": "millisecond",
    "mililitro": "ml",
    "ton": "tonne",
    "liter": "litre",
    "meter": "metre",
    "kl": "kilolitre",
    "ft": "foot",
    "feet": "foot",
    "sq": "square",
    "lb": "pound",
    "metros": "metre",
    "kilómetro": "km",
    "kilómetros": "km",
    "kilogram": "kg",
    "gramo": "gram",
    "gigabyte": "gb",
    "megabyte": "mb",
    "kilobyte": "kb",
    "terabyte": "tb",
    "kilometre": "km",
    "kilometer": "km",
    "din": "day",
    "hafte": "week",
    "hafta": "week",
    "mahine": "month",
    "mahina": "month",
    "saal": "year",
    "ghante": "hour",
    "ghanta": "hour",
    "segundo": "second",
    "minuto": "minute",
    "hora": "hour",
    "día": "day",
    "dia": "day",
    "semana": "week",
    "mes": "month",
    "meses": "month",
    "año": "year",
    **{name: name for name in ("kb", "mb", "gb", "tb", "pb", "kg", "mg", "km", "cm", "mm", "kw", "mw", "kwh", "hz")},
    **{name: name for name in ("khz", "mhz", "ghz", "kv", "ml", "acre", "quintal", "tonne", "litre", "mile")},
    **{
        name: name
        for name in ("millisecond", "second", "minute", "hour", "day", "week", "fortnight", "month", "quarter", "year")
    },
    **{name: name for name in ("microsecond", "nanosecond", "megalitre", "micrometre")},
    **{name: name for name in ("joule", "calorie", "kcal", "byte", "bit", "degree", "lumen", "ampere")},
    "centimeter": "cm",
    "millimeter": "mm",
    "centimetre": "cm",
    "millimetre": "mm",
    **{name: name for name in ("gallon", "pint", "ounce", "yard", "psi", "mpa", "kpa", "kn", "newton", "hectare")},
    "oz": "ounce",
    "hp": "horsepower",
    "bhp": "horsepower",
    "horsepower": "horsepower",
    "kilonewton": "kn",
    "kilovolt": "kv",
    "hertz": "hz",
    "kilohertz": "khz",
    "megahertz": "mhz",
    "gigahertz": "ghz",
    "kilopascal": "kpa",
    "megapascal": "mpa",
    "nanometre": "nanometre",
    "nanometer": "nanometre",
    "micrometer": "micrometre",
    "kilo": "kg",
    **{name: name for name in ("wh", "mwh", "gwh", "ah", "mah")},
    "gal": "gallon",
    "ha": "hectare",
    "litro": "litre",
    **{name: name for name in ("semester", "decade", "century", "sprint", "shift", "inch", "metre", "gram")},
}
_SPANISH_HUNDREDS: Final = "doscient trescient cuatrocient quinient seiscient setecient ochocient"
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
SCALES: Final[Mapping[str, tuple[str, Decimal]]] = {
    **{
        unit: ("seconds", Decimal(factor))
        for unit, factor in (
            ("picosecond", "0.000000000001"),
            ("nanosecond", "0.000000001"),
            ("microsecond", "0.000001"),
            ("millisecond", "0.001"),
            ("second", "1"),
            ("minute", "60"),
            ("hour", "3600"),
            ("day", "86400"),
            ("week", "604800"),
            ("fortnight", "1209600"),
        )
    },
    **{unit: ("months", Decimal(size)) for unit, size in (("month", 1), ("quarter", 3), ("year", 12), ("decade", 120))},
    **{unit: ("bytes", Decimal(1000) ** power) for power, unit in enumerate(("kb", "mb", "gb", "tb", "pb"), 1)},
    **{
        unit: ("metres", Decimal(factor))
        for unit, factor in (
            ("nanometre", "0.000000001"),
            ("micrometre", "0.000001"),
            ("mm", "0.001"),
            ("cm", "0.01"),
            ("metre", "1"),
            ("km", "1000"),
        )
    },
    **{
        unit: ("grams", Decimal(factor))
        for unit, factor in (
            ("mg", "0.001"),
            ("gram", "1"),
            ("kg", "1000"),
            ("quintal", "100000"),
            ("tonne", "1000000"),
        )
    },
    **{
        unit: ("litres", Decimal(factor))
        for unit, factor in (
            ("ml", "0.001"),
            ("litre", "1"),
            ("kilolitre", "1000"),
            ("megalitre", "1000000"),
            ("cubic metre", "1000"),
        )
    },
    **{unit: ("watt hours", Decimal(1000) ** power) for power, unit in enumerate(("wh", "kwh", "mwh", "gwh"))},
    **{unit: ("watts", Decimal(factor)) for unit, factor in (("watt", 1), ("kw", 1000), ("mw", 1_000_000))},
    **{unit: ("newtons", Decimal(factor)) for unit, factor in (("newton", 1), ("kn", 1000))},
    **{unit: ("pascals", Decimal(factor)) for unit, factor in (("kpa", 1000), ("mpa", 1_000_000))},
    **{unit: ("hertz", Decimal(1000) ** power) for power, unit in enumerate(("hz", "khz", "mhz", "ghz"))},
    **{
        unit: ("volts", Decimal(factor))
        for unit, factor in (("microvolt", "0.000001"), ("millivolt", "0.001"), ("volt", "1"), ("kv", "1000"))
    },
    **{
        unit: ("amps", Decimal(factor))
        for unit, factor in (("microamp", "0.000001"), ("milliamp", "0.001"), ("amp", "1"), ("ampere", "1"))
    },
    **{unit: ("amp hours", Decimal(factor)) for unit, factor in (("mah", "0.001"), ("ah", "1"))},
}
"""Units of one family, and how much each is."""


def unit_named(word: str) -> str:
    """Return the one name of a unit, or nothing."""
    return UNITS.get(word) or UNITS.get(word.removesuffix("s"), "")
