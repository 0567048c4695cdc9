"""One decision value as fast as Python goes: the diagram as nested tuples.

A node is ``(fact, what comes next, cuts)``: by value for an enum or a boolean (``cuts`` is None),
by bisection of the cuts for an ordered fact. What is no tuple is the outcome. Whatever this can't
settle (a missing fact, a comparison of two facts) is left to the exact way.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Mapping
from typing import Any, cast

from engine.evaluation.compiler import Leaf
from engine.evaluation.compiling import Compiled
from engine.evaluation.diagram import LEAF
from engine.evaluation.outcomes import outcome_of
from engine.evaluation.variables import FactVariable, decode
from engine.model import ORDERED, Value

Facts = Mapping[str, Value]


class _Slow:
    """What stands where the exact way has to answer."""


def quick_decision(
    compiled: Compiled, decision: str, slow: Callable[[Facts], Value | None]
) -> Callable[[Facts], Value | None]:
    """A function from typed facts to the decision's value; ``slow`` answers what it can't."""
    if compiled.rulebase.decisions[decision].type in ORDERED:
        return slow
    root = _built(compiled, decision, compiled.roots[decision], {})
    if type(root) is not tuple:
        return slow if root is _Slow else lambda facts: cast("Value | None", root)

    def decide(facts: Facts) -> Value | None:
        node = root
        try:
            while True:
                name, following, cuts = node
                value = facts[name]
                node = following[value if cuts is None else bisect_right(cuts, value)]
                if node.__class__ is not tuple:
                    return slow(facts) if node is _Slow else cast("Value | None", node)
        except KeyError:
            return slow(facts)

    return decide


def _built(compiled: Compiled, decision: str, node: int, memo: dict[int, Any]) -> Any:
    if node in memo:
        return memo[node]
    forest = compiled.forest
    built: Any = _Slow
    if forest.level[node] == LEAF:
        head = compiled.rulebase.decisions[decision]
        built = outcome_of(compiled, head, cast(Leaf, forest.values[node]), {}, {}).value
    else:
        variable = compiled.variables[forest.level[node]]
        if isinstance(variable, FactVariable):
            below = [_built(compiled, decision, child, memo) for child in forest.children[node]]
            if variable.groups:
                by_value = {value: below[code] for value, code in variable.class_of.items()}
                built = (variable.name, by_value, None)
            else:
                built = _ordered(variable, below)
    memo[node] = built
    return built


def _ordered(variable: FactVariable, below: list[Any]) -> Any:
    """An ordered fact's node without the cuts on whose two sides the same thing follows."""
    following, cuts = [below[0]], []
    for cut, after in zip(variable.cuts, below[1:], strict=True):
        if after is not following[-1]:
            following.append(after)
            cuts.append(decode(cut, variable.kind))
    return (variable.name, tuple(following), tuple(cuts))
