"""Which locks a worker renews: those of its slots, told apart by job and token.

BullMQ tracks them by the job's id alone. A job that comes again while the handler of its lost copy still runs would
lose its renewal when that handler ends.
"""

from __future__ import annotations

import time

from bullmq import Worker
from bullmq.abort_controller import AbortController
from bullmq.lock_manager import LockManager

LOCK_LOST = "lockLost"
"""The event of one slot: job id and token."""


class SlotLocks(LockManager):
    """Renews each slot's lock until it is let go of or lost."""

    def __init__(self, worker: Worker, *, lock_ms: int, renew_ms: int) -> None:
        super().__init__(worker, lock_renew_time=renew_ms, lock_duration=lock_ms, worker_id="")
        self._tokens: dict[str, str] = {}
        self._ending: set[tuple[str, str]] = set()

    def take(self, job_id: str, token: str, now_ms: int) -> AbortController:
        """Start renewing; an older copy of the job in this worker has lost its lock."""
        older = self._tokens.get(job_id)
        if older is not None and older != token:
            self._lose([(job_id, older)])
        controller = AbortController()
        self._tokens[job_id] = token
        self.tracked_jobs[job_id, token] = {"token": token, "ts": now_ms, "abort_controller": controller}
        return controller

    def end(self, job_id: str, token: str) -> None:
        """Note that Redis is being told how this slot's job ended; its lock goes with that."""
        self._ending.add((job_id, token))

    def let_go(self, job_id: str, token: str) -> None:
        """Stop renewing this slot's lock and no other's."""
        self.tracked_jobs.pop((job_id, token), None)
        self._ending.discard((job_id, token))
        if self._tokens.get(job_id) == token:
            del self._tokens[job_id]

    def holds(self, job_id: str, token: str) -> bool:
        return (job_id, token) in self.tracked_jobs

    def cancel_job(self, job_id: str, reason: str | None = None) -> bool:
        held = [entry for (tracked, _), entry in self.tracked_jobs.items() if tracked == job_id]
        for entry in held:
            entry["abort_controller"].abort(reason)
        return bool(held)

    def get_tracked_job_ids(self) -> list[str]:
        return [job_id for job_id, _ in self.tracked_jobs]

    async def _extend_locks(self, job_ids: list[tuple[str, str]]) -> None:
        due = job_ids
        while due:
            await self._extend(due)
            # What came due while Redis kept us waiting may not last until the next turn.
            due = self._due()

    def _due(self) -> list[tuple[str, str]]:
        now_ms = int(time.time() * 1000)
        due = [slot for slot, held in self.tracked_jobs.items() if held["ts"] + self.lock_renew_time / 2 < now_ms]
        for slot in due:
            self.tracked_jobs[slot]["ts"] = now_ms
        return due

    async def _extend(self, asked: list[tuple[str, str]]) -> None:
        try:
            refused = await self.worker.backend.extendLocks(
                [job_id for job_id, _ in asked], [token for _, token in asked], self.lock_duration
            )
        except Exception as error:  # noqa: BLE001 - whatever it is, renewal must go on
            self.worker.emit("error", error)
            return
        lost = set(refused or ())
        # A slot may have ended, and its job come again, while the answer was on its way. And when this was sent again
        # after a cut, its end may have come first: Redis says of that what became of it.
        self._lose(
            [slot for slot in asked if slot[0] in lost and slot in self.tracked_jobs and slot not in self._ending]
        )

    def _lose(self, slots: list[tuple[str, str]]) -> None:
        for job_id, token in slots:
            entry = self.tracked_jobs.get((job_id, token))
            self.let_go(job_id, token)
            if entry is not None:
                entry["abort_controller"].abort("lock lost")
            self.worker.emit(LOCK_LOST, job_id, token)
        if slots:
            self.worker.emit("lockRenewalFailed", [job_id for job_id, _ in slots])
