"""What a change to one rule would do: the loans whose outcome it would change, exactly.

Everything is worked out on the diagrams, within the region where the rule applies or would apply,
so that a question about one rule costs what that rule is large, not what the rulebase is.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import cast

from engine.analysis.regions import is_empty
from engine.evaluation.compiler import Blocked, Clash, Leaf
from engine.evaluation.compiling import Compiled
from engine.evaluation.formulas import combined, literal_outcome
from engine.evaluation.reach import Walk
from engine.model import ORDERED, Constant, Decision, Formula, Rule


@dataclass(frozen=True, slots=True)
class Outside:
    """The leaf of loans that a question does not concern."""


OUTSIDE = Outside()
MANY = 40
"""With so many rules of one conclusion, what a rule does is worked out as a whole."""


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
    _tree: list[list[int]] = field(init=False, default_factory=list)
    """Where some rule decides: of each rule, of neighbours two by two, and so on up to all."""
    _means: dict[Hashable, int] = field(init=False, default_factory=dict)
    _key: str = field(init=False)
    _walk: Walk | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        self._key = self.compiled.space.new_key()
        rules = self.compiled.rulebase.rules
        self.numbers = self.compiled.compiler.rules_of[self.decision.name]
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

    def decides(self, number: int) -> int:
        """Where a rule applies and no exception of it does."""
        return self.compiled.decides[self.rule(number).id]

    def is_empty(self, part: int) -> bool:
        """No loan lies in a part."""
        if self._walk is None or len(self._walk.codes) < len(self.compiled.variables):
            self._walk = Walk(self.compiled, {})  # questions bring comparisons up
        return is_empty(self.compiled, part, self._walk)

    def rules_in(self, part: int) -> list[int]:
        """The rules that decide somewhere in a part of the space of loans."""
        forest = self.compiled.forest
        if not self._tree:
            self._tree.append([self.decides(n) for n in self.numbers])
            while len(self._tree[-1]) > 1:
                below = self._tree[-1]
                pairs = zip_longest(below[::2], below[1::2], fillvalue=forest.false)
                self._tree.append([forest.either(a, b) for a, b in pairs])
        found: list[int] = []
        waiting = [(len(self._tree) - 1, 0)] if self.numbers else []
        while waiting:
            height, i = waiting.pop()
            if forest.both(self._tree[height][i], part) == forest.false:
                continue
            if height == 0:
                found.append(self.numbers[i])
            else:
                wide = len(self._tree[height - 1])
                waiting += [(height - 1, j) for j in (2 * i, 2 * i + 1) if j < wide]
        return sorted(found)

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

    def means(self, meaning: Hashable) -> int:
        """Where the decision's outcome has a meaning."""
        if meaning not in self._means:
            leaves = [leaf for leaf in self.leaves() if self.meaning(leaf) == meaning]
            self._means[meaning] = self.where("means", leaves)
        return self._means[meaning]

    def contradicts(self, leaf: Leaf) -> bool:
        """Whether rules that should agree differ at a leaf."""
        if self.decision.policy.kind != "unique" or isinstance(leaf, Blocked | Clash):
            return isinstance(leaf, Clash)
        return self.decision.type not in ORDERED and len(leaf) > 1

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

    def newly_named(self, number: int, region: int) -> int:
        """Loans for which a rule that applies in ``region`` too is a reason where it is none now:
        it decides, and under ``priority`` nothing stronger does."""
        forest = self.compiled.forest
        more = forest.less(region, self.applies(number))
        for other in self.overriders.get(self.rule(number).id, ()):
            more = forest.less(more, self.applies(other))
        if self.decision.policy.kind != "priority":
            return more
        return forest.both(more, self._up_to(self.rule(number).then))

    def surely_missed(self, number: int) -> int:
        """Loans whose outcome certainly changes when a rule is dropped: where its conclusion is the
        outcome (or, where values are collected, part of it), and no other rule concludes any of it.
        Not all that ``changed`` finds, but found at little cost."""
        forest, rule = self.compiled.forest, self.rule(number)
        collected = self.decision.policy.kind == "collect"
        alike = [
            n for n in self.numbers if n != number and self._shares(self.rule(n).then, rule.then)
        ]
        otherwise = self.decision.otherwise
        falls_back = otherwise is not None and self._shares(otherwise, rule.then)
        if falls_back or len(alike) > MANY:
            return forest.false
        part = self.decides(number)
        if not collected:
            part = forest.both(part, self.means(self.meaning(frozenset({number}))))
        for other in alike:
            freed = self.rule(other).id in rule.exception_to  # it may decide once this one is gone
            there = self.applies(other) if freed else self.decides(other)
            part = forest.less(part, there)
        return part

    def _shares(self, one: Formula, other: Formula) -> bool:
        """Whether two conclusions are the same, or have a value in common where many are
        collected."""
        if self.decision.policy.kind != "collect":
            return one == other
        values = [cast(frozenset[str], cast(Constant, each).value) for each in (one, other)]
        return not values[0].isdisjoint(values[1])

    def _up_to(self, then: Formula) -> int:
        """Where, under ``priority``, nothing stronger than a conclusion is the outcome."""
        if ("up to", then) not in self._means:
            leaves = [leaf for leaf in self.leaves() if self._is_no_stronger(leaf, then)]
            self._means["up to", then] = self.where("up to", leaves)
        return self._means["up to", then]

    def _is_no_stronger(self, leaf: Leaf, then: Formula) -> bool:
        rank = self.decision.policy.order.index
        if isinstance(leaf, Blocked | Clash):
            return False
        values = [cast(Constant, self.rule(n).then).value for n in leaf]
        return all(rank(cast(Constant, then).value) <= rank(value) for value in values)

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
        old_targets = self.number_of.keys() & rule.exception_to  # others are of elsewhere
        new_targets = old_targets if exception_to is None else set(exception_to)
        concerned = (
            forest.negate(self._same(old_region, new_region))
            if then is None and new_targets == old_targets
            else forest.either(old_region, new_region)
        )
        if concerned == forest.false:
            return forest.false
        affected = {number} | {self.number_of[target] for target in old_targets | new_targets}
        regions = {n: self.decides(n) for n in self.rules_in(concerned) if n not in affected}
        for n in affected:
            regions[n] = self._decides_after(n, number, new_region, new_targets)
        new_then = {} if then is None else {number: then}
        whole = self.compiled.compiler.parts[0]  # of regions in all sections each makes the same
        after = whole.together(
            self.decision,
            {n: forest.both(concerned, region) for n, region in sorted(regions.items())},
            new_then,
        )
        key = self.compiled.space.new_key() if new_then else self._key
        return forest.apply(
            f"{key} differs",
            lambda a, b: (
                a != OUTSIDE
                and self.meaning(cast(Leaf, a)) != self.meaning(cast(Leaf, b), new_then)
            ),
            self._within(concerned),
            after,
        )

    def _decides_after(self, n: int, number: int, region: int, targets: set[str]) -> int:
        """Where rule ``n`` decides once rule ``number`` has another region and other targets."""
        forest = self.compiled.forest
        own = self.rule(n).id
        result = region if n == number else self.applies(n)
        over = [m for m in self.overriders.get(own, ()) if m != number]
        for m in over:
            result = forest.less(result, self.applies(m))
        if own in targets:
            result = forest.less(result, region)
        return result

    def _same(self, a: int, b: int) -> int:
        return self.compiled.forest.apply("same", lambda x, y: x == y, a, b)

    def _within(self, concerned: int) -> int:
        return self.compiled.forest.apply(
            "within",
            lambda leaf, inside: leaf if inside else OUTSIDE,
            self.compiled.roots[self.decision.name],
            concerned,
        )
