"""What is remembered of other loans changes no answer."""

from __future__ import annotations

import random
from itertools import pairwise
from pathlib import Path

import pytest

from engine import Decider
from engine.evaluation import alike, session
from engine.evaluation.session import Session
from engine.model import ORDERED
from tests import random_packs
from tests.evaluation.test_slices import spread
from tests.small import pack

SEEDS = range(900, 930)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_loan_is_decided_as_if_it_were_the_first(seed: int) -> None:
    """Each loan differs from the one before in a fact or two, or in a number or day alone, so that
    much of it is remembered."""
    book, rng = spread(seed) or random_packs.rulebase(seed), random.Random(seed)
    decider, known = Decider(book), alike.Alike()
    facts = random_packs.facts(book, rng, missing=0.5)
    for number in range(40):
        other = random_packs.facts(book, rng, missing=0.4)
        changed = rng.sample(list(book.facts), k=min(2, len(book.facts)))
        if number % 2:
            changed = [name for name in changed[:1] if name in facts and name in other]
            changed = [name for name in changed if book.facts[name].type in ORDERED]
        for name in changed:
            facts = {n: v for n, v in facts.items() if n != name}
            facts |= {name: other[name]} if name in other else {}
        compiled = decider.compiled_for(facts)
        sessions = [Session(compiled, facts), Session(compiled, facts, alike=known)]
        if not sessions[0].walk.possible():
            continue
        if number % 3:
            sessions[1].recall()
        for decision in book.decisions.values():
            first, again = (each.find(decision) for each in sessions)
            assert first == again
        found = {}
        for name in book.decisions:
            answers = [each.answer(name, number % 5 > 0) for each in sessions]
            assert answers[0] == answers[1], facts
            found[name] = answers[1]
        if number % 5 > 0:
            sessions[1].remember(found)


def test_what_was_worked_out_is_not_worked_out_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rules = "a | late | {fraud: true} | true\nb | late | {kind: car, units: 1} | false"
    decider = pack(tmp_path, "late: {type: boolean, label: L}", rules)
    loans = [{"fraud": True, "kind": "home", "debt": debt} for debt in (1, 2)]
    loans += [{"kind": "car", "debt": debt} for debt in (1, 2)]  # open: of how many units?
    expected = [decider.decide(loan).answers["late"] for loan in loans]
    monkeypatch.setattr(session, "outcomes_of", None)
    assert [decider.decide(loan).answers["late"] for loan in loans] == expected
    with pytest.raises(TypeError):
        decider.decide({"kind": "home"})


@pytest.mark.parametrize("first", [True, False])
def test_the_first_loan_is_remembered_where_many_are_to_come(tmp_path: Path, first: bool) -> None:
    decider = pack(tmp_path, "late: {type: boolean, label: L}", "a | late | {fraud: true} | true")
    decider.remembers_first = first
    answers = [decider.decide({"fraud": True}).answers["late"] for _ in range(3)]
    assert answers[0] == answers[1] == answers[2]
    assert [a is b for a, b in pairwise(answers)] == [first, True]


def test_a_loan_of_the_same_shape_finds_everything_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    decisions = """
late: {type: boolean, label: L}
owed: {type: money, label: Owed}
rest: {type: money, label: Rest}
"""
    rules = """
a | late | {debt: {more_than: 100}} | true
b | owed | {kind: home} | {amount: debt - price}
c | owed | {kind: car} | {amount: debt}
d | rest | {fraud: true} | {amount: debt - price}
e | rest | {fraud: false} | {amount: debt}
"""
    decider = pack(tmp_path, decisions, rules)
    loans = [
        {"kind": "home", "debt": 300, "price": 100},
        {"kind": "home", "debt": 250, "price": 10},  # how much is left hangs on fraud
        {"kind": "home", "debt": 250, "price": 20},
    ]
    expected = [Decider(decider.rulebase).decide(loan).answers for loan in loans]
    decider.remembers_first = True
    assert decider.decide(loans[0]).answers == expected[0]
    for name in ("bunch_key", "key_of"):  # whereby a loan of another shape would find its own
        monkeypatch.setattr(alike, name, None)
    assert [decider.decide(loan).answers for loan in loans] == expected
    with pytest.raises(TypeError):
        decider.decide({"kind": "home", "debt": 99, "price": 10})


def test_amounts_that_lie_otherwise_to_one_another_make_another_shape(tmp_path: Path) -> None:
    rules = (
        "a | late | {debt: {more_than: price}} | true\nb | late | {debt: {at_most: price}} | false"
    )
    decider = pack(tmp_path, "late: {type: boolean, label: L}", rules)
    decider.remembers_first = True
    loans = [{"debt": debt, "price": 200} for debt in (300, 100, 400, 200)]
    assert [decider.decide(loan).value("late") for loan in loans] == [True, False, True, False]


def test_an_amount_is_reckoned_anew(tmp_path: Path) -> None:
    decisions = "owed: {type: money, label: Owed}"
    rules = "a | owed | {kind: home} | {amount: debt - price}"
    decider = pack(tmp_path, decisions, rules)
    found = [
        decider.decide({"kind": "home", "debt": debt, "price": 100}).value("owed")
        for debt in (300, 250)
    ]
    assert list(map(str, found)) == ["200.00", "150.00"]
    answer = decider.decide({"kind": "home", "debt": 250, "price": 10}).answers["owed"]
    assert list(map(str, answer.facts_used.values())) == ["home", "250.00", "10.00"]


def test_what_other_facts_leave_open_is_told_apart(tmp_path: Path) -> None:
    """The same facts of the decision are known, but a constraint leaves less of them."""
    ties = "constraints: {t: {when: {fraud: true}, must: {units: {at_most: 4}}, because: So.}}"
    rules = "a | late | {units: {at_most: 4}} | true\nb | late | {units: {more_than: 4}} | false"
    decider = pack(tmp_path, "late: {type: boolean, label: L}", rules, ties)
    statuses = [
        decider.decide(facts).answers["late"].status
        for facts in ({}, {"fraud": True}, {}, {"fraud": False}, {"fraud": True})
    ]
    assert statuses == ["undetermined", "decided", "undetermined", "undetermined", "decided"]


def test_a_day_in_a_comparison_is_told_apart(tmp_path: Path) -> None:
    """That the loan was made before it was sold leaves less where the sale was early."""
    ties = (
        "constraints: {t: {when: {kind: home}, must: {made: {on_or_before: sold}}, because: So.}}"
    )
    rules = "a | late | {made: {before: 2000-01-01}} | true\nb | late | {made: {on_or_after: 2000-01-01}} | false"
    decider = pack(tmp_path, "late: {type: boolean, label: L}", rules, ties)
    statuses = [
        decider.decide({"kind": "home", "sold": sold}).answers["late"].status
        for sold in ("2005-01-01", "1990-01-01", "2006-01-01", "1995-01-01")
    ]
    assert statuses == ["undetermined", "decided"] * 2
