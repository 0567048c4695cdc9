"""What a check remembers: never anything that a change could have made untrue."""

from __future__ import annotations

import os
import shutil
from collections import Counter
from collections.abc import Callable
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
from engine.model import (
    ALWAYS,
    All,
    AnyOf,
    Authority,
    Condition,
    Constant,
    HitPolicy,
    Not,
    Rule,
    Rulebase,
)
from engine.problems import Place
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


def moved(condition: Condition) -> Condition:
    """A condition a few lines further down."""
    match condition:
        case All(parts) | AnyOf(parts):
            return replace(condition, parts=tuple(map(moved, parts)))
        case Not(part):
            return Not(moved(part))
    return replace(condition, place=replace(condition.place, line=condition.place.line + 7))


OF_NOTE = Authority("case", "another", "https://example.org", "low", None, "a note")


@pytest.mark.parametrize(
    ("change", "matters"),
    [
        (
            lambda rule: replace(rule, title="Another", because="So it is.", note="See there."),
            False,
        ),
        (lambda rule: replace(rule, authority=OF_NOTE), False),
        (lambda rule: replace(rule, place=Place("elsewhere.yaml", 80, 3)), False),
        (lambda rule: replace(rule, when=moved(rule.when)), False),
        (lambda rule: replace(rule, id=f"{rule.id}.a"), True),
        (lambda rule: replace(rule, when=Not(rule.when)), True),
        (lambda rule: replace(rule, then=Constant("another")), True),
        (lambda rule: replace(rule, exception_to=("another",)), True),
        (lambda rule: replace(rule, jurisdiction=""), True),
    ],
)
def test_what_is_only_read_is_not_what_a_proof_rests_on(
    change: Callable[[Rule], Rule],
    matters: bool,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.setenv("RECOURSE_CACHE", str(tmp_path / "cache"))
    book = load_pack(rules_dir() / "primer")
    rule = next(rule for rule in book.rules if rule.jurisdiction and not rule.exception_to)
    other = replace(book, rules=tuple(change(r) if r == rule else r for r in book.rules))
    memory, then = Remembered(book), Remembered(other)
    assert (memory.digest(book.rules) != then.digest(other.rules)) == matters


def test_the_words_of_the_vocabulary_are_not_what_a_proof_rests_on(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("RECOURSE_CACHE", str(tmp_path / "cache"))
    book = load_pack(rules_dir() / "primer")
    Remembered(book).keep("it", (), 1)

    def known(**changes: Any) -> bool:
        return Remembered(replace(book, **changes)).load("it", ()) is not None

    name, fact = next((n, f) for n, f in book.facts.items() if len(f.values) > 2)
    rest = list(fact.values)[1:]
    labels = dict.fromkeys(fact.values, "Other")
    facts, decisions = dict(book.facts), dict(book.decisions)
    assert known(facts=facts | {name: replace(fact, label="x", question="y?", values=labels)})
    assert not known(facts=facts | {name: replace(fact, values=dict.fromkeys(rest, "x"))})
    assert not known(facts=facts | {name: replace(fact, type="boolean")})
    constraint = book.constraints[0]
    assert known(constraints=(replace(constraint, because="x"), *book.constraints[1:]))
    assert not known(constraints=(replace(constraint, when=ALWAYS), *book.constraints[1:]))
    assert not known(presumptions=book.presumptions[1:])
    name, decision = next((n, d) for n, d in book.decisions.items() if d.values)
    assert known(decisions=decisions | {name: replace(decision, label="x", group="y")})
    policy = HitPolicy("priority", tuple(decision.values))
    assert not known(decisions=decisions | {name: replace(decision, policy=policy)})
    assert not known(section_fact="another")


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
