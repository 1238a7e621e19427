"""A job that asks a model by every way in: a scripted model, either provider, a serving worker, a preview."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace

import pytest

from aiworker.envelope import Envelope
from aiworker.errors import Decided, TransientFault
from aiworker.protocol import JsonValue, LLMRequest, Saved
from aiworker.queue.producer import JobStatus, NewJob
from aiworker.runtime import subjects
from aiworker.runtime.examples import Example
from aiworker.runtime.execute import Runtime, execute
from aiworker.runtime.preview import Preview, previewing
from aiworker.settings import Settings
from aiworker.testing.llm import FakeProviders
from tests.integration.runtime.floor import Floor
from tests.support import doors
from tests.support.jobs import ScriptedModel

_TAG = re.compile(rb"data-[0-9a-f]{10}")


# Answers


def answer(text: str) -> str:
    """Return what a model answers that was asked for a summary."""
    return json.dumps({"summary": text})


def model(*answers: str | BaseException | Callable[[LLMRequest], str]) -> ScriptedModel:
    """Return a model that answers with these summaries."""
    return ScriptedModel([answer(text) if isinstance(text, str) else text for text in answers])


# Ways in


async def work_in_vain(delivery: Envelope, wired: Runtime) -> None:
    """Work a delivery up to its result, which cannot be saved."""

    async def save(*step: object) -> Saved:
        raise TransientFault("away")

    processors = [replace(processor, save=save) for processor in wired.processors]
    with pytest.raises(Decided):
        await execute(delivery, replace(wired, processors=processors))


def settings(provider: str, fake: FakeProviders) -> Settings:
    """Return settings under which a provider's SDK asks the fake on loopback."""
    return doors.settings(fake, provider, url=doors.on(fake, provider))


async def previews(job: str, data: JsonValue, chosen: Settings, database_url: str) -> list[Preview]:
    """Return what would be sent for a job."""
    subject = subjects.one_shot(chosen, job, json.dumps(data))
    async with previewing(subject, chosen, database_url, []) as previewer:
        return previewer.previews()


def untagged(body: bytes) -> bytes:
    """Return what was sent without the tag that each run has of its own."""
    return _TAG.sub(b"data", body)


async def served(floor: Floor, example: Example) -> JobStatus:
    """Return how an example's job ended that a serving worker took from its queue."""
    async with floor.serving():
        added = await floor.producer.add("ai-jobs", NewJob(example.job, json.dumps(example.payload)))
        return await floor.ended(added)
