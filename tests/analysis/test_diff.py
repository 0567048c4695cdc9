"""What a change of the rules does: against small packs by hand, and against brute force."""

from __future__ import annotations

import datetime
from dataclasses import replace
from pathlib import Path

import pytest

from engine.analysis.diff import Difference, compare
from engine.analysis.renaming import rename_condition
from engine.model import Rule, Rulebase, Value
from engine.reading.pack import load_pack
from tests.analysis.changes import inside, reproduces
from tests.small import pack

DECISIONS = """
recourse:
  type: enum
  label: Recourse?
  values: {none: No, full: Full}
  otherwise: full
  otherwise_because: One owes what one borrowed.
owed: {type: money, label: Owed, at_least: 0}
"""
RULES = """
ca.sale | recourse | {state: CA, kind: home} | none
owed.rest | owed | {recourse: full} | {amount: debt - price}
owed.none | owed | {recourse: none} | 0
"""


class Packs:
    """Two packs over the facts of ``tests.small``, compared."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._made = 0

    def pack(
        self, decisions: str = DECISIONS, rules: str = RULES, vocabulary: str = ""
    ) -> Rulebase:
        self._made += 1
        folder = self._folder / str(self._made)
        return pack(folder, decisions, rules, vocabulary).rulebase


@pytest.fixture
def packs(tmp_path: Path) -> Packs:
    return Packs(tmp_path)


def names(difference: Difference) -> dict[str, list[tuple[object, object]]]:
    return {
        name: [
            (c.old.value if c.old.value is not None else c.old.kind,
             c.new.value if c.new.value is not None else c.new.kind)
            for c in changes
        ]
        for name, changes in difference.decisions.items()
    }  # fmt: skip


def definitions(difference: Difference) -> list[tuple[str, str, str]]:
    return [(d.what, d.how, d.name) for d in difference.definitions]


# ---- by hand ----------------------------------------------------------------------------------


def test_a_pack_does_not_differ_from_itself(packs: Packs) -> None:
    difference = compare(packs.pack(), packs.pack())
    assert difference.decides_alike
    assert difference.definitions == ()


def test_a_new_rule_changes_the_loans_it_decides_and_what_rests_on_it(packs: Packs) -> None:
    more = RULES + "tx.sale | recourse | {state: TX, kind: home, made: {before: 1998-01-01}} | none"
    difference = compare(packs.pack(), packs.pack(rules=more))
    assert names(difference) == {"recourse": [("full", "none")], "owed": [("formula", "formula")]}
    recourse, owed = difference.outcomes
    (region,) = recourse.regions
    assert region.rules_before == ()
    assert region.rules_after == ("tx.sale",)
    assert region.loan is not None
    assert region.loan.head["state"] == "TX"
    assert recourse.share == region.share > owed.share > 0
    assert definitions(difference) == [("rule", "added", "tx.sale")]
    assert owed.regions[0].value_after == 0 != owed.regions[0].value_before
    assert reproduces(difference) == 2


def test_formulas_written_differently_that_always_agree_are_no_change(packs: Packs) -> None:
    other = RULES.replace("debt - price", "0 - price + debt")
    difference = compare(packs.pack(), packs.pack(rules=other))
    assert difference.decides_alike
    assert definitions(difference) == [("rule", "changed", "owed.rest")]


def test_rounded_formulas_that_always_agree_are_no_change(packs: Packs) -> None:
    old = RULES.replace("debt - price", "(debt - price) * 0.1")
    new = RULES.replace("debt - price", "debt / 10 - price * 0.1")
    assert compare(packs.pack(rules=old), packs.pack(rules=new)).decides_alike


def test_amounts_count_only_where_they_differ(packs: Packs) -> None:
    new = RULES.replace("debt - price", '"debt - max(price, value)"')
    difference = compare(packs.pack(), packs.pack(rules=new))
    assert list(names(difference)) == ["owed"]
    for price, value, differs in (
        (10, 20, True),
        (20, 10, False),
        (20, 20, False),
        (50, 60, False),
    ):
        loan: dict[str, Value] = {
            "state": "WA", "kind": "car", "debt": 40, "price": price, "value": value
        }  # fmt: skip
        assert inside(difference, difference.outcomes[0], loan) == differs
    assert reproduces(difference) == len(difference.outcomes[0].regions)


def test_division_by_zero_is_an_outcome_of_its_own(packs: Packs) -> None:
    new = RULES.replace("debt - price", "debt * (price / value)")
    old = RULES.replace("debt - price", "debt * (price / price)")
    difference = compare(packs.pack(rules=old), packs.pack(rules=new))
    change = difference.outcomes[0]
    loan: dict[str, Value] = {"state": "WA", "kind": "car", "debt": 5, "price": 1, "value": 0}
    assert inside(difference, change, loan)
    assert not inside(difference, change, {**loan, "value": 1})
    assert inside(difference, change, {**loan, "value": 2})
    assert not inside(difference, change, {**loan, "price": 0})
    assert inside(difference, change, {**loan, "price": 0, "value": 2})


def test_a_conflict_and_an_open_decision_are_outcomes(packs: Packs) -> None:
    unruled = DECISIONS.replace("  otherwise: full\n", "").replace(
        "  otherwise_because: One owes what one borrowed.\n", ""
    )
    clashing = RULES + "ca.fraud | recourse | {fraud: true} | full"
    difference = compare(packs.pack(), packs.pack(unruled, clashing))
    found = names(difference)["recourse"]
    assert sorted(found, key=str) == [("full", "open"), ("none", "conflict")]
    assert ("formula", "conflict") in names(difference)["owed"] or (
        "value", "conflict") in names(difference)["owed"]  # fmt: skip
    reproduces(difference)


CONSTRAINT = """
constraints:
  cars_are_sold_late:
    when: {kind: car}
    must: {sold: {on_or_after: made}}
    because: A car is sold after it is bought.
"""


def test_a_constraint_refuses_loans_or_lets_them_in(packs: Packs) -> None:
    without, with_it = packs.pack(), packs.pack(vocabulary=CONSTRAINT)
    (refused,) = compare(without, with_it).acceptance
    assert (refused.kind, refused.constraint) == ("no longer accepted", "cars_are_sold_late")
    assert refused.because == "A car is sold after it is bought."
    (accepted,) = compare(with_it, without).acceptance
    assert accepted.kind == "now accepted"
    assert refused.share == accepted.share > 0
    assert reproduces(compare(without, with_it)) == 1
    assert not compare(without, with_it).outcomes


def edited(base: Rulebase, name: str, **changes: object) -> Rulebase:
    """The rulebase with one fact changed."""
    fact = replace(base.facts[name], **changes)  # type: ignore[arg-type]
    facts = {fact.name if n == name else n: fact if n == name else f for n, f in base.facts.items()}
    return replace(base, facts=facts)


def test_a_new_value_and_a_wider_bound_are_accepted_now(packs: Packs) -> None:
    base = packs.pack()
    values = {**base.facts["state"].values, "NV": "Nevada"}
    difference = compare(base, edited(base, "state", values=values))
    assert [c.kind for c in difference.acceptance] == ["now accepted"]
    loan = difference.acceptance[0].regions[0].loan
    assert loan is not None
    assert loan.head["state"] == "NV"
    assert definitions(difference) == [("fact", "changed", "state")]
    difference = compare(edited(base, "units", at_most=4), edited(base, "units", at_least=0))
    assert [c.kind for c in difference.acceptance] == ["now accepted", "now accepted"]
    assert reproduces(difference) == 2


def test_a_renamed_fact_changes_nothing(packs: Packs, tmp_path: Path) -> None:
    base = packs.pack()
    folder = tmp_path / "renamed"
    pack(folder, DECISIONS, RULES)
    for path in folder.glob("*.yaml"):
        path.write_text(
            path.read_text().replace("kind", "sort").replace("{sort: stat", "{kind: stat")
        )
    difference = compare(base, load_pack(folder))
    assert difference.renames == {"kind": "sort"}
    assert difference.decides_alike
    assert ("fact", "renamed", "sort") in definitions(difference)


def test_a_renamed_rule_and_a_renamed_decision_are_recognized(packs: Packs) -> None:
    rules = RULES.replace("ca.sale", "ca.trustee")
    difference = compare(packs.pack(), packs.pack(rules=rules))
    assert difference.decides_alike
    (change,) = [d for d in difference.definitions if d.how == "renamed"]
    assert (change.what, change.old_name, change.name) == ("rule", "ca.sale", "ca.trustee")
    other = DECISIONS.replace("owed:", "debt_left:")
    difference = compare(
        packs.pack(), packs.pack(other, RULES.replace("| owed |", "| debt_left |"))
    )
    assert difference.renames == {"owed": "debt_left"}
    assert difference.decides_alike


def test_a_fact_of_another_type_is_another_fact(packs: Packs) -> None:
    base = packs.pack(rules=RULES + "fraud | recourse | {fraud: true, kind: car} | none")
    head = packs.pack(rules=RULES + "fraud | recourse | {units: 1, kind: car} | none")
    swapped = replace(
        head,
        facts={**head.facts, "fraud": replace(head.facts["units"], name="fraud")},
        rules=tuple(_on_fraud(rule) for rule in head.rules),
    )
    difference = compare(base, swapped)
    assert ("fact", "changed", "fraud") in definitions(difference)
    assert set(names(difference)["recourse"]) == {("full", "none"), ("none", "full")}
    for change in difference.outcomes:
        for region in change.regions:
            assert region.loan is not None
            assert isinstance(region.loan.base["fraud"], bool)
            assert not isinstance(region.loan.head["fraud"], bool)
    reproduces(difference)


def _on_fraud(rule: Rule) -> Rule:
    return replace(rule, when=rename_condition(rule.when, {"units": "fraud"}))


def test_words_are_told_from_meaning(packs: Packs) -> None:
    head = packs.pack(DECISIONS.replace("Recourse?", "Can they come?"))
    first = replace(head.rules[0], because="Another reason.")
    head = replace(head, rules=(first, *head.rules[1:]))
    difference = compare(packs.pack(), head)
    assert difference.decides_alike
    assert definitions(difference) == [
        ("decision", "reworded", "recourse"),
        ("rule", "reworded", "ca.sale"),
    ]
    assert [field.name for field in difference.definitions[1].fields] == ["because"]


def test_presumptions_are_listed(packs: Packs) -> None:
    presumed = "presumptions:\n  - presume: {fraud: false}\n    because: Nobody presumes it.\n"
    difference = compare(packs.pack(), packs.pack(vocabulary=presumed))
    assert difference.decides_alike
    assert definitions(difference) == [("presumption", "added", "fraud")]


def test_a_moved_bound_touches_what_lies_between(packs: Packs) -> None:
    old = RULES + "tx.old | recourse | {state: TX, made: {before: 1998-01-01}} | none"
    base = packs.pack(rules=old)
    difference = compare(base, packs.pack(rules=old.replace("1998", "2001")))
    change = difference.outcomes[0]
    loan: dict[str, Value] = {"state": "TX", "kind": "home"}
    for day_made, touched in ((1998, True), (2000, True), (1997, False), (2001, False)):
        made = datetime.date(day_made, 1, 1)
        assert inside(difference, change, {**loan, "made": made}) == touched
