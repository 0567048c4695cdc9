"""One batch of rows: where they stand in each decision, and the answers of those that stand alike."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from engine.evaluation.decide import Session
from engine.evaluation.reach import Walk
from engine.model import ORDERED, Decision
from engine.portfolio.answers import (
    Answers,
    SharedAnswer,
    Situation,
    literal_answer,
    situation,
)
from engine.portfolio.arrays import Booleans, Codes, Integers, grouped, whole
from engine.portfolio.batch import Batch
from engine.portfolio.columns import MISSING
from engine.portfolio.plan import Plan, Relevant, Walked
from engine.portfolio.reckoning import reckoned

REJECTED = -1
"""The code of a row that has no answer, since it can't be used."""


@dataclass(frozen=True, slots=True)
class Question:
    """A decision, the decisions whose amounts enter its own (directly or through others, in
    requirement order), and the facts in the formulas of them all."""

    decision: Decision
    used: tuple[str, ...]
    facts: tuple[str, ...]


@dataclass(slots=True)
class Shared:
    """The answers to one decision so far, each once."""

    answers: list[SharedAnswer] = field(default_factory=list)
    codes: dict[SharedAnswer, int] = field(default_factory=dict)

    def code(self, answer: SharedAnswer) -> int:
        """The code of an answer."""
        found = self.codes.get(answer)
        if found is None:
            found = self.codes[answer] = len(self.answers)
            self.answers.append(answer)
        return found


class Memory:
    """The tables for a tape, and everything that has been solved with them."""

    def __init__(self, plan: Plan, questions: Mapping[str, Question]) -> None:
        self.plan = plan
        self.questions = questions
        self.shared = {name: Shared() for name in questions}
        self.stands: dict[tuple[str | int, bytes], int] = {}
        """Where rows stand that lack facts, each with a negative number."""
        self.codes: dict[str, dict[int, int]] = {name: {} for name in questions}
        """The answer's code where rows stand, of decisions with literal values."""
        self.situations: dict[tuple[str, bytes], Situation] = {}
        self.possible: dict[tuple[int, int], bool] = {}


class Solving:
    """The rows of one batch under the plan of its tape."""

    def __init__(self, memory: Memory, batch: Batch, lock: threading.RLock) -> None:
        self._memory = memory
        self._batch = batch
        self._lock = lock
        self._stands: dict[str | int, Codes] = {}
        self._sessions: dict[int, Session] = {}

    # ---- where the rows stand -----------------------------------------------------------------

    def _standing(self, name: str | int, walked: Walked, rows: Codes | None) -> Codes:
        """Where rows (all if None) stand: the number of the state in which they end where nothing
        is missing, else a negative one that rows share which agree in all that counts."""
        found = self._stands.get(name)
        if found is None:
            with self._lock:
                ends = walked.ends(self._batch)
                open_ = ~walked.settled(ends)
            found = self._stands[name] = self._further(name, walked, ends, open_, rows)
        return found

    def _further(
        self, name: str | int, walked: Walked, ends: Codes, open_: Booleans, rows: Codes | None
    ) -> Codes:
        if rows is not None:
            inside = np.zeros(len(ends), dtype=bool)
            inside[rows] = True
            open_ = open_ & inside
        where = np.flatnonzero(open_)
        if not len(where):
            return ends
        stands = ends.copy()
        first, group = grouped([ends[where]], len(where))
        with self._lock:
            relevant = [walked.relevant(int(end)) for end in ends[where[first]]]
        for each in set(relevant):
            same = np.array([own == each for own in relevant])
            part = where[same[group]]
            keys = [ends[part], *self._keys(each, part)]
            told, one_of = grouped(keys, len(part))
            marks = np.stack([whole(column, len(part))[told] for column in keys], axis=1)
            with self._lock:
                codes = [self._stand(name, mark.tobytes()) for mark in marks]
            stands[part] = np.array(codes, dtype=np.intp)[one_of]
        return stands

    def _keys(self, relevant: Relevant, rows: Codes) -> list[Integers]:
        """What tells rows apart that stopped for want of a fact: the classes that may still count,
        and the numbers of facts that are to be compared with a missing one."""
        batch = self._batch
        keys = [_of(batch.codes(level), rows) for level in relevant.levels]
        values: dict[str, Integers] = {}
        for level in relevant.comparisons:
            variable = batch.compiled.variables[level]
            unknown = _of(batch.codes(level), rows) == variable.size
            if not unknown.any():
                continue
            for fact in sorted(variable.facts):  # type: ignore[union-attr]
                if not batch.column(fact).constant:
                    numbers = values.get(fact)
                    if numbers is None:
                        numbers = np.full(len(rows), MISSING, dtype=np.int64)
                    own = _of(batch.column(fact).each(), rows)
                    values[fact] = np.where(unknown, own, numbers)
        return [*keys, *values.values()]

    def _stand(self, name: str | int, mark: bytes) -> int:
        stands = self._memory.stands
        return stands.setdefault((name, mark), -1 - len(stands))

    # ---- rows that no real loan has -----------------------------------------------------------

    def impossible(self, rows: Codes | None) -> Codes:
        """Of some rows (all if None) those whose facts no completion makes a real loan."""
        found = np.zeros(self._batch.rows, dtype=bool)
        for number, walked in enumerate(self._memory.plan.constraints):
            stands = self._standing(number, walked, rows)
            chosen = stands if rows is None else stands[rows]
            first, group = grouped([chosen], len(chosen))
            broken = np.array(
                [
                    not self._possible(
                        number, walked, int(chosen[i]), int(i if rows is None else rows[i])
                    )
                    for i in first
                ],
                dtype=bool,
            )
            found[slice(None) if rows is None else rows] |= broken[group]
        return np.flatnonzero(found)

    def _possible(self, number: int, walked: Walked, stand: int, row: int) -> bool:
        if stand >= 0:  # a constraint that is met is left out
            return not walked.product.states[stand]
        with self._lock:
            found = self._memory.possible.get((number, stand))
            if found is None:
                facts = self._batch.facts_at(row)
                own = {name: facts[name] for name in walked.facts if name in facts}
                found = Walk(self._batch.compiled, own).possible()
                self._memory.possible[number, stand] = found
        return found

    # ---- answers ------------------------------------------------------------------------------

    def answers(self, name: str, rows: Codes | None) -> Answers:
        """The answers of some rows (all if None) to one decision."""
        question = self._memory.questions[name]
        shared = self._memory.shared[name]
        if question.decision.type in ORDERED:
            return self._amounts(question, shared, rows)
        stands = self._standing(name, self._memory.plan.decisions[name], rows)
        chosen = stands if rows is None else stands[rows]
        first, group = grouped([chosen], len(chosen))
        known = self._memory.codes[name]
        codes = []
        with self._lock:
            for i in first.tolist():
                stand = int(chosen[i])
                if stand not in known:
                    session = self._session(i if rows is None else int(rows[i]))
                    known[stand] = shared.code(literal_answer(session, question.decision))
                codes.append(known[stand])
        return Answers(
            question.decision,
            shared.answers,
            self._spread(np.array(codes, dtype=np.intp)[group], rows),
        )

    def _amounts(self, question: Question, shared: Shared, rows: Codes | None) -> Answers:
        decision, batch = question.decision, self._batch
        every = np.arange(batch.rows) if rows is None else rows
        names = (*question.used, decision.name)
        keys = [self._standing(n, self._memory.plan.decisions[n], rows)[every] for n in names]
        keys += [_of(batch.column(fact).known(), every) for fact in question.facts]
        first, group = grouped(keys, len(every))
        codes = np.empty(len(every), dtype=np.intp)
        numbers: Integers = np.zeros(len(every), dtype=np.int64)
        order = np.argsort(group, kind="stable")
        bounds = np.searchsorted(group[order], np.arange(len(first) + 1))
        told = np.stack([whole(k, len(every))[first] for k in keys], axis=1).astype(np.int64)
        for number, row in enumerate(first.tolist()):
            part = order[bounds[number] : bounds[number + 1]]
            with self._lock:
                key = (decision.name, told[number].tobytes())
                case = self._memory.situations.get(key)
                if case is None:
                    session = self._session(int(every[row]))
                    case = situation(session, decision, question.used)
                    self._memory.situations[key] = case
            missing = frozenset(
                fact
                for fact in question.facts
                if batch.column(fact).number(int(every[row])) == MISSING
            )
            own = reckoned(batch, decision, case, missing, every[part])
            with self._lock:
                table = np.array([shared.code(answer) for answer in own.shared], dtype=np.intp)
            codes[part] = table[own.codes]
            if own.numbers is not None:
                if own.numbers.dtype == object:
                    numbers = numbers.astype(object)
                numbers[part] = own.numbers
        return Answers(
            decision, shared.answers, self._spread(codes, rows), self._spread(numbers, rows, 0)
        )

    def _session(self, row: int) -> Session:
        found = self._sessions.get(row)
        if found is None:
            found = self._sessions[row] = Session(self._batch.compiled, self._batch.facts_at(row))
        return found

    def _spread(self, column: Integers, rows: Codes | None, rest: int = REJECTED) -> Integers:
        """A column of some rows as one of all."""
        if rows is None:
            return column
        found = np.full(self._batch.rows, rest, dtype=column.dtype)
        found[rows] = column
        return found


def _of(column: Integers, rows: Codes) -> Integers:
    """A column's elements in some rows."""
    return column[rows] if len(column) > 1 else np.broadcast_to(column, (len(rows),))
