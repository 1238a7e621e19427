"""Summarise a placement season for its officers, in sentences around figures that SQL computed.

The model writes placeholders and never a figure; what would tell of too few people is taken out before it is asked.
Whatever it answers, a summary is written: from its sentences, from its second try, or from a template.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from aiworker.domain.analytics import summary_rules
from aiworker.domain.analytics.changes import PREFIX
from aiworker.domain.analytics.fact import Direction, Fact
from aiworker.domain.analytics.facts import Published, publish
from aiworker.domain.analytics.figures import previous
from aiworker.domain.analytics.review import HINTS, TOO_FEW, Review, review
from aiworker.domain.analytics.slots import fill
from aiworker.domain.analytics.words import NAMED_BY
from aiworker.domain.resume.answer import closed, first_object, text_of
from aiworker.domain.student_texts import SUMMARY_FAILED
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
from aiworker.store import analytics, placements

QUEUE = "ai-jobs"
NAME = "generate-analytics-summary"

STEP = "summary"
CORRECT = "correct"
ANSWER_TOKENS = 800
INSTRUCTION_TOKENS = 1_200
BROKEN = "An earlier answer was not taken. Keep to the rules, above all to these:"
WENT: Mapping[Direction, str] = {"up": "rose", "down": "fell", "same": "was unchanged"}
SCHEMA = closed({"summary": {"type": "string"}})

Source = Literal["model", "trimmed", "corrected", "template", "not_enough_data", "offline"]


class Filters(BaseModel):
    """Which students are counted; an unknown filter is refused, or a summary of everybody would pass for its answer."""

    model_config = ConfigDict(hide_input_in_errors=True, extra="forbid", frozen=True)

    branch: Id | None = None
    degree: Id | None = None
    # Strict, or true would count the first year.
    year: Annotated[int, Field(ge=1, le=10, strict=True)] | None = None


class Payload(JobPayload):
    """`season` is a placement season such as 2026-27."""

    tenant_id: Id
    season: Annotated[str, StringConstraints(pattern=r"^(19|20)[0-9]{2}-[0-9]{2}$")]
    filters: Filters | None = None
    requested_by: Id | None = None

    def scope(self) -> Scope:
        return Scope(self.tenant_id)


@dataclass(frozen=True, slots=True)
class Facts:
    """What may leave of the season's figures, and the sentences that say it without a model."""

    published: Published
    template: tuple[str, ...]

    @property
    def is_enough(self) -> bool:
        """Whether a summary can be written at all."""
        return len(self.template) >= summary_rules.LEAST_SENTENCES


@dataclass(frozen=True, slots=True)
class Summary:
    """The finished text, where its sentences come from, and the rules that others broke."""

    text: str
    source: Source
    broken: tuple[str, ...] = ()


async def gather(payload: Payload, ctx: Context, db: Connection) -> Facts:
    """Count the season of this tenant, which must be there, and take out what tells of too few people."""
    filters = payload.filters or Filters()
    hidden = frozenset[str]()
    if not ctx.is_first:
        hidden = await analytics.hidden_lately(db, payload.tenant_id, previous(payload.season))
    figures = await placements.fetch_figures(
        db, payload.tenant_id, payload.season, branch=filters.branch, degree=filters.degree, year=filters.year
    )
    published = publish(figures, hidden_before=hidden)
    facts = Facts(published, summary_rules.template(published.directions))
    return facts if facts.is_enough else Facts(replace(published, facts=()), ())


def ask(payload: Payload, facts: Facts, ctx: Context) -> tuple[Call, ...]:
    """Ask for sentences around the published facts; ask nobody if there is too little to tell."""
    return (_request(STEP, facts, ctx),) if facts.is_enough else ()


def settle(payload: Payload, facts: Facts, replies: Replies, ctx: Context) -> Summary | FollowUp:
    """Keep the sentences that say nothing but the facts; ask once more, then fall back on the template."""
    if not facts.is_enough:
        return Summary(summary_rules.not_enough(payload.season), "not_enough_data")
    first = replies[STEP]
    assert isinstance(first, LLMReply)
    reviewed = _reviewed(first, facts)
    if _is_usable(reviewed):
        source: Source = "offline" if first.is_by_rule else "trimmed" if reviewed.broken else "model"
        return _summary(reviewed.kept, facts, source, reviewed.broken)
    if CORRECT not in replies:
        return FollowUp((_request(CORRECT, facts, ctx, reviewed.broken or (TOO_FEW,)),))
    again = _second(replies[CORRECT], facts)
    if again and _is_usable(again):
        return _summary(again.kept, facts, "corrected", (*reviewed.broken, *again.broken))
    return _summary(facts.template, facts, "template", (*reviewed.broken, *(again.broken if again else ())))


async def save(payload: Payload, facts: Facts, result: Summary, tx: Tx) -> Saved:
    """Store the summary with the facts it was filled with; of what was hidden only the ids."""
    summary = await analytics.record(
        tx.connection,
        tenant=payload.tenant_id,
        season=payload.season,
        filters=chosen(payload),
        run_id=tx.run_id,
        summary=result.text,
        facts=[fact.as_row() for fact in facts.published.facts],
        suppressed=facts.published.suppressed,
        source=result.source,
        provider=tx.provider,
        model=tx.model,
        now=tx.now,
    )
    return Saved(summary, {"aiworker.analytics_summaries": 1})


def describe(facts: Facts, result: Summary) -> Described:
    """Say what cases may expect of a summary: its text, its source, and the rules that sentences left out broke."""
    return Described(
        {"summary": result.text},
        findings=tuple(("summary", rule) for rule in result.broken),
        notes={"summary": result.source},
    )


def chosen(payload: Payload) -> dict[str, JsonValue]:
    """Return the filters that are set; none is the same as no filters."""
    return payload.filters.model_dump(exclude_none=True) if payload.filters else {}


def _reviewed(reply: LLMReply, facts: Facts) -> Review:
    """Check the sentences of an answer; raises InvalidAnswer for one that holds no object."""
    members = first_object(reply.text, failure=SUMMARY_FAILED).members
    text = next((text_of(member.value) for member in members if member.key == "summary"), "")
    return review(text, facts.published)


def _second(reply: Reply, facts: Facts) -> Review | None:
    """Check a second answer, if it came and can be read: by now there is a template to fall back on."""
    if not isinstance(reply, LLMReply):
        return None
    try:
        return _reviewed(reply, facts)
    except InvalidAnswer:
        return None


def _is_usable(reviewed: Review) -> bool:
    return len(reviewed.kept) >= summary_rules.LEAST_SENTENCES


def _summary(sentences: Sequence[str], facts: Facts, source: Source, broken: tuple[str, ...]) -> Summary:
    return Summary(fill(" ".join(sentences), facts.published.displays), source, broken)


def _request(step: str, facts: Facts, ctx: Context, broken: Sequence[str] = ()) -> LLMRequest:
    shown = _fitting(facts.published.facts, ctx)
    remarks = [HINTS[rule] for rule in dict.fromkeys(broken)]
    inputs: dict[str, JsonValue] = {
        "facts": [fact.as_row() for fact in shown],
        "remarks": list[JsonValue](remarks),
    }
    values = {
        "facts": "\n".join(map(_line, shown)),
        "season": facts.published.season,
        "count": str(len(shown)),
        "remark": "".join(f"\n{remark}" for remark in ["", BROKEN, *remarks]) if broken else "",
    }
    left_out = len(facts.published.facts) - len(shown)
    return LLMRequest(
        step,
        NAME,
        inputs,
        SCHEMA,
        _cap(ctx),
        # A second answer that does not come is no reason to fail: there is the template.
        required=step == STEP,
        prompt=prompts.render(NAME, values, tag=ctx.tag(step)),
        truncated={"facts_not_sent": left_out} if left_out else {},
    )


def _fitting(facts: Sequence[Fact], ctx: Context) -> Sequence[Fact]:
    """Return the weightiest facts that fit the model's window; raises ContextTooLong if none does."""
    room = ctx.limits.room(_cap(ctx), INSTRUCTION_TOKENS)
    for count in range(len(facts), 0, -1):
        if ctx.limits.count("\n".join(map(_line, facts[:count]))) <= room:
            return facts[:count]
    raise ContextTooLong("No fact is short enough to be sent.", maximum=ctx.limits.window)


def _cap(ctx: Context) -> int:
    return ctx.limits.answer(ANSWER_TOKENS)


def _line(fact: Fact) -> str:
    """Return what a model is shown of a fact."""
    went = f"; it {WENT[fact.direction]}" if fact.direction else ""
    word = NAMED_BY.get(fact.id.removeprefix(PREFIX))
    return f"{{{fact.id}}} = {fact.display}: {fact.label}{went}{f'; word: {word.asked}' if word else ''}"
