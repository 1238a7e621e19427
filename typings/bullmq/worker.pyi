import asyncio
from collections.abc import Awaitable, Callable, Mapping

from bullmq.abort_controller import AbortSignal
from bullmq.backends import RedisBackend
from bullmq.job import Job
from bullmq.lock_manager import LockManager
from bullmq.redis_connection import RedisConnection
from bullmq.timer import Timer
from redis.asyncio import Redis

class Worker:
    id: str
    opts: dict[str, object]
    backend: RedisBackend
    blockingRedisConnection: RedisConnection
    bclient: Redis
    lockManager: LockManager
    stalledCheckTimer: Timer
    running: bool
    paused: bool
    resume_event: asyncio.Event
    drained: bool
    blockUntil: int
    closing: bool
    forceClosing: bool
    closed: bool
    processing: set[asyncio.Future[None]]
    jobs: set[tuple[Job, str]]
    waiting: asyncio.Future[int] | None
    clientName: str
    _client_name_set: bool
    _callbacks: dict[str, list[Callable[..., object]]]
    def __init__(
        self,
        name: str,
        processor: Callable[[Job, str, AbortSignal], Awaitable[object]],
        opts: Mapping[str, object] = ...,
    ) -> None: ...
    def on(self, event_name: str, function: Callable[..., object]) -> Callable[..., object]: ...
    def emit(self, event_name: str, *args: object) -> None: ...
    async def run(self) -> None: ...
    async def processJob(self, job: Job, token: str) -> Job | None: ...
    async def moveToActive(self, token: str) -> Job | None: ...
    async def waitForJob(self) -> int: ...
    async def runStalledJobsCheck(self) -> None: ...
    async def getNextJob(self, token: str) -> Job | None: ...
    async def nextJobFromJobData(
        self,
        job_data: dict[str, str] | None = None,
        job_id: str | None = None,
        limit_until: int = 0,
        delay_until: int = 0,
        token: str | None = None,
    ) -> Job | None: ...
    async def retryIfFailed(
        self, fn: Callable[[], Awaitable[object]], opts: Mapping[str, object] | None = None
    ) -> object: ...
    async def _ensure_client_names(self) -> None: ...
    async def close(self, force: bool = False) -> None: ...
    async def pause(self, do_not_wait_active: bool = False) -> None: ...
    def resume(self) -> None: ...
    def cancelAllJobs(self, reason: str | None = None) -> None: ...
    def cancelProcessing(self) -> None: ...
