"""Which facts can matter to a decision, and that nothing else does."""

from __future__ import annotations

import random
from dataclasses import replace
from functools import partial

import pytest

from engine import Decider, Record, load
from engine.analysis.case_files import read_cases
from engine.evaluation.relevance import Relevance
from engine.model import AnyOf, Constraint, Not, OneOf, Presumption, Ref, Rulebase, Value
from engine.problems import InputError
from tests import random_packs
from tests.evaluation.small_books import book, decision, fact, rule


def yes(name: str) -> OneOf:
    return OneOf(name, (True,))


def test_what_a_decision_hangs_on() -> None:
    rules = [rule("r", yes("a")), rule("s", yes("g"), decides="e")]
    made = replace(
        book([fact(name) for name in "abcefgh"], [decision("d"), decision("x")], rules[:1]),
        presumptions=(
            Presumption("a", True, "", yes("b")),
            Presumption("b", True, "", yes("c")),
            Presumption("f", True, "", yes("a")),
        ),
        constraints=(
            Constraint("both", "", AnyOf((yes("c"), Not(yes("e"))))),
            Constraint("others", "", AnyOf((yes("g"), yes("h")))),
        ),
    )
    found = Relevance(made)
    assert found.of("", ["d"]) == set("abce")  # not f, which hangs on a
    assert found.of("", ["x"]) == set()
    made = replace(made, rules=(*rules[:1], replace(rules[1], decides="x")))
    assert Relevance(made).of("", ["x"]) == set("gh")
    assert Relevance(made).of("", ["d", "x"]) == set("abcegh")


def test_rules_of_another_place_do_not_matter() -> None:
    rules = [
        replace(rule(f"r{place}", yes(name)), jurisdiction=place)
        for place, name in (("X", "a"), ("Y", "b"))
    ]
    found = Relevance(book([fact(n) for n in "abc"], [decision(otherwise=Ref("c"))], rules))
    assert found.of("X", ["d"]) == set("ac")
    assert found.of("Y", ["d"]) == set("bc")
    assert found.of("elsewhere", ["d"]) == set("c")
    assert found.of("", ["d"]) == set("abc")


def presuming(seed: int) -> Rulebase:
    """A random rulebase that presumes something, often depending on what else is known; three of
    its facts are spoken of in presumptions alone."""
    made, rng = random_packs.rulebase(seed), random.Random(seed)
    made = replace(made, facts={**made.facts, **{name: fact(name) for name in "xyz"}})
    facts = [each for each in made.facts.values() if each.type in ("enum", "boolean")]

    def value(name: str) -> Value:
        values: list[Value] = list(made.facts[name].values)
        return rng.choice(values or [True, False])

    def presumption() -> Presumption:
        about, on = (rng.choice(facts).name for _ in range(2))
        return Presumption(about, value(about), "", OneOf(on, (value(on),), rng.random() < 0.5))

    return replace(made, presumptions=tuple(presumption() for _ in range(8)))


def outcomes(record: Record) -> dict[str, tuple[object, ...]]:
    return {
        name: (
            answer.status,
            answer.value,
            [rule.id for rule in answer.rules],
            {(one.outcome, frozenset(rule.id for rule in one.rules)) for one in answer.possible},
        )
        for name, answer in record.answers.items()
    }


def test_no_answer_changes() -> None:
    every, fewer = 0, 0
    for seed in range(60, 84):
        made, rng = presuming(seed), random.Random(seed)
        decider = Decider(made)
        for _ in range(25):
            facts = random_packs.facts(made, rng, missing=0.6)
            for name in made.decisions:
                try:
                    whole = decider.decide(facts, only=[name], reasons=False)
                except InputError:  # what is presumed leaves no loan
                    continue
                few = decider.decide(facts, only=[name], reasons=False, sparing=True)
                assert outcomes(few) == outcomes(whole)
                assert few.presumed.items() <= whole.presumed.items()
                fewer += len(few.presumed) < len(whole.presumed)
                every += 1
    assert every > 1_000
    assert fewer > 100


@pytest.mark.parametrize("place", ["AZ", "MN"])
def test_no_answer_of_the_law_changes(place: str) -> None:
    law = load("us")
    there = [c for c in read_cases(law.rulebase) if c.given.get("property_state") == place]
    decider = Decider(law.rulebase)
    assert len(there) > 50
    for case in there[::3]:
        only = [each.decision.name for each in case.expected]
        decide = partial(decider.decide, strict=case.strict, only=only, reasons=False)
        whole, few = decide(case.given), decide(case.given, sparing=True)
        assert outcomes(few) == outcomes(whole)
        if not case.strict:
            assert 0 < len(few.presumed) < len(whole.presumed)
