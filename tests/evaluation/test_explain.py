"""The facts that mattered: they settle the answer alone, and none of them can be left out."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from engine import Answer, Decider
from engine.evaluation.reach import Walk
from engine.model import Value
from engine.trees import names_in
from tests import random_packs
from tests.small import pack

RECOURSE = "recourse: {type: enum, label: Recourse, values: {none: N, full: F}}"


def decided(decider: Decider, seed: int) -> Iterator[tuple[dict[str, Value], str, Answer]]:
    """Complete random facts, with each decision that they decide."""
    rng = random.Random(seed)
    for _ in range(6):
        facts = random_packs.facts(decider.rulebase, rng, missing=0)
        answers = decider.decide(facts, strict=True, verify=False).answers
        yield from ((facts, n, a) for n, a in answers.items() if a.status == "decided")


@pytest.mark.parametrize("seed", range(30))
def test_the_facts_that_mattered_are_enough(seed: int) -> None:
    """In packs with constraints, comparisons and sections."""
    decider = Decider(random_packs.rulebase(seed))
    for _, name, answer in decided(decider, seed):
        used = answer.facts_used
        again = decider.decide(used, strict=True, verify=False, only=[name]).answers[name]
        assert (again.status, again.value) == ("decided", answer.value), used
        assert set(again.rules) >= set(answer.rules)


@pytest.mark.parametrize("seed", range(60))
def test_none_of_the_facts_that_mattered_can_be_left_out(seed: int) -> None:
    """Without it another outcome is possible, or another rule may decide. (That holds of facts that
    say nothing of one another, as constraints and comparisons do, and sections with them.)"""
    book = replace(random_packs.rulebase(seed), constraints=(), section_fact="")
    decider = Decider(book)
    if len(decider.compiled.variables) > len(decider.compiled.level_of):
        return
    for facts, name, answer in decided(decider, seed):
        if _uses_decisions(decider, answer):
            continue  # then the ways to these count as well
        used = answer.facts_used
        assert _reached(decider, used, answer) == _reached(decider, facts, answer)
        for fact in used:
            less = {other: value for other, value in used.items() if other != fact}
            record = decider.decide(less, strict=True, verify=False, only=[name])
            undecided = record.answers[name].status != "decided"
            assert undecided or len(_reached(decider, less, answer)) > 1, (facts, used, fact)


def _reached(decider: Decider, facts: Mapping[str, Value], answer: Answer) -> list[tuple[int, ...]]:
    """Where the decision and those of its rules that decided come to."""
    compiled = decider.compiled
    roots = [compiled.roots[answer.decision.name]]
    roots += [compiled.decides[rule.id] for rule in answer.rules]
    return Walk(compiled, facts).reach(roots)


def _uses_decisions(decider: Decider, answer: Answer) -> bool:
    formulas = [rule.then for rule in answer.rules]
    if not formulas and answer.decision.otherwise is not None:
        formulas = [answer.decision.otherwise]
    return any(name in decider.rulebase.decisions for f in formulas for name in names_in(f))


def test_a_fact_that_another_made_superfluous_is_not_named(tmp_path: Path) -> None:
    rules = """
        old | recourse | {made: {before: 2010-01-01}} | none
        new | recourse | {made: {on_or_after: 2010-01-01}, any: [{fraud: true}, {kind: car}]} | full
    """
    decider = pack(tmp_path, RECOURSE, rules)
    loan = {"made": "2009-12-31", "fraud": True, "kind": "car"}
    used = decider.decide(loan).answers["recourse"].facts_used
    assert list(used) == ["made"]
    used = decider.decide({**loan, "made": "2010-01-01"}).answers["recourse"].facts_used
    assert list(used) in (["kind", "made"], ["fraud", "made"])


def test_an_amount_rests_on_the_facts_of_its_formula(tmp_path: Path) -> None:
    decider = pack(
        tmp_path,
        f"{RECOURSE}\ngap: {{type: money, label: Gap, at_least: 0}}",
        """
        car | recourse | {kind: car} | full
        gap | gap | {recourse: full} | {amount: debt - price}
        """,
    )
    loan = {"kind": "car", "debt": 9, "price": 5, "state": "CA", "fraud": False}
    used = decider.decide(loan).answers["gap"].facts_used
    assert list(used) == ["kind", "debt", "price"]
