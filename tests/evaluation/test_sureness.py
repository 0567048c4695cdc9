"""How sure answers are: as their rules, and as the decisions that those speak of."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine import Decider, load
from engine.presentation.doubt import doubts
from tests.small import write

DECISIONS = """
bar: {type: boolean, label: B, otherwise: false, otherwise_because: None.}
owed: {type: money, label: O, otherwise: {amount: debt}, otherwise_because: All.}
taken: {type: money, label: T, otherwise: {amount: owed}, otherwise_because: All.}
why: {type: set, label: W, values: {sale: S, time: M}, hit_policy: collect}
calm: {type: boolean, label: C, otherwise: false, otherwise_because: None.}
"""
RULES = """
bar-low | bar | {kind: home} | true
bar-high | bar | {kind: home, units: 1} | true
owed-barred | owed | {bar: true} | 0
taken-some | taken | {fraud: true} | {amount: owed - price}
why-sale | why | {kind: home} | [sale]
why-time | why | {owed: {more_than: 5}} | [time]
calm-all | calm | {any: [{fraud: true}, {bar: true}]} | true
"""


@pytest.fixture
def decider(tmp_path: Path) -> Decider:
    folder = write(tmp_path, DECISIONS, RULES)
    rules = (folder / "rules.yaml").read_text().split("  - id: ")
    for number, sure in ((1, "low"), (4, "medium")):
        rules[number] = rules[number].replace("confidence: high", f"confidence: {sure}")
    (folder / "rules.yaml").write_text("  - id: ".join(rules))
    return load(folder)


@pytest.mark.parametrize(
    ("facts", "decision", "status", "sure"),
    [
        # a rule that decides alone, and a surer one beside it
        ({"kind": "home", "units": 2}, "bar", "decided", "low"),
        ({"kind": "home", "units": 1}, "bar", "decided", "high"),
        ({"kind": "car"}, "bar", "decided", "high"),
        # what a condition and a value speak of
        ({"kind": "home", "units": 2}, "owed", "decided", "low"),
        ({"kind": "home", "units": 1}, "owed", "decided", "high"),
        ({"kind": "home", "units": 2, "fraud": True, "price": 1}, "taken", "decided", "low"),
        ({"kind": "home", "units": 1, "fraud": True, "price": 1}, "taken", "decided", "medium"),
        # what an otherwise speaks of
        ({"kind": "home", "units": 2, "fraud": False}, "taken", "decided", "low"),
        ({"kind": "car", "debt": 7, "fraud": False}, "taken", "decided", "high"),
        # what is made together is as sure as the least sure part
        ({"kind": "home", "units": 2}, "why", "decided", "high"),
        # what is undetermined itself has no say where another is decided
        ({"kind": "home", "fraud": True}, "bar", "decided", "low"),
        ({"fraud": True}, "bar", "undetermined", "low"),
        ({"fraud": True}, "calm", "decided", "high"),
        ({"kind": "home"}, "calm", "decided", "low"),
    ],
)
def test_as_sure_as_what_it_rests_on(
    decider: Decider, facts: dict[str, object], decision: str, status: str, sure: str
) -> None:
    for only in (None, [decision]):
        answer = decider.decide(facts, only=only).answers[decision]
        assert (answer.status, answer.confidence) == (status, sure)
        bare = decider.decide(facts, only=only, reasons=False).answers[decision]
        assert (bare.status, bare.confidence) == (status, None)


def test_the_order_of_the_answers_does_not_matter(decider: Decider) -> None:
    names = ["bar", "owed", "taken", "why", "calm"]
    for facts in ({"fraud": True}, {"kind": "home", "fraud": True}, {"fraud": False}):
        one = decider.decide(facts).answers
        other = decider.decide(facts, only=names[::-1]).answers
        assert {n: one[n].confidence for n in names} == {n: other[n].confidence for n in names}


def test_a_page_says_what_rests_on_doubts(decider: Decider) -> None:
    record = decider.decide({"kind": "home", "units": 2, "fraud": False})
    assert list(doubts(record)) == [
        "Bar is of low confidence, and so is what rests on it (owed, taken, calm): look it up "
        "before you rely on it."
    ]
    derived = decider.decide({"kind": "home", "units": 2, "fraud": False}, only=["owed", "taken"])
    assert list(doubts(derived)) == [
        "Owed and taken are of low confidence: look it up before you rely on it."
    ]
    assert not list(doubts(decider.decide({"kind": "car", "debt": 1})))
