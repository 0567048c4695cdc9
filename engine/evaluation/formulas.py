"""Formulas as decisions make them of their rules': joined, with others put in, and simplified."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import cast

from engine.evaluation.amounts import evaluate, finish
from engine.evaluation.variables import divides
from engine.model import (
    Arithmetic,
    Constant,
    Decision,
    Extreme,
    Formula,
    Ref,
    Rounded,
    Shift,
    Value,
)
from engine.trees import names_in


def combined(decision: Decision, formulas: list[Formula]) -> Formula:
    """The one formula that the formulas of the deciding rules make under the hit policy. Under
    ``unique`` they agree (or the decision is in conflict, which is found elsewhere), so that the
    greatest of them is any of them; it has no value where one of them has none."""
    kind = decision.policy.kind
    first = formulas[0]
    if kind == "sum":
        for other in formulas[1:]:
            first = Arithmetic("+", first, other)
    elif different := tuple(dict.fromkeys(formulas))[1:]:
        first = Extreme("min" if kind == "min" else "max", (first, *different))
    if decision.at_least is not None:
        first = Extreme("max", (first, Constant(decision.at_least)))
    return first


def literal_outcome(decision: Decision, values: list[Value]) -> Value | None:
    """The outcome of literal values under ``unique``, ``priority`` or ``collect``; None where
    values that should agree differ."""
    kind = decision.policy.kind
    if kind == "collect":
        return frozenset[str]().union(*(cast(frozenset[str], value) for value in values))
    if kind == "priority":
        return next(value for value in decision.policy.order if value in values)
    return values[0] if len(set(values)) == 1 else None


def substitute(formula: Formula, formulas: Mapping[str, Formula]) -> Formula:
    """A formula with some of its names replaced by formulas."""
    match formula:
        case Ref(name):
            return formulas.get(name, formula)
        case Arithmetic(op, left, right):
            return Arithmetic(op, substitute(left, formulas), substitute(right, formulas))
        case Extreme(which, parts):
            return Extreme(which, tuple(substitute(part, formulas) for part in parts))
        case Shift(base, count, unit):
            return Shift(substitute(base, formulas), count, unit)
        case Rounded(part, kind):
            return Rounded(substitute(part, formulas), kind)
        case Constant():
            return formula


def folded(formula: Formula) -> Formula:
    """A formula with what cancels out left out: ``x - x``, and nothing added or taken away."""
    match formula:
        case Arithmetic(op, left, right):
            a, b = folded(left), folded(right)
            if op == "-" and a == b and not divides(a):
                return _ZERO
            if b == _ZERO and op in "+-":
                return a
            if a == _ZERO and op == "+":
                return b
            return Arithmetic(op, a, b)
        case Extreme(which, parts):
            different = tuple(dict.fromkeys(map(folded, parts)))
            if which == "max" and any(map(_never_negative, different)):
                different = tuple(part for part in different if part != _ZERO)
            return different[0] if len(different) == 1 else Extreme(which, different)
        case Rounded(part, kind):
            inner = folded(part)
            done = inner == _ZERO or (isinstance(inner, Rounded) and inner.type == kind)
            return inner if done else Rounded(inner, kind)
        case Shift() | Constant() | Ref():
            return formula


def _never_negative(formula: Formula) -> bool:
    """Whether a formula holds its own bound at zero, which then need not be stated again."""
    match formula:
        case Rounded(part, _):
            return _never_negative(part)
        case Extreme("max", parts):
            return _ZERO in parts
    return False


_ZERO = Constant(Decimal(0))


def settled(formula: Formula, kind: str) -> Formula:
    """A decision's own formula as it enters another: rounded, and a constant where it is one."""
    if isinstance(formula, Ref) and kind != "integer":
        return formula
    if not any(True for _ in names_in(formula)):
        try:
            return Constant(finish(evaluate(formula, _nothing), kind))
        except ArithmeticError:
            return formula
    return formula if kind == "date" else Rounded(formula, kind)  # type: ignore[arg-type]


def _nothing(name: str) -> Value:
    raise LookupError(name)
