"""What is left of the diagrams for a loan that lacks facts: the part that asks for what is missing.

Two loans of which the same is left have the same answers, however they differ in what is known.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field

from engine.evaluation.diagram import LEAF
from engine.evaluation.reach import Walk
from engine.evaluation.variables import FactVariable, SignVariable, encode
from engine.portfolio.plan import facts_too, levels_of
from engine.portfolio.product import Part


@dataclass(slots=True)
class Numbering:
    """Numbers for what is left of some diagrams, and the variables (a bit mask) each asks for. A
    leaf keeps its number in the forest; others are negative."""

    _numbers: dict[tuple[int, tuple[int, ...]], int] = field(default_factory=dict)
    _masks: list[int] = field(default_factory=list)

    def node(self, level: int, children: tuple[int, ...]) -> int:
        """The number of what asks for a variable and goes on so; where it goes on alike for every
        class, it does not ask."""
        if children.count(children[0]) == len(children):
            return children[0]
        found = self._numbers.get((level, children))
        if found is None:
            found = self._numbers[level, children] = -1 - len(self._masks)
            mask = 1 << level
            for child in children:
                mask |= self.mask(child)
            self._masks.append(mask)
        return found

    def mask(self, number: int) -> int:
        """The variables that it asks for."""
        return self._masks[-1 - number] if number < 0 else 0


@dataclass(slots=True)
class Remains:
    """What is left of the diagrams under the known facts of one loan."""

    walk: Walk
    numbering: Numbering
    _known: dict[int, int] = field(default_factory=dict)
    _constraints: list[int] | None = None

    def of(self, node: int) -> int:
        """The number of what is left of a diagram."""
        found = self._known.get(node)
        if found is None:
            forest = self.walk.compiled.forest
            level = forest.level[node]
            if level == LEAF:
                found = node
            elif (code := self.walk.code(level)) >= 0:
                found = self.of(forest.children[node][code])
            else:
                children = tuple([self.of(child) for child in forest.children[node]])
                found = self.numbering.node(level, children)
            self._known[node] = found
        return found

    def asked(self, nodes: Iterable[int]) -> set[str]:
        """The missing facts that what is left of some diagrams asks for."""
        mask = 0
        for node in nodes:
            mask |= self.numbering.mask(self.of(node))
        found: set[str] = set()
        for level in levels_of(mask):
            variable = self.walk.compiled.variables[level]
            found.update([variable.name] if isinstance(variable, FactVariable) else variable.facts)
        return found - self.walk.facts.keys()

    def signature(self, parts: Iterable[Part]) -> Hashable:
        """Equal for two loans that have the same answer from diagrams that stand alike: what is
        left of them, and of the constraints that share a missing fact with it, directly or through
        others, and the numbers that are to be compared with a missing one."""
        walk = self.walk
        forest, compiled = walk.compiled.forest, walk.compiled
        settled = [(label, walk.settle(node)) for label, node in parts]
        # Whether a rule decides for certain is told by where its diagram stops, not by what is
        # left.
        left = [(label, forest.level[node] == LEAF, self.of(node)) for label, node in settled]
        mask = self._with_facts(number for _, _, number in left)
        if self._constraints is None:
            every = {self.of(node) for node in compiled.constraints}
            self._constraints = sorted(every - {forest.true})
        waiting = [(number, self._with_facts([number])) for number in self._constraints]
        chosen = []
        while touching := [pair for pair in waiting if pair[1] & mask]:
            waiting = [pair for pair in waiting if not pair[1] & mask]
            for number, own in touching:
                chosen.append(number)
                mask |= own
        facts = compiled.rulebase.facts
        compared = {
            name: encode(walk.facts[name], facts[name].type)
            for level in levels_of(mask)
            if isinstance(variable := compiled.variables[level], SignVariable)
            for name in variable.facts
            if name in walk.facts
        }
        return tuple(left), tuple(sorted(chosen)), tuple(sorted(compared.items()))

    def _with_facts(self, numbers: Iterable[int]) -> int:
        """The unknown variables that some remains ask for, with those that their comparisons speak
        of."""
        mask = 0
        for number in numbers:
            mask |= self.numbering.mask(number)
        mask = facts_too(self.walk.compiled, mask)
        for level in levels_of(mask):
            if self.walk.code(level) >= 0:
                mask &= ~(1 << level)
        return mask
