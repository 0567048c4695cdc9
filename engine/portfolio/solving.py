"""One batch of rows: where they stand in each decision, and what those come to that stand alike."""

from __future__ import annotations

import threading
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field

import numpy as np

from engine.evaluation.reach import Walk
from engine.evaluation.session import Session
from engine.model import ORDERED, Decision
from engine.portfolio.amounts import narrow
from engine.portfolio.answers import (
    NO_ANSWER,
    SharedAnswer,
    Situation,
    literal_answer,
    situation,
)
from engine.portfolio.arrays import Codes, Integers, Lookup, grouped, taken, whole
from engine.portfolio.batch import Batch
from engine.portfolio.columns import MISSING
from engine.portfolio.plan import Plan, Relevant, Walked
from engine.portfolio.reckoning import reckoned
from engine.portfolio.remains import Numbering, Remains

UNSOLVED = -2


@dataclass(frozen=True, slots=True)
class Question:
    """A decision, the decisions whose amounts enter its own (directly or through others, in
    requirement order), and the facts in the formulas of them all."""

    decision: Decision
    used: tuple[str, ...]
    facts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Solved:
    """The answers of a batch to one decision: codes of shared answers, and the numbers of amounts
    and days."""

    codes: Lookup
    numbers: Integers | None = None


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


class Solutions:
    """The answer's code for each place where rows stand: from 0 upwards, or from -1 downwards."""

    def __init__(self) -> None:
        self._up = np.full(64, UNSOLVED, dtype=np.intp)
        self._down = np.full(64, UNSOLVED, dtype=np.intp)

    def of(self, stands: Codes) -> Codes:
        """The codes, ``UNSOLVED`` where none is known yet."""
        up, down = self._up, self._down
        if not np.size(stands):
            return stands
        if np.max(stands) >= len(up):
            up = np.append(up, np.full(np.max(stands), UNSOLVED, dtype=np.intp))
            self._up = up
        if np.min(stands) >= 0:
            return up[stands]
        if -np.min(stands) > len(down):
            down = np.append(down, np.full(-np.min(stands), UNSOLVED, dtype=np.intp))
            self._down = down
        return np.where(stands >= 0, up[np.maximum(stands, 0)], down[-1 - np.minimum(stands, -1)])

    def put(self, stand: int, code: int) -> None:
        """Note a code; what stands there has been asked for before."""
        if stand >= 0:
            self._up[stand] = code
        else:
            self._down[-1 - stand] = code


class Memory:
    """The tables for a tape, and everything that has been solved with them."""

    def __init__(self, plan: Plan, questions: Mapping[str, Question], rules: bool) -> None:
        self.plan = plan
        self.rules = rules
        self.questions = questions
        self.stands: dict[tuple[str | int, bytes], int] = {}
        """Where rows stand that lack facts, each with a negative number."""
        self.left: dict[tuple[str | int, Hashable], int] = {}
        """The same, by what is left of the diagrams there."""
        self.numbering = Numbering()
        self.codes = {name: Solutions() for name in questions}
        """The answer's code where rows stand, of decisions with literal values."""
        self.situations: dict[tuple[str, bytes], Situation] = {}
        self.possible: dict[tuple[int, int], bool] = {}


class Solving:
    """The rows of one batch under the plan of its tape."""

    def __init__(
        self, memory: Memory, batch: Batch, shared: Mapping[str, Shared], lock: threading.RLock
    ) -> None:
        self._memory = memory
        self._batch = batch
        self._shared = shared
        self._lock = lock
        self._stands: dict[str | int, Lookup] = {}
        self._sessions: dict[int, Session] = {}
        self._remains: dict[int, Remains] = {}

    # ---- where the rows stand -----------------------------------------------------------------

    def _standing(self, name: str | int, walked: Walked) -> Lookup:
        """Where the rows stand: the number of the state in which they end where nothing is missing,
        else a negative one that rows share which agree in all that counts."""
        found = self._stands.get(name)
        if found is None:
            ends = walked.ends(self._batch, self._lock)
            where = walked.open_rows(ends, self._lock)
            found = self._stands[name] = self._further(name, walked, ends, where)
        return found

    def _further(self, name: str | int, walked: Walked, ends: Lookup, where: Codes) -> Lookup:
        if not len(where):
            return ends
        assert ends.table is not None
        own = ends.at[where]
        first, group = grouped([own], len(where))
        with self._lock:
            relevant = [walked.relevant(int(end)) for end in ends.table[own[first]]]
        at, stands = ends.at.copy(), ends.table.tolist()
        places: dict[int, int] = {}
        for each in set(relevant):
            same = np.array([own == each for own in relevant])
            part = where[same[group]]
            keys = [ends.table[ends.at[part]], *self._keys(each, part)]
            told, one_of = grouped(keys, len(part))
            marks = np.stack([whole(column, len(part))[told] for column in keys], axis=1)
            found = []
            with self._lock:
                for mark, row in zip(marks, part[told].tolist(), strict=True):
                    stand = self._stand(name, walked, mark, row)
                    if stand not in places:
                        places[stand] = len(stands)
                        stands.append(stand)
                    found.append(places[stand])
            at[part] = np.array(found)[one_of]
        return Lookup(at, np.array(stands))

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

    def _stand(self, name: str | int, walked: Walked, mark: Integers, row: int) -> int:
        """The negative number of where a row stands, which begins ``mark`` and lacks facts."""
        memory, key = self._memory, (name, mark.tobytes())
        found = memory.stands.get(key)
        if found is None:
            parts = walked.product.states[int(mark[0])]
            left = (name, self._remains_of(row).signature(parts))
            found = memory.left.setdefault(left, -1 - len(memory.left))
            memory.stands[key] = found
        return found

    # ---- rows that no real loan has -----------------------------------------------------------

    def impossible(self) -> Codes:
        """The rows whose facts no completion makes a real loan."""
        found: list[Codes] = []
        for number, walked in enumerate(self._memory.plan.constraints):
            stands = self._standing(number, walked)
            assert stands.table is not None
            first = stands.first_rows()
            broken = np.zeros(len(stands.table), dtype=bool)
            for entry in np.flatnonzero(stands.counts).tolist():
                stand = int(stands.table[entry])
                broken[entry] = not self._possible(number, walked, stand, int(first[entry]))
            if broken.any():
                found.append(np.flatnonzero(taken(broken, stands.at)))
        return np.unique(np.concatenate(found)) if found else np.empty(0, dtype=np.intp)

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

    def answers(self, name: str) -> Solved:
        """The answers to one decision."""
        question = self._memory.questions[name]
        if question.decision.type in ORDERED:
            return self._amounts(question, self._shared[name])
        stands = self._standing(name, self._memory.plan.decisions[name])
        assert stands.table is not None
        memory, shared = self._memory, self._shared[name]
        with self._lock:
            codes: Codes = memory.codes[name].of(stands.table)
        unsolved = np.flatnonzero((codes == UNSOLVED) & (stands.counts > 0))
        if len(unsolved):
            first = stands.first_rows()[unsolved].tolist()
            with self._lock:
                for stand, row in zip(stands.table[unsolved].tolist(), first, strict=True):
                    if memory.codes[name].of(np.array([stand]))[0] == UNSOLVED:
                        session, remains = self._session(row), self._remains_of(row)
                        answer = literal_answer(session, remains, question.decision, memory.rules)
                        memory.codes[name].put(stand, shared.code(answer))
                codes = memory.codes[name].of(stands.table)
        return Solved(stands.renamed(np.maximum(codes, NO_ANSWER)))

    def _amounts(self, question: Question, shared: Shared) -> Solved:
        decision, batch, count = question.decision, self._batch, self._batch.rows
        walks = self._memory.plan.decisions
        standing = [self._standing(name, walks[name]) for name in (*question.used, decision.name)]
        stands = len(standing)
        keys = [each.at for each in standing]
        keys += [whole(batch.column(fact).known(), count) for fact in question.facts]
        first, group = grouped(keys, count)
        told = [each.of(first) for each in standing]
        marks = np.stack([*told, *(own[first] for own in keys[stands:])], axis=1).astype(np.int64)
        order = np.argsort(group, kind="stable")
        bounds = np.searchsorted(group[order], np.arange(len(first) + 1)).tolist()
        codes = np.empty(count, dtype=np.int32)
        numbers: Integers = np.zeros(count, dtype=np.int64)
        for number, row in enumerate(first.tolist()):
            part = order[bounds[number] : bounds[number + 1]]
            case = self._case(question, row, marks[number].tobytes())
            known = marks[number, stands:]
            missing = frozenset(
                f for f, is_known in zip(question.facts, known, strict=True) if not is_known
            )
            own = reckoned(batch, decision, case, missing, part)
            with self._lock:
                table = np.array([shared.code(answer) for answer in own.shared], dtype=np.int32)
            codes[part] = table[own.codes]
            assert own.numbers is not None
            if own.numbers.dtype == object:
                numbers = numbers.astype(object)
            numbers[part] = own.numbers
        return Solved(Lookup(codes), narrow(numbers))

    def _case(self, question: Question, row: int, mark: bytes) -> Situation:
        with self._lock:
            key = (question.decision.name, mark)
            case = self._memory.situations.get(key)
            if case is None:
                case = situation(
                    self._session(row),
                    self._remains_of(row),
                    question.decision,
                    question.used,
                    self._memory.rules,
                )
                self._memory.situations[key] = case
            return case

    def _session(self, row: int) -> Session:
        found = self._sessions.get(row)
        if found is None:
            found = self._sessions[row] = Session(self._batch.compiled, self._batch.facts_at(row))
        return found

    def _remains_of(self, row: int) -> Remains:
        found = self._remains.get(row)
        if found is None:
            walk = self._session(row).walk
            found = self._remains[row] = Remains(walk, self._memory.numbering)
        return found


def _of(column: Integers, rows: Codes) -> Integers:
    """A column's elements in some rows."""
    return column[rows] if len(column) > 1 else np.broadcast_to(column, (len(rows),))
