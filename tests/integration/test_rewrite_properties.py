"""For any document and any answer a rewrite differs from what PostgreSQL hands out in located texts alone.

A bullet whose new text the guard refuses keeps its own.
The document goes through a real `json` column, since that text, not the producer's, is what a rewrite starts from.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import pairwise

from hypothesis import HealthCheck, event, example, given, settings
from hypothesis import strategies as st

from aiworker.domain import untrusted
from aiworker.domain.resume import locator
from aiworker.domain.resume.guard import Guard
from aiworker.domain.resume.locator import VERIFIED, Bullet, Document
from aiworker.domain.resume.spans import Object
from aiworker.domain.resume.splice import splice
from aiworker.errors import NoSafeChange
from aiworker.processors.rewrite_resume import Facts, Payload, Rewrite, settle
from aiworker.protocol import Connection, Context, Limits, LLMReply
from aiworker.store.database import Database
from tests.support.jobs import EXAMPLE, NOW, honest, payload
from tests.unit.domain.resume.documents import ANSWERS, DOCUMENTS, WORDS

PAYLOAD = Payload.model_validate(payload())
CTX = Context("run", 0, False, NOW, Limits(100_000, 10_000))
FLAGS = (HealthCheck.too_slow, HealthCheck.function_scoped_fixture)
HALF_A_CHARACTER = dict.fromkeys(range(0xD800, 0xE000))

# A table is made per example and gone with its transaction, so that no example sees another's row.
TABLE = "CREATE TEMPORARY TABLE stored (body json NOT NULL) ON COMMIT DROP"
ROUND_TRIP = "INSERT INTO stored VALUES ($1::json) RETURNING body::text"

# As escapes half characters do get into a json column; as such they cannot be sent to any database.
STORABLE = DOCUMENTS.map(lambda text: text.translate(HALF_A_CHARACTER))


# Most documents have few bullets: a map that names the first ones meets some.
MAPS = ANSWERS | st.fixed_dictionaries({f"b{number}": WORDS for number in range(3)})
# The guard refuses most of these; the bullets named here get a text that it takes.
HONEST = st.sets(st.sampled_from([f"b{number}" for number in range(9)]))
VACANCY = "d"


async def stored(db: Connection, text: str) -> str:
    return str(await db.fetchval(ROUND_TRIP, text))


def rewritten(document: Document, answer: dict[str, str], *, ascii_only: bool) -> Rewrite | None:
    """Return what the job's own step makes of the answer, None if it finds nothing to change."""
    reply = LLMReply(json.dumps(answer, ensure_ascii=ascii_only), "scripted", "m", "m", "end")
    try:
        result = settle(PAYLOAD, Facts("t", document, "v", VACANCY, "row"), {"rewrite": reply}, CTX)
    except NoSafeChange:
        return None
    assert isinstance(result, Rewrite)
    return result


def outside(document: Document, *, added: frozenset[str] = frozenset()) -> str:
    """Return the text without located texts and without flags; `added` are bullets whose flag is a new member."""
    edges = [0, *(edge for span in sorted(cuts(document, added)) for edge in span), len(document.text)]
    return "|".join(document.text[start:end] for start, end in list(pairwise(edges))[::2])


def cuts(document: Document, added: frozenset[str]) -> Iterator[tuple[int, int]]:
    for bullet in document.bullets:
        flag = flag_of(bullet)
        if flag is None:
            yield bullet.span
        elif bullet.id in added:
            # What came in stands directly behind the text, from the comma to the flag's end.
            assert document.text[bullet.span[1]] == ","
            yield bullet.span[0], flag[1]
        else:
            yield from (bullet.span, flag)


def flag_of(bullet: Bullet) -> tuple[int, int] | None:
    members = bullet.item.members if isinstance(bullet.item, Object) else ()
    return next(((m.value.start, m.value.end) for m in members if m.key == VERIFIED), None)


def wanted(document: Document, answer: dict[str, str]) -> list[str]:
    guard = Guard.of(document, vacancy=VACANCY, tone=PAYLOAD.tone)
    return [wanted_of(bullet, answer, guard) for bullet in document.bullets]


def wanted_of(bullet: Bullet, answer: dict[str, str], guard: Guard) -> str:
    # A model quotes what it was shown, which is escaped.
    new = untrusted.unescape(answer.get(bullet.id, "").translate(HALF_A_CHARACTER | {0: None}))
    if not new.strip() or untrusted.seen(new) == untrusted.seen(bullet.text):
        return bullet.text
    if any(finding.is_violation for finding in guard.check(bullet.id, new)):
        event("refused")
        return bullet.text
    event("taken")
    return new


@settings(deadline=None, suppress_health_check=FLAGS, max_examples=150)
@given(STORABLE, MAPS, HONEST, st.booleans())
@example('{"work": [{"bullets": [":", "Built it"]}]}', {"b0": "0", "b1": "—"}, set(), False)
@example('{"work": [{"bullets": ["&lt;", "Built it &amp; ran it"]}]}', {}, {"b0", "b1"}, False)
async def test_only_located_texts_differ_from_what_postgresql_hands_out(
    database: Database, text: str, answer: dict[str, str], reworded: set[str], ascii_only: bool
) -> None:
    async with database.transaction(None) as db:
        await db.execute(TABLE)
        before = locator.read(await stored(db, text))
        answer = answer | {bullet.id: honest(bullet.text) for bullet in before.bullets if bullet.id in reworded}
        expected = wanted(before, answer)
        result = rewritten(before, answer, ascii_only=ascii_only)
        if result is None:
            event("nothing changed")
            assert expected == [bullet.text for bullet in before.bullets]
            return
        after = locator.read(await stored(db, result.body))

    event("rewritten")
    assert after.text == result.body, "the variant comes back as it was written"
    assert [bullet.text for bullet in after.bullets] == expected
    assert [bullet.path for bullet in after.bullets] == [bullet.path for bullet in before.bullets]
    added = frozenset(bullet.id for bullet in before.bullets if bullet.is_object and flag_of(bullet) is None)
    assert outside(after, added=added) == outside(before)


@settings(deadline=None, suppress_health_check=FLAGS, max_examples=60)
@given(STORABLE)
async def test_the_empty_map_is_the_identity(database: Database, text: str) -> None:
    async with database.transaction(None) as db:
        await db.execute(TABLE)
        document = locator.read(await stored(db, text))
    assert splice(document, {}) == document.text == text
    assert rewritten(document, {}, ascii_only=True) is None


async def test_what_json_would_tidy_up_survives_column_and_rewrite(database: Database) -> None:
    text = '{ "cgpa":8.40 ,"work" : [{"bullets":["caf\\u00e9", "x"]}],\n"n":1E+2,"k":1,"k":2,"u":"\\u0000" }'
    async with database.transaction(None) as db:
        await db.execute(TABLE)
        document = locator.read(await stored(db, text))
        result = rewritten(document, {"b1": "x ₹"}, ascii_only=True)
        assert result is not None
        assert await stored(db, result.body) == text.replace('"x"', '"x ₹"')


async def test_every_example_with_every_bullet_rewritten_keeps_the_rest(database: Database) -> None:
    for resume in EXAMPLE.resumes:
        async with database.transaction(None) as db:
            await db.execute(TABLE)
            before = locator.read(await stored(db, resume.body))
            answer = {bullet.id: f'{honest(bullet.text)} ✓ "…"' for bullet in before.bullets}
            result = rewritten(before, answer, ascii_only=False)
        assert result is not None
        assert result.changed == answer
        added = frozenset(bullet.id for bullet in before.bullets if bullet.is_object and flag_of(bullet) is None)
        assert outside(locator.read(result.body), added=added) == outside(before)
