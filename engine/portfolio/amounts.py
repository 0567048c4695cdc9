"""Formulas over columns: exact fractions inside, rounded half up once at the end.

The counterpart of ``engine.evaluation.amounts``, a column at a time. Numbers are whole: 64 bits
wide where they fit, else Python's own, so that no answer is ever rounded or overflows.
"""

from __future__ import annotations

import datetime
import math
import operator
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from engine.evaluation.variables import SCALE
from engine.model import Arithmetic, Constant, Extreme, Formula, Ref, Rounded, Shift, Value
from engine.portfolio.arrays import Booleans, Codes, Integers
from engine.portfolio.days import shift
from engine.values import PLACES

_MOST = 1 << 62
Whole = int | Integers


@dataclass(frozen=True, slots=True)
class Amounts:
    """A column of fractions ``top / bottom`` (of days: their ordinals, over 1). ``bottom`` is
    positive; where ``none`` holds there is no value."""

    top: Integers
    bottom: Whole = 1
    none: Booleans | None = None


def of_numbers(numbers: Integers, kind: str) -> Amounts:
    """The amounts that the integers of an ordered type stand for (cents, days, ...)."""
    return Amounts(numbers, SCALE[kind])


def evaluate(
    formula: Formula, amounts_of: Callable[[str], Amounts], known: dict[Formula, Amounts]
) -> Amounts:
    """What a formula comes to in each row. ``amounts_of`` gives the amounts of a name, ``known``
    keeps what parts have come to."""
    found = known.get(formula)
    if found is None:
        found = known[formula] = _evaluate(formula, amounts_of, known)
    return found


def _evaluate(
    formula: Formula, amounts_of: Callable[[str], Amounts], known: dict[Formula, Amounts]
) -> Amounts:
    match formula:
        case Constant(value):
            return _constant(value)
        case Ref(name):
            return amounts_of(name)
        case Extreme(which, parts):
            amounts = [evaluate(part, amounts_of, known) for part in parts]
            result = amounts[0]
            for other in amounts[1:]:
                result = _extreme(which, result, other)
            return result
        case Shift(base, count, unit):
            days = evaluate(base, amounts_of, known)
            moved, outside = shift(days.top, count, unit)
            return Amounts(moved, 1, _either(days.none, outside))
        case Rounded(part, kind):
            inner = evaluate(part, amounts_of, known)
            return Amounts(finished(inner, kind), SCALE[kind], inner.none)
        case Arithmetic(op, left, right):
            return _arithmetic(
                op, evaluate(left, amounts_of, known), evaluate(right, amounts_of, known)
            )


def finished(amounts: Amounts, kind: str) -> Integers:
    """Amounts as integers of an ordered type, rounded half up (away from zero)."""
    if kind == "date":
        return amounts.top
    unit = 10 ** PLACES[kind]
    if isinstance(amounts.bottom, int) and unit % amounts.bottom == 0:
        return narrow(_times(amounts.top, unit // amounts.bottom))
    twice = _times(abs(amounts.top), 2 * unit)
    whole = _plus(twice, amounts.bottom) // _times(amounts.bottom, 2)
    return narrow(np.where(amounts.top < 0, -whole, whole))


def compared(a: Amounts, b: Amounts) -> Codes:
    """How amounts stand to others: 0 less, 1 equal, 2 more, 3 where one has no value."""
    left, right, _ = _alike(a, b)
    signs: Codes = (left > right).astype(np.int32) - (left < right) + 1
    none = _either(a.none, b.none)
    return signs if none is None else np.where(none, 3, signs)


def narrow(numbers: Integers) -> Integers:
    """The numbers in 64 bits where all of them fit."""
    if numbers.dtype != object:
        return numbers
    return numbers.astype(np.int64) if _greatest(numbers) < _MOST else numbers


# ---- steps ------------------------------------------------------------------------------------


def _constant(value: Value) -> Amounts:
    if isinstance(value, datetime.date):
        return Amounts(np.array([value.toordinal()], dtype=np.int64))
    exact = Fraction(value)  # type: ignore[arg-type]
    fits = abs(exact.numerator) < _MOST
    top = np.array([exact.numerator], dtype=np.int64 if fits else object)
    return Amounts(top, exact.denominator)


def _arithmetic(op: str, a: Amounts, b: Amounts) -> Amounts:
    none = _either(a.none, b.none)
    if op == "*":
        return Amounts(_times(a.top, b.top), _times(a.bottom, b.bottom), none)
    if op == "/":
        none = _either(none, b.top == 0)
        top = _times(_times(a.top, b.bottom), np.where(b.top < 0, -1, 1))
        return Amounts(top, _times(a.bottom, np.where(b.top == 0, 1, abs(b.top))), none)
    left, right, bottom = _alike(a, b)
    return Amounts(_plus(left, right if op == "+" else -right), bottom, none)


def _extreme(which: str, a: Amounts, b: Amounts) -> Amounts:
    left, right, bottom = _alike(a, b)
    chosen = np.minimum(left, right) if which == "min" else np.maximum(left, right)
    return Amounts(chosen, bottom, _either(a.none, b.none))


def _alike(a: Amounts, b: Amounts) -> tuple[Integers, Integers, Whole]:
    """The tops of two columns over one bottom, and that bottom."""
    if isinstance(a.bottom, int) and isinstance(b.bottom, int):
        bottom = math.lcm(a.bottom, b.bottom)
        return _times(a.top, bottom // a.bottom), _times(b.top, bottom // b.bottom), bottom
    return _times(a.top, b.bottom), _times(b.top, a.bottom), _times(a.bottom, b.bottom)


def _either(a: Booleans | None, b: Booleans | None) -> Booleans | None:
    return b if a is None else a if b is None else a | b


def _times(a: Any, b: Any) -> Any:
    return _exactly(operator.mul, a, b, _greatest(a) * _greatest(b))


def _plus(a: Any, b: Any) -> Any:
    return _exactly(operator.add, a, b, _greatest(a) + _greatest(b))


def _exactly(operation: Callable[[Any, Any], Any], a: Any, b: Any, most: int) -> Any:
    """An operation in 64 bits, or with Python's own integers where its result may need more."""
    if most >= _MOST:
        a = a.astype(object) if isinstance(a, np.ndarray) else a
        b = b.astype(object) if isinstance(b, np.ndarray) else b
    return operation(a, b)


def _greatest(numbers: Whole) -> int:
    """The greatest magnitude."""
    if isinstance(numbers, int):
        return abs(numbers)
    if not len(numbers):
        return 0
    return max(abs(int(numbers.max())), abs(int(numbers.min())))
