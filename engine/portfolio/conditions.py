"""Conditions and presumptions over columns: Kleene's logic, as ``engine.evaluation.conditions``
has it for one loan."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

import numpy as np

from engine.evaluation.facts import constraints_by_fact
from engine.evaluation.variables import encode
from engine.model import (
    All,
    AnyOf,
    Bound,
    Compare,
    Condition,
    Not,
    OneOf,
    Rulebase,
    TermHolds,
)
from engine.portfolio.arrays import Booleans, Integers, whole
from engine.portfolio.columns import MISSING, UNKNOWN, Column, Columns, number_of, replaced


class Truth(NamedTuple):
    """Where a condition certainly holds and where it certainly does not; elsewhere it is not known.
    An array of length 1 holds for every row."""

    holds: Booleans
    fails: Booleans


_ALWAYS = Truth(np.array([True]), np.array([False]))
_COMPARE: Mapping[Bound, Callable[[Integers, Integers], Booleans]] = {
    "less_than": np.less,
    "at_most": np.less_equal,
    "more_than": np.greater,
    "at_least": np.greater_equal,
}


def truth(condition: Condition, columns: Columns, rulebase: Rulebase) -> Truth:
    """Where a condition over facts holds and where it fails."""
    match condition:
        case All(parts):
            return _every(truth(part, columns, rulebase) for part in parts)
        case AnyOf(parts):
            return _not(_every(_not(truth(part, columns, rulebase)) for part in parts))
        case Not(part):
            return _not(truth(part, columns, rulebase))
        case TermHolds(name):
            return truth(rulebase.terms[name].when, columns, rulebase)
        case OneOf(name, values, negated):
            column, fact = columns.get(name, UNKNOWN), rulebase.facts[name]
            numbers = np.array([number_of(fact, value) for value in values], dtype=np.int64)
            among = column.spread(np.isin(column.entries, numbers))
            found = Truth(among, column.known() & ~among)
            return _not(found) if negated else found
        case Compare(name, bound, limit, limit_name):
            column = columns.get(name, UNKNOWN)
            if limit_name is not None:
                return _compared(bound, column, columns.get(limit_name, UNKNOWN))
            assert limit is not None
            number = np.array([encode(limit, rulebase.facts[name].type)], dtype=np.int64)
            met = column.spread(_COMPARE[bound](column.entries, number))
            known = column.known()
            return Truth(known & met, known & ~met)


def _compared(bound: Bound, column: Column, other: Column) -> Truth:
    left, right = column.each(), other.each()
    known = (left != MISSING) & (right != MISSING)
    met = _COMPARE[bound](left, right)
    return Truth(known & met, known & ~met)


def _not(value: Truth) -> Truth:
    return Truth(value.fails, value.holds)


def _every(values: Iterable[Truth]) -> Truth:
    holds, fails = _ALWAYS
    for value in values:
        holds, fails = holds & value.holds, fails | value.fails
    return Truth(holds, fails)


def presumed(columns: Columns, rulebase: Rulebase, rows: int) -> dict[str, Column]:
    """The columns with what the law presumes where a fact is missing: in the order of the pack,
    where the presumption's condition certainly holds and no constraint would be broken."""
    by_fact = constraints_by_fact(rulebase)
    found = dict(columns)
    for presumption in rulebase.presumptions:
        name, fact = presumption.fact, rulebase.facts[presumption.fact]
        column = found.get(name, UNKNOWN)
        if column.complete:
            continue
        where = ~column.known() & truth(presumption.when, found, rulebase).holds
        if not where.any():
            continue
        number = number_of(fact, presumption.value)
        tried = {**found, name: replaced(column, where, number, rows)}
        for constraint in by_fact.get(name, ()):
            where = where & ~truth(constraint.when, tried, rulebase).fails
        if where.any():
            found[name] = replaced(column, where, number, rows)
    return found


def broken(columns: Columns, rulebase: Rulebase, rows: int) -> dict[str, Booleans]:
    """For each constraint that some row certainly breaks, the rows that do."""
    found = {}
    for constraint in rulebase.constraints:
        fails = truth(constraint.when, columns, rulebase).fails
        if fails.any():
            found[constraint.name] = whole(fails, rows)
    return found
