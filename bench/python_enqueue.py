"""Our side of bench/enqueue.py: `python -m bench.python_enqueue <json>`; one JSON line comes out at the end."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Mapping
from typing import Any

import uvloop

from aiworker.queue.producer import NewJob, Producer
from bench.rounds import POLICIES


async def add(given: Mapping[str, Any]) -> None:
    """Add all jobs, as many at once as the size says; a tenth before the clock runs."""
    size, jobs = given["size"], given["jobs"]
    block = [NewJob("no-op", {"due": 0}) for _ in range(size)]
    async with Producer(given["url"], prefix=given["prefix"], policies=POLICIES) as producer:
        for _ in range(jobs // 10 // size + 1):
            await producer.add_many(given["queue"], block)
        print("ready", flush=True)
        began = time.perf_counter()
        for _ in range(jobs // size):
            await producer.add_many(given["queue"], block)
        print(json.dumps({"seconds": time.perf_counter() - began}), flush=True)


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(add(json.loads(sys.argv[1])))
