"""What the site is made of."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine import Decider, load
from engine.analysis.matrix import fill
from engine.presentation.site import plan
from engine.presentation.site.plan import contents, deciding, narrowed, required
from engine.reading.overviews import find_overview, read_overviews
from tests.small import pack

DECISIONS = """
recourse: {type: boolean, label: R}
cap: {type: money, label: C}
owed: {type: money, label: O}
late: {type: boolean, label: L}
"""
RULES = """
a | late | {fraud: true} | true
b | cap | {late: true} | {amount: debt}
c | owed | {debt: {more_than: cap}} | {amount: cap} | exception_to: d
d | owed | {rich: true} | {amount: debt}
e | recourse | {kind: home} | true
"""
TERMS = "terms: {rich: {label: Rich, when: {any: [{honest: true}, {price: {more_than: value}}]}}, honest: {label: Honest, when: {fraud: false}}}\n"
OVERVIEW = """
title: T
rows: kind
ways: [{label: W, given: {fraud: true}}]
columns: [{label: R, decision: recourse}]
map: {decision: recourse, tiles: [home car], ways: [{label: O, given: {fraud: false}}]}
"""


def test_a_narrowed_rulebase_says_the_same() -> None:
    rulebase = load("us").rulebase
    overview = find_overview(rulebase)
    names = {column.decision.name for column in overview.columns}
    narrow = narrowed(rulebase, names)
    assert set(narrow.decisions) < set(rulebase.decisions)
    one = fill(Decider(rulebase), overview, verify=False)
    other = fill(Decider(narrow), overview, verify=False)
    for row, same in zip(one.rows, other.rows, strict=True):
        for cell, like in zip(row.cells, same.cells, strict=True):
            assert cell.rules == like.rules
            assert (cell.answer is None) == (like.answer is None)
            if cell.answer is not None and like.answer is not None:
                assert cell.answer.value == like.answer.value
                assert cell.answer.possible == like.answer.possible


def test_another_process_decides_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rulebase = pack(tmp_path, DECISIONS, RULES, TERMS).rulebase
    (tmp_path / "overviews").mkdir()
    (tmp_path / "overviews" / "o.yaml").write_text(OVERVIEW)
    overviews = read_overviews(rulebase)
    with deciding(rulebase, overviews) as decided:
        (one,) = decided()
    monkeypatch.setattr(plan, "MANY", 1)
    with deciding(rulebase, overviews) as decided:
        (other,) = decided()
    assert other == one is not other
    for row in other.matrix.rows:
        (cell,) = row.cells_of(other.overview.columns[0])
        assert cell.answer is not None
        assert cell.answer.value is (True if row.value == "home" else None)


def test_what_requires_what(tmp_path: Path) -> None:
    rulebase = pack(tmp_path, DECISIONS, RULES, TERMS).rulebase
    assert required(rulebase, "owed") == {"cap", "late"}
    assert [rule.id for rule in narrowed(rulebase, ["cap"]).rules] == ["a", "b"]


def test_what_speaks_of_what(tmp_path: Path) -> None:
    shown = contents(pack(tmp_path, DECISIONS, RULES, TERMS).rulebase, ())
    uses = {name: [rule.id for rule in rules] for name, rules in shown.uses.items()}
    assert uses["fraud"] == ["a", "d"]  # the second through a term of a term
    assert uses["rich"] == uses["honest"] == uses["price"] == uses["value"] == ["d"]
    assert uses["cap"] == ["c"]
    assert uses["debt"] == ["b", "c", "d"]
    assert "units" not in uses
    assert [rule.id for rule in shown.overriders["d"]] == ["c"]
    assert shown.jurisdictions == {}
