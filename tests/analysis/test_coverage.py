"""What cases cover: rules, regions, and tests tried both ways."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

from engine import load
from engine.analysis.case_files import read_cases
from engine.analysis.cases import CaseResult, run_cases
from engine.analysis.coverage import Coverage, TestCoverage, measure
from engine.presentation.cases import as_items
from engine.presentation.coverage import as_data, as_json, as_lcov, as_text
from engine.presentation.junit import as_junit
from tests.small import pack, write

RECOURSE = """
recourse: {type: enum, label: R, values: {none: N, full: F}, otherwise: full, otherwise_because: x}
"""


def measured(folder: Path, rules: str, cases: str, decisions: str = RECOURSE) -> Coverage:
    decider = pack(folder, decisions, rules, cases=cases)
    found = read_cases(decider.rulebase)
    return measure(decider, found, run_cases(decider, found))


def ways(coverage: Coverage) -> list[tuple[int, int]]:
    return [(test.true.cases, test.false.cases) for test in coverage.tests]


def test_a_test_is_tried_where_it_alone_decides(tmp_path: Path) -> None:
    rules = "a | recourse | {kind: home, fraud: false} | none"
    holds = "- {case: holds, given: {kind: home, fraud: false}, expect: {recourse: none}}\n"
    fraud = "- {case: fraud, given: {kind: home, fraud: true}, expect: {recourse: full}}\n"
    both = "- {case: both, given: {kind: car, fraud: true}, expect: {recourse: full}}\n"
    assert ways(measured(tmp_path, rules, holds)) == [(1, 0), (1, 0)]
    assert ways(measured(tmp_path, rules, holds + fraud)) == [(1, 0), (1, 1)]
    coverage = measured(tmp_path, rules, holds + fraud + both)
    assert ways(coverage) == [(1, 0), (1, 1)]  # where both fail, neither decides alone
    assert coverage.tests_both_ways == (1, 2) and coverage.rules_decided == (1, 1)
    assert [(t.rule.id, t.holds) for t in coverage.missing] == [("a", False)]


def test_an_alternative_that_another_masks_is_not_tried(tmp_path: Path) -> None:
    rules = "a | recourse | {any: [{kind: home}, {fraud: true}]} | none"
    both = "- {case: both, given: {kind: home, fraud: true}, expect: {recourse: none}}\n"
    one = "- {case: one, given: {kind: home, fraud: false}, expect: {recourse: none}}\n"
    assert ways(measured(tmp_path, rules, both)) == [(0, 0), (0, 0)]
    assert ways(measured(tmp_path, rules, both + one)) == [(1, 0), (0, 0)]
    car = "- {case: car, given: {kind: car, fraud: true}, expect: {recourse: none}}\n"
    none = "- {case: none, given: {kind: car, fraud: false}, expect: {recourse: full}}\n"
    assert ways(measured(tmp_path, rules, both + one + car + none)) == [(1, 1), (1, 1)]


def test_an_unknown_fact_decides_nothing(tmp_path: Path) -> None:
    rules = "a | recourse | {kind: home, fraud: false} | none"
    half = "- {case: half, given: {kind: home}, expect: {recourse: {undetermined: true}}}\n"
    assert ways(measured(tmp_path, rules, half)) == [(0, 0), (0, 0)]
    car = "- {case: car, given: {kind: car}, expect: {recourse: full}}\n"
    assert ways(measured(tmp_path, rules, car)) == [(0, 0), (0, 0)]


def test_a_case_covers_what_it_expects_and_what_that_requires(tmp_path: Path) -> None:
    decisions = RECOURSE + "sue: {type: boolean, label: S}\nother: {type: boolean, label: O}\n"
    rules = (
        "a | recourse | {kind: home} | none\n"
        "b | sue | {recourse: full} | true\n"
        "c | other | {kind: home} | true"
    )
    cases = "- {case: car, given: {kind: car}, expect: {sue: true}}\n"
    coverage = measured(tmp_path, rules, cases, decisions)
    assert {rule.rule.id: rule.decided for rule in coverage.rules} == {"a": 0, "b": 1, "c": 0}
    assert ways(coverage) == [(0, 1), (1, 0), (0, 0)]


def test_an_open_decision_and_a_set(tmp_path: Path) -> None:
    decisions = """
    sue: {type: boolean, label: S}
    reach: {type: set, label: R, hit_policy: collect, values: {wages: W, car: C}}
    recourse: {type: enum, label: R, values: {none: N, full: F}, otherwise: full, otherwise_because: x}
    """
    rules = (
        "a | sue | {kind: home} | true\n"
        "b | reach | {kind: car} | [wages, car]\n"
        "c | recourse | {sue: {not: false}, reach: wages} | none\n"
        "d | recourse | {reach: {not: car}} | full"
    )
    cases = "- {case: car, given: {kind: car}, expect: {recourse: full}}\n"
    coverage = measured(tmp_path, rules, cases, decisions)
    by_rule = {rule.rule.id: ways_of(rule.tests) for rule in coverage.rules}
    assert by_rule["c"] == [(0, 1), (0, 0)]
    assert by_rule["d"] == [(0, 1)]


def ways_of(tests: tuple[TestCoverage, ...]) -> list[tuple[int, int]]:
    return [(test.true.cases, test.false.cases) for test in tests]


def test_effective_dates_are_tests_of_the_rule(tmp_path: Path) -> None:
    rules = "a | recourse | | none | effective: {from: 2009-10-01, measured_by: made}"
    cases = """
    - {case: before, given: {made: 2009-09-30}, expect: {recourse: full}}
    - {case: from, given: {made: 2009-10-01}, expect: {recourse: none}}
    """
    coverage = measured(tmp_path, rules, cases)
    [test] = coverage.tests
    assert test.kind == "effective" and test.both
    assert test.place == coverage.rules[0].rule.place


def test_the_jurisdiction_of_a_file_is_one_test(tmp_path: Path) -> None:
    folder = write(tmp_path, RECOURSE, "a | recourse | {kind: home} | none\nb | recourse | | full")
    path = folder / "rules.yaml"
    path.write_text("jurisdiction: WA\n" + path.read_text())
    decider = load(folder)
    (folder / "cases").mkdir()
    (folder / "cases" / "a.yaml").write_text(
        "- {case: WA, given: {state: WA, kind: car}, expect: {recourse: full}}\n"
        "- {case: CA, given: {state: CA, kind: home}, expect: {recourse: full}}\n"
    )
    cases = read_cases(decider.rulebase)
    coverage = measure(decider, cases, run_cases(decider, cases))
    [jurisdiction] = coverage.jurisdictions
    assert jurisdiction.rules == ("a", "b") and jurisdiction.both
    assert coverage.tests_both_ways == (1, 2)


def test_what_no_loan_can_try_is_not_asked_for(tmp_path: Path) -> None:
    rules = "a | recourse | {units: {at_least: 1}, kind: home} | none"
    cases = """
    - {case: home, given: {units: 1, kind: home}, expect: {recourse: none}}
    - {case: car, given: {units: 1, kind: car}, expect: {recourse: full}}
    """
    coverage = measured(tmp_path, rules, cases)
    assert coverage.complete
    assert [(t.rule.id, t.holds) for t in coverage.impossible] == [("a", False)]


def test_regions_are_counted_where_loans_exist(tmp_path: Path) -> None:
    rules = "a | recourse | {kind: home} | none\nb | recourse | {fraud: true, kind: car} | full"
    cases = "- {case: home, given: {kind: home}, expect: {recourse: none}}\n"
    coverage = measured(tmp_path, rules, cases)
    assert coverage.regions_reached == (1, 3)
    assert {region.rules for region in coverage.regions} == {("a",), ("b",), ()}


def test_text_and_json(tmp_path: Path) -> None:
    rules = "a | recourse | {kind: home, fraud: false} | none\nb | recourse | {kind: car} | full"
    cases = "- {case: home, given: {kind: home, fraud: false}, expect: {recourse: none}}\n"
    decider = pack(tmp_path, RECOURSE, rules, cases=cases)
    found = read_cases(decider.rulebase)
    coverage = measure(decider, found, run_cases(decider, found))
    text = as_text(coverage, decider.rulebase)
    assert "1/2" in text and "b decides in no case" in text
    assert "rules.yaml:5:24: `fraud: false` is never the only test that a fails" in text
    data = json.loads(as_json(coverage, decider.rulebase))
    assert data == as_data(coverage, decider.rulebase)
    assert data["totals"]["tests_both_ways"] == {"covered": 0, "of": 3}


def test_lcov(tmp_path: Path) -> None:
    rules = "a | recourse | {kind: home, fraud: false} | none\nb | recourse | {kind: car} | full"
    cases = "- {case: home, given: {kind: home, fraud: false}, expect: {recourse: none}}\n"
    lines = as_lcov(measured(tmp_path, rules, cases)).splitlines()
    assert lines[0] == "TN:" and lines[-1] == "end_of_record"
    assert "FNDA:1,a" in lines and "FNDA:0,b" in lines
    branches = [line for line in lines if line.startswith("BRDA:")]
    assert branches[:2] == ["BRDA:5,0,0,1", "BRDA:5,0,1,0"]
    assert f"BRF:{len(branches)}" in lines and "BRH:3" in lines
    assert f"LF:{sum(line.startswith('DA:') for line in lines)}" in lines


def test_junit(tmp_path: Path) -> None:
    cases = """
    - {case: 'good & "proper"', given: {kind: home}, expect: {recourse: none}}
    - {case: wrong <one>, given: {kind: car}, expect: {recourse: none}}
    """
    decider = pack(tmp_path, RECOURSE, "a | recourse | {kind: home} | none", cases=cases)
    results: list[CaseResult] = run_cases(decider, read_cases(decider.rulebase))
    root = ElementTree.fromstring(as_junit(as_items(results), 0.3))
    [suite] = root.findall("testsuite")
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors")) == ("2", "1", "0")
    good, wrong = suite.findall("testcase")
    assert good.get("name") == 'good & "proper"' and len(good) == 0
    failure = wrong.find("failure")
    assert failure is not None and "expected none" in (failure.get("message") or "")
    assert ElementTree.fromstring(as_junit([])).get("tests") == "0"
