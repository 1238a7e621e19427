"""No small group can be worked out from what is told: counted out over everything that could be behind it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import combinations_with_replacement, product

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from aiworker.domain.analytics.suppression import K, Size, chain, may_split, table
from tests.unit.domain.analytics.seasons import SMALL, cells, nested

Pairs = list[tuple[int, int]]
SEARCHED = settings(max_examples=200, deadline=None, print_blob=True)
PAIRS = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)).filter(any), min_size=2, max_size=4)
NAMES = ("placed", "applied", "offered", "shortlisted", "interviewed")
PLACES = (5, 1, 4, 2, 3)
"""Where each name stands among nested groups, the whole being the first."""


def test_the_threshold_is_five() -> None:
    assert K == 5


# A part and its rest


@pytest.mark.parametrize(
    ("whole", "part", "may"),
    [(10, 5, True), (9, 5, False), (9, 4, False), (100, 4, False), (100, 96, False), (100, 95, True), (5, 5, False)],
)
def test_a_part_is_told_if_it_and_its_rest_are_large(whole: int, part: int, *, may: bool) -> None:
    assert may_split(Size(whole), Size(part)) is may


@pytest.mark.parametrize("part", [0, 100])
def test_nobody_and_everybody_are_small_groups_too(part: int) -> None:
    assert not may_split(Size(100), Size(part))


@pytest.mark.parametrize(("outside", "may"), [(0, True), (1, False), (4, False), (5, True)])
def test_the_others_whom_the_filters_leave_out_are_nobody_or_many(outside: int, *, may: bool) -> None:
    assert Size(20, outside).is_large(K) is may
    assert may_split(Size(50, 60), Size(20, outside)) is may
    assert may_split(Size(50, 40 + outside), Size(20, 40)) is may


# Nested groups


def told(sizes: Sequence[int], k: int) -> frozenset[str]:
    points = {name: Size(sizes[place]) for name, place in zip(NAMES, PLACES, strict=True)}
    return chain(points, whole=Size(sizes[0]), k=k)


def test_all_nested_groups_are_told_where_all_differences_are_large() -> None:
    assert told((30, 25, 20, 15, 10, 5), K) == set(NAMES)


def test_the_group_that_is_asked_for_first_is_told_where_two_are_too_near() -> None:
    assert told((60, 50, 40, 30, 22, 20), K) == set(NAMES) - {"offered"}
    assert told((60, 58, 40, 30, 20, 10), K) == set(NAMES) - {"applied"}
    assert told((60, 50, 40, 30, 20, 4), K) == set(NAMES) - {"placed"}


def test_without_a_whole_only_differences_among_the_parts_count() -> None:
    assert chain({"applied": Size(58), "placed": Size(10)}, whole=None) == {"applied", "placed"}
    assert chain({"applied": Size(58), "placed": Size(10)}, whole=Size(60)) == {"placed"}


def test_a_difference_among_those_left_out_counts_too() -> None:
    assert chain({"placed": Size(20, 10), "applied": Size(40, 12)}, whole=None) == {"placed"}
    assert chain({"placed": Size(20, 0), "applied": Size(40, 12)}, whole=None) == {"placed", "applied"}


@SEARCHED
@given(nested(), st.sampled_from([2, 3]))
def test_no_small_group_of_a_chain_can_be_solved_for(sizes: tuple[int, ...], k: int) -> None:
    known = {0: sizes[0]} | {
        place: sizes[place] for name, place in zip(NAMES, PLACES, strict=True) if name in told(sizes, k)
    }
    event(f"{len(known) - 1} told")
    worlds = [world for world in chains(sizes[0]) if all(world[place] == size for place, size in known.items())]
    assert sizes in worlds
    for group in differences():
        if group(sizes) < k and sizes[0] >= k:
            assert len({group(world) for world in worlds}) > 1


def chains(whole: int) -> Iterator[tuple[int, ...]]:
    for parts in combinations_with_replacement(range(whole, -1, -1), 5):
        yield (whole, *parts)


def differences() -> Iterator[Callable[[tuple[int, ...]], int]]:
    """Yield every group that nested groups tell: each of them, and each without a smaller one."""
    for outer in range(6):
        if outer:
            yield lambda sizes, outer=outer: sizes[outer]
        for inner in range(outer + 1, 6):
            yield lambda sizes, outer=outer, inner=inner: sizes[outer] - sizes[inner]


# Tables


def kept(pairs: Pairs, k: int = K) -> set[int]:
    return set(table(cells(pairs), k))


def test_a_table_of_large_cells_is_told_whole() -> None:
    assert kept([(5, 5), (20, 30), (6, 7)]) == {0, 1, 2}


def test_of_one_small_cell_the_next_smallest_is_hidden_too() -> None:
    assert kept([(30, 30), (12, 18), (3, 13), (6, 8)]) == {0, 1}


def test_two_small_cells_hide_a_third_if_they_are_small_together() -> None:
    assert kept([(30, 30), (12, 18), (2, 13), (2, 8)]) == {0}
    assert kept([(30, 30), (12, 18), (2, 13), (3, 8)]) == {0, 1}


def test_a_cell_whose_others_are_few_is_as_small_as_one_whose_placed_are() -> None:
    assert kept([(30, 30), (30, 2), (6, 8)]) == {0}


def test_nothing_of_a_table_is_told_whose_total_is_hidden() -> None:
    assert kept([(2, 30), (2, 30)]) == kept([(30, 2), (30, 2)]) == kept([]) == set()


def test_one_of_two_branches_is_never_told_alone() -> None:
    assert kept([(30, 30), (4, 20)]) == set()


def test_a_cell_that_filters_would_give_away_is_small() -> None:
    seen = cells([(30, 30), (12, 18), (9, 9)])
    filtered = [type(seen[0])(Size(30, 2), Size(30, 0)), *seen[1:]]
    assert set(table(filtered)) < {0, 1, 2}


@SEARCHED
@given(PAIRS, st.sampled_from([SMALL, 3]))
def test_no_hidden_cell_of_a_table_can_be_solved_for(pairs: Pairs, k: int) -> None:
    shown = kept(pairs, k)
    event(f"{len(shown)} of {len(pairs)} told")
    totals = [sum(pair[side] for pair in pairs) for side in (0, 1)]
    hidden = [index for index in range(len(pairs)) if index not in shown]
    if not hidden or min(totals) < k:
        assert not shown or not hidden
        return
    left = [totals[side] - sum(pairs[index][side] for index in shown) for side in (0, 1)]
    for side in (0, 1):
        worlds = [world for world in product(range(left[side] + 1), repeat=len(hidden)) if sum(world) == left[side]]
        for position, index in enumerate(hidden):
            if min(pairs[index]) < k:
                assert len({world[position] for world in worlds}) > 1


@SEARCHED
@given(PAIRS, st.sampled_from([SMALL, 3]))
def test_nor_by_who_knows_how_many_students_each_branch_has(pairs: Pairs, k: int) -> None:
    shown = kept(pairs, k)
    hidden = [index for index in range(len(pairs)) if index not in shown]
    if not shown or not hidden:
        return
    strengths = [sum(pairs[index]) for index in hidden]
    left = sum(pairs[index][0] for index in hidden)
    worlds = [world for world in product(*(range(most + 1) for most in strengths)) if sum(world) == left]
    for position in range(len(hidden)):
        assert len({world[position] for world in worlds}) > 1


@settings(SEARCHED, max_examples=60)
@given(PAIRS.filter(lambda pairs: len(pairs) < 4))
def test_nor_by_who_knows_the_rules_by_which_cells_are_hidden(pairs: Pairs) -> None:
    shown = kept(pairs, SMALL)
    totals = [sum(pair[side] for pair in pairs) for side in (0, 1)]
    hidden = [index for index in range(len(pairs)) if index not in shown]
    if not shown or not hidden:
        return
    worlds = [world for world in tables(len(pairs), totals) if is_alike(world, pairs, shown)]
    assert pairs in worlds
    for index in hidden:
        if min(pairs[index]) < SMALL:
            assert len({world[index] for world in worlds}) > 1


def tables(size: int, totals: list[int]) -> Iterator[Pairs]:
    sides = [[w for w in product(range(whole + 1), repeat=size) if sum(w) == whole] for whole in totals]
    for placed, others in product(*sides):
        pairs = list(zip(placed, others, strict=True))
        if all(map(any, pairs)):
            yield pairs


def is_alike(world: Pairs, pairs: Pairs, shown: set[int]) -> bool:
    return kept(world, SMALL) == shown and all(world[index] == pairs[index] for index in shown)


@SEARCHED
@given(PAIRS, st.integers(2, 5))
def test_what_the_totals_give_away_is_large_and_more_than_one_cell(pairs: Pairs, k: int) -> None:
    shown = kept(pairs, k)
    hidden = [pairs[index] for index in range(len(pairs)) if index not in shown]
    if shown and hidden:
        assert len(hidden) > 1
        assert all(sum(pair[side] for pair in hidden) >= k for side in (0, 1))
    assert all(min(pairs[index]) >= k for index in shown)
