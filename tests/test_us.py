"""What is promised of the `us` pack as a whole."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from engine import Decider, load
from engine.analysis.regions import find_loan
from engine.evaluation.slices import places
from engine.model import OneOf
from engine.reading.loans import Loan, read_loans
from engine.resources import rules_dir

STATES = rules_dir() / "us" / "states"
STORIES = rules_dir().parent / "examples" / "us"


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


# What each story comes to, in dollars: owed, on the credit report, cancelled, taxed, and taken.
WHAT_STORIES_COME_TO = {
    "story-ohio-judgment": (34000, 34000, 0, 0, 200),
    "story-ohio-settlement": (0, 0, 20000, 0, 0),
    "story-california-purchase": (0, 0, 0, 0, 0),
    "story-va-loan": (7000, 7000, 0, 0, 0),
    "story-va-loan-1989": (0, 0, 2000, 2000, 0),
    "story-hecm-heir": (0, 310000, 0, 0, 0),
    "story-texas-car": (9200, 9200, 0, 0, 0),
    "story-card-settled": (0, 0, 3000, 500, 0),
    "story-debt-buyer-late": (0, 5000, 0, 0, 0),
}


def test_every_story_is_told_here() -> None:
    assert {path.stem for path in STORIES.glob("story-*.yaml")} == WHAT_STORIES_COME_TO.keys()


@pytest.mark.parametrize("story", WHAT_STORIES_COME_TO)
def test_a_story_leaves_nothing_open_and_comes_to_its_figures(us: Decider, story: str) -> None:
    (loan,) = read_loans(str(STORIES / f"{story}.yaml"))
    assert isinstance(loan, Loan)
    answers = us.decide(loan.data, reasons=False).answers
    unclear = {n for n, a in answers.items() if a.status in ("undetermined", "conflict")}
    assert unclear == set()
    names = ("borrower_owes", "reported_balance", "cancelled_debt", "taxable_debt", "wages_taken")
    expected = WHAT_STORIES_COME_TO[story]
    assert tuple(answers[name].value for name in names) == tuple(map(Decimal, expected))
