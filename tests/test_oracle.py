"""The oracle itself, on rules small enough to check by hand."""

from __future__ import annotations

import datetime
import random
from decimal import Decimal
from fractions import Fraction

import pytest

from engine.model import (
    ALWAYS,
    Arithmetic,
    Authority,
    Compare,
    Condition,
    Constant,
    Constraint,
    Decision,
    DecisionType,
    Fact,
    Formula,
    HitPolicy,
    Not,
    OneOf,
    PolicyKind,
    Ref,
    Rule,
    Rulebase,
    Value,
)
from tests import oracle, random_packs

FACTS = {
    "kind": Fact("kind", "enum", "", "", {"a": "", "b": "", "c": ""}),
    "units": Fact("units", "integer", "", "", at_least=1),
    "debt": Fact("debt", "money", "", ""),
    "price": Fact("price", "money", "", ""),
}


def rule(
    number: int, when: Condition, then: Value | Arithmetic, *over: int, decides: str = "x"
) -> Rule:
    formula = then if isinstance(then, Arithmetic) else Constant(then)
    over_ids = tuple(f"r{n}" for n in over)
    return Rule(f"r{number}", "", decides, when, formula, "", Authority("case", ""), over_ids)


def decided(value: Value, *ids: str) -> oracle.Outcome:
    return "decided", value, frozenset(ids)


def decision(
    name: str = "x",
    kind: DecisionType = "enum",
    policy: PolicyKind = "unique",
    order: tuple[Value, ...] = (),
    otherwise: Formula | None = None,
    at_least: Value | None = None,
    requires: tuple[str, ...] = (),
) -> Decision:
    return Decision(
        name,
        kind,
        "",
        {},
        HitPolicy(policy, order),
        otherwise,
        at_least=at_least,
        requires=requires,
    )


def pack(
    decisions: list[Decision], rules: list[Rule], constraints: tuple[Condition, ...] = ()
) -> Rulebase:
    return Rulebase(
        name="small",
        version="1",
        title="",
        digest="",
        root="",
        facts=FACTS,
        terms={},
        constraints=tuple(Constraint(f"c{n}", "", when) for n, when in enumerate(constraints)),
        presumptions=(),
        decisions={one.name: one for one in decisions},
        rules=tuple(rules),
    )


A, B = OneOf("kind", ("a",)), OneOf("kind", ("b",))


def test_an_overridden_exception_still_overrides() -> None:
    rules = [rule(1, ALWAYS, "one"), rule(2, ALWAYS, "two", 1), rule(3, A, "three", 2)]
    small = pack([decision()], rules)
    assert oracle.outcome(small, {"kind": "a"})["x"] == decided("three", "r3")
    assert oracle.outcome(small, {"kind": "b"})["x"] == decided("two", "r2")


def test_unique_rules_must_agree() -> None:
    small = pack([decision()], [rule(1, A, "one"), rule(2, A, "two"), rule(3, B, "one")])
    assert oracle.outcome(small, {"kind": "a"})["x"] == ("conflict", None, frozenset({"r1", "r2"}))
    assert oracle.outcome(small, {"kind": "c"})["x"] == ("open", None, frozenset())


def test_a_conflict_spreads_to_what_requires_it() -> None:
    needs = decision("y", requires=("x",))
    rules = [rule(1, A, "one"), rule(2, A, "two"), rule(3, ALWAYS, "three", decides="y")]
    small = pack([decision(), needs], rules)
    assert oracle.outcome(small, {"kind": "a"})["y"] == ("conflict", None, frozenset())
    assert oracle.outcome(small, {"kind": "b"})["y"] == decided("three", "r3")


def test_an_open_decision_meets_no_test_but_a_surrounding_not() -> None:
    tests: list[tuple[Condition, str]] = [
        (OneOf("x", ("one",)), "no"),
        (OneOf("x", ("one",), negated=True), "no"),
        (Not(OneOf("x", ("one",))), "yes"),
    ]
    for when, answer in tests:
        needs = decision("y", otherwise=Constant("no"), requires=("x",))
        rules = [rule(1, A, "one"), rule(2, when, "yes", decides="y")]
        assert oracle.outcome(pack([decision(), needs], rules), {"kind": "c"})["y"][1] == answer


@pytest.mark.parametrize(
    ("policy", "value", "ids"),
    [("min", "1.00", {"r1"}), ("max", "2.50", {"r2", "r3"}), ("sum", "6.00", {"r1", "r2", "r3"})],
)
def test_amounts(policy: PolicyKind, value: str, ids: set[str]) -> None:
    amounts = ["1.00", "2.50", "2.50"]
    rules = [rule(n, ALWAYS, Decimal(amount)) for n, amount in enumerate(amounts, 1)]
    small = pack([decision(kind="money", policy=policy)], rules)
    assert oracle.outcome(small, {})["x"] == decided(Decimal(value), *ids)


def test_priority_and_collect() -> None:
    rules = [rule(1, ALWAYS, "full"), rule(2, ALWAYS, "none"), rule(3, ALWAYS, "none")]
    order = decision(policy="priority", order=("none", "full"))
    assert oracle.outcome(pack([order], rules), {})["x"] == decided("none", "r2", "r3")
    sets = [rule(1, ALWAYS, frozenset({"p"})), rule(2, ALWAYS, frozenset({"q"}))]
    union = oracle.outcome(pack([decision(kind="set", policy="collect")], sets), {})["x"]
    assert union == decided(frozenset({"p", "q"}), "r1", "r2")


def test_money_is_rounded_once_and_never_below_at_least() -> None:
    third = Arithmetic("/", Ref("debt"), Constant(Decimal(3)))
    rules = [rule(1, ALWAYS, third), rule(2, ALWAYS, third)]
    small = pack([decision(kind="money", policy="sum")], rules)
    assert oracle.outcome(small, {"debt": Decimal("0.01")})["x"][1] == Decimal("0.01")
    short = Arithmetic("-", Ref("price"), Ref("debt"))
    small = pack([decision(kind="money", at_least=Decimal(0))], [rule(1, ALWAYS, short)])
    assert oracle.outcome(small, {"debt": Decimal(5), "price": Decimal(3)})["x"][1] == 0


def test_a_division_by_zero_leaves_the_decision_open() -> None:
    ratio = Arithmetic("/", Ref("debt"), Ref("units"))
    small = pack([decision(kind="money")], [rule(1, ALWAYS, ratio)])
    assert oracle.outcome(small, {"debt": Decimal(1), "units": 0})["x"][0] == "open"


@pytest.mark.parametrize(
    ("value", "kind", "expected"),
    [
        (Fraction(1, 200), "money", Decimal("0.01")),
        (Fraction(-1, 200), "money", Decimal("-0.01")),
        (Fraction(5, 2), "integer", 3),
        (Fraction(2, 3), "decimal", Decimal("0.666667")),
    ],
)
def test_rounding(value: Fraction, kind: str, expected: Value) -> None:
    assert oracle.rounded(value, kind) == expected


@pytest.mark.parametrize(
    ("start", "count", "unit", "expected"),
    [
        ("2024-01-31", 1, "months", "2024-02-29"),
        ("2024-02-29", 1, "years", "2025-02-28"),
        ("2024-03-31", -1, "months", "2024-02-29"),
        ("2024-01-01", -1, "weeks", "2023-12-25"),
    ],
)
def test_periods(start: str, count: int, unit: str, expected: str) -> None:
    day = datetime.date.fromisoformat(start)
    assert oracle.shift(day, count, unit).isoformat() == expected


def test_possible_outcomes_respect_bounds_and_constraints() -> None:
    rules = [
        rule(1, Compare("units", "less_than", 1), "never"),
        rule(2, Compare("units", "at_most", 4), "small"),
        rule(3, Compare("units", "more_than", 4), "large"),
    ]
    every = oracle.possible(pack([decision()], rules), {})
    assert every == {"x": {("decided", "small"), ("decided", "large")}}
    every = oracle.possible(pack([decision()], rules, (Compare("units", "at_least", 5),)), {})
    assert every == {"x": {("decided", "large")}}


def test_possible_outcomes_of_facts_compared_with_one_another() -> None:
    lower = Compare("price", "less_than", limit_name="debt")
    higher = Compare("price", "more_than", limit_name="debt")
    small = pack([decision()], [rule(1, lower, "lower"), rule(2, higher, "higher")])
    three = {("decided", "lower"), ("decided", "higher"), ("open", None)}
    assert oracle.possible(small, {}) == {"x": three}
    least = {("decided", "higher"), ("open", None)}
    assert oracle.possible(small, {"debt": Decimal(0)}) == {"x": least}


def test_too_many_completions_are_not_tried() -> None:
    assert oracle.possible(pack([decision()], [rule(1, A, "one")]), {}, limit=2) is None


@pytest.mark.parametrize("seed", range(30))
def test_a_completion_is_among_the_possible_outcomes(seed: int) -> None:
    rulebase, rng = random_packs.rulebase(seed), random.Random(seed)
    complete = random_packs.facts(rulebase, rng, 0)
    partial = {name: value for name, value in complete.items() if rng.random() < 0.7}
    every = oracle.possible(rulebase, partial, 500)
    if every is None:
        return
    for name in oracle.enumerable(rulebase, partial):
        assert oracle.outcome(rulebase, complete)[name][:2] in every[name]


def test_a_seed_makes_one_rulebase() -> None:
    assert random_packs.rulebase(5) == random_packs.rulebase(5)
    assert random_packs.rulebase(5) != random_packs.rulebase(6)


@pytest.mark.parametrize("seed", range(60))
def test_a_random_rulebase_is_in_order(seed: int) -> None:
    rulebase = random_packs.rulebase(seed)
    earlier: set[str] = set()
    for name, one in rulebase.decisions.items():
        assert earlier.issuperset(one.requires)
        earlier.add(name)
        before: set[str] = set()
        for each in rulebase.rules_of(name):
            assert before.issuperset(each.exception_to)
            before.add(each.id)
