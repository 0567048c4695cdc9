"""What the constraints leave of one loan's unknown facts.

Most constraints of a pack say little about most loans: under the known facts they hold, or rule out
some classes of one fact, or can be met whatever the other facts are. Only those of which more is
left than that are followed beside the diagrams of decisions.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from engine.evaluation.diagram import LEAF
from engine.evaluation.known import Known, bits
from engine.evaluation.variables import FactVariable, SignVariable, domain
from engine.model import Ref


@dataclass(slots=True)
class Left:
    """What is left of the facts. Not shared between threads."""

    known: Known
    constraints: dict[int, int] = field(default_factory=dict)
    """The constraints that are still open, each with the unknown facts below it, as bits."""
    _on: dict[int, tuple[int, ...]] = field(default_factory=dict)
    _met: dict[tuple[int, int, int], bool] = field(default_factory=dict)

    @property
    def classes_of(self) -> dict[int, tuple[int, ...]]:
        """By level the classes that are left, of the facts of which some are ruled out."""
        return self.known.descent.left

    def classes(self, level: int) -> Sequence[int]:
        """The classes of a variable that are left."""
        found = self.classes_of.get(level)
        return range(self.known.compiled.variables[level].size) if found is None else found

    def settle(self, node: int) -> int:
        """Follow what is known from a node, and what alone is left."""
        return self.known.descent.remaining(node)

    def on(self, facts: int) -> tuple[int, ...]:
        """The constraints that can matter where some unknown facts (as bits) are asked for: those
        on these facts, directly or through other constraints, unless they can always be met."""
        if facts not in self._on:
            open_ = self.binding(touching(self.constraints, facts), facts)
            self._on[facts] = tuple(touching(open_, facts))
        return self._on[facts]

    def binding(self, constraints: Mapping[int, int], facts: int) -> dict[int, int]:
        """Those of some constraints that can't be met by facts alone of which neither the others
        speak nor ``facts`` are."""
        left = dict(constraints)
        while idle := next((node for node in left if self._is_idle(node, left, facts)), None):
            del left[idle]
        return left

    def _is_idle(self, node: int, constraints: Mapping[int, int], facts: int) -> bool:
        for other, own in constraints.items():
            if other != node:
                facts |= own
        free = constraints[node] & ~facts
        return bool(free) and self._can_be_met(node, free, self._named_once(node) & free)

    def _named_once(self, node: int) -> int:
        once = more = 0
        for level in bits(self.known.compiled.forest.support(node)):
            own = self.known.spoken_of(level)
            more |= once & own
            once |= own
        return once & ~more

    def _can_be_met(self, node: int, free: int, loose: int) -> bool:
        """Whether, whatever the other facts are, some values of the ``free`` facts meet what is
        below a node; ``loose`` are those of them that one level alone speaks of. (May be false
        where it is so, but is never true where it is not.)"""
        node = self.settle(node)
        forest = self.known.compiled.forest
        level = forest.level[node]
        if level == LEAF:
            return node == forest.true
        key = (node, free, loose)
        if key not in self._met:
            variable = self.known.compiled.variables[level]
            codes = self.classes(level)
            choice = isinstance(variable, FactVariable) and bool(self.known.spoken_of(level) & free)
            if isinstance(variable, SignVariable) and self._can_be_equal(variable, loose):
                codes = (1,)
            ways = (self._can_be_met(forest.children[node][code], free, loose) for code in codes)
            self._met[key] = any(ways) if choice else all(ways)
        return self._met[key]

    def _can_be_equal(self, variable: SignVariable, loose: int) -> bool:
        """Whether a fact that nothing else speaks of can take the value that it is compared with,
        whatever that is."""
        if not (isinstance(variable.left, Ref) and isinstance(variable.right, Ref)):
            return False
        both = [
            self.known.compiled.rulebase.facts[ref.name] for ref in (variable.left, variable.right)
        ]
        for one, other in (both, reversed(both)):
            (low, high), (least, most) = domain(one), domain(other)
            fits = one.type == other.type and low <= least and most <= high
            if fits and one.name not in self.known.facts and self.known.bit_of(one.name) & loose:
                return True
        return False


def touching(constraints: Mapping[int, int], facts: int) -> dict[int, int]:
    """Those of some constraints that speak of some facts, directly or through one another."""
    chosen: dict[int, int] = {}
    waiting = dict(constraints)
    while near := {node: own for node, own in waiting.items() if own & facts}:
        chosen |= near
        for node, own in near.items():
            del waiting[node]
            facts |= own
    return {node: own for node, own in constraints.items() if node in chosen}


def what_is_left(known: Known) -> Left | None:
    """What the constraints leave of the facts that are unknown; None where some has no class left.
    (There may be no loan all the same: that the constraints go together is not looked into.)"""
    forest = known.compiled.forest
    left = Left(known)
    waiting = dict.fromkeys(known.compiled.constraints)
    while True:
        waiting = dict.fromkeys(map(left.settle, waiting))
        waiting.pop(forest.true, None)
        if forest.false in waiting:
            left.classes_of.clear()
            return None
        ruled = {node: codes for node in waiting if (codes := _one_fact(left, node)) is not None}
        if not ruled:
            break
        for node, codes in ruled.items():
            del waiting[node]
            level = forest.level[node]
            left.classes_of[level] = tuple(code for code in left.classes(level) if code in codes)
            if not left.classes_of[level]:
                left.classes_of.clear()
                return None
    left.constraints.update((node, known.unknown([node])) for node in waiting)
    return left


def _one_fact(left: Left, node: int) -> set[int] | None:
    """The classes that a constraint leaves of a fact, where it speaks of one alone. (Not of numbers
    that are compared with others: of those it matters where in a class they lie.)"""
    compiled = left.known.compiled
    forest, level = compiled.forest, compiled.forest.level[node]
    if level in compiled.compared or level >= len(compiled.level_of):
        return None
    ends = {code: left.settle(forest.children[node][code]) for code in left.classes(level)}
    if any(forest.level[end] != LEAF for end in ends.values()):
        return None
    return {code for code, end in ends.items() if end == forest.true}
