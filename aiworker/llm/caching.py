"""Which part of a prompt a provider can cache; below a model's minimum it caches nothing and says nothing."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import takewhile

from aiworker.llm.capabilities import Model
from aiworker.llm.tokens import count
from aiworker.protocol import Block


def prefix_tokens(blocks: Sequence[Block], model: Model) -> int:
    """Count a prompt up to its last breakpoint; without one, up to where it differs from job to job."""
    marked = [at for at, block in enumerate(blocks) if block.is_cached]
    prefix = blocks[: marked[-1] + 1] if marked else takewhile(lambda block: not block.is_untrusted, blocks)
    return sum(count(block.text, model).tokens for block in prefix)


def is_cached(tokens: int, model: Model) -> bool:
    """Say whether a model caches a prefix of so many tokens."""
    return model.min_cache_tokens is not None and tokens >= model.min_cache_tokens
