"""Walking conditions and formulas: which names they use, and how a formula reads."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterator
from dataclasses import replace
from decimal import Decimal

from engine.model import (
    ALWAYS,
    All,
    AnyOf,
    Arithmetic,
    Compare,
    Condition,
    Constant,
    Extreme,
    Formula,
    Not,
    OneOf,
    Ref,
    Rule,
    Rulebase,
    Shift,
    TermHolds,
)


def atoms(
    condition: Condition, term: Callable[[str], Condition] | None = None
) -> Iterator[OneOf | Compare | TermHolds]:
    """Every test of a condition. With ``term``, a term's own tests stand in for it."""
    match condition:
        case All(parts) | AnyOf(parts):
            for part in parts:
                yield from atoms(part, term)
        case Not(part):
            yield from atoms(part, term)
        case TermHolds(name) if term is not None:
            yield from atoms(term(name), term)
        case OneOf() | Compare() | TermHolds():
            yield condition


def names_of(condition: Condition, term: Callable[[str], Condition]) -> Iterator[str]:
    """Every fact and decision that a condition tests, terms expanded."""
    for atom in atoms(condition, term):
        if not isinstance(atom, TermHolds):
            yield atom.name
        if isinstance(atom, Compare) and atom.limit_name is not None:
            yield atom.limit_name


def names_in(formula: Formula) -> Iterator[str]:
    """Every fact and decision that a formula uses, in its order, repeats included."""
    match formula:
        case Ref(name):
            yield name
        case Arithmetic(_, left, right):
            yield from names_in(left)
            yield from names_in(right)
        case Extreme(_, parts):
            for part in parts:
                yield from names_in(part)
        case Shift(base, _, _):
            yield from names_in(base)
        case Constant():
            return
        case other:
            yield from names_in(other.part)


def spoken_of(rule: Rule, rulebase: Rulebase) -> Iterator[str]:
    """Every fact and decision that a rule's condition tests, terms expanded, or its value uses."""
    yield from names_of(rule.when, lambda term: rulebase.terms[term].when)
    yield from names_in(rule.then)


def literal_text(value: object) -> str:
    """A constant of a formula as a person writes it."""
    if isinstance(value, Decimal):
        return f"{value:f}"
    return value.isoformat() if isinstance(value, datetime.date) else str(value)


_STRENGTH = {"+": 1, "-": 1, "*": 2, "/": 2}


def formula_text(formula: Formula, outer: int = 0) -> str:
    """A formula in the language's own words.

    >>> formula_text(Arithmetic("-", Ref("debt"), Extreme("max", (Ref("price"), Ref("value")))))
    'debt - max(price, value)'
    """
    match formula:
        case Constant(value):
            return literal_text(value)
        case Ref(name):
            return name
        case Extreme(which, parts):
            return f"{which}({', '.join(map(formula_text, parts))})"
        case Shift(base, count, unit):
            word = "plus" if count >= 0 else "minus"
            one = unit[:-1] if abs(count) == 1 else unit
            return f"{formula_text(base)} {word} {abs(count)} {one}"
        case Arithmetic(op, left, right):
            strength = _STRENGTH[op]
            text = f"{formula_text(left, strength)} {op} {formula_text(right, strength + 1)}"
            return f"({text})" if strength < outer else text
        case other:
            return formula_text(other.part, outer)


def weakened(
    condition: Condition,
) -> Iterator[tuple[OneOf | Compare | TermHolds, Condition]]:
    """Each test of a condition, with the condition that is left when the test is dropped.

    A test dropped from an ``any`` leaves the other parts; the last part of a list leaves nothing to
    hold, which always does.
    """
    match condition:
        case All(parts) | AnyOf(parts):
            for i, part in enumerate(parts):
                for test, without in weakened(part):
                    rest = list(parts)
                    if without == ALWAYS and (isinstance(condition, All) or len(parts) > 1):
                        del rest[i]
                    else:
                        rest[i] = without
                    yield test, replace(condition, parts=tuple(rest))
        case Not(part):
            for test, without in weakened(part):
                yield test, ALWAYS if without == ALWAYS else Not(without)
        case OneOf() | Compare() | TermHolds():
            yield condition, ALWAYS
