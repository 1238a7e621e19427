"""Anthropic's message batches: requests inline, results as JSON lines in any order once all have ended."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from aiworker.testing.llm.batches import ENDED, Item, Timeline, shuffled, work
from aiworker.testing.llm.paging import anthropic_page
from aiworker.testing.llm.scenarios import Content
from aiworker.testing.llm.wire import (
    JSON_LINES,
    Answer,
    JsonObject,
    Refused,
    Seen,
    as_list,
    as_object,
    as_text,
    invalid,
)
from aiworker.testing.llm.world import World

BATCHES = "/v1/messages/batches"
MAX_REQUESTS = 100_000
KEPT = timedelta(days=29)
CUSTOM_ID = re.compile(r"[a-zA-Z0-9_-]{1,64}")

CompleteOne = Callable[[JsonObject, Content | None, str], JsonObject]
ErrorBody = Callable[[Refused, str], JsonObject]


@dataclass(slots=True)
class Batch:
    """One batch."""

    id: str
    timeline: Timeline


class Batches:
    """The batches of one workspace."""

    def __init__(self, world: World, complete: CompleteOne, error_body: ErrorBody) -> None:
        self._world = world
        self._complete = complete
        self._error_body = error_body
        self._batches: dict[str, Batch] = {}

    def answer(self, seen: Seen) -> Answer | None:
        """Answer a request about batches; None if it is about something else."""
        match seen.method, seen.route.removeprefix("/v1/messages/").split("/"):
            case "POST", ["batches"]:
                return Answer.json(self._shown(self._create(seen.object), seen.origin))
            case "GET", ["batches"]:
                newest = list(self._batches)[::-1]
                return Answer.json(anthropic_page(newest, seen.query, partial(self._shown_by_id, seen.origin)))
            case "GET", ["batches", batch_id]:
                return Answer.json(self._shown(self._get(batch_id), seen.origin))
            case "POST", ["batches", batch_id, "cancel"]:
                return Answer.json(self._shown(self._cancel(batch_id), seen.origin))
            case "DELETE", ["batches", batch_id]:
                return Answer.json(self._delete(batch_id))
            case "GET", ["batches", batch_id, "results"]:
                return self._results(self._get(batch_id))
            case _:
                return None

    def _get(self, batch_id: str) -> Batch:
        if batch_id not in self._batches:
            raise Refused(404, "not_found_error", f"Message batch {batch_id} not found")
        return self._batches[batch_id]

    def _create(self, body: JsonObject) -> Batch:
        requests = [as_object(request) for request in as_list(body.get("requests"))]
        if not 0 < len(requests) <= MAX_REQUESTS:
            raise invalid(f"requests: List should have 1 to {MAX_REQUESTS} items, not {len(requests)}")
        named = [(as_text(request.get("custom_id")), as_object(request.get("params"))) for request in requests]
        for number, (custom_id, _) in enumerate(named):
            if not CUSTOM_ID.fullmatch(custom_id):
                raise invalid(f"requests.{number}.custom_id: String should match pattern '^{CUSTOM_ID.pattern}$'")
        twice = [custom_id for custom_id, times in Counter(custom_id for custom_id, _ in named).items() if times > 1]
        if twice:
            raise invalid(f"requests: custom_id must be unique, {twice[0]} is not")
        complete = self._complete
        items = work(
            self._world, "anthropic", "/v1/messages", named, lambda params, step: complete(params, step, "batch")
        )
        timeline = Timeline(self._world.clock.now(), self._world.batch_takes, items)
        batch = Batch(self._world.new_id("msgbatch_"), timeline)
        self._batches[batch.id] = batch
        return batch

    def _cancel(self, batch_id: str) -> Batch:
        batch = self._get(batch_id)
        if not batch.timeline.cancel(self._world.clock.now()):
            raise invalid(f"Batch {batch_id} cannot be canceled because it has finished processing.")
        return batch

    def _delete(self, batch_id: str) -> JsonObject:
        if not self._ended(self._get(batch_id)):
            raise invalid(f"Batch {batch_id} cannot be deleted because it is still processing.")
        del self._batches[batch_id]
        return {"id": batch_id, "type": "message_batch_deleted"}

    def _results(self, batch: Batch) -> Answer:
        if not self._ended(batch) or self._archived(batch):
            raise Refused(404, "not_found_error", f"Results of batch {batch.id} are not available")
        outcomes = self._outcomes(batch)
        lines = (
            {"custom_id": item.custom_id, "result": self._result(item, outcomes[item.custom_id])}
            for item in shuffled(batch.timeline.items)
        )
        content = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
        return Answer(200, content.encode("utf-8", "surrogatepass"), {"content-type": JSON_LINES})

    def _result(self, item: Item, outcome: str) -> JsonObject:
        if outcome == "succeeded":
            return {"type": outcome, "message": item.body}
        if outcome == "errored" and item.refused:
            return {"type": outcome, "error": self._error_body(item.refused, self._world.new_id("req_"))}
        return {"type": outcome}

    def _outcomes(self, batch: Batch) -> dict[str, str]:
        unfinished = "canceled" if batch.timeline.cancelled else "expired"
        finished = batch.timeline.finished(self._world.clock.now())
        known = {item.custom_id: "succeeded" if item.refused is None else "errored" for item in finished}
        return {item.custom_id: known.get(item.custom_id, unfinished) for item in batch.timeline.items}

    def _ended(self, batch: Batch) -> bool:
        return batch.timeline.stage(self._world.clock.now()) in ENDED

    def _archived(self, batch: Batch) -> bool:
        return self._world.clock.now() >= batch.timeline.created + KEPT

    def _shown_by_id(self, origin: str, batch_id: str) -> JsonObject:
        return self._shown(self._get(batch_id), origin)

    def _shown(self, batch: Batch, origin: str) -> JsonObject:
        time, ended, archived = batch.timeline, self._ended(batch), self._archived(batch)
        counts = Counter(self._outcomes(batch).values()) if ended else Counter(processing=len(time.items))
        status = "ended" if ended else "canceling" if time.cancelled else "in_progress"
        return {
            "id": batch.id,
            "type": "message_batch",
            "processing_status": status,
            "request_counts": {
                name: counts[name] for name in ("processing", "succeeded", "errored", "canceled", "expired")
            },
            "created_at": _stamp(time.created),
            "expires_at": _stamp(time.expires),
            "ended_at": _stamp(time.ends) if ended else None,
            "cancel_initiated_at": _stamp(time.cancelled) if time.cancelled else None,
            "archived_at": _stamp(time.created + KEPT) if archived else None,
            "results_url": f"{origin}{BATCHES}/{batch.id}/results" if ended and not archived else None,
        }


def _stamp(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")
