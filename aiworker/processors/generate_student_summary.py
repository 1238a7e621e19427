"""Summarise a student for the placement officer who reviews the candidacy.

Who the student is stays unknown here: name, contact and other personal data are neither read nor sent nor said, so
that nothing but studies and work can colour the text; the officer's page has the name anyway. Every answer is held
against the profile. What does not pass is trimmed, asked for once more, or replaced by a text made by rule.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from aiworker.domain import untrusted
from aiworker.domain.resume.answer import closed
from aiworker.domain.students import draft, reading, summary_rules
from aiworker.domain.students.draft import Draft
from aiworker.domain.students.profile import MARK, Profile, bullet_count, smaller
from aiworker.domain.students.summary_checks import QUOTES, REASONS, Fault, Ground
from aiworker.envelope import Scope
from aiworker.errors import ContextTooLong, InvalidAnswer
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
from aiworker.store import platform, summaries

QUEUE = "ai-jobs"
NAME = "generate-student-summary"

STEP = "summary"
CORRECT = "correct"
TABLE = "aiworker.student_ai_summaries"
ANSWER_TOKENS = 500
INSTRUCTION_TOKENS = 1_000
MOST_REJECTED = 12
TASK = "Write the summary of this student."

Source = Literal["model", "corrected", "trimmed", "template", "offline"]


class Payload(JobPayload):
    """`force` asks for a new summary although the profile is the one the current summary was made of."""

    tenant_id: Id
    student_id: Id
    # Strict, or a text such as "yes" would pay for a call that nobody asked for.
    force: Annotated[bool, Field(strict=True)] = False

    def scope(self) -> Scope:
        return Scope(self.tenant_id, student=self.student_id)


@dataclass(frozen=True, slots=True)
class Facts:
    """The profile, when it was read, and the student's current summary."""

    profile: Profile
    profile_hash: str
    read_at: datetime
    current: summaries.StoredSummary | None


@dataclass(frozen=True, slots=True)
class Finding:
    """A fault of an answer, and of which."""

    step: str
    fault: Fault


@dataclass(frozen=True, slots=True)
class Summary:
    """The text and which way it came; `stored_as` is the id of a row that says so already."""

    text: str
    source: Source | None
    findings: tuple[Finding, ...] = ()
    stored_as: str | None = None


async def gather(payload: Payload, ctx: Context, db: Connection) -> Facts:
    """Read the student, the newest resume the student wrote, and the current summary."""
    student = await platform.fetch_student(db, payload.tenant_id, payload.student_id)
    resume = await platform.fetch_newest_resume(db, payload.tenant_id, payload.student_id)
    current = None if ctx.is_first else await summaries.current(db, payload.tenant_id, payload.student_id)
    profile = await asyncio.to_thread(
        reading.read,
        degree=student.degree,
        branch=student.branch,
        year=student.year,
        cgpa=student.cgpa,
        skills=student.skills,
        verified_at=student.verified_at,
        resume=resume.body if resume else None,
    )
    return Facts(profile, profile.hash, ctx.now, current)


def ask(payload: Payload, facts: Facts, ctx: Context) -> tuple[Call, ...]:
    """Ask for a summary, unless the current one was made of this very profile."""
    return () if _stands(payload, facts) else (_request(STEP, facts, ctx),)


def settle(payload: Payload, facts: Facts, replies: Replies, ctx: Context) -> Summary | FollowUp:
    """Take the answer if it holds, else what is left of it, else one more answer, else a text made by rule."""
    if facts.current and _stands(payload, facts):
        return Summary(facts.current.text, None, stored_as=facts.current.summary_id)
    ground = Ground.of(facts.profile)
    reply = replies[STEP]
    assert isinstance(reply, LLMReply)
    first = draft.judge(_read(reply), ground)
    findings = _found(STEP, first.faults)
    if settled := _usable(first, "offline" if reply.is_by_rule else "model", findings):
        return settled
    if CORRECT not in replies:
        return FollowUp((_request(CORRECT, facts, ctx, first.faults),))
    second = _second(replies[CORRECT], ground)
    findings += _found(CORRECT, second.faults)
    return _usable(second, "corrected", findings) or Summary(
        summary_rules.write(facts.profile, ground), "template", findings
    )


async def save(payload: Payload, facts: Facts, result: Summary, tx: Tx) -> Saved:
    """Store the summary beside the earlier ones; a summary that stands is named once more."""
    if result.source is None:
        return Saved(str(result.stored_as), {TABLE: 0})
    summary_id = await summaries.record(
        tx.connection,
        run_id=tx.run_id,
        tenant=payload.tenant_id,
        student=payload.student_id,
        summary=result.text,
        profile_hash=facts.profile_hash,
        source=result.source,
        provider=tx.provider,
        model=tx.model,
        prompt_fingerprint=prompts.template(NAME).fingerprint,
        generated_at=facts.read_at,
        findings=[_record(finding) for finding in result.findings],
    )
    return Saved(summary_id, {TABLE: 1})


def describe(facts: Facts, result: Summary) -> Described:
    """Say what cases may expect: the text of `summary` and its source, unless it stands as it was, and the faults."""
    stands = result.stored_as is not None
    return Described(
        changed={} if stands else {"summary": result.text},
        kept=("summary",) if stands else (),
        findings=tuple(("summary", finding.fault.rule) for finding in result.findings),
        notes={"summary": result.source} if result.source else {},
    )


def _stands(payload: Payload, facts: Facts) -> bool:
    return not payload.force and facts.current is not None and facts.current.profile_hash == facts.profile_hash


def _request(step: str, facts: Facts, ctx: Context, faults: Sequence[Fault] = ()) -> LLMRequest:
    cap = ctx.limits.answer(ANSWER_TOKENS)
    shown = _fitting(facts.profile, cap, ctx)
    reasons = list(dict.fromkeys(REASONS[fault.rule] for fault in faults))
    rejected = list(dict.fromkeys(fault.token for fault in faults if fault.rule in QUOTES))[:MOST_REJECTED]
    values = {
        "profile": shown.text(mark=MARK),
        "rejected": f"\n\nIn the earlier answer, but not to be used: {'; '.join(rejected)}" if rejected else "",
        "task": TASK + (f" An earlier answer could not be used, because {'; '.join(reasons)}." if reasons else ""),
    }
    return LLMRequest(
        step=step,
        task=NAME,
        inputs={"profile": shown.as_json(), "reasons": list[JsonValue](reasons), "rejected": list[JsonValue](rejected)},
        schema=closed({draft.KEY: {"type": "string"}}),
        max_tokens=cap,
        # Without a second answer there is still a text made by rule.
        required=step == STEP,
        prompt=prompts.render(NAME, values, tag=ctx.tag(step)),
        truncated=_cut(facts.profile, shown),
    )


def _fitting(profile: Profile, cap: int, ctx: Context) -> Profile:
    """Return the largest part of the profile that the model's window takes."""
    budget = ctx.limits.room(cap, INSTRUCTION_TOKENS)
    for shown in smaller(profile):
        if ctx.limits.count(untrusted.wrap(untrusted.clean(shown.text(mark=MARK)).text, ctx.tag(STEP))) <= budget:
            return shown
    raise ContextTooLong("Not even the outline of the profile is short enough to be sent.", maximum=ctx.limits.window)


def _cut(profile: Profile, shown: Profile) -> dict[str, JsonValue]:
    cuts: dict[str, JsonValue] = {
        "bullets_not_sent": bullet_count(profile) - bullet_count(shown),
        "entries_not_sent": len(profile.entries) - len(shown.entries),
    }
    return {name: cut for name, cut in cuts.items() if cut}


def _read(reply: LLMReply) -> str:
    return draft.read(reply.text, plain=untrusted.quoted(reply))


def _second(reply: Reply, ground: Ground) -> Draft:
    if not isinstance(reply, LLMReply):
        return Draft("", (Fault("unavailable", reply.code, None),), None)
    try:
        return draft.judge(_read(reply), ground)
    except InvalidAnswer as error:
        return Draft("", (Fault(error.code, "", None),), None)


def _usable(one: Draft, source: Source, findings: tuple[Finding, ...]) -> Summary | None:
    if one.trimmed is None:
        return None
    return Summary(one.trimmed, "trimmed" if one.faults else source, findings)


def _found(step: str, faults: Sequence[Fault]) -> tuple[Finding, ...]:
    return tuple(Finding(step, fault) for fault in faults)


def _record(finding: Finding) -> dict[str, JsonValue]:
    fault = finding.fault
    return {"step": finding.step, "rule": fault.rule, "token": fault.token, "sentence": fault.sentence}
