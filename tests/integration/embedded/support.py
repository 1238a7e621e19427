"""What the embedded tests do all the time: run users, look at processes, put data into the servers."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import asyncpg
from bullmq import Queue

from aiworker import embedded
from aiworker.embedded.orphans import running
from aiworker.embedded.paths import Layout
from tests.support.waiting import wait_until

PROJECT = Path(__file__).parents[3]
LINGER = 0.3
SERVER_NAMES = frozenset({"postgres", "initdb", "valkey-server", "redis-server"})
QUEUE = "embedded-test"


@dataclass(frozen=True, slots=True)
class User:
    """A process that holds a lease."""

    process: subprocess.Popen[str]

    def answer(self) -> dict[str, object]:
        """Return what it printed: the servers or the error."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, f"user {self.process.pid} said nothing"
        return cast("dict[str, object]", json.loads(line))

    def servers(self) -> embedded.Servers:
        """Return where its servers are."""
        answer = {name: str(value) for name, value in self.answer().items()}
        assert "error" not in answer, answer
        return embedded.Servers(
            database_url=answer["database_url"],
            redis_url=answer["redis_url"],
            redis_socket=answer["redis_socket"],
            supervisor_pid=int(answer["supervisor_pid"]),
            postgres_pid=int(answer["postgres_pid"]),
            valkey_pid=int(answer["valkey_pid"]),
            started_here=answer["started_here"] == "True",
            seconds=float(answer["seconds"]),
        )

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def end(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        for stream in (self.process.stdin, self.process.stdout):
            if stream is not None:
                stream.close()


def user_command(
    data_dir: Path,
    *,
    python: str = sys.executable,
    linger: float = LINGER,
    durable: bool = False,
    leave_child: bool = False,
    stay: bool = True,
) -> list[str]:
    options = {
        "data_dir": str(data_dir),
        "linger": linger,
        "durable": durable,
        "leave_child": leave_child,
        "stay": stay,
    }
    return [python, "-m", "tests.integration.embedded.user", json.dumps(options)]


def run_user(
    command: list[str],
    *,
    environment: Mapping[str, str] | None = None,
    user: int | None = None,
    group: int | None = None,
    before_exec: Callable[[], None] | None = None,
) -> User:
    process = subprocess.Popen(
        command,
        cwd=PROJECT,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        user=user,
        group=group,
        extra_groups=None if user is None else [],
        preexec_fn=before_exec,
    )
    return User(process)


def is_alive(pid: int) -> bool:
    """Tell whether the process runs; a zombie does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in {"Z", "X"}
    except OSError:
        return False


def pids(servers: embedded.Servers) -> tuple[int, int, int]:
    return servers.supervisor_pid, servers.postgres_pid, servers.valkey_pid


def all_gone(servers: embedded.Servers) -> bool:
    return not any(is_alive(pid) for pid in pids(servers))


def await_all_gone(servers: embedded.Servers, timeout: float = LINGER + 3) -> None:
    wait_until(lambda: all_gone(servers), "supervisor and both servers are gone", timeout)


def kill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)


def server_processes(data_dir: Path) -> list[int]:
    """List the servers that belong to this data directory, supervised or not."""
    root = data_dir.resolve()
    return [
        process.pid
        for process in running(SERVER_NAMES)
        if str(root) in process.command or (process.directory is not None and process.directory.is_relative_to(root))
    ]


def supervisor_pids(data_dir: Path) -> list[int]:
    """List the supervisors of this data directory."""
    wanted = json.dumps(str(data_dir.resolve()))
    return [
        process.pid
        for process in running(frozenset({Path(sys.executable).resolve().name[:15], "python", "python3"}))
        if "aiworker.embedded.supervisor" in process.command and wanted in process.command
    ]


def end_everything(data_dir: Path) -> None:
    """Leave no process behind, whatever the test did, and none of PostgreSQL's segments in shared memory."""
    for pid in filter(is_alive, supervisor_pids(data_dir)):
        kill(pid)
    try:
        # Their supervisor's death has told the servers to shut down; one that is killed clears nothing up.
        wait_until(lambda: not server_processes(data_dir), "the servers shut down")
    except AssertionError:
        for pid in filter(is_alive, server_processes(data_dir)):
            kill(pid)
        wait_until(lambda: not server_processes(data_dir), "no server of the test is left")


def run_sql(url: str, *statements: str) -> None:
    async def run() -> None:
        connection = await asyncpg.connect(url)
        try:
            for statement in statements:
                await connection.execute(statement)
        finally:
            await connection.close()

    asyncio.run(run())


def fetch(url: str, query: str) -> list[int]:
    async def run() -> list[int]:
        connection = await asyncpg.connect(url)
        try:
            return [int(str(row[0])) for row in await connection.fetch(query)]
        finally:
            await connection.close()

    return asyncio.run(run())


def add_rows(url: str, *numbers: int) -> None:
    values = ", ".join(f"({number})" for number in numbers)
    run_sql(url, "create table if not exists seen (n int)", f"insert into seen values {values}")


def rows(url: str) -> list[int]:
    return fetch(url, "select n from seen order by n")


def add_jobs(url: str, count: int) -> None:
    async def run() -> None:
        queue = Queue(QUEUE, {"connection": url})
        try:
            for number in range(count):
                await queue.add("job", {"number": number})
        finally:
            await queue.backend.close()

    asyncio.run(run())


def waiting_jobs(url: str) -> int:
    async def run() -> int:
        queue = Queue(QUEUE, {"connection": url})
        try:
            return (await queue.getJobCounts("waiting"))["waiting"]
        finally:
            await queue.backend.close()

    return asyncio.run(run())


def log_of(data_dir: Path) -> str:
    return Layout.locate(data_dir).log.read_text()
