"""Whole publications against somebody who knows every rule: all seasons that a few students could have had are counted.

Seasons that are published alike cannot be told apart. So in no group of them may a hidden number be the same.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from itertools import combinations, product

import pytest

from aiworker.domain.analytics.facts import Published, publish
from aiworker.domain.analytics.figures import Branch, Figures, Season
from aiworker.domain.analytics.suppression import Size
from tests.unit.domain.analytics.seasons import SMALL

Groups = Mapping[str, int]
PACKAGE = Decimal(600_000)
MOST = 7


def season(*, applied: int, placed: int, offered: int | None = None) -> Season:
    offered = placed if offered is None else offered
    return Season(applied, offered, offered, offered, placed, offers=offered, median=PACKAGE, mean=PACKAGE)


def seen(published: Published) -> object:
    """Return all that leaves."""
    return (published.facts, published.suppressed)


def small_groups_that_leak(worlds: Iterable[tuple[object, Groups]], k: int = SMALL) -> list[tuple[str, int]]:
    """Return the groups that are small and whose number is the same in every world that looks like theirs."""
    alike: dict[object, list[Groups]] = defaultdict(list)
    for publication, groups in worlds:
        alike[publication].append(groups)
    return [
        (name, next(iter(sizes)))
        for several in alike.values()
        for name in several[0]
        if len(sizes := {groups[name] for groups in several}) == 1 and next(iter(sizes)) < k
    ]


def shared(number: int, parts: int) -> Iterator[tuple[int, ...]]:
    """Yield every way to share a number of students among so many groups."""
    for bars in combinations(range(number + parts - 1), parts - 1):
        edges = (-1, *bars, number + parts - 1)
        yield tuple(edges[i + 1] - edges[i] - 1 for i in range(parts))


def of_three_branches(number: int) -> Iterator[tuple[Published, Groups]]:
    for idle_a, idle_b, idle_c, tried_a, tried_b, tried_c, placed_a, placed_b, placed_c in shared(number, 9):
        idle, tried, placed = (idle_a, idle_b, idle_c), (tried_a, tried_b, tried_c), (placed_a, placed_b, placed_c)
        strengths = [sum(group) for group in zip(idle, tried, placed, strict=True)]
        if not all(strengths):
            continue
        figures = Figures(
            "2026-27",
            Size(number),
            9,
            season(applied=sum(tried) + sum(placed), placed=sum(placed)),
            branches=tuple(
                Branch(name, Size(strength), Size(there), PACKAGE if there else None)
                for name, strength, there in zip("ABC", strengths, placed, strict=True)
            ),
        )
        groups = {"idle": sum(idle), "tried": sum(tried), "placed": sum(placed)}
        groups |= {f"placed of {name}": there for name, there in zip("ABC", placed, strict=True)}
        groups |= {
            f"not placed of {name}": strength - there
            for name, strength, there in zip("ABC", strengths, placed, strict=True)
        }
        yield publish(figures, k=SMALL), groups


@pytest.mark.parametrize("number", [4, 6, MOST])
def test_no_small_group_of_a_season_and_its_branches_can_be_worked_out(number: int) -> None:
    worlds = list(of_three_branches(number))
    assert any(fact.id == "placed" for published, _ in worlds for fact in published.facts)
    assert small_groups_that_leak((seen(published), groups) for published, groups in worlds) == []


def test_the_counting_finds_what_would_leak() -> None:
    worlds = [(published.season, groups) for published, groups in of_three_branches(4) if groups["idle"] == 1]
    assert ("idle", 1) in small_groups_that_leak(worlds)


def of_two_seasons(number: int) -> Iterator[tuple[Published, Groups]]:
    befores = [(applied, placed) for placed in range(MOST) for applied in range(placed, 2 * MOST)]
    for (idle, tried, placed), (applied_then, placed_then) in product(shared(number, 3), befores):
        figures = Figures(
            "2026-27",
            Size(number),
            9,
            season(applied=tried + placed, placed=placed),
            before=season(applied=applied_then, placed=placed_then),
        )
        groups = {"idle": idle, "placed": placed, "placed then": placed_then, "tried then": applied_then - placed_then}
        yield publish(figures, k=SMALL), groups


def test_no_change_tells_of_a_small_group_of_the_season_before() -> None:
    worlds = list(of_two_seasons(6))
    assert any(fact.id == "change_placed" for published, _ in worlds for fact in published.facts)
    assert small_groups_that_leak((seen(published), groups) for published, groups in worlds) == []


def test_no_change_tells_what_the_summary_of_the_season_before_kept_hidden() -> None:
    worlds: list[tuple[object, Groups]] = []
    changes = 0
    for idle, tried, placed in shared(6, 3):
        then = season(applied=tried + placed, placed=placed)
        told_then = publish(Figures("2025-26", Size(6), 9, then), k=SMALL)
        now = Figures("2026-27", Size(6), 9, season(applied=4, placed=2), before=then)
        told_now = publish(now, hidden_before=frozenset(told_then.suppressed), k=SMALL)
        changes += any(fact.id == "change_applied" for fact in told_now.facts)
        worlds.append(((seen(told_then), seen(told_now)), {"idle then": idle, "placed then": placed}))
    assert changes
    assert small_groups_that_leak(worlds) == []


def of_offers(most: int) -> Iterator[tuple[Published, Groups]]:
    """Yield what up to so many students may have been offered, beside two who applied in vain and two who did not."""
    for there, several, beyond in product(range(most + 1), range(most + 1), range(most)):
        if several > there or (beyond and not several):
            continue
        # Offers beyond the second of each are one student's at the least, and each another one's at the most.
        for three in range(min(1, beyond), min(several, beyond) + 1):
            for interns, converted in ((all_, some) for all_ in range(there + 1) for some in range(all_ + 1)):
                now = replace(
                    season(applied=most + 2, placed=0, offered=there),
                    several_offers=several,
                    offers=there + several + beyond,
                    companies=SMALL,
                    interns=interns,
                    converted=converted,
                )
                groups = {
                    "several": several,
                    "one": there - several,
                    "three or more": three,
                    "interns": interns,
                    "others": there - interns,
                    "converted": converted,
                    "not converted": interns - converted,
                }
                yield publish(Figures("2026-27", Size(most + 4), 9, now), k=SMALL), groups


def test_no_small_group_can_be_worked_out_from_how_many_offers_there_were() -> None:
    worlds = list(of_offers(6))
    assert any(fact.id == "offers" for published, _ in worlds for fact in published.facts)
    assert small_groups_that_leak((seen(published), groups) for published, groups in worlds) == []


def of_some(number: int) -> Iterator[tuple[Published, Published, Groups]]:
    for idle, tried, placed, idle_out, tried_out, placed_out in shared(number, 6):
        some = season(applied=tried + placed, placed=placed)
        others = season(applied=tried_out + placed_out, placed=placed_out)
        everybody = season(applied=some.applied + others.applied, placed=placed + placed_out)
        inside = Size(idle + tried + placed, idle_out + tried_out + placed_out)
        groups = {
            "registered": inside.inside,
            "applied": some.applied,
            "placed": placed,
            "tried": tried,
            "others registered": inside.outside,
            "others applied": others.applied,
            "others placed": placed_out,
            "others tried": tried_out,
        }
        filtered = Figures("2026-27", inside, 9, some, outside=others, is_filtered=True)
        yield publish(Figures("2026-27", Size(number), 9, everybody), k=SMALL), publish(filtered, k=SMALL), groups


def test_a_summary_of_some_and_one_of_all_do_not_tell_of_a_few_others() -> None:
    worlds = list(of_some(7))
    leaks: list[tuple[str, int]] = []
    for of_all, filtered, groups in worlds:
        told = {fact.id: fact.value for fact in filtered.facts}
        whole = {fact.id: fact.value for fact in of_all.facts}
        alike = [other for _, _, other in worlds if is_alike(other, told, whole)]
        small = {name: size for name, size in groups.items() if 0 < size < SMALL}
        leaks += [(name, size) for name, size in small.items() if len({other[name] for other in alike}) == 1]
    assert leaks == []


def is_alike(groups: Groups, told: Mapping[str, object], whole: Mapping[str, object]) -> bool:
    ids = ("registered", "applied", "placed")
    return all(groups[name] == told.get(name, groups[name]) for name in ids) and all(
        total == whole.get(name, total) for name in ids for total in [groups[name] + groups[f"others {name}"]]
    )
