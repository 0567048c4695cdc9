"""The space that diagrams live in: one forest, and the variables that rulebases share.

Several rulebases (a pack and its changed version) compiled in one space are compared node by node.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from engine.evaluation.amounts import evaluate
from engine.evaluation.diagram import Forest
from engine.evaluation.variables import (
    FactVariable,
    SignVariable,
    Variable,
    all_conditions,
    fact_variables,
    sign_variable,
)
from engine.model import Bound, Compare, Condition, Constant, Formula, OneOf, Rulebase, Value
from engine.trees import names_in

SIGNS: Mapping[Bound, tuple[int, ...]] = {
    "less_than": (0,),
    "at_most": (0, 1),
    "more_than": (2,),
    "at_least": (1, 2),
}
"""The classes of a comparison (0 less, 1 equal, 2 more) that meet a bound."""


class Space:
    """A forest with its variables: first the facts, then comparisons as rules bring them up.

    The facts' classes are cut at every bound of the rulebases' conditions and of ``conditions``.
    """

    def __init__(self, rulebases: Sequence[Rulebase], conditions: Iterable[Condition] = ()) -> None:
        self.forest = Forest()
        every = [(rulebase, list(all_conditions(rulebase))) for rulebase in rulebases]
        every.append((rulebases[0], list(conditions)))
        self.variables: list[Variable] = list(fact_variables(every))
        self.level_of: dict[str, int] = {
            variable.name: level
            for level, variable in enumerate(self.variables)
            if isinstance(variable, FactVariable)
        }
        self._signs: dict[tuple[Formula, Formula], int] = {}
        self._keys = 0

    def new_key(self) -> str:
        """A word no other caller has, for the names of operations in the forest's memory."""
        self._keys += 1
        return f"#{self._keys}"

    def fact_test(
        self, test: OneOf | Compare, left: Mapping[int, frozenset[int]] | None = None
    ) -> int:
        """Where a test of a fact against literals is met. ``left`` are the classes, by level, that
        the facts can have at all; for the others the least of those stands in."""
        level = self.level_of[test.name]
        variable = self.variables[level]
        assert isinstance(variable, FactVariable)
        met = variable.meeting(test)
        kept = None if left is None else left.get(level)
        if kept is not None:
            met &= kept
            if min(kept) in met:
                met |= frozenset(range(variable.size)) - kept
        return self.forest.choice(level, variable.size, met)

    def comparison(self, left: Formula, right: Formula, wanted: tuple[int, ...]) -> int:
        """Where one formula over facts stands to another in one of the ``wanted`` ways."""
        forest = self.forest
        if left == right and not isinstance(left, Constant):
            return forest.true if 1 in wanted else forest.false
        if not any(True for side in (left, right) for _ in names_in(side)):
            try:
                a, b = evaluate(left, _nothing), evaluate(right, _nothing)
            except ArithmeticError:
                return forest.false
            sign = 1 + (a > b) - (a < b)  # type: ignore[operator]
            return forest.true if sign in wanted else forest.false
        if (right, left) in self._signs:
            left, right = right, left
            wanted = tuple(2 - sign for sign in wanted)
        level = self.level_of_signs(left, right)
        return forest.choice(level, self.variables[level].size, wanted)

    def level_of_signs(self, left: Formula, right: Formula) -> int:
        """The level of a comparison, which is a new one where it was not made before."""
        level = self._signs.get((left, right))
        if level is None:
            level = self._signs[left, right] = len(self.variables)
            self.variables.append(sign_variable(left, right))
        return level

    def levels_on(self) -> dict[str, tuple[int, ...]]:
        """For each fact the levels that speak of it: its own and those of its comparisons."""
        found: dict[str, tuple[int, ...]] = {}
        for level, variable in enumerate(self.variables):
            own = (variable.name,) if isinstance(variable, FactVariable) else variable.facts
            for name in own:
                found[name] = (*found.get(name, ()), level)
        return found

    def compared(self) -> frozenset[int]:
        """The levels of the facts that some comparison speaks of."""
        return frozenset(
            self.level_of[name]
            for variable in self.variables
            if isinstance(variable, SignVariable)
            for name in variable.facts
            if name in self.level_of
        )


def _nothing(name: str) -> Value:
    raise LookupError(name)
