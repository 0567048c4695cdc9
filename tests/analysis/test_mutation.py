"""Mutants of the law: which are equivalent, which are killed, and by what."""

from __future__ import annotations

import itertools
import json
import math
from fractions import Fraction
from pathlib import Path

import pytest

from engine.analysis.case_files import read_cases
from engine.analysis.cases import run_cases
from engine.analysis.mutants import mutants, with_mutant
from engine.analysis.mutation import Mutation, Verdict, judge, mutate
from engine.evaluation.decide import Decider
from engine.evaluation.facts import presume
from engine.model import Rulebase, Value
from engine.presentation.mutation import as_data, as_json, as_text
from tests import oracle
from tests.completions import domains
from tests.random_packs import rulebase as random_rulebase
from tests.small import pack

DECISIONS = """
recourse: {type: enum, label: R, values: {none: N, full: F}, otherwise: full, otherwise_because: x}
owed: {type: money, label: O, at_least: 0, otherwise: 0, otherwise_because: x}
"""
RULES = """
home | recourse | {kind: home} | none
home.fraud | recourse | {kind: home, fraud: true} | full | exception_to: home
short | owed | {recourse: full} | {amount: debt - price}
"""
CASES = """
- case: a home
  given: {kind: home, fraud: false, debt: 5, price: 3}
  expect: {recourse: none, owed: 0}
- case: a car
  given: {kind: car, fraud: false, debt: 5, price: 3}
  expect: {recourse: full, owed: 2}
"""
FRAUD = """
- case: a home with fraud
  given: {kind: home, fraud: true}
  expect: {recourse: full}
"""


def tried(folder: Path, cases: str, rules: str = RULES, jobs: int = 1) -> Mutation:
    decider = pack(folder, DECISIONS, rules, cases=cases)
    return mutate(decider.rulebase, run_cases(decider, read_cases(decider.rulebase)), jobs)


def find(mutation: Mutation, about: str, what: str) -> Verdict:
    [found] = [
        v for v in mutation.verdicts if v.mutant.about == about and v.mutant.what.startswith(what)
    ]
    return found


def test_a_case_kills_what_it_notices(tmp_path: Path) -> None:
    mutation = tried(tmp_path, CASES)
    assert find(mutation, "home", "drops the rule").killed_by == "a home"
    assert find(mutation, "home", "drops `kind: home`").killed_by == "a car"
    assert find(mutation, "short", "then debt + price").killed_by == "a car"


def test_cases_that_name_a_state_count_where_no_rule_lies_in_one(tmp_path: Path) -> None:
    stated = CASES.replace("{kind:", "{state: CA, kind:")
    assert tried(tmp_path / "a", stated).score == tried(tmp_path / "b", CASES).score


def test_a_survivor_comes_with_the_loan_that_shows_it(tmp_path: Path) -> None:
    mutation = tried(tmp_path, CASES)
    verdict = find(mutation, "home.fraud", "drops the rule")
    assert verdict.fate == "survived" and verdict.loan is not None
    assert verdict.loan.given == {"kind": "home", "fraud": True}
    assert verdict.loan.now == "full (by home.fraud)"
    assert verdict.loan.then == "none (by home)"
    assert find(tried(tmp_path, CASES + FRAUD), "home.fraud", "drops the rule").fate == "killed"


def test_a_mutant_that_changes_no_outcome_does_not_count(tmp_path: Path) -> None:
    # Without its test of the kind the exception still overrides nothing but `home`; for a car its
    # outcome is that of `otherwise`.
    mutation = tried(tmp_path, CASES + FRAUD)
    assert find(mutation, "home.fraud", "drops `kind: home`").fate == "equivalent"
    assert mutation.count("equivalent") + mutation.count("killed") + mutation.count(
        "survived"
    ) == len(mutation.verdicts)
    survived = mutation.count("survived")
    killed = mutation.count("killed")
    assert mutation.score == Fraction(killed, killed + survived)


def test_equal_amounts_by_another_formula_are_equivalent(tmp_path: Path) -> None:
    rules = "plain | owed | | {amount: debt}\n" + (
        "less | owed | {price: {more_than: 0}} | {amount: debt - price} | exception_to: plain"
    )
    mutation = tried(tmp_path, CASES, rules)
    assert find(mutation, "less", "drops `price").fate == "equivalent"
    assert find(mutation, "less", "`price: {more_than: -0.01}`").fate == "equivalent"
    moved = find(mutation, "less", "`price: {more_than: 0.01}`")
    assert moved.fate == "survived" and moved.loan is not None
    assert str(moved.loan.given["price"]) == "0.01"


def test_by_alone_kills_only_what_changes_an_outcome(tmp_path: Path) -> None:
    rules = "a | recourse | {kind: home} | none\nb | recourse | {fraud: true} | none"
    cases = """
    - case: both
      given: {kind: home, fraud: true}
      expect: {recourse: none, by: [a, b]}
    """
    mutation = tried(tmp_path, cases, rules)
    assert find(mutation, "a", "drops the rule").killed_by == "both"
    same = "a | recourse | {kind: home} | none\nb | recourse | {kind: home} | none"
    assert find(tried(tmp_path, cases, same), "a", "drops the rule").fate == "equivalent"


def test_effective_dates_are_moved_and_dropped(tmp_path: Path) -> None:
    rules = "dated | recourse | | none | effective: {from: 2009-10-01, to: 2013-12-31, measured_by: made}"
    decider = pack(tmp_path, DECISIONS, rules)
    words = [mutant.what for mutant in mutants(decider.rulebase)]
    assert "drops `made: {on_or_after: 2009-10-01}`" in words
    moved = "`made: {on_or_before: 2014-01-01}` instead of `made: {on_or_before: 2013-12-31}`"
    assert moved in words
    assert not any(word.startswith("negates") for word in words)
    kept = """
    - {case: before, given: {made: 2009-09-30}, expect: {recourse: full}}
    - {case: first, given: {made: 2009-10-01}, expect: {recourse: none}}
    - {case: last, given: {made: 2013-12-31}, expect: {recourse: none}}
    - {case: after, given: {made: 2014-01-01}, expect: {recourse: full}}
    """
    mutation = tried(tmp_path, kept, rules)
    assert mutation.score == 1 and mutation.count("equivalent") == 0


def test_a_term_is_mutated_wherever_rules_use_it(tmp_path: Path) -> None:
    vocabulary = """
    terms:
      small: {label: Small, when: {units: {at_most: 4}}}
      small_home: {label: Small home, when: {small: true, kind: home}}
    """
    decider = pack(tmp_path, DECISIONS, "a | recourse | {small_home: true} | none", vocabulary)
    moved = [
        mutant
        for mutant in mutants(decider.rulebase)
        if mutant.about == "small" and "{at_most: 5}" in mutant.what
    ]
    assert len(moved) == 1
    [verdict] = judge(decider.rulebase, [], moved)
    assert verdict.loan is not None
    assert verdict.loan.given["units"] == 5


def test_the_processes_agree_with_one(tmp_path: Path) -> None:
    more = "\n".join(f"r{i} | recourse | {{units: {i + 2}, kind: car}} | full" for i in range(40))
    one, two = (tried(tmp_path, CASES, RULES + more, jobs) for jobs in (1, 2))
    assert len(one.verdicts) > 200
    assert one == two


def test_renderings(tmp_path: Path) -> None:
    decider = pack(tmp_path, DECISIONS, RULES, cases=CASES)
    mutation = tried(tmp_path, CASES)
    text = as_text(mutation)
    assert "home.fraud" in text and "- case:" in text and "% killed" in text
    data = json.loads(as_json(mutation, decider.rulebase))
    assert data == as_data(mutation, decider.rulebase)
    assert len(data["mutants"]) == len(mutation.verdicts)
    assert data["survived"] == len(mutation.survivors)


# ---- against the oracle -----------------------------------------------------------------------

Outcomes = dict[str, tuple[str, Value | None]]


def outcomes(rulebase: Rulebase, facts: dict[str, Value]) -> Outcomes:
    return {name: found[:2] for name, found in oracle.outcome(rulebase, facts).items()}


def loans(rulebase: Rulebase, other: Rulebase) -> list[dict[str, Value]] | None:
    """Complete facts around every bound of both rulebases that meet the constraints."""
    points: dict[str, list[Value]] = {}
    for each in (rulebase, other):
        for name, values in domains(each, {}).items():
            points[name] = list(dict.fromkeys([*points.get(name, ()), *values]))
    if math.prod(map(len, points.values())) > 3_000:
        return None
    every = (
        dict(zip(points, values, strict=True)) for values in itertools.product(*points.values())
    )
    return [
        facts
        for facts in every
        if all(oracle.holds(c.when, facts, rulebase) for c in rulebase.constraints)
    ]


@pytest.mark.parametrize("seed", range(1, 20))
def test_equivalent_is_equal_and_a_killing_loan_kills(seed: int) -> None:
    rulebase = random_rulebase(seed)
    every = list(mutants(rulebase))[:: max(1, len(list(mutants(rulebase))) // 12)]
    for verdict in judge(rulebase, [], every):
        other = with_mutant(rulebase, verdict.mutant)
        if verdict.fate == "equivalent":
            for facts in (loans(rulebase, other) or [])[:300]:
                assert outcomes(rulebase, facts) == outcomes(other, facts), verdict.mutant.what
        elif verdict.loan is not None:
            given = dict(verdict.loan.given)
            assert not presume(rulebase, given)
            decision = verdict.loan.decision
            now, then = (Decider(law).decide(given, verify=False) for law in (rulebase, other))
            before, after = now.answers[decision], then.answers[decision]
            assert (before.status, before.value) != (after.status, after.value)
            assert before.status != "undetermined"
