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

from engine.evaluation.compiling import Step
from engine.evaluation.diagram import LEAF
from engine.evaluation.known import Known
from engine.evaluation.left import Left, touching, what_is_left
from engine.evaluation.numbers import Numbers
from engine.evaluation.variables import SignVariable


class TooSlow(Exception):
    """A loan took longer than its caller would wait. Nothing is wrong with it; with more facts it
    would be quicker."""


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
    _open_parts: dict[int, OpenPart] = field(init=False, default_factory=dict)
    _left: list[Left | None] = field(init=False, default_factory=list)
    _settled: dict[int, int] | None = field(init=False, default=None)
    """The constraints that do not hold anyway, each with the unknown facts that it speaks of."""

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
        _ = self.left  # once that is found, the descent knows of it
        return self.descent.reduced(node)

    def open_part(self, root: int) -> OpenPart:
        """What is left of a diagram."""
        found = self._open_parts.get(root)
        if found is None:
            levels = self.compiled.forest.level
            waiting = [self.reduced(root)]
            reached = dict.fromkeys(waiting)
            while waiting:
                for child in self.descent.below.get(waiting.pop(), ()):
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
        return not binding or bool(self._search((), binding))

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
        return self._search(nodes, left.on(self.unknown(nodes)))

    def _search(self, nodes: Sequence[int], constraints: Sequence[int]) -> list[tuple[int, ...]]:
        return self.descent.reach(
            nodes, constraints, self._kinds(), self.numbers.feasible, self._linked, self.check_time
        )

    # ---- ways to a part -----------------------------------------------------------------------

    def ways(self, part: int, most: int) -> Iterator[list[Step]]:
        """The steps of completions that lie in a part and meet the constraints, those through the
        constraints that go with it included; ``most`` of them at most, and the first is found
        without the others."""
        start = self.settle(part)
        nodes, kinds = (start, *self._constraints_on(start)), self._kinds()
        ways, feasible, linked = self.descent.ways, self.numbers.feasible, self._linked
        first = ways(nodes, kinds, feasible, linked, 1)
        yield from first
        if first and most > 1:
            yield from ways(nodes, kinds, feasible, linked, most)[1:]

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

    def _kinds(self) -> bytes:
        """What each level asks for, as ``Descent.ways`` wants to know it."""
        compiled = self.compiled
        found = compiled.kept.kinds.get(len(compiled.variables))
        if found is None:
            found = bytes(
                2 if isinstance(variable, SignVariable) else int(level in compiled.compared)
                for level, variable in enumerate(compiled.variables)
            )
            compiled.kept.kinds[len(compiled.variables)] = found
        return found

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
