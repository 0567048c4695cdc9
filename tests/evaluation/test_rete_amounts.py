"""The Rete evaluator: hit policies, formulas, rounding, days."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest

from engine.evaluation.rete import Rete, Verdict
from engine.model import (
    Arithmetic,
    Compare,
    Constant,
    Extreme,
    Formula,
    HitPolicy,
    Not,
    Ref,
    Rounded,
    Shift,
    Value,
)
from tests.evaluation.small_books import DAY, FACTS, A, B, book, decision, fact, rule, verdict


@pytest.mark.parametrize(
    ("policy", "values", "outcome"),
    [
        (HitPolicy(), (1, 1), ("decided", 1)),
        (HitPolicy(), (1, 2), ("conflict", None)),
        (HitPolicy("min"), (3, 2), ("decided", 2)),
        (HitPolicy("max"), (3, 2), ("decided", 3)),
        (HitPolicy("sum"), (3, 3), ("decided", 6)),
        (HitPolicy("priority", (3, 2, 1)), (1, 2), ("decided", 2)),
    ],
)
def test_hit_policies(policy: HitPolicy, values: tuple[int, ...], outcome: object) -> None:
    rules = [rule(f"r{n}", then=value) for n, value in enumerate(values)]
    found = verdict(rules, {}, kind="integer", policy=policy)
    assert (found.status, found.value) == outcome
    assert found.certain == {"r0", "r1"}


def test_otherwise_only_where_nothing_can_decide() -> None:
    rules = [rule("r", A, 5)]
    more: dict[str, Any] = {"kind": "integer", "otherwise": Constant(7)}
    assert verdict(rules, {"a": False}, **more).value == 7
    assert verdict(rules, {"a": True}, **more).value == 5
    assert verdict(rules, {}, **more).status == "unknown"
    assert verdict(rules, {}, kind="integer", otherwise=Constant(5)).value == 5
    assert verdict(rules, {}, kind="integer").status == "unknown"
    assert verdict(rules, {"a": False}, kind="integer").status == "open"
    overridden = [*rules, rule("s", B, 6, overrides=("r",))]
    assert verdict(overridden, {"a": True}, kind="integer").status == "unknown"


def test_decided_whatever_is_missing() -> None:
    low, high = rule("low", then=1), rule("high", A, 2)
    assert verdict([low, high], {}, kind="integer", policy=HitPolicy("min")).value == 1
    assert verdict([low, high], {}, kind="integer", policy=HitPolicy("max")).status == "unknown"
    assert verdict([low, high], {}, kind="integer", policy=HitPolicy("sum")).status == "unknown"
    assert verdict([low, high], {}, kind="integer").status == "unknown"
    assert verdict([low, rule("x", A, 1)], {}, kind="integer").value == 1
    either = [rule("yes", A, 1), rule("no", Not(A), 1)]
    assert verdict(either, {}, kind="integer").status == "unknown"  # an outer bound
    assert verdict([low, rule("two", then=2), high], {}, kind="integer").status == "conflict"


def amount(then: Formula, given: Mapping[str, Value], kind: str = "money", **more: Any) -> Verdict:
    names = ["x", "y"] if kind != "date" else []
    facts = [fact(name, "money") for name in names] + [fact("day", "date"), fact("n", "decimal")]
    return verdict([rule("r", then=then)], given, vocabulary=facts, kind=kind, **more)


def money(text: str) -> Decimal:
    return Decimal(text)


def ratio(left: Formula, right: Formula) -> Formula:
    return Arithmetic("/", left, right)


X, Y, N = Ref("x"), Ref("y"), Ref("n")


@pytest.mark.parametrize(
    ("kind", "numerator", "denominator", "expected"),
    [
        ("money", "1", "3", "0.33"),
        ("money", "0.01", "2", "0.01"),
        ("money", "-0.01", "2", "-0.01"),
        ("money", "0.0299", "2", "0.01"),
        ("money", "999999999999.99", "0.000001", "999999999999990000.00"),
        ("money", "1E+40", "3", "3" * 40 + ".33"),
        ("integer", "5", "2", "3"),
        ("integer", "-5", "2", "-3"),
        ("integer", "4.999999", "2", "2"),
        ("decimal", "1", "3", "0.333333"),
        ("decimal", "0.000001", "2", "0.000001"),
    ],
)
def test_rounding(kind: str, numerator: str, denominator: str, expected: str) -> None:
    formula = ratio(Constant(Decimal(numerator)), Constant(Decimal(denominator)))
    found = amount(formula, {}, kind)
    assert str(found.value) == expected
    assert type(found.value) is (int if kind == "integer" else Decimal)


def test_formulas_are_exact_and_rounded_once() -> None:
    third = ratio(X, Constant(3))
    three_thirds = Arithmetic("+", third, Arithmetic("+", third, third))
    assert amount(three_thirds, {"x": money("0.01")}).value == money("0.01")
    rounded = Rounded(third, "money")
    assert amount(Arithmetic("*", rounded, Constant(3)), {"x": money("1")}).value == money("0.99")
    mixed = Arithmetic("-", Extreme("max", (X, Y)), Extreme("min", (X, Arithmetic("*", Y, N))))
    given = {"x": money("10"), "y": money("4"), "n": Decimal("0.5")}
    assert amount(mixed, given).value == money("8")
    assert str(amount(X, {"x": Decimal(5)}).value) == "5.00"
    assert amount(Arithmetic("-", Y, X), given, at_least=Decimal(0)).value == money("0")


def test_missing_and_impossible_amounts() -> None:
    over_zero = ratio(Constant(1), Arithmetic("-", X, X))
    assert amount(Arithmetic("+", X, Y), {"x": money("1")}).status == "unknown"
    assert amount(over_zero, {}).status == "unknown"
    assert amount(over_zero, {"x": money("1")}).status == "open"
    assert amount(Arithmetic("+", ratio(X, Constant(0)), Y), {"x": money("1")}).status == "unknown"
    first = decision("e", "money")
    second = decision("d", "money", requires=("e",))
    rules = [rule("e", A, Decimal(1), "e"), rule("r", then=Arithmetic("+", Ref("e"), Constant(1)))]
    rete = Rete(book(FACTS, [first, second], rules))
    assert rete.decide({"a": True})["d"].value == money("2")
    assert rete.decide({"a": False})["d"].status == "open"
    assert rete.decide({})["d"].status == "unknown"


@pytest.mark.parametrize(
    ("start", "count", "unit", "expected"),
    [
        (DAY(2024, 1, 31), 1, "months", DAY(2024, 2, 29)),
        (DAY(2023, 1, 31), 1, "months", DAY(2023, 2, 28)),
        (DAY(2024, 3, 31), -1, "months", DAY(2024, 2, 29)),
        (DAY(2024, 12, 31), 2, "months", DAY(2025, 2, 28)),
        (DAY(2024, 1, 15), -13, "months", DAY(2022, 12, 15)),
        (DAY(2024, 2, 29), 1, "years", DAY(2025, 2, 28)),
        (DAY(2024, 2, 29), 4, "years", DAY(2028, 2, 29)),
        (DAY(2024, 2, 28), 2, "weeks", DAY(2024, 3, 13)),
        (DAY(2024, 3, 1), -1, "days", DAY(2024, 2, 29)),
        (DAY(2024, 1, 1), 9000, "years", None),
        (DAY(2024, 1, 1), -2024 * 12, "months", None),
        (DAY(2024, 1, 1), 10**9, "weeks", None),
        (DAY(2024, 1, 1), 10**12, "days", None),
    ],
)
def test_shifted_days(start: DAY, count: int, unit: Any, expected: DAY | None) -> None:
    found = amount(Shift(Ref("day"), count, unit), {"day": start}, "date")
    assert (found.status, found.value) == ("decided" if expected else "open", expected)
    assert amount(Shift(Ref("day"), count, unit), {}, "date").status == "unknown"


def test_an_amount_beyond_what_the_network_holds() -> None:
    huge = Arithmetic("*", Ref("x"), Constant(Decimal(10) ** 30))
    decisions = [decision("e", "money"), decision("d", requires=("e",))]
    rules = [rule("e", then=huge, decides="e"), rule("r", Compare("e", "more_than", Decimal(10)))]
    rete = Rete(book([fact("x", "money")], decisions, rules))
    assert rete.decide({"x": Decimal(1)})["d"].status == "decided"
    assert rete.decide({"x": Decimal(-1)})["d"].status == "open"
