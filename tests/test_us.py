"""What is promised of the `us` pack as a whole."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine import Decider, load
from engine.analysis.regions import find_loan
from engine.evaluation.slices import places
from engine.model import OneOf
from engine.resources import rules_dir

STATES = rules_dir() / "us" / "states"


@pytest.fixture(scope="module")
def us() -> Decider:
    return load("us")


def test_every_jurisdiction_has_its_file(us: Decider) -> None:
    every = set(us.rulebase.facts["property_state"].values)
    assert len(every) == 51
    assert set(places(us.rulebase)) == every == {path.stem for path in STATES.glob("*.yaml")}


@pytest.mark.parametrize("state", sorted(path.stem for path in STATES.glob("*.yaml")))
def test_no_loan_on_property_is_without_an_answer(us: Decider, state: str) -> None:
    """A proof, not a sample: the hole that the pack accepts is not among these loans."""
    compiled = us.compiled_for({"property_state": state})
    forest = compiled.forest
    unanswered = forest.map(
        "unanswered", lambda leaf: leaf == frozenset(), compiled.roots["recourse"]
    )
    here = compiled.space.fact_test(OneOf("property_state", (state,)))
    on_property = compiled.compiler.condition(us.rulebase.terms["property_loan"].when)
    assert find_loan(compiled, forest.all_of([unanswered, here, on_property])) is None


def test_every_state_has_cases() -> None:
    cases = STATES.parent / "cases" / "states"
    assert {path.name for path in cases.glob("*.yaml")} == {p.name for p in STATES.glob("*.yaml")}
    assert all(path.read_text().count("- case:") >= 15 for path in cases.glob("*.yaml"))


def test_nothing_is_cited_without_a_source(us: Decider) -> None:
    for rule in us.rulebase.rules:
        assert len(rule.authority.cite) > 4, rule.id
        assert rule.authority.checked is not None, rule.id
        assert Path(rule.place.file).suffix == ".yaml"
