"""Whether a condition over facts certainly holds: yes, no, or not known (Kleene's logic).

For presumptions and for naming the constraint that some facts break; decisions use the diagrams.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
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


def holds(condition: Condition, facts: Mapping[str, Value], rulebase: Rulebase) -> bool | None:
    """True or False where the known facts settle it, None where they don't."""
    match condition:
        case All(parts):
            return _every(holds(part, facts, rulebase) for part in parts)
        case AnyOf(parts):
            return _not(_every(_not(holds(part, facts, rulebase)) for part in parts))
        case Not(part):
            return _not(holds(part, facts, rulebase))
        case TermHolds(name):
            return holds(rulebase.terms[name].when, facts, rulebase)
        case OneOf(name, values, negated):
            if name not in facts:
                return None
            return (facts[name] in values) != negated
        case Compare(name, bound, limit, limit_name):
            value: Any = facts.get(name)
            other: Any = limit if limit_name is None else facts.get(limit_name)
            if value is None or other is None:
                return None
            result: bool = {
                "less_than": value < other,
                "at_most": value <= other,
                "more_than": value > other,
                "at_least": value >= other,
            }[bound]
            return result


def _not(value: bool | None) -> bool | None:
    return None if value is None else not value


def _every(values: Iterable[bool | None]) -> bool | None:
    result: bool | None = True
    for value in values:
        if value is False:
            return False
        if value is None:
            result = None
    return result
