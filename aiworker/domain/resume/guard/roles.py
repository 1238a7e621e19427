"""Rule 5: a role the bullet does not state, and a part in something that has become the whole."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from aiworker.domain.resume.guard import turns
from aiworker.domain.resume.guard.findings import Finding
from aiworker.domain.resume.guard.lexicon import (
    BOSSES,
    BOUND,
    COACHING,
    COOL,
    GIVEN,
    HEADED,
    IN_CHARGE,
    IRREGULAR,
    LEADERSHIP,
    LED_EVENTS,
    MANAGED,
    OWNED,
    ROLES,
)
from aiworker.domain.resume.guard.reading import NEAR, Reading, Rewording, Source
from aiworker.domain.resume.guard.unstated import ROOT, matched
from aiworker.domain.resume.guard.words import STOP_WORDS, stem, words
from aiworker.domain.resume.verbs_en import BASE_OF_GERUND, PAST, PAST_OF_BASE

_LESSER: Final = re.compile(
    r"\b(?:assistant|asst\.?|deputy|junior|associate|vice|trainee|apprentice)[ -]\Z", re.IGNORECASE
)
_ASSISTED: Final = re.compile(r"(?:help|assist|support|accompan|shadow|observ|watch)", re.IGNORECASE)
_EVENT_WITHIN: Final = 5
_GUIDES: Final = ("guid", "ment", "coac", "advi", "inst", "coun")
_RUNS: Final = ("mana", "supe", "over", "dire", "coor", "dele")
_LEARNT: Final = ("mento", "coach", "super")
_OVERSEEING: Final = LEADERSHIP - ROLES
_LEADING: Final = _OVERSEEING - OWNED - COACHING


def leadership(source: Source, text: Rewording) -> Iterator[Finding]:
    """Find a leading role that the bullet does not state."""
    if not _leads(source.bullet, _LEADING):
        yield from _led(source, text)
    for match in turns.AS_ROLE.finditer(text.text):
        # A title in another language is told by its translation.
        if source.language != "en" or turns.AS_ROLE.search(source.bullet.text):
            break
        held = source.frame.stems
        said = [word for word in words(match[1] or match[2]) if word not in STOP_WORDS]
        others = [word for word in source.bullet.words if word not in said]
        roots = {word[:ROOT] for word in others} | set(map(stem, others))
        is_own = set(said) <= set(source.bullet.words[:ROOT])
        is_held = all(stem(word) in held or not roots.isdisjoint((word[:ROOT], stem(word))) for word in said)
        if _is_promoted(source.frame, said, match[0]) or not (is_own or is_held):
            yield Finding("leadership", match[0])
    for place in turns.ROLES_INDEX.places(text.text):
        for finding in matched("leadership", turns.ROLES[place], source, text):
            leads = _leads(source.bullet, LEADERSHIP)
            oversees = _leads(source.bullet, _OVERSEEING)
            is_in_charge = oversees or bool(turns.IN_CHARGE.search(source.bullet.text))
            is_in_charge = is_in_charge and not turns.HELPED.search(source.bullet.text)
            low = finding.token.lower()
            is_told = (is_in_charge and ("responsib" in low or low in ("in charge of", "took charge"))) or (
                low.startswith("assisted by") and bool(turns.HELP.search(source.bullet.text))
            )
            group = [word for word in words(finding.token) if word not in STOP_WORDS][-1:]
            is_same = "under my" in low or (bool(group) and group[0] in source.bullet.words)
            is_told = is_told or ((low == "sign-off" or low.startswith("authori")) and "approv" in source.bullet.low)
            is_told = is_told or (leads and is_same) or (oversees and low.endswith(" of"))
            roots = {word[:ROOT] for word in source.bullet.words}
            is_told = is_told or (low.endswith("authority") and "authority" in source.bullet.words)
            is_told = is_told or all(word[:ROOT] in roots for word in words(finding.token))
            if not (is_told or text.explained.issuperset(words(finding.token))):
                yield finding


def _is_promoted(frame: Reading, said: list[str], text: str) -> bool:
    """Say whether an entry has a title only with a word that makes it less, which a text leaves out."""
    if not said or _LESSER.search(text.lower().partition(said[-1])[0]):
        return False
    held = [found.start() for found in re.finditer(rf"\b{re.escape(said[-1])}\b", frame.low)]
    return bool(held) and all(_LESSER.search(frame.low[max(0, at - NEAR) : at]) for at in held)


def helped(source: Source, text: Reading) -> Iterator[Finding]:
    """Find a part in something that has become the whole: the bullet's helping is no longer said."""
    taught = turns.TEACHES.match(text.text)
    if taught and turns.LEARNT.search(source.bullet.text) and not turns.TAUGHT.search(source.bullet.text):
        yield Finding("leadership", taught[0])
        return
    told = turns.HELPED.search(source.bullet.text)
    if not told or (_has_no_verb(text) and not turns.DOING.match(text.text)):
        return
    charge = turns.RESPONSIBLE.search(text.text)
    if charge and not (turns.IN_CHARGE.search(source.bullet.text) or charge[0].lower() in source.bullet.low):
        yield Finding("leadership", charge[0])
        return
    if (
        turns.DOING.match(text.text)
        and _ASSISTED.match(told[0].strip(" .,;:–—-"))
        and not turns.HELPING.search(turns.WITH_HELP.sub("", text.text))
        and told[0].strip(" .,;:–—-")[:ROOT].lower() not in text.low
    ):
        yield Finding("leadership", f"without {told[0].strip(' .,;:–—-')}")
        return
    was, own = source.bullet.text.lower(), turns.OWN_WORDS.search(told[0])
    for found in turns.BESIDE.finditer(text.text):
        if turns.STRONG.match(found[0]) or not re.search(rf"\b{re.escape(found[0].lower())}\b", was) or own:
            return
    yield Finding("leadership", f"without {told[0].strip(' .,;:–—-')}")


def _leads(bullet: Reading, leading: frozenset[str]) -> bool:
    """Say whether a bullet states a leading role of its own; "self-managed" and "mentored by" lead nobody."""
    return bullet.does(leading)


def _led(source: Source, text: Rewording) -> Iterator[Finding]:
    if not LEADERSHIP.isdisjoint(text.tokens):
        leading = LEADERSHIP - _allowed(source)
        for at, word in enumerate(text.spoken):
            if word == "head" and text.spoken[max(0, at - 1) : at] in COOL:
                continue
            if word in leading and not (_is_told(source, text, at) or _is_anothers(source, text, at)):
                yield Finding("leadership", word)
    yield from _led_people(source, text)


def _coaches(bullet: Reading) -> bool:
    return bool(turns.TAUGHT.search(bullet.text)) or _leads(bullet, COACHING)


def _allowed(source: Source) -> frozenset[str]:
    """Return the words for leading that say no more than a bullet does."""
    bullet = source.bullet
    allowed = COACHING if _coaches(bullet) else frozenset[str]()
    allowed |= IN_CHARGE | OWNED if _leads(bullet, OWNED) or turns.IN_CHARGE.search(bullet.text) else frozenset[str]()
    allowed |= MANAGED if turns.KEPT.search(bullet.text) else frozenset[str]()
    if not turns.BESIDE.search(bullet.text) and (BOSSES & source.frame.hyphenated or _has_no_verb(bullet)):
        allowed |= IN_CHARGE - BOSSES
    return allowed


def _led_people(source: Source, text: Rewording) -> Iterator[Finding]:
    """Find people who are led, and of whom the bullet has no word; who guides some may be said to coach them."""
    matches = [*turns.PEOPLE.finditer(text.text), *turns.GUIDED.finditer(text.text)]
    if not matches:
        return
    known = (*source.bullet.words, *source.frame.words)
    runs = bool(turns.IN_CHARGE.search(source.bullet.text))
    guides = _coaches(source.bullet) or any(word.startswith(_GUIDES) for word in source.bullet.words)
    for match in matches:
        root = match[0][: ROOT - 1].lower()
        # A mark is there to guide drivers.
        is_sign = root == "guid" and text.text[: match.start()].endswith("to ")
        is_guided = guides and root in _GUIDES
        are_those = match[1].lower() in ("people", "persons") or _counts_those(source.bullet, text, match.span())
        if is_sign or (is_guided and are_those):
            continue
        is_known = any(word.startswith(root) for word in known) or (root == "mana" and runs)
        is_new = root in _GUIDES + _RUNS and not (is_known or is_guided)
        is_title = any(word.startswith(root) for word in source.frame.words)
        if is_new or not (is_title or stem(match[1].lower()) in source.bullet.stems):
            yield Finding("leadership", match[0])


def _counts_those(bullet: Reading, text: Reading, span: tuple[int, int]) -> bool:
    """Say whether as many people are spoken of as the bullet says were guided."""
    within = (number for number in text.numbers if span[0] <= number.span[0] < span[1])
    return any(number.noun and bullet.holds(number) for number in within)


def _is_told(source: Source, text: Rewording, at: int) -> bool:
    """Say whether bullet or entry speak of the role: by its title, or by the verb the bullet begins with."""
    word, spoken = text.spoken[at], source.bullet.spoken
    if word in text.explained or (word in ROLES and stem(word) in source.bullet.stems | source.frame.stems):
        return True
    if word in COACHING and stem(word) in source.frame.stems:
        return True
    if word in source.frame.hyphenated and word.capitalize() in text.text:
        return True
    is_active = bool(spoken) and spoken[1:2] != ["by"]
    if word in OWNED and "own" in source.entry.stems:
        return True
    is_directing = word.startswith("directed") and "directions" in spoken
    return is_directing or (is_active and (word[:ROOT] == spoken[0][:ROOT] or word.startswith(spoken[0])))


def _is_anothers(source: Source, text: Rewording, at: int) -> bool:
    """Say whether nobody is led here, or somebody else leads: "led by", "led to", "received mentoring from"."""
    word, spoken = text.spoken[at], text.spoken
    is_led = spoken[at + 1 : at + 2] in (["by"], ["por"], ["to"]) or spoken[max(0, at - 1) : at] in GIVEN
    is_led = is_led or spoken[at + 1 : at + 3] == ["up", "to"]
    is_led = is_led or (word in HEADED and not BOUND.isdisjoint(spoken[at + 1 : at + 2]))
    # A leading complaint leads nobody, a leading engineer may.
    following = spoken[at + 1] if at + 1 < len(spoken) else ""
    is_thing = stem(following) in source.bullet.stems and not following.endswith(("er", "ers", "or", "ors", "ist"))
    is_led = is_led or (word == "leading" and spoken[max(0, at - 1) : at] in (["the"], ["a"]) and is_thing)
    is_learnt = word[:ROOT] in _LEARNT and _from_others(source, text, at)
    is_event = _leads_event(spoken, at) and not turns.HELPED.search(source.bullet.text)
    return is_led or is_learnt or is_event or _is_under(source, text, at)


def _has_no_verb(bullet: Reading) -> bool:
    """Say whether a bullet only names its matter, so that any text has to add a verb."""
    first = next((word.split("-")[-1] for word in bullet.spoken if not word.endswith("ly")), "")
    return bool(first) and not (
        first in PAST
        or first in PAST_OF_BASE
        or first in BASE_OF_GERUND
        or first in IRREGULAR
        or first.endswith(("ed", "ing", "é", "ó", "aba", "ía"))
    )


def _is_under(source: Source, text: Reading, at: int) -> bool:
    """Say whether work is "supervised" that the bullet says was done under supervision."""
    is_passive = at > 0 and (at == len(text.spoken) - 1 or text.spoken[at - 1].isdigit())
    is_by_others = text.spoken[at] == "supervising" and (
        "under" in text.tokens or text.spoken[max(0, at - 1)] in source.bullet.tokens
    )
    is_told = "supervision" in source.bullet.tokens
    return is_told and (is_by_others or (text.spoken[at] == "supervised" and is_passive))


def _from_others(source: Source, text: Reading, at: int) -> bool:
    """Say whether somebody else does the mentoring: it comes "from" or "by" another, as the bullet says it did."""
    is_told = any(word[:ROOT] == text.spoken[at][:ROOT] for word in source.bullet.spoken)
    return is_told and not {"by", "from"}.isdisjoint(text.spoken[at + 1 : at + 1 + _EVENT_WITHIN])


def _leads_event(found: list[str], at: int) -> bool:
    beside = {*found[at + 1 : at + 1 + _EVENT_WITHIN], *(found[at - 2 : at] if found[at - 1 : at] == ["i"] else ())}
    return found[at] in ("led", "leading", "lead") and not LED_EVENTS.isdisjoint(beside)
