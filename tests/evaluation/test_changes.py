"""The smallest change of facts that would change an outcome."""

from __future__ import annotations

import itertools
import random
from decimal import Decimal
from pathlib import Path

import pytest

from engine import Decider, InputError
from engine.evaluation.changes import nearest_changes
from tests import random_packs
from tests.small import pack

RECOURSE = "recourse: {type: enum, label: Recourse, values: {none: N, capped: C, full: F}}"


def test_one_fact_is_enough(tmp_path: Path) -> None:
    rules = "a | recourse | {state: CA, units: {at_most: 4}} | none\nb | recourse | {state: CA, units: {more_than: 4}} | full"
    decider = pack(tmp_path, RECOURSE, rules)
    record = decider.decide({"state": "CA", "units": 2})
    change = nearest_changes(decider, record, "recourse")[0]
    assert (dict(change.facts), change.outcome.value) == ({"units": 5}, "full")


def test_two_facts_where_one_is_not_enough(tmp_path: Path) -> None:
    rules = "a | recourse | {kind: car, fraud: true} | full\nb | recourse | {any: [{fraud: false}, {kind: home}]} | none"
    decider = pack(tmp_path, RECOURSE, rules)
    record = decider.decide({"kind": "home", "fraud": False})
    assert [dict(c.facts) for c in nearest_changes(decider, record, "recourse")] == [
        {"kind": "car", "fraud": True}
    ]


def test_property_stays_where_it_is(tmp_path: Path) -> None:
    rules = "a | recourse | {state: CA} | full\nb | recourse | {state: [WA, TX]} | none"
    decider = pack(tmp_path, RECOURSE, rules)
    assert nearest_changes(decider, decider.decide({"state": "WA"}), "recourse") == ()


def test_a_comparison_is_changed_by_the_least_amount(tmp_path: Path) -> None:
    rules = "a | recourse | {price: {less_than: value}} | full\nb | recourse | {price: {at_least: value}} | none"
    decider = pack(tmp_path, RECOURSE, rules)
    record = decider.decide({"price": 100, "value": 200})
    found = [dict(c.facts) for c in nearest_changes(decider, record, "recourse")]
    assert {"price": Decimal("200.00")} in found
    assert {"value": Decimal("0.00")} in found or {"value": Decimal("100.00")} in found


def test_a_change_keeps_the_constraints(tmp_path: Path) -> None:
    rules = "a | recourse | {fraud: true} | full\nb | recourse | {fraud: false} | none"
    vocabulary = "constraints:\n  honest: {when: {kind: car}, must: {fraud: false}, because: B.}\n"
    decider = pack(tmp_path, RECOURSE, rules, vocabulary)
    record = decider.decide({"kind": "car", "fraud": False})
    assert nearest_changes(decider, record, "recourse") == ()


def test_nothing_flips_what_nothing_can_change(tmp_path: Path) -> None:
    decider = pack(tmp_path, RECOURSE, "a | recourse | | full")
    record = decider.decide({"state": "CA"})
    assert nearest_changes(decider, record, "recourse") == ()


@pytest.mark.parametrize("seed", range(12))
def test_every_change_does_what_it_says(seed: int) -> None:
    decider = Decider(random_packs.rulebase(seed))
    rng = random.Random(seed)
    for _ in range(4):
        facts = random_packs.facts(decider.rulebase, rng, missing=0)
        record = decider.decide(facts, strict=True)
        for name in itertools.islice(decider.rulebase.decisions, 3):
            for change in nearest_changes(decider, record, name):
                try:
                    after = decider.decide({**facts, **change.facts}, strict=True).answers[name]
                except InputError as error:  # pragma: no cover - would be a wrong change
                    pytest.fail(f"the change breaks a constraint: {error}")
                before = record.answers[name]
                assert after.status in ("decided", "open")
                assert (after.status, after.value) == (
                    "open" if change.outcome.kind == "open" else "decided",
                    change.outcome.value,
                )
                assert (after.status, after.value) != (before.status, before.value)
