"""Requests and their checkpoint key, payload models, and what the type checker says of a wrong processor."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from aiworker.processors import rewrite_resume
from aiworker.protocol import Block, JobPayload, JsonValue, LLMRequest, Prompt, digest

REQUEST = LLMRequest("rewrite", "task", {"a": 1, "b": ["é", None]}, {"type": "object", "x": {"y": 1, "z": 2}}, 400)
JSON: st.SearchStrategy[JsonValue] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


def backwards(value: JsonValue) -> JsonValue:
    if isinstance(value, dict):
        return {key: backwards(value[key]) for key in reversed(value)}
    return [backwards(item) for item in value] if isinstance(value, list) else value


# The checkpoint key


def test_the_hash_of_a_request_is_the_same_in_every_run() -> None:
    assert REQUEST.hash == "0610ed53867d75ef40c11d6e01b80f85b106786184b7aded21177adaf547f35a"


@given(JSON)
def test_the_order_of_keys_does_not_matter(value: JsonValue) -> None:
    assert digest(value) == digest(backwards(value)) == digest(json.loads(json.dumps(value)))


@pytest.mark.parametrize(
    "change", [{"step": "rewrite/cap"}, {"max_tokens": 800}, {"required": False}], ids=lambda change: next(iter(change))
)
def test_step_and_limits_do_not_change_the_hash(change: dict[str, object]) -> None:
    assert replace(REQUEST, **change).hash == REQUEST.hash


@pytest.mark.parametrize(
    "change",
    [{"task": "other"}, {"inputs": {"a": 2, "b": ["é", None]}}, {"inputs": {}}, {"schema": {"type": "array"}}],
    ids=str,
)
def test_task_facts_and_schema_change_the_hash(change: dict[str, object]) -> None:
    assert replace(REQUEST, **change).hash != REQUEST.hash


def test_another_version_of_the_prompt_changes_the_hash_and_another_tag_around_its_data_does_not() -> None:
    first, second = (
        replace(REQUEST, prompt=Prompt("task", fingerprint, (Block("data", "user", text),)))
        for fingerprint, text in (("aaaa", "<data-1>x</data-1>"), ("bbbb", "<data-1>x</data-1>"))
    )
    assert len({REQUEST.hash, first.hash, second.hash}) == 3
    retagged = Prompt("task", "aaaa", (Block("data", "user", "<data-2>x</data-2>"),))
    assert replace(first, prompt=retagged).hash == first.hash


def test_facts_and_schema_are_not_mistaken_for_each_other() -> None:
    swapped = replace(REQUEST, inputs=REQUEST.schema, schema=REQUEST.inputs)
    assert swapped.hash != REQUEST.hash


def test_half_a_character_has_a_digest_too() -> None:
    assert digest("\ud800") != digest("\ud801")


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_what_is_not_finite_has_no_digest(number: float) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        digest({"a": number})


# Payload models


class Sized(JobPayload):
    size: float


@pytest.mark.parametrize("text", ["NaN", "Infinity", "-Infinity", "1e400", '"1e400"'])
def test_a_number_that_is_not_finite_fits_no_payload(text: str) -> None:
    with pytest.raises(ValidationError):
        Sized.model_validate_json(f'{{"size": {text}}}')


def test_the_text_of_a_model_s_error_holds_no_value() -> None:
    with pytest.raises(ValidationError) as raised:
        Sized.model_validate({"size": "canary 4242"})
    assert "canary" not in str(raised.value)


def test_a_payload_cannot_be_changed_and_keeps_no_unknown_field() -> None:
    sized = Sized.model_validate({"size": 1, "other": 2})
    assert not hasattr(sized, "other")
    with pytest.raises(ValidationError, match="frozen"):
        sized.size = 2


def test_a_payload_must_say_for_whom_the_job_works() -> None:
    with pytest.raises(NotImplementedError):
        Sized(size=1).scope()


# The types of a processor


SOURCE = Path(rewrite_resume.__file__).read_text("utf-8")
WRONG: Mapping[str, tuple[str, str]] = {
    "wrong_facts": ("def ask(payload: Payload, facts: Facts", "def ask(payload: Payload, facts: str"),
    "wrong_result": (
        "async def save(payload: Payload, facts: Facts, result: Rewrite",
        "async def save(payload: Payload, facts: Facts, result: int",
    ),
    "wrong_name": ('NAME = "rewrite-resume"', "NAME = 7"),
    "no_gather": ("async def gather(", "async def collect("),
}


@pytest.mark.slow
def test_a_module_with_wrong_types_cannot_be_registered(tmp_path: Path) -> None:
    modules = {"right": SOURCE} | {name: SOURCE.replace(*change) for name, change in WRONG.items()}
    for name, source in modules.items():
        (tmp_path / f"{name}.py").write_text(source, "utf-8")
    registry = ["from aiworker.processors import checked", *(f"import {name}" for name in modules)]
    registry += [f"{name}_line = checked({name})" for name in modules]
    (tmp_path / "registry.py").write_text("\n".join(registry), "utf-8")

    checker = Path(sys.executable).with_name("basedpyright")
    done = subprocess.run(
        [checker, "--pythonpath", sys.executable, "--level", "error", "--outputjson", "registry.py"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )

    found = cast("list[dict[str, dict[str, dict[str, int]]]]", json.loads(done.stdout)["generalDiagnostics"])
    refused = {registry[error["range"]["start"]["line"]].partition("_line")[0] for error in found}
    assert refused == set(WRONG)
