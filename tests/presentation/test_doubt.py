"""What a page says of answers that don't rest on the law itself, or not surely."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine import Decider, load
from engine.presentation.doubt import doubts
from engine.presentation.text import page
from tests.small import AUTHORITY, write

DECISIONS = """
one:  {type: enum, label: One, values: {no: N, yes: Y}}
two:  {type: boolean, label: Two, otherwise: false, otherwise_because: So it is.}
both: {type: set, label: Both, values: {a: A, b: B}, hit_policy: collect}
"""
RULES = """
law    | one  | {kind: home}  | no
writer | one  | {kind: car}   | yes
again  | one  | {fraud: true} | yes
told   | two  | {state: CA}   | true
left   | both | {kind: home}  | [a]
right  | both | {state: CA}   | [b]
"""
SECONDARY = {"writer", "again", "told", "left"}
LOW = {"again", "right"}


@pytest.fixture(scope="module")
def decider(tmp_path_factory: pytest.TempPathFactory) -> Decider:
    folder = write(tmp_path_factory.mktemp("doubt"), DECISIONS, RULES)
    path = folder / "rules.yaml"
    lines, rule = [], ""
    for line in path.read_text().splitlines():
        rule = line.partition("- id: ")[2] or rule
        if AUTHORITY in line:
            line = line.replace("statute", "secondary") if rule in SECONDARY else line
            line = line.replace("high", "low") if rule in LOW else line
        lines.append(line)
    path.write_text("\n".join(lines))
    return load(Path(folder))


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({"kind": "home", "state": "WA", "fraud": False}, "Both rests on a secondary source"),
        ({"kind": "car", "state": "WA", "fraud": False}, "One rests on a secondary source"),
        ({"kind": "home", "state": "CA", "fraud": False}, "Two and both rest on a secondary"),
    ],
)
def test_secondary_sources_are_named(
    decider: Decider, facts: dict[str, object], expected: str
) -> None:
    assert next(doubts(decider.decide(facts))).startswith(expected)


def test_one_sure_rule_that_gives_an_answer_alone_is_enough(decider: Decider) -> None:
    record = decider.decide({"kind": "car", "fraud": True, "state": "WA"}, only=["one"])
    assert [rule.id for rule in record.answers["one"].rules] == ["writer", "again"]
    assert list(doubts(record)) == ["One rests on a secondary source, not on the law itself."]


def test_low_confidence_is_said_in_words(decider: Decider) -> None:
    record = decider.decide({"state": "CA", "fraud": False, "kind": "home"}, only=["both"])
    assert list(doubts(record)) == [
        "Both rests on a secondary source, not on the law itself.",
        "Both is of low confidence: look it up before you rely on it.",
    ]
    assert "Both is of low confidence: look it up" in page(record, "x")


def test_where_all_is_secondary_it_is_said_once(decider: Decider) -> None:
    record = decider.decide({"kind": "car", "state": "CA", "fraud": False}, only=["one", "two"])
    assert list(doubts(record)) == [
        "All of this rests on a secondary source, not on the law itself."
    ]


def test_nothing_is_said_of_the_law_itself(decider: Decider) -> None:
    record = decider.decide({"kind": "home", "state": "WA", "fraud": False}, only=["one", "two"])
    assert list(doubts(record)) == []
    assert "secondary source" not in page(record, "x")
