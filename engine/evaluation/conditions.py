"""Whether a condition over facts certainly holds: yes, no, or not known (Kleene's logic).

For presumptions and for naming the constraint that some facts break; decisions use the diagrams.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import partial
from typing import Any

from engine.memory import MANY_PACKS, Made
from engine.model import (
    All,
    AnyOf,
    Compare,
    Condition,
    Not,
    OneOf,
    Rulebase,
    Term,
    TermHolds,
    Value,
)

_BOUNDS: Mapping[str, Callable[[Any, Any], bool]] = {
    "less_than": operator.lt,
    "at_most": operator.le,
    "more_than": operator.gt,
    "at_least": operator.ge,
}


Test = Callable[[Mapping[str, Value]], bool | None]
"""True or False where the known facts settle it, None where they don't."""

MANY_TESTS = 20_000
"""Of so many conditions of a pack at least it is remembered how they are tested."""


def holds(condition: Condition, facts: Mapping[str, Value], rulebase: Rulebase) -> bool | None:
    """True or False where the known facts settle it, None where they don't."""
    return test_of(condition, rulebase)(facts)


def test_of(condition: Condition, rulebase: Rulebase) -> Test:
    """The test of a condition, made but once: every loan meets hundreds of presumptions."""
    return _tests.of(rulebase.terms, _Tests).of(condition)


def test_of_all(conditions: Iterable[Condition], rulebase: Rulebase) -> Test:
    """The test of some conditions together."""
    return _settled_by(False, [test_of(each, rulebase) for each in conditions])


class _Tests:
    """The tests of a pack's conditions."""

    def __init__(self, terms: Mapping[str, Term]) -> None:
        self._terms = terms
        self._known = Made[Condition, Test](MANY_TESTS)

    def of(self, condition: Condition) -> Test:
        return self._known.of(condition, self._made)

    def _made(self, condition: Condition) -> Test:
        match condition:
            case OneOf(name, values, negated):
                return _one_of(name, values, negated)
            case All(parts):
                return _settled_by(False, [self.of(part) for part in parts])
            case AnyOf(parts):
                return _settled_by(True, [self.of(part) for part in parts])
            case Compare():
                return partial(_compared, condition)
            case TermHolds(name):
                return self.of(self._terms[name].when)
            case Not(part):
                return _negated(self.of(part))


_tests = Made[Mapping[str, Term], _Tests](MANY_PACKS)
"""By a pack's terms, which its parts share."""


def _one_of(name: str, values: Collection[Value], negated: bool) -> Test:
    def test(facts: Mapping[str, Value]) -> bool | None:
        value = facts.get(name)
        return None if value is None else (value in values) != negated

    return test


def _settled_by(outcome: bool, parts: Sequence[Test]) -> Test:
    """Parts of which one with this outcome settles the matter."""
    if len(parts) == 1:
        return parts[0]

    def test(facts: Mapping[str, Value]) -> bool | None:
        result: bool | None = not outcome
        for part in parts:
            value = part(facts)
            if value is outcome:
                return outcome
            if value is None:
                result = None
        return result

    return test


def _negated(part: Test) -> Test:
    def test(facts: Mapping[str, Value]) -> bool | None:
        value = part(facts)
        return None if value is None else not value

    return test


def _compared(test: Compare, facts: Mapping[str, Value]) -> bool | None:
    value: Any = facts.get(test.name)
    other: Any = test.limit if test.limit_name is None else facts.get(test.limit_name)
    if value is None or other is None:
        return None
    return _BOUNDS[test.bound](value, other)
