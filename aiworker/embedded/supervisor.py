"""The detached process that owns both servers: `python -m aiworker.embedded.supervisor <plan as JSON>`.

It must stay single-threaded: a server's death signal fires when the *thread* that forked it ends.
It never waits for `lock` while it holds `lease`; that order would deadlock with a starter.
"""

from __future__ import annotations

import os
import signal
import sys
import time
import traceback

from aiworker.embedded import locks, state
from aiworker.embedded.paths import Layout
from aiworker.embedded.plan import Plan
from aiworker.embedded.postgres import Postgres
from aiworker.embedded.privileges import give_to, server_identity
from aiworker.embedded.valkey import Valkey
from aiworker.errors import AiworkerError, ServiceUnreachable

EXIT_REFUSED = 75
_POLL_SECONDS = 0.2
_DEATHS_WITHIN = 60.0
_FORCED_STOP_PATIENCE = 10.0


class Supervisor:
    """Starts the servers, revives one once, and stops them when nobody holds the lease."""

    def __init__(self, plan: Plan, layout: Layout, *, seat: int) -> None:
        self._layout = layout
        self._seat = seat
        self._linger = plan.linger
        self._identity = server_identity()
        self._valkey = Valkey(plan.binaries.valkey, layout.valkey, layout.sockets / "redis.sock")
        self._postgres = Postgres(
            plan.binaries,
            layout.cluster(plan.binaries.postgres_major),
            layout.sockets,
            identity=self._identity,
            durable=plan.durable,
        )
        self._died_at: dict[str, float] = {}
        self._timings: dict[str, float] = {}
        self._terminated = False

    def start(self) -> None:
        """Bring both servers up and publish where they are."""
        began = time.monotonic()
        give_to(self._identity, self._layout.sockets)
        self._valkey.launch()
        # Before initdb, which takes longest: a Valkey that cannot start is known at once.
        self._valkey.settle()
        self._timings["valkey"] = time.monotonic() - began
        created = self._postgres.create_if_missing()
        self._timings["initdb"] = time.monotonic() - began - self._timings["valkey"] if created else 0.0
        self._postgres.launch()
        self._postgres.await_ready()
        self._timings["ready"] = time.monotonic() - began
        self._publish()

    def watch(self) -> None:
        """Return when the servers are stopped: unused for the linger time, or asked to stop."""
        idle_since: float | None = None
        while True:
            self._revive()
            request = self._request()
            if request == "force":
                return self._stop_now()
            idle_since = self._idle_since(idle_since)
            due = idle_since is not None and time.monotonic() - idle_since >= self._linger
            if (due or request == "idle") and self._stop_if_unused():
                return None
            time.sleep(_POLL_SECONDS)

    def stop_servers(self) -> None:
        """Stop both; the state goes first, so that nobody reads it and finds them gone."""
        self._layout.state.unlink(missing_ok=True)
        if self._valkey.process is not None:
            self._valkey.process.terminate()  # both at once: each takes a tenth of a second
        self._postgres.stop()
        self._valkey.stop()

    def terminate(self, *_signal: object) -> None:
        """Stop at the next look, users or not."""
        self._terminated = True

    def _publish(self) -> None:
        valkey, postgres = self._valkey.process, self._postgres.process
        document: dict[str, object] = {
            "supervisor_pid": os.getpid(),
            "postgres_pid": postgres.pid if postgres else 0,
            "valkey_pid": valkey.pid if valkey else 0,
            "database_url": self._postgres.url,
            "redis_url": self._valkey.url,
            "redis_socket": str(self._valkey.socket_path),
            "timings": self._timings,
        }
        state.write(self._layout.state, document)

    def _revive(self) -> None:
        for server in (self._valkey, self._postgres):
            if server.process is None or server.process.poll() is None:
                continue
            now = time.monotonic()
            if now - self._died_at.get(server.name, -_DEATHS_WITHIN) < _DEATHS_WITHIN:
                raise ServiceUnreachable(f"The embedded {server.name} died twice within {_DEATHS_WITHIN:.0f} s.")
            self._died_at[server.name] = now
            server.launch()
            server.await_ready()
            self._publish()

    def _request(self) -> str | None:
        if self._terminated:
            return "force"
        try:
            return self._layout.stop_request.read_text().strip()
        except FileNotFoundError:
            return None

    def _idle_since(self, before: float | None) -> float | None:
        if locks.is_in_use(self._layout.lease):
            return None
        return time.monotonic() if before is None else before

    def _stop_if_unused(self) -> bool:
        with locks.held(self._layout.lock) as deciding:
            if not deciding:
                return False  # a starter decides just now; look again when it has its lease
            with locks.held(self._layout.lease, patience=locks.LOOKERS_PATIENCE) as unused:
                self._layout.stop_request.unlink(missing_ok=True)
                if unused:
                    self._stop_and_resign()
                return unused

    def _stop_now(self) -> None:
        with locks.held(self._layout.lock, patience=_FORCED_STOP_PATIENCE):
            self._layout.stop_request.unlink(missing_ok=True)
            self._stop_and_resign()

    def _stop_and_resign(self) -> None:
        self.stop_servers()
        # Before `lock` is given up: a waiting starter would see a live supervisor without a state.
        os.close(self._seat)


def main() -> int:
    """Take the supervisor's seat, leave the starter, and serve."""
    plan = Plan.load(sys.argv[1])
    layout = Layout(plan.data_dir)
    os.umask(0o077)
    seat = locks.acquire(layout.supervisor_lock)
    if seat is None:
        return EXIT_REFUSED
    # The starter waits for this process only. What goes on is nobody's child, so nobody has to reap it,
    # and it shares the lock already: from here on, a free lock means a dead supervisor.
    if os.fork():
        os._exit(0)
    return _serve(plan, layout, seat)


def _serve(plan: Plan, layout: Layout, seat: int) -> int:
    layout.stop_request.unlink(missing_ok=True)
    supervisor: Supervisor | None = None
    try:
        supervisor = Supervisor(plan, layout, seat=seat)
        signal.signal(signal.SIGTERM, supervisor.terminate)
        for ignored in (signal.SIGINT, signal.SIGHUP):
            # Not SIG_IGN: the servers would inherit that, and SIGINT is how PostgreSQL is stopped.
            signal.signal(ignored, _do_nothing)
        supervisor.start()
        supervisor.watch()
    except Exception as error:  # noqa: BLE001 - the users must learn why there are no servers, whatever it was
        _report(error)
        try:
            if supervisor is not None:
                supervisor.stop_servers()
        finally:
            # Last: whoever reads it may start anew at once.
            state.write(layout.state, {"error": str(error) or repr(error)})
        return 1
    return 0


def _report(error: Exception) -> None:
    if isinstance(error, AiworkerError):
        sys.stderr.write(f"supervisor: {error}\n")
    else:
        traceback.print_exception(error)


def _do_nothing(*_signal: object) -> None:
    pass


if __name__ == "__main__":
    sys.exit(main())
