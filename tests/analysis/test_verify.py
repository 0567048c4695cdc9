"""What the tiny packs of ``tests/packs/findings`` don't show: proofs that need care, random packs."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import pytest

from engine import Decider
from engine.analysis.findings import KINDS, Finding
from engine.analysis.regions import complete, find_loan, is_empty, regions, size
from engine.analysis.verify import verify
from engine.model import Constant
from engine.presentation.findings import explained
from engine.presentation.regions import region_words
from engine.trees import formula_text
from tests import oracle, random_packs
from tests.small import pack

RECOURSE = """
recourse:
  type: enum
  label: Recourse
  values: {none: None, full: Full}
  otherwise: full
  otherwise_because: A debt is owed.
"""


def findings(decider: Decider, code: str) -> list[Finding]:
    return [finding for finding in verify(decider) if finding.code == code]


def only(decider: Decider, code: str) -> Finding:
    (found,) = findings(decider, code)
    return found


def test_amounts_that_differ_are_a_conflict_only_where_they_differ(tmp_path: Path) -> None:
    decider = pack(
        tmp_path,
        "cap: {type: money, label: Cap}",
        "a | cap | | {amount: debt - price}\nb | cap | | {amount: debt - value}",
    )
    finding = only(decider, "conflict")
    assert decider.decide(finding.loan, strict=True).answers["cap"].status == "conflict"
    equal = dict(finding.loan, price=5, value=5, debt=9)
    assert decider.decide(equal, strict=True).answers["cap"].status == "decided"


def test_a_rule_that_a_constraint_forbids_never_applies(tmp_path: Path) -> None:
    decider = pack(
        tmp_path,
        RECOURSE,
        "a | recourse | {kind: car, price: {more_than: value}} | none",
        """
        constraints:
          one: {when: {kind: car}, must: {price: {at_most: debt}}, because: A.}
          two: {when: {kind: car}, must: {debt: {at_most: value}}, because: B.}
        """,
    )
    assert only(decider, "never-applies").about == ("a",)


def test_a_test_that_never_matters(tmp_path: Path) -> None:
    decider = pack(
        tmp_path,
        RECOURSE,
        "a | recourse | {state: CA, fraud: false} | none\nb | recourse | {state: CA, fraud: true} | none | exception_to: a",
    )
    found = {finding.about for finding in findings(decider, "idle-test")}
    assert found == {("a", "fraud")}  # without its test `b` would be the reason for more loans


def test_every_code_is_explained() -> None:
    for code, kind in KINDS.items():
        text = explained(code)
        assert text.startswith(f"{code} ({kind.severity})")
        assert "To mend it:" in text


@pytest.mark.parametrize("seed", range(20))
def test_findings_of_random_packs_are_true(seed: int) -> None:
    """Each witness shows its fault by both evaluators; a redundant rule is, on random loans."""
    decider = Decider(random_packs.rulebase(seed))
    rng = random.Random(seed)
    sampler = random_packs.Sampler(decider.rulebase)
    loans = [sampler.draw(rng, 0) for _ in range(20)]
    for finding in verify(decider):
        if finding.code in ("conflict", "hole") and not finding.loan:
            assert _divides(decider), "only a division can keep a loan from being found"
        elif finding.code == "conflict":
            answer = decider.decide(finding.loan, strict=True).answers[finding.decision]
            assert answer.status == "conflict"
            assert set(finding.about) <= {rule.id for rule in answer.rules}
        elif finding.code == "hole":
            assert decider.decide(finding.loan, strict=True).answers[finding.decision].status in (
                "open",
            )
        elif finding.code == "redundant":
            rules = tuple(r for r in decider.rulebase.rules if r.id != finding.about[0])
            rules = tuple(
                replace(r, exception_to=tuple(t for t in r.exception_to if t != finding.about[0]))
                for r in rules
            )
            without = replace(decider.rulebase, rules=rules)
            for loan in loans:
                before = oracle.outcome(decider.rulebase, loan)[finding.decision][:2]
                assert oracle.outcome(without, loan)[finding.decision][:2] == before
        elif finding.code == "never-applies":
            rule = next(r for r in decider.rulebase.rules if r.id == finding.about[0])
            if not any(name in decider.rulebase.decisions for name in _names(rule)):
                assert not any(oracle.holds(rule.when, loan, decider.rulebase) for loan in loans)


def _divides(decider: Decider) -> bool:
    return any(" / " in formula_text(rule.then) for rule in decider.rulebase.rules)


def _names(rule: object) -> list[str]:
    return [word.split("'")[1] for word in repr(rule).split("name=")[1:] if word.startswith("'")]


def test_regions_are_merged_and_have_a_size(tmp_path: Path) -> None:
    rules = "a | recourse | {any: [{state: CA, kind: home}, {state: WA, kind: home}]} | none"
    decider = pack(tmp_path, RECOURSE, rules)
    compiled = decider.compiled
    part = compiled.applies["a"]
    (region,) = regions(compiled, part, 3)
    assert region_words(compiled, region.cube) == "any state but Texas, Home"
    assert size(compiled, region.cube) * 6 == 2
    assert is_empty(compiled, compiled.forest.false)
    loan = find_loan(compiled, part)
    assert loan is not None
    assert set(complete(compiled, loan)) == set(decider.rulebase.facts)
    assert isinstance(decider.rulebase.rules[0].then, Constant)
