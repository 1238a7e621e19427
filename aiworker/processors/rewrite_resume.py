"""Rewrite a resume's bullets for one vacancy, as a variant beside the original.

The model never returns the resume: it answers an id -> text map, and the new texts are spliced into the stored
document, so that everything else stays as PostgreSQL hands it out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import StringConstraints

from aiworker.domain.resume import answer, locator, splice, structure
from aiworker.envelope import Scope
from aiworker.errors import NoSafeChange
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
TOKENS_PER_BULLET = 120
ANSWER_TOKENS = 400

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
    """The variant's text, what changed by bullet id, and the ids the model made up."""

    body: str
    changed: dict[str, str]
    ignored: tuple[str, ...]


async def gather(payload: Payload, ctx: Context, db: Connection) -> Facts:
    """Read the resume and the vacancy of this tenant."""
    resume = await platform.fetch_resume(db, payload.tenant_id, payload.student_id, payload.resume_id)
    vacancy = await platform.fetch_vacancy(db, payload.tenant_id, payload.job_id)
    return Facts(
        title=resume.title,
        document=locator.read(resume.body),
        vacancy_title=vacancy.title if vacancy else payload.job_title,
        vacancy_text=vacancy.description if vacancy else payload.job_description,
        vacancy_source="row" if vacancy else "payload",
    )


def ask(payload: Payload, facts: Facts, ctx: Context) -> tuple[Call, ...]:
    """Ask for new texts of the numbered bullets, with what names each entry and nothing that names the person."""
    bullets = facts.document.bullets
    if not bullets:
        raise NoSafeChange("The resume has no bullets that could be rewritten.")
    inputs: dict[str, JsonValue] = {
        "tone": payload.tone,
        "vacancy": {"title": facts.vacancy_title, "description": facts.vacancy_text},
        "entries": [
            {
                "heading": entry.heading,
                "tech": list(entry.tech),
                "bullets": [{"id": bullet.id, "text": bullet.text} for bullet in entry.bullets],
            }
            for entry in locator.context(facts.document)
        ],
        "skills": locator.skills(facts.document),
    }
    cap = min(ANSWER_TOKENS + TOKENS_PER_BULLET * len(bullets), ctx.limits.output_cap)
    return (LLMRequest(STEP, NAME, inputs, _answer_schema(facts.document), max_tokens=cap),)


def settle(payload: Payload, facts: Facts, replies: Replies, ctx: Context) -> Rewrite | FollowUp:
    """Read the map, splice the texts into the stored document and hold the result against its structure."""
    reply = replies[STEP]
    assert isinstance(reply, LLMReply)
    originals = {bullet.id: bullet.text for bullet in facts.document.bullets}
    read = answer.read_answer(reply.text, tuple(originals))
    changed = {bullet: text for bullet, text in read.texts.items() if text != originals[bullet]}
    if not changed:
        raise NoSafeChange("The answer changed no bullet of the resume.")
    body = splice.mark_verified(facts.document, changed)
    structure.assert_same_structure(facts.document.tree, locator.read(body).tree, facts.document.bullets)
    return Rewrite(body, changed, read.unknown)


async def save(payload: Payload, facts: Facts, result: Rewrite, tx: Tx) -> Saved:
    """Store the variant beside its base, and our record of what was used and what changed."""
    variant = await platform.insert_variant(
        tx.connection,
        payload.tenant_id,
        payload.student_id,
        payload.resume_id,
        title=f"{facts.title} for {facts.vacancy_title}",
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
    )
    return Saved(variant, {"resumes": 1, "aiworker.resume_rewrites": 1})


def _record(bullet: locator.Bullet, result: Rewrite) -> dict[str, JsonValue]:
    return {
        "id": bullet.id,
        "path": bullet.path,
        "source_verified": bullet.verified,
        "changed": bullet.id in result.changed,
    }


def _answer_schema(document: locator.Document) -> dict[str, JsonValue]:
    ids = [bullet.id for bullet in document.bullets]
    return {
        "type": "object",
        "properties": {bullet: {"type": "string"} for bullet in ids},
        "required": list[JsonValue](ids),
        "additionalProperties": False,
    }
