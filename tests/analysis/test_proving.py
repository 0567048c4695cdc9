"""Proofs jurisdiction by jurisdiction: what is national law is proved once, for all loans, and what
rests on a jurisdiction's rules for the loans of each."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from engine import Decider, load
from engine.analysis.decision_faults import conflict_findings, conflicts, has_hole, ungiven
from engine.analysis.effects import Effects
from engine.analysis.proving import prove
from engine.analysis.rule_faults import checks_of
from engine.analysis.verify import verify
from engine.evaluation.slices import ELSEWHERE
from engine.model import ALWAYS
from tests.small import AUTHORITY, write

DECISIONS = """
recourse: {type: enum, label: Recourse, values: {none: N, capped: C, full: F}}
late: {type: boolean, label: Late}
sued: {type: enum, label: Sued, values: {no_suit: N, suit: S}}
"""
RULES = """
nation.late | late | {fraud: true} | true
nation.early | late | {kind: car} | false
nation.home | recourse | {kind: home} | full
nation.sued | sued | {recourse: full} | suit
nation.barred | sued | {recourse: none} | no_suit
"""
LOCAL = """\
jurisdiction: {place}
rules:
  - id: {rule}
    title: The rule {rule}
    decides: recourse
    when: {when}
    then: {then}
    authority: {authority}
    because: So says {rule}.
"""


@pytest.fixture
def decider(tmp_path: Path) -> Decider:
    """``late`` has no local rule, ``recourse`` has, and ``sued`` rests on it."""
    folder = write(tmp_path, DECISIONS, RULES)
    local = (("WA", "wa.fraud", "{fraud: true}", "none"), ("CA", "ca.car", "{kind: car}", "none"))
    for number, (place, rule, when, then) in enumerate(local):
        text = LOCAL.format(place=place, rule=rule, when=when, then=then, authority=AUTHORITY)
        (folder / f"state-{number}.yaml").write_text(text)
    return load(folder)


def test_the_parts_are_told_one_after_the_other(decider: Decider) -> None:
    told: list[str] = []
    prove(decider, told.append)
    assert told == ["what holds everywhere", "WA", "CA", ELSEWHERE]


def without(decider: Decider, *rules: str) -> Decider:
    """The pack without some of its rules."""
    book = decider.rulebase
    kept = tuple(rule for rule in book.rules if rule.id not in rules)
    return Decider(replace(book, rules=kept))


def test_a_decision_without_local_rules_is_proved_for_all_loans(decider: Decider) -> None:
    found = prove(decider)
    assert ("nation.late", "nation.early") in found.conflicts
    assert "late" in found.holes
    bare = without(decider, "wa.fraud", "ca.car")
    assert ("nation.late", "nation.early") in prove(bare).conflicts


def test_a_conflict_in_one_place_is_one_of_the_pack(decider: Decider) -> None:
    """In Washington the local rule contradicts the national one; in California none does."""
    local = ("nation.home", "wa.fraud")
    assert local in prove(decider).conflicts
    assert prove(without(decider, "wa.fraud")).conflicts == {("nation.late", "nation.early")}
    assert local in prove(without(decider, "ca.car")).conflicts


def test_a_hole_in_one_place_is_one_of_the_pack(decider: Decider) -> None:
    """Of homes and cars none is left in California, which has a rule for cars; elsewhere there is
    one for homes alone."""
    assert prove(decider).holes == {"late", "recourse", "sued"}
    book = decider.rulebase
    cars = tuple(
        replace(rule, jurisdiction="", when=ALWAYS, id="nation.car")
        if rule.id == "ca.car"
        else rule
        for rule in book.rules
    )
    assert prove(Decider(replace(book, rules=cars))).holes == {"late"}


def test_a_decision_that_rests_on_a_local_one_is_proved_with_it(decider: Decider) -> None:
    """Its rules are all national, but `no_suit` is given only where a state bars recourse."""
    assert prove(decider).ungiven == {("recourse", "capped")}
    assert prove(without(decider, "wa.fraud")).ungiven == {("recourse", "capped")}
    found = prove(without(decider, "wa.fraud", "ca.car"))
    assert found.ungiven == {("recourse", "capped"), ("recourse", "none"), ("sued", "no_suit")}


def test_a_check_is_struck_out_by_the_loans_of_one_place(decider: Decider) -> None:
    left = prove(decider).rules
    assert left["wa.fraud"] == left["nation.barred"] == []
    found = prove(without(decider, "wa.fraud", "ca.car"))
    rule = next(rule for rule in decider.rulebase.rules if rule.id == "nation.barred")
    codes = [check.code for check in checks_of(rule, decider.rulebase)]
    assert "never-applies" in {codes[n] for n in found.rules["nation.barred"]}


def test_what_is_told_is_what_the_undivided_law_has(decider: Decider) -> None:
    book = decider.rulebase
    rules = tuple(replace(rule, jurisdiction="") for rule in book.rules)
    whole = Decider(replace(book, rules=rules, jurisdiction_fact=""))
    first, second = (sorted((f.code, f.about) for f in verify(each)) for each in (decider, whole))
    assert first == second
    assert ("conflict", ("nation.home", "wa.fraud")) in first
    assert ("hole", ("late",)) in first


def test_each_fault_of_a_decision(decider: Decider) -> None:
    book, compiled = decider.rulebase, decider.compiled
    late = Effects(compiled, book.decisions["late"])
    assert list(conflicts(late)) == [("nation.late", "nation.early")]
    assert has_hole(late)
    recourse = Effects(compiled, book.decisions["recourse"])
    assert list(ungiven(recourse, ["none", "capped", "full"])) == ["capped"]
    assert list(conflict_findings(late, [("nation.home", "wa.fraud")])) == []
    (finding,) = conflict_findings(recourse, conflicts(recourse))
    assert finding.about == ("nation.home", "wa.fraud")
    assert finding.loan["state"] == "WA"
    answer = decider.decide(finding.loan, strict=True).answers["recourse"]
    assert answer.status == "conflict"


def test_an_otherwise_leaves_no_hole(tmp_path: Path) -> None:
    decisions = "late: {type: boolean, label: Late, otherwise: false, otherwise_because: In time.}"
    made = load(write(tmp_path, decisions, "a | late | {fraud: true} | true"))
    assert not has_hole(Effects(made.compiled, made.rulebase.decisions["late"]))
    assert prove(made).holes == set()
