"""Recorded decisions, decided again."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine import Decider
from engine.analysis.replay import named_pack, replay
from engine.presentation import replay as page
from engine.presentation.record import as_json
from tests.small import pack

DECISIONS = """
recourse: {type: enum, label: Recourse?, values: {none: No, full: Full}, otherwise: full, otherwise_because: So it is.}
owed: {type: money, label: Owed}
"""
RULES = """
tx | recourse | {state: TX, kind: home} | none
owed.rest | owed | | {amount: debt - price}
"""
LOANS: tuple[dict[str, object], ...] = (
    {"state": "TX", "kind": "home", "debt": 10, "price": 4},
    {"state": "WA", "kind": "home", "debt": "10.50"},
    {"state": "TX"},
)


@pytest.fixture
def lines(tmp_path: Path) -> list[str]:
    decider = pack(tmp_path / "then", DECISIONS, RULES)
    return [as_json(decider.decide(loan), "0.1.0", loan="loan", one_line=True) for loan in LOANS]


@pytest.fixture
def now(tmp_path: Path) -> Decider:
    rules = RULES.replace("tx |", "tx.new |").replace("state: TX", "state: [TX, WA]")
    return pack(tmp_path / "now", DECISIONS, rules)


def test_by_the_same_rules_every_record_stays(lines: list[str], tmp_path: Path) -> None:
    result = replay(pack(tmp_path / "same", DECISIONS, RULES), lines)
    assert (result.same, result.replayed, result.faults) == (3, [], [])


def test_what_changes_is_told_with_its_reasons(lines: list[str], now: Decider) -> None:
    result = replay(now, lines, "records.jsonl")
    assert (result.same, len(result.changed), len(result.other_reasons)) == (0, 1, 2)
    (changed,) = result.changed
    assert str(changed.where) == "records.jsonl:2"
    (moved,) = changed.moved
    assert (moved.decision, moved.kind) == ("recourse", "outcome")
    assert (moved.then.value, moved.then.rules) == ("full", ())
    assert moved.now is not None
    assert (moved.now.value, moved.now.rules) == ("none", ("tx.new",))


def test_a_decision_that_is_gone_and_a_fact_that_is_gone(lines: list[str], tmp_path: Path) -> None:
    folder = tmp_path / "less"
    pack(
        folder,
        DECISIONS.replace("recourse:", "liability:"),
        RULES.replace("| recourse |", "| liability |"),
    )
    result = replay(
        pack(folder, DECISIONS.split("\n")[2], "owed.rest | owed | | {amount: debt - price}"), lines
    )
    assert {m.kind for r in result.changed for m in r.moved} == {"gone"}
    record = json.loads(lines[0])
    record["facts"]["colour"] = "red"
    (lost,) = replay(pack(tmp_path / "same", DECISIONS, RULES), [json.dumps(record)]).undecidable
    assert lost.problems[0].message == "no fact is called `colour`"


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ('{"record": 1, "facts": {"state"', "torn-record"),
        ('{"record": 1, "facts": {"state": "TX"}', "torn-record"),
        ('{"record": 1, "notice": "Information', "torn-record"),
        ('{"fact', "json-syntax"),
        ("[1]", "no-record"),
        ('{"record": 2}', "no-record"),
        ('{"record": 1, "pack": {"name": "small"}, "facts": {}, "strict": false}', "no-record"),
        (
            '{"record": 1, "pack": {"name": "small"}, "facts": {}, "strict": false, '
            '"decisions": {"recourse": {"status": "open", "rules": [{}]}}}',
            "no-record",
        ),
    ],
)
def test_a_line_that_is_no_record_is_set_aside(
    lines: list[str], tmp_path: Path, line: str, code: str
) -> None:
    decider = pack(tmp_path / "same", DECISIONS, RULES)
    result = replay(decider, [lines[0], line, "", lines[1]], "r.jsonl")
    assert result.same == 2
    assert result.faults
    assert result.faults[0].where.line == 2
    assert result.faults[0].code == code


def test_an_indented_record_is_read_as_one(lines: list[str], tmp_path: Path) -> None:
    decider = pack(tmp_path / "same", DECISIONS, RULES)
    indented = json.dumps(json.loads(lines[0]), indent=2).splitlines(keepends=True)
    result = replay(decider, [lines[1], *indented, lines[2]])
    assert (result.same, result.faults) == (3, [])
    result = replay(decider, [lines[1], *indented[:4], lines[2]], "r.jsonl")
    (fault,) = result.faults  # at the line where it breaks off, and the next record is whole
    assert (result.same, fault.code, str(fault.where)[:10]) == (2, "json-syntax", "r.jsonl:5:")


def test_records_name_their_pack(lines: list[str]) -> None:
    indented = json.dumps(json.loads(lines[0]), indent=2).encode().splitlines(keepends=True)
    for given in ([line.encode() for line in lines], indented):
        name, again = named_pack(iter(given))
        assert (name, list(again)) == ("small", given)
    assert named_pack(iter([b"nonsense"]))[0] == ""


def test_bytes_that_are_no_text_are_set_aside(lines: list[str], tmp_path: Path) -> None:
    result = replay(pack(tmp_path / "same", DECISIONS, RULES), [b"\xff\xfe{", lines[0].encode()])
    assert (result.same, len(result.faults)) == (1, 1)


def test_the_page_and_the_json(lines: list[str], now: Decider) -> None:
    result = replay(now, [*lines, "nonsense"], "r.jsonl")
    text = page.as_text(result, now.rulebase)
    assert "recourse: full (by no rule) -> none (by tx.new)" in text
    assert "recourse: none, by tx -> by tx.new" in text
    assert "1 line set aside" in text
    assert max(map(len, text.splitlines())) <= 80
    data = json.loads(page.as_json(result, now.rulebase))
    assert (data["records"], data["changed"], data["other_reasons"]) == (3, 1, 2)
    assert data["set_aside"][0]["line"] == 4
