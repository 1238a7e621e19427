"""`aiworker enqueue` as a process: what reaches the queue, what does not, and what it says either way."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from tests.e2e.daemon import JOB, NOWHERE, Site, eventually
from tests.support.environment import scrub
from tests.support.jobs import EXAMPLE, payload
from tests.unit.commands.running import aiworker

CANARY = "Quillonde Barrowfax"
ALL = ("waiting", "prioritized", "delayed", "active", "completed", "failed")


def lines(*payloads: object) -> str:
    return "".join(json.dumps(each) + "\n" for each in payloads)


# What reaches the queue


@pytest.mark.parametrize("source", ["file", "standard input", "inline"])
async def test_a_payload_comes_from(site: Site, source: str) -> None:
    (site.directory / "job.json").write_text(EXAMPLE.text, "utf-8")
    argument = {"file": "job.json", "standard input": "-", "inline": EXAMPLE.text}[source]
    stdin = EXAMPLE.text if source == "standard input" else ""
    done = await site.run("enqueue", JOB, argument, stdin=stdin, DATABASE_URL="")

    assert (done.code, done.out) == (0, "1")
    assert await site.counts(*ALL) == (1, 0, 0, 0, 0, 0)
    job = await site.hash("1")
    assert (job["name"], job["data"]) == (JOB, EXAMPLE.text)


async def test_options_arrive_in_the_job(site: Site) -> None:
    options = ("--priority", "7", "--delay", "10m", "--attempts", "5", "--job-id", "sem-1-ananya")
    done = await site.run("enqueue", JOB, EXAMPLE.text, *options)

    assert (done.code, done.out) == (0, "sem-1-ananya")
    job = await site.hash("sem-1-ananya")
    told = json.loads(job["opts"])
    assert (job["priority"], job["delay"]) == ("7", "600000")
    assert (told["attempts"], told["priority"], told["delay"], told["jobId"]) == (5, 7, 600_000, "sem-1-ananya")
    assert await site.counts(*ALL) == (0, 0, 1, 0, 0, 0)


async def test_what_is_not_said_follows_the_queues_policy(site: Site) -> None:
    await site.run("enqueue", JOB, EXAMPLE.text)

    told = json.loads((await site.hash("1"))["opts"])
    assert (told["attempts"], told["backoff"]) == (3, {"type": "exponential", "delay": 1000})


async def test_the_same_job_id_twice_adds_one_job(site: Site) -> None:
    first, second = [await site.run("enqueue", JOB, EXAMPLE.text, "--job-id", "sem-1-ananya") for _ in range(2)]

    assert (first.code, second.code, first.out, second.out) == (0, 0, "sem-1-ananya", "sem-1-ananya")
    assert await site.counts(*ALL) == (1, 0, 0, 0, 0, 0)


async def test_lines_become_jobs_in_their_order(site: Site) -> None:
    done = await site.run("enqueue", JOB, "--jsonl", "-", "--json", stdin=lines(*EXAMPLE.payloads))

    document = done.document
    assert (done.code, document["schema"], document["queue"]) == (0, "aiworker.enqueue/1", "ai-jobs")
    assert document["ids"] == [str(number + 1) for number in range(len(EXAMPLE.payloads))]
    assert document["invalid"] == []
    assert [json.loads((await site.hash(job))["data"]) for job in document["ids"]] == list(EXAMPLE.payloads)


async def test_invalid_lines_are_skipped_on_request_and_exit_6(site: Site) -> None:
    text = lines(payload(), payload(tone=CANARY), payload())
    done = await site.run("enqueue", JOB, "--jsonl", "-", "--skip-invalid", "--json", stdin=text)

    assert (done.code, done.document["ids"]) == (6, ["1", "2"])
    (fault,) = done.document["invalid"]
    assert fault.startswith("line 2: ")
    assert CANARY not in done.out + done.err
    assert await site.counts(*ALL) == (2, 0, 0, 0, 0, 0)


async def test_one_job_id_for_several_lines_is_refused(site: Site) -> None:
    text = lines(payload(), payload(tone="concise"))
    done = await site.run("enqueue", JOB, "--jsonl", "-", "--job-id", "sem-1-ananya", stdin=text)

    assert done.code == 2
    assert "--job-id" in done.err
    assert await site.keys() == []


# What does not


async def test_one_bad_line_keeps_all_of_them_off_the_queue(site: Site) -> None:
    text = lines(payload(), payload(tone=CANARY), payload())
    done = await site.run("enqueue", JOB, "--jsonl", "-", stdin=text)

    assert (done.code, done.out) == (2, "")
    assert "line 2" in done.err
    assert "tone" in done.err
    assert "--skip-invalid" in done.err
    assert CANARY not in done.err
    assert await site.keys() == []


async def test_an_invalid_payload_exits_2_with_field_and_near_match_and_without_a_value(site: Site) -> None:
    done = await site.run("enqueue", JOB, json.dumps(payload(tone="profesional", student_id=[CANARY])))

    assert (done.code, done.out) == (2, "")
    assert "student_id" in done.err
    assert "did you mean professional?" in done.err
    assert CANARY not in done.err
    assert await site.keys() == []


async def test_an_unknown_job_exits_2_with_the_known_names_and_the_nearest(site: Site) -> None:
    done = await site.run("enqueue", "rewrite-resum", EXAMPLE.text)

    assert (done.code, done.out) == (2, "")
    assert "known: rewrite-resume" in done.err
    assert "did you mean rewrite-resume?" in done.err
    assert await site.keys() == []


async def test_a_payload_over_the_limit_exits_2_with_the_limit(site: Site) -> None:
    done = await site.run("enqueue", JOB, "-", stdin=json.dumps(payload(job_description="x" * 262_144)))

    assert (done.code, done.out) == (2, "")
    assert "262,144" in done.err
    assert await site.keys() == []


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--job-id", "17"), "whole number"),
        (("--attempts", "0"), "at least one attempt"),
        (("--priority", "-1"), "Priority -1"),
        (("--delay", "soon"), "--delay"),
    ],
    ids=["a whole number as id", "no attempt", "a negative priority", "a delay without a figure"],
)
def test_an_option_bullmq_would_misread_exits_2(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, options: tuple[str, ...], said: str
) -> None:
    scrub(monkeypatch, tmp_path)
    monkeypatch.setenv("REDIS_URL", NOWHERE)
    ran = aiworker("enqueue", JOB, EXAMPLE.text, *options)

    assert (ran.code, ran.out) == (2, "")
    assert said in ran.err


async def test_without_redis_it_exits_4_within_seconds_with_what_was_tried_and_how_to_start_one(site: Site) -> None:
    began = time.monotonic()
    done = await site.run("enqueue", JOB, EXAMPLE.text, REDIS_URL=NOWHERE.replace("//", "//:hunter2@"))

    assert (done.code, done.out) == (4, "")
    assert "127.0.0.1:1 (connection refused)" in done.err
    assert "start Redis or Valkey" in done.err
    assert "REDIS_URL" in done.err
    assert "hunter2" not in done.err
    assert time.monotonic() - began < 8


# Waiting for the end


async def test_wait_shows_the_states_and_the_result(site: Site) -> None:
    daemon = await site.serve()
    done = await site.run("enqueue", JOB, EXAMPLE.text, "--wait", "--json")
    await daemon.stop()

    (variant,) = await site.variants()
    assert (done.code, [result["resultId"] for result in done.document["results"]]) == (0, [variant["id"]])
    assert "ai-jobs:1 completed" in done.err


async def test_wait_exits_1_with_the_reason_if_a_job_fails(site: Site) -> None:
    await site.serve()
    done = await site.run("enqueue", JOB, json.dumps(payload(resume_id="res-nobody")), "--wait")

    assert (done.code, done.out) == (1, "1")
    assert "ai-jobs:1 failed" in done.err
    assert "not_found: " in done.err


async def test_wait_without_a_worker_exits_5_and_leaves_the_job(site: Site) -> None:
    done = await site.run("enqueue", JOB, EXAMPLE.text, "--wait", "--timeout", "200ms")

    assert done.code == 5
    assert "ai-jobs:1 waiting" in done.err
    assert "Is a worker running" in done.err
    assert await site.counts(*ALL) == (1, 0, 0, 0, 0, 0)


async def test_a_delayed_job_is_shown_waiting_and_then_done(site: Site) -> None:
    await site.serve()
    done = await site.run("enqueue", JOB, EXAMPLE.text, "--wait", "--delay", "300ms")

    assert done.code == 0
    assert done.err.index("ai-jobs:1 delayed") < done.err.index("ai-jobs:1 completed")
    await eventually(lambda: site.core_api.received, "core-api hears of it")
