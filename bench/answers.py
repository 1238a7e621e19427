"""What one rewrite costs in tokens and money, beside the literal method: the whole resume as JSON, there and back.

Both get the same new texts, which the rule engine writes; counted with the tokenizer of the model, priced by its table.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

from aiworker.domain.resume import locator, rewrite_rules, splice
from aiworker.llm import capabilities, prices, tokens
from aiworker.llm.prices import NormalisedUsage
from aiworker.processors import rewrite_resume
from aiworker.processors.rewrite_resume import Facts, Payload
from aiworker.protocol import Context, Limits
from aiworker.runtime import examples
from bench.figures import Options, Report, Row, Target

PROVIDER, MODEL = "openai", "gpt-4o"
SERVED = next(model for model in capabilities.models() if (model.provider, model.name) == (PROVIDER, MODEL))
LITERAL = """
You are a professional resume editor helping a student tailor their resume for a specific job.
Job Title: {title}
Job Description: {description}
Student's current resume (JSON format):
{resume}
Instructions:
- Rewrite the bullet points in the experience and projects sections to better match the job description
- Keep all factual information (dates, company names, titles) exactly the same
- Do not add any experience or skills the student does not have
- Improve phrasing to use active verbs and quantify impact where data is already present
- Tone: {tone}
Return ONLY valid JSON in exactly the same schema as the input resume. No preamble, no explanation.
"""
"""The prompt of the service document."""


@dataclass(frozen=True, slots=True)
class Spent:
    """Tokens of one rewrite."""

    prompt: int
    answer: int

    @property
    def usd(self) -> Decimal:
        usage = NormalisedUsage(input_uncached=self.prompt, output=self.answer)
        return prices.cost(PROVIDER, MODEL, usage, at=datetime.now(UTC)).usd


async def run(report: Report, options: Options) -> None:
    """Count both methods over every payload of the example."""
    example = examples.load(rewrite_resume.NAME)
    bodies = {resume.resume_id: resume.body for resume in example.resumes}
    ours: list[Spent] = []
    literal: list[Spent] = []
    for given in example.payloads:
        payload = Payload.model_validate(given)
        document = locator.read(bodies[payload.resume_id])
        mine, theirs = _both(payload, document)
        ours.append(mine)
        literal.append(theirs)
    report.add(
        _row("tokens of the answer", "tokens", sum(s.answer for s in ours), sum(s.answer for s in literal), 0.25),
        _row("tokens of the prompt", "tokens", sum(s.prompt for s in ours), sum(s.prompt for s in literal), None),
        _row("cost", "cents", _cents(ours), _cents(literal), 0.35),
    )


def _both(payload: Payload, document: locator.Document) -> tuple[Spent, Spent]:
    facts = Facts("resume", document, payload.job_title, payload.job_description, "row")
    limits = Limits(SERVED.window, SERVED.max_output, lambda text: tokens.count(text, SERVED).tokens)
    ctx = Context("bench", 0, False, datetime.now(UTC), limits, b"bench")
    (request,) = rewrite_resume.ask(payload, facts, ctx)
    new = rewrite_rules.rewrite([(bullet.id, bullet.text) for bullet in document.bullets], payload.tone)
    whole = splice.mark_verified(document, new)
    prompt = LITERAL.format(
        title=payload.job_title, description=payload.job_description, resume=document.text, tone=payload.tone
    )
    answer = json.dumps({bullet.id: new.get(bullet.id, bullet.text) for bullet in document.bullets}, ensure_ascii=False)
    asked = sum(limits.count(block.text) for block in request.prompt.blocks)
    return Spent(asked, limits.count(answer)), Spent(limits.count(prompt), limits.count(whole))


def _row(measure: str, unit: str, ours: float, literal: float, limit: float | None) -> Row:
    target = Target(limit, is_ceiling=True, of="ratio", source="issue 5") if limit else None
    return Row(f"rewrite of the sample resumes, {measure}", unit, ours, literal, target)


def _cents(spent: list[Spent]) -> float:
    return float(sum((one.usd for one in spent), Decimal(0)) * 100)
