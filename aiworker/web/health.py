"""Health over HTTP: `/health` is the document's answer, `/live` and `/ready` are what an orchestrator asks.

No authentication and therefore no secrets: a source answers with names, states and counts only.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from typing import Protocol

import uvicorn
from fastapi import FastAPI
from fastapi.responses import JSONResponse

from aiworker.errors import ConfigurationError
from aiworker.protocol import JsonValue
from aiworker.runtime.health import Report

NOT_STORED = {"Cache-Control": "no-store"}
GRACE_S = 2


class HealthSource(Protocol):
    """Who knows how the worker is."""

    def health(self) -> Mapping[str, JsonValue]:
        """Return the document's keys `status`, `worker_active`, `llm_provider`; more may follow."""
        ...

    def live(self) -> Report:
        """Say whether the process still gets anywhere; if not, it is to be restarted."""
        ...

    async def ready(self) -> Report:
        """Say whether the worker can take jobs now."""
        ...


def create_app(source: HealthSource) -> FastAPI:
    """Return the application with `/health`, `/live` and `/ready`, and no other page."""
    app = FastAPI(title="aiworker", docs_url=None, redoc_url=None, openapi_url=None)
    methods = ["GET", "HEAD"]

    async def health() -> JSONResponse:
        return JSONResponse(dict(source.health()), headers=NOT_STORED)

    async def live() -> JSONResponse:
        return _answer(source.live())

    async def ready() -> JSONResponse:
        return _answer(await source.ready())

    app.add_api_route("/health", health, methods=methods)
    app.add_api_route("/live", live, methods=methods)
    app.add_api_route("/ready", ready, methods=methods)
    return app


def _answer(report: Report) -> JSONResponse:
    body = {"status": "ok" if report.ok else "failing", "checks": dict(report.checks)}
    return JSONResponse(body, status_code=200 if report.ok else 503, headers=NOT_STORED)


class HealthServer:
    """Serves a source's health inside the running loop; signals stay with whoever handles them."""

    def __init__(self, source: HealthSource, *, host: str, port: int) -> None:
        self._app = create_app(source)
        self._host = host
        self._port = port
        self._server: _Server | None = None
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> int:
        """Listen, and return the port; raises ConfigurationError if the address cannot be had."""
        bound = _bind(self._host, self._port)
        port: int = bound.getsockname()[1]
        config = uvicorn.Config(
            self._app,
            log_config=None,
            access_log=False,
            lifespan="off",
            ws="none",
            server_header=False,
            proxy_headers=False,
            timeout_graceful_shutdown=GRACE_S,
        )
        self._server = _Server(config)
        self._task = asyncio.create_task(self._server.serve(sockets=[bound]), name="health-server")
        started = asyncio.create_task(self._server.listening.wait())
        try:
            await asyncio.wait({self._task, started}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            started.cancel()
        if self._task.done():
            self._task.result()
        return port

    async def stop(self) -> None:
        """Answer what is being asked and stop listening; safe to call twice."""
        if self._server is None or self._task is None:
            return
        self._server.should_exit = True
        task, self._task = self._task, None
        await task


def _bind(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        bound = socket.create_server((host, port), family=family)
    except OSError as error:
        why = (error.strerror or type(error).__name__).partition(" (while")[0]
        raise ConfigurationError(
            f"Health cannot listen on {host}:{port} ({why}).",
            remedy="Set HOST and PORT to a free address, or stop the program that uses this one.",
        ) from error
    # asyncio sets it only on sockets that say they are TCP; without it an answer may wait 40 ms.
    bound.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return bound


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.listening = asyncio.Event()

    @contextmanager
    def capture_signals(self) -> Generator[None]:
        # uvicorn would take SIGTERM for itself and raise it once more when it has stopped: one signal, handled twice.
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.listening.set()
