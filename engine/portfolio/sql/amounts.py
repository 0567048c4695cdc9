"""Formulas as SQL that is exact, like the engine's own: fractions inside, rounded half up once.

A formula without a division stays as it is written, in the database's decimals, as long as these
hold all its digits. Any other is reckoned in whole numbers, as a fraction with a numerator and a
denominator, so that no quotient is cut off before the end.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import reduce

from sqlglot import exp

from engine.model import (
    Arithmetic,
    Constant,
    Decision,
    Extreme,
    Fact,
    Formula,
    Ref,
    Rounded,
    Rulebase,
    Shift,
)
from engine.portfolio.sql.conditions import Made, any_of, literal, negation, one_of, unknown, when
from engine.portfolio.sql.fractions import (
    Quotient,
    is_number,
    negative,
    number_of,
    operand,
    plus,
    times,
    whole,
)
from engine.portfolio.sql.steps import column
from engine.trees import names_in
from engine.values import FIRST_DAY, LAST_DAY, PLACES

MOST_DIGITS = 38
"""What the decimals of most databases hold."""
WIDEST = 27
"""Digits of a decision's amount; more than this is an error in the database, not a wrong value."""
FACT_DIGITS: Mapping[str, int] = {"money": 16, "integer": 19, "decimal": 20}

Date = exp.DataType.Type.DATE


class OutOfRange(Exception):
    """A day that a formula may reach lies outside the calendar."""


@dataclass(frozen=True, slots=True)
class Reckoned:
    """A formula in SQL. ``value`` is NULL where a fact in it is not known or it has no value;
    ``without`` tells, in three values, where it has none."""

    value: exp.Expr
    without: exp.Expr
    digits: int = 0
    years: tuple[int, int] = (0, 0)


@dataclass(frozen=True, slots=True)
class Books:
    """What the names in formulas stand for, and how the database divides whole numbers."""

    rulebase: Rulebase
    made: Mapping[str, Made]
    divide: Callable[[exp.Expr, exp.Expr], exp.Expr]
    whole: exp.DataType
    """The type for whole numbers of many digits."""

    def reckon(self, formula: Formula, kind: str) -> Reckoned:
        """A formula rounded to what an amount of type ``kind`` holds, or a formula for a day.

        Raises ``OutOfRange``.
        """
        open_ = any_of(self.made[name].open for name in names_in(formula) if name in self.made)
        if kind == "date":
            value, years = self._day(formula)
            return Reckoned(self._guarded(formula, value), open_, years=years)
        plain = self._plain(formula)
        if plain is not None:
            value = _held(plain, kind)
            digits = min(plain.digits, WIDEST) + 1  # rounding may carry
            return Reckoned(self._guarded(formula, value), open_, digits)
        zero: list[exp.Expr] = []
        fraction = self._fraction(formula, zero)
        value = self._guarded(formula, self._rounded(fraction, PLACES[kind]))
        return Reckoned(value, any_of([open_, *zero]), WIDEST + 1)

    def column_type(self, kind: str) -> exp.DataType:
        """The type that holds every amount of a kind, or every day."""
        return exp.DataType.build("DATE") if kind == "date" else _decimal(WIDEST + 1, PLACES[kind])

    def total(self, terms: Sequence[tuple[exp.Expr, Formula]], kind: str) -> Reckoned:
        """The sum of the formulas whose condition is TRUE, rounded once at its end; NULL where a
        condition is not known, or a formula that counts is not."""
        whole = self._plain_total(terms)
        if whole is not None:
            return Reckoned(_held(whole, kind), exp.false(), min(whole.digits, WIDEST) + 1)
        parts = []
        for given, formula in terms:
            fraction = self._fraction(formula, [])
            top = _if_given(given, self._guarded(formula, fraction.top), 0)
            below = fraction.below
            if not is_number(below):
                below = _if_given(given, below, 1)
            parts.append(Quotient(exp.cast(top, self.whole.copy()), below))
        value = self._rounded(reduce(lambda a, b: a.with_("+", b), parts), PLACES[kind])
        return Reckoned(value, exp.false(), WIDEST + 1)

    def _plain_total(self, terms: Sequence[tuple[exp.Expr, Formula]]) -> _Plain | None:
        total = _Plain(literal(0), 1, 0)
        for number, (given, formula) in enumerate(terms):
            plain = self._plain(formula)
            if plain is None:
                return None
            value = _if_given(given, self._guarded(formula, plain.value), 0)
            term = _Plain(value, plain.digits, plain.scale)
            sum_ = total.with_("+", term) if number else term
            if sum_ is None:
                return None
            total = sum_
        return total

    def _guarded(self, formula: Formula, value: exp.Expr) -> exp.Expr:
        """NULL where a name is unknown: the least of two values is none while one is unknown,
        but databases pass over a NULL there."""
        names = dict.fromkeys(name for part in _extremes(formula) for name in names_in(part))
        missing = any_of(unknown(self._value(name)) for name in names)
        return when((missing, exp.null()), otherwise=value)

    def _value(self, name: str) -> exp.Expr:
        return self.made[name].value.copy() if name in self.made else column(name)

    def _subject(self, name: str) -> Fact | Decision:
        return self.made[name].decision if name in self.made else self.rulebase.facts[name]

    # ---- in decimals --------------------------------------------------------------------------

    def _plain(self, formula: Formula) -> _Plain | None:
        """The formula as it is written, where it divides by no name and fits."""
        match formula:
            case Constant(value):
                assert isinstance(value, int | Decimal)
                return _plain_number(Decimal(value))
            case Ref(name):
                kind = self._subject(name).type
                digits = self.made[name].digits if name in self.made else FACT_DIGITS[kind]
                return _Plain(self._value(name), digits, PLACES[kind])
            case Rounded(part, _):
                return self._plain(part)
            case Extreme(which, parts):
                found = [self._plain(part) for part in parts]
                sides = [side for side in found if side is not None]
                if len(sides) < len(found):
                    return None
                scale = max(side.scale for side in sides)
                digits = max(side.digits - side.scale for side in sides) + scale
                return _fitting(_extreme(which, [side.value for side in sides]), digits, scale)
            case Arithmetic("/", left, Constant(divisor)):
                assert isinstance(divisor, int | Decimal)
                inverse = _finite(1 / Fraction(divisor)) if divisor else None
                return (
                    None
                    if inverse is None
                    else self._plain(Arithmetic("*", left, Constant(inverse)))
                )
            case Arithmetic(op, left, right):
                a, b = self._plain(left), self._plain(right)
                if op == "/" or a is None or b is None:
                    return None
                return a.with_(op, b)
            case Shift():
                raise TypeError("a day in an amount")

    # ---- in whole numbers ---------------------------------------------------------------------

    def _fraction(self, formula: Formula, zero: list[exp.Expr]) -> Quotient:
        """The formula as a fraction; ``zero`` takes the conditions under which a divisor is 0."""
        match formula:
            case Constant(value):
                assert isinstance(value, int | Decimal)
                number = Fraction(value)
                return Quotient(whole(number.numerator), whole(number.denominator))
            case Ref(name):
                unit = 10 ** PLACES[self._subject(name).type]
                scaled = self._value(name)
                if unit > 1:
                    scaled = exp.Mul(this=scaled, expression=whole(unit))
                return Quotient(exp.cast(scaled, self.whole.copy()), whole(unit))
            case Rounded(part, _):
                return self._fraction(part, zero)
            case Extreme(which, parts):
                first, *others = (self._fraction(part, zero) for part in parts)
                for other in others:
                    first = first.or_(other, which, self.whole)
                return first
            case Arithmetic(op, left, right):
                a, b = self._fraction(left, zero), self._fraction(right, zero)
                if op == "/":
                    if not is_number(b.top):
                        zero.append(one_of(b.top, [0]))
                    elif number_of(b.top) == 0:
                        zero.append(exp.true())
                return a.with_("*", b.inverse(self.whole)) if op == "/" else a.with_(op, b)
            case Shift():
                raise TypeError("a day in an amount")

    def _rounded(self, fraction: Quotient, places: int) -> exp.Expr:
        """A fraction rounded half up, away from zero, to so many places."""
        top, below = fraction.top, fraction.below
        scale = 10**places
        if is_number(below) and number_of(below) == 0:
            return exp.null()
        if is_number(below) and scale % (shared := number_of(below)) == 0:
            units: exp.Expr = times(top, whole(scale // shared))
        else:
            twice = times(below, whole(2))
            double = times(top, whole(2 * scale))
            divisor = twice if is_number(twice) else exp.Nullif(this=twice, expression=whole(0))

            def half_up(amount: exp.Expr) -> exp.Expr:
                return self.divide(plus(amount, below), divisor)

            units = when(
                (
                    exp.LT(this=operand(top), expression=whole(0)),
                    exp.Neg(this=exp.paren(half_up(negative(double)))),
                ),
                otherwise=half_up(double),
            )
        found = exp.cast(units, _decimal(WIDEST - places, 0))
        return (
            exp.Mul(this=found, expression=literal(Decimal(1).scaleb(-places))) if places else found
        )

    # ---- days ---------------------------------------------------------------------------------

    def _day(self, formula: Formula) -> tuple[exp.Expr, tuple[int, int]]:
        """A day, and the first and the last year in which it may fall."""
        match formula:
            case Constant(value):
                assert isinstance(value, datetime.date)
                return literal(value), (value.year, value.year)
            case Ref(name):
                if name in self.made:
                    return self._value(name), self.made[name].years
                return column(name), (FIRST_DAY.year, LAST_DAY.year)
            case Extreme(which, parts):
                found = [self._day(part) for part in parts]
                years = [years for _, years in found]
                spans = (min(low for low, _ in years), max(high for _, high in years))
                return _extreme(which, [day for day, _ in found]), spans
            case Shift(base, count, unit):
                day, (low, high) = self._day(base)
                most = -(-abs(count) // _A_YEAR[unit])
                low, high = (low, high + most) if count > 0 else (low - most, high)
                if low <= 1 or high >= datetime.MAXYEAR:
                    raise OutOfRange
                moved = exp.DateAdd(
                    this=day, expression=literal(count), unit=exp.var(unit[:-1].upper())
                )
                return exp.cast(moved, Date), (low, high)
            case _:
                raise TypeError("an amount in a day")


def _if_given(given: exp.Expr, value: exp.Expr, other: int) -> exp.Expr:
    return when((given, value), (negation(given), literal(other)))


_A_YEAR: Mapping[str, int] = {"days": 365, "weeks": 52, "months": 12, "years": 1}


def _extremes(formula: Formula) -> Iterator[Formula]:
    """The outermost ``min`` and ``max`` of a formula."""
    match formula:
        case Extreme():
            yield formula
        case Arithmetic(_, left, right):
            yield from _extremes(left)
            yield from _extremes(right)
        case Shift(part, _, _) | Rounded(part, _):
            yield from _extremes(part)
        case Constant() | Ref():
            return


def _extreme(which: str, parts: list[exp.Expr]) -> exp.Expr:
    return exp.Anonymous(this="LEAST" if which == "min" else "GREATEST", expressions=parts)


def _decimal(digits: int, places: int) -> exp.DataType:
    return exp.DataType.build(f"DECIMAL({digits}, {places})")


# ---- decimals ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Plain:
    """An amount, with the digits that its type has in all and after the point."""

    value: exp.Expr
    digits: int
    scale: int

    def with_(self, op: str, other: _Plain) -> _Plain | None:
        if op == "*":
            value: exp.Expr = exp.Mul(this=operand(self.value), expression=operand(other.value))
            return _fitting(value, self.digits + other.digits + 1, self.scale + other.scale)
        scale = max(self.scale, other.scale)
        digits = max(self.digits - self.scale, other.digits - other.scale) + scale + 1
        if op == "+":
            value = exp.Add(this=self.value.copy(), expression=other.value.copy())
        else:
            value = exp.Sub(this=self.value.copy(), expression=operand(other.value))
        return _fitting(value, digits, scale)


def _held(plain: _Plain, kind: str) -> exp.Expr:
    """An amount rounded to what its type holds."""
    value = plain.value
    if plain.scale > PLACES[kind]:
        value = exp.Round(this=value, decimals=exp.Literal.number(PLACES[kind]))
    if plain.digits > WIDEST:
        value = exp.cast(value, _decimal(WIDEST, PLACES[kind]))
    return value


MOST_PLACES = 9
"""Digits after the point that every database keeps through a product."""
_LITERAL_DIGITS = 10
"""What a whole number written in a statement is taken to hold, whatever its length."""


def _fitting(value: exp.Expr, digits: int, scale: int) -> _Plain | None:
    fits = digits <= MOST_DIGITS and scale <= MOST_PLACES
    return _Plain(value, digits, scale) if fits else None


def _plain_number(value: Decimal) -> _Plain | None:
    places = max(0, -int(value.normalize().as_tuple().exponent))
    value = round(value, places)
    length = len(f"{abs(value):f}".replace(".", ""))
    return _fitting(literal(value), max(length, 0 if places else _LITERAL_DIGITS), places)


def _finite(number: Fraction) -> Decimal | None:
    """The decimal that is exactly a fraction, if a short one is."""
    for places in range(MOST_PLACES + 1):
        if (number * 10**places).denominator == 1:
            return Decimal(int(number * 10**places)).scaleb(-places)
    return None
