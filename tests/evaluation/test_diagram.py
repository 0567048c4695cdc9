"""The diagrams: shared, reduced, ordered, and right against truth tables."""

from __future__ import annotations

import itertools
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from engine.evaluation.diagram import LEAF, Forest

SIZES = (2, 3, 2)
POINTS = list(itertools.product(*map(range, SIZES)))

expressions = st.recursive(
    st.tuples(st.integers(0, 2), st.frozensets(st.integers(0, 2), max_size=3)),
    lambda inner: st.one_of(
        st.tuples(st.just("not"), inner), st.tuples(st.sampled_from(["and", "or"]), inner, inner)
    ),
    max_leaves=8,
)


def truth(expression: Any, point: tuple[int, ...]) -> bool:
    match expression:
        case ("not", part):
            return not truth(part, point)
        case ("and", a, b):
            return truth(a, point) and truth(b, point)
        case ("or", a, b):
            return truth(a, point) or truth(b, point)
    level, chosen = expression
    return point[level] in chosen


def built(forest: Forest, expression: Any) -> int:
    match expression:
        case ("not", part):
            return forest.negate(built(forest, part))
        case ("and", a, b):
            return forest.both(built(forest, a), built(forest, b))
        case ("or", a, b):
            return forest.either(built(forest, a), built(forest, b))
    level, chosen = expression
    return forest.choice(level, SIZES[level], chosen)


def value(forest: Forest, node: int, point: tuple[int, ...]) -> object:
    while forest.level[node] != LEAF:
        node = forest.children[node][point[forest.level[node]]]
    return forest.values[node]


@given(expressions)
def test_a_diagram_is_its_truth_table(expression: Any) -> None:
    forest = Forest()
    node = built(forest, expression)
    assert [value(forest, node, p) for p in POINTS] == [truth(expression, p) for p in POINTS]


@given(expressions, expressions)
def test_equal_functions_are_the_same_node(first: Any, second: Any) -> None:
    forest = Forest()
    a, b = built(forest, first), built(forest, second)
    same = all(truth(first, p) == truth(second, p) for p in POINTS)
    assert (a == b) == same


@given(expressions)
def test_every_node_is_ordered_and_has_children_that_differ(expression: Any) -> None:
    forest = Forest()
    for node in forest.reachable(built(forest, expression)):
        children = forest.children[node]
        assert all(forest.level[child] > forest.level[node] for child in children)
        assert not children or len(set(children)) > 1


@given(expressions, expressions)
def test_one_region_less_another(first: Any, second: Any) -> None:
    forest = Forest()
    a, b = built(forest, first), built(forest, second)
    assert forest.less(a, b) == forest.both(a, forest.negate(b))


@given(st.lists(expressions, max_size=4))
def test_sets_hold_the_keys_of_the_regions_that_are_true(parts: list[Any]) -> None:
    forest = Forest()
    regions = {7 * n: built(forest, part) for n, part in enumerate(parts)}
    found, first = forest.sets(regions), forest.sets(regions, first=True)
    for point in POINTS:
        keys = [7 * n for n, part in enumerate(parts) if truth(part, point)]
        assert value(forest, found, point) == set(keys)
        assert value(forest, first, point) == set(keys[:1])


def test_sets_build_nothing_but_the_outcome() -> None:
    forest = Forest()
    regions = {n: forest.choice(n, SIZES[n], {0}) for n in range(3)}
    before = len(forest.level)
    found = forest.sets(regions)
    assert len(forest.level) - before == len(forest.reachable(found))
    assert forest.support(found) == 0b111


def test_true_and_one_are_different_leaves() -> None:
    forest = Forest()
    assert forest.leaf(1) != forest.true
    assert forest.leaf(0) != forest.false
