"""Units of measure and of time: what each is called, and which are of one family."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Final

HINDI_SPANS: Final = {
    "din": "day",
    "hafte": "week",
    "hafta": "week",
    "mahine": "month",
    "mahina": "month",
    "saal": "year",
    "ghante": "hour",
    "ghanta": "hour",
}
SPANISH_SPANS: Final = {
    "segundo": "second",
    "minuto": "minute",
    "hora": "hour",
    "día": "day",
    "semana": "week",
    "mes": "month",
    "año": "year",
}
UNITS: Final = {
    **HINDI_SPANS,
    **SPANISH_SPANS,
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
    "deg": "degree",
    "hl": "hectolitre",
    "hectolitre": "hectolitre",
    "hectoliter": "hectolitre",
    "barrel": "barrel",
    "bbl": "barrel",
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
    "dia": "day",
    "meses": "month",
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
            ("hectolitre", "100"),
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
