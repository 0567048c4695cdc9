"""A pack while it is being written."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from engine.editing.hover import hover_text
from engine.editing.project import (
    definitions,
    faults,
    mention_at,
    offers_at,
    read_project,
    references,
    stretch,
)
from engine.problems import Place, Problem
from tests.small import write

DECISIONS = "recourse: {type: enum, label: Who pays?, values: {none: Nobody, full: The borrower}}"
RULES = "a.home | recourse | {kind: home} | full"
CASES = "- {case: A, given: {kind: home}, expect: {recourse: full, by: a.home}}\n"


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    return write(tmp_path / "pack", DECISIONS, RULES, cases=CASES)


def test_a_text_stands_in_for_its_file(pack: Path) -> None:
    assert faults(pack, {}) == {}
    rules = pack / "rules.yaml"
    found = faults(pack, {rules: rules.read_text().replace("full", "ful")})
    assert [problem.code for problem in found[rules]] == ["unknown-value"]


def test_faulty_cases_show_beside_faulty_rules(pack: Path) -> None:
    rules, cases = pack / "rules.yaml", pack / "cases" / "cases.yaml"
    found = faults(pack, {rules: "rules: [", cases: "- cse: A\n"})
    assert set(found) == {rules, cases}


def test_an_overview_is_a_file_of_the_pack(pack: Path) -> None:
    path = pack / "overviews" / "glance.yaml"
    path.parent.mkdir()
    text = "title: T\nrows: state\ncolumns:\n  - {label: R, decision: recours}\n"
    path.write_text(text)
    (problem,) = faults(pack, {})[path]
    assert problem.hint == "did you mean `recourse`?"
    mended = text.replace("recours}", "recourse}")
    project = read_project(pack, {path: mended})
    mention = mention_at(project, path, 3, 25)
    assert mention is not None and mention.name == "recourse"
    rows = offers_at(project, path, "title: T\nrows: ", 1, 6)
    assert {offer.text for offer in rows} == {"state", "kind", "fraud"}


def test_what_is_torn_stays_as_it_was(pack: Path) -> None:
    rules = pack / "rules.yaml"
    whole = read_project(pack, {})
    torn = read_project(pack, {rules: rules.read_text() + "  - id: ["}, whole)
    assert [rule.id for rule in torn.rulebase.rules] == ["a.home"]
    assert mention_at(torn, rules, 1, 10) is None
    assert mention_at(whole, rules, 1, 10) is not None
    assert read_project(pack, {}, whole) is whole


def test_names_are_known_though_other_things_are_wrong(pack: Path) -> None:
    rules = pack / "rules.yaml"
    text = "rules:\n  - id: b.new\n    decides: nothing\n  - id: b.more\n    exception_to: "
    project = read_project(pack, {rules: text})
    offered = offers_at(project, rules, text, 4, 18)
    assert [offer.text for offer in offered] == ["b.new"]


def test_a_rule_is_offered_those_it_can_override(pack: Path) -> None:
    rules = pack / "rules.yaml"
    project = read_project(pack, {})
    text = rules.read_text() + "  - id: a.new\n    decides: recourse\n    exception_to: ["
    line = text.count("\n")
    assert [offer.text for offer in offers_at(project, rules, text, line, 19)] == ["a.home"]


@pytest.mark.parametrize(
    ("line", "column", "wanted"),
    [("when: {kind: x}", 8, 4), ('title: "a b"', 8, 5), ("x: ", 4, 1), ("whole line", 0, 10)],
)
def test_how_much_a_problem_is_about(line: str, column: int, wanted: int) -> None:
    problem = Problem("code", "message", Place("x", 3, column), line_text=line)
    assert stretch(Path("x"), problem).length == wanted


def test_nothing_is_too_broken(pack: Path) -> None:
    """Mangled texts: whatever stands there, an answer or none, but no fault of ours."""
    draw = random.Random(1)
    whole = read_project(pack, {})
    marks = [*"{}[],:'\"|", " - ", "\n", "\n  ", "null", "*a", "&a ", "[]", "{}", ""]
    for _ in range(150):
        path = draw.choice([*whole.documents])
        text = path.read_text()
        for _ in range(draw.randint(1, 3)):
            start = draw.randrange(len(text) + 1)
            end = start + draw.choice([0, 0, 3, 30])
            text = text[:start] + draw.choice(marks) + text[end:]
        project = read_project(pack, {path: text}, whole)
        faults(pack, {path: text})
        for _ in range(5):
            line = draw.randrange(text.count("\n") + 1)
            column = draw.randrange(40)
            offers_at(project, path, text, line, column)
            mention = mention_at(project, path, line, column)
            if mention is not None:
                hover_text(project.rulebase, mention)
                definitions(project, mention)
                references(project, mention, definition=True)
