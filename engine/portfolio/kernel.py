"""Deciding many rows at once: every distinct situation is solved once, and the answer is spread.

A table walk says where each row stands in each decision. Rows that stand alike have the same
answer; the first of them is given to the walker that decides single loans, and what it says is
kept. Amounts and days are then reckoned in columns.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from engine.evaluation.compiling import Compiled
from engine.evaluation.decide import Decider, no_completion
from engine.evaluation.facts import contradictions
from engine.model import ORDERED, Formula, Rulebase, Value
from engine.portfolio.answers import NO_ANSWER, Answers, SharedAnswer
from engine.portfolio.arrays import Codes, Integers, Lookup, grouped, keep_memory, whole
from engine.portfolio.batch import Batch, merged
from engine.portfolio.columns import MISSING, UNKNOWN, Column, Columns, facts_at
from engine.portfolio.conditions import broken, presumed
from engine.portfolio.plan import make_plan
from engine.portfolio.solving import Memory, Question, Shared, Solved, Solving
from engine.problems import Problem
from engine.trees import names_in, names_of

SMALL = 500
"""A pack of so many rules is walked for all jurisdictions at once."""

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
        self,
        decider: Decider,
        only: Collection[str] | None = None,
        *,
        strict: bool = False,
        rules: bool = True,
    ) -> None:
        """``only`` names the decisions wanted, all if absent; ``strict`` applies no presumption.
        Without ``rules`` the answers do not name the rules that decide, and are found sooner.

        Raises ``InputError`` for a decision that the pack does not have.
        """
        self.rulebase = decider.rulebase
        self.wanted = decider.wanted(only)
        self.strict = strict
        self.rules = rules
        self.asked = _asked(decider.rulebase)
        """The facts that decide something, if only which loans are real."""
        self._decider = decider
        self._needed = decider.needed(self.wanted)
        self._shared = {name: Shared() for name in self.wanted}
        self._places: dict[int, _Place] = {}
        self._lock = threading.RLock()
        keep_memory()

    def __reduce__(self) -> tuple[Callable[..., Kernel], tuple[object, ...]]:
        """Sent to another process it is made anew there: its tables are larger than the rules."""
        return _made, (self.rulebase, self.wanted, self.strict, self.rules)

    def decide(self, columns: Columns, rows: int, faults: Problems | None = None) -> Decided:
        """Decide the rows of some columns, one for each fact that is known of some row. ``faults``
        are the problems of rows in which a value could not be read (it counts as missing)."""
        rejected = self._contradictory(columns, rows, faults or {})
        known = columns if self.strict else presumed(columns, self.rulebase, rows)
        spread = _Spread(self.rulebase, rows)
        accepted = _accepted(rejected, rows)
        if accepted is not None:
            known = {name: column.rows(accepted) for name, column in known.items()}
        for place, part, own in self._by_place(known, rows if accepted is None else len(accepted)):
            if part is not None and accepted is not None:
                part = accepted[part]
            elif part is None:
                part = accepted
            self._take(place, own, part, spread, columns, rejected)
        answers = {name: spread.answers(name, self._shared[name].answers) for name in self.wanted}
        return Decided(rows, answers, rejected)

    def _take(
        self,
        place: _Place,
        known: Columns,
        part: Codes | None,
        spread: _Spread,
        given: Columns,
        rejected: dict[int, tuple[Problem, ...]],
    ) -> None:
        """Decide some rows (``part`` says which of the batch; all if None) by one place's rules."""
        count = spread.rows if part is None else len(part)
        batch = Batch(place.compiled, known, count)
        solving = self._solving(place, batch)
        impossible = solving.impossible()
        if len(impossible):
            whole_part = np.arange(count) if part is None else part
            for row in whole_part[impossible].tolist():
                names = [n for n in self.rulebase.facts if _is_given(given, n, row)]
                rejected[row] = (no_completion(names),)
            left = np.delete(np.arange(count), impossible)
            part = whole_part[left]
            known = {name: column.rows(left) for name, column in known.items()}
            solving = self._solving(place, Batch(place.compiled, known, len(left)))
        for name in self.wanted:
            spread.take(name, solving.answers(name), part)

    def _by_place(
        self, columns: Columns, rows: int
    ) -> Iterator[tuple[_Place, Codes | None, Columns]]:
        """The rows by the jurisdiction whose rules can apply to them and the kind of loan, each
        with their columns. All go together where the pack is small and nothing is missing: the
        answers are the same."""
        if not rows:
            return
        dividing = (self.rulebase.jurisdiction_fact, self.rulebase.section_fact)
        own = {name: columns[name] for name in dividing if name in columns}
        varying = [column for column in own.values() if not column.constant]
        if varying and len(self.rulebase.rules) <= SMALL and self._complete(columns):
            yield self._place({}), None, columns
            return
        if not varying:
            yield self._place(self._facts_at(own, 0)), None, columns
            return
        first, group = grouped([_tellable(column) for column in varying], rows)
        places = [self._place(self._facts_at(own, row)) for row in first.tolist()]
        numbers = {id(place): number for number, place in enumerate(places)}
        of_row = np.array([numbers[id(place)] for place in places], dtype=np.int16)[group]
        order = np.argsort(of_row, kind="stable")
        ordered = {name: column.rows(order) for name, column in columns.items()}
        found, starts = np.unique(of_row[order], return_index=True)
        ends = [*starts[1:].tolist(), rows]
        for number, start, end in zip(found.tolist(), starts.tolist(), ends, strict=True):
            part = {name: column.rows(slice(start, end)) for name, column in ordered.items()}
            for name in own:
                alike = {
                    own[name].number(r)
                    for r, p in zip(first.tolist(), places, strict=True)
                    if p is places[number]
                }
                if len(alike) == 1:
                    part[name] = Column(np.array([*alike], dtype=np.int64))
            yield places[number], order[start:end], part

    def _facts_at(self, columns: Columns, row: int) -> dict[str, Value]:
        return facts_at(columns, {name: self.rulebase.facts[name] for name in columns}, row)

    def _complete(self, columns: Columns) -> bool:
        """Whether every fact that some condition asks for is known in every row."""
        return all(columns.get(name, UNKNOWN).complete for name in self.asked)

    def _place(self, where: Mapping[str, Value]) -> _Place:
        with self._lock:
            compiled = self._decider.compiled_for(where, self._needed)
            found = self._places.get(id(compiled))
            if found is None:
                questions = _questions(compiled.rulebase, self.wanted)
                found = self._places[id(compiled)] = _Place(compiled, questions, self.rules)
            return found

    def _solving(self, place: _Place, batch: Batch) -> Solving:
        with self._lock:
            return Solving(place.remembered(batch), batch, self._shared, self._lock)

    def _contradictory(
        self, columns: Columns, rows: int, faults: Problems
    ) -> dict[int, tuple[Problem, ...]]:
        """The problems of each row that can't be used: faults, and the constraints it breaks."""
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


@dataclass(slots=True)
class _Place:
    """The diagrams of a jurisdiction (or of all), and what has been solved with them."""

    compiled: Compiled
    questions: Mapping[str, Question]
    rules: bool
    memory: Memory | None = None

    def remembered(self, batch: Batch) -> Memory:
        """The tables that fit a batch, and what has been solved with them."""
        states = batch.states()
        if self.memory is not None:
            before = self.memory.plan.states
            states = {level: merged(before[level], state) for level, state in states.items()}
            if states == before:
                return self.memory
        plan = make_plan(self.compiled, states, self.questions, rules=self.rules)
        self.memory = Memory(plan, self.questions, self.rules)
        return self.memory


class _Spread:
    """The answers of parts of a batch, put together."""

    def __init__(self, rulebase: Rulebase, rows: int) -> None:
        self._decisions = rulebase.decisions
        self.rows = rows
        self._found: dict[str, Lookup] = {}
        self._parts: dict[str, Codes] = {}
        self._numbers: dict[str, Integers] = {}

    def take(self, name: str, solved: Solved, part: Codes | None) -> None:
        """The answers of some rows, or of all."""
        if part is None:
            self._found[name] = solved.codes
            if solved.numbers is not None:
                self._numbers[name] = solved.numbers
            return
        if name not in self._parts:
            self._parts[name] = np.zeros(self.rows, dtype=np.int32)
        self._parts[name][part] = solved.codes.each() - NO_ANSWER
        if solved.numbers is not None:
            numbers = self._numbers.get(name)
            if numbers is None:
                numbers = np.zeros(self.rows, dtype=np.int64)
            if solved.numbers.dtype != numbers.dtype:
                numbers = numbers.astype(object)
            numbers[part] = solved.numbers
            self._numbers[name] = numbers

    def answers(self, name: str, shared: Sequence[SharedAnswer]) -> Answers:
        """The answers of all rows."""
        decision = self._decisions[name]
        found, numbers = self._found.get(name), self._numbers.get(name)
        if found is None:
            codes = self._parts.get(name, np.zeros(self.rows, dtype=np.int32))
            found = Lookup(codes, np.arange(NO_ANSWER, len(shared)))
        if numbers is None and decision.type in ORDERED:
            numbers = np.zeros(self.rows, dtype=np.int64)
        return Answers(decision, shared, found, numbers)


def _made(rulebase: Rulebase, wanted: Sequence[str], strict: bool, rules: bool) -> Kernel:
    return Kernel(Decider(rulebase), wanted, strict=strict, rules=rules)


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


def _asked(rulebase: Rulebase) -> frozenset[str]:
    """The facts that the condition of some rule or constraint asks for."""
    conditions = [rule.when for rule in rulebase.rules]
    conditions += [constraint.when for constraint in rulebase.constraints]
    terms = rulebase.terms
    tested = (names_of(when, lambda name: terms[name].when) for when in conditions)
    return frozenset(name for names in tested for name in names if name in rulebase.facts)


def _tellable(column: Column) -> Integers:
    """What tells the rows of a column apart, as small numbers."""
    if column.indices is not None:
        return column.indices
    return np.where(column.entries == MISSING, -1, column.entries) + 1


def _is_given(columns: Columns, name: str, row: int) -> bool:
    return name in columns and columns[name].number(row) != MISSING


def _accepted(rejected: Problems, rows: int) -> Codes | None:
    """The rows that can be used, or None for all of them."""
    if not rejected:
        return None
    accepted = np.ones(rows, dtype=bool)
    accepted[list(rejected)] = False
    return np.flatnonzero(accepted)
