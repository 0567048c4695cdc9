"""What the cases cover: for people, as JSON, as an lcov tracefile, and for other formats."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

from engine.analysis.coverage import Coverage, RegionCoverage, RuleCoverage, TestCoverage
from engine.analysis.suggest import Suggestions
from engine.analysis.writing import written
from engine.model import Rulebase
from engine.presentation.junit import Item
from engine.presentation.layout import PLAIN, Style, count, listed
from engine.problems import Place, Problem

FORM = 1
"""The version of the JSON form."""


# ---- text -------------------------------------------------------------------------------------


def as_text(
    coverage: Coverage,
    rulebase: Rulebase,
    suggestions: Suggestions | None = None,
    style: Style = PLAIN,
) -> str:
    """A table by file, what is missing with its place, and the suggested cases, if any."""
    lines = [*_table(coverage, style), ""]
    missing = [
        aim.lack if aim.code == "unreached-region" else f"{aim.place}: {aim.lack}"
        for aim in _aims(coverage, rulebase)
        if not aim.reached
    ]
    if missing:
        lines += [style.heading("Not covered"), *missing, ""]
    if suggestions is not None:
        lines += _suggested(suggestions, rulebase, style)
    return "\n".join(lines).rstrip() + "\n"


def _table(coverage: Coverage, style: Style) -> Iterator[str]:
    rows = [("", "rules decided", "tests both ways")]
    for file in _files(coverage):
        rules = [rule for rule in coverage.rules if rule.rule.place.file == file]
        tests = [test for test in coverage.tests if test.place.file == file]
        decided = sum(rule.decided > 0 for rule in rules)
        both = sum(test.both for test in tests)
        rows.append((file, f"{decided}/{len(rules)}", f"{both}/{len(tests)}"))
    totals = [coverage.rules_decided, coverage.tests_both_ways]
    decided_of, both_of = (f"{done}/{of}" for done, of in totals)
    rows.append(("all files", decided_of, both_of))
    width = max(len(row[0]) for row in rows)
    for i, (name, rules_of, tests_of) in enumerate(rows):
        line = f"{name:<{width}}  {rules_of:>13}  {tests_of:>15}"
        yield style.heading(line) if i in (0, len(rows) - 1) else line
    reached, of = coverage.regions_reached
    yield f"{reached} of {count(of, 'region')} reached, in which other conclusions are drawn"


def _files(coverage: Coverage) -> list[str]:
    places = [rule.rule.place for rule in coverage.rules] + [test.place for test in coverage.tests]
    return sorted({place.file for place in places})


def _suggested(suggestions: Suggestions, rulebase: Rulebase, style: Style) -> Iterator[str]:
    if suggestions.impossible:
        yield style.heading("No loan can try")
        for each in suggestions.impossible:
            way = "to hold by it alone" if each.target.holds else "to fail by it alone"
            words = written(each.target.test, rulebase)
            yield f"{each.target.place}: `{words}`, {each.target.rule.id} {way}: {each.reason}"
        yield ""
    if suggestions.cases:
        number = count(len(suggestions.cases), "suggested case")
        yield style.heading(f"# {number}, to be confirmed one by one")
        yield from (case.text for case in suggestions.cases)


# ---- what cases should try --------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Aim:
    """Something that some case should try: in words, whether one does, and what is lacking."""

    code: Literal["undecided-rule", "untried-test", "unreached-region"]
    words: str
    place: Place
    reached: bool
    lack: str


def _aims(coverage: Coverage, rulebase: Rulebase) -> Iterator[_Aim]:
    for rule in coverage.rules:
        name, place = rule.rule.id, rule.rule.place
        lack = f"{name} decides in no case"
        yield _Aim("undecided-rule", f"{name} decides", place, rule.decided > 0, lack)
    for test in coverage.tests:
        words = f"`{written(test.test, rulebase)}`"
        where = ", ".join(test.rules[:3]) + (", ..." if len(test.rules) > 3 else "")
        if test.true.possible:
            end = f"the difference that {where} applies"
            yield _Aim("untried-test", f"{words} makes {end}", test.place, test.true.done,
                       f"{words} never makes {end}")  # fmt: skip
        if test.false.possible:
            end = f"the only test that {where} fails"
            yield _Aim("untried-test", f"{words} is {end}", test.place, test.false.done,
                       f"{words} is never {end}")  # fmt: skip
    for region in coverage.regions:
        words, place = _where(region), rulebase.decisions[region.decision].place
        yield _Aim("unreached-region", f"{region.decision}: {words}", place, region.cases > 0,
                   f"{region.decision}: no case where {words}")  # fmt: skip


def _where(region: RegionCoverage) -> str:
    """Which conclusions are drawn in a region, each by the first rule that draws it."""
    if not region.rules:
        return (
            "what it requires is in conflict" if region.status == "conflict" else "no rule decides"
        )
    if region.status == "conflict":
        return f"{listed(region.rules, 'and')} contradict each other"
    if len(region.rules) == 1:
        return f"{region.rules[0]} or a rule like it decides"
    return f"{listed(region.rules, 'and')}, or rules like them, decide together"


def as_problems(coverage: Coverage, rulebase: Rulebase) -> list[Problem]:
    """A problem for each rule, test and region that no case tries."""
    return [
        Problem(aim.code, aim.lack, aim.place, severity="warning")
        for aim in _aims(coverage, rulebase)
        if not aim.reached
    ]


def as_items(coverage: Coverage, rulebase: Rulebase) -> list[Item]:
    """An item for each rule, each way of a test, and each region, in a suite for each file: passed
    where some case tries it, else skipped."""
    return [_item(aim) for aim in _aims(coverage, rulebase)]


def _item(aim: _Aim) -> Item:
    suite = f"coverage of {aim.place.file}"
    if aim.reached:
        return Item(suite, aim.words, aim.place)
    return Item(suite, aim.words, aim.place, "skipped", aim.lack)


# ---- JSON -------------------------------------------------------------------------------------


def as_data(
    coverage: Coverage, rulebase: Rulebase, suggestions: Suggestions | None = None
) -> dict[str, Any]:
    """The coverage as plain data; every count is of cases."""
    data: dict[str, Any] = {
        "coverage": FORM,
        "pack": {"name": rulebase.name, "version": rulebase.version, "digest": rulebase.digest},
        "totals": {
            name: {"covered": done, "of": of}
            for name, (done, of) in (
                ("rules_decided", coverage.rules_decided),
                ("tests_both_ways", coverage.tests_both_ways),
                ("regions_reached", coverage.regions_reached),
            )
        },
        "rules": [_rule(rule, rulebase) for rule in coverage.rules],
        "jurisdictions": [
            {**_test(test, rulebase), "rules": list(test.rules)} for test in coverage.jurisdictions
        ],
        "regions": [
            {
                "decision": region.decision,
                "rules": list(region.rules),
                "status": region.status,
                "cases": region.cases,
            }
            for region in coverage.regions
        ],
    }
    if suggestions is not None:
        data["suggestions"] = [
            {"case": case.name, "decisions": list(case.decisions), "yaml": case.text}
            for case in suggestions.cases
        ]
        data["impossible"] = [
            {
                "rule": each.target.rule.id,
                "test": written(each.target.test, rulebase),
                "way": "true" if each.target.holds else "false",
                "file": each.target.place.file,
                "line": each.target.place.line,
                "reason": each.reason,
            }
            for each in suggestions.impossible
        ]
    return data


def as_json(coverage: Coverage, rulebase: Rulebase, suggestions: Suggestions | None = None) -> str:
    """The coverage as a JSON object."""
    return json.dumps(as_data(coverage, rulebase, suggestions), indent=2, ensure_ascii=False)


def _rule(rule: RuleCoverage, rulebase: Rulebase) -> dict[str, Any]:
    return {
        "rule": rule.rule.id,
        "decision": rule.rule.decides,
        "file": rule.rule.place.file,
        "line": rule.rule.place.line,
        "decided": rule.decided,
        "tests": [_test(test, rulebase) for test in rule.tests],
    }


def _test(test: TestCoverage, rulebase: Rulebase) -> dict[str, Any]:
    return {
        "test": written(test.test, rulebase),
        "kind": test.kind,
        "file": test.place.file,
        "line": test.place.line,
        "true": {"cases": test.true.cases, "possible": test.true.possible},
        "false": {"cases": test.false.cases, "possible": test.false.possible},
    }


# ---- lcov -------------------------------------------------------------------------------------


def as_lcov(coverage: Coverage) -> str:
    """An lcov tracefile. A line's count is the cases in which its rule decides or its tests make a
    difference; each test is a pair of branches, holding and failing. What no loan can try is left
    out."""
    lines = ["TN:"]
    for file in _files(coverage):
        rules = [rule for rule in coverage.rules if rule.rule.place.file == file]
        tests = [test for test in coverage.tests if test.place.file == file]
        lines += [f"SF:{file}", *_functions(rules), *_branches(tests), *_lines(rules, tests)]
        lines.append("end_of_record")
    return "\n".join(lines) + "\n"


def _functions(rules: Iterable[RuleCoverage]) -> Iterator[str]:
    found = list(rules)
    yield from (f"FN:{rule.rule.place.line},{rule.rule.id}" for rule in found)
    yield from (f"FNDA:{rule.decided},{rule.rule.id}" for rule in found)
    yield f"FNF:{len(found)}"
    yield f"FNH:{sum(rule.decided > 0 for rule in found)}"


def _branches(tests: Iterable[TestCoverage]) -> Iterator[str]:
    blocks: dict[int, int] = {}
    total = hit = 0
    for test in sorted(tests, key=lambda test: test.place):
        block = blocks[test.place.line] = blocks.get(test.place.line, -1) + 1
        tried = any(way.cases for way in (test.true, test.false))
        for branch, way in enumerate((test.true, test.false)):
            if way.possible:
                taken = str(way.cases) if tried else "-"
                yield f"BRDA:{test.place.line},{block},{branch},{taken}"
                total, hit = total + 1, hit + (way.cases > 0)
    yield f"BRF:{total}"
    yield f"BRH:{hit}"


def _lines(rules: Iterable[RuleCoverage], tests: Iterable[TestCoverage]) -> Iterator[str]:
    counts: dict[int, int] = {}
    for rule in rules:
        line = rule.rule.place.line
        counts[line] = max(counts.get(line, 0), rule.decided)
    for test in tests:
        line = test.place.line
        if test.kind != "effective":
            counts[line] = max(counts.get(line, 0), test.true.cases + test.false.cases)
    yield from (f"DA:{line},{number}" for line, number in sorted(counts.items()))
    yield f"LF:{len(counts)}"
    yield f"LH:{sum(number > 0 for number in counts.values())}"
