"""Where a command's payload comes from, and what is said of a bad one."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from aiworker.errors import BadEnvelope, ExitCode, InvalidPayload, UsageError
from aiworker.policies import POLICIES
from aiworker.processors import PROCESSORS
from aiworker.runtime import payloads
from aiworker.runtime.payloads import check, read, valid_lines
from tests.support.jobs import payload

REWRITE = PROCESSORS[0]
VALID = json.dumps(payload())
NOTHING = io.StringIO()


def lines(*data: str, skip: bool = False) -> tuple[list[str], list[str]]:
    return valid_lines(REWRITE, POLICIES, "\n".join(data), skip_invalid=skip)


# Reading


@pytest.mark.parametrize("inline", ['{"a": 1}', '  {"a": 1}', "[1]", "{not json"])
def test_what_begins_like_json_is_the_payload_itself(inline: str) -> None:
    assert read(inline, NOTHING) == inline


def test_a_dash_reads_standard_input() -> None:
    assert read("-", io.StringIO('{"a": "₹"}\n')) == '{"a": "₹"}\n'


def test_anything_else_is_a_file(tmp_path: Path) -> None:
    file = tmp_path / "job.json"
    file.write_text('{"a": "₹"}', "utf-8")
    assert read(str(file), NOTHING) == '{"a": "₹"}'


@pytest.mark.parametrize("content", ["", " \n\t"])
def test_an_empty_payload_is_a_usage_error(tmp_path: Path, content: str) -> None:
    file = tmp_path / "job.json"
    file.write_text(content)
    for argument in ("-", str(file)):
        with pytest.raises(UsageError, match="empty"):
            read(argument, io.StringIO(content))


@pytest.mark.parametrize("argument", ["missing.json", "."])
def test_a_file_that_cannot_be_read_is_named_with_the_alternatives(tmp_path: Path, argument: str) -> None:
    with pytest.raises(UsageError, match=r"cannot be read \(") as raised:
        read(str(tmp_path / argument), NOTHING)
    assert raised.value.remedy == "give a file, - for standard input, or inline JSON"


def test_a_file_that_is_no_text_is_not_quoted(tmp_path: Path) -> None:
    file = tmp_path / "job.bin"
    file.write_bytes(b'{"canary": "\xff"}')
    with pytest.raises(UsageError) as raised:
        read(str(file), NOTHING)
    assert raised.value.message == "job.bin is not a UTF-8 text."
    assert raised.value.__cause__ is None


def test_a_pipe_that_never_ends_is_refused_instead_of_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(payloads, "MAX_READ", 10)
    stdin = io.StringIO("x" * 100)
    with pytest.raises(UsageError, match="more than 10 characters"):
        read("-", stdin)
    assert stdin.tell() == 11


def test_standard_input_that_is_no_utf_8_is_said_so() -> None:
    with pytest.raises(UsageError, match="Standard input is not a UTF-8 text"):
        read("-", io.StringIO("\udcff"))


# Checking


def test_a_payload_the_worker_would_take_passes() -> None:
    check(REWRITE, POLICIES, VALID)


@pytest.mark.parametrize(
    ("data", "kind", "told"),
    [
        ("{", BadEnvelope, "not valid JSON"),
        (json.dumps(payload(job_title="x" * 300_000)), BadEnvelope, "the limit is 262,144"),
        (json.dumps(payload(tone="loud")), InvalidPayload, "tone: not one of"),
    ],
)
def test_a_payload_the_worker_would_refuse_is_refused_here_with_exit_code_2(
    data: str, kind: type[InvalidPayload], told: str
) -> None:
    with pytest.raises(kind, match=told) as raised:
        check(REWRITE, POLICIES, data)
    assert raised.value.exit_code is ExitCode.USAGE


# Lines


def test_every_line_is_a_payload_and_blank_ones_are_none() -> None:
    assert lines(VALID, "", "  ", VALID) == ([VALID, VALID], [])


def test_no_lines_are_no_payloads() -> None:
    assert lines("") == ([], [])


def test_windows_line_ends_are_accepted() -> None:
    valid, faults = lines(f"{VALID}\r", f"{VALID}\r", "\r")
    assert [json.loads(line) for line in valid] == [payload(), payload()] and not faults


@pytest.mark.parametrize("separator", ["\u2028", "\u2029", "\x85"], ids=ascii)
def test_a_character_that_only_looks_like_a_line_end_does_not_cut_a_payload(separator: str) -> None:
    data = json.dumps(payload(job_title=f"Backend{separator}Intern"), ensure_ascii=False)
    assert lines(data, VALID) == ([data, VALID], [])


def test_one_bad_line_refuses_all_and_names_the_line() -> None:
    with pytest.raises(InvalidPayload) as raised:
        lines(VALID, "", "{", json.dumps(payload(tone="canary")))
    told = raised.value.message.splitlines()
    assert told[0] == "2 of 3 payloads are invalid; nothing was enqueued."
    assert told[1].startswith("line 3: The payload is not valid JSON")
    assert told[2].startswith("line 4: The payload does not fit rewrite-resume: tone")
    assert raised.value.remedy == "correct them, or add --skip-invalid"
    assert "canary" not in raised.value.message


def test_bad_lines_can_be_skipped_and_are_still_told() -> None:
    valid, faults = lines("{", VALID, "[]", skip=True)
    assert valid == [VALID]
    assert [fault.partition(":")[0] for fault in faults] == ["line 1", "line 3"]


def test_a_file_full_of_faults_tells_the_first_ones() -> None:
    with pytest.raises(InvalidPayload) as raised:
        lines(*["{"] * 50)
    assert raised.value.message.startswith("50 of 50")
    assert len(raised.value.message.splitlines()) == 1 + payloads.MAX_FAULTS
