"""What both SDKs have in common: the little of them that we call, and what becomes of their errors."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Generator, Mapping
from contextlib import contextmanager
from typing import Any, Protocol, TypeVar

from aiworker.llm import faults
from aiworker.llm.capabilities import Model

T_co = TypeVar("T_co", covariant=True)


class Method(Protocol[T_co]):
    """An SDK's method, as far as we use it: its own signature lists every option of the API."""

    def __call__(self, **body: Any) -> Awaitable[T_co]: ...


class Raw(Protocol):
    """A response before anybody parsed it."""

    @property
    def headers(self) -> Mapping[str, str]: ...


class Counted(Protocol):
    """What a provider counted before it was asked."""

    @property
    def input_tokens(self) -> int: ...


@contextmanager
def translated(kind: type[Exception], model: Model, setting: str) -> Generator[None]:
    """Raise ours for an SDK's errors (`kind`) and for a body that it could not read; let others pass."""
    try:
        yield
    except (kind, json.JSONDecodeError) as error:
        raise faults.translate(error, model, setting) from None
