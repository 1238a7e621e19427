"""Suggest better texts for single bullets of a resume; the student takes or leaves each.

The model names bullets by number and never sees or writes a path: section and original are filled in from the stored
document, and what is written in the end is what still fits it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace

from aiworker.domain import untrusted
from aiworker.domain.resume import locator, truncation
from aiworker.domain.resume.answer import closed
from aiworker.domain.resume.guard import Guard
from aiworker.domain.resume.guard.decisions import Evidence, NothingLeft, judge, measure, refused
from aiworker.domain.resume.suggestions import (
    MAX_SUGGESTIONS,
    Proposal,
    Suggestion,
    read_proposals,
    still_fitting,
    suggestion,
)
from aiworker.envelope import Scope
from aiworker.errors import ContextTooLong, NoSafeChange, NotFound
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
    Saved,
    Tx,
)
from aiworker.store import findings, platform, suggestions

QUEUE = "ai-jobs"
NAME = "suggest-improvements"

STEP = "suggest"
PLAIN_REASON = "It says the same more clearly."
TOKENS_PER_SUGGESTION = 220
ANSWER_TOKENS = 400
INSTRUCTION_TOKENS = 1_000
NO_VACANCY = "none given"
AIM = "so that they speak to that position"
GENERAL_AIM = "for any position that fits the resume"


class Payload(JobPayload):
    """`job_id` is the vacancy; without one the suggestions are made for no position in particular."""

    tenant_id: Id
    student_id: Id
    resume_id: Id
    job_id: Id | None = None

    def scope(self) -> Scope:
        return Scope(self.tenant_id, student=self.student_id)


@dataclass(frozen=True, slots=True)
class Facts:
    """The resume as stored, and the vacancy if one is asked for."""

    document: locator.Document
    vacancy: platform.Vacancy | None


@dataclass(frozen=True, slots=True)
class Suggestions:
    """What may be shown, most useful first, what the guard decided, and how many proposals named no bullet sent.

    A proposal with a violation is not among those that may be shown.
    """

    safe: tuple[Suggestion, ...]
    evidence: Evidence
    unknown: int


async def gather(payload: Payload, ctx: Context, db: Connection) -> Facts:
    """Read the resume and the vacancy of this tenant; the job carries no text that could stand in for it."""
    resume = await platform.fetch_resume(db, payload.tenant_id, payload.student_id, payload.resume_id)
    vacancy = None
    if payload.job_id is not None:
        vacancy = await platform.fetch_vacancy(db, payload.tenant_id, payload.job_id)
        if vacancy is None:
            raise NotFound("The vacancy was not found for this tenant.")
    return Facts(await asyncio.to_thread(locator.read, resume.body), vacancy)


def ask(payload: Payload, facts: Facts, ctx: Context) -> tuple[Call, ...]:
    """Ask for better texts of the numbered bullets, with what names each entry and nothing that names the person."""
    if not facts.document.bullets:
        raise NoSafeChange("The resume has no bullets that could be improved.")
    chosen = _selection(facts, ctx)
    if not chosen.ids:
        raise ContextTooLong("No bullet of the resume is short enough to be sent.", maximum=ctx.limits.window)
    inputs: dict[str, JsonValue] = {
        "vacancy": {"title": chosen.title, "description": chosen.vacancy} if facts.vacancy else None,
        **chosen.inputs(),
    }
    values = {
        "vacancy_title": chosen.title if facts.vacancy else NO_VACANCY,
        "vacancy_text": chosen.vacancy,
        "resume": chosen.text(),
        "count": str(min(len(chosen.ids), MAX_SUGGESTIONS)),
        "aim": AIM if facts.vacancy else GENERAL_AIM,
    }
    prompt = prompts.render(NAME, values, tag=ctx.tag(STEP))
    request = LLMRequest(STEP, NAME, inputs, _answer_schema(chosen.ids), _cap(len(chosen.ids), ctx), prompt=prompt)
    return (replace(request, truncated=chosen.report),)


def settle(payload: Payload, facts: Facts, replies: Replies, ctx: Context) -> Suggestions | FollowUp:
    """Read the proposals, drop what is not safe and put the rest in its place."""
    reply = replies[STEP]
    assert isinstance(reply, LLMReply)
    chosen = _selection(facts, ctx)
    sent = {bullet.id: bullet for entry in chosen.entries for bullet in entry.bullets}
    originals = {bullet.id: bullet.text for bullet in sent.values()}
    read = read_proposals(reply.text, originals, plain=untrusted.quoted(reply))
    if not read.usable:
        raise NoSafeChange("The answer improved no bullet of the resume.")
    told = prompts.template(NAME).instructions
    guard = Guard.of(facts.document, vacancy=f"{chosen.title}\n{chosen.vacancy}", instructions=told)
    made = {proposal.bullet: suggestion(sent[proposal.bullet], _reasoned(proposal, guard)) for proposal in read.usable}
    texts = {bullet: each.suggested for bullet, each in made.items()}
    found = judge(guard, sent.values(), texts)
    bad = refused(found)
    prompt = prompts.template(NAME).fingerprint
    measured = measure(guard, texts.values(), found, job=NAME, prompt=prompt, model=reply.served_model)
    evidence = Evidence(payload.resume_id, found, measured)
    safe = [each for bullet, each in made.items() if bullet not in bad]
    if not safe:
        raise NothingLeft("No suggestion of the answer says only what the resume says.", evidence)
    return Suggestions(tuple(safe[:MAX_SUGGESTIONS]), evidence, read.unknown)


async def save(payload: Payload, facts: Facts, result: Suggestions, tx: Tx) -> Saved:
    """Store the suggestions that fit the resume as it stands now, in place of those nobody has decided about."""
    resume = await platform.lock_resume(tx.connection, payload.tenant_id, payload.student_id, payload.resume_id)
    fitting: Sequence[Suggestion] = result.safe
    if resume.body != facts.document.text:
        fitting = still_fitting(result.safe, await asyncio.to_thread(locator.read, resume.body))
    if not fitting:
        raise NothingLeft("The resume was changed meanwhile: no suggestion fits it any more.", result.evidence)
    await suggestions.replace_pending(
        tx.connection,
        run_id=tx.run_id,
        tenant=payload.tenant_id,
        student=payload.student_id,
        resume=payload.resume_id,
        version=resume.version,
        vacancy=payload.job_id,
        suggestions=fitting,
    )
    kept = await findings.keep(
        tx.connection, result.evidence, run_id=tx.run_id, tenant=payload.tenant_id, student=payload.student_id
    )
    return Saved(tx.run_id, {"aiworker.resume_suggestions": len(fitting), **kept})


def describe(facts: Facts, result: Suggestions) -> Described:
    """Say which bullets got a suggestion and for what reason, which did not, and what the guard found."""
    ids = {bullet.path: bullet.id for bullet in facts.document.bullets}
    changed = {ids[each.section]: each.suggested for each in result.safe}
    return Described(
        changed=changed,
        kept=tuple(bullet for bullet in ids.values() if bullet not in changed),
        findings=tuple((found.bullet, found.rule) for found in result.evidence.decisions),
        measured=result.evidence.measured,
        notes={ids[each.section]: each.reason for each in result.safe},
    )


def _reasoned(proposal: Proposal, guard: Guard) -> Proposal:
    """Replace a reason that names what the resume does not: a student reads it as true."""
    return proposal if guard.grounds(proposal.reason) else replace(proposal, reason=PLAIN_REASON)


def _selection(facts: Facts, ctx: Context) -> truncation.Selection:
    """Choose what is sent; the same for the same facts and limits, so that `settle` knows what `ask` sent."""
    cap = _cap(len(facts.document.bullets), ctx)
    budget = ctx.limits.room(cap, INSTRUCTION_TOKENS)
    title, text = (facts.vacancy.title, facts.vacancy.description) if facts.vacancy else ("", "")
    return truncation.select(facts.document, title=title, vacancy=text, budget=budget, count=ctx.limits.count)


def _cap(bullets: int, ctx: Context) -> int:
    return ctx.limits.answer(ANSWER_TOKENS + TOKENS_PER_SUGGESTION * min(bullets, MAX_SUGGESTIONS))


def _answer_schema(ids: tuple[str, ...]) -> dict[str, JsonValue]:
    # No maxItems: not every provider takes it, and the schema is the same for all.
    fields: dict[str, JsonValue] = {
        "id": {"type": "string", "enum": list[JsonValue](ids)},
        "text": {"type": "string"},
        "reason": {"type": "string"},
    }
    return closed({"suggestions": {"type": "array", "items": closed(fields)}})
