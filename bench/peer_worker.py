"""Another queue's side of bench/peers.py: `.venv-bench/bin/python -m bench.peer_worker <json>`.

The backlog is added first; then the worker runs as its own documentation has it, only never waiting where it would
poll. The libraries are imported by name because the type checker's environment does not hold them.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Awaitable, Callable, Mapping
from importlib import import_module
from typing import Any

import uvloop

from bench.meter import Meter

Given = Mapping[str, Any]


async def arq(given: Given, meter: Meter) -> asyncio.Task[None]:
    """Start arq's worker on a backlog."""
    connections, workers = import_module("arq.connections"), import_module("arq.worker")
    settings = connections.RedisSettings.from_dsn(given["url"])
    pool = await connections.create_pool(settings)
    for _ in range(given["warm"] + given["jobs"]):
        await pool.enqueue_job("no_op")

    async def no_op(ctx: object) -> dict[str, object]:
        meter.count()
        return {}

    worker = workers.Worker(
        functions=[workers.func(no_op, name="no_op")],
        redis_settings=settings,
        max_jobs=given["concurrency"],
        poll_delay=0.001,
        handle_signals=False,
    )
    return asyncio.create_task(worker.async_run())


async def saq(given: Given, meter: Meter) -> asyncio.Task[None]:
    """Start SAQ's worker on a backlog."""
    module = import_module("saq")
    queue = module.Queue.from_url(given["url"])
    await queue.connect()
    for _ in range(given["warm"] + given["jobs"]):
        await queue.enqueue("no_op")

    async def no_op(ctx: object) -> dict[str, object]:
        meter.count()
        return {}

    worker = module.Worker(queue, functions=[("no_op", no_op)], concurrency=given["concurrency"])
    return asyncio.create_task(worker.start())


async def taskiq(given: Given, meter: Meter) -> asyncio.Task[None]:
    """Start taskiq's receiver on a backlog, with results kept as the others keep theirs."""
    redis, receivers = import_module("taskiq_redis"), import_module("taskiq.receiver")
    broker = redis.ListQueueBroker(given["url"])
    broker = broker.with_result_backend(redis.RedisAsyncResultBackend(given["url"], result_ex_time=3600))

    async def no_op() -> dict[str, object]:
        meter.count()
        return {}

    task = broker.register_task(no_op, task_name="no_op")
    await broker.startup()
    for _ in range(given["warm"] + given["jobs"]):
        await task.kiq()
    broker.is_worker_process = True
    receiver = receivers.Receiver(broker, max_async_tasks=given["concurrency"], max_prefetch=given["concurrency"])
    return asyncio.create_task(receiver.listen(asyncio.Event()))


PEERS: Mapping[str, Callable[[Given, Meter], Awaitable[asyncio.Task[None]]]] = {
    "arq": arq,
    "saq": saq,
    "taskiq": taskiq,
}


async def main(given: Given) -> None:
    """Work the backlog to its end and print what was measured."""
    meter = Meter(given["warm"], given["jobs"])
    working = await PEERS[given["peer"]](given, meter)
    waiting = asyncio.create_task(meter.done.wait())
    await asyncio.wait({working, waiting}, return_when=asyncio.FIRST_COMPLETED)
    if not meter.done.is_set():
        working.result()
        sys.exit("the worker ended before its jobs")
    print(json.dumps(meter.result()), flush=True)
    # How each of them closes is not measured, and may take seconds or complain.
    os._exit(0)


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main(json.loads(sys.argv[1])))
