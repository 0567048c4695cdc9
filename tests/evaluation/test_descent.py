"""The way of one loan down the diagrams, against all the points that it may be."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from functools import partial
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.evaluation.diagram import LATER, LEAF, UNKNOWN, Descent, Forest
from tests.evaluation.forests import POINTS, SIZES, built, classes_left, expressions, truth

Step = tuple[int, int]

codes_known = st.tuples(*(st.integers(UNKNOWN, size - 1) for size in SIZES)).map(list)


def descent(forest: Forest, codes: list[int]) -> Descent:
    return Descent(forest, codes, lambda level: pytest.fail(f"{level} was not to be asked"))


def meets(down: Descent, node: int) -> bool | None:
    certain, possible = down.parted([(0, node)])
    return None if possible else bool(certain)


def points(
    codes: list[int], left: Mapping[int, tuple[int, ...]] | None = None
) -> list[tuple[int, ...]]:
    """What the loan may be."""
    return [
        point
        for point in POINTS
        if all(code in (UNKNOWN, each) for code, each in zip(codes, point, strict=True))
        and all(codes[n] != UNKNOWN or point[n] in some for n, some in (left or {}).items())
    ]


def every(chosen: tuple[Step, ...]) -> bool:
    return True


def same(chosen: tuple[Step, ...], nodes: list[int]) -> tuple[Step, ...]:
    return chosen


def test_a_way_is_followed_as_far_as_it_is_known() -> None:
    forest = Forest()
    lower = forest.choice(1, 3, {2})
    node = forest.node(0, [forest.true, lower])
    for codes, end in (
        ([0, -1], forest.true),
        ([1, -1], lower),
        ([1, 2], forest.true),
        ([-1, 2], node),
    ):
        assert descent(forest, codes).settle(node) == end


def test_a_class_is_worked_out_once_and_only_when_it_is_asked_for() -> None:
    forest = Forest()
    lower = forest.choice(1, 3, {2})
    node = forest.node(0, [forest.true, lower])
    asked: list[int] = []

    def class_of(level: int) -> int:
        asked.append(level)
        return 2

    codes = [0, LATER]
    assert Descent(forest, codes, class_of).settle(node) == forest.true and not asked
    codes[0] = 1
    down = Descent(forest, codes, class_of)
    assert down.settle(node) == down.settle(lower) == forest.true
    assert meets(down, node) is True and down.code(1) == 2
    assert asked == [1] and codes == [1, 2]


@given(expressions, codes_known)
def test_a_loan_lies_in_a_part_wherever_it_may_be_or_nowhere_or_it_depends(
    expression: Any, codes: list[int]
) -> None:
    forest = Forest()
    node = built(forest, expression)
    down = descent(forest, codes)
    truths = {truth(expression, point) for point in points(codes)}
    assert meets(down, node) is (None if len(truths) > 1 else truths.pop())
    met = meets(down, node)
    certain, possible = down.parted([(7, node), (8, forest.false), (9, forest.true)])
    assert certain == [7, 9] if met else certain == [9]
    assert possible == ([7] if met is None else [])


@given(expressions, expressions, st.tuples(*(st.integers(0, size - 1) for size in SIZES)).map(list))
def test_none_of_the_needed_levels_can_be_left_out(
    first: Any, second: Any, codes: list[int]
) -> None:
    forest = Forest()
    needed = descent(forest, codes).needed([built(forest, first), built(forest, second)])
    assert needed is not None
    here = [truth(each, tuple(codes)) for each in (first, second)]

    def surely(levels: set[int]) -> bool:
        known = [code if n in levels else UNKNOWN for n, code in enumerate(codes)]
        return all([truth(e, p) for e in (first, second)] == here for p in points(known))

    assert surely(needed)
    assert not any(surely(needed - {level}) for level in needed)


def test_nothing_is_needed_where_no_leaf_is_reached() -> None:
    forest = Forest()
    node = forest.choice(0, 2, {1})
    assert descent(forest, [UNKNOWN]).needed([forest.true, node]) is None


@given(expressions, expressions, codes_known, classes_left)
def test_what_leads_on_alike_under_what_is_left_is_reduced_to_one_node(
    first: Any, second: Any, codes: list[int], left: dict[int, tuple[int, ...]]
) -> None:
    forest = Forest()
    down = descent(forest, codes)
    down.left.update(left)
    one, other = (down.reduced(built(forest, each)) for each in (first, second))
    alike = all(truth(first, point) == truth(second, point) for point in points(codes, left))
    assert (one == other) == alike
    truths = {truth(first, point) for point in points(codes, left)}
    assert (forest.level[one] == LEAF) == (len(truths) == 1)
    for node, below in down.below.items():
        assert len(below) == len(left.get(forest.level[node], range(SIZES[forest.level[node]])))


@given(
    st.lists(expressions, max_size=3), st.lists(expressions, max_size=2), codes_known, classes_left
)
def test_leaves_are_reached_together_where_some_point_meets_the_constraints(
    parts: list[Any], limits: list[Any], codes: list[int], left: dict[int, tuple[int, ...]]
) -> None:
    forest = Forest()
    down = descent(forest, codes)
    down.left.update(left)
    nodes = [down.reduced(built(forest, each)) for each in parts]
    constraints = [down.remaining(built(forest, each)) for each in limits]
    leaf = {True: forest.true, False: forest.false}
    expected = {
        tuple(leaf[truth(each, point)] for each in parts)
        for point in points(codes, left)
        if all(truth(each, point) for each in limits)
    }
    found = down.reach(nodes, constraints, bytes(3), every, same, lambda: None)
    assert set(found) == expected and len(found) == len(expected)


def test_leaves_behind_steps_that_do_not_go_together_are_not_reached() -> None:
    forest = Forest()
    nodes = [forest.choice(0, 2, {1}), forest.choice(1, 3, {1})]
    asked: list[tuple[Step, ...]] = []

    def feasible(chosen: tuple[Step, ...]) -> bool:
        asked.append(chosen)
        return chosen != ((0, 1), (1, 1))

    down = descent(forest, [UNKNOWN] * 2)
    reduced = [down.reduced(node) for node in nodes]
    found = down.reach(reduced, [], bytes([1, 2]), feasible, same, lambda: None)
    both = {(a, b) for a, b in itertools.product((forest.false, forest.true), repeat=2)}
    assert set(found) == both - {(forest.true, forest.true)}
    assert ((0, 1), (1, 1)) in asked


def test_a_search_ends_with_what_the_check_raises() -> None:
    forest = Forest()
    size = 8
    nodes = [forest.choice(level, 2, {0}) for level in range(size)]
    down = descent(forest, [UNKNOWN] * size)
    reduced = [down.reduced(node) for node in nodes]
    assert len(down.reach(reduced, [], bytes(size), every, same, lambda: None)) == 2**size

    def stop() -> None:
        raise TimeoutError

    with pytest.raises(TimeoutError):
        down.reach(reduced, [], bytes(size), every, same, stop)


@given(expressions, expressions, codes_known)
def test_the_ways_down_two_diagrams_are_where_both_are_true(
    first: Any, second: Any, codes: list[int]
) -> None:
    forest = Forest()
    nodes = [built(forest, first), built(forest, second)]

    def ways(most: int) -> list[list[Step]]:
        return descent(forest, codes).ways(nodes, bytes(3), every, same, most)

    found = ways(len(POINTS))
    for point in points(codes):
        there = [way for way in found if all(point[level] == code for level, code in way)]
        assert len(there) == (truth(first, point) and truth(second, point))
    for most in range(3):
        assert ways(most) == found[:most]


def test_steps_that_matter_have_to_go_together() -> None:
    forest = Forest()
    nodes = [forest.either(forest.choice(0, 2, {1}), forest.choice(1, 3, {1})), forest.true]
    asked: list[tuple[Step, ...]] = []

    def feasible(chosen: tuple[Step, ...]) -> bool:
        asked.append(chosen)
        return chosen[-1] != (1, 1)

    def linked(chosen: tuple[Step, ...], nodes: list[int]) -> tuple[Step, ...]:
        assert all(forest.support(node) == 0b10 for node in nodes)
        return chosen

    found = descent(forest, [UNKNOWN] * 3).ways(nodes, bytes([1, 2, 0]), feasible, linked, 9)
    assert found == [[(0, 1)]]
    assert asked == [((0, 0), (1, 1))], "what leads nowhere is not asked of"


def test_what_is_not_there_is_refused() -> None:
    forest = Forest()
    node = forest.choice(1, 3, {0})
    for codes in ([0], [0, 3]):  # no level 1, no class 3
        down = descent(forest, codes)
        for ask in (down.settle, partial(meets, down), down.remaining, down.reduced):
            with pytest.raises(IndexError):
                ask(node)
    down = descent(forest, [UNKNOWN] * 2)
    for ask in (down.settle, partial(meets, down), down.remaining, down.reduced):
        for number in (-1, node + 1):
            with pytest.raises(IndexError):
                ask(number)
    reduced = down.reduced(node)
    down.left[1] = (0, 1, 2, 2)  # too late, and too many
    with pytest.raises(IndexError):
        down.reach([reduced], [], bytes(2), every, same, lambda: None)
    with pytest.raises(IndexError):
        down.ways([node], bytes(1), every, same, 1)
    for classes in ((0, 3), (-1,)):
        down = descent(forest, [UNKNOWN] * 2)
        down.left[1] = classes
        with pytest.raises(IndexError):
            down.reduced(node)
    down = descent(forest, [UNKNOWN] * 2)
    down.left[1] = ()
    with pytest.raises(ValueError, match="no class is left"):
        down.reduced(node)
