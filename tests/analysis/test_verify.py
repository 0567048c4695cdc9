"""Every kind of finding, from a small pack that has just that fault, with its exact message."""

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
USED = "uses | owed | {any: [{fraud: true}, {kind: car}, {units: 2}, {made: {before: sold}}]} | {amount: debt * rate - price + value}"


def findings(decider: Decider, *codes: str) -> list[Finding]:
    """The findings of some codes; those that small packs always have are left out."""
    wanted = set(codes) or set(KINDS) - {"unused-fact", "unused-value", "unused-term"}
    return [finding for finding in verify(decider) if finding.code in wanted]


def only(decider: Decider, code: str) -> Finding:
    (found,) = findings(decider, code)
    return found


def where(decider: Decider, finding: Finding) -> list[str]:
    return [region_words(decider.compiled, region.cube) for region in finding.regions]


def test_a_conflict_shows_the_loans_and_one_of_them(tmp_path: Path) -> None:
    decider = pack(
        tmp_path,
        RECOURSE,
        """
        a | recourse | {state: [CA, WA], units: {at_most: 4}} | none
        b | recourse | {kind: home, units: {at_least: 3}} | full
        """,
    )
    finding = only(decider, "conflict")
    assert finding.message == (
        "`a` and `b` decide `recourse` differently, and neither is an exception to the other"
    )
    assert finding.about == ("a", "b")
    assert (Path(finding.where.file).name, finding.where.line) == ("rules.yaml", 9)
    assert where(decider, finding) == ["any state but Texas, units from 3 to 4, Home"]
    answer = decider.decide(finding.loan, strict=True).answers["recourse"]
    assert answer.status == "conflict"
    assert {rule.id for rule in answer.rules} == {"a", "b"}


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


def test_an_exception_is_no_conflict(tmp_path: Path) -> None:
    rules = (
        "a | recourse | {state: CA} | none\nb | recourse | {kind: home} | full | exception_to: a"
    )
    assert findings(pack(tmp_path, RECOURSE, rules), "conflict") == []


def test_a_hole_is_where_no_rule_applies(tmp_path: Path) -> None:
    decider = pack(
        tmp_path,
        "recourse: {type: enum, label: Recourse, values: {none: None, full: Full}}",
        "a | recourse | {state: CA} | none\nb | recourse | {state: WA, kind: home} | full",
    )
    finding = only(decider, "hole")
    assert finding.message == (
        "no rule decides `recourse` for some loans, and it has no `otherwise`"
    )
    assert where(decider, finding) == ["Texas", "Washington, Car"]
    assert decider.decide(finding.loan, strict=True).answers["recourse"].status == "open"


def test_a_rule_whose_tests_exclude_one_another_never_applies(tmp_path: Path) -> None:
    decider = pack(tmp_path, RECOURSE, "a | recourse | {units: {at_least: 5, at_most: 4}} | none")
    assert only(decider, "never-applies").message == "no loan meets the condition of `a`"


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


def test_a_rule_that_is_always_overridden_never_decides(tmp_path: Path) -> None:
    decider = pack(
        tmp_path,
        RECOURSE,
        "a | recourse | {state: CA, kind: home} | none\nb | recourse | {state: CA} | full | exception_to: a",
    )
    finding = only(decider, "never-decides")
    assert finding.message == "`a` never decides: wherever it applies it is overridden by `b`"
    overridden = decider.decide(finding.loan, strict=True).answers["recourse"].overridden
    assert [each.rule.id for each in overridden] == ["a"]


def test_a_rule_whose_value_never_prevails_never_decides(tmp_path: Path) -> None:
    decisions = RECOURSE.rstrip() + "\n  hit_policy: {priority: [none, full]}\n"
    rules = "a | recourse | {state: CA, kind: car} | full\nb | recourse | {state: CA} | none"
    decider = pack(tmp_path, decisions, rules)
    assert only(decider, "never-decides").message == (
        "`a` never decides: wherever it applies a stronger value prevails"
    )


def test_a_rule_that_others_repeat_is_redundant(tmp_path: Path) -> None:
    rules = "a | recourse | {state: CA} | none\nb | recourse | {state: CA, kind: home} | none"
    finding = only(pack(tmp_path, RECOURSE, rules), "redundant")
    assert finding.message == "without `b` every loan has the same outcome"


def test_a_test_that_never_matters(tmp_path: Path) -> None:
    decider = pack(
        tmp_path,
        RECOURSE,
        "a | recourse | {state: CA, fraud: false} | none\nb | recourse | {state: CA, fraud: true} | none | exception_to: a",
    )
    found = {finding.about for finding in findings(decider, "idle-test")}
    assert found == {("a", "fraud"), ("b", "fraud")}


def test_an_exception_to_what_never_applies_with_it(tmp_path: Path) -> None:
    rules = "a | recourse | {state: CA} | none\nb | recourse | {state: WA} | none | exception_to: a"
    finding = only(pack(tmp_path, RECOURSE, rules), "idle-exception")
    assert finding.message == ("`b` is an exception to `a`, but the two never apply together")


VERSIONS = """
a | recourse | {state: CA} | none | effective: {from: 2009-01-01, to: 2012-12-31, measured_by: made}
b | recourse | {state: CA} | none | effective: {from: %s, measured_by: made}
"""


def test_versions_that_overlap(tmp_path: Path) -> None:
    finding = only(pack(tmp_path, RECOURSE, VERSIONS % "2012-12-31"), "effective-overlap")
    assert finding.message == "`a` is still in force on 2012-12-31, when `b` begins"


def test_versions_with_a_gap(tmp_path: Path) -> None:
    finding = only(pack(tmp_path, RECOURSE, VERSIONS % "2013-01-02"), "effective-gap")
    assert finding.message == "from 2012-12-31 to 2013-01-02 neither `a` nor `b` is in force"


def test_versions_that_meet(tmp_path: Path) -> None:
    decider = pack(tmp_path, RECOURSE, VERSIONS % "2013-01-01")
    assert findings(decider, "effective-overlap", "effective-gap") == []


def test_constraints_that_exclude_every_loan(tmp_path: Path) -> None:
    vocabulary = """
    constraints:
      one: {must: {units: {more_than: 4}}, because: A.}
      two: {must: {units: {less_than: 3}}, because: B.}
    """
    decider = pack(tmp_path, RECOURSE, "a | recourse | {state: CA} | none", vocabulary)
    assert [finding.code for finding in verify(decider)] == ["no-loan"]


def test_a_constraint_that_excludes_nothing_more(tmp_path: Path) -> None:
    vocabulary = """
    constraints:
      one: {must: {units: {at_most: 4}}, because: A.}
      two: {must: {units: {at_most: 6}}, because: B.}
    """
    decider = pack(tmp_path, RECOURSE, "a | recourse | {state: CA} | none", vocabulary)
    assert only(decider, "idle-constraint").about == ("two",)


def test_facts_terms_values_and_decisions_that_nothing_uses(tmp_path: Path) -> None:
    vocabulary = "terms:\n  idle: {label: Idle, when: {fraud: true}}\n"
    decisions = (
        RECOURSE + "never: {type: boolean, label: Never}\n" + "owed: {type: money, label: O}\n"
    )
    rules = "a | recourse | {state: CA} | full\n" + USED
    found = findings(
        pack(tmp_path, decisions, rules, vocabulary),
        "unused-fact", "unused-term", "unused-value", "unreachable-decision",
    )  # fmt: skip
    assert {finding.message for finding in found} == {
        "nothing uses the term `idle`",
        "no loan is ever given `none` as its `recourse`",
        "no rule decides `never`, and it has no `otherwise`",
    }


def test_an_accepted_finding_is_marked_and_a_stale_acceptance_is_found(tmp_path: Path) -> None:
    rules = "a | recourse | {state: CA} | none\nb | recourse | {state: CA, kind: home} | none"
    pack(tmp_path, RECOURSE, rules)
    head = (tmp_path / "pack.yaml").read_text()
    accepted = (
        "accepted:\n"
        "  - {finding: redundant, about: b, because: It is well known., date: 2026-11-21}\n"
        "  - {finding: redundant, about: a, because: No more., date: 2026-11-21}\n"
    )
    (tmp_path / "pack.yaml").write_text(head + accepted)
    from engine import load

    found = findings(load(tmp_path), "redundant", "stale-acceptance")
    assert {(f.code, f.about, f.accepted) for f in found} == {
        ("redundant", ("b",), "It is well known."),
        ("stale-acceptance", ("a",), ""),
    }


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
