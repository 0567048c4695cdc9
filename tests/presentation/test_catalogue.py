"""Facts and rules as pages, and conditions in plain words."""

from __future__ import annotations

import json

import pytest

from engine import Decider, InputError
from engine.model import Not, TermHolds
from engine.presentation.catalogue import (
    facts_data,
    facts_page,
    find_rule,
    matching_rules,
    rule_data,
    rule_page,
    rules_data,
    rules_page,
)
from engine.presentation.layout import WIDTH
from engine.presentation.words import condition_words, formula_words, rule_words
from tests.golden import primer
from tests.small import pack

DECISIONS = """
answer: {type: enum, label: What follows?, values: {no: Nothing, yes: Something}}
after: {type: boolean, label: And then?}
"""
VOCABULARY = """
terms:
  old: {label: An old loan, when: {made: {before: 2000-01-01}}}
"""


def words(tmp_path_factory: pytest.TempPathFactory, when: str, more: str = "") -> list[str]:
    folder = tmp_path_factory.mktemp("words")
    rules = f"""
    one | answer | {{kind: home}} | no
    two | after | {when} | true | {more}
    """
    rulebase = pack(folder, DECISIONS, rules, VOCABULARY).rulebase
    return rule_words(rulebase.rules[1], rulebase)


@pytest.mark.parametrize(
    ("when", "expected"),
    [
        ("", ["- always"]),
        ("{state: WA}", ["- State: Washington"]),
        ("{state: [WA, CA, TX]}", ["- State: Washington, California or Texas"]),
        ("{state: {not: WA}}", ["- State: not “Washington”"]),
        ("{state: {not: [WA, CA]}}", ["- State: neither “Washington” nor “California”"]),
        ("{fraud: true, old: true}", ["- Fraud: yes", "- An old loan: yes"]),
        ("{fraud: {not: true}}", ["- Fraud: no"]),
        ("{old: false}", ["- An old loan: no"]),
        ("{answer: yes}", ["- What follows? Something"]),
        ("{debt: {more_than: 1500}}", ["- Debt: more than $1,500.00"]),
        ("{price: {less_than: value}}", ["- Price: less than “Value”"]),
        ("{units: {at_least: 2, at_most: 4}}", ["- Units: at least 2", "- Units: at most 4"]),
        ("{made: {on_or_after: 2009-10-01}}", ["- Made: on or after 2009-10-01"]),
        ("{sold: {before: made}}", ["- Sold: before “Made”"]),
        (
            "{any: [{fraud: true}, {all: [{kind: car}, {units: 1}]}]}",
            ["- any of:", "  - Fraud: yes", "  - all of:", "    - Kind: Car", "    - Units: 1"],
        ),
        ("{not: {kind: car}}", ["- not:", "  - Kind: Car"]),
        ("{not: {kind: car, units: 1}}", ["- not all of:", "  - Kind: Car", "  - Units: 1"]),
        (
            "{not: {any: [{kind: car}, {units: 1}]}}",
            ["- none of:", "  - Kind: Car", "  - Units: 1"],
        ),
    ],
)
def test_conditions_in_words(
    tmp_path_factory: pytest.TempPathFactory, when: str, expected: list[str]
) -> None:
    assert words(tmp_path_factory, when) == expected


def test_dates_in_force_are_said_once(tmp_path_factory: pytest.TempPathFactory) -> None:
    rules = (
        "one | answer | {kind: home} | no "
        "| effective: {from: 2009-10-01, to: 2013-12-31, measured_by: made}"
    )
    rulebase = pack(tmp_path_factory.mktemp("force"), DECISIONS, rules).rulebase
    rule = rulebase.rules[0]
    assert rule_words(rule, rulebase) == ["- Kind: Home"]
    assert "in force    from 2009-10-01 to 2013-12-31, by Made" in rule_page(rulebase, rule)
    assert rule_data(rulebase, rule)["in_force"] == {
        "measured_by": "made",
        "from": "2009-10-01",
        "to": "2013-12-31",
        "words": "from 2009-10-01 to 2013-12-31, by Made",
    }


def test_a_rule_page() -> None:
    rulebase = primer().rulebase
    rule = find_rule(rulebase, "credit.charge-off")
    where = f"{rule.place}"
    assert (
        rule_page(rulebase, rule)
        == f"""\
Closed as a charge-off                                         credit.charge-off

The lender gave up the rest, and your report shows that the loan was written
off.

when
  - Who bears the deficiency? The lender absorbs it
  - How much is left unpaid after the collateral is sold? more than $0.00
  - any of:
    - What became of the collateral: not “Neither taken nor sold”
    - Deficiency waived: yes

then        credit_report = charge_off
            How does the loan show on your credit report? Closed as a charge-off

gives way   to credit.deed-in-lieu (Closed by a deed in lieu of foreclosure)
gives way   to credit.settlement (Closed by a settlement)

authority   Deficiency balance, claims c16, c18, c27
            article · medium confidence · checked 2026-11-21
            Foreclosure and repossession have entries of their own, with a
            balance of zero.

{where}"""
    )


def test_every_page_is_at_most_80_columns_wide() -> None:
    rulebase = primer().rulebase
    pages = [facts_page(rulebase), rules_page(rulebase, rulebase.rules)]
    pages += [rule_page(rulebase, rule).rpartition("\n")[0] for rule in rulebase.rules]
    assert max(len(line) for text in pages for line in text.splitlines()) <= WIDTH


def test_the_pages_name_everything() -> None:
    rulebase = primer().rulebase
    facts, rules = facts_page(rulebase), rules_page(rulebase, rulebase.rules)
    assert all(f"\n{name}\n" in facts for name in (*rulebase.facts, *rulebase.terms))
    assert all(f"  {rule.id} " in rules for rule in rulebase.rules)


def test_rules_with_a_text() -> None:
    rulebase = primer().rulebase
    assert [rule.id for rule in matching_rules(rulebase, "CALIFORNIA is")] == ["states.california"]
    assert "0 rules" in rules_page(rulebase, matching_rules(rulebase, "no such text"))


def test_an_unknown_rule_gets_a_hint() -> None:
    with pytest.raises(InputError, match=r"did you mean `credit\.charge-off`"):
        find_rule(primer().rulebase, "credit.chargeoff")
    with pytest.raises(InputError, match="`recourse rules` lists them"):
        find_rule(primer().rulebase, "x")


def test_everything_as_json(small: Decider) -> None:
    for rulebase in (primer().rulebase, small.rulebase):
        facts = json.loads(json.dumps(facts_data(rulebase)))
        assert [fact["name"] for fact in facts] == list(rulebase.facts)
        rules = json.loads(json.dumps(rules_data(rulebase, rulebase.rules)))
        assert [rule["id"] for rule in rules] == [rule.id for rule in rulebase.rules]
    by_name = {fact["name"]: fact for fact in facts_data(primer().rulebase)}
    assert by_name["credit_score"]["at_least"] == 300
    assert by_name["foreclosure_costs"]["presumed"][0]["value"] == "0.00"


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Decider:
    rules = "one | effects | {kind: home} | [b, a]"
    decisions = "effects: {type: set, label: Effects, values: {b: Second, a: First}}"
    return pack(tmp_path_factory.mktemp("set"), decisions, rules, VOCABULARY)


def test_a_set_and_a_negated_term(small: Decider) -> None:
    rulebase = small.rulebase
    text = rule_page(rulebase, rulebase.rules[0])
    assert "then        effects = a, b\n            Effects Second, First" in text
    assert condition_words(Not(TermHolds("old")), rulebase) == ["- An old loan: no"]


def test_a_formula_is_said_shortly() -> None:
    rule = find_rule(primer().rulebase, "deficiency.shortfall")
    assert formula_words(rule.then) == "outstanding_debt - sale_price"
