"""The diagrams: shared, reduced, ordered, and right against truth tables."""

from __future__ import annotations

import os
import random
import signal
import threading
from array import array
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.evaluation.diagram import LEAF, Forest
from tests.evaluation.forests import (
    POINTS,
    SIZES,
    built,
    classes_left,
    expressions,
    truth,
    value,
)


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


def several(count: int) -> tuple[Forest, list[int]]:
    """A forest with many nodes, and for each number below ``count`` where its bits are those of
    the levels."""
    forest = Forest()
    levels = count.bit_length()
    found = [
        forest.all_of(forest.choice(level, 2, {n >> level & 1}) for level in range(levels))
        for n in range(count)
    ]
    return forest, found


class _Interrupted:
    """A value during whose second comparison somebody else asks for its leaf, as another thread
    may."""

    def __init__(self, forest: Forest) -> None:
        self.forest = forest
        self.hashed = 0
        self.others: list[int] = []

    def __hash__(self) -> int:
        self.hashed += 1
        if self.hashed == 2:
            self.others.append(self.forest.leaf(self))
        return 7


def test_a_leaf_that_comes_up_twice_at_once_is_one() -> None:
    forest = Forest()
    value = _Interrupted(forest)
    found = forest.leaf(value)
    assert value.others == [found]
    assert forest.leaf(value) == found
    assert [node for node, kept in forest.values.items() if kept is value] == [found]


def test_many_nodes_are_told_apart() -> None:
    forest, found = several(3000)
    assert len(set(found)) == 3000
    every = forest.any_of(found)
    for n in range(4096):
        assert value(forest, every, tuple(n >> level & 1 for level in range(12))) == (n < 3000)
    for part in found[::7]:
        assert forest.both(every, part) == part
        assert forest.less(part, every) == forest.false
    assert forest.any_of(found[:1500]) == forest.less(every, forest.any_of(found[1500:]))


def test_levels_beyond_the_bits_of_a_machine_word() -> None:
    forest = Forest()
    far = forest.both(forest.choice(3, 2, {1}), forest.choice(700, 4, {0, 3}))
    assert forest.support(far) == 1 << 3 | 1 << 700


def test_nodes_that_were_added_together_are_found_again() -> None:
    built, whole = several(40)
    nodes = [n for n in reversed(range(len(built.level))) if built.level[n] != LEAF]
    forest, number = Forest(), {built.false: 0, built.true: 1}
    for level in sorted({built.level[n] for n in nodes}, reverse=True):
        same = [n for n in nodes if built.level[n] == level]
        children = array("i", (number[child] for n in same for child in built.children[n]))
        start = len(forest.level)
        forest.extend(level, 2, children.tobytes())
        number |= {n: start + place for place, n in enumerate(same)}
    before = len(forest.level)
    for n in nodes:
        assert forest.node(built.level[n], [number[c] for c in built.children[n]]) == number[n]
    assert len(forest.level) == before
    assert forest.support(number[whole[7]]) == built.support(whole[7])


@pytest.mark.parametrize(
    ("level", "size", "children"),
    [
        (3, 2, [0, 99]),
        (3, 2, [0, -1]),
        (3, 2, [0, 1, 0]),
        (3, 0, [0, 1]),
        (-1, 2, [0, 1]),
        (LEAF, 2, [0, 1]),
        (3, 2, [0, 2]),  # a node of this very level
        (3, 2, [0, 3]),  # the node itself
    ],
)
def test_nodes_that_can_not_be_are_refused(level: int, size: int, children: list[int]) -> None:
    forest = Forest()
    assert forest.choice(3, 2, {1}) == 2
    with pytest.raises(ValueError, match=r"more or fewer children|not below its node"):
        forest.extend(level, size, array("i", children).tobytes())
    assert len(forest.level) == 3


def test_what_is_not_there_is_refused() -> None:
    forest = Forest()
    node = forest.choice(1, 3, {0})
    for ask in (forest.support, forest.reachable, forest.leaves, forest.negate):
        for number in (-1, node + 1):
            with pytest.raises(IndexError):
                ask(number)
    for sequence in (forest.level, forest.children):
        for number in (-1, node + 1):
            with pytest.raises(IndexError):
                sequence[number]
    with pytest.raises(IndexError):
        forest.node(0, [node + 1, 0])
    with pytest.raises(ValueError, match="a level and children"):
        forest.node(0, [])


def test_what_a_function_raises_comes_through_and_nothing_is_remembered_of_it() -> None:
    forest = Forest()
    node = forest.choice(0, 2, {1})
    with pytest.raises(ZeroDivisionError):
        forest.map("inverse", lambda value: 1 // bool(value), node)
    again = forest.map("inverse", lambda value: not value, node)
    assert [value(forest, again, (code,)) for code in (0, 1)] == [True, False]


def test_several_threads_work_on_one_forest() -> None:
    forest = Forest()
    found: list[list[int]] = []

    def work(seed: int) -> None:
        chance, built = random.Random(7), []  # all do the same, each beginning elsewhere
        regions = [
            forest.all_of(
                forest.choice(level, 2, {chance.randrange(2)})
                for level in chance.sample(range(24), 5)
            )
            for _ in range(120)
        ]
        for n in range(12):
            mine = regions[10 * ((n + seed) % 12) :][:10]
            forest.sets(dict(enumerate(mine[:3])))
            built.append(forest.any_of(mine))
        found.append(built[12 - seed :] + built[: 12 - seed])

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4
    assert all(other == found[0] for other in found)
    alike = {(forest.level[n], forest.children[n]) for n in range(len(forest.level))}
    leaves = sum(level == LEAF for level in map(forest.level.__getitem__, range(len(forest.level))))
    assert len(alike) == len(forest.level) - leaves + 1


def test_long_work_can_be_interrupted() -> None:
    forest = Forest()
    chance = random.Random(1)
    parts = [
        forest.all_of(
            forest.choice(level, 2, {chance.randrange(2)}) for level in chance.sample(range(60), 6)
        )
        for _ in range(60)
    ]
    timer = threading.Timer(0.2, lambda: os.kill(os.getpid(), signal.SIGINT))
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        forest.any_of(parts)  # which would take all memory there is
    timer.join()
    assert forest.both(parts[0], parts[0]) == parts[0]


@given(expressions, classes_left)
def test_a_limited_diagram_is_as_the_other_where_a_class_that_is_left_is_taken(
    expression: Any, left: dict[int, tuple[int, ...]]
) -> None:
    forest = Forest()
    kept = {level: frozenset(classes) for level, classes in left.items()}
    (limited,) = forest.limited([built(forest, expression)], kept)
    for point in POINTS:
        taken = tuple(
            code if code in kept.get(n, {code}) else min(kept[n]) for n, code in enumerate(point)
        )
        assert value(forest, limited, point) == truth(expression, taken)
    single = sum(1 << level for level, classes in kept.items() if len(classes) == 1)
    assert not forest.support(limited) & single


def test_a_diagram_is_limited_to_classes_that_there_are() -> None:
    forest = Forest()
    node = forest.choice(0, 2, {1})
    with pytest.raises(IndexError):
        forest.limited([node], {0: frozenset({2})})
    with pytest.raises(ValueError, match="empty"):
        forest.limited([node], {0: frozenset()})
    with pytest.raises(IndexError):
        forest.limited([node + 1], {})
