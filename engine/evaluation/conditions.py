"""Whether a condition over facts certainly holds: yes, no, or not known (Kleene's logic).

For presumptions and for naming the constraint that some facts break; decisions use the diagrams.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from typing import Any

from engine.model import (
    All,
    AnyOf,
    Compare,
    Condition,
    Not,
    OneOf,
    Rulebase,
    TermHolds,
    Value,
)

_BOUNDS: Mapping[str, Callable[[Any, Any], bool]] = {
    "less_than": operator.lt,
    "at_most": operator.le,
    "more_than": operator.gt,
    "at_least": operator.ge,
}


def holds(condition: Condition, facts: Mapping[str, Value], rulebase: Rulebase) -> bool | None:
    """True or False where the known facts settle it, None where they don't."""
    # Every loan meets hundreds of presumptions: the commonest kinds of condition come first.
    match condition:
        case OneOf(name, values, negated):
            if name not in facts:
                return None
            return (facts[name] in values) != negated
        case All(parts):
            result: bool | None = True
            for part in parts:
                value = holds(part, facts, rulebase)
                if value is False:
                    return False
                if value is None:
                    result = None
            return result
        case Compare():
            return _compared(condition, facts)
        case TermHolds(name):
            return holds(rulebase.terms[name].when, facts, rulebase)
        case Not(part):
            return _not(holds(part, facts, rulebase))
        case AnyOf(parts):
            result = False
            for part in parts:
                value = holds(part, facts, rulebase)
                if value:
                    return True
                if value is None:
                    result = None
            return result


def _compared(test: Compare, facts: Mapping[str, Value]) -> bool | None:
    value: Any = facts.get(test.name)
    other: Any = test.limit if test.limit_name is None else facts.get(test.limit_name)
    if value is None or other is None:
        return None
    return _BOUNDS[test.bound](value, other)


def _not(value: bool | None) -> bool | None:
    return None if value is None else not value
