"""What is still possible: every leaf that some completion of the known facts reaches.

A completion gives each unknown fact a value and meets every constraint. Enums and booleans are
independent of one another; amounts and days that are compared with one another are not, so a path
through such a comparison is followed only where numbers exist that meet all of it.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from engine.evaluation.compiling import Compiled, Step
from engine.evaluation.diagram import LEAF
from engine.evaluation.known import Known, bits
from engine.evaluation.left import Left, touching, what_is_left
from engine.evaluation.numbers import Numbers
from engine.evaluation.variables import SignVariable


class TooSlow(Exception):
    """A loan took longer than its caller would wait. Nothing is wrong with it; with more facts it
    would be quicker."""


_State = tuple[tuple[int, ...], tuple[int, ...], tuple[Step, ...]]
"""Diagrams that are followed together, the constraints that go with them, and the steps on the way
that comparisons still to come depend on."""


@dataclass(frozen=True, slots=True)
class OpenPart:
    """What the known facts leave of a diagram."""

    nodes: list[int]
    """The nodes whose answer matters, the topmost first: of those that lead on alike, one."""
    leaves: list[int]


@dataclass(slots=True)
class Walk(Known):
    """The diagrams of a rulebase under some known facts. Not shared between threads.

    ``until`` is when it gives up (``TooSlow``), in seconds of ``time.monotonic``.
    """

    until: float = math.inf
    numbers: Numbers = field(init=False)
    free: dict[str, bool] = field(init=False, default_factory=dict)
    """Of unknown facts whether the constraints leave more than one class, as far as was asked."""
    below: dict[int, tuple[int, ...]] = field(init=False, default_factory=dict)
    """The reduced children of nodes that were reduced, by the classes that are left."""
    _open_parts: dict[int, OpenPart] = field(init=False, default_factory=dict)
    _reduced: dict[int, int] = field(init=False, default_factory=dict)
    _same: dict[tuple[int, ...], int] = field(init=False, default_factory=dict)
    _left: list[Left | None] = field(init=False, default_factory=list)
    _settled: dict[int, int] | None = field(init=False, default=None)
    """The constraints that do not hold anyway, each with the unknown facts that it speaks of."""
    _kinds: bytes = field(init=False, default=b"")

    def __post_init__(self) -> None:
        Known.__post_init__(self)
        self.numbers = Numbers(self.compiled, self.facts)

    def check_time(self) -> None:
        """Raises ``TooSlow`` where the time is up."""
        if time.monotonic() > self.until:
            raise TooSlow

    @property
    def left(self) -> Left | None:
        """What the constraints leave of the unknown facts; None where they leave nothing."""
        if not self._left:
            self._left.append(what_is_left(self.shared()))  # or each would keep the other
        return self._left[0]

    # ---- what is left of a diagram ------------------------------------------------------------

    def classes(self, level: int) -> Sequence[int]:
        """The classes of an unknown variable that the constraints leave."""
        left = self.left
        return range(self.compiled.variables[level].size) if left is None else left.classes(level)

    def reduced(self, node: int) -> int:
        """A node that stands for all that lead on as this one does under what is known; a leaf,
        where the answers to what is not known change nothing."""
        forest, left = self.compiled.forest, self.left
        node = self.settle(node) if left is None else left.settle(node)
        level = forest.level[node]
        if level == LEAF:
            return node
        found = self._reduced.get(node)
        if found is None:
            children = forest.children[node]
            below = tuple([self.reduced(children[code]) for code in self.classes(level)])
            if below.count(below[0]) == len(below):
                found = below[0]
            else:
                found = self._same.setdefault((level, *below), node)
                self.below[found] = below
            self._reduced[node] = found
        return found

    def open_part(self, root: int) -> OpenPart:
        """What is left of a diagram."""
        found = self._open_parts.get(root)
        if found is None:
            levels = self.compiled.forest.level
            waiting = [self.reduced(root)]
            reached = dict.fromkeys(waiting)
            while waiting:
                for child in self.below.get(waiting.pop(), ()):
                    if child not in reached:
                        reached[child] = None
                        waiting.append(child)
            nodes = sorted((n for n in reached if levels[n] != LEAF), key=levels.__getitem__)
            leaves = [node for node in reached if levels[node] == LEAF]
            found = self._open_parts[root] = OpenPart(nodes, leaves)
        return found

    # ---- all completions ----------------------------------------------------------------------

    def possible(self) -> bool:
        """Some completion of the known facts meets every constraint."""
        left = self.left
        if left is None:
            return False
        binding = tuple(left.binding(left.constraints, 0))
        return not binding or bool(self._search(left, ((), binding, ())))

    def can_be(self, part: int) -> bool:
        """Some completion lies in a part."""
        return (self.compiled.forest.true,) in self.reach([part])

    def reach(self, roots: Sequence[int]) -> list[tuple[int, ...]]:
        """Every combination of leaves of ``roots`` that some completion reaches."""
        nodes = tuple(self.settle(root) for root in roots)
        if all(self.compiled.forest.level[node] == LEAF for node in nodes):
            return [nodes]
        left = self.left
        if left is None:
            return []
        nodes = tuple(map(self.reduced, nodes))
        return self._search(left, (nodes, left.on(self.unknown(nodes)), ()))

    def _search(self, left: Left, start: _State) -> list[tuple[int, ...]]:
        levels = self.compiled.forest.level
        found: dict[tuple[int, ...], None] = {}
        seen: set[_State] = set()
        waiting = [start]
        while waiting:
            state = waiting.pop()
            nodes, constraints, _ = state
            if state in seen or nodes in found:
                continue
            seen.add(state)
            self.check_time()
            if not constraints and all(levels[node] == LEAF for node in nodes):
                found[nodes] = None
            else:
                waiting += reversed(list(self._next(left, state)))
        return list(found)

    def _next(self, left: Left, state: _State) -> Iterator[_State]:
        """The states one step further, one of those that are alike."""
        nodes, constraints, chosen = state
        forest = self.compiled.forest
        every = (*nodes, *constraints)
        level = min([forest.level[node] for node in every])
        codes = left.classes(level)
        asking = [place for place, node in enumerate(every) if forest.level[node] == level]
        children = [
            self.below[every[place]]
            if place < len(nodes)
            else [left.settle(forest.children[every[place]][code]) for code in codes]
            for place in asking
        ]
        compares = isinstance(self.compiled.variables[level], SignVariable)
        matters = compares or self.spoken_of(level) & self.compared(every)
        before: set[tuple[int, ...]] = set()
        for code, ways in zip(codes, zip(*children, strict=True), strict=True):
            taken = chosen
            if matters:
                taken = (*chosen, (level, code))
            elif ways in before:
                continue
            before.add(ways)
            below = list(every)
            for place, child in zip(asking, ways, strict=True):
                below[place] = child
            still = below[len(nodes) :]
            if forest.false in still or (compares and not self.numbers.feasible(taken)):
                continue
            if still:
                still = [node for node in dict.fromkeys(still) if node != forest.true]
            linked = self._linked(taken, below) if taken else ()
            yield tuple(below[: len(nodes)]), tuple(still), linked

    # ---- ways to a part -----------------------------------------------------------------------

    def ways(self, part: int, most: int) -> Iterator[list[Step]]:
        """The steps of completions that lie in a part and meet the constraints, those through the
        constraints that go with it included; ``most`` of them at most, and the first is found
        without the others."""
        start = self.settle(part)
        nodes = (start, *self._constraints_on(start))
        for level in self._comparisons_below(nodes):
            self.code(level)
        if len(self._kinds) < len(self.compiled.variables):
            self._kinds = _kinds(self.compiled)
        forest, kinds = self.compiled.forest, self._kinds
        feasible, linked = self.numbers.feasible, self._linked
        first = forest.ways(nodes, self.codes, kinds, feasible, linked, 1)
        yield from first
        if first and most > 1:
            yield from forest.ways(nodes, self.codes, kinds, feasible, linked, most)[1:]

    def _comparisons_below(self, nodes: Iterable[int]) -> Iterable[int]:
        forest, first = self.compiled.forest, len(self.compiled.level_of)
        mask = 0
        for node in nodes:
            mask |= forest.support(node)
        return bits(mask >> first, first)

    def _constraints_on(self, start: int) -> tuple[int, ...]:
        """The constraints that share an unknown fact with a diagram, directly or through other
        constraints."""
        forest = self.compiled.forest
        if self._settled is None:
            nodes = sorted({self.settle(c) for c in self.compiled.constraints} - {forest.true})
            self._settled = {node: self.unknown([node]) for node in nodes}
        if forest.false in self._settled:
            return (forest.false,)
        return tuple(touching(self._settled, self.unknown([start])))

    def _linked(self, chosen: tuple[Step, ...], nodes: Iterable[int]) -> tuple[Step, ...]:
        """The steps that the comparisons below some nodes depend on: those on the facts that these
        speak of, and on the facts that are compared with them in turn."""
        if self.numbers.exhausted:
            return ()
        facts = self.compared(nodes)
        first = len(self.compiled.level_of)
        before = 0
        while before != facts:
            before = facts
            for level, _ in chosen:
                own = self.spoken_of(level)
                if level >= first and own & facts:
                    facts |= own
        return tuple([step for step in chosen if self.spoken_of(step[0]) & facts])


def _kinds(compiled: Compiled) -> bytes:
    """What each level asks for, as ``Forest.ways`` wants to know it."""
    return bytes(
        2 if isinstance(variable, SignVariable) else int(level in compiled.compared)
        for level, variable in enumerate(compiled.variables)
    )
