"""Parameters: amounts by date, read from a compact table, used by name."""

from __future__ import annotations

import datetime
from decimal import Decimal
from pathlib import Path

import pytest

from engine import Decider, InputError, load
from engine.analysis.verify import verify
from tests.small import pack, write

DECISIONS = """
cap: {type: money, label: Cap}
small: {type: boolean, label: Small, otherwise: false, otherwise_because: It is not small.}
"""
RULES = """
a | cap | {kind: home} | {amount: wage * 30}
b | small | {debt: {less_than: wage}} | true
"""
WAGE = """
parameters:
  wage:
    type: money
    label: Minimum wage an hour
    measured_by: made
    checked: 2026-01-05
    authority: {kind: statute, cite: 29 U.S.C. 206(a)(1), confidence: high}
    values:
      - {from: 2008-07-24, value: 6.55}
      - {from: 2009-07-24, value: 7.25, authority: {kind: statute, cite: New Act, confidence: medium}}
"""


@pytest.fixture
def decider(tmp_path: Path) -> Decider:
    return pack(tmp_path, DECISIONS, RULES, WAGE)


@pytest.mark.parametrize(
    ("made", "cap"),
    [
        ("2008-07-24", Decimal("196.50")),
        ("2009-07-23", Decimal("196.50")),
        ("2009-07-24", Decimal("217.50")),
        ("2030-01-01", Decimal("217.50")),
    ],
)
def test_the_day_picks_the_value(decider: Decider, made: str, cap: Decimal) -> None:
    assert decider.decide({"made": made, "kind": "home"}).answers["cap"].value == cap


def test_before_its_first_day_there_is_no_value(decider: Decider) -> None:
    answers = decider.decide({"made": "2008-07-23", "kind": "home", "debt": 1}).answers
    assert (answers["cap"].status, answers["small"].value) == ("open", False)


def test_without_the_day_every_value_is_possible(decider: Decider) -> None:
    answer = decider.decide({"kind": "home"}).answers["cap"]
    assert answer.ask == ("made",)
    assert {each.outcome.value for each in answer.possible} == {
        None,
        Decimal("196.50"),
        Decimal("217.50"),
    }


def test_a_test_against_a_parameter(decider: Decider) -> None:
    below, at = ({"made": "2010-01-01", "debt": debt} for debt in ("7.24", "7.25"))
    assert decider.decide(below).answers["small"].value is True
    assert decider.decide(at).answers["small"].value is False


def test_people_are_not_shown_a_parameter_as_an_answer(decider: Decider) -> None:
    facts = {"made": "2010-01-01"}
    assert list(decider.decide(facts).answers) == ["cap", "small"]
    answer = decider.decide(facts, only=["wage"]).answers["wage"]
    assert answer.value == Decimal("7.25")
    (rule,) = answer.rules
    assert (rule.id, rule.authority.cite) == ("wage.2009-07-24", "New Act")
    assert rule.authority.checked == datetime.date(2026, 1, 5)


def test_what_is_said_of_it_is_that_nobody_looked_after_it(decider: Decider) -> None:
    today = datetime.date(2027, 1, 6)
    codes = {"old-parameter", "unused-parameter"}
    found = [each for each in verify(decider, today=today) if each.code in codes]
    assert found == []
    later = [
        each for each in verify(decider, today=datetime.date(2027, 1, 7)) if each.code in codes
    ]
    assert [(each.code, each.about) for each in later] == [("old-parameter", ("wage",))]


def test_a_parameter_that_no_rule_uses(tmp_path: Path) -> None:
    decider = pack(tmp_path, DECISIONS, "a | cap | | 5\nb | small | {debt: 3} | true", WAGE)
    codes = [each.code for each in verify(decider)]
    assert "unused-parameter" in codes


@pytest.mark.parametrize(
    ("old", "new", "code", "words"),
    [
        ("measured_by: made", "measured_by: maid", "unknown-fact", "no date is called `maid`"),
        ("measured_by: made", "measured_by: debt", "wrong-type", "`debt` is not a date"),
        ("from: 2009-07-24", "from: 2008-07-24", "wrong-order", "is not after 2008-07-24"),
        ("value: 7.25", "value: much", "wrong-type", "much"),
        ("  wage:", "  debt:", "duplicate-name", "`debt` is the name of a fact"),
        ("type: money", "type: date", "unknown-value", "`money`"),
        ("    measured_by: made\n", "", "missing-key", "`measured_by`"),
    ],
)
def test_problems_have_their_place(
    tmp_path: Path, old: str, new: str, code: str, words: str
) -> None:
    assert old in WAGE
    write(tmp_path, DECISIONS, RULES, WAGE.replace(old, new, 1))
    with pytest.raises(InputError) as caught:
        load(tmp_path)
    problem = next(each for each in caught.value.problems if each.code == code)
    assert words in problem.message
    assert problem.where.file.endswith("vocabulary.yaml")
    assert problem.where.line > 10


def test_more_vocabulary_in_a_folder(tmp_path: Path) -> None:
    write(tmp_path, DECISIONS, RULES)
    (tmp_path / "vocabulary").mkdir()
    more = "facts:\n  extra: {type: boolean, label: Extra, question: Is there more?}\n"
    (tmp_path / "vocabulary" / "more.yaml").write_text(more + WAGE.lstrip("\n"))
    book = load(tmp_path).rulebase
    assert list(book.facts)[-1] == "extra"
    assert book.decisions["wage"].parameter
    twice = more.replace("extra", "debt")
    (tmp_path / "vocabulary" / "more.yaml").write_text(twice + WAGE.lstrip("\n"))
    with pytest.raises(InputError) as caught:
        load(tmp_path)
    (problem,) = caught.value.problems
    assert (problem.code, problem.where.line) == ("duplicate-name", 2)
    assert "vocabulary.yaml:5:3" in problem.message
