"""The Rete evaluator: conditions, decisions that use decisions, exceptions."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from engine.evaluation.rete import Rete, Verdict
from engine.model import (
    ALWAYS,
    All,
    AnyOf,
    Compare,
    Condition,
    Constant,
    HitPolicy,
    Not,
    OneOf,
    Rule,
    Term,
    TermHolds,
    Value,
)
from tests.evaluation.small_books import (
    DAY,
    FACTS,
    A,
    B,
    C,
    book,
    decision,
    fact,
    rule,
    three,
    verdict,
)

# ---- tests and conditions ---------------------------------------------------------------------


def test_a_rule_without_condition_always_decides() -> None:
    found = verdict([rule("r")], {})
    only = frozenset({"r"})
    assert found == Verdict(only, only, only, only, "decided", True)


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
    tests = {value: OneOf("x", (value,)) for value in values}
    tests["even"] = OneOf("x", tuple(values[::2]))
    tests["none"] = OneOf("x", tuple(values), negated=True)
    rules = [rule(name, test, frozenset({name})) for name, test in tests.items()]
    more: dict[str, Any] = {"kind": "set", "values": " ".join(tests)}
    more["policy"] = HitPolicy("collect")
    for value in ("v0", "v599", "v598"):
        found = verdict(rules, {"x": value}, vocabulary=vocabulary, **more)
        even = {"even"} if value != "v599" else set()
        assert found.value == frozenset({value, *even})
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
    none: frozenset[str] = frozenset()
    assert found == Verdict(none, none, none, none, "conflict", None)
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


def test_truth_values() -> None:
    rules = [rule("yes", A, True, "e"), rule("no", B, False, "e")]
    either_way = OneOf("e", (True, False))
    tests = {"t": OneOf("e", (True,)), "f": OneOf("e", (False,)), "tf": either_way}
    tests |= {f"other than {name}": replace(test, negated=True) for name, test in tests.items()}
    holds: dict[object, set[str]] = {
        True: {"t", "tf", "other than f"},
        False: {"f", "tf", "other than t"},
        "open": set(),
    }
    given: dict[object, dict[str, Value]] = {
        True: {"a": True, "b": False},
        False: {"a": False, "b": True},
        "open": {"a": False, "b": False},
    }
    for value, (name, test) in itertools.product(given, tests.items()):
        expected = name in holds[value]
        assert bool(used(test, rules, given[value], kind="boolean").certain) == expected
        assert bool(used(Not(test), rules, given[value], kind="boolean").certain) != expected
    for name, test in tests.items():
        never = name == "other than tf"
        assert bool(used(test, rules, {"b": False}, kind="boolean").may_apply) != never
        assert used(Not(test), rules, {"b": False}, kind="boolean").may_apply == {"r"}
        assert not used(test, rules, {"b": False}, kind="boolean").applies


# ---- exceptions -------------------------------------------------------------------------------


def test_exceptions() -> None:
    rules = [rule("general"), rule("special", A, False, overrides=("general",))]
    assert verdict(rules, {"a": True}).certain == {"special"}
    assert verdict(rules, {"a": False}).certain == {"general"}
    found = verdict(rules, {})
    assert found.certain == set()
    assert found.possible == {"general", "special"}
    assert found.applies == {"general"}
    assert found.may_apply == {"general", "special"}


def test_an_overridden_rule_still_overrides() -> None:
    rules = [
        rule("general"),
        rule("special", A, False, overrides=("general",)),
        rule("very-special", B, True, overrides=("special",)),
    ]
    found = verdict(rules, {"a": True, "b": True})
    assert found.certain == {"very-special"}
    assert found.value is True
    assert found.applies == {"general", "special", "very-special"}
    # What may override special does not bring general back.
    assert verdict(rules, {"a": True}).possible == {"special", "very-special"}
    assert verdict(rules, {"a": True}).certain == frozenset()
