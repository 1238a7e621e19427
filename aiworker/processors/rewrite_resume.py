"""Rewrite a resume's bullets for one vacancy, as a variant beside the original.

The model never returns the resume: it answers an id -> text map, and the new texts are spliced into the stored
document, so that everything else stays as PostgreSQL hands it out.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Literal

from aiworker.domain import untrusted
from aiworker.domain.resume import answer, locator, splice, structure, truncation
from aiworker.domain.resume.guard import Guard
from aiworker.domain.resume.vacancy import cut_at_word
from aiworker.envelope import Scope
from aiworker.errors import ContextTooLong, InvalidAnswer, NoSafeChange
from aiworker.llm import prompts
from aiworker.protocol import (
    Call,
    Connection,
    Context,
    Described,
    FollowUp,
    Id,
    JobPayload,
    JsonValue,
    LLMReply,
    LLMRequest,
    Replies,
    Reply,
    Saved,
    Tx,
)
from aiworker.store import findings, platform, rewrites
from aiworker.store.findings import Decision, Measured

QUEUE = "ai-jobs"
NAME = "rewrite-resume"

STEP = "rewrite"
CORRECT = "correct"
REASONS: Mapping[str, str] = {
    "number": "a figure the bullet does not have",
    "number-dropped": "a figure of the bullet is missing",
    "unit": "a figure has another unit",
    "rate": "a rate was changed",
    "swap": "two figures were exchanged",
    "term": "a name or tool its entry does not have",
    "skill": "a skill its entry does not have",
    "leadership": "a leading role it does not state",
    "award": "an award it does not state",
    "scope": "a scale it does not state",
    "outcome": "another result than the bullet's",
    "copied": "words of the position instead of the resume's",
    "too-long": "too long",
    "too-short": "too short",
    "content-lost": "too much was left out",
    "terms-lost": "a name or tool is missing",
    "language": "another language",
}
"""What a model is told of the guard's rules."""
TOKENS_PER_BULLET = 120
ANSWER_TOKENS = 400
INSTRUCTION_TOKENS = 1_000
TONES: Mapping[str, str] = {
    "concise": "as short as the facts allow; leave out filler words.",
    "detailed": "full sentences that keep every detail the bullet states.",
    "professional": "formal, precise and active.",
}

_ID = re.compile(r"b\d{1,4}")
"""What may be an id; any other key is a text of the model's."""

Tone = Literal["concise", "detailed", "professional"]


class Payload(JobPayload):
    """`job_id` is the vacancy; its title and description here are used only where the tenant has no such row."""

    tenant_id: Id
    student_id: Id
    resume_id: Id
    job_id: Id
    job_title: str
    job_description: str
    tone: Tone

    def scope(self) -> Scope:
        return Scope(self.tenant_id, student=self.student_id)


@dataclass(frozen=True, slots=True)
class Facts:
    """The resume as stored, and the vacancy with where its text came from."""

    title: str
    document: locator.Document
    vacancy_title: str
    vacancy_text: str
    vacancy_source: Literal["row", "payload"]


@dataclass(frozen=True, slots=True)
class _Answer:
    """The new texts of one answer by bullet id, and the ids it made up."""

    texts: dict[str, str]
    ignored: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Rewrite:
    """The variant's text, what changed by bullet id, what the guard found, ids made up, and what was not sent.

    A bullet with a violation is not among the changed ones: it keeps its text.
    """

    body: str
    changed: dict[str, str]
    findings: tuple[Decision, ...]
    measured: Measured
    ignored: tuple[str, ...]
    truncated: dict[str, JsonValue]


async def gather(payload: Payload, ctx: Context, db: Connection) -> Facts:
    """Read the resume and the vacancy of this tenant."""
    resume = await platform.fetch_resume(db, payload.tenant_id, payload.student_id, payload.resume_id)
    vacancy = await platform.fetch_vacancy(db, payload.tenant_id, payload.job_id)
    return Facts(
        title=resume.title,
        document=await asyncio.to_thread(locator.read, resume.body),
        vacancy_title=vacancy.title if vacancy else payload.job_title,
        vacancy_text=vacancy.description if vacancy else payload.job_description,
        vacancy_source="row" if vacancy else "payload",
    )


def ask(payload: Payload, facts: Facts, ctx: Context) -> tuple[Call, ...]:
    """Ask for new texts of the numbered bullets, with what names each entry and nothing that names the person."""
    if not facts.document.bullets:
        raise NoSafeChange("The resume has no bullets that could be rewritten.")
    chosen = _selection(facts, ctx)
    if not chosen.ids:
        raise ContextTooLong("No bullet of the resume is short enough to be sent.", maximum=ctx.limits.window)
    return (_request(STEP, payload, chosen, ctx),)


def settle(payload: Payload, facts: Facts, replies: Replies, ctx: Context) -> Rewrite | FollowUp:
    """Take the texts that say only what the resume says, splice them into the document and hold it to its structure."""
    chosen = _selection(facts, ctx)
    first = _answered(replies[STEP], facts, chosen.ids)
    if not first.texts:
        raise NoSafeChange("The answer changed no bullet of the resume.")
    guard = _guard(payload, facts)
    found = _judged(guard, facts, first.texts)
    entities = [guard.entities(text) for text in first.texts.values()]
    safe, refused = _parted(first.texts, found)
    if ctx.reasks_refused and CORRECT not in replies and len(refused) > len(safe):
        return FollowUp((_request(CORRECT, payload, chosen.only(refused), ctx, _rules(found, refused)),))
    if isinstance(again := replies.get(CORRECT), LLMReply):
        second = _second(again, facts, refused)
        more = _judged(guard, facts, second.texts)
        entities += [guard.entities(text) for text in second.texts.values()]
        safe, found = {**safe, **_parted(second.texts, more)[0]}, (*found, *more)
    decisions = tuple(decision for _, decision in found)
    measured = Measured.of(NAME, prompts.template(NAME).fingerprint, entities, decisions)
    if not safe:
        raise NoSafeChange(
            "No new text of the answer says only what the resume says.",
            resume=payload.resume_id,
            refused=[asdict(decision) for decision in decisions],
            measured=asdict(measured),
        )
    put = splice.mark_verified if ctx.marks_verified else splice.splice
    body = put(facts.document, safe)
    structure.assert_same_structure(facts.document.tree, locator.read(body).tree, facts.document.bullets)
    return Rewrite(body, safe, decisions, measured, first.ignored, chosen.report)


async def save(payload: Payload, facts: Facts, result: Rewrite, tx: Tx) -> Saved:
    """Store the variant beside its base, and our record of what was used and what changed."""
    variant = await platform.insert_variant(
        tx.connection,
        payload.tenant_id,
        payload.student_id,
        payload.resume_id,
        title=_title(facts),
        body=result.body,
    )
    await rewrites.record(
        tx.connection,
        run_id=tx.run_id,
        tenant=payload.tenant_id,
        student=payload.student_id,
        base=payload.resume_id,
        variant=variant,
        vacancy=payload.job_id,
        vacancy_source=facts.vacancy_source,
        tone=payload.tone,
        provider=tx.provider,
        model=tx.model,
        bullets=[_record(bullet, result) for bullet in facts.document.bullets],
        ignored=result.ignored,
        truncated=result.truncated,
    )
    await findings.record(
        tx.connection,
        run_id=tx.run_id,
        tenant=payload.tenant_id,
        student=payload.student_id,
        resume=payload.resume_id,
        findings=result.findings,
    )
    await findings.measure(
        tx.connection, run_id=tx.run_id, tenant=payload.tenant_id, model=tx.model, measured=result.measured
    )
    written = {"aiworker.guard_findings": len(result.findings)} if result.findings else {}
    return Saved(variant, {"resumes": 1, "aiworker.resume_rewrites": 1, **written})


def describe(facts: Facts, result: Rewrite) -> Described:
    """Tell which bullets changed, which kept their texts, and what the guard found in which."""
    ids = {bullet.path: bullet.id for bullet in facts.document.bullets}
    kept = tuple(bullet for bullet in ids.values() if bullet not in result.changed)
    found = tuple((ids[each.section], each.rule) for each in result.findings)
    return Described(result.changed, kept, found, entities=(result.measured.grounded, result.measured.entities))


def _title(facts: Facts) -> str:
    """Name the variant after its position, unless that speaks to a model: the title is shown to people."""
    position = cut_at_word(facts.vacancy_title, truncation.MAX_TITLE_CHARACTERS)
    is_flagged = bool(untrusted.scan(untrusted.clean(position).text))
    return f"{facts.title} for {'another position' if is_flagged else position}"


def _request(
    step: str, payload: Payload, chosen: truncation.Selection, ctx: Context, rules: Sequence[str] = ()
) -> LLMRequest:
    inputs: dict[str, JsonValue] = {
        "tone": payload.tone,
        "vacancy": {"title": chosen.title, "description": chosen.vacancy},
        **chosen.inputs(),
        "rules": list[JsonValue](rules),
    }
    values = {
        "vacancy_title": chosen.title,
        "vacancy_text": chosen.vacancy,
        "resume": chosen.text(),
        "count": str(len(chosen.ids)),
        "tone": payload.tone,
        "tone_means": TONES[payload.tone],
        "again": f"\nAn earlier answer could not be used: {'; '.join(rules)}." if rules else "",
    }
    prompt = prompts.render(NAME, values, tag=ctx.tag(step))
    cap = _cap(len(chosen.ids), ctx)
    # Without a second answer the refused bullets keep their texts.
    request = LLMRequest(step, NAME, inputs, _answer_schema(chosen.ids), cap, required=step == STEP, prompt=prompt)
    return replace(request, truncated=chosen.report)


def _answered(reply: Reply, facts: Facts, asked: Collection[str]) -> _Answer:
    """Read the texts of an answer that differ from what they were."""
    assert isinstance(reply, LLMReply)
    originals = {bullet.id: bullet.text for bullet in facts.document.bullets}
    read = answer.read_answer(reply.text, asked)
    plain, seen = untrusted.quoted(reply), untrusted.seen
    texts = {bullet: plain(text) for bullet, text in read.texts.items()}
    changed = {bullet: text for bullet, text in texts.items() if seen(text) != seen(originals[bullet])}
    return _Answer(changed, tuple(key if _ID.fullmatch(key) else "(no id)" for key in read.unknown))


def _second(reply: LLMReply, facts: Facts, asked: Collection[str]) -> _Answer:
    """Read a second answer; one that is none leaves the first as it is."""
    try:
        return _answered(reply, facts, asked)
    except InvalidAnswer:
        return _Answer({}, ())


def _guard(payload: Payload, facts: Facts) -> Guard:
    told = prompts.template(NAME).instructions
    return Guard.of(facts.document, vacancy=facts.vacancy_text, instructions=told, tone=payload.tone)


def _judged(guard: Guard, facts: Facts, texts: Mapping[str, str]) -> tuple[tuple[str, Decision], ...]:
    """Hold every new text against its bullet, its entry and the resume; decisions come with the bullet's id."""
    originals = {bullet.id: bullet for bullet in facts.document.bullets}
    return tuple(
        (
            bullet,
            Decision(
                originals[bullet].path, finding.rule, finding.token, finding.severity, originals[bullet].text, text
            ),
        )
        for bullet, text in texts.items()
        for finding in guard.check(bullet, text)
    )


def _parted(texts: Mapping[str, str], found: Sequence[tuple[str, Decision]]) -> tuple[dict[str, str], tuple[str, ...]]:
    """Return the texts nothing speaks against, and the ids of the others."""
    refused = {bullet for bullet, decision in found if decision.severity == "violation"}
    safe = {bullet: text for bullet, text in texts.items() if bullet not in refused}
    return safe, tuple(bullet for bullet in texts if bullet in refused)


def _rules(found: Sequence[tuple[str, Decision]], refused: Collection[str]) -> list[str]:
    """Say for each refused bullet which rules it broke, never with the words it broke them with."""
    rules = {bullet: list[str]() for bullet in refused}
    for bullet, decision in found:
        if decision.severity == "violation" and decision.rule not in rules[bullet]:
            rules[bullet].append(decision.rule)
    return [f"{bullet} ({', '.join(REASONS.get(rule, rule) for rule in broken)})" for bullet, broken in rules.items()]


def _record(bullet: locator.Bullet, result: Rewrite) -> dict[str, JsonValue]:
    return {
        "id": bullet.id,
        "path": bullet.path,
        "source_verified": bullet.verified,
        "changed": bullet.id in result.changed,
    }


def _selection(facts: Facts, ctx: Context) -> truncation.Selection:
    """Choose what is sent; the same for the same facts and limits, so that `settle` knows what `ask` sent."""
    cap = _cap(len(facts.document.bullets), ctx)
    budget = ctx.limits.room(cap, INSTRUCTION_TOKENS)
    return truncation.select(
        facts.document, title=facts.vacancy_title, vacancy=facts.vacancy_text, budget=budget, count=ctx.limits.count
    )


def _cap(bullets: int, ctx: Context) -> int:
    return ctx.limits.answer(ANSWER_TOKENS + TOKENS_PER_BULLET * bullets)


def _answer_schema(ids: tuple[str, ...]) -> dict[str, JsonValue]:
    return {
        "type": "object",
        "properties": {bullet: {"type": "string"} for bullet in ids},
        "required": list[JsonValue](ids),
        "additionalProperties": False,
    }
