"""Formulas over columns beside the same formulas over one loan."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.evaluation.amounts import NoValue, finish
from engine.evaluation.amounts import evaluate as evaluate_one
from engine.evaluation.variables import decode, encode
from engine.model import Arithmetic, Constant, Extreme, Formula, Ref, Rounded
from engine.portfolio.amounts import compared, evaluate, finished, of_numbers

TYPES = {"debt": "money", "price": "money", "rate": "decimal", "units": "integer"}

MONEY = st.decimals(0, 999_999_999_999, places=2)
LOANS = st.lists(
    st.fixed_dictionaries(
        {
            "debt": MONEY,
            "price": MONEY,
            "rate": st.decimals(-1_000_000, 1_000_000, places=6),
            "units": st.integers(-5, 1_000),
        }
    ),
    min_size=1,
    max_size=8,
)
LEAVES = st.one_of(
    st.sampled_from([Ref(name) for name in TYPES]),
    st.decimals(-1_000, 1_000, places=3).map(Constant),
)


def _larger(parts: st.SearchStrategy[Formula]) -> st.SearchStrategy[Formula]:
    return st.one_of(
        st.builds(Arithmetic, st.sampled_from("+-*/"), parts, parts),
        st.builds(
            Extreme,
            st.sampled_from(["min", "max"]),
            st.lists(parts, min_size=1, max_size=3).map(tuple),
        ),
        st.builds(Rounded, parts, st.sampled_from(["money", "decimal", "integer"])),
    )


FORMULAS = st.recursive(LEAVES, _larger, max_leaves=6)


def columns(loans: list[Mapping[str, Decimal]]) -> Mapping[str, np.ndarray]:
    return {
        name: np.array([encode(loan[name], kind) for loan in loans], dtype=np.int64)
        for name, kind in TYPES.items()
    }


@given(LOANS, FORMULAS, st.sampled_from(["money", "decimal", "integer"]))
def test_a_formula_comes_to_the_same(
    loans: list[Mapping[str, Decimal]], formula: Formula, kind: str
) -> None:
    numbers = columns(loans)
    amounts = evaluate(formula, lambda name: of_numbers(numbers[name], TYPES[name]), {})
    ours = np.broadcast_to(finished(amounts, kind), (len(loans),))
    none = np.broadcast_to(False if amounts.none is None else amounts.none, (len(loans),))
    for row, loan in enumerate(loans):
        try:
            expected = finish(evaluate_one(formula, loan.__getitem__), kind)
        except NoValue:
            assert none[row]
        else:
            assert not none[row]
            assert decode(int(ours[row]), kind) == expected


@given(LOANS, FORMULAS, FORMULAS)
def test_formulas_compare_the_same(
    loans: list[Mapping[str, Decimal]], left: Formula, right: Formula
) -> None:
    numbers = columns(loans)
    known: dict[Formula, object] = {}
    a, b = (
        evaluate(each, lambda name: of_numbers(numbers[name], TYPES[name]), known)  # type: ignore[arg-type]
        for each in (left, right)
    )
    signs = np.broadcast_to(compared(a, b), (len(loans),))
    for row, loan in enumerate(loans):
        try:
            x, y = (evaluate_one(each, loan.__getitem__) for each in (left, right))
            expected = 1 + (x > y) - (x < y)  # type: ignore[operator]
        except NoValue:
            expected = 3
        assert signs[row] == expected


@pytest.mark.parametrize(("cents", "expected"), [(5, 1), (4, 0), (-5, -1), (-4, 0), (15, 2)])
def test_half_a_cent_goes_up(cents: int, expected: int) -> None:
    formula = Arithmetic("/", Ref("debt"), Constant(Decimal(10)))
    amounts = evaluate(formula, lambda _: of_numbers(np.array([cents]), "money"), {})
    assert finished(amounts, "money").tolist() == [expected]


def test_products_do_not_overflow() -> None:
    formula = Arithmetic("*", Arithmetic("*", Ref("debt"), Ref("debt")), Ref("debt"))
    amounts = evaluate(formula, lambda _: of_numbers(np.array([99_999_999_999_999]), "money"), {})
    expected = finish(evaluate_one(formula, lambda _: Decimal("999999999999.99")), "integer")
    assert finished(amounts, "integer").tolist() == [expected]
