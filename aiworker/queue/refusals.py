"""The end of a job is told again while Redis refuses every write.

Such a refusal comes before a script's first write, so nothing was done, and it says nothing about the job.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Sequence
from typing import Final

from redis.exceptions import OutOfMemoryError, ResponseError

from aiworker.queue.line import Argument, Script

PASSING: Final = re.compile(r"(?:^|-)(?:BUSY|MISCONF|NOREPLICAS|OOM) ")
"""A slow script holds the server up, it cannot save to disk, has too few replicas, or no memory.

Before version 7 a server quotes the code of a script's refusal in the middle of its text.
"""
ENDINGS: Final = ("moveToFinished", "moveToDelayed", "retryJob")
"""BullMQ's scripts that end an attempt."""


def is_passing(error: ResponseError) -> bool:
    """Say whether Redis would have refused any other job's script just as well."""
    return isinstance(error, OutOfMemoryError) or PASSING.search(str(error)) is not None


class Insistent:
    """A script that is asked again every `wait` seconds until it is answered; `tell` hears of each refusal.

    The script checks the job's lock each time, so it may come late but never to a job that is another worker's.
    """

    def __init__(self, script: Script, *, wait: float, tell: Callable[[Exception], None]) -> None:
        self._script = script
        self._wait = wait
        self._tell = tell
        self.sha = script.sha
        self.script = script.script

    async def __call__(
        self, keys: Sequence[str] | None = None, args: Sequence[Argument] | None = None, client: object = None
    ) -> object:
        while True:
            try:
                return await self._script(keys, args, client)
            except ResponseError as error:
                if not is_passing(error):
                    raise
                self._tell(error)
            await asyncio.sleep(self._wait)
