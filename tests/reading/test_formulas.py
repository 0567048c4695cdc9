"""Formulas: the grammar, what can be reckoned with what, and where a fault is."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.model import Arithmetic, Constant, Extreme, Formula, Ref, Shift
from engine.reading.formulas import (
    MAX_LENGTH,
    FormulaFault,
    read_date_formula,
    read_formula,
    read_period,
)
from engine.reading.names import UNCLEAR
from engine.trees import formula_text

TYPES = {
    "debt": "money",
    "price": "money",
    "units": "integer",
    "rate": "decimal",
    "sold": "date",
    "made": "date",
    "kind": "enum",
    "fraud": "boolean",
    "effects": "set",
    "broken": UNCLEAR,
}
DEBT, PRICE, UNITS, RATE = (Ref(name) for name in ("debt", "price", "units", "rate"))


def number(text: str) -> Constant:
    return Constant(Decimal(text))


@pytest.mark.parametrize(
    ("text", "tree", "kind"),
    [
        ("debt", DEBT, "money"),
        ("units", UNITS, "number"),
        ("12.50", number("12.50"), "literal"),
        ("1_000", number("1000"), "literal"),
        ("debt - price", Arithmetic("-", DEBT, PRICE), "money"),
        (
            "debt-price+1",
            Arithmetic("+", Arithmetic("-", DEBT, PRICE), number("1")),
            "money",
        ),
        (
            "debt - (price + 1)",
            Arithmetic("-", DEBT, Arithmetic("+", PRICE, number("1"))),
            "money",
        ),
        (
            "debt + price * rate",
            Arithmetic("+", DEBT, Arithmetic("*", PRICE, RATE)),
            "money",
        ),
        ("rate * debt", Arithmetic("*", RATE, DEBT), "money"),
        ("debt / 2", Arithmetic("/", DEBT, number("2")), "money"),
        ("debt / price", Arithmetic("/", DEBT, PRICE), "number"),
        ("debt / units", Arithmetic("/", DEBT, UNITS), "money"),
        ("2 / units", Arithmetic("/", number("2"), UNITS), "number"),
        ("units * 2 / rate", Arithmetic("/", Arithmetic("*", UNITS, number("2")), RATE), "number"),
        ("-debt", Arithmetic("-", number("0"), DEBT), "money"),
        ("2 * -units", Arithmetic("*", number("2"), Arithmetic("-", number("0"), UNITS)), "number"),
        ("min(debt, price)", Extreme("min", (DEBT, PRICE)), "money"),
        ("max(debt, 0, price)", Extreme("max", (DEBT, number("0"), PRICE)), "money"),
        ("max(1, rate)", Extreme("max", (number("1"), RATE)), "number"),
        ("  ( ( debt ) ) ", DEBT, "money"),
        ("debt\n  + price", Arithmetic("+", DEBT, PRICE), "money"),
        ("broken + debt", Arithmetic("+", Ref("broken"), DEBT), "money"),
    ],
)  # fmt: skip
def test_what_a_formula_means(text: str, tree: Formula, kind: str) -> None:
    assert read_formula(text, TYPES) == (tree, kind)


END = "expected `+`, `-`, `*`, `/` or the end of the formula"
ONE = "expected a number, a name or `(`"


@pytest.mark.parametrize(
    ("text", "code", "offset", "message"),
    [
        ("", "formula", 0, f"{ONE}, but the formula ends"),
        ("   ", "formula", 3, f"{ONE}, but the formula ends"),
        ("debt -", "formula", 6, f"{ONE}, but the formula ends"),
        ("(debt", "formula", 5, "expected `)`, but the formula ends"),
        ("min(debt, price", "formula", 15, "expected `)`, but the formula ends"),
        ("debt)", "formula", 4, f"{END}, found `)`"),
        ("debt price", "formula", 5, f"{END}, found `price`"),
        ("2x", "formula", 1, f"{END}, found `x`"),
        ("debt ** 2", "formula", 6, f"{ONE}, found `*`"),
        ("+debt", "formula", 0, f"{ONE}, found `+`"),
        ("()", "formula", 1, f"{ONE}, found `)`"),
        ("debt; price", "formula", 4, f"{END}, found `;`"),
        ("debt = price", "formula", 5, f"{END}, found `=`"),
        ("$5", "formula", 0, f"{ONE}, found `$`"),
        (".5", "formula", 0, f"{ONE}, found `.`"),
        ("5.", "formula", 1, f"{END}, found `.`"),
        ("1,000", "formula", 1, f"{END}, found `,`"),
        ("'debt'", "formula", 0, f"{ONE}, found `'`"),
        ("\uff11", "formula", 0, f"{ONE}, found `\uff11`"),
        ("debt.real", "formula", 4, f"{END}, found `.`"),
        ("debt[0]", "formula", 4, f"{END}, found `[`"),
        ("min(debt)", "formula", 0, "`min` compares two amounts or more, divided by commas"),
        ("max()", "formula", 4, f"{ONE}, found `)`"),
        ("debt / 0", "formula", 5, "this divides by zero"),
        ("debt / 0.00", "formula", 5, "this divides by zero"),
        ("debt * price", "formula-type", 5, "money times money means nothing"),
        ("units / debt", "formula-type", 6, "a number divided by money means nothing"),
        ("1 / debt", "formula-type", 2, "a number divided by money means nothing"),
        (
            "debt + units",
            "formula-type",
            5,
            "`+` takes two amounts of money or two plain numbers, not one of each",
        ),
        (
            "1 + debt - rate",
            "formula-type",
            9,
            "`-` takes two amounts of money or two plain numbers, not one of each",
        ),
        (
            "max(debt, 0, units)",
            "formula-type",
            11,
            "`max` compares amounts of money or plain numbers, not one with the other",
        ),
        ("debt + sold", "formula-type", 7, "`sold` is a date, not an amount"),
        ("kind", "formula-type", 0, "`kind` is an enum, not an amount"),
        ("fraud * 2", "formula-type", 0, "`fraud` is a boolean, not an amount"),
        ("effects", "formula-type", 0, "`effects` is a set, not an amount"),
        ("debt + prize", "unknown-fact", 7, "no fact or decision is called `prize`"),
        (
            "__import__('os')",
            "formula",
            0,
            "`__import__(...)` can't be called: a formula knows only `min` and `max`",
        ),
        (
            "debt + eval(1)",
            "formula",
            7,
            "`eval(...)` can't be called: a formula knows only `min` and `max`",
        ),
        (
            "debt(1)",
            "formula",
            0,
            "`debt(...)` can't be called: a formula knows only `min` and `max`",
        ),
        ("min", "unknown-fact", 0, "no fact or decision is called `min`"),
        ("(" * 41 + "1", "formula", 40, "parentheses are nested too deep"),
        ("-" * 41 + "1", "formula", 39, "signs are nested too deep"),
        ("1" + "+1" * 201, "formula", 401, "a formula has at most 200 operations"),
        ("1" * 31, "formula", 0, "this number is too long: at most 30 digits are read"),
        ("1" * (MAX_LENGTH + 1), "formula", 0, "a formula has at most 2000 characters"),
    ],
)  # fmt: skip
def test_what_is_no_formula(text: str, code: str, offset: int, message: str) -> None:
    with pytest.raises(FormulaFault) as caught:
        read_formula(text, TYPES)
    fault = caught.value
    assert (fault.code, fault.offset, fault.message) == (code, offset, message)


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("debt + prize", "did you mean `price`?"),
        ("debt + zzz", "amounts: `debt`, `price`, `units`, `rate`"),
        ("1,000", "write 1000 or 1_000; a comma stands only inside `min(...)` and `max(...)`"),
        ("debt * 5%", "write 5 % as 0.05"),
        ("debt < price", "a formula has no comparisons; a condition stands under `when`"),
    ],
)
def test_hints(text: str, hint: str) -> None:
    with pytest.raises(FormulaFault) as caught:
        read_formula(text, TYPES)
    assert caught.value.hint == hint


def formulas() -> st.SearchStrategy[str]:
    """Texts of formulas over plain numbers, so that everything goes with everything."""
    numbers = st.decimals(0, 999, places=2).map(str)
    leaves = st.one_of(st.sampled_from(["units", "rate"]), numbers, st.integers(1, 999).map(str))

    def larger(part: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
        return st.one_of(
            st.tuples(part, st.sampled_from("+-*/"), part).map(" ".join),
            part.map("({})".format),
            part.map("-{}".format),
            st.tuples(part, part).map("min({0[0]}, {0[1]})".format),
            st.tuples(part, part).map("max({0[0]}, {0[1]})".format),
        )

    return st.recursive(leaves, larger, max_leaves=12)


@given(formulas())
def test_a_formula_reads_back_as_it_is_shown(text: str) -> None:
    try:
        tree = read_formula(text, TYPES)[0]
    except FormulaFault as fault:
        assert fault.message == "this divides by zero"
        return
    assert read_formula(formula_text(tree), TYPES)[0] == tree


@given(st.text(alphabet="debtunis 0123.()+-*/,min_$\n\u00e9"))
def test_any_text_is_a_formula_or_a_fault_in_it(text: str) -> None:
    try:
        read_formula(text, TYPES)
    except FormulaFault as fault:
        assert 0 <= fault.offset <= len(text)


@pytest.mark.parametrize(
    ("text", "period"),
    [
        ("3 months", (3, "months")),
        ("1 month", (1, "months")),
        ("10  days", (10, "days")),
        (" 2 weeks ", (2, "weeks")),
        ("200 years", (200, "years")),
        ("0 days", (0, "days")),
    ],
)
def test_periods(text: str, period: tuple[int, str]) -> None:
    assert read_period(text) == period


@pytest.mark.parametrize("text", ["3", "months", "3months", "3 Months", "-3 days", "1.5 years", ""])
def test_what_is_no_period(text: str) -> None:
    with pytest.raises(FormulaFault) as caught:
        read_period(text)
    assert caught.value.message == f"`{text}` is not a period"


def test_periods_have_an_end() -> None:
    with pytest.raises(FormulaFault) as caught:
        read_period("201 years")
    assert caught.value.message == "a period has at most 200 years"


def test_dates() -> None:
    assert read_date_formula("sold", None, None, TYPES) == Ref("sold")
    assert read_date_formula("sold", "3 months", None, TYPES) == Shift(Ref("sold"), 3, "months")
    assert read_date_formula("sold", None, "1 day", TYPES) == Shift(Ref("sold"), -1, "days")
    assert read_date_formula("broken", None, None, TYPES) == Ref("broken")


@pytest.mark.parametrize(
    ("base", "message", "hint"),
    [
        ("debt", "`debt` is not a date", "dates: `sold`, `made`"),
        ("solt", "no date is called `solt`", "did you mean `sold`?"),
        ("zzz", "no date is called `zzz`", "dates: `sold`, `made`"),
    ],
)
def test_what_is_no_date(base: str, message: str, hint: str) -> None:
    with pytest.raises(FormulaFault) as caught:
        read_date_formula(base, None, None, TYPES)
    assert (caught.value.message, caught.value.hint) == (message, hint)
