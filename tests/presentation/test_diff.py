"""A difference as text, JSON, Markdown and annotations."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from engine.analysis.diff import Difference, compare
from engine.analysis.tally import Tally, count_loans
from engine.presentation.diff import NOTHING_CHANGES, as_text
from engine.presentation.diff_data import as_data, as_json
from engine.presentation.layout import Style
from engine.presentation.problems import as_github
from engine.presentation.review import as_annotations, as_items, as_markdown, as_problems
from engine.reading.tables import read_table
from engine.resources import schema_dir
from tests.small import pack

DECISIONS = """
recourse: {type: enum, label: Recourse?, values: {none: No, full: Full}, otherwise: full, otherwise_because: So it is.}
owed: {type: money, label: Owed, at_least: 0}
"""
RULES = """
tx | recourse | {state: TX, made: {before: 1998-01-01}} | none
owed.rest | owed | {recourse: full} | {amount: debt - price}
owed.none | owed | {recourse: none} | 0
"""
NEW = RULES.replace("1998", "2001").replace("debt - price", "debt - value")
CONSTRAINT = """
constraints:
  homes_only:
    when: {state: WA}
    must: {kind: home}
    because: Washington | has *homes* alone.
"""
SCHEMA = json.loads((schema_dir() / "diff.schema.json").read_text())


@pytest.fixture
def found(tmp_path: Path) -> tuple[Difference, Tally]:
    base = pack(tmp_path / "base", DECISIONS, RULES)
    head = pack(tmp_path / "head", DECISIONS, NEW, CONSTRAINT)
    tape = tmp_path / "tape.csv"
    tape.write_text(
        "state,kind,made,debt,price,value\nTX,home,1999-05-05,100,50,60\nWA,car,,1,2,3\n"
    )
    tally = count_loans(base, head, read_table(str(tape)), money_fact="debt")
    return compare(base.rulebase, head.rulebase), tally


def test_the_text(found: tuple[Difference, Tally]) -> None:
    text = as_text(*found)
    lines = text.splitlines()
    assert max(map(len, lines)) <= 80
    assert any(line.startswith("  full -> none (") for line in lines)
    assert "    - Texas, made from 1998-01-01 to 2000-12-31" in lines
    assert "        rules: otherwise -> tx" in lines
    assert "where the amounts differ" in text
    assert "No longer accepted: homes_only" in text
    assert "2 of 2 loans change (debt of all: $101.00)." in lines
    assert "  Recourse: full -> none: 1 loan (debt $100.00)" in lines
    assert "  Owed: an amount -> another: 1 loan (-$50.00 in all, debt $100.00)" in lines
    assert "  Loan: accepted -> refused: 1 loan (debt $1.00)" in lines
    assert "rules changed: tx (when) and owed.rest (then)" in text
    assert "\x1b" not in text
    assert "\x1b" in as_text(*found, Style(colour=True))


def test_nothing_changes(found: tuple[Difference, Tally]) -> None:
    base = found[0].base
    same = compare(base, base)
    assert NOTHING_CHANGES in as_text(same)
    assert NOTHING_CHANGES in as_markdown(same)
    assert as_problems(same) == {}
    assert {item.verdict for item in as_items(same)} == {"passed"}
    assert {item.name for item in as_items(same)} == {f"{name} stays" for name in base.decisions}
    assert as_data(same)["decides_alike"] is True


def test_the_json_meets_its_schema(found: tuple[Difference, Tally]) -> None:
    Draft202012Validator.check_schema(SCHEMA)
    data = json.loads(as_json(*found))
    Draft202012Validator(SCHEMA).validate(data)
    change = data["outcomes"][0]
    assert (change["decision"], change["old"], change["new"]) == (
        "recourse", {"value": "full"}, {"value": "none"}
    )  # fmt: skip
    (region,) = change["regions"]
    assert region["tests"] == [
        {"fact": "state", "any_of": ["TX"]},
        {"fact": "made", "ranges": [{"from": "1998-01-01", "to": "2000-12-31"}]},
    ]
    assert region["rules_after"] == ["tx"]
    assert region["loan"]["head"]["state"] == "TX"
    assert (region["loan"]["before"], region["loan"]["after"]) == ("full", "none")
    assert data["acceptance"][0]["constraint"] == "homes_only"
    assert data["loans"]["money"] == "101.00"
    assert {d["name"] for d in data["definitions"]} == {"homes_only", "tx", "owed.rest"}


def test_the_markdown(found: tuple[Difference, Tally]) -> None:
    text = as_markdown(*found)
    table = [line for line in text.splitlines() if line.startswith("| `recourse`")]
    assert "| `full` | `none` |" in table[0]
    assert "Texas, made from 1998-01-01 to 2000-12-31" in table[0]
    assert r"Washington \| has \*homes\* alone." in text
    assert text.count("<details>") == text.count("</details>") == 1
    for row in text.splitlines():
        if row.startswith("| `"):
            assert row.replace("\\|", "").count("|") in (6, 7)


def test_annotations_stand_on_the_changed_rules(found: tuple[Difference, Tally]) -> None:
    difference, _ = found
    lines = as_github(as_annotations(as_problems(difference))).splitlines()
    assert len(lines) == 4  # recourse on tx, owed on tx and on owed.rest, the constraint
    place = difference.head.rules[0].place
    on_tx = [line for line in lines if f"line={place.line}," in line and "rules.yaml" in line]
    assert len(on_tx) == 2
    assert on_tx[0].startswith("::warning file=")
    assert any("full → none" in line for line in on_tx)
    assert "vocabulary.yaml" in lines[-1]


def test_a_decision_that_changes_is_an_item_that_fails(found: tuple[Difference, Tally]) -> None:
    difference, _ = found
    items = {item.name: item for item in as_items(difference)}
    assert list(items) == ["recourse stays", "owed stays", "No longer accepted: homes_only"]
    assert {item.verdict for item in items.values()} == {"failure"}
    recourse = items["recourse stays"]
    assert recourse.place == difference.head.rules[0].place
    assert "Texas, made from 1998-01-01 to 2000-12-31" in recourse.details


def test_a_decision_that_is_new_can_not_stay(tmp_path: Path) -> None:
    old = "recourse: {type: boolean, label: Recourse, otherwise: true, otherwise_because: A.}"
    new = old + "\nother: {type: boolean, label: Other, otherwise: true, otherwise_because: B.}"
    rule = "a | recourse | {kind: car} | false"
    base, head = (
        pack(tmp_path / name, decisions, rule).rulebase
        for name, decisions in (("base", old), ("head", new))
    )
    names = [item.name for item in as_items(compare(base, head))]
    assert names == ["recourse stays"]
