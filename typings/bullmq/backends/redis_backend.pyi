from bullmq.redis_connection import RedisConnection
from bullmq.scripts import Scripts

class RedisBackend:
    connection: RedisConnection
    blocking_connection: RedisConnection | None
    scripts: Scripts
    async def close(self, force: bool = False) -> None: ...
