from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator

import httpx
import pytest

from aiworker.testing.core_api import COMPLETE, FakeCoreApi

SECRET = "s3cret"
BODY = {"jobId": "1", "jobType": "rewrite-resume", "tenantId": "t1", "resultId": "r1"}


@pytest.fixture
async def api() -> AsyncIterator[FakeCoreApi]:
    async with FakeCoreApi(secret=SECRET) as opened:
        yield opened


@pytest.fixture
async def client(api: FakeCoreApi) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=api.url, trust_env=False, headers={"x-internal-secret": SECRET}) as opened:
        yield opened


async def test_a_callback_is_taken_and_kept(api: FakeCoreApi, client: httpx.AsyncClient) -> None:
    answer = await client.post(COMPLETE, json=BODY, headers={"Idempotency-Key": "k"})
    assert answer.status_code == 200
    (received,) = api.received
    assert (received.path, received.body, received.headers["idempotency-key"]) == (COMPLETE, BODY, "k")
    assert received.at.tzinfo is not None


@pytest.mark.parametrize("secret", [None, "", "wrong", "S3CRET"])
async def test_a_missing_or_wrong_secret_is_401(
    api: FakeCoreApi, client: httpx.AsyncClient, secret: str | None
) -> None:
    del client.headers["x-internal-secret"]
    headers = {} if secret is None else {"x-internal-secret": secret}
    assert (await client.post(COMPLETE, json=BODY, headers=headers)).status_code == 401
    assert api.received == []
    assert [refused.status for refused in api.refused] == [401]


@pytest.mark.parametrize(
    "content",
    [
        json.dumps({**BODY, "extra": "x"}),
        json.dumps({name: BODY[name] for name in ("jobId", "jobType", "tenantId")}),
        json.dumps({**BODY, "jobId": 1}),
        json.dumps({**BODY, "resultId": None}),
        "[]",
        "{",
        "",
    ],
)
async def test_a_body_that_is_not_exactly_the_four_strings_is_422(
    api: FakeCoreApi, client: httpx.AsyncClient, content: str
) -> None:
    answer = await client.post(COMPLETE, content=content, headers={"content-type": "application/json"})
    assert answer.status_code == 422
    assert api.received == []


async def test_a_body_not_said_to_be_json_is_422(client: httpx.AsyncClient) -> None:
    assert (await client.post(COMPLETE, content=json.dumps(BODY))).status_code == 422


async def test_an_unknown_path_is_404_and_another_method_405(client: httpx.AsyncClient) -> None:
    assert (await client.post("/internal/other", json=BODY)).status_code == 404
    assert (await client.get(COMPLETE)).status_code == 405


async def test_scripted_answers_come_in_order_and_then_success(api: FakeCoreApi, client: httpx.AsyncClient) -> None:
    api.script(COMPLETE, [500, 204])
    api.script(None, [429])
    statuses = [(await client.post(COMPLETE, json=BODY)).status_code for _ in range(4)]
    assert statuses == [500, 204, 429, 200]
    assert [received.answer for received in api.received] == statuses


async def test_a_scripted_reset_breaks_the_connection(api: FakeCoreApi, client: httpx.AsyncClient) -> None:
    api.script(COMPLETE, ["reset"])
    with pytest.raises(httpx.ReadError):
        await client.post(COMPLETE, json=BODY)
    assert (await client.post(COMPLETE, json=BODY)).status_code == 200


async def test_a_scripted_timeout_never_answers(api: FakeCoreApi, client: httpx.AsyncClient) -> None:
    api.script(COMPLETE, ["timeout"])
    with pytest.raises(httpx.ReadTimeout):
        await client.post(COMPLETE, json=BODY, timeout=0.1)


async def test_closing_does_not_wait_for_a_request_that_hangs(client: httpx.AsyncClient) -> None:
    async with FakeCoreApi(secret=SECRET) as other:
        other.script(None, ["timeout"])
        hanging = asyncio.create_task(client.post(other.url + COMPLETE, json=BODY, timeout=20))
        await other.wait_for(1)
    with pytest.raises(httpx.NetworkError):
        await hanging


async def test_repeats_with_one_key_are_one_unique_request(api: FakeCoreApi, client: httpx.AsyncClient) -> None:
    for key in ("a", "b", "a"):
        await client.post(COMPLETE, json=BODY, headers={"Idempotency-Key": key})
    for _ in range(2):
        await client.post(COMPLETE, json=BODY)
    assert len(api.received) == 5
    assert [received.headers.get("idempotency-key") for received in api.unique] == ["a", "b", None, None]


async def test_waiting_ends_as_soon_as_enough_has_come(api: FakeCoreApi, client: httpx.AsyncClient) -> None:
    waiting = asyncio.create_task(api.wait_for(2))
    await client.post(COMPLETE, json=BODY)
    assert not waiting.done()
    await client.post(COMPLETE, json=BODY)
    assert len(await waiting) == 2


async def test_waiting_in_vain_says_what_was_refused(api: FakeCoreApi, client: httpx.AsyncClient) -> None:
    await client.post(COMPLETE, json={**BODY, "extra": "x"})
    with pytest.raises(TimeoutError, match=r"0 of 1 requests.*missing or extra fields: \['extra'\]"):
        await api.wait_for(1, 0.05)
