"""Which question comes next, and when no more does."""

from __future__ import annotations

import statistics
from pathlib import Path

import pytest

from engine import Decider, InputError, load
from engine.analysis.interview import Interview, next_question, what_hangs
from engine.values import ValueFault
from tests.benchmarks.interview import interviews
from tests.small import pack

DECISIONS = """
recourse: {type: enum, label: R, values: {none: N, full: F}}
owed:     {type: money, label: O}
other:    {type: boolean, label: X}
"""
RULES = """
a | recourse | {fraud: false, kind: home} | none
b | recourse | {fraud: true, kind: home}  | full
c | recourse | {kind: car}                | full
d | owed     | {recourse: none}           | 0
e | owed     | {recourse: full}           | {amount: debt - price}
f | other    | {units: {at_least: 3}}     | true
"""
NO_FRAUD = """
presumptions:
  - {presume: {fraud: false}, when: {state: CA}, because: B.}
"""


@pytest.fixture
def decider(tmp_path: Path) -> Decider:
    return pack(tmp_path, DECISIONS, RULES)


def asked(interview: Interview, **known: object) -> tuple[list[str], Interview]:
    """What a person is asked who knows some facts and nothing else."""
    names = []
    while (question := next_question(interview)) is not None:
        name = question.fact.name
        names.append(name)
        interview = interview.told(name, known[name]) if name in known else interview.passed(name)
    return names, interview


def test_only_what_can_still_change_a_wanted_decision_is_asked(decider: Decider) -> None:
    about = Interview(decider, ("recourse",), {})
    assert asked(about, kind="car")[0] == ["kind"]
    assert asked(about, kind="home", fraud=True)[0] == ["kind", "fraud"]
    more = Interview(decider, ("recourse", "owed"), {})
    assert asked(more, kind="home", fraud=False)[0] == ["kind", "fraud"]
    names, end = asked(more, kind="car", debt="1,000", price=400)
    assert set(names) == {"kind", "debt", "price"}
    assert str(end.record().value("owed")) == "600.00"
    assert asked(Interview(decider, ("other",), {}), units=2)[0] == ["units"]


def test_what_is_known_from_the_start_is_not_asked(decider: Decider) -> None:
    assert asked(Interview(decider, ("recourse",), {"kind": "home"}), fraud=False)[0] == ["fraud"]


def test_what_a_person_does_not_know_is_not_asked_again(decider: Decider) -> None:
    names, end = asked(Interview(decider, ("recourse",), {}), kind="home")
    assert names == ["kind", "fraud"]
    assert end.unknown == {"fraud"}
    assert end.facts == {"kind": "home"}
    assert end.record().answers["recourse"].status == "undetermined"


def test_going_back_asks_the_same_again(decider: Decider) -> None:
    start = Interview(decider, ("recourse",), {})
    first = next_question(start)
    assert first is not None
    further = start.told("kind", "home").passed("fraud")
    assert further.back().answers == (("kind", "home"),)
    assert further.back().back() == start
    again = next_question(further.back().back())
    assert again is not None and again.fact == first.fact


def test_a_fact_that_lets_others_be_presumed_comes_before_them(tmp_path: Path) -> None:
    without = pack(tmp_path / "without", DECISIONS, RULES)
    facts = {"kind": "home", "state": "CA"}
    assert "state" not in asked(Interview(without, ("recourse",), {}), **facts)[0]
    presuming = pack(tmp_path / "presuming", DECISIONS, RULES, NO_FRAUD)
    names, end = asked(Interview(presuming, ("recourse",), {}), **facts)
    assert "fraud" not in names
    assert end.record().value("recourse") == "none"
    elsewhere = asked(Interview(presuming, ("recourse",), {}), kind="home", state="WA", fraud=True)
    assert elsewhere[1].record().value("recourse") == "full"
    ignorant = asked(Interview(presuming, ("recourse",), {}), kind="home", fraud=True)
    assert ignorant[1].record().value("recourse") == "full"


def test_nothing_is_presumed_where_that_is_wanted(tmp_path: Path) -> None:
    decider = pack(tmp_path, DECISIONS, RULES, NO_FRAUD)
    interview = Interview(decider, ("recourse",), {"kind": "home", "state": "CA"}, strict=True)
    assert asked(interview, fraud=True)[0] == ["fraud"]


def test_the_jurisdiction_comes_first_where_most_rules_have_one(tmp_path: Path) -> None:
    decider = pack(tmp_path, DECISIONS, RULES)
    text = (tmp_path / "rules.yaml").read_text()
    (tmp_path / "rules.yaml").write_text("jurisdiction: CA\n" + text)
    local = load(tmp_path)
    for each, first in ((decider, "kind"), (local, "state")):
        question = next_question(Interview(each, ("recourse",), {}))
        assert question is not None and question.fact.name == first
    passed = Interview(local, ("recourse",), {}).passed("state")
    question = next_question(passed)
    assert question is not None and question.fact.name == "kind"


def test_the_kind_that_divides_a_pack_is_asked_at_once(tmp_path: Path) -> None:
    rules = """
    a | recourse | {made: {before: 2010-01-01}} | none
    b | recourse | {kind: home, made: {on_or_after: 2010-01-01}} | full
    c | recourse | {kind: car, made: {on_or_after: 2010-01-01}} | none
    """
    whole = pack(tmp_path, DECISIONS, rules)
    assert asked(Interview(whole, ("recourse",), {}), made="2001-01-01")[0] == ["made"]
    head = (tmp_path / "pack.yaml").read_text()
    (tmp_path / "pack.yaml").write_text(f"sections: kind\n{head}")
    divided = Interview(load(tmp_path), ("recourse",), {})
    assert asked(divided, kind="home", made="2001-01-01")[0] == ["kind", "made"]


def test_an_answer_that_does_not_fit_is_refused(tmp_path: Path) -> None:
    constraint = "constraints:\n  honest: {when: {kind: car}, must: {fraud: false}, because: B.}\n"
    decider = pack(tmp_path, DECISIONS, RULES, constraint)
    interview = Interview(decider, ("recourse",), {"kind": "car"})
    with pytest.raises(ValueFault, match="`fraud` is true or false"):
        interview.told("fraud", "perhaps")
    with pytest.raises(InputError, match="can't go together"):
        interview.told("fraud", True)


def test_what_hangs_on_a_question(decider: Decider) -> None:
    interview = Interview(decider, ("recourse",), {"kind": "home"})
    question = next_question(interview)
    assert question is not None
    assert question.settles == ("recourse",)
    hangs = what_hangs(interview, question)
    assert [(value, record.value("recourse")) for value, record in hangs] == [
        (True, "full"),
        (False, "none"),
    ]
    amounts = Interview(decider, ("owed",), {"kind": "car", "debt": 5})
    question = next_question(amounts)
    assert question is not None and what_hangs(amounts, question) == []


@pytest.mark.parametrize(("pack_name", "loans"), [("primer", 12), ("us", 12)])
def test_an_ordinary_loan_takes_at_most_eight_questions(pack_name: str, loans: int) -> None:
    held = list(interviews(pack_name))
    assert len(held) >= loans
    assert statistics.mean(len(each.asked) for each in held) <= 8
    if pack_name == "us":
        assert all(a.status == "decided" for each in held for a in each.record.answers.values())
