"""Reckoning formulas: exact fractions inside, rounded half up once at the end.

Amounts are :class:`fractions.Fraction` in the unit of the fact (dollars, or plain numbers), or
whole numbers, which are sooner reckoned with; days are :class:`datetime.date`. No float takes part.
"""

from __future__ import annotations

import calendar
import datetime
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from typing import Any, cast

from engine.model import Arithmetic, Constant, Extreme, Formula, Ref, Rounded, Shift, Value
from engine.values import PLACES

Amount = Fraction | int | datetime.date
ValueOf = Callable[[str], Value]

Reckoner = Callable[[ValueOf], Amount]
"""What works out a formula."""


class NoValue(ArithmeticError):
    """The formula has no value for these facts: it divides by zero or leaves the calendar."""


class Missing(LookupError):
    """The formula needs a fact that is not known; ``args[0]`` is its name."""


def evaluate(formula: Formula, value_of: ValueOf) -> Amount:
    """What a formula comes to. ``value_of`` gives the value of a fact, or raises ``Missing``.

    Raises ``NoValue`` for a division by zero and for days outside the calendar.
    """
    return reckoner(formula)(value_of)


def reckoner(formula: Formula) -> Reckoner:
    """What works out a formula, as ``evaluate`` does, for one loan after the other."""
    match formula:
        case Constant(value):
            amount = _amount(value)
            return lambda value_of: amount
        case Ref(name):
            return lambda value_of: _amount(value_of(name))
        case Extreme(which, parts):
            each = [reckoner(part) for part in parts]
            choose: Callable[[list[Any]], Any] = min if which == "min" else max
            return lambda value_of: choose([part(value_of) for part in each])
        case Shift(base, count, unit):
            return _shifting(reckoner(base), count, unit)
        case Rounded(part, kind):
            whole = reckoner(part)
            return lambda value_of: _amount(finish(whole(value_of), kind))
        case Arithmetic(op, left, right):
            sides = reckoner(left), reckoner(right)  # numbers: a formula was checked when read
            return _reckoning(op, *cast(tuple[_Number, _Number], sides))


def _shifting(base: Reckoner, count: int, unit: str) -> Reckoner:
    def shifted(value_of: ValueOf) -> Amount:
        day = base(value_of)
        assert isinstance(day, datetime.date)
        return shift(day, count, unit)

    return shifted


_Number = Callable[[ValueOf], Fraction | int]


def _reckoning(op: str, left: _Number, right: _Number) -> _Number:
    if op == "+":
        return lambda value_of: left(value_of) + right(value_of)
    if op == "-":
        return lambda value_of: left(value_of) - right(value_of)
    if op == "*":
        return lambda value_of: left(value_of) * right(value_of)

    def divided(value_of: ValueOf) -> Fraction:
        above, below = left(value_of), right(value_of)
        if not below:
            raise NoValue("a division by zero")
        return Fraction(above) / below

    return divided


def divides_by_zero(formula: Formula, value_of: ValueOf) -> bool | None:
    """Whether a formula divides by zero somewhere; None where an unknown fact settles it."""
    match formula:
        case Constant() | Ref():
            return False
        case Extreme(_, parts):
            return _some(divides_by_zero(part, value_of) for part in parts)
        case Shift(part, _, _) | Rounded(part, _):
            return divides_by_zero(part, value_of)
        case Arithmetic(op, left, right):
            sides = [divides_by_zero(left, value_of), divides_by_zero(right, value_of)]
            if op == "/" and not any(sides):
                try:
                    sides.append(not evaluate(right, value_of))
                except Missing:
                    sides.append(None)
            return _some(sides)


def _some(values: Iterable[bool | None]) -> bool | None:
    found: bool | None = False
    for value in values:
        if value:
            return True
        found = None if value is None else found
    return found


def known_only(facts: Mapping[str, Value]) -> ValueOf:
    """The value of a known fact; ``Missing`` for any other."""

    def value_of(name: str) -> Value:
        if name not in facts:
            raise Missing(name)
        return facts[name]

    return value_of


@lru_cache(4096)  # the same amounts come back in a loan's formulas
def _amount(value: Value) -> Amount:
    if isinstance(value, datetime.date):
        return value
    assert isinstance(value, int | Decimal), value
    whole = int(value)
    return whole if whole == value else Fraction(value)


def shift(day: datetime.date, count: int, unit: str) -> datetime.date:
    """A day moved by a period; a month or a year ends on the month's last day where it must.

    >>> shift(datetime.date(2024, 1, 31), 1, "months")
    datetime.date(2024, 2, 29)
    """
    try:
        if unit in ("days", "weeks"):
            return day + datetime.timedelta(days=count * (7 if unit == "weeks" else 1))
        months = day.year * 12 + day.month - 1 + count * (12 if unit == "years" else 1)
        year, month = divmod(months, 12)
        last = calendar.monthrange(year, month + 1)[1]
        return datetime.date(year, month + 1, min(day.day, last))
    except (OverflowError, ValueError, calendar.IllegalMonthError) as error:
        raise NoValue("a day outside the calendar") from error


def finish(amount: Amount, kind: str) -> Value:
    """An amount as the value of a decision of type ``kind``, rounded half up (away from zero).

    >>> finish(Fraction(1, 200), "money"), finish(Fraction(-5, 2), "integer")
    (Decimal('0.01'), -3)
    """
    if isinstance(amount, datetime.date):
        return amount
    places = PLACES[kind]
    above, below = amount.numerator * 10**places, amount.denominator
    units = (2 * abs(above) + below) // (2 * below)
    whole = -units if above < 0 else units
    return whole if kind == "integer" else Decimal(whole).scaleb(-places)
