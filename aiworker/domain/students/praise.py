"""Words that judge or promise instead of stating; each is allowed only where the profile itself has it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

_WORDS: Final = (
    r"exceptional(?:ly)?|outstanding(?:ly)?|brilliant(?:ly)?|excellent(?:ly)?|excel(?:s|led|ling)?|extraordinar(?:y|ily)"
    r"|remarkabl[ey]|impressive(?:ly)?|superb(?:ly)?|stellar|amazing|incredible|fantastic|phenomenal|exemplary|unique(?:ly)?"
    r"|best|finest|greatest|strongest|brightest|great|perfect(?:ly)?|ideal(?:ly)?|unparalleled|unmatched|unrivalled"
    r"|top[- ](?:performer|performing|student|talent|notch|tier|class|candidate)s?|world[- ]class|first[- ]class"
    r"|high(?:ly)?[- ](?:motivated|skilled|qualified|capable|competent|talented|proficient|accomplished|driven"
    r"|achieving|potential|calibre|caliber|recommended|experienced)|well[- ](?:suited|rounded|versed)|strong(?:ly)?"
    r"|solid|proven|passionate(?:ly)?|passion|motivated|dedicated|dedication|committed|enthusiastic|enthusiasm|ambitious"
    r"|diligent|hard[- ]?working|self[- ](?:motivated|driven|starter)|result(?:s)?[- ](?:driven|oriented)|go[- ]getter"
    r"|talent(?:ed)?|gifted|genius|prodigy|expert|expertly|expertise|master(?:y|ed|ful)|seasoned|accomplished|adept|savvy"
    r"|extensive(?:ly)?|vast|wealth|profound|deep|comprehensive|promising|valuable|invaluable|noteworthy|prestigious"
    r"|renowned|acclaimed|innovative|visionary|dynamic|versatile|keen|demonstrat(?:es|ed|ing) (?:a|an|his|her|their)"
    r"|showcas(?:e|es|ed|ing)|would make|would be an?|is an asset|great fit|good fit|verified"
)
_PRAISE: Final = re.compile(rf"(?<![\w-])(?:{_WORDS})(?![\w-])", re.IGNORECASE)


def praise(text: str, known: frozenset[str]) -> Iterator[str]:
    """Yield the words of praise in a text that are not among `known` ones."""
    yield from (word for word in dict.fromkeys(words_of_praise(text)) if word not in known)


def words_of_praise(text: str) -> list[str]:
    """Return the words of praise in a text, in lower case."""
    return [" ".join(re.split(r"[\s-]+", found.lower())) for found in _PRAISE.findall(text)]
