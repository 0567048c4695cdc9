"""A pack that is divided into sections says what it would say in one piece: of loans, of its rules
and of tapes."""

from __future__ import annotations

import itertools
import random
from dataclasses import replace
from pathlib import Path

import pytest

from engine import Decider
from engine.analysis.verify import verify
from engine.evaluation import numbers
from engine.evaluation.changes import nearest_changes
from engine.evaluation.compiling import compile_rulebase
from engine.evaluation.record import Answer
from engine.evaluation.sections import WHOLE, Section, joined, sections
from engine.evaluation.space import Space
from engine.evaluation.variables import FactVariable
from engine.model import Rulebase, Value
from engine.problems import InputError
from tests import random_packs
from tests.portfolio.alike import differences
from tests.small import pack

SEEDS = range(0, 160, 10)

RECOURSE = "recourse: {type: enum, label: Recourse, values: {none: N, capped: C, full: F}}"
TIES = """
constraints:
  cars_are_small: {when: {kind: car}, must: {units: {at_most: 1}}, because: A car is one thing.}
  small_is_honest: {when: {units: {at_most: 1}}, must: {fraud: false}, because: Nobody bothers.}
"""
CAR: dict[str, Value] = {"kind": "car", "units": 1, "fraud": False}


def divided(seed: int) -> Rulebase:
    """The first random pack from a number on that is divided into several sections."""
    packs = map(random_packs.rulebase, itertools.count(seed))
    return next(book for book in packs if len(compile_rulebase(book).compiler.every) > 1)


def whole(book: Rulebase) -> Rulebase:
    """The same rules in one piece."""
    return replace(book, section_fact="")


def told(answer: Answer, complete: bool = False) -> tuple[object, ...]:
    """What an answer says, whatever diagrams it was found on: its outcomes and, where they are
    certain, the rules that decide; of complete facts also those that are overridden. (Of which rules
    decide, and with which outcome, incomplete facts may tell more on narrower diagrams.)"""
    outcomes = {each.outcome for each in answer.possible}
    certain = answer.status == "decided" and answer.decision.policy.kind not in ("min", "max")
    rules = {rule.id for rule in answer.rules} if certain or complete else None
    over = {each.rule.id: {rule.id for rule in each.by} for each in answer.overridden}
    return answer.status, answer.value, outcomes, rules, over if complete else None


# ---- the whole and its sections ---------------------------------------------------------------


@pytest.mark.parametrize("seed", SEEDS)
def test_a_loan_has_the_same_answers(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether its kind is known (and alone is built for) or not."""
    monkeypatch.setattr(numbers, "MAX_SOLVED", 100_000)  # or one may give up where the other not
    book, rng = divided(seed), random.Random(seed)
    apart, together = Decider(book), Decider(whole(book))
    known = set()
    for number in range(30):
        complete = number % 2 == 1
        facts = random_packs.facts(book, rng, missing=0.0 if complete else 0.4)
        mine, every = (
            decider.decide(facts, strict=True, verify=False).answers
            for decider in (apart, together)
        )
        for name, answer in mine.items():
            assert told(answer, complete) == told(every[name], complete), (name, facts)
        known.add(book.section_fact in facts)
    assert known == {False, True}


@pytest.mark.parametrize("seed", SEEDS[:6])
def test_facts_that_no_loan_has_are_refused_by_both(seed: int) -> None:
    book, rng = divided(seed), random.Random(seed)
    free = random_packs.Sampler(replace(book, constraints=()))
    refused = 0
    for _ in range(40):
        facts = free.draw(rng, 0.5)
        said: list[list[str]] = []
        for decider in (Decider(book), Decider(whole(book))):
            try:
                decider.decide(facts, strict=True, verify=False)
                said.append([])
            except InputError as error:
                said.append([problem.message for problem in error.problems])
        assert said[0] == said[1]
        refused += said[0] != []
    assert refused


@pytest.mark.parametrize("seed", SEEDS)
def test_a_rule_has_the_same_faults(seed: int) -> None:
    book = divided(seed)
    first, second = (
        sorted((finding.code, finding.about) for finding in verify(Decider(one)))
        for one in (book, whole(book))
    )
    assert first == second


@pytest.mark.parametrize("seed", SEEDS[:8])
def test_a_tape_has_the_same_answers(seed: int) -> None:
    book, rng = divided(seed), random.Random(seed)
    loans = [random_packs.facts(book, rng, missing) for missing in (0.0, 0.3) for _ in range(10)]
    assert differences(Decider(book), loans, strict=True) == []


@pytest.mark.parametrize("seed", SEEDS[:8])
def test_decisions_that_are_asked_for_later_are_those_built_at_once(seed: int) -> None:
    book, rng = divided(seed), random.Random(seed)
    piecemeal, at_once = Decider(book), Decider(book)
    for _ in range(6):
        facts = random_packs.facts(book, rng, missing=0.3)
        every = at_once.decide(facts, strict=True, verify=False).answers
        for name in rng.sample(list(book.decisions), len(book.decisions)):
            alone = piecemeal.decide(facts, strict=True, verify=False, only=[name]).answers[name]
            assert told(alone) == told(every[name])


# ---- what the constraints leave ---------------------------------------------------------------


def parts(decider: Decider) -> list[dict[str, list[int]]]:
    """The sections of a pack, each with the classes that are left of its facts."""
    compiled = decider.compiled
    found = sections(compiled.space, decider.rulebase.section_fact, compiled.constraints)
    names = {level: name for name, level in compiled.level_of.items()}
    return [{names[n]: sorted(codes) for n, codes in (s.left or {}).items()} for s in found]


def code(decider: Decider, name: str, value: Value) -> int:
    """The class of a fact's value."""
    variable = decider.compiled.variables[decider.compiled.level_of[name]]
    assert isinstance(variable, FactVariable)
    return variable.code(value)


def small(tmp_path: Path, section_fact: str = "kind", ties: str = TIES) -> Decider:
    """Loans on homes and cars; a car has one unit, and who has so few is honest."""
    rules = """
        a | recourse | {kind: home, units: {more_than: 1}, fraud: true} | full
        b | recourse | {kind: car, fraud: true} | capped
        c | recourse | {fraud: false} | none
    """
    whole_pack = pack(tmp_path, RECOURSE, rules, ties)
    return Decider(replace(whole_pack.rulebase, section_fact=section_fact))


def test_a_section_has_what_the_constraints_leave(tmp_path: Path) -> None:
    """Also what follows from what was left: a car has one unit, so that there is no fraud."""
    decider = small(tmp_path)
    assert parts(decider) == [
        {"kind": [code(decider, "kind", "home")]},
        {name: [code(decider, name, value)] for name, value in CAR.items()},
    ]
    compiled = decider.compiled_for({"kind": "car"})
    forest = compiled.forest  # what is left decides without a question
    assert (compiled.decides["b"], compiled.decides["c"]) == (forest.false, forest.true)


def test_kinds_of_which_the_same_is_left_are_one_section(tmp_path: Path) -> None:
    tie = "constraints:\n  tie: {when: {state: WA}, must: {fraud: false}, because: B.}\n"
    rules = "a | recourse | {state: CA, fraud: true} | full\nb | recourse | {state: TX} | none"
    book = pack(tmp_path, RECOURSE, rules, tie).rulebase
    decider = Decider(replace(book, section_fact="state", jurisdiction_fact=""))
    assert len(parts(decider)) == 2
    compiled = decider.compiled_for({"state": "CA"})
    assert compiled.kinds == {"CA", "TX"}
    assert decider.compiled_for({"state": "TX"}) is compiled
    assert decider.compiled_for({"state": "WA"}).kinds == {"WA"}


def test_a_pack_that_names_no_section_is_whole(tmp_path: Path) -> None:
    decider = small(tmp_path, section_fact="")
    compiled = decider.compiled
    assert sections(compiled.space, "", compiled.constraints) == [WHOLE]
    assert decider.compiled_for({"kind": "car"}).kinds == frozenset()


def test_a_fact_that_nothing_tests_divides_nothing(tmp_path: Path) -> None:
    assert parts(small(tmp_path, section_fact="sold")) == [{}]


def test_sections_are_joined_under_the_fact_that_divides_them(tmp_path: Path) -> None:
    book = small(tmp_path).rulebase
    space = Space([book])
    forest, level = space.forest, space.level_of["kind"]
    one, other = Section((0,)), Section((1,))
    both = joined(forest, level, [one, other], [forest.true, forest.false])
    assert both == forest.choice(level, 2, [0])
    assert joined(forest, level, [one, other], [forest.true, forest.true]) == forest.true
    assert joined(forest, level, [WHOLE], [both]) == both
    # a part that asks for the fact itself is taken where it is that class
    assert joined(forest, level, [one, other], [both, both]) == both


def test_a_decision_is_built_when_it_is_asked_for(tmp_path: Path) -> None:
    decisions = (
        f"{RECOURSE}\nlate: {{type: boolean, label: Late}}\nsued: {{type: boolean, label: S}}"
    )
    rules = """
        a | recourse | {kind: car} | full
        b | late | {recourse: full} | true
        c | sued | {fraud: true} | true
    """
    decider = pack(tmp_path, decisions, rules)
    facts = {"kind": "car"}
    first = decider.compiled_for(facts, decider.needed(["late"]))
    assert first.built == {"recourse", "late"}
    assert decider.compiled_for(facts, ["recourse"]) is first
    assert decider.compiled_for(facts).built == {"recourse", "late", "sued"}


# ---- the fact that divides the pack -----------------------------------------------------------


def test_the_kind_is_a_reason_where_it_tells_another_fact(tmp_path: Path) -> None:
    """No rule of the decision asks for the kind; but that a car is not defrauded is told by it."""
    rules = "a | recourse | {fraud: false} | none\nb | recourse | {fraud: true} | full"
    book = pack(tmp_path, RECOURSE, rules, TIES).rulebase
    decider = Decider(replace(book, section_fact="kind"))
    answer = decider.decide({"kind": "car"}, strict=True).answers["recourse"]
    assert (answer.value, list(answer.facts_used)) == ("none", ["kind"])


@pytest.mark.parametrize("seed", SEEDS[:8])
def test_the_nearest_change_leaves_the_kind_as_it_is(seed: int) -> None:
    book, rng = divided(seed), random.Random(seed)
    together, apart = Decider(whole(book)), Decider(book)
    for _ in range(4):
        facts = random_packs.facts(book, rng, missing=0)
        for name in book.decisions:
            found = nearest_changes(apart, apart.decide(facts, strict=True), name)
            assert not any(book.section_fact in change.facts for change in found)
            record = together.decide(facts, strict=True)
            fewest = [len(change.facts) for change in nearest_changes(together, record, name)]
            if found and fewest:  # to stay of the same kind can only cost more
                assert len(found[0].facts) >= min(fewest)


def test_a_change_of_the_kind_alone_is_no_change(tmp_path: Path) -> None:
    rules = "a | recourse | {kind: car} | full\nb | recourse | {kind: home} | none"
    book = pack(tmp_path, RECOURSE, rules).rulebase
    changes = []
    for section_fact in ("", "kind"):
        decider = Decider(replace(book, section_fact=section_fact))
        changes.append(nearest_changes(decider, decider.decide({"kind": "car"}), "recourse"))
    assert [[dict(change.facts) for change in found] for found in changes] == [
        [{"kind": "home"}],
        [],
    ]
