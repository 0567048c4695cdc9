"""What the deciding rules of a decision come to: formulas, hit policies, rounding."""

from __future__ import annotations

import calendar
import datetime
from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal
from enum import Enum
from fractions import Fraction
from functools import lru_cache
from typing import Literal

from engine.model import (
    Arithmetic,
    Constant,
    Decision,
    Extreme,
    Formula,
    Ref,
    Rounded,
    Rule,
    Shift,
    Value,
)
from engine.trees import names_in

Status = Literal["decided", "open", "conflict", "unknown"]
Exact = Fraction | datetime.date | str | bool | frozenset[str]
"""A value before it is rounded; every number is a fraction."""

Outcome = tuple[Status, Value | None]
OPEN: Outcome = ("open", None)
CONFLICT: Outcome = ("conflict", None)
UNKNOWN: Outcome = ("unknown", None)

_PLACES = {"money": 2, "decimal": 6}


class NoValueError(ArithmeticError):
    """A formula has no value: it uses an open decision, divides by zero, or leaves the calendar."""


class Gap(Enum):
    """Why a name has no value."""

    UNKNOWN = "unknown"
    OPEN = "open"
    """A decision that comes to none, or a formula."""

    __hash__ = object.__hash__  # of the names in a loan most are unknown, and Enum's own is slow


Known = Mapping[str, Value | Gap]
"""What is known of each name."""


# ---- outcomes ---------------------------------------------------------------------------------


def outcome(
    decision: Decision, certain: Collection[str], possible: Sequence[Rule], known: Known
) -> Outcome:
    """The outcome if it is the same for every set of rules that lies between ``certain`` (ids) and
    ``possible``, else ``UNKNOWN``.

    Of all policies but ``sum`` the outcome of a larger set is never on the other side: values agree
    less and less, an extreme moves one way, a union grows. So the ends tell for all between.
    """
    values = {rule.id: _value(rule.then, known) for rule in possible}
    most = _of_values(decision, list(values.values()), known)
    if len(certain) == len(possible) or most == UNKNOWN:
        return most
    if decision.policy.kind == "sum" and len(possible) > 1:
        return UNKNOWN
    least = _of_values(decision, [v for name, v in values.items() if name in certain], known)
    if least != most:
        return UNKNOWN
    if not certain and any(_of_values(decision, [v], known) != least for v in values.values()):
        return UNKNOWN
    return least


def _value(formula: Formula, known: Known) -> Exact | Gap:
    try:
        return _evaluate(formula, known)
    except LookupError:
        return Gap.UNKNOWN
    except NoValueError:
        told = all(known[name] is not Gap.UNKNOWN for name in names_in(formula))
        return Gap.OPEN if told else Gap.UNKNOWN


def _of_values(decision: Decision, values: Sequence[Exact | Gap], known: Known) -> Outcome:
    """The outcome if exactly the rules with these values decide."""
    if not values:
        if decision.otherwise is None:
            return OPEN
        values = [_value(decision.otherwise, known)]
    if Gap.UNKNOWN in values:
        return UNKNOWN
    exact = [value for value in values if not isinstance(value, Gap)]
    if len(exact) < len(values):
        return OPEN
    if decision.policy.kind == "unique":
        finished = {_finish(decision, value) for value in exact}
        return ("decided", finished.pop()) if len(finished) == 1 else CONFLICT
    if len(exact) == 1:
        return ("decided", _finish(decision, exact[0]))
    return ("decided", _finish(decision, _combined(decision, exact)))


def _combined(decision: Decision, values: Sequence[Exact]) -> Exact:
    match decision.policy.kind:
        case "priority":
            return next(exact for one in decision.policy.order if (exact := _exact(one)) in values)
        case "collect":
            sets = [value for value in values if isinstance(value, frozenset)]
            return frozenset[str]().union(*sets)
        case "sum":
            return sum((v for v in values if isinstance(v, Fraction)), Fraction(0))
        case kind:
            return _extreme(kind, values)


def _finish(decision: Decision, value: Exact) -> Value:
    """The value as the decision's type holds it: not below ``at_least``, rounded half up."""
    if not isinstance(value, Fraction):
        return value
    if decision.at_least is not None:
        floor = _exact(decision.at_least)
        assert isinstance(floor, Fraction)
        value = max(value, floor)
    return _rounded(value, decision.type)


# ---- formulas ---------------------------------------------------------------------------------


def _evaluate(formula: Formula, known: Known) -> Exact:
    """Raises ``NoValueError``, and ``LookupError`` where a name is unknown."""
    match formula:
        case Constant(value):
            return _exact(value)
        case Ref(name):
            given = known[name]
            if given is Gap.OPEN:
                raise NoValueError(f"{name} is open")
            if given is Gap.UNKNOWN:
                raise LookupError(f"{name} is unknown")
            return _exact(given)
        case Arithmetic(op, left, right):
            return _reckon(op, _amount(left, known), _amount(right, known))
        case Extreme(which, parts):
            return _extreme(which, [_evaluate(part, known) for part in parts])
        case Rounded(part, kind):
            exact = _evaluate(part, known)
            return _exact(_rounded(exact, kind)) if isinstance(exact, Fraction) else exact
        case Shift(base, count, unit):
            day = _evaluate(base, known)
            assert isinstance(day, datetime.date), formula
            return _shifted(day, count, unit)


def _amount(formula: Formula, known: Known) -> Fraction:
    value = _evaluate(formula, known)
    assert isinstance(value, Fraction), formula
    return value


def _reckon(op: str, left: Fraction, right: Fraction) -> Fraction:
    match op:
        case "+":
            return left + right
        case "-":
            return left - right
        case "*":
            return left * right
        case _:
            if not right:
                raise NoValueError("a division by zero")
            return left / right


def _extreme(which: str, values: Sequence[Exact]) -> Exact:
    choose = min if which == "min" else max
    numbers = [value for value in values if isinstance(value, Fraction)]
    days = [value for value in values if isinstance(value, datetime.date)]
    return choose(numbers) if numbers else choose(days)


def _shifted(day: datetime.date, count: int, unit: str) -> datetime.date:
    try:
        if unit in ("days", "weeks"):
            return day + datetime.timedelta(**{unit: count})
        months = (day.year * 12 + day.month - 1) + count * (12 if unit == "years" else 1)
        year, month = months // 12, months % 12 + 1
        if not datetime.MINYEAR <= year <= datetime.MAXYEAR:
            raise NoValueError("a day outside the calendar")
        return datetime.date(year, month, min(day.day, calendar.monthrange(year, month)[1]))
    except OverflowError as error:
        raise NoValueError("a day outside the calendar") from error


def _exact(value: Value) -> Exact:
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        return value
    return _fraction(value)


@lru_cache(4096)  # the same amounts come back in a loan's formulas
def _fraction(value: int | Decimal) -> Fraction:
    return Fraction(value)


def _rounded(value: Fraction, kind: str) -> Value:
    """Half up, away from zero: money to the cent, an integer to one, a decimal to six places."""
    places = _PLACES.get(kind, 0)
    scale: int = 10**places
    halves = abs(value.numerator) * scale * 2 + value.denominator
    units = halves // (value.denominator * 2)
    whole = -units if value < 0 else units
    if kind == "integer":
        return whole
    # From its digits, not by scaleb: that would round to the precision of the context.
    return Decimal((int(whole < 0), tuple(map(int, str(units))), -places))
