"""What a check remembers: never anything that a change could have made untrue."""

from __future__ import annotations

import os
import shutil
from collections import Counter
from concurrent.futures import Executor, Future
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from engine import Decider
from engine.analysis import checking, proving, sharing
from engine.analysis.case_files import read_cases
from engine.analysis.cases import run_cases
from engine.analysis.mutants import mutants, with_mutant
from engine.analysis.proving import Part, Proved, prove
from engine.analysis.remembered import Remembered
from engine.evaluation.compiling import Compiled
from engine.model import Rulebase
from engine.reading.pack import load_pack
from engine.resources import rules_dir
from tests.evaluation.test_slices import spread


class Here(Executor):
    """Runs what it is given at once, in this process."""

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        done: Future[Any] = Future()
        done.set_result(fn(*args, **kwargs))
        return done


@pytest.fixture
def looked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[str]:
    """The parts that are looked at from here on, with a memory of its own."""
    monkeypatch.setenv("RECOURSE_CACHE", str(tmp_path / "cache"))
    seen: list[str] = []
    look = proving.look

    def noted(compiled: Compiled, part: Part, *others: Any) -> Any:
        seen.append(part.place)
        return look(compiled, part, *others)

    monkeypatch.setattr(sharing, "look", noted)
    return seen


def proved(book: Rulebase) -> Proved:
    sharing.begin(book)
    nothing: list[str] = []
    decider, memory = Decider(book), Remembered(book)
    return sharing.prove_and_run(Here(), 1, decider, [], memory, nothing.append)[0]


def sets(found: Proved) -> Proved:
    return replace(found, rules={name: tuple(left) for name, left in found.rules.items()})


@pytest.mark.parametrize("seed", range(40, 48))
def test_a_changed_pack_is_proved_as_if_nothing_were_remembered(
    seed: int, looked: list[str]
) -> None:
    book = spread(seed)
    if book is None:
        pytest.skip("this seed makes no pack with jurisdictions")
    assert sets(proved(book)) == sets(prove(Decider(book)))
    for mutant in [each for each in mutants(book) if len(each.rules) == 1][::9]:
        changed = with_mutant(book, mutant)
        assert sets(proved(changed)) == sets(prove(Decider(changed)))
    del looked[:]
    proved(book)
    assert looked == []


def test_only_what_a_change_touches_is_looked_at_again(looked: list[str]) -> None:
    book = spread(44)
    assert book is not None
    proved(book)
    everything = set(looked)
    homes = Counter(rule.jurisdiction for rule in book.rules)
    rule = next(rule for rule in book.rules if rule.jurisdiction and homes[rule.jurisdiction] > 2)
    del looked[:]
    proved(replace(book, rules=tuple(one for one in book.rules if one != rule)))
    assert rule.jurisdiction in looked
    assert set(looked) < everything
    rule = next(rule for rule in book.rules if not rule.jurisdiction)
    del looked[:]
    proved(replace(book, rules=tuple(one for one in book.rules if one != rule)))
    assert set(looked) >= everything - {""}


def test_nothing_is_remembered_where_nothing_is_kept(
    looked: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RECOURSE_CACHE", "off")
    book = next(filter(None, map(spread, range(40, 60))))
    proved(book)
    first = list(looked)
    proved(book)
    assert looked == first + first


def test_a_torn_memory_is_none(looked: list[str]) -> None:
    book = next(filter(None, map(spread, range(40, 60))))
    whole = proved(book)
    for file in (Path(os.environ["RECOURSE_CACHE"]) / "checked").iterdir():
        file.write_text(file.read_text()[:-3])
    assert sets(proved(book)) == sets(whole)


# ---- cases ------------------------------------------------------------------------------------


def test_a_case_runs_again_when_it_or_its_law_has_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RECOURSE_CACHE", str(tmp_path / "cache"))
    ran: list[int] = []

    class Counting(Here):
        def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
            ran.append(len(args[2]))
            return super().submit(fn, *args, **kwargs)

    def run(folder: Path) -> list[bool]:
        book = load_pack(folder)
        del ran[:]
        sharing.begin(book)
        found = sharing.prove_and_run(
            Counting(), 1, Decider(book), read_cases(book), Remembered(book), lambda step: None
        )
        return [each.passed for each in found[1]]

    pack = tmp_path / "primer"
    shutil.copytree(rules_dir() / "primer", pack)
    count = len(run_cases(Decider(load_pack(pack)), read_cases(load_pack(pack))))
    assert all(run(pack))
    assert sum(ran) == count
    assert all(run(pack))
    assert sum(ran) == 0
    files = sorted((pack / "cases").glob("*.yaml"))
    cases = next(file for file in files if "recourse: full" in file.read_text(encoding="utf-8"))
    text = cases.read_text(encoding="utf-8")
    cases.write_text(text.replace("recourse: full", "recourse: none", 1), encoding="utf-8")
    assert run(pack).count(False) == 1
    assert sum(ran) == 1
    assert run(pack).count(False) == 1  # what failed is not remembered
    cases.write_text(text, encoding="utf-8")
    vocabulary = pack / "vocabulary.yaml"
    vocabulary.write_text(vocabulary.read_text(encoding="utf-8") + "\n# a note\n", encoding="utf-8")
    assert all(run(pack))
    assert sum(ran) <= 1


def test_a_second_check_says_the_same(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("RECOURSE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(checking, "MANY", 1)
    first, second = checking.check_pack("primer"), checking.check_pack("primer")
    assert [(r.case.name, r.passed) for r in first.results] == [
        (r.case.name, r.passed) for r in second.results
    ]
    assert first.findings == second.findings
    assert first.count == second.count == 0
