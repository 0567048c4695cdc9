"""Drawn diagrams: who follows one comes to what the rules decide."""

from __future__ import annotations

import itertools
import re
from pathlib import Path

from engine import Decider, load
from engine.evaluation.facts import Presumptions
from engine.model import Value
from engine.presentation.site.addresses import Addresses
from engine.presentation.site.chips import palette
from engine.presentation.site.drawings import (
    LARGEST,
    SMALLEST,
    Diagrams,
    left_by,
    requirements,
)
from engine.presentation.site.layered import Drawing, Placed
from tests.small import pack

DECISIONS = """
recourse: {type: enum, label: R, values: {none: N, capped: C, full: F}, hit_policy: {priority: [none, capped, full]}}
late: {type: boolean, label: Late?, otherwise: false, otherwise_because: Nobody was.}
other: {type: boolean, label: O}
"""
RULES = """
a | recourse | {kind: home} | full
b | recourse | {kind: home, state: WA, units: {at_most: 4}} | capped
c | recourse | {state: [WA, TX], late: true} | none
d | late | {fraud: true, kind: car} | true
"""


def diagrams(decider: Decider, place: str = "") -> Diagrams:
    book = decider.rulebase
    return Diagrams(book, place, Presumptions(book), palette([]), Addresses(book, [place]))


def followed(drawn: Drawing, answers: dict[str, str]) -> str:
    """The end that some answers, by the headings of the boxes, lead to."""
    # A curve starts at the right side of its box and ends at the left side of another.
    ends = {}
    for curve in drawn.curves:
        start, *_ = curve[1:].split("H")
        ends[tuple(map(float, start.split()))] = tuple(map(float, curve.split(" ")[-2:]))

    def at(place: tuple[float, ...]) -> Placed:
        return next(
            b for b in drawn.boxes if abs(b.x - place[0]) < 1 and b.y < place[1] < b.y + b.height
        )

    here = min(drawn.boxes, key=lambda placed: placed.x)
    while here.box.branches:
        texts = [branch.text for branch in here.box.branches]
        wanted = answers[here.box.text]
        fitting = [text for text in texts if wanted in (text, *re.split(", | or ", text))]
        chosen = texts.index(fitting[0] if fitting else "anything else")
        starts = sorted(
            place
            for place in ends
            if abs(place[0] - here.x - here.width) < 1 and here.y < place[1] < here.y + here.height
        )
        here = at(ends[starts[chosen]])
    return here.box.text


def test_who_follows_a_diagram_comes_to_what_is_decided(tmp_path: Path) -> None:
    decider = pack(tmp_path, DECISIONS, RULES)
    drawn = diagrams(decider).drawn(decider.rulebase.decisions["recourse"])
    assert drawn is not None
    states = {"WA": "Washington", "TX": "Texas", "CA": "California"}
    kinds = {"home": "Home", "car": "Car"}
    frauds = {True: "yes", False: "no"}
    seen = set()
    for state, kind, fraud, units in itertools.product(states, kinds, frauds, (1, 4, 5)):
        facts = {"state": state, "kind": kind, "fraud": fraud, "units": units}
        value = decider.decide(facts, only=["recourse"]).value("recourse")
        end = followed(
            drawn,
            {
                "State": states[state],
                "Kind": kinds[kind],
                "Fraud": frauds[fraud],
                "Units": "4 or less" if units <= 4 else "5 or more",
            },
        )
        assert end == (value or "no rule"), facts
        seen.add(end)
    assert seen == {"none", "capped", "full", "no rule"}


def test_what_is_presumed_is_not_asked(tmp_path: Path) -> None:
    vocabulary = "presumptions: [{presume: {fraud: false}, because: Most are honest.}]\n"
    decider = pack(tmp_path, DECISIONS, RULES, vocabulary)
    drawn = diagrams(decider).drawn(decider.rulebase.decisions["recourse"])
    assert drawn is not None
    headings = {placed.box.text for placed in drawn.boxes}
    assert "Fraud" not in headings and "Units" in headings


def test_what_is_left_by_known_facts_says_the_same(tmp_path: Path) -> None:
    terms = "terms: {small: {label: S, when: {any: [{units: {at_most: 4}}, {kind: car}]}}}\n"
    more = "e | other | {not: {all: [{small: false}, {fraud: true}]}, state: {not: TX}} | true\n"
    rulebase = pack(tmp_path, DECISIONS, RULES + more, terms).rulebase
    names = {"state": ("WA", "TX"), "kind": ("home", "car"), "fraud": (True, False)}
    every = [dict(zip(names, values, strict=True)) for values in itertools.product(*names.values())]
    whole = Decider(rulebase)
    some: list[dict[str, Value]] = [
        {"state": "TX"},
        {"kind": "home", "fraud": False},
        {"fraud": True},
    ]
    for known in some:
        left = left_by(rulebase, known)
        assert left.rules != rulebase.rules
        for facts, units in itertools.product(every, (1, 4, 5)):
            if known.items() <= facts.items():
                loan = facts | {"units": units}
                one, other = whole.decide(loan), Decider(left).decide(loan)
                for name, answer in one.answers.items():
                    assert other.answers[name].value == answer.value
                    assert [r.id for r in other.answers[name].rules] == [r.id for r in answer.rules]


def test_no_box_asks_what_makes_no_difference() -> None:
    decider = load("us")
    for place in ("WA", "OH", "CA"):
        shown = diagrams(decider, place)
        for decision in decider.rulebase.decisions.values():
            drawn = shown.drawn(decision)
            if drawn is None:
                continue
            assert SMALLEST <= len(drawn.boxes) <= LARGEST
            for placed in drawn.boxes:
                targets = [branch.target for branch in placed.box.branches]
                assert len(set(targets)) == len(targets) != 1


def test_too_small_and_too_large(tmp_path: Path) -> None:
    decider = pack(tmp_path / "a", DECISIONS, RULES)
    assert diagrams(decider).drawn(decider.rulebase.decisions["other"]) is None
    rules = "\n".join(
        f"r{n} | other | {{debt: {n}, price: {n}, value: {n}}} | true" for n in range(30)
    )
    large = pack(tmp_path / "b", DECISIONS, rules)
    assert diagrams(large).drawn(large.rulebase.decisions["other"]) is None


def test_requirements(tmp_path: Path) -> None:
    decider = pack(tmp_path, DECISIONS, RULES)
    addresses = Addresses(decider.rulebase, [])
    every = requirements(decider.rulebase, addresses)
    assert [placed.box.text for placed in every.boxes] == ["Late?", "R"]
    assert len(every.curves) == 1
    alone = requirements(decider.rulebase, addresses, "other")
    assert [(placed.box.text, placed.box.kind) for placed in alone.boxes] == [("O", "own")]
