"""Named places where a test can have the process killed; without AIWORKER_KILLPOINT they do nothing.

`AIWORKER_KILLPOINT=in_tx` kills at the first pass, `in_tx:3` at the third. Production refuses to start with one.
"""

from __future__ import annotations

import logging
import os
import signal
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, get_args

from aiworker.errors import ConfigurationError
from aiworker.telemetry import logs

VARIABLE = "AIWORKER_KILLPOINT"
ENVIRONMENT = "AIWORKER_ENVIRONMENT"
Name = Literal[
    "claimed", "llm_sent", "llm_received", "checkpointed", "in_tx", "committed", "called", "before_ack"
]  # in the order a job passes them
NAMES: tuple[Name, ...] = get_args(Name)

log = logging.getLogger("aiworker.runtime")


@dataclass(slots=True)
class KillPoint:
    """The place that was named, and how often it must still be passed."""

    name: str
    left: int

    def is_due(self, name: str) -> bool:
        """Count a pass and say whether it is the last one."""
        if name == self.name:
            self.left -= 1
        return name == self.name and self.left == 0


def crashpoint(name: Name) -> None:
    """Kill this process if it was told to die here; the log line is written first, so that tests can count."""
    setting = os.environ.get(VARIABLE)
    if not setting or is_production():
        return
    if armed(setting).is_due(name):
        log.warning("killed-at", extra={"fields": {"state": name}})
        logs.shutdown()
        os.kill(os.getpid(), signal.SIGKILL)


def check() -> None:
    """Raise ConfigurationError if a kill point is set in production, or one that does not exist."""
    setting = os.environ.get(VARIABLE)
    if not setting:
        return
    if is_production():
        raise ConfigurationError(
            f"{VARIABLE} is set although {ENVIRONMENT} is production.", remedy=f"unset {VARIABLE}: it kills the worker"
        )
    log.warning("kill-point-armed", extra={"fields": {"state": armed(setting).name}})


def is_production() -> bool:
    """Say whether this process runs where people's jobs do."""
    return os.environ.get(ENVIRONMENT, "").strip().casefold() == "production"


@lru_cache(maxsize=1)
def armed(setting: str) -> KillPoint:
    """Read `name` or `name:n`; the same setting is the same kill point for the life of the process."""
    name, _, passes = setting.partition(":")
    if name not in NAMES or not (passes or "1").isdigit():
        raise ConfigurationError(f"{VARIABLE} names no kill point.", remedy=f"one of {', '.join(NAMES)}, or NAME:COUNT")
    return KillPoint(name, int(passes or "1"))
