from collections.abc import Mapping
from typing import TypedDict

from bullmq.job import Job
from bullmq.redis_connection import RedisConnection
from bullmq.scripts import Scripts

class Finished(TypedDict):
    result: list[object] | None
    finishedOn: int

class RedisBackend:
    connection: RedisConnection
    blocking_connection: RedisConnection | None
    scripts: Scripts
    keys: dict[str, str]
    async def moveToCompleted(
        self, job: Job, return_value: object, remove_on_complete: object, token: str, fetch_next: bool = True
    ) -> Finished: ...
    async def moveToDelayed(
        self, job_id: str, timestamp: int, delay: int, token: str = "0", opts: Mapping[str, object] = ...
    ) -> object: ...
    async def extendLocks(self, job_ids: list[str], tokens: list[str], duration: int) -> list[str] | None: ...
    async def getState(self, job_id: str) -> str: ...
    async def close(self, force: bool = False) -> None: ...
