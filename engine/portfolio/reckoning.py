"""The answers on amounts and days of rows that stand alike: every outcome that is still possible
is reckoned in columns, and where they all agree it is the answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from engine.evaluation.compiler import Leaf
from engine.evaluation.outcomes import used_decisions
from engine.evaluation.record import Status
from engine.evaluation.session import Session
from engine.evaluation.variables import encode
from engine.model import Decision
from engine.portfolio.answers import STATUS, Answers, SharedAnswer, Situation
from engine.portfolio.arrays import Booleans, Codes, Integers, Lookup, grouped, whole
from engine.portfolio.batch import Batch
from engine.portfolio.outcomes import (
    CONFLICT,
    FORMULA,
    OPEN,
    VALUE,
    NotInColumns,
    Piece,
    Reckoning,
)

_STATUS: Mapping[int, Status] = {VALUE: "decided", OPEN: "open", CONFLICT: "conflict"}
_UNDETERMINED = FORMULA


@dataclass(frozen=True, slots=True)
class _Joint:
    """The outcomes of some decisions in one combination of leaves."""

    pieces: Sequence[Piece]
    kinds: Mapping[str, Codes]
    numbers: Mapping[str, Integers]


def reckoned(
    batch: Batch, decision: Decision, case: Situation, missing: frozenset[str], rows: Codes
) -> Answers:
    """The answers of some rows whose situation is ``case`` and in which the ``missing`` facts of
    the formulas are missing."""
    reckoning = Reckoning(batch.compiled, batch, missing)
    try:
        known: dict[tuple[Leaf, ...], list[Piece]] = {}
        joints = [_joint(reckoning, case.names, leaves, rows, known) for leaves in case.leaves]
        kinds, numbers = _agreed(joints, decision.name, len(rows))
        chosen = _chosen(reckoning, decision, case, joints, kinds, numbers) if case.rivals else []
    except NotInColumns:
        return _one_by_one(batch, decision, case, rows)
    first, group = grouped([kinds, *chosen], len(rows))
    shared = []
    for row in first.tolist():
        winners = [n for n, wins in zip(case.rules, chosen, strict=False) if wins[row]]
        shared.append(_answer(batch, case, int(kinds[row]), winners or case.rules))
    return Answers(decision, shared, Lookup(group), numbers)


def _answer(batch: Batch, case: Situation, kind: int, rules: Sequence[int]) -> SharedAnswer:
    ids = tuple(batch.compiled.rulebase.rules[n].id for n in rules)
    if kind == _UNDETERMINED:
        return SharedAnswer("undetermined", None, ids, (), case.missing)
    return SharedAnswer(_STATUS[kind], None, ids)


def _joint(
    reckoning: Reckoning,
    names: Sequence[str],
    leaves: Sequence[Leaf],
    rows: Codes,
    known: dict[tuple[Leaf, ...], list[Piece]],
) -> _Joint:
    pieces = reckoning.outcomes(names, leaves, rows, known)
    if len(pieces) == 1:
        found = pieces[0].found
        return _Joint(
            pieces,
            {name: whole(found[name].kinds, len(rows)) for name in names},
            {name: whole(found[name].numbers, len(rows)) for name in names},
        )
    kinds = {name: np.empty(len(rows), dtype=np.intp) for name in names}
    numbers: dict[str, Integers] = {name: np.empty(len(rows), dtype=object) for name in names}
    for piece in pieces:
        where = np.searchsorted(rows, piece.rows)
        for name in names:
            kinds[name][where] = piece.found[name].kinds
            numbers[name][where] = piece.found[name].numbers
    return _Joint(pieces, kinds, numbers)


def _agreed(joints: Sequence[_Joint], name: str, rows: int) -> tuple[Codes, Integers]:
    """What the combinations come to together: undetermined where they differ."""
    kinds, numbers = joints[0].kinds[name], joints[0].numbers[name]
    same = _same(joints, name)
    return np.where(same, kinds, _UNDETERMINED), numbers


def _same(joints: Sequence[_Joint], name: str) -> Booleans:
    """Where a decision has the same outcome in all combinations."""
    kinds, numbers = joints[0].kinds[name], joints[0].numbers[name]
    same: Booleans = np.ones(len(kinds), dtype=bool)
    for other in joints[1:]:
        alike = (other.kinds[name] == kinds) & (kinds != FORMULA)
        same &= alike & ((kinds != VALUE) | (other.numbers[name] == numbers))
    return same


def _chosen(
    reckoning: Reckoning,
    decision: Decision,
    case: Situation,
    joints: Sequence[_Joint],
    kinds: Codes,
    numbers: Integers,
) -> list[Booleans]:
    """For each rule, where it alone gives the outcome; none does where that can't be told."""
    compiled = reckoning.compiled
    decided = kinds == VALUE
    for name in used_decisions(compiled, decision, frozenset(case.rules)):
        decided = decided & _same(joints, name)
    chosen = []
    for number in case.rules:
        wins = np.zeros(len(kinds), dtype=bool)
        for piece in joints[0].pieces:
            rows = joints[0].pieces
            for part, own in reckoning.outcome(decision, frozenset({number}), piece):
                where = _positions(rows, part, len(kinds))
                same = (own.kinds == VALUE) & (own.numbers == numbers[where])
                wins[where] = same & decided[where]
        chosen.append(wins)
    return chosen


def _positions(pieces: Sequence[Piece], part: Codes, count: int) -> Codes:
    """The positions of some rows among those of all pieces."""
    if len(pieces) == 1 and len(part) == count:
        return np.arange(count)
    every = np.sort(np.concatenate([piece.rows for piece in pieces]))
    return np.searchsorted(every, part)


def _one_by_one(batch: Batch, decision: Decision, case: Situation, rows: Codes) -> Answers:
    """The answers found a row at a time."""
    compiled = batch.compiled
    shared: dict[SharedAnswer, int] = {}
    codes, numbers = [], []
    for row in rows.tolist():
        session = Session(compiled, batch.facts_at(row))
        for name in case.names:
            found = session.find(compiled.rulebase.decisions[name])
        outcome = found.single
        leaves = [leaf for group in found.leaves.values() for leaf in group]
        ids = tuple(compiled.rulebase.rules[n].id for n in session.deciding(decision, leaves))
        status = "undetermined" if outcome is None else STATUS.get(outcome.kind, "undetermined")
        missing = case.missing if status == "undetermined" else ()
        answer = SharedAnswer(status, None, ids, (), missing)
        codes.append(shared.setdefault(answer, len(shared)))
        value = None if outcome is None else outcome.value
        numbers.append(0 if value is None else encode(value, decision.type))
    return Answers(decision, list(shared), Lookup(np.array(codes)), np.array(numbers, dtype=object))
