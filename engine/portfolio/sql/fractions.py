"""Fractions of whole numbers in SQL: a numerator and a denominator, constants worked out."""

from __future__ import annotations

from dataclasses import dataclass

from sqlglot import exp

from engine.portfolio.sql.conditions import literal, when


def operand(value: exp.Expr) -> exp.Expr:
    """A value as a side of ``*`` or the right side of ``-``."""
    return exp.paren(value) if isinstance(value, exp.Binary | exp.Neg) else value.copy()


@dataclass(frozen=True, slots=True)
class Quotient:
    """``top / below``, both whole numbers; ``below`` is never negative."""

    top: exp.Expr
    below: exp.Expr

    def with_(self, op: str, other: Quotient) -> Quotient:
        """``self op other``, for ``+``, ``-`` and ``*``."""
        if op == "*":
            return Quotient(times(self.top, other.top), times(self.below, other.below))
        top = other.top if op == "+" else negative(other.top)
        if self.below == other.below:
            return Quotient(plus(self.top, top), self.below)
        return Quotient(
            plus(times(self.top, other.below), times(top, self.below)),
            times(self.below, other.below),
        )

    def inverse(self, wide: exp.DataType) -> Quotient:
        """``1 / self``; where that is a division by zero, ``below`` is zero."""
        if is_number(self.top):
            number = number_of(self.top)
            top = self.below if number >= 0 else negative(self.below)
            return Quotient(top, whole(abs(number)))
        below_zero = exp.LT(this=operand(self.top), expression=whole(0))
        top = _either(below_zero, negative(self.below), self.below, wide)
        return Quotient(top, exp.Abs(this=self.top.copy()))

    def or_(self, other: Quotient, which: str, wide: exp.DataType) -> Quotient:
        """The lesser (or the greater) of two fractions."""
        left, right = times(self.top, other.below), times(other.top, self.below)
        comparison = exp.LTE if which == "min" else exp.GTE
        first = comparison(this=operand(left), expression=operand(right))
        below = self.below
        if below != other.below:
            below = _either(first, below, other.below, wide)
        return Quotient(_either(first, self.top, other.top, wide), below)


def _either(test: exp.Expr, value: exp.Expr, other: exp.Expr, wide: exp.DataType) -> exp.Expr:
    """One of two whole numbers, of the wide type even where both are short."""
    case = when((test.copy(), value.copy()), otherwise=other.copy())
    return exp.cast(case, wide.copy())


def whole(number: int) -> exp.Expr:
    return literal(number)


def is_number(value: exp.Expr) -> bool:
    inner = value.this if isinstance(value, exp.Neg) else value
    return isinstance(inner, exp.Literal)


def number_of(value: exp.Expr) -> int:
    return -int(value.this.name) if isinstance(value, exp.Neg) else int(value.name)


def times(a: exp.Expr, b: exp.Expr) -> exp.Expr:
    for one, other in ((a, b), (b, a)):
        if is_number(one):
            if is_number(other):
                return whole(number_of(one) * number_of(other))
            if number_of(one) == 1:
                return other.copy()
            if number_of(one) == 0:
                return whole(0)
    return exp.Mul(this=operand(a), expression=operand(b))


def plus(a: exp.Expr, b: exp.Expr) -> exp.Expr:
    if is_number(a) and is_number(b):
        return whole(number_of(a) + number_of(b))
    return exp.Add(this=a.copy(), expression=operand(b) if isinstance(b, exp.Neg) else b.copy())


def negative(value: exp.Expr) -> exp.Expr:
    if is_number(value):
        return whole(-number_of(value))
    return exp.Neg(this=operand(value))
