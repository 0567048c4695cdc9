"""What a change to one rule would do: the loans whose outcome it would change, exactly.

Everything is worked out on the diagrams, within the region where the rule applies or would apply,
so that a question about one rule costs what that rule is large, not what the rulebase is.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import cast

from engine.evaluation.compiling import (
    Blocked,
    Clash,
    Compiled,
    Leaf,
    combined,
    literal_outcome,
)
from engine.model import ORDERED, Constant, Decision, Formula, Rule


@dataclass(frozen=True, slots=True)
class Outside:
    """The leaf of loans that a question does not concern."""


OUTSIDE = Outside()


@dataclass(slots=True)
class Effects:
    """The rules of one decision, and what changes to them would do."""

    compiled: Compiled
    decision: Decision
    numbers: list[int] = field(init=False)
    number_of: dict[str, int] = field(init=False)
    """The number of each rule by its id."""
    overriders: dict[str, list[int]] = field(init=False)
    """For each rule's id the numbers of the rules that name it in ``exception_to``."""

    def __post_init__(self) -> None:
        rules = self.compiled.rulebase.rules
        self.numbers = [n for n, rule in enumerate(rules) if rule.decides == self.decision.name]
        self.number_of = {rules[n].id: n for n in self.numbers}
        self.overriders = {}
        for n in self.numbers:
            for target in rules[n].exception_to:
                self.overriders.setdefault(target, []).append(n)

    # ---- regions ------------------------------------------------------------------------------

    def rule(self, number: int) -> Rule:
        """A rule by its number in the rulebase."""
        return self.compiled.rulebase.rules[number]

    def applies(self, number: int) -> int:
        """Where a rule applies."""
        return self.compiled.applies[self.rule(number).id]

    def decides(self, number: int, changed: Mapping[int, int] | None = None) -> int:
        """Where a rule applies and no exception of it does; ``changed`` gives rules another region
        than their own."""
        forest = self.compiled.forest
        region = changed or {}
        result = region.get(number, self.applies(number))
        for n in self.overriders.get(self.rule(number).id, ()):
            result = forest.both(result, forest.negate(region.get(n, self.applies(n))))
        return result

    def where(self, name: str, holds: Sequence[Hashable]) -> int:
        """Where the decision's leaf is one of some leaves."""
        wanted = frozenset(holds)
        root = self.compiled.roots[self.decision.name]
        key = f"{self.compiled.space.new_key()} {name}"
        return self.compiled.forest.map(key, lambda leaf: leaf in wanted, root)

    def leaves(self) -> list[Leaf]:
        """The leaves of the decision's diagram."""
        forest = self.compiled.forest
        root = self.compiled.roots[self.decision.name]
        return [cast(Leaf, forest.values[leaf]) for leaf in forest.leaves(root)]

    # ---- what a leaf means --------------------------------------------------------------------

    def meaning(self, leaf: Leaf, then: Mapping[int, Formula] | None = None) -> Hashable:
        """What the rules of a leaf come to: equal meanings are equal outcomes, of amounts as far as
        the formulas tell. ``then`` gives rules another outcome than their own."""
        if isinstance(leaf, Blocked):
            return leaf
        if isinstance(leaf, Clash):
            leaf = leaf.rules
        own = then or {}
        formulas = [own.get(n, self.rule(n).then) for n in sorted(leaf)]
        if not formulas:
            if self.decision.otherwise is None:
                return None
            formulas = [self.decision.otherwise]
        if self.decision.type not in ORDERED:
            values = [cast(Constant, formula).value for formula in formulas]
            found = literal_outcome(self.decision, values)
            return ("conflict", frozenset(values)) if found is None else ("value", found)
        if self.decision.policy.kind == "unique":
            return frozenset(formulas)
        if self.decision.policy.kind in ("min", "max"):
            return frozenset(combined(self.decision, [formula]) for formula in formulas)
        return tuple(sorted(map(repr, formulas)))

    # ---- changes ------------------------------------------------------------------------------

    def changed(
        self,
        number: int,
        region: int | None = None,
        then: Formula | None = None,
        exception_to: Sequence[str] | None = None,
    ) -> int:
        """The loans whose outcome changes when a rule applies in ``region`` instead of its own
        (false: the rule is dropped), concludes ``then`` instead, or overrides ``exception_to``."""
        forest = self.compiled.forest
        rule = self.rule(number)
        old_region = self.applies(number)
        new_region = old_region if region is None else region
        old_targets = set(rule.exception_to)
        new_targets = old_targets if exception_to is None else set(exception_to)
        concerned = (
            forest.negate(self._same(old_region, new_region))
            if then is None and new_targets == old_targets
            else forest.either(old_region, new_region)
        )
        if concerned == forest.false:
            return forest.false
        affected = {number} | {self.number_of[target] for target in old_targets | new_targets}
        parts = [
            self._leaf_where(n, forest.both(concerned, self._decides_after(
                n, number, new_region, new_targets)))
            for n in affected
        ]  # fmt: skip
        before = self._within(concerned)
        key = self.compiled.space.new_key()
        kept = forest.map(f"{key} kept", lambda leaf: _without(leaf, affected), before)
        after = forest.apply(f"{key} after", _joined, kept, forest.union(parts))
        new_then = {} if then is None else {number: then}
        return forest.apply(
            f"{key} differs",
            lambda a, b: (
                a != OUTSIDE
                and self.meaning(cast(Leaf, a)) != self.meaning(cast(Leaf, b), new_then)
            ),
            before,
            after,
        )

    def _decides_after(self, n: int, number: int, region: int, targets: set[str]) -> int:
        """Where rule ``n`` decides once rule ``number`` has another region and other targets."""
        forest = self.compiled.forest
        own = self.rule(n).id
        result = region if n == number else self.applies(n)
        over = [m for m in self.overriders.get(own, ()) if m != number]
        for m in over:
            result = forest.both(result, forest.negate(self.applies(m)))
        if own in targets:
            result = forest.both(result, forest.negate(region))
        return result

    def _same(self, a: int, b: int) -> int:
        return self.compiled.forest.apply("same", lambda x, y: x == y, a, b)

    def _leaf_where(self, number: int, region: int) -> int:
        own, empty = frozenset({number}), frozenset[int]()
        return self.compiled.forest.map(
            f"rule {number}", lambda holds: own if holds else empty, region
        )

    def _within(self, concerned: int) -> int:
        return self.compiled.forest.apply(
            "within",
            lambda leaf, inside: leaf if inside else OUTSIDE,
            self.compiled.roots[self.decision.name],
            concerned,
        )


def _without(leaf: Hashable, numbers: set[int]) -> Hashable:
    if isinstance(leaf, Clash):
        leaf = leaf.rules
    return leaf - numbers if isinstance(leaf, frozenset) else leaf


def _joined(kept: Hashable, added: Hashable) -> Hashable:
    if isinstance(kept, frozenset) and isinstance(added, frozenset):
        return kept | added
    return kept
