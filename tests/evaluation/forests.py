"""Expressions over three small variables, their diagrams, and their truth by the book."""

from __future__ import annotations

import itertools
from typing import Any

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


classes_left = st.fixed_dictionaries(
    {},
    optional={
        level: st.sets(st.integers(0, size - 1), min_size=1).map(sorted).map(tuple)
        for level, size in enumerate(SIZES)
    },
)
"""By level some of its classes."""


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
