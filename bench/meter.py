"""Counts ended jobs inside a measured process, and times what comes after the warm-up; imports nothing of ours."""

from __future__ import annotations

import asyncio
import re
import resource
import time
from pathlib import Path


class Meter:
    """Counts `warm` jobs, then times `jobs`; looks at the memory `samples` times meanwhile."""

    def __init__(self, warm: int, jobs: int, *, samples: int = 0) -> None:
        self._warm, self._all = warm, warm + jobs
        self._every = max(jobs // samples, 1) if samples else 0
        self._ended = 0
        self._began, self._cpu = time.perf_counter(), cpu_seconds()
        self._seconds = self._spent = 0.0
        self._memory: list[float] = []
        self.done = asyncio.Event()

    def count(self) -> None:
        """Note that one more job has ended."""
        self._ended += 1
        if self._ended == self._warm:
            self._began, self._cpu = time.perf_counter(), cpu_seconds()
        if self._every and self._ended > self._warm and not self._ended % self._every:
            self._memory.append(rss_mib())
        if self._ended == self._all:
            self._seconds, self._spent = time.perf_counter() - self._began, cpu_seconds() - self._cpu
            self.done.set()

    def result(self) -> dict[str, object]:
        """Return what was measured, once it is done."""
        return {"seconds": self._seconds, "cpu": self._spent, "rss": rss_mib(), "memory": self._memory}


def cpu_seconds() -> float:
    """Return the CPU time this process has used."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def rss_mib() -> float:
    """Return the memory of this process that is in RAM."""
    found = re.search(r"VmRSS:\s+(\d+)", Path("/proc/self/status").read_text())
    return int(found[1]) / 1024 if found else 0.0
