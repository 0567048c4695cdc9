"""What is still possible: every leaf that some completion of the known facts reaches.

A completion gives each unknown fact a value and meets every constraint. Enums and booleans are
independent of one another; amounts and days that are compared with one another are not, so a path
through such a comparison is followed only where numbers exist that meet all of it.
"""

from __future__ import annotations

import datetime
import math
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice, product
from typing import cast

from engine.evaluation import linear
from engine.evaluation.amounts import Amount, NoValue, divides_by_zero, evaluate, known_only
from engine.evaluation.compiling import Compiled
from engine.evaluation.diagram import LEAF
from engine.evaluation.variables import FactVariable, SignVariable, decode, domain, encode
from engine.model import Value

UNKNOWN = -1
_LATER = -2

MAX_SOLVED = 1_000
"""So many systems of comparisons are solved for one loan; beyond that, paths through comparisons
count as possible. The answer may then stay undetermined where more work would settle it; it is
never wrong."""

MAX_TRIED = 300
"""So many combinations of numbers are tried for a path through comparisons that are not linear."""


class TooSlow(Exception):
    """A loan took longer than its caller would wait. Nothing is wrong with it; with more facts it
    would be quicker."""


Step = tuple[int, int]
"""A level and the class taken there."""


class Path:
    """Steps from a leaf up to the root of a walk: a linked list, since walks share their ends."""

    __slots__ = ("rest", "step")

    def __init__(self, step: Step, rest: Path | None) -> None:
        self.step = step
        self.rest = rest

    def steps(self) -> list[Step]:
        """The steps, topmost first."""
        found: list[Step] = []
        here: Path | None = self
        while here is not None:
            found.append(here.step)
            here = here.rest
        return found


Reached = dict[tuple[int, ...], Path | None]
"""Leaves, one for each diagram walked together, each with a path that leads there."""


@dataclass(slots=True)
class Walk:
    """The diagrams of a rulebase under some known facts. Not shared between threads.

    ``until`` is when it gives up (``TooSlow``), in seconds of ``time.monotonic``.
    """

    compiled: Compiled
    facts: Mapping[str, Value]
    until: float = math.inf
    codes: list[int] = field(init=False)
    free: dict[str, bool] = field(init=False, default_factory=dict)
    """Of unknown facts whether the constraints leave more than one class, as far as was asked."""
    _known: int = field(init=False, default=0)
    _feasible: dict[frozenset[Step], bool] = field(init=False, default_factory=dict)
    _comparisons: dict[int, linear.Comparison | None] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        compiled = self.compiled
        codes = [UNKNOWN] * len(compiled.level_of)
        codes += [_LATER] * (len(compiled.variables) - len(codes))
        for name, value in self.facts.items():
            level = compiled.level_of.get(name)
            if level is not None:
                codes[level] = cast(FactVariable, compiled.variables[level]).code(value)
                self._known |= 1 << level
        self.codes = codes

    def check_time(self) -> None:
        """Raises ``TooSlow`` where the time is up."""
        if time.monotonic() > self.until:
            raise TooSlow

    # ---- one diagram --------------------------------------------------------------------------

    def settle(self, node: int) -> int:
        """Follow what is known from ``node``: the leaf, or the first node that asks for what is
        not known."""
        forest, codes = self.compiled.forest, self.codes
        levels, children = forest.level, forest.children
        while (level := levels[node]) != LEAF:
            code = codes[level]
            if code < 0 and (code != _LATER or (code := self._sign(level)) < 0):
                return node
            node = children[node][code]
        return node

    def code(self, level: int) -> int:
        """The class of a variable, negative where it is not known."""
        code = self.codes[level]
        return self._sign(level) if code == _LATER else code

    def path(self, node: int) -> list[int]:
        """The levels that ``settle`` asks for on its way."""
        forest, found = self.compiled.forest, []
        stop = self.settle(node)
        while node != stop:
            found.append(forest.level[node])
            node = forest.children[node][self.codes[forest.level[node]]]
        return found

    def _sign(self, level: int) -> int:
        variable = cast(SignVariable, self.compiled.variables[level])
        code = UNKNOWN
        if variable.facts <= self.facts.keys():
            code = sign_of(variable, self.facts)
            self._known |= 1 << level
        self.codes[level] = code
        return code

    # ---- all completions ----------------------------------------------------------------------

    def reach(self, roots: Sequence[int]) -> Reached:
        """Every combination of leaves of ``roots`` that some completion reaches."""
        nodes = tuple(self.settle(root) for root in roots)
        if all(self.compiled.forest.level[node] == LEAF for node in nodes):
            return {nodes: None}
        return self._reach(nodes)

    def possible(self) -> bool:
        """Some completion of the known facts meets every constraint."""
        settled = [self.settle(node) for node in self.compiled.constraints]
        forest = self.compiled.forest
        if forest.false in settled:
            return False
        open_ = [node for node in settled if node != forest.true]
        return not open_ or bool(self._go((), tuple(open_), (), {}))

    def _reach(self, nodes: tuple[int, ...]) -> Reached:
        return self._go(nodes, self._constraints_on(nodes), (), {})

    def _constraints_on(self, nodes: Iterable[int]) -> tuple[int, ...]:
        """The constraints that can matter for ``nodes``: those that share an unknown fact with
        them, directly or through other constraints."""
        forest = self.compiled.forest
        mask = 0
        for node in nodes:
            mask |= self._unknown(node)
        waiting = [
            (node, self._unknown(node))
            for node in {self.settle(c) for c in self.compiled.constraints}
            if node != forest.true
        ]
        chosen: list[int] = []
        while touching := [pair for pair in waiting if pair[1] & mask or not pair[1]]:
            waiting = [pair for pair in waiting if pair not in touching]
            for node, own in touching:
                chosen.append(node)
                mask |= own
        return tuple(sorted(chosen))

    def _unknown(self, node: int) -> int:
        """The unknown levels below ``node``, with the facts that its comparisons speak of."""
        mask = self.compiled.forest.support(node)
        for level in _bits(mask):
            variable = self.compiled.variables[level]
            if isinstance(variable, SignVariable):
                if self.codes[level] == _LATER:
                    self._sign(level)
                for name in variable.facts:
                    if name in self.compiled.level_of:
                        mask |= 1 << self.compiled.level_of[name]
        return mask & ~self._known

    def _go(
        self,
        nodes: tuple[int, ...],
        constraints: tuple[int, ...],
        chosen: tuple[Step, ...],
        memo: dict[tuple[object, ...], Reached],
    ) -> Reached:
        forest = self.compiled.forest
        if len(self._feasible) >= MAX_SOLVED or not self._compares((*nodes, *constraints)):
            chosen = ()
        key = (nodes, constraints, chosen)
        found = memo.get(key)
        if found is not None:
            return found
        self.check_time()
        levels = [forest.level[node] for node in (*nodes, *constraints)]
        level = min(levels, default=LEAF)
        reached: Reached = {}
        if level == LEAF:
            reached[nodes] = None
        else:
            for code in range(self.compiled.variables[level].size):
                self._branch(level, code, nodes, constraints, chosen, memo, reached)
                if reached and all(forest.level[node] == LEAF for node in nodes):
                    break  # only the constraints are left, and they can be met
        memo[key] = reached
        return reached

    def _branch(
        self,
        level: int,
        code: int,
        nodes: tuple[int, ...],
        constraints: tuple[int, ...],
        chosen: tuple[Step, ...],
        memo: dict[tuple[object, ...], Reached],
        reached: Reached,
    ) -> None:
        forest = self.compiled.forest
        variable = self.compiled.variables[level]
        step = (level, code)

        def down(node: int) -> int:
            return self.settle(forest.children[node][code] if forest.level[node] == level else node)

        left = tuple(dict.fromkeys(down(node) for node in constraints))
        if forest.false in left:
            return
        left = tuple(node for node in left if node != forest.true)
        if isinstance(variable, SignVariable):
            chosen = (*chosen, step)
            if not self.feasible(chosen):
                return
        elif level in self.compiled.compared:
            chosen = (*chosen, step)
        below = self._go(tuple(down(node) for node in nodes), left, chosen, memo)
        for leaves, rest in below.items():
            if leaves not in reached:
                reached[leaves] = Path(step, rest)

    def ways(self, part: int) -> Iterator[list[Step]]:
        """The steps of completions that lie in a part and meet the constraints, those through the
        constraints that go with it included; the first is found without the others."""
        start = self.settle(part)
        yield from self._ways((start, *self._constraints_on((start,))), (), (), set())

    def _ways(
        self,
        nodes: tuple[int, ...],
        steps: tuple[Step, ...],
        chosen: tuple[Step, ...],
        dead: set[tuple[object, ...]],
    ) -> Iterator[list[Step]]:
        """All of the ``nodes`` are to come to true. ``chosen`` are the steps that comparisons still
        to come depend on, ``dead`` is what is known to lead nowhere."""
        forest = self.compiled.forest
        if forest.false in nodes:
            return
        nodes = tuple(sorted({node for node in nodes if node != forest.true}))
        if not nodes:
            yield list(steps)
            return
        if chosen and not self._compares(nodes):
            chosen = ()
        key = (nodes, chosen)
        if key in dead:
            return
        found = False
        level = min(forest.level[node] for node in nodes)
        here = [node for node in nodes if forest.level[node] == level]
        others = tuple(node for node in nodes if forest.level[node] != level)
        variable = self.compiled.variables[level]
        for code in range(variable.size):
            below = [forest.children[node][code] for node in here]
            if forest.false in below:
                continue
            step = (level, code)
            taken = chosen
            if isinstance(variable, SignVariable):
                taken = (*chosen, step)
                if not self.feasible(taken):
                    continue
            elif level in self.compiled.compared:
                taken = (*chosen, step)
            left = (*others, *map(self.settle, below))
            for way in self._ways(left, (*steps, step), taken, dead):
                found = True
                yield way
        if not found:
            dead.add(key)

    def _compares(self, nodes: Iterable[int]) -> bool:
        """Whether a comparison of unknown facts is left below some nodes."""
        mask = 0
        for node in nodes:
            mask |= self.compiled.forest.support(node)
        first = len(self.compiled.level_of)
        return any(self.codes[level] < 0 for level in _bits(mask >> first, first))

    # ---- numbers ------------------------------------------------------------------------------

    def feasible(self, steps: tuple[Step, ...]) -> bool:
        """Whether amounts and days exist that take all these steps."""
        level, code = steps[-1]
        last = self.compiled.variables[level]
        if isinstance(last, SignVariable) and last.size > 3:
            known = known_only(self.facts)
            zero = divides_by_zero(last.left, known), divides_by_zero(last.right, known)
            if code == 3:
                return zero != (False, False)
            if True in zero:
                return False
        key = frozenset(steps)
        if key not in self._feasible:
            if len(self._feasible) >= MAX_SOLVED:
                return True
            self._feasible[key] = self._numbers(steps) is not None
        return self._feasible[key]

    def _numbers(self, steps: Iterable[Step]) -> dict[str, int] | None:
        """Integers for the unknown facts that the steps compare; None if there are none."""
        compiled, facts = self.compiled, self.compiled.rulebase.facts
        spans: dict[str, tuple[int, int]] = {}
        signs = []
        for level, code in steps:
            variable = compiled.variables[level]
            if isinstance(variable, SignVariable) and code < 3:
                compared = self._comparison(level)
                if compared is None:
                    continue
                signs.append((compared, code))
                for name in variable.facts:
                    if name not in self.facts:
                        spans.setdefault(name, domain(facts[name]))
        for level, code in steps:
            variable = compiled.variables[level]
            if isinstance(variable, FactVariable) and variable.name in spans:
                spans[variable.name] = variable.spans[code]
        return linear.solve(signs, spans) if signs else {}

    def _comparison(self, level: int) -> linear.Comparison | None:
        if level not in self._comparisons:
            variable = cast(SignVariable, self.compiled.variables[level])
            facts = self.compiled.rulebase.facts
            known = {
                name: encode(self.facts[name], facts[name].type)
                for name in variable.facts
                if name in self.facts
            }
            self._comparisons[level] = linear.comparison(
                variable.left, variable.right, known, facts, str(level)
            )
        return self._comparisons[level]

    def witness(self, steps: Sequence[Step]) -> dict[str, Value] | None:
        """A value for each unknown fact that the steps speak of, so that they are all taken; None
        where none was found (which does not happen for comparisons that are linear)."""
        compiled = self.compiled
        found = {
            variable.name: variable.example(code)
            for level, code in steps
            if isinstance(variable := compiled.variables[level], FactVariable)
        }
        compared = [step for step in steps if step[0] >= len(compiled.level_of)]
        if compared:
            numbers = self._numbers(steps)
            if numbers is None:
                return None
            for name, number in numbers.items():
                found[name] = decode(number, compiled.rulebase.facts[name].type)
        for candidate in self._candidates(found, steps, compared):
            together = {**self.facts, **candidate}
            if all(_takes(compiled, together, level, code) for level, code in steps):
                return candidate
        return None

    def _candidates(
        self, found: dict[str, Value], steps: Iterable[Step], compared: Iterable[Step]
    ) -> Iterator[dict[str, Value]]:
        """What the solver found, and then, for comparisons that it could not take into account,
        other numbers from the spans that the steps leave."""
        yield found
        compiled, facts = self.compiled, self.compiled.rulebase.facts
        spans = {
            name: domain(facts[name])
            for level, _ in compared
            if self._comparison(level) is None
            for name in sorted(cast(SignVariable, compiled.variables[level]).facts)
            if name not in self.facts
        }
        for level, code in steps:
            variable = compiled.variables[level]
            if isinstance(variable, FactVariable) and variable.name in spans:
                spans[variable.name] = variable.spans[code]
        numbers = [
            [n for n in dict.fromkeys((low, low + 1, low + 100, high, 0, 1, 10_000)) if
             low <= n <= high]
            for low, high in spans.values()
        ]  # fmt: skip
        for values in islice(product(*numbers), MAX_TRIED if spans else 0):
            changed = zip(spans, values, strict=True)
            yield found | {name: decode(number, facts[name].type) for name, number in changed}


def _takes(compiled: Compiled, facts: Mapping[str, Value], level: int, code: int) -> bool:
    variable = compiled.variables[level]
    if isinstance(variable, FactVariable):
        return variable.name in facts and variable.code(facts[variable.name]) == code
    return variable.facts <= facts.keys() and sign_of(variable, facts) == code


def sign_of(variable: SignVariable, facts: Mapping[str, Value]) -> int:
    """The class of a comparison for these facts, which must hold all that it speaks of."""

    value_of = known_only(facts)
    try:
        left: Amount = evaluate(variable.left, value_of)
        right: Amount = evaluate(variable.right, value_of)
    except NoValue:
        return 3
    if isinstance(left, datetime.date):
        assert isinstance(right, datetime.date)
        return 1 + (left > right) - (left < right)
    assert not isinstance(right, datetime.date)
    return 1 + (left > right) - (left < right)


def _bits(mask: int, offset: int = 0) -> Iterable[int]:
    while mask:
        low = mask & -mask
        yield low.bit_length() - 1 + offset
        mask ^= low


__all__ = ["Path", "Reached", "Step", "TooSlow", "Walk", "sign_of"]
