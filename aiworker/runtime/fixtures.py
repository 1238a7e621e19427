"""Runs cases: gather and ask on the production path, then a job's own settle over an answer given, computed or bought.

Nothing is stored or sent on, and a case's rows are rolled back before anybody is asked.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

from aiworker.domain.resume.guard.decisions import NothingLeft
from aiworker.errors import (
    AiworkerError,
    Cancel,
    ConfigurationError,
    DeadlineExceeded,
    InvalidPayload,
    JobFailed,
    NotFound,
    ServiceUnreachable,
    UsageError,
)
from aiworker.llm.client import SdkModel
from aiworker.llm.offline import OfflineModel
from aiworker.llm.reply import no_answer
from aiworker.processors import PROCESSORS, AnyProcessor
from aiworker.protocol import Described, FollowUp, LLMReply, LLMRequest, Measured, Reply, Unavailable
from aiworker.runtime.cases import Case, Expected
from aiworker.runtime.execute import MAX_ROUNDS
from aiworker.runtime.preview import Door, Previewer, cost_of, previewing, tokens_of
from aiworker.runtime.subjects import one_shot
from aiworker.runtime.wiring import utc_now
from aiworker.settings import Settings

Answer = Callable[[LLMRequest], Awaitable[LLMReply]]
QUOTED = 60
"""Characters of a case's own text that are quoted to say what differed."""


class NotAnswered(AiworkerError):
    """A call of the case got no answer."""

    code = "not_answered"


@dataclass(frozen=True, slots=True)
class Ready:
    """A case with what its job would send, or with the error that ended it before."""

    case: Case
    previewer: Previewer | None = None
    requests: tuple[LLMRequest, ...] = ()
    error: Exception | None = None
    seconds: float = 0.0

    @property
    def needs_answer(self) -> bool:
        """Whether a model, or the rule engine, has to answer."""
        return self.previewer is not None and self.case.answers is None


@dataclass(frozen=True, slots=True)
class Seen:
    """What became of a case's job: its calls as they were made, the error that ended it, or the result described."""

    prompt: str = field(repr=False)
    tokens: int
    left_over: int = 0
    error: Exception | None = None
    result: Described | None = None

    @property
    def measured(self) -> Measured | None:
        """What a guard counted in the answers, also if nothing was left of them; None if nobody counted."""
        if isinstance(self.error, NothingLeft):
            return self.error.evidence.measured
        return self.result.measured if self.result else None

    @property
    def status(self) -> Literal["ok", "failed", "broken"]:
        """Tell a job that failed for good from a case that says nothing of its job."""
        if self.error is None:
            return "ok"
        return "failed" if isinstance(self.error, InvalidPayload | NotFound | JobFailed) else "broken"

    @property
    def code(self) -> str | None:
        if self.error is None:
            return None
        return self.error.code if isinstance(self.error, AiworkerError) else "unexpected"


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether what was seen is what the case expects; `model` is who answered."""

    case: Case
    seen: Seen
    differences: tuple[str, ...]
    model: str
    seconds: float
    cost_usd: Decimal

    @property
    def passed(self) -> bool:
        return not self.differences


@dataclass(slots=True)
class Bench:
    """Runs cases one by one; if it `sends`, those without an answer cost `most` US dollars together at most."""

    settings: Settings
    database_url: str
    model: str = ""
    provider: str | None = None
    sends: bool = False
    most: Decimal = Decimal(0)
    processors: Sequence[AnyProcessor] = PROCESSORS
    spent: Decimal = Decimal(0)

    async def ready(self, case: Case) -> Ready:
        """Gather and ask; raises what is no case's fault, and UsageError for rows that lack a column."""
        began, envelope = time.monotonic(), one_shot(self.settings, case.processor.name, case.payload)
        try:
            async with previewing(
                envelope,
                self.settings,
                self.database_url,
                [self.model],
                provider=self.provider,
                example=case.rows,
                sends=self.sends,
                for_snapshot=True,
                processors=self.processors,
            ) as previewer:
                requests = previewer.requests(previewer.doors[0])
                return Ready(case, previewer, requests, seconds=time.monotonic() - began)
        except (ConfigurationError, ServiceUnreachable):
            raise
        except UsageError as error:
            raise UsageError(f"{case.file}: {error.message}", remedy=error.remedy) from error
        except Exception as error:  # noqa: BLE001 - one case that breaks must not keep the others from running
            return Ready(case, error=error, seconds=time.monotonic() - began)

    async def verdict(self, ready: Ready) -> Verdict:
        """Have the calls of a case answered, settle, and hold what comes of it against what is expected."""
        began, spent = time.monotonic(), self.spent
        if ready.previewer is None:
            seen, model = Seen("", 0, error=ready.error), "-"
        else:
            talk = self._talk(ready.case, ready.previewer)
            seen, model = await talk.held(ready.requests), talk.model
            if self.sends:
                await ready.previewer.doors[0].aclose()
        found = tuple(differences(ready.case.expect, seen))
        seconds = ready.seconds + time.monotonic() - began
        return Verdict(ready.case, seen, found, model, seconds, self.spent - spent)

    def _talk(self, case: Case, previewer: Previewer) -> _Talk:
        door = previewer.doors[0]
        if case.answers is not None:
            return _Talk(previewer, _given(iter(case.answers), door), "the case", len(case.answers))
        if not self.sends:
            return _Talk(previewer, OfflineModel().answer, OfflineModel.model)
        return _Talk(previewer, lambda request: self._sent(request, previewer), door.served.served.name)

    async def _sent(self, request: LLMRequest, previewer: Previewer) -> LLMReply:
        door, deadline = previewer.doors[0], previewer.admitted.policy.deadline
        if self.spent + cost_of(request, door).live.usd > self.most:
            raise NotAnswered("This call could cost more than is left of --max-cost.")
        try:
            async with asyncio.timeout(deadline.total_seconds()):
                reply = await SdkModel(door, utc_now).answer(request)
        except TimeoutError as error:
            raise DeadlineExceeded(f"No answer within {deadline.total_seconds():g} s.") from error
        self.spent += Decimal(reply.usage.cost_usd or 0)
        if unusable := no_answer(reply.stop_reason):
            raise unusable
        return reply


@dataclass(slots=True)
class _Talk:
    """The calls of one case, and who answers them."""

    previewer: Previewer
    answer: Answer
    model: str
    answers: int | None = None
    asked: list[LLMRequest] = field(default_factory=list[LLMRequest])

    async def held(self, requests: tuple[LLMRequest, ...]) -> Seen:
        """Ask round by round as `serve` does, and tell how it ended."""
        result, problem = None, None
        try:
            result = await self._settled(requests)
        except Exception as error:  # noqa: BLE001 - as in `ready`
            problem = error
        door, asked = self.previewer.doors[0], self.asked or list(requests)
        prompt = "\n".join(block.text for request in asked for block in request.prompt.blocks)
        tokens = max((tokens_of(request, door) for request in asked), default=0)
        left_over = 0 if self.answers is None else self.answers - len(self.asked)
        return Seen(prompt, tokens, left_over, problem, result)

    async def _settled(self, calls: tuple[LLMRequest, ...]) -> Described | None:
        replies: dict[str, Reply] = {}
        for _ in range(MAX_ROUNDS):
            for call in calls:
                replies[call.step] = await self._reply(call)
            result = self.previewer.settle(self.previewer.doors[0], replies)
            if not isinstance(result, FollowUp):
                describe = self.previewer.admitted.processor.describe
                return describe(self.previewer.facts, result) if describe else None
            calls = result.calls
        raise JobFailed(f"No result after {MAX_ROUNDS} rounds of calls.", code="too_many_rounds")

    async def _reply(self, call: LLMRequest) -> Reply:
        self.asked.append(call)
        try:
            return await self.answer(call)
        except AiworkerError as error:
            if call.required or isinstance(error, NotAnswered):
                raise
            return Unavailable(error.code, retryable=not isinstance(error.outcome(utc_now()), Cancel))


def differences(expect: Expected, seen: Seen) -> Iterator[str]:
    """Yield in short words what is not as expected; no text but the case's own is quoted."""
    if seen.status != expect.status:
        yield f"status: expected {expect.status}, got {seen.status}{f' ({seen.code})' if seen.code else ''}"
    elif expect.code not in (None, seen.code):
        yield f"code: expected {expect.code}, got {seen.code}"
    elif seen.status == "ok" and seen.left_over:
        yield f"answers: {seen.left_over} not asked for"
    if seen.result:
        yield from _of_result(expect, seen.result)
    yield from _texts("prompt_contains", expect.prompt_contains, [seen.prompt], are_there=True)
    yield from _texts("prompt_lacks", expect.prompt_lacks, [seen.prompt], are_there=False)
    if expect.max_prompt_tokens is not None and seen.tokens > expect.max_prompt_tokens:
        yield f"max_prompt_tokens: {seen.tokens:,} are more than {expect.max_prompt_tokens:,}"


def _of_result(expect: Expected, result: Described) -> Iterator[str]:
    yield from _places("changed", expect.changed, result.changed, {"was kept": result.kept})
    yield from _places("kept", expect.kept, result.kept, {"was changed": result.changed})
    if expect.findings is not None:
        found = [f"{rule} of {place}" for place, rule in result.findings]
        wanted = [f"{each.rule} of {each.bullet}" for each in expect.findings]
        yield from _places("findings", wanted, found, {})
    yield from _notes(expect.notes, result.notes)
    yield from _texts("contains", expect.contains, result.changed.values(), are_there=True)
    yield from _texts("lacks", expect.lacks, result.changed.values(), are_there=False)


def _places(
    key: str, wanted: Sequence[str] | None, found: Collection[str], others: Mapping[str, Collection[str]]
) -> Iterator[str]:
    if wanted is None:
        return
    if not wanted and found:
        yield f"{key}: expected none, got {', '.join(found)}"
    for place in wanted:
        if place not in found:
            instead = (what for what, places in others.items() if place in places)
            yield f"{key}: {place} {next(instead, 'is not there')}"


def _notes(wanted: Mapping[str, str] | None, found: Mapping[str, str]) -> Iterator[str]:
    yield from _places("notes", None if wanted is None else list(wanted), found, {})
    for place, note in (wanted or {}).items():
        if found.get(place, note) != note:
            yield f"notes: {place} has another than {_quoted(note)}"


def _texts(key: str, texts: Sequence[str], places: Collection[str], *, are_there: bool) -> Iterator[str]:
    for text in texts:
        if any(text in place for place in places) is not are_there:
            yield f"{key}: {_quoted(text)} is {'not ' if are_there else ''}there"


def _quoted(text: str) -> str:
    return repr(text if len(text) <= QUOTED else f"{text[:QUOTED]}…")


def _given(answers: Iterator[str], door: Door) -> Answer:
    """Answer each call with the next text, as the model that would be asked."""
    served = door.served

    async def answer(request: LLMRequest) -> LLMReply:
        text = next(answers, None)
        if text is None:
            raise NotAnswered(f"The job makes more calls than the case answers: {request.step}.")
        return LLMReply(text, door.provider, served.requested, served.served.name, "end")

    return answer
