"""Suggested cases: real loans that complete the coverage, their outcomes left to a person."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine import InputError
from engine.analysis.case_files import read_cases
from engine.analysis.cases import Case, Expected, run_cases
from engine.analysis.coverage import Coverage, measure
from engine.analysis.suggest import NOT_FOUND, Suggestion, Suggestions, suggest
from engine.evaluation.decide import Decider
from engine.presentation.coverage import as_json, as_text
from engine.problems import NOWHERE
from tests.random_packs import rulebase as random_rulebase
from tests.small import pack

RECOURSE = """
recourse: {type: enum, label: R, values: {none: N, full: F}, otherwise: full, otherwise_because: x}
"""
RULES = """
home | recourse | {kind: home, fraud: false, units: {at_most: 4}} | none
late | recourse | {sold: {after: made}, debt: {more_than: price}} | none | exception_to: home
"""
ONE = "- {case: one, given: {kind: home, fraud: false, units: 2}, expect: {recourse: none}}\n"


def covered(decider: Decider, cases: list[Case]) -> Coverage:
    return measure(decider, cases, run_cases(decider, cases))


def suggested(decider: Decider, cases: list[Case]) -> Suggestions:
    return suggest(decider, cases, covered(decider, cases))


def filled(decider: Decider, suggestion: Suggestion) -> Case:
    """The case with the outcomes that the engine gives, as if a person had confirmed them."""
    record = decider.decide(suggestion.given, only=suggestion.decisions, verify=False)
    expected = tuple(Expected(a.decision, a.status, a.value, None) for a in record.answers.values())
    return Case(suggestion.name, suggestion.given, False, expected, (), NOWHERE)


def test_the_suggestions_complete_the_coverage(tmp_path: Path) -> None:
    decider = pack(tmp_path, RECOURSE, RULES, cases=ONE)
    cases = read_cases(decider.rulebase)
    found = suggested(decider, cases)
    assert 0 < len(found.cases) < len(covered(decider, cases).missing)
    more = [*cases, *(filled(decider, one) for one in found.cases)]
    assert all(result.passed for result in run_cases(decider, more))
    assert covered(decider, more).complete


def test_a_neighbour_of_an_existing_case_is_preferred(tmp_path: Path) -> None:
    rules = "home | recourse | {kind: home, fraud: false, units: {at_most: 4}} | none"
    decider = pack(tmp_path, RECOURSE, rules, cases=ONE)
    given = [dict(one.given) for one in suggested(decider, read_cases(decider.rulebase)).cases]
    assert given == [
        {"kind": "car", "fraud": False, "units": 2},
        {"kind": "home", "fraud": True, "units": 2},
        {"kind": "home", "fraud": False, "units": 5},
    ]


def test_the_outcome_is_left_for_a_person(tmp_path: Path) -> None:
    rules = "home | recourse | {kind: home, fraud: false} | none"
    decider = pack(tmp_path, RECOURSE, rules, cases=ONE)
    text = suggested(decider, read_cases(decider.rulebase)).cases[0].text
    assert "# the engine now says recourse: full (by otherwise)" in text
    path = tmp_path / "cases" / "new.yaml"
    path.write_text(text)
    with pytest.raises(InputError):
        read_cases(decider.rulebase)
    path.write_text(text.replace("# recourse:", "recourse: full"))
    assert all(result.passed for result in run_cases(decider, read_cases(decider.rulebase)))


def test_what_is_impossible_says_why(tmp_path: Path) -> None:
    vocabulary = """
    constraints:
      honest_homes: {when: {kind: home}, must: {fraud: false}, because: So it is.}
    """
    rules = "a | recourse | {kind: home, fraud: false} | none\nb | recourse | {units: {at_least: 1}} | full | exception_to: a"
    decider = pack(tmp_path, RECOURSE, rules, vocabulary, cases=ONE)
    found = suggested(decider, read_cases(decider.rulebase))
    reasons = {each.target.rule.id: each.reason for each in found.impossible}
    assert reasons["a"] == "the constraint `honest_homes` excludes it: So it is."
    assert reasons["b"] == "the rule's other tests settle it already"
    coverage = covered(decider, read_cases(decider.rulebase))
    text = as_text(coverage, decider.rulebase, found)
    assert "honest_homes" in text and found.cases[0].text in text
    data = json.loads(as_json(coverage, decider.rulebase, found))
    assert len(data["suggestions"]) == len(found.cases) and len(data["impossible"]) == 2


def test_nothing_missing_nothing_suggested(tmp_path: Path) -> None:
    decider = pack(tmp_path, RECOURSE, "a | recourse | | none")
    assert suggested(decider, []) == Suggestions((), ())


@pytest.mark.parametrize("seed", range(116, 146))
def test_random_packs_are_covered_as_far_as_loans_are_found(seed: int) -> None:
    decider = Decider(random_rulebase(seed))
    if len(decider.compiled.variables) > 10:
        return  # many comparisons of amounts: exact, but slow
    found = suggested(decider, [])
    cases = [filled(decider, one) for one in found.cases]
    unfound = {each.target.key for each in found.impossible if each.reason == NOT_FOUND}
    assert {target.key for target in covered(decider, cases).missing} == unfound
