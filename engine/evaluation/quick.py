"""One decision value as fast as Python goes: the diagram as nested dictionaries.

An enum's or boolean's node is a dictionary from values to what comes next, an ordered fact's a
bisection of its cuts. Whatever the short way can't settle (a missing fact, a comparison of two
facts) is left to the exact way.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Mapping
from typing import Any, cast

from engine.evaluation.compiling import Compiled, Leaf
from engine.evaluation.diagram import LEAF
from engine.evaluation.outcomes import CONFLICT, OPEN, outcome_of
from engine.evaluation.variables import FactVariable, decode
from engine.model import ORDERED, Value

Facts = Mapping[str, Value]


class _Enum:
    __slots__ = ("name", "next")

    def __init__(self, name: str, following: dict[Value, Any]) -> None:
        self.name = name
        self.next = following


class _Ordered:
    __slots__ = ("cuts", "name", "next")

    def __init__(self, name: str, cuts: tuple[Value, ...], following: tuple[Any, ...]) -> None:
        self.name = name
        self.cuts = cuts
        self.next = following


class _Leaf:
    __slots__ = ("value",)

    def __init__(self, value: Value | None) -> None:
        self.value = value


def quick_decision(
    compiled: Compiled, decision: str, slow: Callable[[Facts], Value | None]
) -> Callable[[Facts], Value | None]:
    """A function from typed facts to the decision's value; ``slow`` answers what it can't."""
    head = compiled.rulebase.decisions[decision]
    if head.type in ORDERED or any(
        compiled.rulebase.decisions[name].type in ORDERED for name in head.requires
    ):
        return slow
    root = _built(compiled, decision, compiled.roots[decision], {})

    def decide(facts: Facts) -> Value | None:
        node = root
        try:
            while True:
                kind = type(node)
                if kind is _Enum:
                    node = node.next[facts[node.name]]
                elif kind is _Ordered:
                    node = node.next[bisect_right(node.cuts, facts[node.name])]
                elif kind is _Leaf:
                    return cast("Value | None", node.value)
                else:
                    return slow(facts)
        except KeyError:
            return slow(facts)

    return decide


def _built(compiled: Compiled, decision: str, node: int, memo: dict[int, Any]) -> Any:
    if node in memo:
        return memo[node]
    forest = compiled.forest
    built: Any = None
    if forest.level[node] == LEAF:
        head = compiled.rulebase.decisions[decision]
        leaf = cast(Leaf, forest.values[node])
        outcome = outcome_of(compiled, head, leaf, {}, {})
        built = _Leaf(None if outcome in (OPEN, CONFLICT) else outcome.value)
    else:
        variable = compiled.variables[forest.level[node]]
        if isinstance(variable, FactVariable):
            below = [_built(compiled, decision, child, memo) for child in forest.children[node]]
            if variable.groups:
                built = _Enum(
                    variable.name,
                    {value: below[i] for value, i in variable.class_of.items()},
                )
            else:
                cuts = tuple(decode(cut, variable.kind) for cut in variable.cuts)
                built = _Ordered(variable.name, cuts, tuple(below))
    memo[node] = built
    return built
