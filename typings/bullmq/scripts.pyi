from collections.abc import Awaitable, Callable, Mapping

from bullmq.job import Job
from bullmq.redis_connection import RedisConnection

class Scripts:
    commands: Mapping[str, Callable[..., Awaitable[object]]]
    def __init__(self, prefix: str, queueName: str, redisConnection: RedisConnection) -> None: ...
    def addJobArgs(self, job: Job) -> list[bytes | str]: ...
    async def reprocessJob(self, job: Job, state: str, opts: Mapping[str, object] = ...) -> None: ...
