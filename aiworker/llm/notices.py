"""What the log is told about a model and its prompts: each thing once, however many requests meet it."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field

from aiworker.llm.caching import is_cached, prefix_tokens
from aiworker.llm.capabilities import Model, Served
from aiworker.protocol import LLMRequest

log = logging.getLogger("aiworker.llm")


@dataclass(frozen=True, slots=True)
class Notices:
    """What was told already."""

    _told: set[tuple[str, str, str]] = field(default_factory=set[tuple[str, str, str]])

    def of_model(self, served: Served) -> None:
        """Warn of a model that is replaced, ends or is unlisted."""
        if not served.warning:
            return
        requested, model = served.requested, served.served
        is_same = model.name == requested
        event = "model-replaced" if not is_same else "model-ending" if model.is_listed else "model-unlisted"
        self._tell(event, requested, model.name, {"requestedModel": requested, "servedModel": model.name})

    def of_prompt(self, request: LLMRequest, model: Model) -> None:
        """Warn of a prompt that asks to be cached and is too short for the model to do so."""
        prompt, minimum = request.prompt, model.min_cache_tokens
        is_asked = any(block.is_cached for block in prompt.blocks)
        if minimum is None or not is_asked or ("prompt-not-cached", prompt.name, model.name) in self._told:
            return
        tokens = prefix_tokens(prompt.blocks, model)
        if not is_cached(tokens, model):
            fields = {"task": prompt.name, "servedModel": model.name, "prefixTokens": tokens, "minimumTokens": minimum}
            self._tell("prompt-not-cached", prompt.name, model.name, fields)

    def _tell(self, event: str, about: str, model: str, fields: Mapping[str, object]) -> None:
        if (event, about, model) not in self._told:
            self._told.add((event, about, model))
            log.warning(event, extra={"fields": fields})
