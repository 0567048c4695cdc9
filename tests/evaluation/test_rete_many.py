"""The Rete evaluator: many rules, of which a loan asks a part; many facts, loans, threads."""

from __future__ import annotations

import random
import threading
from typing import Any

from engine.evaluation.rete import Rete
from engine.model import (
    All,
    AnyOf,
    Compare,
    HitPolicy,
    Not,
    OneOf,
    Ref,
    Rulebase,
    Term,
    TermHolds,
    Value,
)
from tests.evaluation.small_books import FACTS, A, B, C, book, decision, fact, rule, three, verdict

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


def test_rules_that_mostly_require_one_value_of_something() -> None:
    programs = [fact("program", "enum", "p", "q", "r"), *FACTS]
    terms = [Term("t", "", All((OneOf("program", ("p",)), A)))]
    rules = [
        rule("p", TermHolds("t"), 1),
        rule("q", All((OneOf("program", ("q",)), B)), 2),
        rule("not-q", OneOf("program", ("q",), negated=True), 3),
        rule("any", OneOf("program", ("p", "q")), 4),
        rule("free", C, 5),
    ]
    policy = HitPolicy("max")
    rete = Rete(book(programs, [decision(kind="integer", policy=policy)], rules, terms=terms))
    facts: dict[str, Value] = {"a": True, "b": True, "c": False}
    for program, expected in {"p": "p not-q any", "q": "q any", "r": "not-q"}.items():
        found = rete.decide({**facts, "program": program})["d"]
        assert found.applies == found.may_apply == set(expected.split())
    unknown = rete.decide(facts)["d"]
    assert not unknown.applies
    assert unknown.may_apply == {"p", "q", "not-q", "any"}


def test_rules_that_mostly_require_one_value_of_a_decision() -> None:
    decisions = [decision("e", "enum", values="p q"), decision("d", requires=("e",))]
    rules = [rule("p", A, "p", "e"), rule("q", B, "q", "e")]
    rules += [rule("if-p", OneOf("e", ("p",))), rule("if-q", OneOf("e", ("q",)), False)]
    rules += [rule("if-not-p", Not(OneOf("e", ("p",))), False)]
    rete = Rete(book(FACTS, decisions, rules))
    for given, expected in (
        ({"a": True, "b": False}, {"if-p"}),
        ({"a": False, "b": True}, {"if-q", "if-not-p"}),
        ({"a": False, "b": False}, {"if-not-p"}),
        ({"a": True, "b": True}, set()),
    ):
        found = rete.decide(given)["d"]
        assert found.applies == found.may_apply == expected
    assert rete.decide({"b": False})["d"].may_apply == {"if-p", "if-q", "if-not-p"}


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
    others: list[dict[str, Value]] = [full, {}, {"a": True}, {"state": "S6", "b": True}]
    for given in others:
        rete.decide(given)
    assert rete.decide({"state": "S5", "a": False}) == before
    assert full == {"state": "S5", "a": True, "b": True}


def test_more_loans_than_are_remembered() -> None:
    rules = [rule("high", Compare("n", "at_least", 500), 1), rule("given", then=Ref("n"))]
    rete = Rete(
        book([fact("n", "integer")], [decision(kind="integer", policy=HitPolicy("sum"))], rules)
    )
    for n in (*range(1000), *range(999, -1, -1)):
        found = rete.decide({"n": n})["d"]
        assert found.applies == ({"high", "given"} if n >= 500 else {"given"})
        assert found.value == n + (n >= 500)
    assert rete.decide({})["d"].may_apply == {"high", "given"}
