"""Messages leave after commit, at least once, always under the same key."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from aiworker.outbound.core_api import CoreApi, Delivery
from aiworker.protocol import Connection
from aiworker.runtime import relay as relay_module
from aiworker.runtime.execute import execute
from aiworker.runtime.relay import GIVE_UP_AFTER, LEASE, LONGEST_RETRY, Relay, backoff
from aiworker.store import outbox
from aiworker.store.database import Database
from aiworker.testing.core_api import FakeCoreApi
from tests.integration.runtime.rows import alerts
from tests.support.jobs import TENANT, Clock, again, envelope, insert_example, runtime

SECRET = "relay-test-secret"


@pytest.fixture
async def core_api() -> AsyncGenerator[FakeCoreApi]:
    async with FakeCoreApi(secret=SECRET) as api:
        yield api


@pytest.fixture
async def door(core_api: FakeCoreApi) -> AsyncGenerator[CoreApi]:
    api = CoreApi(core_api.url, SECRET, timeout=timedelta(seconds=2))
    yield api
    await api.aclose()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def relay(database: Database, door: CoreApi, clock: Clock) -> Relay:
    await insert_example(database)
    return Relay(database, {"core-api": door}, clock, lambda: 0.5)


async def messages(database: Database) -> list[dict[str, Any]]:
    async with database.transaction(None) as db:
        return [dict(row) for row in await db.fetch("SELECT * FROM aiworker.outbox ORDER BY created_at")]


def told(caplog: pytest.LogCaptureFixture) -> list[tuple[int, object]]:
    """Return level and verdict of every line of the relay."""
    ours = [record for record in caplog.records if record.name == "aiworker.relay"]
    return [(record.levelno, vars(record)["fields"].get("verdict")) for record in ours]


async def leased(db: Connection, clock: Clock) -> list[outbox.Message]:
    """Take what is due, as a pass of the relay does."""
    return await outbox.lease_due(db, receivers=["core-api"], now=clock.at, lease=LEASE, limit=5)


async def test_the_callback_is_sent_right_after_the_commit(relay: Relay, core_api: FakeCoreApi, clock: Clock) -> None:
    job = envelope()
    receipt = await execute(job, runtime(relay.database, now=clock, deliver=relay.deliver))
    (received,) = core_api.received
    assert received.path == "/internal/ai-jobs/complete"
    assert received.body == {
        "jobId": job.job_id,
        "jobType": "rewrite-resume",
        "tenantId": receipt["tenantId"],
        "resultId": receipt["resultId"],
    }
    assert received.headers["x-internal-secret"] == SECRET
    (message,) = await messages(relay.database)
    assert received.headers["idempotency-key"] == message["idempotency_key"]
    assert message["sent_at"] == clock.at and message["last_status"] == "200"


async def test_a_failing_core_api_does_not_fail_the_job_and_the_relay_sends_later(
    relay: Relay, core_api: FakeCoreApi, clock: Clock
) -> None:
    core_api.script(None, [500, 503])
    await execute(envelope(), runtime(relay.database, now=clock, deliver=relay.deliver))
    assert await relay.pass_once() == 0, "it is not due yet"
    clock.move(timedelta(seconds=1))
    assert await relay.pass_once() == 1
    clock.move(timedelta(seconds=2))
    assert await relay.pass_once() == 1
    assert len(core_api.received) == 3 and len(core_api.unique) == 1
    assert [r.headers["x-aiworker-attempt"] for r in core_api.received] == ["1", "2", "3"]
    (message,) = await messages(relay.database)
    assert message["sent_at"] is not None


async def test_a_second_delivery_of_a_finished_job_makes_sure_its_message_is_sent(
    relay: Relay, core_api: FakeCoreApi, clock: Clock
) -> None:
    job = envelope()
    await execute(job, runtime(relay.database, now=clock))
    assert core_api.received == []
    await execute(again(job), runtime(relay.database, now=clock, deliver=relay.deliver))
    await execute(again(again(job)), runtime(relay.database, now=clock, deliver=relay.deliver))
    assert len(core_api.received) == 1


async def test_already_done_counts_as_sent(relay: Relay, core_api: FakeCoreApi, clock: Clock) -> None:
    core_api.script(None, [409])
    await execute(envelope(), runtime(relay.database, now=clock, deliver=relay.deliver))
    assert (await messages(relay.database))[0]["sent_at"] is not None


async def test_a_refused_message_is_dead_at_once_and_stays_visible(
    relay: Relay, core_api: FakeCoreApi, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    core_api.script(None, [422])
    await execute(envelope(), runtime(relay.database, now=clock, deliver=relay.deliver))
    (message,) = await messages(relay.database)
    assert message["dead_at"] is not None and message["last_status"] == "422"
    assert await alerts(relay.database) == [(TENANT, "message_dead", 1)]
    assert told(caplog) == [(logging.ERROR, "dead")]
    clock.move(timedelta(days=1))
    assert await relay.pass_once() == 0


async def test_a_message_that_somebody_else_has_sent_meanwhile_is_not_told_dead(
    relay: Relay, core_api: FakeCoreApi, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    @dataclass
    class TooSlow:
        """Is refused after its lease has run out and another worker has sent the message."""

        async def post(self, path: str, body: object, *, idempotency_key: str, attempt: int) -> Delivery:
            clock.move(LEASE)
            assert await relay.pass_once() == 1
            return Delivery(422, "dead", "refused")

    caplog.set_level(logging.INFO)
    slow = Relay(relay.database, {"core-api": TooSlow()}, clock, lambda: 0.5)
    await execute(envelope(), runtime(relay.database, now=clock))
    await slow.pass_once()
    (message,) = await messages(relay.database)
    assert message["sent_at"] is not None and message["dead_at"] is None
    assert await alerts(relay.database) == []
    assert told(caplog) == [(logging.INFO, "overtaken")]
    assert len(core_api.received) == 1


async def test_a_message_nobody_took_for_a_day_is_given_up(relay: Relay, core_api: FakeCoreApi, clock: Clock) -> None:
    core_api.script(None, [500, 500])
    await execute(envelope(), runtime(relay.database, now=clock, deliver=relay.deliver))
    clock.move(GIVE_UP_AFTER)
    await relay.pass_once()
    assert (await messages(relay.database))[0]["dead_at"] is not None


async def test_without_a_receiver_a_message_waits_however_long(
    relay: Relay, core_api: FakeCoreApi, clock: Clock
) -> None:
    deaf = Relay(relay.database, {}, clock, lambda: 0.5)
    await execute(envelope(), runtime(relay.database, now=clock, deliver=deaf.deliver))
    clock.move(GIVE_UP_AFTER * 3)
    await deaf.pass_once()
    core_api.script(None, [503])
    await relay.pass_once()
    clock.move(LONGEST_RETRY)
    await relay.pass_once()
    assert [r.headers["x-aiworker-attempt"] for r in core_api.received] == ["1", "2"]
    assert (await messages(relay.database))[0]["sent_at"] is not None


async def test_a_process_without_receivers_asks_the_database_for_nothing(
    relay: Relay, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    deaf = Relay(relay.database, {}, clock, lambda: 0.5)
    await relay.database.close()
    assert await deaf.pass_once() == 0
    await deaf.deliver("00000000-0000-0000-0000-000000000000")
    assert told(caplog) == []


async def test_what_is_for_others_stays_due_and_does_not_crowd_out_ones_own(
    relay: Relay, core_api: FakeCoreApi, clock: Clock, door: CoreApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay_module, "BATCH", 1)
    await execute(envelope(), runtime(relay.database, now=clock))
    async with relay.database.transaction(None) as db:
        await db.execute("UPDATE aiworker.outbox SET target = replace(target, 'core-api:', 'other:')")
        await db.execute("UPDATE aiworker.outbox SET next_at = next_at - interval '1 hour'")
    (for_others,) = await messages(relay.database)
    await execute(envelope(), runtime(relay.database, now=clock))
    assert (await relay.pass_once(), await relay.pass_once()) == (1, 0)
    assert for_others in await messages(relay.database)
    other = Relay(relay.database, {"other": door}, clock, lambda: 0.5)
    assert await other.pass_once() == 1
    assert len(core_api.unique) == 2


async def test_two_relays_send_a_message_once(relay: Relay, core_api: FakeCoreApi, clock: Clock, door: CoreApi) -> None:
    for _ in range(5):
        await execute(envelope(), runtime(relay.database, now=clock))
    other = Relay(relay.database, {"core-api": door}, clock, lambda: 0.5)
    for _ in range(3):
        await asyncio.gather(relay.pass_once(), other.pass_once())
    assert len(core_api.received) == 5


async def test_the_messages_of_a_dead_worker_come_back_when_its_lease_ends(
    relay: Relay, core_api: FakeCoreApi, clock: Clock
) -> None:
    await execute(envelope(), runtime(relay.database, now=clock))
    async with relay.database.transaction(None) as db:
        assert len(await leased(db, clock)) == 1
    assert await relay.pass_once() == 0
    clock.move(LEASE)
    assert await relay.pass_once() == 1
    assert len(core_api.received) == 1


async def test_a_holder_whose_lease_ran_out_changes_nothing(relay: Relay, clock: Clock) -> None:
    await execute(envelope(), runtime(relay.database, now=clock))
    async with relay.database.transaction(None) as db:
        (stale,) = await leased(db, clock)
    clock.move(LEASE)
    async with relay.database.transaction(None) as db:
        (current,) = await leased(db, clock)
        assert await outbox.bury(db, current, now=clock.at, status="422")
        assert not await outbox.bury(db, stale, now=clock.at, status="404")
        await outbox.mark_sent(db, stale, now=clock.at, status="200")
    (message,) = await messages(relay.database)
    assert (message["sent_at"], message["last_status"]) == (None, "422")


async def test_a_slow_receiver_does_not_outlast_the_lease_of_a_batch(
    relay: Relay, core_api: FakeCoreApi, clock: Clock
) -> None:
    for _ in range(6):
        await execute(envelope(), runtime(relay.database, now=clock))
    core_api.script(None, ("timeout" for _ in range(6)))
    began = asyncio.get_running_loop().time()
    assert await relay.pass_once() == 6
    assert asyncio.get_running_loop().time() - began < 2 * 2.0, "six timeouts of 2 s, side by side"


async def test_an_immediate_try_never_raises(relay: Relay, database: Database) -> None:
    await database.close()
    await relay.deliver("00000000-0000-0000-0000-000000000000")


async def test_the_loop_sends_what_is_due_and_survives_a_database_that_is_away(
    relay: Relay, core_api: FakeCoreApi, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay_module, "IDLE", (timedelta(milliseconds=10), timedelta(milliseconds=20)))
    await execute(envelope(), runtime(relay.database, now=clock))
    loop = asyncio.create_task(relay.run())
    await core_api.wait_for(1)
    await relay.database.close()
    relay_is_alive = asyncio.shield(loop)
    done, _ = await asyncio.wait({relay_is_alive}, timeout=0.2)
    assert not done
    loop.cancel()
    await asyncio.gather(loop, return_exceptions=True)


def test_retries_wait_longer_each_time_and_never_much_over_ten_minutes() -> None:
    waits = [backoff(tries, 0.999) for tries in range(1, 30)]
    assert waits == sorted(waits) and waits[-1] <= LONGEST_RETRY * 1.25
    assert backoff(1, 0.0) == timedelta(seconds=0.75)
