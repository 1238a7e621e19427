"""What one rewrite costs in tokens and money, beside the literal method: the whole resume as JSON, there and back.

Both get the same new texts, which the rule engine writes; counted with the tokenizer of the model, priced by its table.
The literal method is counted at its best, as compact JSON there and back; ours with the schema of the answer, and with
spaces after commas and colons.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
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
LEAN = ("res-ananya", "res-morwenna", "res-delphine", "res-iraide")
"""Samples with little beside their bullets; the others are whole documents as tools of the field store them."""


@dataclass(frozen=True, slots=True)
class Spent:
    """Tokens of one rewrite."""

    prompt: int
    answer: int

    @property
    def usd(self) -> Decimal:
        usage = NormalisedUsage(input_uncached=self.prompt, output=self.answer)
        return prices.cost(PROVIDER, MODEL, usage, at=datetime.now(UTC)).usd


Pair = tuple[Spent, Spent]
"""What one rewrite spends: ours, and the literal method."""


async def run(report: Report, options: Options) -> None:
    """Count both methods over every payload of the example; the targets are held over all of them."""
    example = examples.load(rewrite_resume.NAME)
    bodies = {resume.resume_id: resume.body for resume in example.resumes}
    payloads = [Payload.model_validate(given) for given in example.payloads]
    pairs = [(one.resume_id, _both(one, locator.read(bodies[one.resume_id]))) for one in payloads]
    lean = [pair for resume, pair in pairs if resume in LEAN]
    whole = [pair for resume, pair in pairs if resume not in LEAN]
    report.add(*_rows("rewrite of the sample resumes", lean + whole, answer=0.25, cost=0.35))
    report.add(*_rows(f"of the {len(lean)} lean ones", lean))
    report.add(*_rows(f"of the {len(whole)} whole documents", whole))


def _both(payload: Payload, document: locator.Document) -> Pair:
    facts = Facts("resume", document, payload.job_title, payload.job_description, "row")
    limits = Limits(SERVED.window, SERVED.max_output, lambda text: tokens.count(text, SERVED).tokens)
    ctx = Context("bench", 0, False, datetime.now(UTC), limits, b"bench")
    (request,) = rewrite_resume.ask(payload, facts, ctx)
    new = rewrite_rules.rewrite([(bullet.id, bullet.text) for bullet in document.bullets], payload.tone)
    # By the document, code marks the bullets as verified; the model only writes their texts.
    whole = _compact(splice.splice(document, new))
    prompt = LITERAL.format(
        title=payload.job_title,
        description=payload.job_description,
        resume=_compact(document.text),
        tone=payload.tone,
    )
    answer = json.dumps({bullet.id: new.get(bullet.id, bullet.text) for bullet in document.bullets}, ensure_ascii=False)
    asked = sum(limits.count(block.text) for block in request.prompt.blocks) + tokens.schema_tokens(request, SERVED)
    return Spent(asked, limits.count(answer)), Spent(limits.count(prompt), limits.count(whole))


def _compact(text: str) -> str:
    return json.dumps(json.loads(text), ensure_ascii=False, separators=(",", ":"))


def _rows(of: str, pairs: Sequence[Pair], *, answer: float | None = None, cost: float | None = None) -> tuple[Row, ...]:
    return (
        _row(f"{of}, tokens of the answer", "tokens", pairs, lambda spent: spent.answer, answer),
        _row(f"{of}, tokens of the prompt", "tokens", pairs, lambda spent: spent.prompt),
        _row(f"{of}, cost", "cents", pairs, lambda spent: float(spent.usd * 100), cost),
    )


def _row(
    measure: str, unit: str, pairs: Sequence[Pair], figure: Callable[[Spent], float], limit: float | None = None
) -> Row:
    target = Target(limit, is_ceiling=True, of="ratio", source="issue 5") if limit else None
    ours, literal = (sum(figure(pair[at]) for pair in pairs) for at in (0, 1))
    return Row(measure, unit, ours, literal, target)
