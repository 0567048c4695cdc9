"""Reckoning formulas, against fractions throughout."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.evaluation.amounts import Missing, NoValue, evaluate, finish, known_only, reckoner
from engine.model import Arithmetic, Constant, Extreme, Formula, Ref, Rounded, Shift, Value

NAMES = ("debt", "price", "share")
cents = st.integers(-(10**7), 10**7).map(lambda number: Decimal(number).scaleb(-2))
whole = st.integers(-1_000, 1_000)
amounts = st.fixed_dictionaries({name: st.one_of(cents, whole) for name in NAMES})
formulas = st.recursive(
    st.one_of(st.sampled_from(NAMES).map(Ref), st.one_of(cents, whole).map(Constant)),
    lambda inner: st.one_of(
        st.builds(Arithmetic, st.sampled_from("+-*/"), inner, inner),
        st.builds(Extreme, st.sampled_from(["min", "max"]), st.lists(inner, min_size=1).map(tuple)),
        st.builds(Rounded, inner, st.sampled_from(["money", "integer", "decimal"])),
    ),
    max_leaves=8,
)


def by_the_book(formula: Formula, known: Mapping[str, Value]) -> Fraction:
    match formula:
        case Constant(value):
            return Fraction(value)  # type: ignore[arg-type]
        case Ref(name):
            return Fraction(known[name])  # type: ignore[arg-type]
        case Extreme(which, parts):
            each = [by_the_book(part, known) for part in parts]
            return min(each) if which == "min" else max(each)
        case Rounded(part, kind):
            return Fraction(finish(by_the_book(part, known), kind))  # type: ignore[arg-type]
        case Arithmetic(op, left, right):
            a, b = by_the_book(left, known), by_the_book(right, known)
            return {"+": a + b, "-": a - b, "*": a * b}[op] if op != "/" else a / b
    raise AssertionError(formula)


@given(formulas, st.lists(amounts, min_size=1, max_size=3))
def test_a_formula_is_reckoned_exactly(formula: Formula, loans: list[dict[str, Any]]) -> None:
    reckon = reckoner(formula)
    for known in loans:
        try:
            expected = by_the_book(formula, known)
        except ZeroDivisionError:
            with pytest.raises(NoValue):
                reckon(known_only(known))
        else:
            assert reckon(known_only(known)) == evaluate(formula, known_only(known)) == expected


def test_whole_amounts_are_divided_without_loss() -> None:
    third = Arithmetic("/", Ref("debt"), Constant(3))
    assert evaluate(third, known_only({"debt": Decimal("100.00")})) == Fraction(100, 3)


def test_a_day_is_moved() -> None:
    formula = Extreme("max", (Shift(Ref("sold"), 1, "months"), Ref("made")))
    known = {"sold": datetime.date(2024, 1, 31), "made": datetime.date(2024, 2, 1)}
    assert evaluate(formula, known_only(known)) == datetime.date(2024, 2, 29)


def test_a_fact_that_is_not_known_is_named() -> None:
    with pytest.raises(Missing, match="price"):
        evaluate(Arithmetic("-", Constant(1), Ref("price")), known_only({"debt": 1}))
