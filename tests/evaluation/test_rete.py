"""The Rete evaluator: each construct of the language by example, then at random."""

from __future__ import annotations

import datetime
import itertools
import math
import random
import threading
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

import pytest

from engine.evaluation.rete import Rete, Verdict
from engine.model import (
    ALWAYS,
    All,
    AnyOf,
    Arithmetic,
    Authority,
    Compare,
    Condition,
    Constant,
    Decision,
    Extreme,
    Fact,
    Formula,
    HitPolicy,
    Not,
    OneOf,
    Ref,
    Rounded,
    Rule,
    Rulebase,
    Shift,
    Term,
    TermHolds,
    Value,
)
from tests import oracle
from tests.completions import domains
from tests.random_packs import Sampler, rulebase

DAY = datetime.date


def fact(name: str, kind: Any = "boolean", *values: str) -> Fact:
    return Fact(name, kind, name, f"{name}?", dict.fromkeys(values, ""))


def decision(name: str = "d", kind: Any = "boolean", **more: Any) -> Decision:
    if isinstance(more.get("values"), str):
        more["values"] = dict.fromkeys(more["values"].split(), "")
    return Decision(name, kind, name, **more)


def rule(
    name: str,
    when: Condition = ALWAYS,
    then: Formula | Value = True,
    decides: str = "d",
    overrides: tuple[str, ...] = (),
) -> Rule:
    value = then if isinstance(then, Formula) else Constant(then)
    return Rule(name, name, decides, when, value, "", Authority("statute", "§"), overrides)


def book(facts: list[Fact], decisions: list[Decision], rules: list[Rule], **more: Any) -> Rulebase:
    return Rulebase(
        name="test",
        version="1",
        title="",
        digest="",
        root="",
        facts={one.name: one for one in facts},
        terms={one.name: one for one in more.pop("terms", ())},
        constraints=(),
        presumptions=(),
        decisions={one.name: one for one in decisions},
        rules=tuple(rules),
        **more,
    )


A, B, C = OneOf("a", (True,)), OneOf("b", (True,)), OneOf("c", (True,))
FACTS = [fact("a"), fact("b"), fact("c")]


def verdict(rules: list[Rule], facts: Mapping[str, Value], **more: Any) -> Verdict:
    facts_of = more.pop("vocabulary", FACTS)
    return Rete(book(facts_of, [decision(**more)], rules)).decide(facts)["d"]


def three(condition: Condition, facts: list[Fact], given: Mapping[str, Value]) -> bool | None:
    """Whether the condition certainly holds, certainly does not, or neither."""
    found = verdict([rule("r", condition)], given, vocabulary=facts)
    assert found.applies <= found.may_apply
    return True if found.applies else None if found.may_apply else False


# ---- tests and conditions ---------------------------------------------------------------------


def test_a_rule_without_condition_always_decides() -> None:
    found = verdict([rule("r")], {})
    assert found == Verdict(*[frozenset({"r"})] * 4, "decided", True)


@pytest.mark.parametrize(
    ("test", "yes", "no"),
    [
        (OneOf("x", ("p", "q")), "p", "r"),
        (OneOf("x", ("p", "q"), negated=True), "r", "q"),
        (Not(OneOf("x", ("p",))), "q", "p"),
        (Not(OneOf("x", ("p", "r"), negated=True)), "r", "q"),
        (OneOf("x", ()), None, "p"),
        (OneOf("x", (), negated=True), "p", None),
    ],
)
def test_values(test: Condition, yes: str | None, no: str | None) -> None:
    facts = [fact("x", "enum", "p", "q", "r")]
    if yes is not None:
        assert three(test, facts, {"x": yes}) is True
    if no is not None:
        assert three(test, facts, {"x": no}) is False
    if yes and no:
        assert three(test, facts, {}) is None


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        ("integer", (-(10**12), -1, 0, 1, 2**40)),
        ("money", tuple(map(Decimal, ("0", "0.01", "0.1", "100", "999999999999.99")))),
        ("decimal", tuple(map(Decimal, ("-1.5", "0.000001", "0.3", "1E+12")))),
        ("date", (DAY(1800, 1, 1), DAY(2024, 2, 28), DAY(2024, 2, 29), DAY(2199, 12, 31))),
    ],
)
def test_bounds(kind: str, values: tuple[Value, ...]) -> None:
    bounds = {"less_than": "lt", "at_most": "le", "more_than": "gt", "at_least": "ge"}
    conditions: list[Condition] = [
        Compare("x", bound, limit)  # type: ignore[arg-type]
        for bound, limit in itertools.product(bounds, values)
    ]
    conditions += [Not(condition) for condition in conditions]
    rules = [rule(f"r{n}", condition) for n, condition in enumerate(conditions)]
    rete = Rete(book([fact("x", kind)], [decision()], rules))
    for value in values:
        found = rete.decide({"x": value})["d"]
        expected = [
            getattr(value, f"__{bounds[bound]}__")(limit)
            for bound, limit in itertools.product(bounds, values)
        ]
        expected += [not one for one in expected]
        assert found.applies == {f"r{n}" for n, holds in enumerate(expected) if holds}
    unknown = rete.decide({})["d"]
    assert not unknown.applies and len(unknown.may_apply) == len(rules)


def test_a_bound_between_two_values() -> None:
    facts = [fact("x", "money"), fact("n", "integer")]
    half = Decimal("0.005")
    for bound, low, high in (
        ("less_than", True, False),
        ("at_most", True, False),
        ("more_than", False, True),
        ("at_least", False, True),
    ):
        test = Compare("x", bound, half)  # type: ignore[arg-type]
        assert three(test, facts, {"x": Decimal("0.00")}) is low
        assert three(test, facts, {"x": Decimal("0.01")}) is high
        assert three(Not(test), facts, {"x": Decimal("0.01")}) is not high
        negative = Compare("n", bound, Decimal("-0.5"))  # type: ignore[arg-type]
        assert three(negative, facts, {"n": -1}) is low
        assert three(negative, facts, {"n": 0}) is high
    assert three(OneOf("x", (half,)), facts, {"x": Decimal("0.01")}) is False
    assert three(OneOf("x", (half,), negated=True), facts, {"x": Decimal("0.01")}) is True


@pytest.mark.parametrize("kind", ["integer", "money", "decimal", "date"])
def test_fact_to_fact(kind: str) -> None:
    facts = [fact("x", kind), fact("y", kind)]
    low: Value = DAY(2024, 1, 1) if kind == "date" else 1 if kind == "integer" else Decimal("0.5")
    high: Value = DAY(2024, 1, 2) if kind == "date" else 2 if kind == "integer" else Decimal("0.51")
    test = Compare("x", "less_than", limit_name="y")
    assert three(test, facts, {"x": low, "y": high}) is True
    assert three(test, facts, {"x": high, "y": low}) is False
    assert three(test, facts, {"x": low, "y": low}) is False
    assert three(Not(test), facts, {"x": low, "y": low}) is True
    for given in ({}, {"x": low}, {"y": low}):
        assert three(test, facts, given) is None
        assert three(Not(test), facts, given) is None


def test_kleene() -> None:
    assert three(All((A, B)), FACTS, {"a": False}) is False
    assert three(All((A, B)), FACTS, {"a": True}) is None
    assert three(AnyOf((A, B)), FACTS, {"a": True}) is True
    assert three(AnyOf((A, B)), FACTS, {"a": False}) is None
    assert three(Not(All((A, Not(B)))), FACTS, {"b": True}) is True
    assert three(Not(AnyOf((A, All((B, C))))), FACTS, {"a": False, "c": False}) is True
    assert three(All(), FACTS, {}) is True
    assert three(AnyOf(), FACTS, {}) is False
    assert three(Not(AnyOf()), FACTS, {}) is True
    # Atom by atom: an outer bound, as documented.
    assert three(AnyOf((A, Not(A))), FACTS, {}) is None


def test_terms() -> None:
    terms = [Term("t", "", All((A, TermHolds("u")))), Term("u", "", Not(B))]
    rules = [rule("yes", TermHolds("t")), rule("no", Not(TermHolds("t")), False)]
    rete = Rete(book(FACTS, [decision()], rules, terms=terms))
    assert rete.decide({"a": True, "b": False})["d"].certain == {"yes"}
    assert rete.decide({"b": True})["d"].certain == {"no"}
    assert rete.decide({"a": True})["d"].status == "unknown"


def test_six_hundred_values_of_one_fact() -> None:
    values = [f"v{n}" for n in range(600)]
    vocabulary = [fact("x", "enum", *values)]
    rules = [rule(f"r.{value}", OneOf("x", (value,)), value) for value in values]
    rules += [rule("even", OneOf("x", tuple(values[::2])), "even")]
    rules += [rule("none", OneOf("x", tuple(values), negated=True), "none")]
    kind = decision(kind="set", values=" ".join([*values, "even", "none"]))
    rules = [rule(r.id, r.when, frozenset({r.then.value})) for r in rules]  # type: ignore[union-attr]
    more: dict[str, Any] = {"kind": "set", "values": kind.values, "policy": HitPolicy("collect")}
    for given in ({"x": "v0"}, {"x": "v599"}, {"x": "v598"}):
        found = verdict(rules, given, vocabulary=vocabulary, **more)
        even = {"even"} if given["x"] != "v599" else set()
        assert found.value == frozenset({given["x"], *even})
    assert len(verdict(rules, {}, vocabulary=vocabulary, **more).possible) == 602


def test_values_and_ids_of_any_spelling() -> None:
    values = ["Zürich", "日本", 'a "quoted" one', "back\\slash", "true", "1", "", "é", "e\u0301"]
    rules = [
        rule(f"wa.rule-{n}.x_$and.{value}", OneOf("ort.§-1", (value,)), n)
        for n, value in enumerate(values)
    ]
    rete = Rete(book([fact("ort.§-1", "enum", *values)], [decision(kind="integer")], rules))
    for n, value in enumerate(values):
        assert rete.decide({"ort.§-1": value})["d"].value == n


# ---- decisions that use decisions -------------------------------------------------------------


def used(
    condition: Condition, rules: list[Rule], given: Mapping[str, Value], **more: Any
) -> Verdict:
    """The verdict on a decision whose one rule tests the decision ``e``."""
    first = decision("e", **{"kind": "enum", "values": "p q", **more})
    second = decision("d", requires=("e",))
    return Rete(book(FACTS, [first, second], [*rules, rule("r", condition)])).decide(given)["d"]


E_IS_P = OneOf("e", ("p",))
E_RULES = [rule("p", A, "p", "e"), rule("q", Not(A), "q", "e")]


def test_a_decided_decision_is_like_a_fact() -> None:
    assert used(E_IS_P, E_RULES, {"a": True}).certain == {"r"}
    assert used(E_IS_P, E_RULES, {"a": False}).may_apply == set()
    assert used(E_IS_P, E_RULES, {}).status == "unknown"


@pytest.mark.parametrize("test", [E_IS_P, OneOf("e", ("p",), negated=True), OneOf("e", ("q",))])
def test_an_open_decision_meets_no_test(test: Condition) -> None:
    rules = [rule("p", A, "p", "e")]
    assert used(test, rules, {"a": False}).status == "open"
    assert used(Not(test), rules, {"a": False}).certain == {"r"}
    assert used(test, rules, {}).status == "unknown"
    assert used(Not(test), rules, {}).status == "unknown"


def test_an_open_amount_meets_no_bound() -> None:
    rules = [rule("x", A, 5, "e")]
    for test in (Compare("e", "less_than", 9), Compare("e", "at_least", 9)):
        assert used(test, rules, {"a": False}, kind="integer").status == "open"
        assert used(Not(test), rules, {"a": False}, kind="integer").certain == {"r"}
    assert used(Compare("e", "less_than", 9), rules, {"a": True}, kind="integer").certain == {"r"}


def test_an_open_amount_beside_another() -> None:
    amounts = [decision("e", "integer"), decision("f", "integer")]
    rules = [rule("e", A, 1, "e"), rule("f", B, 2, "f")]
    test = Compare("e", "less_than", limit_name="f")
    last = decision("d", requires=("e", "f"))
    rules += [rule("yes", test), rule("no", Not(test), False)]
    rete = Rete(book(FACTS, [*amounts, last], rules))
    for a, b in itertools.product((True, False), repeat=2):
        assert rete.decide({"a": a, "b": b})["d"].value == (a and b)
    assert rete.decide({"a": False})["d"].certain == {"no"}


def test_sets() -> None:
    more: dict[str, Any] = {"kind": "set", "values": "x y z", "policy": HitPolicy("collect")}
    rules = [
        rule("x", A, frozenset({"x"}), "e"),
        rule("yz", B, frozenset({"y", "z"}), "e"),
    ]
    holds = OneOf("e", ("x", "y"))
    lacks = OneOf("e", ("x", "y"), negated=True)
    for a, b in itertools.product((True, False), repeat=2):
        given = {"a": a, "b": b}
        is_open = not (a or b)
        assert bool(used(holds, rules, given, **more).certain) == (a or b)
        assert bool(used(Not(holds), rules, given, **more).certain) == is_open
        assert not used(lacks, rules, given, **more).may_apply
        assert used(Not(lacks), rules, given, **more).certain == {"r"}
        assert bool(used(OneOf("e", ("y",), negated=True), rules, given, **more).certain) == (
            a and not b
        )
        found = used(OneOf("e", ("x",)), rules, given, **more)
        assert (bool(found.certain), found.certain) == (a, found.possible)
    assert used(holds, rules, {"b": True}, **more).status == "unknown"
    assert used(holds, rules, {"a": False}, **more).status == "unknown"
    assert used(holds, [], {}, **more, otherwise=Constant(frozenset({"z"}))).status == "open"


def test_conflict_spreads() -> None:
    rules = [rule("p", A, "p", "e"), rule("q", B, "q", "e")]
    found = used(ALWAYS, rules, {"a": True, "b": True})
    assert found == Verdict(*[frozenset()] * 4, "conflict", None)
    assert used(ALWAYS, rules, {"a": True, "b": False}).status == "decided"
    # It may come to a conflict, so nothing is certain of what requires it.
    assert used(ALWAYS, rules, {"a": True}).status == "unknown"
    chain = [decision("e"), decision("f", requires=("e",)), decision("d", requires=("f",))]
    more = [rule("1", A, True, "e"), rule("2", B, False, "e"), rule("3", decides="f"), rule("4")]
    rete = Rete(book(FACTS, chain, more))
    statuses = [one.status for one in rete.decide({"a": True, "b": True}).values()]
    assert statuses == ["conflict"] * 3
    assert [one.status for one in rete.decide({"a": True}).values()] == ["unknown"] * 3


def test_only_the_wanted_decisions() -> None:
    decisions = [decision("e"), decision("f"), decision("d", requires=("e",))]
    rules = [rule("e", A, decides="e"), rule("f", decides="f"), rule("d", OneOf("e", (True,)))]
    rete = Rete(book(FACTS, decisions, rules))
    assert list(rete.decide({"a": True}, only=["d"])) == ["e", "d"]
    assert rete.decide({"a": True}, only=["d"])["d"].value is True
    assert list(rete.decide({}, only=["f"])) == ["f"]
    assert rete.decide({}, only=[]) == {}


# ---- exceptions -------------------------------------------------------------------------------


def test_exceptions() -> None:
    rules = [rule("general"), rule("special", A, False, overrides=("general",))]
    assert verdict(rules, {"a": True}).certain == {"special"}
    assert verdict(rules, {"a": False}).certain == {"general"}
    found = verdict(rules, {})
    assert (found.certain, found.possible) == (frozenset(), {"general", "special"})
    assert (found.applies, found.may_apply) == ({"general"}, {"general", "special"})


def test_an_overridden_rule_still_overrides() -> None:
    rules = [
        rule("general"),
        rule("special", A, False, overrides=("general",)),
        rule("very-special", B, True, overrides=("special",)),
    ]
    found = verdict(rules, {"a": True, "b": True})
    assert (found.certain, found.value) == ({"very-special"}, True)
    assert found.applies == {"general", "special", "very-special"}
    # What may override special does not bring general back.
    assert verdict(rules, {"a": True}).possible == {"special", "very-special"}
    assert verdict(rules, {"a": True}).certain == frozenset()


# ---- hit policies and formulas ----------------------------------------------------------------


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


# ---- jurisdictions, size, threads -------------------------------------------------------------

STATES = [f"S{n}" for n in range(51)]


def fifty_states() -> Rulebase:
    rules = [
        rule(f"{state}.{n}", All((OneOf("state", (state,)), A if n else B)), n, overrides=())
        for state in STATES
        for n in range(2)
    ]
    rules.append(rule("two", AnyOf((OneOf("state", ("S1",)), OneOf("state", ("S2",)))), 7))
    facts = [*FACTS, fact("state", "enum", *STATES)]
    policy = HitPolicy("max")
    decisions = [decision(kind="integer", policy=policy)]
    return book(facts, decisions, rules, jurisdiction_fact="state")


def test_jurisdictions() -> None:
    rete = Rete(fifty_states())
    assert rete.decide({"state": "S0", "a": True, "b": True})["d"].certain == {"S0.0", "S0.1"}
    assert rete.decide({"state": "S1", "a": True, "b": True})["d"].value == 7
    assert rete.decide({"state": "S3", "a": True})["d"].possible == {"S3.0", "S3.1"}
    nowhere = rete.decide({"a": True, "b": False})["d"]
    assert not nowhere.applies
    assert nowhere.may_apply == {"two", *(f"{state}.1" for state in STATES)}


def test_three_hundred_facts_in_one_rulebase() -> None:
    names = [f"f{n}" for n in range(300)]
    rules = [rule(name, OneOf(name, (True,)), n) for n, name in enumerate(names)]
    vocabulary = [fact(name) for name in names]
    more: dict[str, Any] = {"kind": "integer", "policy": HitPolicy("sum")}
    given: dict[str, Value] = {name: n % 3 == 0 for n, name in enumerate(names)}
    assert verdict(rules, given, vocabulary=vocabulary, **more).value == sum(range(0, 300, 3))
    half = dict(list(given.items())[:150])
    assert len(verdict(rules, half, vocabulary=vocabulary, **more).possible) == 50 + 150
    every = All(tuple(OneOf(name, (True,)) for name in names))
    assert three(every, vocabulary, dict.fromkeys(names, True)) is True
    assert three(every, vocabulary, {**dict.fromkeys(names, True), "f299": False}) is False
    assert three(every, vocabulary, dict.fromkeys(names[:299], True)) is None
    assert three(Not(every), vocabulary, {"f7": False}) is True


def test_many_threads() -> None:
    rete = Rete(fifty_states())
    wrong: list[object] = []

    def work(seed: int) -> None:
        rng = random.Random(seed)
        for _ in range(150):
            state, a, b = rng.choice(STATES[3:]), rng.random() < 0.5, rng.random() < 0.5
            found = rete.decide({"state": state, "a": a, "b": b})["d"]
            expected = {f"{state}.1"} if a else set()
            if found.certain != expected | ({f"{state}.0"} if b else set()):
                wrong.append((state, a, b, found))

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_a_decision_leaves_nothing_behind() -> None:
    rete = Rete(fifty_states())
    full: dict[str, Value] = {"state": "S5", "a": True, "b": True}
    before = rete.decide({"state": "S5", "a": False})
    for given in (full, {}, {"a": True}, {"state": "S6", "b": True}):
        rete.decide(given)
    assert rete.decide({"state": "S5", "a": False}) == before
    assert full == {"state": "S5", "a": True, "b": True}


# ---- at random, against trying every completion -----------------------------------------------


def deciding(
    rules: Rulebase, facts: Mapping[str, Value], outcomes: Mapping[str, oracle.Outcome]
) -> Iterator[tuple[str, frozenset[str]]]:
    """For complete facts, the rules of each decision that decide, before the hit policy."""
    known = {**facts, **{n: v for n, (_, v, _) in outcomes.items() if v is not None}}
    for name, one in rules.decisions.items():
        if any(outcomes[other][0] == "conflict" for other in one.requires):
            yield name, frozenset()
            continue
        applying = [r for r in rules.rules_of(name) if oracle.holds(r.when, known, rules)]
        overridden = {other for r in applying for other in r.exception_to}
        yield name, frozenset(r.id for r in applying if r.id not in overridden)


def test_complete_facts_at_random() -> None:
    for seed in range(200):
        rules = rulebase(seed)
        rete, sampler = Rete(rules), Sampler(rules)
        rng = random.Random(seed)
        for _ in range(6):
            facts = sampler.draw(rng, 0)
            found = rete.decide(facts)
            outcomes = oracle.outcome(rules, facts)
            sets = dict(deciding(rules, facts, outcomes))
            for name, (status, value, _) in outcomes.items():
                one = found[name]
                where = (seed, name, facts)
                assert (one.status, one.value, one.certain) == (status, value, sets[name]), where
                assert one.certain == one.possible and one.applies == one.may_apply, where


def test_incomplete_facts_at_random() -> None:
    tried = decided = 0
    for seed in range(1_000, 1_150):
        rules = rulebase(seed)
        rete, sampler = Rete(rules), Sampler(rules)
        rng = random.Random(seed)
        for _ in range(3):
            complete = sampler.draw(rng, 0)
            missing = rng.choice((0.2, 0.5))
            facts = {name: value for name, value in complete.items() if rng.random() > missing}
            found = rete.decide(facts)
            for more in _completions(domains(rules, facts), rng):
                whole = {**complete, **facts, **more}
                outcomes = oracle.outcome(rules, whole)
                sets = dict(deciding(rules, whole, outcomes))
                for name, (status, value, _) in outcomes.items():
                    one, where = found[name], (seed, name, facts, more)
                    tried += 1
                    if one.status != "unknown":
                        assert (one.status, one.value) == (status, value), where
                        decided += 1
                    requires = rules.decisions[name].requires
                    if all(outcomes[other][0] != "conflict" for other in requires):
                        assert one.certain <= sets[name] <= one.possible, where
    assert decided > tried // 10


def _completions(
    missing: Mapping[str, list[Value]], rng: random.Random
) -> Iterator[dict[str, Value]]:
    """Every completion, or a few of them where there are many."""
    if math.prod(map(len, missing.values())) <= 30:
        for values in itertools.product(*missing.values()):
            yield dict(zip(missing, values, strict=True))
    else:
        for _ in range(30):
            yield {name: rng.choice(values) for name, values in missing.items()}
