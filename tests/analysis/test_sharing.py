"""Several processes find what one does."""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from multiprocessing import get_context

import pytest

from engine import Decider, load
from engine.analysis.case_files import read_cases
from engine.analysis.cases import place_of_case, run_cases
from engine.analysis.proving import Open, prove
from engine.analysis.remembered import Remembered
from engine.analysis.sharing import begin, prove_and_run, work


def test_the_processes_prove_what_one_proves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RECOURSE_CACHE", "off")
    book = load("us").rulebase
    few = tuple(rule for rule in book.rules if rule.jurisdiction in ("", "OH", "MT"))
    small, seen = replace(book, rules=few), list[str]()
    cases = [
        case
        for case in read_cases(book)
        if place_of_case(book, case) in ("OH", "MT", "GU") and set(case.by) <= {r.id for r in few}
    ]
    with ProcessPoolExecutor(2, get_context("spawn"), begin, (small,)) as pool:
        decider = Decider(small)
        found, results = prove_and_run(pool, 2, decider, cases, Remembered(small), seen.append)
    assert found == prove(decider)
    assert any(found.rules.values())
    assert sorted(seen) == ["MT", "OH", "elsewhere", "what holds everywhere"]
    assert [each.failures for each in results] == [
        each.failures for each in run_cases(decider, cases)
    ]
    assert sum(each.passed for each in results) > 100


def test_what_fails_is_told_by_the_other_process() -> None:
    book = load("primer").rulebase
    case = read_cases(book)[0]
    begin(book)
    wrong = replace(case, by=("no.such-rule",))
    said = ("`no.such-rule` does not decide",)
    assert work(None, Open(), [case, wrong]) == (None, [(), said])
