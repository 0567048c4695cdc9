"""Whether amounts and days exist that stand to one another as a way down the diagrams says."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice, product
from typing import Any, cast

from engine.evaluation import linear
from engine.evaluation.amounts import NoValue, ValueOf, divides_by_zero, known_only, reckoner
from engine.evaluation.compiling import Compiled, Sign, Step
from engine.evaluation.diagram import UNKNOWN
from engine.evaluation.variables import FactVariable, SignVariable, decode, domain, encode
from engine.model import Value

MAX_SOLVED = 1_000
"""So many systems of comparisons are solved for one loan; beyond that, paths through comparisons
count as possible. The answer may then stay undetermined where more work would settle it; it is
never wrong."""

MAX_TRIED = 300
"""So many combinations of numbers are tried for a path through comparisons that are not linear."""


@dataclass(slots=True)
class Numbers:
    """What was found out of the numbers that some known facts leave. Not shared between threads."""

    compiled: Compiled
    facts: Mapping[str, Value]
    _feasible: dict[frozenset[Step], bool] = field(init=False, default_factory=dict)
    _comparisons: dict[int, linear.Comparison | None] = field(init=False, default_factory=dict)

    @property
    def exhausted(self) -> bool:
        """No more systems are solved."""
        return len(self._feasible) >= MAX_SOLVED

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
            if self.exhausted:
                return True
            self._feasible[key] = self._solved(key)
        return self._feasible[key]

    def _solved(self, steps: frozenset[Step]) -> bool:
        """Whether the steps' system has a solution; of other loans with the same numbers it may be
        known."""
        variables, facts = self.compiled.variables, self.facts
        signs = [v for v in (variables[level] for level, _ in steps) if isinstance(v, SignVariable)]
        names = sorted({name for sign in signs for name in sign.facts if name in facts})
        known = tuple([(name, facts[name]) for name in names])
        solved = self.compiled.kept.solved
        found = solved.find((steps, known))
        if found is None:
            found = solved.keep((steps, known), self._numbers(steps) is not None)
        return found

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
    return sign_at(compiled, facts, level) == code


def sign_at(compiled: Compiled, facts: Mapping[str, Value], level: int) -> int:
    """The class of the comparison at a level, ``UNKNOWN`` where a fact that it speaks of is."""
    found = compiled.kept.signs.get(level)
    if found is None:
        variable = cast(SignVariable, compiled.variables[level])
        found = compiled.kept.signs[level] = variable.facts, comparing(variable)
    names, sign_of = found
    return sign_of(facts) if names <= facts.keys() else UNKNOWN


def comparing(variable: SignVariable) -> Sign:
    """What finds the class of a comparison, for one loan after the other."""
    left_of: Callable[[ValueOf], Any] = reckoner(variable.left)
    right_of: Callable[[ValueOf], Any] = reckoner(variable.right)

    def sign_of(facts: Mapping[str, Value]) -> int:
        try:
            left, right = left_of(facts.__getitem__), right_of(facts.__getitem__)
        except NoValue:
            return 3
        above: bool = left > right
        below: bool = left < right
        return 1 + above - below

    return sign_of
