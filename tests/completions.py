"""The values of missing facts that can make a difference, for tests that try them all."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from fractions import Fraction

from engine.model import (
    ORDERED,
    All,
    AnyOf,
    Arithmetic,
    Compare,
    Condition,
    Constant,
    Decision,
    Extreme,
    Fact,
    Formula,
    Not,
    OneOf,
    Ref,
    Rounded,
    Rulebase,
    Shift,
    Value,
)

Facts = Mapping[str, Value]

PLACES = {"money": 2, "decimal": 6}


def domains(rulebase: Rulebase, facts: Facts) -> dict[str, list[Value]]:
    """For each missing fact that matters, the values to try: all of an enum's; of a number or a
    date one unit to either side of each bound it is compared with, and the bound itself (as many
    units as there are missing facts compared with one another, so that any order of them occurs).
    """
    conditions = list(tests_of(rulebase))
    used = {name for leaf in conditions for name in _names(leaf)}
    in_formulas = {
        name
        for decision in rulebase.decisions.values()
        for formula in formulas_of(rulebase, decision)
        for name in references(formula)
    }
    groups = _groups(conditions)
    result: dict[str, list[Value]] = {}
    for name, fact in rulebase.facts.items():
        if name in facts or name not in used | in_formulas:
            continue
        if fact.type == "enum":
            result[name] = list(fact.values)
        elif fact.type == "boolean":
            result[name] = [False, True]
        else:
            group = groups.get(name, {name})
            reach = sum(1 for other in group if other in rulebase.facts and other not in facts)
            anchors = set(_anchors(rulebase, conditions, group, facts))
            result[name] = around(fact, anchors, reach)
            if name not in used:
                del result[name][1:]
    return result


def points(rulebase: Rulebase) -> dict[str, list[Value]]:
    """For every fact the values worth drawing at random: those of :func:`domains`, with a few that
    no rule names."""
    tried = domains(rulebase, {})
    result: dict[str, list[Value]] = {}
    for name, fact in rulebase.facts.items():
        if fact.type == "enum":
            result[name] = list(fact.values)
        elif fact.type == "boolean":
            result[name] = [False, True]
        else:
            far = (step(origin(fact), steps, fact) for steps in (-700, 7, 1_234, 9_999, 5_000_000))
            values: list[Value] = [*tried.get(name, ()), *(v for v in far if v is not None)]
            result[name] = [v for v in dict.fromkeys(values) if v in around(fact, [v], 0)]
    return result


def around(fact: Fact, anchors: Iterable[Value], reach: int = 1) -> list[Value]:
    """The values up to ``reach`` units from each anchor, in order, within the fact's own bounds."""
    low, high = limits(fact)
    bounds = [bound for bound in (low, high) if bound is not None]
    start: set[Value] = {*anchors, *bounds}
    found = {
        value
        for anchor in start or {origin(fact)}
        for steps in range(-reach, reach + 1)
        if (value := step(anchor, steps, fact)) is not None
        and (low is None or _ordinal(value) >= _ordinal(low))
        and (high is None or _ordinal(value) <= _ordinal(high))
    }
    return sorted(found, key=_ordinal)


def limits(fact: Fact) -> tuple[Value | None, Value | None]:
    """The least and greatest value of a number or date; money is never negative by default."""
    low = Decimal(0) if fact.at_least is None and fact.type == "money" else fact.at_least
    return low, fact.at_most


def origin(fact: Fact) -> Value:
    """Some value of a number or date that nothing compares with a literal."""
    if fact.type == "date":
        return datetime.date(2000, 1, 1)
    return 0 if fact.type == "integer" else Decimal(0)


def step(value: Value, steps: int, fact: Fact) -> Value | None:
    """``value`` moved by so many of the smallest units of ``fact``; ``None`` past the calendar."""
    if isinstance(value, datetime.date):
        try:
            return value + datetime.timedelta(days=steps)
        except OverflowError:
            return None
    assert isinstance(value, int | Decimal)
    if fact.type == "integer":
        return int(value) + steps
    unit: Decimal = Decimal(steps).scaleb(-PLACES[fact.type])
    return value + unit


def _ordinal(value: Value) -> Fraction:
    if isinstance(value, datetime.date):
        return Fraction(value.toordinal())
    assert isinstance(value, int | Decimal)
    return Fraction(value)


def leaves(condition: Condition, rulebase: Rulebase) -> Iterator[OneOf | Compare]:
    """The tests of a condition, with those of the terms it uses."""
    match condition:
        case All(parts) | AnyOf(parts):
            for part in parts:
                yield from leaves(part, rulebase)
        case Not(part):
            yield from leaves(part, rulebase)
        case OneOf() | Compare():
            yield condition
        case _:
            yield from leaves(rulebase.terms[condition.term].when, rulebase)


def references(formula: Formula) -> Iterator[str]:
    """The names of the facts and decisions in a formula."""
    match formula:
        case Ref(name):
            yield name
        case Arithmetic(_, left, right):
            yield from references(left)
            yield from references(right)
        case Extreme(_, parts):
            for part in parts:
                yield from references(part)
        case Shift(base):
            yield from references(base)
        case Rounded(part):
            yield from references(part)
        case _:
            pass


def formulas_of(rulebase: Rulebase, decision: Decision) -> Iterator[Formula]:
    yield from (rule.then for rule in rulebase.rules_of(decision.name))
    if decision.otherwise is not None:
        yield decision.otherwise


def tests_of(rulebase: Rulebase) -> Iterator[OneOf | Compare]:
    for rule in rulebase.rules:
        yield from leaves(rule.when, rulebase)
    for constraint in rulebase.constraints:
        yield from leaves(constraint.when, rulebase)


def _names(leaf: OneOf | Compare) -> tuple[str, ...]:
    if isinstance(leaf, Compare) and leaf.limit_name is not None:
        return leaf.name, leaf.limit_name
    return (leaf.name,)


def _groups(conditions: Iterable[OneOf | Compare]) -> dict[str, set[str]]:
    """The names that are compared with one another, directly or through others."""
    groups: dict[str, set[str]] = {}
    for leaf in conditions:
        names = _names(leaf)
        merged = set(names).union(*(groups.get(name, set()) for name in names))
        groups.update(dict.fromkeys(merged, merged))
    return groups


def _anchors(
    rulebase: Rulebase, conditions: Iterable[OneOf | Compare], group: set[str], facts: Facts
) -> Iterator[Value]:
    for leaf in conditions:
        if leaf.name in group:
            if isinstance(leaf, OneOf):
                yield from leaf.values
            elif leaf.limit is not None:
                yield leaf.limit
    for name in group:
        if name in facts:
            yield facts[name]
        elif name in rulebase.facts:
            yield from (bound for bound in limits(rulebase.facts[name]) if bound is not None)
        elif (decision := rulebase.decisions.get(name)) and decision.type in ORDERED:
            for formula in formulas_of(rulebase, decision):
                if isinstance(formula, Constant):
                    yield formula.value
            if decision.at_least is not None:
                yield decision.at_least
