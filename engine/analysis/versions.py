"""Two versions of a rulebase in one space, laid over one another: where do they differ?

The rules of both have the same numbers. Only decisions whose rules differ are compared: others can
change through these alone, so that they are the same wherever these are.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import cast

from engine.analysis.effects import Effects
from engine.evaluation.compiling import Blocked, Clash, Compiled, Compiler, Leaf
from engine.model import ORDERED, All, AnyOf, Compare, Condition, Decision, Rule, Rulebase, Value
from engine.values import FIRST_DAY

_COPY = "{} (changed)"


@dataclass(frozen=True, slots=True)
class Version:
    """A changed rulebase beside the one it was made from.

    ``touched``: the loans for which other rules decide, or decide something else. ``changed``: the
    loans among them whose outcome differs. ``decisions``: those that may differ, in their order.
    """

    compiled: Compiled
    touched: int
    changed: int
    decisions: tuple[str, ...]


def version(base: Compiled, rulebase: Rulebase, rules: Mapping[int, Rule]) -> Version:
    """The version of ``base`` in which some rules, by number, read otherwise; ``rulebase`` has
    them. The space of ``base`` must know every condition of theirs."""
    direct = {rule.decides for rule in rules.values()}
    compiler = Compiler(base.space, rulebase)
    compiler.applies.update(base.applies)
    built: list[str] = []
    for decision in rulebase.decisions.values():
        if decision.name in direct or not set(decision.requires).isdisjoint(built):
            compiler.roots[decision.name] = compiler.decision(decision)
            built.append(decision.name)
        else:
            compiler.roots[decision.name] = base.roots[decision.name]
    forest = base.forest
    compiled = replace(
        base,
        rulebase=rulebase,
        compiler=compiler,
        roots=compiler.roots,
        applies=compiler.applies,
    )
    pairs = [_differences(base, compiled, rulebase.decisions[name], rules) for name in direct]
    touched = forest.any_of(pair[0] for pair in pairs)
    changed = forest.any_of(pair[1] for pair in pairs)
    return Version(refreshed(compiled), touched, changed, tuple(built))


def refreshed(compiled: Compiled) -> Compiled:
    """The same diagrams, aware of comparisons that later questions brought into their space."""
    space = compiled.space
    levels_on = dict.fromkeys(compiled.rulebase.facts, ()) | space.levels_on()
    return replace(compiled, levels_on=levels_on, compared=space.compared())


def _differences(
    base: Compiled, other: Compiled, decision: Decision, rules: Mapping[int, Rule]
) -> tuple[int, int]:
    """Where other rules decide (or conclude otherwise), and where the outcome differs."""
    forest, effects = base.forest, Effects(base, decision)
    then = {n: rule.then for n, rule in rules.items()}
    concludes = {n for n, rule in rules.items() if rule.then != base.rulebase.rules[n].then}
    key = base.space.new_key()
    roots = base.roots[decision.name], other.roots[decision.name]

    def touches(a: object, b: object) -> bool:
        if isinstance(b, Clash):
            b = b.rules
        if isinstance(a, Clash):
            a = a.rules
        return a != b or (isinstance(b, frozenset) and not concludes.isdisjoint(b))

    def differs(a: object, b: object) -> bool:
        return effects.meaning(cast(Leaf, a)) != effects.meaning(cast(Leaf, b), then)

    touched = forest.apply(f"{key} touches", touches, *roots)
    changed = forest.apply(f"{key} differs", differs, *roots)
    if decision.type in ORDERED and changed != forest.false:
        changed = forest.both(changed, forest.negate(_equal(base, other, decision)))
    return touched, changed


# ---- amounts ----------------------------------------------------------------------------------


def _equal(base: Compiled, other: Compiled, decision: Decision) -> int:
    """Where both versions come to the same amount or day, or neither has any for the same reason.

    Both stand side by side in one rulebase, the other under a name of its own, so that a comparison
    of the two is a condition like any other.
    """
    forest, copy = base.forest, _COPY.format(decision.name)
    first = len(base.rulebase.rules)
    numbers = [n for n, rule in enumerate(other.rulebase.rules) if rule.decides == decision.name]
    copied = {n: first + i for i, n in enumerate(numbers)}
    rules = tuple(
        replace(other.rulebase.rules[n], id=_COPY.format(other.rulebase.rules[n].id), decides=copy)
        for n in numbers
    )
    both = replace(
        base.rulebase,
        rules=base.rulebase.rules + rules,
        decisions={**base.rulebase.decisions, copy: replace(decision, name=copy)},
    )

    def renumbered(leaf: object) -> object:
        if isinstance(leaf, Clash):
            return Clash(frozenset(copied[n] for n in leaf.rules))
        return frozenset(copied[n] for n in leaf) if isinstance(leaf, frozenset) else leaf

    key = base.space.new_key()
    compiler = Compiler(base.space, both)
    compiler.roots.update(base.roots)
    compiler.roots[copy] = forest.map(f"{key} renumbered", renumbered, other.roots[decision.name])
    same = compiler.condition(
        All(
            (
                Compare(decision.name, "at_least", limit_name=copy),
                Compare(decision.name, "at_most", limit_name=copy),
            )
        )
    )
    valued = [compiler.condition(_has_value(d.name, d)) for d in (decision, both.decisions[copy])]
    neither = forest.negate(forest.any_of(valued))
    alike = forest.apply(
        f"{key} alike",
        lambda a, b: isinstance(a, Blocked | Clash) == isinstance(b, Blocked | Clash),
        base.roots[decision.name],
        other.roots[decision.name],
    )
    return forest.either(forest.both(same, forest.all_of(valued)), forest.both(neither, alike))


def _has_value(name: str, decision: Decision) -> Condition:
    some: Value = FIRST_DAY if decision.type == "date" else 0
    return AnyOf((Compare(name, "less_than", some), Compare(name, "at_least", some)))
