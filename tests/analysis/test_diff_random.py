"""Differences of random packs against brute force: exactly the loans in the regions change."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import combinations

import pytest

from engine.analysis.diff import compare
from engine.analysis.regions import as_part
from engine.model import Rulebase, Value
from tests import oracle
from tests.analysis.changes import lies_in, reproduces
from tests.random_packs import Sampler, rulebase


def without_a_rule(base: Rulebase, rng: random.Random) -> Rulebase:
    gone = rng.choice(base.rules).id
    kept = (rule for rule in base.rules if rule.id != gone)
    return replace(
        base,
        rules=tuple(
            replace(r, exception_to=tuple(i for i in r.exception_to if i != gone)) for r in kept
        ),
    )


def another_outcome(base: Rulebase, rng: random.Random) -> Rulebase:
    pairs = [
        (a, b)
        for a in base.rules
        for b in base.rules
        if a.decides == b.decides and a.then != b.then
    ]
    if not pairs:
        return without_a_rule(base, rng)
    a, b = rng.choice(pairs)
    return replace(base, rules=tuple(replace(r, then=b.then) if r is a else r for r in base.rules))


def no_exception(base: Rulebase, rng: random.Random) -> Rulebase:
    return replace(base, rules=tuple(replace(rule, exception_to=()) for rule in base.rules))


def no_constraint(base: Rulebase, rng: random.Random) -> Rulebase:
    return replace(base, constraints=base.constraints[1:])


def other_condition(base: Rulebase, rng: random.Random) -> Rulebase:
    """A rule takes over the condition of one that decides the same; the order stays."""
    a, b = rng.choice(base.rules), rng.choice(base.rules)
    if a.decides != b.decides:
        return without_a_rule(base, rng)
    return replace(base, rules=tuple(replace(r, when=b.when) if r is a else r for r in base.rules))


MUTATIONS: tuple[Callable[[Rulebase, random.Random], Rulebase], ...] = (
    without_a_rule, another_outcome, no_exception, no_constraint, other_condition,
)  # fmt: skip


def accepts(rules: Rulebase, loan: Mapping[str, Value]) -> bool:
    return all(oracle.holds(c.when, loan, rules) for c in rules.constraints)


@pytest.mark.parametrize("seed", [3, 4, 6, 7, 9, 10, 12, 14, 15, 16, 19, 20, 22, 23, 25, 26])
def test_exactly_the_loans_in_the_regions_change(seed: int) -> None:
    base, rng = rulebase(seed), random.Random(seed)
    head = MUTATIONS[seed % len(MUTATIONS)](base, rng)
    difference = compare(base, head)
    assert compare(base, base).decides_alike
    samplers = [Sampler(base), Sampler(head)]
    for number in range(60):
        loan = samplers[number % 2].draw(rng, 0)
        if not (accepts(base, loan) and accepts(head, loan)):
            kinds = {c.kind for c in difference.acceptance
                     if any(lies_in(difference, r.cube, loan) for r in c.regions)}  # fmt: skip
            assert kinds == {"now accepted" if accepts(head, loan) else "no longer accepted"}
            continue
        before, after = oracle.outcome(base, loan), oracle.outcome(head, loan)
        for name in base.decisions:
            changes = difference.decisions.get(name, [])
            where = [region.cube for change in changes for region in change.regions
                     if lies_in(difference, region.cube, loan)]  # fmt: skip
            differs = before[name][:2] != after[name][:2]
            if all(change.complete for change in changes):
                assert len(where) == differs, (name, loan, before[name], after[name])
            else:
                assert len(where) <= differs
    reproduces(difference)


@pytest.mark.parametrize("seed", [3, 6, 7, 15])
def test_the_regions_of_a_decision_are_disjoint(seed: int) -> None:
    base = rulebase(seed)
    difference = compare(base, without_a_rule(base, random.Random(seed)))
    forest = difference.joint.forest
    for changes in difference.decisions.values():
        parts = [as_part(difference.joint, r.cube) for c in changes for r in c.regions]
        accepted = forest.all_of(difference.joint.constraints)
        for a, b in combinations(parts, 2):
            assert forest.all_of([a, b, accepted]) == forest.false
