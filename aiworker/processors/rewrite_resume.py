"""Rewrite a resume's bullets for one vacancy, as a variant beside the original.

The model never returns the resume: it answers an id -> text map, and the new texts are spliced into the stored
document, so that everything else stays as PostgreSQL hands it out.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Literal

from pydantic import StringConstraints

from aiworker.domain import untrusted
from aiworker.domain.resume import answer, locator, splice, structure, truncation
from aiworker.domain.resume.vacancy import cut_at_word
from aiworker.envelope import Scope
from aiworker.errors import ContextTooLong, NoSafeChange
from aiworker.llm import prompts
from aiworker.protocol import (
    Call,
    Connection,
    Context,
    FollowUp,
    JobPayload,
    JsonValue,
    LLMReply,
    LLMRequest,
    Replies,
    Saved,
    Tx,
)
from aiworker.store import platform, rewrites

QUEUE = "ai-jobs"
NAME = "rewrite-resume"

STEP = "rewrite"
OFFLINE = "offline"
TOKENS_PER_BULLET = 120
ANSWER_TOKENS = 400
INSTRUCTION_TOKENS = 1_000
MARGIN = 0.1
"""Share of the window left free, because counts of tokens are estimates."""
TONES: Mapping[str, str] = {
    "concise": "as short as the facts allow; leave out filler words.",
    "detailed": "full sentences that keep every detail the bullet states.",
    "professional": "formal, precise and active.",
}

Id = Annotated[str, StringConstraints(min_length=1, max_length=200)]
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
class Rewrite:
    """The variant's text, what changed by bullet id, the ids the model made up, and what was not sent."""

    body: str
    changed: dict[str, str]
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
    inputs: dict[str, JsonValue] = {
        "tone": payload.tone,
        "vacancy": {"title": chosen.title, "description": chosen.vacancy},
        "entries": [
            {
                "heading": entry.heading,
                "tech": list(entry.tech),
                "bullets": [{"id": bullet.id, "text": bullet.text} for bullet in entry.bullets],
            }
            for entry in chosen.entries
        ],
        "skills": chosen.skills,
    }
    values = {
        "vacancy_title": chosen.title,
        "vacancy_text": chosen.vacancy,
        "resume": chosen.text(),
        "count": str(len(chosen.ids)),
        "tone": payload.tone,
        "tone_means": TONES[payload.tone],
    }
    prompt = prompts.render(NAME, values, tag=ctx.tag(STEP))
    request = LLMRequest(STEP, NAME, inputs, _answer_schema(chosen.ids), _cap(len(chosen.ids), ctx), prompt=prompt)
    return (replace(request, truncated=_report(chosen)),)


def settle(payload: Payload, facts: Facts, replies: Replies, ctx: Context) -> Rewrite | FollowUp:
    """Read the map, splice the texts into the stored document and hold the result against its structure."""
    reply = replies[STEP]
    assert isinstance(reply, LLMReply)
    chosen = _selection(facts, ctx)
    originals = {bullet.id: bullet.text for bullet in facts.document.bullets}
    read = answer.read_answer(reply.text, chosen.ids)
    # A model quotes the bullets as it was shown them, escaped; the rule engine sees the texts themselves.
    plain = str if reply.provider == OFFLINE else untrusted.unescape
    texts = {bullet: plain(text) for bullet, text in read.texts.items()}
    changed = {bullet: text for bullet, text in texts.items() if _seen(text) != _seen(originals[bullet])}
    if not changed:
        raise NoSafeChange("The answer changed no bullet of the resume.")
    body = splice.mark_verified(facts.document, changed)
    structure.assert_same_structure(facts.document.tree, locator.read(body).tree, facts.document.bullets)
    return Rewrite(body, changed, read.unknown, _report(chosen))


async def save(payload: Payload, facts: Facts, result: Rewrite, tx: Tx) -> Saved:
    """Store the variant beside its base, and our record of what was used and what changed."""
    variant = await platform.insert_variant(
        tx.connection,
        payload.tenant_id,
        payload.student_id,
        payload.resume_id,
        title=f"{facts.title} for {cut_at_word(facts.vacancy_title, truncation.MAX_TITLE_CHARACTERS)}",
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
    return Saved(variant, {"resumes": 1, "aiworker.resume_rewrites": 1})


def _seen(text: str) -> list[str]:
    """Return what tells two texts apart: their words, as a model is shown them."""
    return untrusted.clean(text).text.split()


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
    budget = int(ctx.limits.window * (1 - MARGIN)) - cap - INSTRUCTION_TOKENS
    return truncation.select(
        facts.document, title=facts.vacancy_title, vacancy=facts.vacancy_text, budget=budget, count=ctx.limits.count
    )


def _cap(bullets: int, ctx: Context) -> int:
    return min(ANSWER_TOKENS + TOKENS_PER_BULLET * bullets, ctx.limits.output_cap, ctx.limits.window // 2)


def _report(chosen: truncation.Selection) -> dict[str, JsonValue]:
    return {name: list[JsonValue](cut) if isinstance(cut, list) else cut for name, cut in chosen.report.items()}


def _answer_schema(ids: tuple[str, ...]) -> dict[str, JsonValue]:
    return {
        "type": "object",
        "properties": {bullet: {"type": "string"} for bullet in ids},
        "required": list[JsonValue](ids),
        "additionalProperties": False,
    }
