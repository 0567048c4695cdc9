"""What the constraints leave of a loan, and what can be reached beside them."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from engine import Decider
from engine.analysis.regions import find_loan, is_empty
from engine.evaluation import numbers
from engine.evaluation.compiling import Compiled
from engine.evaluation.facts import read_facts
from engine.evaluation.reach import Walk
from engine.model import Value
from engine.problems import InputError
from tests import random_packs
from tests.small import pack

BOOLEAN = "{type: boolean, label: B}"
ALL = "{type: enum, label: A, values: {none: N, capped: C, full: F}}"


def walked(decider: Decider, facts: Mapping[str, object]) -> Walk:
    return Walk(decider.compiled, read_facts(decider.rulebase, facts))


def by_ways(compiled: Compiled, walk: Walk, root: int) -> set[int]:
    """The leaves of a diagram to which a way leads that meets every constraint."""
    forest = compiled.forest
    parts = {
        leaf: forest.map(f"test {leaf}", lambda value, own=forest.values[leaf]: value == own, root)  # type: ignore[misc]
        for leaf in forest.leaves(root)
    }
    return {leaf for leaf, part in parts.items() if next(walk.ways(part, 1), None) is not None}


@pytest.mark.parametrize("seed", range(700, 740))
def test_the_search_finds_what_single_ways_lead_to(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(numbers, "MAX_SOLVED", 100_000)  # beyond which the search is not exact
    book, rng = random_packs.rulebase(seed), random.Random(seed)
    decider = Decider(book)
    compiled = decider.compiled
    for _ in range(6):
        try:
            facts = read_facts(book, random_packs.facts(book, rng, missing=0.6))
        except InputError:
            continue
        possible = Walk(compiled, facts).possible()
        assert possible == (
            next(Walk(compiled, facts).ways(compiled.forest.true, 1), None) is not None
        )
        for root in compiled.roots.values():
            reached = {leaf for (leaf,) in Walk(compiled, facts).reach([root])}
            if possible:
                assert reached == by_ways(compiled, Walk(compiled, facts), root), facts


def test_a_fact_of_which_one_class_is_left_is_followed(tmp_path: Path) -> None:
    ties = "constraints: {t: {when: {kind: car}, must: {units: {at_most: 1}}, because: So.}}"
    rules = "a | late | {units: {at_most: 1}} | true\nb | late | {units: {more_than: 1}} | false"
    walk = walked(pack(tmp_path, f"late: {BOOLEAN}", rules, ties), {"kind": "car"})
    left = walk.left
    assert left is not None and [len(codes) for codes in left.classes_of.values()] == [1]
    assert len(walk.reach([walk.compiled.roots["late"]])) == 1
    assert not left.constraints


def test_a_constraint_that_another_fact_can_always_meet_is_left_aside(tmp_path: Path) -> None:
    ties = """
constraints:
  order: {when: {made: {after: "sold"}}, must: {fraud: true}, because: So.}
"""
    rules = "a | late | {made: {before: 2010-01-01}} | true"
    decider = pack(tmp_path, f"late: {BOOLEAN}", rules, ties.replace('"sold"', "sold"))
    walk = walked(decider, {"fraud": False})
    assert walk.left is not None
    root = decider.compiled.roots["late"]
    assert walk.left.constraints and walk.left.on(walk.unknown([root])) == ()
    both = walked(decider, {"fraud": False, "sold": "2009-06-01"})
    assert both.left is not None and len(both.left.on(both.unknown([root]))) == 1


def test_where_no_loan_meets_a_constraint_nothing_is_possible(tmp_path: Path) -> None:
    decider = pack(tmp_path, f"late: {BOOLEAN}", "a | late | {fraud: true} | true")
    none = replace(decider.compiled, constraints=(decider.compiled.forest.false,))
    root = none.roots["late"]
    known: dict[str, Value] = {}
    assert not Walk(none, known).possible()
    assert Walk(none, known).reach([root]) == []
    assert is_empty(none, none.applies["a"]) and find_loan(none, none.applies["a"]) is None
