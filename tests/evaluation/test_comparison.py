"""One loan under two packs."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine import Decider, InputError
from engine.evaluation.comparison import beside, compare
from tests.small import pack

VIEW = "recourse: {type: enum, label: R, values: {none: N, depends: D, full: F}}\nonly_here: {type: boolean, label: O}\nlate: {type: boolean, label: L}"
LAW = "recourse: {type: enum, label: R, values: {none: N, capped: C, full: F}}\nlate: {type: enum, label: L, values: {no: N}}\nowed: {type: money, label: O}"


@pytest.fixture(scope="module")
def view(tmp_path_factory: pytest.TempPathFactory) -> Decider:
    rules = """
        poor | recourse | {kind: home, state: CA}      | none
        rest | recourse | {kind: home, state: {not: CA}} | full
        car  | recourse | {kind: car} | depends
    """
    vocabulary = (
        "constraints:\n  no_car: {when: {kind: car}, must: {state: {not: TX}}, because: B.}\n"
    )
    return pack(tmp_path_factory.mktemp("view"), VIEW, rules, vocabulary)


@pytest.fixture(scope="module")
def law(tmp_path_factory: pytest.TempPathFactory) -> Decider:
    rules = """
        fair  | recourse | {state: CA, fraud: false} | capped
        wrong | recourse | {state: CA, fraud: true}  | full
        other | recourse | {state: WA}               | full
        owes  | owed     |                           | {amount: debt}
    """
    vocabulary = "presumptions:\n  - {presume: {kind: home}, because: B.}\n"
    folder = tmp_path_factory.mktemp("law")
    return pack(folder, LAW, rules, vocabulary)


def test_values_of_the_same_name_agree(view: Decider, law: Decider) -> None:
    found = compare(view, law, {"state": "WA"})
    assert list(found.pairs) == ["recourse"], "what only one has, or of another type, is left out"
    assert found.pairs["recourse"].agreement == "same"
    assert found.different == {}


def test_a_value_that_only_one_pack_has_differs(view: Decider, law: Decider) -> None:
    found = compare(view, law, {"state": "CA", "fraud": False})
    pair = found.different["recourse"]
    assert (pair.view.value, pair.law.value) == ("none", "capped")
    assert [rule.id for rule in pair.view.rules] == ["poor"]


def test_the_view_is_told_what_the_law_presumes(view: Decider, law: Decider) -> None:
    found = compare(view, law, {"state": "WA"})
    assert found.lent == {"kind": "home"}
    assert found.view.value("recourse") == "full"
    assert compare(view, law, {"state": "WA", "kind": "car"}).lent == {}
    strict = compare(view, law, {"state": "WA"}, strict=True)
    assert strict.lent == {}
    assert strict.pairs["recourse"].agreement == "unclear"


def test_outcomes_that_cannot_meet_differ_whatever_is_missing(view: Decider, law: Decider) -> None:
    found = compare(view, law, {"state": "CA"})
    assert found.law.answers["recourse"].status == "undetermined"
    assert found.pairs["recourse"].agreement == "different", "none is neither capped nor full"
    assert compare(view, law, {"fraud": True}).pairs["recourse"].agreement == "unclear"


def test_where_one_has_no_answer_nothing_differs(view: Decider, law: Decider) -> None:
    found = compare(view, law, {"state": "TX"})
    assert found.law.answers["recourse"].status == "open"
    assert found.pairs["recourse"].agreement == "silent"


def test_facts_that_one_pack_does_not_know_are_left_out(tmp_path: Path, law: Decider) -> None:
    more = "terms: {}\n"
    narrow = pack(tmp_path, VIEW, "all | recourse | | none", more)
    facts = {name: f for name, f in narrow.rulebase.facts.items() if name != "fraud"}
    object.__setattr__(narrow.rulebase, "facts", facts)
    found = compare(narrow, law, {"state": "CA", "fraud": True})
    assert found.unknown_to_view == ("fraud",)
    assert found.unknown_to_law == ()
    assert found.pairs["recourse"].agreement == "different"


def test_a_fact_that_neither_knows_is_refused(view: Decider, law: Decider) -> None:
    with pytest.raises(InputError) as error:
        compare(view, law, {"stat": "CA", "kind": "house"})
    assert [(p.code, p.hint) for p in error.value.problems] == [
        ("unknown-fact", "did you mean `state`?"),
        ("unknown-value", "did you mean `home`?"),
    ]


def test_a_view_that_refuses_the_facts_says_so(view: Decider, law: Decider) -> None:
    record = law.decide({"state": "TX", "kind": "car"})
    with pytest.raises(InputError, match=r"can't go together: B\. \(says the pack `small`\)"):
        beside(view, record)
