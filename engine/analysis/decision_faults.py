"""Proofs about decisions: that no two rules contradict one another, that every loan has an outcome,
and that every value is some loan's."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import combinations

from engine.analysis.effects import Effects
from engine.analysis.findings import Finding, located
from engine.evaluation.compiler import Leaf


def conflicts(effects: Effects) -> Iterator[tuple[str, str]]:
    """Pairs of rules that decide some loan differently, neither an exception to the other."""
    for first, second, _ in _conflicts(effects):
        yield effects.rule(first).id, effects.rule(second).id


def conflict_findings(effects: Effects, pairs: Iterable[tuple[str, str]]) -> Iterator[Finding]:
    """What to tell of pairs of rules of a decision, with the loans that they decide differently."""
    wanted = set(pairs)
    for a, b, together in _conflicts(effects):
        first, second = effects.rule(a), effects.rule(b)
        about = first.id, second.id
        if about in wanted:
            message = (
                f"`{first.id}` and `{second.id}` decide `{effects.decision.name}` differently, and "
                f"neither is an exception to the other"
            )
            yield located(
                effects.compiled, "conflict", message, second.place, about, second.decides, together
            )


def _conflicts(effects: Effects) -> Iterator[tuple[int, int, int]]:
    compiled, decision = effects.compiled, effects.decision
    if decision.policy.kind != "unique":
        return
    leaves = [leaf for leaf in effects.leaves() if effects.contradicts(leaf)]
    forest = compiled.forest
    part = effects.where("conflict", leaves)
    regions = {n: forest.both(part, effects.decides(n)) for n in effects.rules_in(part)}
    for (a, one), (b, other) in combinations(regions.items(), 2):
        together = forest.both(one, other)
        if effects.rule(a).then != effects.rule(b).then and not effects.is_empty(together):
            yield a, b, together


def has_hole(effects: Effects) -> bool:
    """Whether some loan is decided by no rule and no ``otherwise``. A parameter holds from its
    first day on, so that it may have none; a decision without rules is another fault."""
    decision = effects.decision
    if decision.otherwise is not None or decision.parameter:
        return False
    return not effects.is_empty(_hole(effects))


def hole_finding(effects: Effects) -> Finding:
    """What to tell of a hole, with the loans that fall into it."""
    name = effects.decision.name
    message = f"no rule decides `{name}` for some loans, and it has no `otherwise`"
    place = effects.decision.place
    return located(effects.compiled, "hole", message, place, (name,), name, _hole(effects))


def _hole(effects: Effects) -> int:
    return effects.where("hole", [frozenset()])


def ungiven(effects: Effects, values: Iterable[str]) -> Iterator[str]:
    """Those of some values of the decision that no loan is given."""
    given: dict[object, list[Leaf]] = {}
    for leaf in effects.leaves():
        meaning = effects.meaning(leaf)
        if isinstance(meaning, tuple) and meaning[0] == "value":
            value = meaning[1]
            for each in value if isinstance(value, frozenset) else (value,):
                given.setdefault(each, []).append(leaf)
    for value in values:
        leaves = given.get(value, [])
        if not leaves or effects.is_empty(effects.where("value", leaves)):
            yield value
