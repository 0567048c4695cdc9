"""Values: read exactly, shown to people, written as JSON."""

from __future__ import annotations

import datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.model import Decision, DecisionType, Value
from engine.values import (
    MAX_MONEY,
    PLACES,
    ValueFault,
    a_type,
    describe,
    in_order,
    read_outcome,
    read_value,
    show,
    to_json,
)

DAY = datetime.date(2009, 10, 31)
EFFECTS = Decision("effects", "set", "", {"tax": "", "report": ""})


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("word", "`word`"),
        (5, "`5`"),
        (Decimal("1.50"), "`1.50`"),
        (True, "true"),
        (False, "false"),
        (None, "nothing"),
        ([], "a list"),
        (frozenset({"a"}), "a list"),
        ({}, "a mapping"),
        ("x" * 100, f"`{'x' * 37}...`"),
        ("x" * 40, f"`{'x' * 40}`"),
        (DAY, "`2009-10-31`"),
    ],
)
def test_how_a_message_names_a_value(value: object, expected: str) -> None:
    assert describe(value) == expected


def test_how_a_message_names_a_type() -> None:
    kinds = ("enum", "boolean", "integer", "decimal", "money", "date", "set")
    assert ", ".join(map(a_type, kinds)) == (
        "an enum, a boolean, an integer, a decimal, money, a date, a set"
    )


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ([], frozenset()),
        ("tax", frozenset({"tax"})),
        (["tax", "report"], frozenset({"tax", "report"})),
        (("tax",), frozenset({"tax"})),
        ({"tax"}, frozenset({"tax"})),
    ],
)
def test_a_set_is_a_list_or_one_member(value: object, expected: Value) -> None:
    assert read_outcome(EFFECTS, value) == expected


def test_a_set_holds_its_values_alone() -> None:
    with pytest.raises(ValueFault) as caught:
        read_outcome(EFFECTS, ["tax", "reports"])
    assert (caught.value.code, caught.value.hint) == ("unknown-value", "did you mean `report`?")


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("money", "1__000"),
        ("money", "_1000"),
        ("money", "1_000_"),
        ("money", "1,0000"),
        ("money", "1,000_000"),
        ("money", "$"),
        ("money", "$-"),
        ("money", "--1"),
        ("money", "1e"),
        ("money", "e5"),
        ("money", "0x10"),
        ("money", "\uff11\uff12"),
        ("money", "\uff11e\uff12"),
        ("money", "1" * 41),
        ("money", None),
        ("money", {}),
        ("money", b"1"),
        ("money", float("inf")),
        ("money", Decimal("sNaN")),
        ("integer", "$5"),
        ("integer", "1e-1"),
        ("decimal", "1/3"),
        ("decimal", "NaN"),
        ("decimal", "Infinity"),
        ("date", None),
        ("date", "2009-10-31T00:00:00"),
        ("date", "\uff12009-10-31"),
        ("boolean", "true"),
        ("boolean", None),
        ("enum", None),
    ],
)
def test_what_is_no_value(kind: str, value: object) -> None:
    with pytest.raises(ValueFault) as caught:
        read_value("x", kind, {"a": ""}, value)
    assert caught.value.code == "wrong-type"


@pytest.mark.parametrize("value", ["1e400", 1e300, Decimal("1e400"), 10**100, "9" * 40, "1e-400"])
@pytest.mark.parametrize("kind", ["money", "integer", "decimal"])
def test_what_is_out_of_range(kind: str, value: object) -> None:
    with pytest.raises(ValueFault) as caught:
        read_value("x", kind, {}, value)
    assert caught.value.code in ("out-of-range", "wrong-type")


@pytest.mark.parametrize("kind", ["money", "integer", "decimal"])
def test_zero_is_zero(kind: str) -> None:
    for value in (0, "0", "-0", 0.0, -0.0, Decimal("0E+400"), "0e400", "00.000"):
        assert read_value("x", kind, {}, value) == 0


def test_the_last_amount_that_is_read() -> None:
    assert read_value("x", "money", {}, str(MAX_MONEY)) == MAX_MONEY
    with pytest.raises(ValueFault):
        read_value("x", "money", {}, MAX_MONEY + Decimal("0.01"))


@given(st.decimals(-(10**9), 10**9, places=2))
def test_amounts_are_exact_in_every_spelling(amount: Decimal) -> None:
    underscored = f"{amount:,}".replace(",", "_")
    spellings: list[object] = [amount, str(amount), float(amount), f"{amount:,}", underscored]
    for spelling in spellings:
        assert read_value("x", "money", {}, spelling) == amount


@given(
    st.sampled_from(["money", "integer", "decimal", "date", "boolean", "enum"]),
    st.one_of(
        st.text(),
        st.integers(),
        st.floats(),
        st.decimals(),
        st.booleans(),
        st.none(),
        st.dates(),
        st.datetimes(),
        st.lists(st.integers()),
        st.from_regex(r"[-+$]?[0-9_,.]{1,12}(e[-+]?[0-9]{1,4})?", fullmatch=True),
    ),
)
def test_whatever_comes_in_is_a_value_or_a_fault(kind: str, value: object) -> None:
    try:
        found = read_value("x", kind, {"a": "A", "b": "B"}, value)
    except ValueFault as fault:
        assert fault.code in ("wrong-type", "out-of-range", "unknown-value", "no-such-date")
        assert "x" in fault.message
    else:
        if isinstance(found, Decimal):
            exponent = found.as_tuple().exponent
            assert isinstance(exponent, int) and -exponent <= PLACES[kind]


@pytest.mark.parametrize(
    ("value", "kind", "shown", "json"),
    [
        (Decimal("1234.50"), "money", "$1,234.50", "1234.50"),
        (Decimal("-0.05"), "money", "-$0.05", "-0.05"),
        (Decimal("0.360000"), "decimal", "0.36", "0.36"),
        (Decimal("1E+3"), "decimal", "1000", "1000"),
        (12, "integer", "12", 12),
        (True, "boolean", "true", True),
        ("full", "enum", "full", "full"),
        (DAY, "date", "2009-10-31", "2009-10-31"),
        (frozenset({"b", "a"}), "set", "a, b", ["a", "b"]),
        (frozenset(), "set", "nothing", []),
    ],
)
def test_out(value: Value, kind: DecisionType, shown: str, json: object) -> None:
    assert show(value, kind) == shown
    assert to_json(value, kind) == json


def test_an_order_for_people() -> None:
    sets: list[Value] = [frozenset({"b"}), frozenset({"c", "a"}), frozenset()]
    assert in_order(sets) == [frozenset(), frozenset({"a", "c"}), frozenset({"b"})]
    assert in_order([3, 1, 2]) == [1, 2, 3]
