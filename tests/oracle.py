"""A third opinion: the meaning of a rule, written as plainly as it can be, and slowly.

It shares nothing with either evaluator but :mod:`engine.model`. A decision on complete facts is a
loop over the rules; what is still possible on incomplete facts is found by trying every completion
that could matter. Only tests use it.

What it takes a rulebase to mean, where the language leaves a choice:

* numbers are exact fractions, rounded once, at the end: money to the cent, decimals to six places,
  integers to the unit, a half away from zero; a decision's ``at_least`` is applied before rounding;
* under ``unique`` the values compared are the rounded ones, and under ``min`` and ``max`` every
  rule decides whose rounded value is the outcome;
* a decision is open when the formula of any rule that decides it has no value (it refers to an
  open decision, or divides by zero, or leaves the calendar), whatever the hit policy;
* a decision that requires a decision in conflict is in conflict, and no rule of its own decides it.
"""

from __future__ import annotations

import calendar
import datetime
import itertools
import math
from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Literal

from engine.model import (
    All,
    AnyOf,
    Arithmetic,
    Compare,
    Condition,
    Constant,
    Decision,
    Extreme,
    Formula,
    Not,
    OneOf,
    Ref,
    Rounded,
    Rulebase,
    Value,
)
from tests.completions import PLACES, domains, formulas_of, leaves, references

Status = Literal["decided", "open", "conflict"]
Outcome = tuple[Status, Value | None, frozenset[str]]
"""Status, value (``None`` unless decided), and the ids of the rules that decide (none for
``otherwise``, for an open decision, or for a conflict that a required decision brought)."""

Raw = Fraction | datetime.date | str | bool | frozenset[str]
Facts = Mapping[str, Value]


class NoValueError(Exception):
    """A formula has no value for these facts."""


# ---- complete facts ---------------------------------------------------------------------------


def holds(condition: Condition, known: Facts, rulebase: Rulebase) -> bool:
    """Whether ``condition`` holds. ``known`` has every fact, and of the decisions those decided."""
    match condition:
        case All(parts):
            return all(holds(part, known, rulebase) for part in parts)
        case AnyOf(parts):
            return any(holds(part, known, rulebase) for part in parts)
        case Not(part):
            return not holds(part, known, rulebase)
        case OneOf(name, values, negated):
            value = known.get(name)
            if value is None:
                return False
            if isinstance(value, frozenset):
                return bool(value & set(values)) != negated
            return (value in values) != negated
        case Compare(name, bound, limit, limit_name):
            left = known.get(name)
            right = limit if limit_name is None else known.get(limit_name)
            if left is None or right is None:
                return False
            return compare(left, bound, right)
        case _:
            return holds(rulebase.terms[condition.term].when, known, rulebase)


def compare(left: Value, bound: str, right: Value) -> bool:
    a, b = _raw(left), _raw(right)
    if isinstance(a, datetime.date) and isinstance(b, datetime.date):
        order = (a > b) - (a < b)
    else:
        assert isinstance(a, Fraction) and isinstance(b, Fraction), (left, right)
        order = (a > b) - (a < b)
    return {
        "less_than": order < 0,
        "at_most": order <= 0,
        "more_than": order > 0,
        "at_least": order >= 0,
    }[bound]


def _raw(value: Value) -> Raw:
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        return value
    return Fraction(value)


def _number(formula: Formula, known: Facts) -> Fraction:
    value = evaluate(formula, known)
    assert isinstance(value, Fraction), formula
    return value


def evaluate(formula: Formula, known: Facts) -> Raw:
    """The exact value of ``formula``, not yet rounded. Raises ``NoValueError``."""
    match formula:
        case Constant(value):
            return _raw(value)
        case Ref(name):
            if name not in known:
                raise NoValueError(name)
            return _raw(known[name])
        case Arithmetic(op, left, right):
            a, b = _number(left, known), _number(right, known)
            if op == "+":
                return a + b
            if op == "-":
                return a - b
            if op == "*":
                return a * b
            if b == 0:
                raise NoValueError("division by zero")
            return a / b
        case Extreme(which, parts):
            return extreme(which, [evaluate(part, known) for part in parts])
        case Rounded(part, kind):
            return _raw(rounded(_number(part, known), kind))
        case _:
            start = evaluate(formula.base, known)
            assert isinstance(start, datetime.date), formula
            return shift(start, formula.count, formula.unit)


def extreme(which: str, values: Sequence[Raw]) -> Raw:
    """The least (``min``) or greatest (``max``) of some numbers or of some dates."""
    choose = min if which == "min" else max
    numbers = [value for value in values if isinstance(value, Fraction)]
    dates = [value for value in values if isinstance(value, datetime.date)]
    return choose(numbers) if numbers else choose(dates)


def shift(start: datetime.date, count: int, unit: str) -> datetime.date:
    """``start`` moved by a period; a month that is too short ends on its last day."""
    try:
        if unit == "days":
            return start + datetime.timedelta(days=count)
        if unit == "weeks":
            return start + datetime.timedelta(weeks=count)
        months = start.year * 12 + start.month - 1 + count * (12 if unit == "years" else 1)
        year, month = divmod(months, 12)
        last = calendar.monthrange(year, month + 1)[1] if 1 <= year <= 9999 else 0
        return datetime.date(year, month + 1, min(start.day, last))
    except (OverflowError, ValueError):
        raise NoValueError("outside the calendar") from None


def finish(value: Raw, decision: Decision) -> Value:
    """The outcome that a raw value makes: not below ``at_least``, and rounded once."""
    if not isinstance(value, Fraction):
        return value
    if decision.at_least is not None:
        floor = _raw(decision.at_least)
        assert isinstance(floor, Fraction)
        value = max(value, floor)
    return rounded(value, decision.type)


def rounded(value: Fraction, kind: str) -> Value:
    """``value`` as the type holds it, a half rounded away from zero."""
    scale: int = 10 ** PLACES.get(kind, 0)
    size = math.floor(abs(value) * scale + Fraction(1, 2))
    whole = size if value >= 0 else -size
    if kind == "integer":
        return whole
    digits = tuple(int(digit) for digit in str(size))
    return Decimal((int(value < 0), digits, -PLACES[kind]))


def outcome(rulebase: Rulebase, facts: Facts) -> dict[str, Outcome]:
    """Each decision's outcome on complete facts (each fact that some rule uses is given)."""
    known: dict[str, Value] = dict(facts)
    result: dict[str, Outcome] = {}
    for decision in rulebase.decisions.values():
        if any(result[name][0] == "conflict" for name in decision.requires):
            found: Outcome = ("conflict", None, frozenset())
        else:
            found = _outcome(rulebase, decision, known)
        result[decision.name] = found
        if found[1] is not None:
            known[decision.name] = found[1]
    return result


def _outcome(rulebase: Rulebase, decision: Decision, known: Facts) -> Outcome:
    rules = [rule for rule in rulebase.rules if rule.decides == decision.name]
    applying = [rule for rule in rules if holds(rule.when, known, rulebase)]
    overridden = {name for rule in applying for name in rule.exception_to}
    deciding = {rule.id: rule.then for rule in applying if rule.id not in overridden}
    nothing: frozenset[str] = frozenset()
    try:
        values = {name: evaluate(then, known) for name, then in deciding.items()}
        if not values:
            if decision.otherwise is None:
                return "open", None, nothing
            return "decided", finish(evaluate(decision.otherwise, known), decision), nothing
    except NoValueError:
        return "open", None, nothing
    kind = decision.policy.kind
    if kind == "unique":
        finished = {finish(value, decision) for value in values.values()}
        if len(finished) > 1:
            return "conflict", None, frozenset(values)
        return "decided", finished.pop(), frozenset(values)
    if kind == "collect":
        union = frozenset(
            item for value in values.values() if isinstance(value, frozenset) for item in value
        )
        return "decided", union, frozenset(values)
    if kind == "sum":
        total = sum((v for v in values.values() if isinstance(v, Fraction)), Fraction(0))
        return "decided", finish(total, decision), frozenset(values)
    if kind == "priority":
        best: Raw = next(_raw(v) for v in decision.policy.order if _raw(v) in values.values())
    else:
        best = extreme(kind, list(values.values()))
    result = finish(best, decision)
    winners = frozenset(n for n, value in values.items() if finish(value, decision) == result)
    return "decided", result, winners


# ---- incomplete facts -------------------------------------------------------------------------


def possible(
    rulebase: Rulebase, facts: Facts, limit: int = 20_000
) -> dict[str, set[tuple[Status, Value | None]]] | None:
    """The outcomes of each decision over every completion of ``facts`` that meets the constraints.

    ``None`` when there are more than ``limit`` completions to try. Exact for the decisions that
    :func:`enumerable` names; of the others (amounts that hang on a missing fact) a sample. A set
    is empty when ``facts`` can't be completed without breaking a constraint.
    """
    missing = domains(rulebase, facts)
    if math.prod(len(points) for points in missing.values()) > limit:
        return None
    found: dict[str, set[tuple[Status, Value | None]]] = {d: set() for d in rulebase.decisions}
    for combination in itertools.product(*missing.values()):
        complete = {**facts, **dict(zip(missing, combination, strict=True))}
        if not all(holds(c.when, complete, rulebase) for c in rulebase.constraints):
            continue
        for name, (status, value, _) in outcome(rulebase, complete).items():
            found[name].add((status, value))
    return found


def enumerable(rulebase: Rulebase, facts: Facts) -> frozenset[str]:
    """The decisions of which :func:`possible` is exact: no formula that they rest on uses a missing
    fact, and no missing fact is compared with a computed amount."""
    exact: set[str] = set()
    computed = {
        decision.name
        for decision in rulebase.decisions.values()
        if decision.policy.kind == "sum"
        or any(not isinstance(formula, Constant) for formula in formulas_of(rulebase, decision))
    }

    def is_missing(name: str) -> bool:
        return name in rulebase.facts and name not in facts

    for decision in rulebase.decisions.values():
        formulas = list(formulas_of(rulebase, decision))
        links = [
            (leaf.name, leaf.limit_name)
            for rule in rulebase.rules_of(decision.name)
            for leaf in leaves(rule.when, rulebase)
            if isinstance(leaf, Compare) and leaf.limit_name is not None
        ]
        if (
            exact.issuperset(decision.requires)
            and not any(is_missing(name) for formula in formulas for name in references(formula))
            and not any(is_missing(a) and b in computed for a, b in links)
            and not any(is_missing(b) and a in computed for a, b in links)
        ):
            exact.add(decision.name)
    return frozenset(exact)
