"""Two versions of a rulebase in one space, laid over one another: where do they differ?

The rules of both have the same numbers. Only decisions whose rules differ are compared: others can
change through these alone, so that they are the same wherever these are.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import cast

from engine.analysis.effects import Effects
from engine.evaluation.compiler import Blocked, Clash, Compiler, Leaf, Sections
from engine.evaluation.compiling import Compiled, Kept, refreshed
from engine.evaluation.diagram import LEAF, Forest
from engine.model import ORDERED, All, AnyOf, Compare, Condition, Decision, Rule, Rulebase, Value
from engine.values import FIRST_DAY

_COPY = "{} (changed)"


@dataclass(slots=True)
class Version:
    """A changed rulebase beside the one it was made from, its diagrams built as they are asked for.

    ``direct`` are the decisions whose own rules differ, ``decisions`` all that may differ, in their
    order. ``touched``: the loans for which other rules decide, or decide something else.
    ``changed``: the loans among them whose outcome differs.
    """

    base: Compiled
    rulebase: Rulebase
    direct: frozenset[str]
    decisions: tuple[str, ...]
    touched: int = field(init=False)
    changed: int = field(init=False)
    _compiler: Sections = field(init=False)
    _compiled: Compiled = field(init=False)

    def __post_init__(self) -> None:
        self._compiler = Sections(
            self.base.space, self.rulebase, self.base.compiler.every, self.base.constraints
        )
        same = self.base.roots.keys() - set(self.decisions)
        self._compiler.take_over(self.base.compiler, same)
        self._compiled = replace(
            self.base,
            rulebase=self.rulebase,
            compiler=self._compiler,
            roots=self._compiler.roots,
            applies=self._compiler.applies,
            decides=self._compiler.decides,
            kept=Kept(),
        )

    def compiled(self, wanted: Iterable[str]) -> Compiled:
        """The version with the diagrams of some decisions and of what they require."""
        for name in self.rulebase.needed(wanted):
            if name not in self._compiler.roots:
                self._compiler.build(self.rulebase.decisions[name])
        self._compiled = refreshed(self._compiled)
        return self._compiled

    def built(self, decision: str) -> bool:
        """The decision's diagram need not be built any more."""
        return decision in self._compiler.roots


def version(base: Compiled, rulebase: Rulebase, rules: Mapping[int, Rule]) -> Version:
    """The version of ``base`` in which some rules, by number, read otherwise; ``rulebase`` has
    them. The space of ``base`` must know every condition of theirs."""
    direct = frozenset(rule.decides for rule in rules.values())
    resting = rulebase.resting_on(direct)
    names = tuple(name for name in rulebase.decisions if name in resting)
    other = Version(base, rulebase, direct, names)
    compiled, forest = other.compiled(direct), base.forest
    pairs = [_differences(base, compiled, rulebase.decisions[name], rules) for name in direct]
    other.touched = forest.any_of(pair[0] for pair in pairs)
    other.changed = forest.any_of(pair[1] for pair in pairs)
    return other


def _differences(
    base: Compiled, other: Compiled, decision: Decision, rules: Mapping[int, Rule]
) -> tuple[int, int]:
    """Where other rules decide (or conclude otherwise), and where the outcome differs."""
    forest, effects = base.forest, Effects(base, decision)
    then = {n: rule.then for n, rule in rules.items()}
    concludes = {n for n, rule in rules.items() if rule.then != base.rulebase.rules[n].then}

    def touches(n: int) -> int:
        """Where a rule decides in one version alone, or in both with another conclusion."""
        name = effects.rule(n).id
        sides = base.decides[name], other.decides[name]
        if n in concludes:
            return forest.either(*sides)
        return forest.apply("unlike", lambda a, b: a != b, *sides)

    def differs(a: Hashable, b: Hashable) -> bool:
        return effects.meaning(cast(Leaf, a)) != effects.meaning(cast(Leaf, b), then)

    roots = base.roots[decision.name], other.roots[decision.name]
    touched = forest.any_of(map(touches, effects.numbers))
    changed = _where(forest, differs, *roots, alike=not concludes)
    if decision.type in ORDERED and changed != forest.false:
        changed = forest.less(changed, _equal(base, other, decision))
    return touched, changed


def _where(
    forest: Forest, unlike: Callable[[Hashable, Hashable], bool], a: int, b: int, *, alike: bool
) -> int:
    """Where two diagrams have unlike leaves. With ``alike`` equal leaves never are, so that parts
    which the diagrams share, nearly all of them, need no look."""
    memo: dict[tuple[int, int], int] = {}

    def go(a: int, b: int) -> int:
        if alike and a == b:
            return forest.false
        found = memo.get((a, b))
        if found is not None:
            return found
        level = min(forest.level[a], forest.level[b])
        if level == LEAF:
            result = forest.true if unlike(forest.values[a], forest.values[b]) else forest.false
        else:
            size = len(forest.children[a if forest.level[a] == level else b])
            below_a, below_b = (
                forest.children[n] if forest.level[n] == level else (n,) * size for n in (a, b)
            )
            result = forest.node(level, [go(x, y) for x, y in zip(below_a, below_b, strict=True)])
        memo[a, b] = result
        return result

    return go(a, b)


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
