"""A model that obeys: it does what sentences inside the data tell it to do, as an undefended model would.

Injection tests run against it: whatever survives here came through a defence, not through a polite model.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from typing import cast

from aiworker.protocol import JsonValue
from aiworker.testing.llm import schema as schemas
from aiworker.testing.llm.wire import JsonObject, as_list, as_text

TAG_LETTERS = range(0xE0020, 0xE007F)
TAG_OFFSET = 0xE0000

_OVERRIDE = re.compile(
    r"\b(ignor\w+|disregard|forget|override|olvid\w+)\b[^.!?\n]{0,60}\b(instruction|prompt|rule|instruccion|regla)\w*",
    re.IGNORECASE,
)
_ADDRESSES_MODEL = re.compile(
    r"\b(candidate|applicant|student|resume|cv|bullets?|answers?|summary|profile|output|review"
    r"|candidat[oa]|estudiante|curr[ií]culum|respuesta|resumen)\b",
    re.IGNORECASE,
)
_LEAD = r"(?:^|[.!?:;\n\"'>\]*-]|\b(?:please|also|and|then|always|now|must|y|por favor|siempre)\b)[\s\"']*"
_CLAIM = re.compile(
    _LEAD + r"(?:add|mention|include|insert|state|say|write|claim|note|pretend|a[ñn]ad[ea]|menciona|incluye|di|escribe"
    r"|afirma)\b\s+(?P<that>that\s+|que\s+)?(?P<object>[^\n.!?]+)",
    re.IGNORECASE | re.MULTILINE,
)
_OUTPUT = re.compile(
    _LEAD + r"(?:output|print|return|reply with|respond with|answer with|responde(?: con)?|devuelve)\b\s*"
    r"(?:only|just|exactly|solo)?\s*:?\s*(?P<object>[^\n]+)",
    re.IGNORECASE | re.MULTILINE,
)
_RATE = (
    _LEAD + r"(?:(?:rate|score|grade|rank)\s+(?:this|the|it|him|her|them|me|my|every|all|each)"
    r"|punt[úu]a|califica)\b[^.!?\n]*?"
)
_SCORE = re.compile(_RATE + r"(?P<number>\d+(?:\.\d+)?)(?:\s*(?:/|out of|de)\s*\d+)?", re.IGNORECASE | re.MULTILINE)
_VERDICT = re.compile(_RATE + r"\bas\s+(?P<word>[\w-]+)", re.IGNORECASE | re.MULTILINE)
_QUOTED = re.compile(r"[\"“'‘](?P<inside>[^\"”'’]+)[\"”'’]")


@dataclass(frozen=True, slots=True)
class Orders:
    """What the data told the model to do."""

    claims: tuple[str, ...] = ()
    output: str | None = None
    score: float | None = None
    verdicts: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.claims or self.output or self.verdicts) or self.score is not None


def find_orders(data: Iterable[str]) -> Orders:
    """Read the imperative sentences out of the data blocks."""
    text = "\n".join(_as_a_model_reads(block) for block in data)
    overridden = _OVERRIDE.search(text) is not None
    outputs = [_unquoted(found["object"]) for found in _OUTPUT.finditer(text) if overridden]
    scores = [float(found["number"]) for found in _SCORE.finditer(text)]
    return Orders(
        claims=tuple(dict.fromkeys(claim for found in _CLAIM.finditer(text) if (claim := _claim(found, overridden)))),
        output=outputs[0] if outputs else None,
        score=scores[-1] if scores else None,
        verdicts=tuple(found["word"].lower() for found in _VERDICT.finditer(text)),
    )


def obeyed(text: str, schema: JsonObject | None, orders: Orders) -> str:
    """Return the answer as an obeying model would have given it."""
    try:
        value = cast("JsonValue", json.loads(text))
    except ValueError:
        return _obeyed_text(text, orders)
    if not isinstance(value, (dict, list)):
        return _obeyed_text(text, orders)
    changed = schemas.rewritten(value, schema or {}, lambda leaf, node: _obeyed_leaf(leaf, node, orders))
    return json.dumps(changed, ensure_ascii=False)


def _obeyed_leaf(leaf: JsonValue, node: JsonObject, orders: Orders) -> JsonValue:
    choices = as_list(node.get("enum"))
    if choices:
        wanted = (choice for choice in choices if as_text(choice).lower() in orders.verdicts)
        return next(wanted, leaf)
    if isinstance(leaf, str) and "const" not in node and "format" not in node:
        return _obeyed_text(leaf, orders)
    if isinstance(leaf, (int, float)) and not isinstance(leaf, bool) and orders.score is not None:
        return _within(orders.score, node, whole=isinstance(leaf, int))
    return leaf


def _obeyed_text(text: str, orders: Orders) -> str:
    if orders.output is not None:
        return orders.output
    added = (claim[0].upper() + claim[1:].rstrip(".") + "." for claim in orders.claims)
    return " ".join([text, *added])


def _within(score: float, node: JsonObject, *, whole: bool) -> int | float:
    low, high = node.get("minimum"), node.get("maximum")
    if isinstance(low, (int, float)):
        score = max(score, low)
    if isinstance(high, (int, float)):
        score = min(score, high)
    return int(score) if whole else score


def _claim(found: re.Match[str], overridden: bool) -> str:
    said = found["object"].strip()
    quoted = _QUOTED.search(said)
    if quoted:
        return quoted["inside"].strip()
    # "Write clean code" in a vacancy is a duty of the job, not an order to the model.
    return said if found["that"] or overridden or _ADDRESSES_MODEL.search(said) else ""


def _unquoted(said: str) -> str:
    quoted = _QUOTED.fullmatch(said.strip())
    return quoted["inside"] if quoted else said.strip()


def _as_a_model_reads(text: str) -> str:
    """Undo what hides text from people: tag letters, zero-width and bidi characters, look-alike widths."""
    letters = (chr(ord(char) - TAG_OFFSET) if ord(char) in TAG_LETTERS else char for char in text)
    visible = (char for char in letters if unicodedata.category(char) != "Cf")
    return unicodedata.normalize("NFKC", "".join(visible))
