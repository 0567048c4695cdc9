"""How the decisions of a pack are walked for one tape: what its rows share is worked in beforehand.

A walk ends where the rules that decide are settled, or where a fact is missing. An end that is not
settled says which variables the exact answer still depends on, so that rows which agree in them
have the same answer.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from engine.evaluation.compiling import Compiled
from engine.evaluation.variables import FactVariable, SignVariable
from engine.portfolio.arrays import Booleans, Codes, Lookup, taken
from engine.portfolio.batch import Batch, State, Varying
from engine.portfolio.product import Idle, Part, Product
from engine.portfolio.tables import Table, stepwise, tabulated

WORTH = 25
"""For so many rows a table may have another state: it is then worth its making."""
SOON = 2_000
"""The states of a table that is made at once."""
LARGE = 40_000
"""The states of the largest table."""
ROOT = -1
"""The label of a decision's own diagram beside those of its rules, which have their numbers."""


@dataclass(frozen=True, slots=True)
class Relevant:
    """What an answer depends on where facts are missing: the classes of ``levels``, and of the
    ``comparisons`` that are themselves not known the numbers of their facts."""

    levels: tuple[int, ...]
    comparisons: tuple[int, ...]


@dataclass(slots=True)
class Walked:
    """Some diagrams that are walked together, for one tape."""

    compiled: Compiled
    states: Mapping[int, State]
    product: Product
    sizes: Mapping[int, int]
    table: Table | None
    masks: Sequence[int]
    """The variables of each constraint, as bit masks."""
    facts: tuple[str, ...] = ()
    """Of constraints, the facts that they speak of."""
    nullable: frozenset[int] = frozenset()
    certain: bool = False
    """No fact is missing in any row, so that every end is settled."""
    _rows: int = 0
    _tried: int = SOON
    """More states than these there are."""
    _settled: Booleans = field(default_factory=lambda: np.empty(0, dtype=bool))
    _relevant: dict[int, Relevant] = field(default_factory=dict)

    def ends(self, batch: Batch, lock: threading.RLock) -> Lookup:
        """The state in which each row of a batch ends."""
        if self.table is None:
            with lock:
                self._rows += batch.rows
                most = min(self._rows // WORTH, LARGE)
                if most >= 2 * self._tried or most == LARGE > self._tried:
                    self._tried = most
                    self.table = tabulated(self.product, self.sizes, self.nullable, most)
                if self.table is None:
                    return stepwise(self.product, batch.codes, self.sizes, batch.rows)
        return self.table.walk(batch.key_of, batch.rows)

    def open_rows(self, ends: Lookup, lock: threading.RLock) -> Codes:
        """The rows whose end is not settled, for want of a fact."""
        none = np.empty(0, dtype=np.intp)
        if self.certain:
            return none
        known, product = self._settled, self.product
        with lock:
            if len(known) < len(product.states):
                more = [product.is_settled(n) for n in range(len(known), len(product.states))]
                known = self._settled = np.append(known, np.array(more, dtype=bool))
        settled = known[ends.table]
        return none if settled.all() else np.flatnonzero(taken(~settled, ends.at))

    def relevant(self, end: int) -> Relevant:
        """What the answer at an end that is not settled depends on: the variables still to come,
        and those of the constraints that share a fact with them, directly or through others."""
        found = self._relevant.get(end)
        if found is None:
            mask = facts_too(self.compiled, self.product.open_variables(end))
            waiting = list(self.masks)
            while touching := [own for own in waiting if own & mask]:
                waiting = [own for own in waiting if not own & mask]
                for own in touching:
                    mask |= own
            levels = list(levels_of(mask))
            variables = self.compiled.variables
            found = self._relevant[end] = Relevant(
                tuple(n for n in levels if isinstance(self.states[n], Varying)),
                tuple(n for n in levels if isinstance(variables[n], SignVariable)),
            )
        return found


@dataclass(frozen=True, slots=True)
class Plan:
    """The walks for rows whose variables are as ``states`` says."""

    states: Mapping[int, State]
    decisions: Mapping[str, Walked]
    constraints: tuple[Walked, ...]
    """Those that rows may break, by groups that share no fact."""


def make_plan(
    compiled: Compiled, states: Mapping[int, State], decisions: Iterable[str], *, rules: bool
) -> Plan:
    """The walks of some decisions, and of the constraints. With ``rules`` a decision's walk tells
    which rules decide, too."""
    making = _Making(compiled, states, rules)
    return Plan(
        states,
        {name: making.decision(name) for name in decisions},
        tuple(making.constraints(group) for group in making.constraint_groups()),
    )


class _Making:
    def __init__(self, compiled: Compiled, states: Mapping[int, State], rules: bool) -> None:
        self._rules = rules
        self._compiled = compiled
        self._states = states
        self._given = {
            level: state for level, state in states.items() if not isinstance(state, Varying)
        }
        self._sizes = {level: variable.size for level, variable in enumerate(compiled.variables)}
        self._nullable = frozenset(
            level
            for level, state in states.items()
            if isinstance(state, Varying) and state.nullable
        )
        forest = compiled.forest
        self._masks = [facts_too(compiled, forest.support(c)) for c in compiled.constraints]

    def decision(self, name: str) -> Walked:
        """A decision and all its rules; a rule that does not decide is left out."""
        compiled = self._compiled
        rules = compiled.rulebase.rules
        numbers = compiled.compiler.rules_of[name] if self._rules else []
        parts = [(n, compiled.decides[rules[n].id]) for n in numbers]
        return self._walked(
            [(ROOT, compiled.roots[name]), *parts],
            lambda label, leaf: label != ROOT and leaf is False,
        )

    def constraint_groups(self) -> list[list[int]]:
        """The constraints that may be broken, those together that share a fact."""
        groups: list[tuple[int, list[int]]] = []
        for number, node in enumerate(self._compiled.constraints):
            if self._compiled.forest.support(node) == 0:
                continue
            mask, members = self._masks[number], [number]
            for other in [group for group in groups if group[0] & mask]:
                groups.remove(other)
                mask, members = mask | other[0], [*other[1], *members]
            groups.append((mask, members))
        return [sorted(members) for _, members in groups]

    def constraints(self, group: Sequence[int]) -> Walked:
        """Some constraints; one that is met is left out."""
        parts = [(n, self._compiled.constraints[n]) for n in group]
        walked = self._walked(parts, lambda label, leaf: leaf is True)
        mask = 0
        for number in group:
            mask |= self._masks[number]
        facts: dict[str, None] = {}
        for level in levels_of(mask):
            variable = self._compiled.variables[level]
            own = [variable.name] if isinstance(variable, FactVariable) else sorted(variable.facts)
            facts.update(dict.fromkeys(own))
        walked.facts = tuple(facts)
        return walked

    def _walked(self, parts: Sequence[Part], idle: Idle) -> Walked:
        product = Product(self._compiled.forest, self._given, self._sizes, parts, idle)
        table = tabulated(product, self._sizes, self._nullable, SOON)
        return Walked(
            self._compiled,
            self._states,
            product,
            self._sizes,
            table,
            self._masks,
            nullable=self._nullable,
            certain=not self._nullable and None not in self._given.values(),
        )


def facts_too(compiled: Compiled, mask: int) -> int:
    """Some variables, as a bit mask, with those of the facts that comparisons among them speak
    of."""
    for level in levels_of(mask):
        variable = compiled.variables[level]
        if isinstance(variable, SignVariable):
            for name in variable.facts:
                if name in compiled.level_of:
                    mask |= 1 << compiled.level_of[name]
    return mask


def levels_of(mask: int) -> Iterable[int]:
    """The variables of a bit mask."""
    while mask:
        low = mask & -mask
        yield low.bit_length() - 1
        mask ^= low
