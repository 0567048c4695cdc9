"""Some rows of a tape as the diagrams see them: the class of every variable in every row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from engine.evaluation.compiling import Compiled
from engine.evaluation.variables import FactVariable
from engine.model import Formula, Value
from engine.portfolio.amounts import Amounts, compared, evaluate, of_numbers
from engine.portfolio.arrays import Booleans, Codes, Lookup
from engine.portfolio.columns import UNKNOWN, Column, Columns, classes, facts_at
from engine.portfolio.tables import Stage, key


@dataclass(frozen=True, slots=True)
class Varying:
    """A variable that has several classes over the rows; with ``nullable`` also none."""

    nullable: bool


State = int | None | Varying
"""What is known of a variable for all rows: its class, that it is unknown, or that it varies."""


def merged(a: State, b: State) -> State:
    """What holds of a variable over the rows of both."""
    if a == b:
        return a
    return Varying(any(s is None or (isinstance(s, Varying) and s.nullable) for s in (a, b)))


@dataclass(slots=True)
class Batch:
    """``columns`` are the facts that are known of some row, those presumed included."""

    compiled: Compiled
    columns: Columns
    rows: int
    _classes: dict[int, Lookup] = field(default_factory=dict)
    _codes: dict[int, Codes] = field(default_factory=dict)
    _keys: dict[tuple[tuple[int, ...], tuple[int, ...]], Lookup] = field(default_factory=dict)
    _amounts: dict[Formula, Amounts] = field(default_factory=dict)
    _facts: dict[int, dict[str, Value]] = field(default_factory=dict)

    def column(self, name: str) -> Column:
        """A fact's column."""
        return self.columns.get(name, UNKNOWN)

    def codes(self, level: int) -> Codes:
        """The class of a variable in each row (or one for all): one more than its last class where
        it is not known."""
        found = self._codes.get(level)
        if found is None:
            found = self._codes[level] = self.classes(level).each()
        return found

    def classes(self, level: int) -> Lookup:
        """The same as a look-up."""
        found = self._classes.get(level)
        if found is None:
            found = self._classes[level] = self._found(level)
        return found

    def _found(self, level: int) -> Lookup:
        variable = self.compiled.variables[level]
        if isinstance(variable, FactVariable):
            fact = self.compiled.rulebase.facts[variable.name]
            return classes(self.column(variable.name), fact, variable)
        if any(self.column(name).unknown for name in variable.facts):
            return Lookup(np.array([variable.size], dtype=np.int32))
        left = evaluate(variable.left, self.amounts, self._amounts)
        right = evaluate(variable.right, self.amounts, self._amounts)
        codes = compared(left, right)
        for name in variable.facts:
            if not self.column(name).complete:
                codes = np.where(self.column(name).known(), codes, variable.size)
        return Lookup(codes)

    def amounts(self, name: str) -> Amounts:
        """The amounts of a fact; where it is not known they mean nothing."""
        fact = self.compiled.rulebase.facts[name]
        return of_numbers(self.column(name).known_or_zero(), fact.type)

    def key_of(self, stage: Stage) -> Lookup:
        """The key of a stage for each row."""
        name = (stage.levels, stage.sizes)
        found = self._keys.get(name)
        if found is None:
            found = key([self.classes(level) for level in stage.levels], stage.sizes)
            self._keys[name] = found
        return found

    def states(self) -> dict[int, State]:
        """What is known of each variable for all rows together."""
        return {level: self._state(level) for level in range(len(self.compiled.variables))}

    def _state(self, level: int) -> State:
        variable = self.compiled.variables[level]
        names = (variable.name,) if isinstance(variable, FactVariable) else variable.facts
        columns = [self.column(name) for name in names]
        if any(column.unknown for column in columns):
            return None
        if all(column.constant for column in columns):
            return int(self.codes(level)[0])
        return Varying(not all(column.complete for column in columns))

    def facts_at(self, row: int) -> Mapping[str, Value]:
        """The facts known of one row, typed."""
        found = self._facts.get(row)
        if found is None:
            facts = self.compiled.rulebase.facts
            found = self._facts[row] = facts_at(self.columns, facts, row)
        return found

    def where_known(self, name: str) -> Booleans:
        """Where a fact is known (one for each row, or one for all)."""
        return self.column(name).known()
