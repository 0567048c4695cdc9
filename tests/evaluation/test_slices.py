"""A jurisdiction's slice of the law says what the whole law says: of loans, rules and mutants."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from engine import Decider
from engine.analysis.mutants import mutants
from engine.analysis.mutation import judge
from engine.analysis.verify import verify
from engine.evaluation.reach import Walk
from engine.evaluation.session import Session
from engine.evaluation.slices import ELSEWHERE, parts, place_of, places, within
from engine.model import All, OneOf, Rule, Rulebase
from tests import random_packs

SEEDS = range(40, 52)


def spread(seed: int) -> Rulebase | None:
    """A random rulebase whose rules lie in jurisdictions, some in none; None where it has no fact
    to tell them by."""
    book, rng = random_packs.rulebase(seed), random.Random(seed)
    fact = next((f for f in book.facts.values() if f.type == "enum" and len(f.values) > 2), None)
    if fact is None:
        return None
    some = list(fact.values)[:-1]  # one has no rules of its own

    def placed(rule: Rule) -> Rule:
        place = rng.choice(["", *some])
        head = OneOf(fact.name, (place,))
        return replace(rule, jurisdiction=place, when=All((head, rule.when))) if place else rule

    rules = tuple(map(placed, book.rules))
    targets = {rule.id: rule for rule in rules}

    def fitting(rule: Rule) -> Rule:
        """Exceptions to rules of another jurisdiction would be idle."""
        kept = tuple(
            name
            for name in rule.exception_to
            if "" in (rule.jurisdiction, targets[name].jurisdiction)
            or rule.jurisdiction == targets[name].jurisdiction
        )
        return replace(rule, exception_to=kept)

    section_fact = book.section_fact if book.section_fact != fact.name else ""
    return replace(
        book,
        rules=tuple(map(fitting, rules)),
        jurisdiction_fact=fact.name,
        section_fact=section_fact,
    )


def unplaced(book: Rulebase) -> Rulebase:
    """The same rules, which are not known to lie anywhere."""
    rules = tuple(replace(rule, jurisdiction="") for rule in book.rules)
    return replace(book, rules=rules, jurisdiction_fact="")


@pytest.mark.parametrize("seed", SEEDS)
def test_a_loan_has_the_same_outcomes(seed: int) -> None:
    book = spread(seed)
    if book is None:
        return
    decider, rng = Decider(book), random.Random(seed)
    whole = Decider(unplaced(book)).compiled
    seen = set()
    for number in range(30):
        facts = random_packs.facts(book, rng, missing=0.0 if number % 2 else 0.4)
        if not Walk(whole, facts).possible():
            continue
        mine, every = Session(decider.compiled_for(facts), facts), Session(whole, facts)
        for decision in book.decisions.values():
            assert mine.find(decision).leaves.keys() == every.find(decision).leaves.keys()
            answers = [one.answer(decision.name) for one in (mine, every)]
            ids = [{rule.id for rule in answer.rules} for answer in answers]
            assert ids[0] == ids[1]
        seen.add(place_of(book, facts))
    assert len(seen) > 1


@pytest.mark.parametrize("seed", SEEDS)
def test_a_rule_has_the_same_faults(seed: int) -> None:
    book = spread(seed)
    if book is None:
        return
    first, second = (
        sorted((f.code, f.about) for f in verify(Decider(one)) if f.code != "unused-fact")
        for one in (book, unplaced(book))
    )
    assert first == second


@pytest.mark.parametrize("seed", [40, 43, 46])
def test_a_mutant_is_equivalent_in_both(seed: int) -> None:
    book = spread(seed)
    if book is None:
        return
    chosen = [each for each in mutants(book) if len(each.rules) == 1][::7]
    for mutant in chosen:
        (mine,) = judge(book, [], [mutant])
        (every,) = judge(unplaced(book), [], [replace(mutant, within="")])
        assert mine.fate == every.fate, mutant


def test_the_parts_are_everything() -> None:
    book = spread(40)
    assert book is not None
    there = dict(parts(book))
    assert list(there) == [*places(book), ELSEWHERE]
    values = book.facts[book.jurisdiction_fact].values
    for value in values:
        holding = [
            place
            for place, test in there.items()
            if isinstance(test, OneOf) and (value in test.values) != test.negated
        ]
        assert holding == [value if value in places(book) else ELSEWHERE]
    assert [name for name, _ in parts(unplaced(book))] == [""]
    assert {rule.jurisdiction for rule in within(book, "nowhere").rules} <= {""}
