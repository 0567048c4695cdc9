"""Deciding many rows at once: every distinct situation is solved once, and the answer is spread.

A table walk says where each row stands in each decision. Rows that stand alike have the same
answer; the first of them is given to the walker that decides single loans, and what it says is
kept. Amounts and days are then reckoned in columns.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from engine.evaluation.decide import Decider, no_completion
from engine.evaluation.facts import contradictions
from engine.model import Formula, Rulebase
from engine.portfolio.answers import Answers
from engine.portfolio.arrays import Codes, grouped, whole
from engine.portfolio.batch import Batch, merged
from engine.portfolio.columns import MISSING, Columns, facts_at
from engine.portfolio.conditions import broken, presumed
from engine.portfolio.plan import make_plan
from engine.portfolio.solving import Memory, Question, Solving
from engine.problems import Problem
from engine.trees import names_in

Problems = Mapping[int, tuple[Problem, ...]]
"""What is wrong with some rows."""


@dataclass(frozen=True, slots=True)
class Decided:
    """Some rows decided. ``rejected`` are the rows that can't be used, with their problems."""

    rows: int
    answers: Mapping[str, Answers]
    rejected: Problems


class Kernel:
    """A pack, ready to decide whole columns of loans. Safe to use from several threads."""

    def __init__(
        self, decider: Decider, only: Collection[str] | None = None, *, strict: bool = False
    ) -> None:
        """``only`` names the decisions wanted, all if absent; ``strict`` applies no presumption.

        Raises ``InputError`` for a decision that the pack does not have.
        """
        self.rulebase = decider.rulebase
        self.wanted = decider.wanted(only)
        self.strict = strict
        self._compiled = decider.compiled
        self._questions = _questions(self.rulebase, self.wanted)
        self._memory: Memory | None = None
        self._lock = threading.RLock()

    def __reduce__(self) -> tuple[Callable[..., Kernel], tuple[object, ...]]:
        """Sent to another process it is made anew there: a rulebase is small, its tables are not."""
        return _made, (self.rulebase, self.wanted, self.strict)

    def decide(self, columns: Columns, rows: int, faults: Problems | None = None) -> Decided:
        """Decide the rows of some columns, one for each fact that is known of some row. ``faults``
        are the problems of rows in which a value could not be read (it counts as missing)."""
        rejected = self._contradictory(columns, rows, faults or {})
        known = columns if self.strict else presumed(columns, self.rulebase, rows)
        batch = Batch(self._compiled, known, rows)
        solving = Solving(self._remembered(batch), batch, self._lock)
        names = [name for name in self.rulebase.facts if name in columns]
        for row in solving.impossible(_accepted(rejected, rows)).tolist():
            given = [name for name in names if columns[name].number(row) != MISSING]
            rejected[row] = (no_completion(given),)
        accepted = _accepted(rejected, rows)
        answers = {name: solving.answers(name, accepted) for name in self.wanted}
        return Decided(rows, answers, rejected)

    def _contradictory(
        self, columns: Columns, rows: int, faults: Problems
    ) -> dict[int, tuple[Problem, ...]]:
        """The problems of each row that can't be used: its faults, and the constraints it breaks."""
        found = dict(faults)
        if fails := broken(columns, self.rulebase, rows):
            where = np.flatnonzero(np.logical_or.reduce(list(fails.values())))
            known = (columns[name].known() for name in columns)
            keys = [whole(column, rows)[where] for column in (*fails.values(), *known)]
            first, group = grouped(keys, len(where))
            told = [
                tuple(contradictions(self.rulebase, facts_at(columns, self.rulebase.facts, row)))
                for row in where[first].tolist()
            ]
            for row, number in zip(where.tolist(), group.tolist(), strict=True):
                found[row] = (*found.get(row, ()), *told[number])
        return found

    def _remembered(self, batch: Batch) -> Memory:
        """The tables that fit a batch, and what has been solved with them."""
        with self._lock:
            states = batch.states()
            if self._memory is not None:
                before = self._memory.plan.states
                states = {level: merged(before[level], state) for level, state in states.items()}
                if states == before:
                    return self._memory
            plan = make_plan(self._compiled, states, self._questions)
            self._memory = Memory(plan, self._questions)
            return self._memory


def _made(rulebase: Rulebase, wanted: Sequence[str], strict: bool) -> Kernel:
    return Kernel(Decider(rulebase), wanted, strict=strict)


def _questions(rulebase: Rulebase, wanted: Collection[str]) -> dict[str, Question]:
    """The wanted decisions, and those whose amounts enter theirs, in requirement order."""
    direct = {}
    for name, decision in rulebase.decisions.items():
        formulas: list[Formula] = [rule.then for rule in rulebase.rules_of(name)]
        formulas += [] if decision.otherwise is None else [decision.otherwise]
        direct[name] = {used for formula in formulas for used in names_in(formula)}
    found: dict[str, Question] = {}
    names = {name: set(used) for name, used in direct.items()}
    for name in rulebase.decisions:  # in requirement order
        for used in list(names[name]):
            names[name] |= names.get(used, set())
        found[name] = Question(
            rulebase.decisions[name],
            tuple(used for used in rulebase.decisions if used in names[name]),
            tuple(fact for fact in rulebase.facts if fact in names[name]),
        )
    needed = {*wanted, *(used for name in wanted for used in found[name].used)}
    return {name: question for name, question in found.items() if name in needed}


def _accepted(rejected: Problems, rows: int) -> Codes | None:
    """The rows that can be used, or None for all of them."""
    if not rejected:
        return None
    accepted = np.ones(rows, dtype=bool)
    accepted[list(rejected)] = False
    return np.flatnonzero(accepted)
