"""The offline rule engine: answers from a request's structured inputs, by pure functions of the domain.

It is chosen explicitly (`LLM_PROVIDER=offline`), never a fallback, and says so in every row and line it leaves.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Literal, cast

from aiworker.domain.analytics import summary_rules as season_rules
from aiworker.domain.analytics.fact import Direction
from aiworker.domain.resume import rewrite_rules, suggestion_rules
from aiworker.domain.students import profile, summary_rules
from aiworker.errors import ConfigurationError
from aiworker.protocol import OFFLINE, JsonValue, Limits, LLMReply, LLMRequest

PROVIDER = OFFLINE
MODEL = "offline-rules-1"

Inputs = Mapping[str, JsonValue]


class OfflineModel:
    """Answers at once and at no cost."""

    provider = PROVIDER
    model = MODEL
    limits = Limits(window=1_000_000, output_cap=100_000)

    def warm(self) -> None:
        """Have nothing to import."""

    async def aclose(self) -> None:
        """Have nothing to close."""

    async def answer(self, request: LLMRequest) -> LLMReply:
        """Answer by rule; raise ConfigurationError for a task without rules."""
        rule = RULES.get(request.task)
        if rule is None:
            raise ConfigurationError(
                f"The offline rule engine has no rules for {request.task}.", remedy="set LLM_PROVIDER=openai"
            )
        text = json.dumps(rule(request.inputs), ensure_ascii=False)
        return LLMReply(text, PROVIDER, MODEL, MODEL, stop_reason="end")


def _rewrite_resume(inputs: Inputs) -> Mapping[str, str]:
    tone = cast("Literal['concise', 'detailed', 'professional']", inputs["tone"])
    return rewrite_rules.rewrite(_bullets(inputs), tone)


def _suggest_improvements(inputs: Inputs) -> Mapping[str, list[dict[str, str]]]:
    return {"suggestions": suggestion_rules.suggest(_bullets(inputs))}


def _generate_student_summary(inputs: Inputs) -> Mapping[str, str]:
    return {"summary": summary_rules.write(profile.from_json(inputs["profile"]))}


def _generate_analytics_summary(inputs: Inputs) -> Mapping[str, str]:
    facts = cast("list[dict[str, JsonValue]]", inputs["facts"])
    told: dict[str, Direction | None] = {
        str(fact["id"]): cast("Direction | None", fact.get("direction")) for fact in facts
    }
    return {"summary": " ".join(season_rules.template(told))}


def _bullets(inputs: Inputs) -> list[tuple[str, str]]:
    entries = cast("list[dict[str, list[dict[str, str]]]]", inputs["entries"])
    return [(bullet["id"], bullet["text"]) for entry in entries for bullet in entry["bullets"]]


RULES: Mapping[str, Callable[[Inputs], object]] = {
    "rewrite-resume": _rewrite_resume,
    "suggest-improvements": _suggest_improvements,
    "generate-student-summary": _generate_student_summary,
    "generate-analytics-summary": _generate_analytics_summary,
}
