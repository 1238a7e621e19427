"""Wait for what a test expects to happen, never for time to pass."""

from __future__ import annotations

import time
from collections.abc import Callable

_POLL_SECONDS = 0.01


def wait_until(predicate: Callable[[], object], description: str, timeout: float = 5.0) -> float:
    """Return the seconds it took until `predicate` held; fail with `description` after `timeout` seconds."""
    began = time.monotonic()
    while not predicate():
        if time.monotonic() - began > timeout:
            raise AssertionError(f"not within {timeout:g} s: {description}")
        time.sleep(_POLL_SECONDS)
    return time.monotonic() - began
