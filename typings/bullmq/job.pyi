from collections.abc import Callable, Mapping

from bullmq.queue import Queue
from bullmq.worker import Worker

class Job:
    name: str
    id: str
    queue: Queue | Worker
    data: object
    opts: dict[str, object]
    attempts: int
    attemptsMade: int
    attemptsStarted: int
    stalledCounter: int
    priority: int
    timestamp: int
    token: str | None
    deferredFailure: str | None
    failedReason: str | None
    returnvalue: object
    stacktrace: list[str]
    # A method in the library; ours replaces it on each job, because the stock one writes absolute paths.
    updateStacktrace: Callable[[], None]
    def __init__(
        self, queue: Queue, name: str, data: object, opts: Mapping[str, object] = ..., job_id: str | None = None
    ) -> None: ...
    async def getState(self) -> str: ...
    async def moveToDelayed(self, timestamp: int, token: str) -> None: ...
    async def moveToFailed(self, err: Exception, token: str, fetchNext: bool = False) -> list[object] | None: ...
    async def retry(self, state: str = "failed", opts: Mapping[str, object] = ...) -> None: ...
    @staticmethod
    async def fromId(queue: Queue, jobId: str) -> Job | None: ...
    @staticmethod
    def fromJSON(queue: Worker, rawData: Mapping[str, str], jobId: str | None = None) -> Job: ...
