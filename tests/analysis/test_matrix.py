"""An overview filled in, and what is shown of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine import Decider, load
from engine.analysis.matrix import Matrix, fill
from engine.presentation.overview import as_data, as_markdown, as_text
from engine.reading.overviews import find_overview
from tests.forms import faults
from tests.small import pack

DECISIONS = """
recourse: {type: enum, label: Can they?, values: {none: N, not_all: Some, full: F}}
until:    {type: date, label: Until when?}
"""
RULES = """
a | recourse | {state: CA, kind: home}                | none
b | recourse | {state: CA, kind: car}                 | not_all
c | recourse | {state: WA, fraud: false}              | none
d | recourse | {state: WA, fraud: true}               | full
e | until    | {state: CA}                            | {date: sold, plus: 3 months}
f | until    | {state: WA}                            | {date: sold, minus: 1 day}
"""
OVERVIEW = """\
title: At a glance
description: For the car_lover | and others.
rows: state
ways:
  - {label: of a home, given: {kind: home}}
  - {label: of a car, given: {kind: car}}
columns:
  - {label: Recourse, decision: recourse}
  - {label: Last day, decision: until}
  - {label: First day, decision: until, given: {sold: 2020-01-31}}
"""
CONSTRAINTS = "constraints:\n  no_cars: {when: {state: TX}, must: {kind: home}, because: B.}\n"


@pytest.fixture(scope="module")
def decider(tmp_path_factory: pytest.TempPathFactory) -> Decider:
    folder: Path = tmp_path_factory.mktemp("matrix")
    (folder / "overviews").mkdir()
    (folder / "overviews" / "glance.yaml").write_text(OVERVIEW)
    return pack(folder, DECISIONS, RULES, CONSTRAINTS)


@pytest.fixture(scope="module")
def matrix(decider: Decider) -> Matrix:
    return fill(decider, find_overview(decider.rulebase))


def test_each_cell_is_what_the_rules_decide(decider: Decider, matrix: Matrix) -> None:
    assert [(row.value, row.label) for row in matrix.rows] == [
        ("CA", "California"),
        ("WA", "Washington"),
        ("TX", "Texas"),
    ]
    first = matrix.rows[0].cells_of(matrix.overview.columns[0])
    assert [cell.answer and cell.answer.value for cell in first] == ["none", "not_all"]
    assert [[rule.id for rule in cell.rules] for cell in first] == [["a"], ["b"]]
    texas = matrix.rows[2].cells
    assert texas[0].answer is not None and texas[0].answer.status == "open"
    assert texas[1].answer is None, "a constraint says that there is no such loan"


def test_rows_are_told_as_they_begin(decider: Decider) -> None:
    told: list[str] = []
    fill(decider, find_overview(decider.rulebase), told.append, verify=False)
    assert told == ["California", "Washington", "Texas"]


def test_as_text(decider: Decider, matrix: Matrix) -> None:
    lines = as_text(matrix, decider.rulebase).splitlines()
    assert lines[:6] == [
        "At a glance",
        "For the car_lover | and others.",
        "",
        "  1  Recourse",
        "  2  Last day",
        "  3  First day",
    ]
    assert lines[7:11] == [
        "State       1               2                        3           Confidence",
        "California  none / not all  3 months after the sold  2020-04-30  high",
        "Washington  none or full    1 day before the sold    2020-01-30  high",
        "Texas       —               —                        —           high",
    ]
    notes = " ".join(lines[12:])
    assert "Where a cell has a stroke: of a home / of a car." in notes
    assert "Can they? none: N. not all: Some. full: F." in notes
    assert "it hangs on more: Washington \u201cFraud\u201d." in notes


def test_as_markdown(decider: Decider, matrix: Matrix) -> None:
    text = as_markdown(matrix, decider.rulebase)
    assert text.startswith(
        "# At a glance\n\nFor the car_lover | and others.\n\n| State | Recourse "
    )
    assert (
        "\n| California | none / not all | 3 months after the sold | 2020-04-30 | high |\n" in text
    )
    assert "`recourse overview glance --pack small --format markdown`" in text


def test_as_data(decider: Decider, matrix: Matrix) -> None:
    data = as_data(matrix, decider.rulebase)
    assert faults("matrix", data) == []
    assert data["row_fact"] == "state"
    assert data["ways"] == ["of a home", "of a car"]
    washington = data["rows"][1]["cells"][0]
    assert washington["status"] == "undetermined"
    assert washington["possible"] == ["none", "full"]
    assert washington["ask"] == ["fraud"]
    assert {rule["id"] for rule in washington["rules"]} == {"c", "d"}
    assert data["rows"][2]["cells"][1]["status"] == "impossible"
    assert data["rows"][0]["cells"][4]["value"] == "2020-04-30"


def test_the_least_sure_rule_counts_for_the_row(tmp_path: Path) -> None:
    (tmp_path / "overviews").mkdir()
    (tmp_path / "overviews" / "glance.yaml").write_text(OVERVIEW)
    pack(tmp_path, DECISIONS, RULES, CONSTRAINTS)
    rules = tmp_path / "rules.yaml"
    before, mark, after = rules.read_text().partition("- id: d")
    rules.write_text(before + mark + after.replace("confidence: high", "confidence: low", 1))
    decider = load(tmp_path)
    filled = fill(decider, find_overview(decider.rulebase))
    assert [row.confidence for row in filled.rows] == ["high", "low", "high"]
    assert "none or full*" in as_text(filled, decider.rulebase)


def test_days_are_told_as_people_say_them(tmp_path: Path) -> None:
    rules = """
        a | until | {state: CA} | {date: sold, plus: 1 year}
        b | until | {state: CA} | {date: sold, plus: 5 years}
        c | until | {state: WA} | {date: sold, plus: 1 month}
        d | until | {state: WA} | {date: made, plus: 2 days}
        e | until | {state: TX} | 2020-01-31
    """
    (tmp_path / "overviews").mkdir()
    only = "title: T\nrows: state\ncolumns:\n  - {label: U, decision: until}\n"
    (tmp_path / "overviews" / "glance.yaml").write_text(only)
    decisions = "until: {type: date, label: Until when?, hit_policy: min}"
    decider = pack(tmp_path, decisions, rules)
    filled = fill(decider, find_overview(decider.rulebase))
    assert [row["cells"][0]["words"] for row in as_data(filled, decider.rulebase)["rows"]] == [
        "1 year after the sold",
        "the earlier of 1 month after the sold and 2 days after the made",
        "2020-01-31",
    ]
