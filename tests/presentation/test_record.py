"""The decision record as JSON: it fits its schema, and says everything exactly."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from engine import Decider, Record
from engine.evaluation.changes import nearest_changes
from engine.presentation import record as record_module
from engine.presentation.record import as_data, as_json
from engine.reading.schema import read_schema
from tests.golden import EXAMPLES, decided, loans, primer
from tests.small import pack

SCHEMA = Draft202012Validator(dict(read_schema("record")))

DECISIONS = """
answer: {type: enum, label: What follows?, values: {no: Nothing, yes: Something}}
after: {type: enum, label: And then?, values: {end: The end}}
owed: {type: money, label: How much is owed?, at_least: 0}
share: {type: decimal, label: Which share?}
until: {type: date, label: Until when?}
effects: {type: set, label: Effects, values: {b: Second, a: First}}
fallback: {type: boolean, label: Fallback?, otherwise: false, otherwise_because: None is known.}
"""
RULES = """
one   | answer  | {kind: home}          | no
two   | answer  | {kind: car}           | yes
three | answer  | {fraud: true}         | yes | note: Fraud is fraud.
later | after   | {answer: no}          | end
sum   | owed    |                       | {amount: debt - price}
part  | share   | {debt: {more_than: 0}} | {amount: price / debt}
limit | until   |                       | {date: sold, plus: 3 months}
first | effects | {kind: home}          | [b, a]
"""


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Decider:
    return pack(tmp_path_factory.mktemp("small"), DECISIONS, RULES)


def fitting(record: Record, **more: Any) -> dict[str, Any]:
    """The record as JSON brings it back; it fits the schema."""
    data: dict[str, Any] = json.loads(as_json(record, "9.9.9", **more))
    assert [error.message for error in SCHEMA.iter_errors(data)] == []
    assert data == as_data(record, "9.9.9", **more)
    return data


@pytest.mark.parametrize("example", sorted(path.name for path in EXAMPLES.glob("*.[jy]*")))
def test_every_example_fits_the_schema(example: str) -> None:
    for loan in loans(example):
        record = decided(loan)
        changes = {name: nearest_changes(primer(), record, name) for name in record.answers}
        data = fitting(record, changes=changes, loan=loan.name)
        assert data["loan"] == loan.name
        assert list(data["decisions"]) == list(primer().rulebase.decisions)


def test_values_are_exact_and_plain(small: Decider) -> None:
    facts = {"kind": "home", "fraud": False, "debt": "1000.5", "price": 250, "sold": "2026-11-30"}
    data = fitting(small.decide(facts))
    assert list(data) == [
        "record", "engine", "pack", "strict", "facts", "presumed", "decisions", "notice",
    ]  # fmt: skip
    assert data["engine"] == "9.9.9"
    assert data["facts"] == {
        "kind": "home", "fraud": False, "debt": "1000.50", "price": "250.00", "sold": "2026-11-30",
    }  # fmt: skip
    values = {name: answer["value"] for name, answer in data["decisions"].items()}
    assert values == {
        "answer": "no", "after": "end", "owed": "750.50", "share": "0.249875",
        "until": "2027-02-28", "effects": ["a", "b"], "fallback": False,
    }  # fmt: skip
    answers = data["decisions"]
    assert answers["fallback"]["because"] == "None is known."
    assert answers["after"]["requires"] == {"answer": "no"}
    assert answers["answer"]["rules"] == [
        {
            "id": "one",
            "title": "The rule one",
            "because": "So says one.",
            "authority": {
                "kind": "statute",
                "cite": "Code 1",
                "url": "",
                "confidence": "high",
                "checked": "2026-11-21",
                "note": "",
            },
        }
    ]


def test_what_is_undetermined_says_what_is_possible_and_what_to_ask(small: Decider) -> None:
    answers = fitting(small.decide({"fraud": False, "debt": 5}))["decisions"]
    assert answers["answer"] == {
        "status": "undetermined",
        "value": None,
        "confidence": "high",
        "possible": [{"value": "no", "rules": ["one"]}, {"value": "yes", "rules": ["two"]}],
        "ask": [{"fact": "kind", "question": "Which kind?"}],
        "rules": answers["answer"]["rules"],
        "overridden": [],
        "facts_used": answers["answer"]["facts_used"],
        "presumed_used": [],
        "requires": {},
    }
    assert answers["owed"]["possible"] == [
        {"formula": "max(debt - price, 0)", "missing": ["price"], "rules": ["sum"]}
    ]
    assert answers["after"]["possible"] == [
        {"value": "end", "rules": ["later"]},
        {"status": "open", "rules": []},
    ]


def test_a_conflict_and_what_rests_on_it(small: Decider) -> None:
    answers = fitting(small.decide({"kind": "home", "fraud": True}))["decisions"]
    assert answers["answer"]["status"] == "conflict"
    assert [rule["id"] for rule in answers["answer"]["rules"]] == ["one", "three"]
    assert answers["answer"]["rules"][1]["note"] == "Fraud is fraud."
    assert "disagree" in answers["answer"]["because"]
    assert answers["after"]["status"] == "conflict"
    assert answers["after"]["because"] == "It rests on `answer`, where rules disagree."


def test_an_open_decision(small: Decider) -> None:
    answers = fitting(small.decide({"kind": "car", "fraud": False, "debt": 0}))["decisions"]
    assert (answers["after"]["status"], answers["after"]["because"]) == ("open", "No rule applies.")


def test_a_change_tells_the_other_outcome(small: Decider) -> None:
    record = small.decide({"kind": "home", "fraud": False}, only=["answer"])
    data = fitting(record, changes={"answer": nearest_changes(small, record, "answer")})
    assert data["decisions"]["answer"]["change"][0] == {"facts": {"kind": "car"}, "value": "yes"}


def test_only_presumptions_that_mattered(tmp_path: Path) -> None:
    presumptions = """
    presumptions:
      - {presume: {fraud: false}, because: Fraud is never presumed.}
      - {presume: {rate: 0.5}, because: Nobody asks.}
    """
    rules = "one | answer | {fraud: false} | no"
    decider = pack(tmp_path, DECISIONS, rules, presumptions)
    data = fitting(decider.decide({}))
    assert data["presumed"] == {"fraud": {"value": False, "because": "Fraud is never presumed."}}
    assert data["decisions"]["answer"]["presumed_used"] == ["fraud"]
    assert fitting(decider.decide({}, strict=True))["presumed"] == {}


def test_one_line(small: Decider) -> None:
    record = small.decide({})
    line = as_json(record, "9.9.9", one_line=True)
    assert "\n" not in line
    assert json.loads(line) == as_data(record, "9.9.9")


def test_what_is_remembered_of_a_rule_is_that_rule_s(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(record_module, "MANY_RULES", 2)
    for number in range(3):  # the same ids, other rules
        rules = f"one | answer | {{kind: home}} | no | note: Note {number}\n"
        rules += "two | answer | {kind: home} | no"
        (folder := tmp_path / str(number)).mkdir()
        decider = pack(folder, DECISIONS, rules)
        for _ in range(2):
            told = fitting(decider.decide({"kind": "home"}))["decisions"]["answer"]["rules"]
            assert [rule.get("note") for rule in told] == [f"Note {number}", None]
