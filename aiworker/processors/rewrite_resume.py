"""Rewrite a resume's bullets for one vacancy, as a variant beside the original.

The model never returns the resume: it answers an id -> text map, and the new texts are spliced into the stored
document, so that everything else stays as PostgreSQL hands it out.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from aiworker.domain import untrusted
from aiworker.domain.resume import answer, locator, splice, structure, truncation
from aiworker.domain.resume.guard import Guard
from aiworker.domain.resume.guard.decisions import Decision, Evidence, NothingLeft, judge, measure, refused
from aiworker.domain.resume.guard.findings import REASONS
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

QUEUE = "ai-jobs"
NAME = "rewrite-resume"

STEP = "rewrite"
CORRECT = "correct"
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
    """The new texts of one answer by bullet id, and the ids in it that nobody asked for."""

    texts: dict[str, str]
    ignored: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Rewrite:
    """The variant's text, what changed by bullet id, what the guard decided, ids nobody asked for, what was not sent.

    A bullet with a violation is not among the changed ones: it keeps its text.
    """

    body: str
    changed: dict[str, str]
    evidence: Evidence
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
    chosen, reply = _selection(facts, ctx), replies[STEP]
    assert isinstance(reply, LLMReply)
    first = _answered(reply, facts, chosen.ids)
    if not first.texts:
        raise NoSafeChange("The answer changed no bullet of the resume.")
    guard, bullets = _guard(payload, facts), facts.document.bullets
    found = judge(guard, bullets, first.texts)
    bad = refused(found)
    # A bullet that speaks to a model keeps its text whatever is answered.
    again = bad - guard.flagged
    if ctx.reasks_refused and CORRECT not in replies and again and 2 * len(bad) > len(first.texts):
        told = [decision for decision in found if decision.bullet in again]
        return FollowUp((_request(CORRECT, payload, chosen.only(again), ctx, _rules(told)),))
    second = _second(replies.get(CORRECT), facts, again)
    more = judge(guard, bullets, second.texts)
    safe = {**_without(first.texts, bad), **_without(second.texts, refused(more))}
    texts, decisions = [*first.texts.values(), *second.texts.values()], (*found, *more)
    prompt = prompts.template(NAME).fingerprint
    measured = measure(guard, texts, decisions, job=NAME, prompt=prompt, model=reply.served_model)
    evidence = Evidence(payload.resume_id, decisions, measured)
    if not safe:
        raise NothingLeft("No new text of the answer says only what the resume says.", evidence)
    put = splice.mark_verified if ctx.marks_verified else splice.splice
    body = put(facts.document, safe)
    structure.assert_same_structure(facts.document.tree, locator.read(body).tree, facts.document.bullets)
    return Rewrite(body, safe, evidence, (*first.ignored, *second.ignored), chosen.report)


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
    kept = await findings.keep(
        tx.connection, result.evidence, run_id=tx.run_id, tenant=payload.tenant_id, student=payload.student_id
    )
    return Saved(variant, {"resumes": 1, "aiworker.resume_rewrites": 1, **kept})


def describe(facts: Facts, result: Rewrite) -> Described:
    """Tell which bullets changed, which kept their texts, and what the guard found in which."""
    kept = tuple(bullet.id for bullet in facts.document.bullets if bullet.id not in result.changed)
    found = tuple((each.bullet, each.rule) for each in result.evidence.decisions)
    return Described(result.changed, kept, found, measured=result.evidence.measured)


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
    schema = answer.closed({bullet: {"type": "string"} for bullet in chosen.ids})
    request = LLMRequest(step, NAME, inputs, schema, cap, required=step == STEP, prompt=prompt)
    return replace(request, truncated=chosen.report)


def _answered(reply: LLMReply, facts: Facts, asked: Collection[str]) -> _Answer:
    """Read the texts of an answer that differ from what they were."""
    originals = {bullet.id: bullet.text for bullet in facts.document.bullets}
    read = answer.read_answer(reply.text, asked)
    plain, seen = untrusted.quoted(reply), untrusted.seen
    texts = {bullet: plain(text) for bullet, text in read.texts.items()}
    changed = {bullet: text for bullet, text in texts.items() if seen(text) != seen(originals[bullet])}
    return _Answer(changed, tuple(key if _ID.fullmatch(key) else "(no id)" for key in read.unknown))


def _second(reply: Reply | None, facts: Facts, asked: Collection[str]) -> _Answer:
    """Read a second answer, if it came; one that is none leaves the first as it is."""
    if not isinstance(reply, LLMReply):
        return _Answer({}, ())
    try:
        return _answered(reply, facts, asked)
    except InvalidAnswer:
        return _Answer({}, ())


def _guard(payload: Payload, facts: Facts) -> Guard:
    told = prompts.template(NAME).instructions
    return Guard.of(facts.document, vacancy=facts.vacancy_text, instructions=told, tone=payload.tone)


def _without(texts: Mapping[str, str], bad: Collection[str]) -> dict[str, str]:
    return {bullet: text for bullet, text in texts.items() if bullet not in bad}


def _rules(found: Sequence[Decision]) -> list[str]:
    """Say for each refused bullet which rules it broke, never with the words it broke them with."""
    broken: dict[str, list[str]] = {}
    for decision in found:
        if decision.is_violation:
            broken.setdefault(decision.bullet, []).append(REASONS[decision.rule])
    return [f"{bullet} ({', '.join(dict.fromkeys(reasons))})" for bullet, reasons in broken.items()]


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
