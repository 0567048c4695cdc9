"""What a change of the rules does: against small packs by hand, and against brute force."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from typing import cast

import pytest

from engine import Decider
from engine.analysis.diff import Difference, OutcomeChange, compare
from engine.analysis.regions import Cube, as_part
from engine.evaluation.reach import Walk
from engine.evaluation.variables import FactVariable
from engine.model import Compare, Constant, Rule, Rulebase, Value
from tests import oracle
from tests.random_packs import Sampler, rulebase
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


def reproduces(difference: Difference) -> int:
    """Decide every witness on both sides; how many there were."""
    base, head = Decider(difference.base), Decider(difference.head)
    back = {new: old for old, new in difference.renames.items()}
    count = 0
    for change in difference.outcomes:
        for region in change.regions:
            if region.loan is None:
                continue
            count += 1
            name = change.decision
            old_name = back.get(name, name)
            before = base.decide(region.loan.base, strict=True, only=[old_name]).answers[old_name]
            after = head.decide(region.loan.head, strict=True, only=[name]).answers[name]
            assert before.value == region.value_before
            assert after.value == region.value_after
            assert (before.status, before.value) != (after.status, after.value)
            for answer, outcome in ((before, change.old), (after, change.new)):
                if outcome.kind in ("open", "conflict"):
                    assert answer.status == outcome.kind
            assert {rule.id for rule in before.rules} <= set(region.rules_before)
            assert {rule.id for rule in after.rules} <= set(region.rules_after)
    for refusal in difference.acceptance:
        taking, refusing = (base, head) if refusal.kind == "no longer accepted" else (head, base)
        for region in refusal.regions:
            if region.loan is not None:
                count += 1
                told = {base: region.loan.base, head: region.loan.head}
                taking.decide(told[taking], strict=True)
                with pytest.raises(ValueError, match=r"\w"):
                    refusing.decide(told[refusing], strict=True)
    return count


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
    walk = Walk(difference.joint, {})
    assert walk.possible()
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
    from engine.reading.pack import load_pack

    difference = compare(base, load_pack(folder))
    assert difference.renames == {"kind": "sort"}
    assert difference.decides_alike
    assert definitions(difference) == [("fact", "renamed", "sort")] or (
        "fact", "renamed", "sort") in [(d.what, d.how, d.name) for d in difference.definitions]  # fmt: skip


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
    from engine.analysis.renaming import rename_condition

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


# ---- against brute force ----------------------------------------------------------------------


def lies_in(difference: Difference, cube: Cube, loan: Mapping[str, Value]) -> bool:
    joint = difference.joint
    return Walk(joint, loan).settle(as_part(joint, cube)) == joint.forest.true


def inside(difference: Difference, change: OutcomeChange, loan: Mapping[str, Value]) -> bool:
    return any(lies_in(difference, region.cube, loan) for region in change.regions)


def without_a_rule(base: Rulebase, rng: random.Random) -> Rulebase:
    gone = rng.choice(base.rules).id
    kept = (rule for rule in base.rules if rule.id != gone)
    return replace(
        base,
        rules=tuple(
            replace(r, exception_to=tuple(i for i in r.exception_to if i != gone)) for r in kept
        ),
    )


def another_outcome(base: Rulebase, rng: random.Random) -> Rulebase:
    pairs = [
        (a, b)
        for a in base.rules
        for b in base.rules
        if a.decides == b.decides and a.then != b.then
    ]
    if not pairs:
        return without_a_rule(base, rng)
    a, b = rng.choice(pairs)
    return replace(base, rules=tuple(replace(r, then=b.then) if r is a else r for r in base.rules))


def no_exception(base: Rulebase, rng: random.Random) -> Rulebase:
    return replace(base, rules=tuple(replace(rule, exception_to=()) for rule in base.rules))


def no_constraint(base: Rulebase, rng: random.Random) -> Rulebase:
    return replace(base, constraints=base.constraints[1:])


def other_condition(base: Rulebase, rng: random.Random) -> Rulebase:
    """A rule takes over the condition of one that decides the same; the order stays."""
    a, b = rng.choice(base.rules), rng.choice(base.rules)
    if a.decides != b.decides:
        return without_a_rule(base, rng)
    return replace(base, rules=tuple(replace(r, when=b.when) if r is a else r for r in base.rules))


MUTATIONS: tuple[Callable[[Rulebase, random.Random], Rulebase], ...] = (
    without_a_rule, another_outcome, no_exception, no_constraint, other_condition,
)  # fmt: skip


def accepts(rules: Rulebase, loan: Mapping[str, Value]) -> bool:
    return all(oracle.holds(c.when, loan, rules) for c in rules.constraints)


@pytest.mark.parametrize("seed", [3, 4, 6, 7, 9, 10, 12, 14, 15, 16, 19, 20, 22, 23, 25, 27])
def test_exactly_the_loans_in_the_regions_change(seed: int) -> None:
    base, rng = rulebase(seed), random.Random(seed)
    head = MUTATIONS[seed % len(MUTATIONS)](base, rng)
    difference = compare(base, head)
    assert compare(base, base).decides_alike
    samplers = [Sampler(base), Sampler(head)]
    for number in range(60):
        loan = samplers[number % 2].draw(rng, 0)
        if not (accepts(base, loan) and accepts(head, loan)):
            kinds = {c.kind for c in difference.acceptance
                     if any(lies_in(difference, r.cube, loan) for r in c.regions)}  # fmt: skip
            assert kinds == {"now accepted" if accepts(head, loan) else "no longer accepted"}
            continue
        before, after = oracle.outcome(base, loan), oracle.outcome(head, loan)
        for name in base.decisions:
            changes = difference.decisions.get(name, [])
            where = [region.cube for change in changes for region in change.regions
                     if lies_in(difference, region.cube, loan)]  # fmt: skip
            differs = before[name][:2] != after[name][:2]
            if all(change.complete for change in changes):
                assert len(where) == differs, (name, loan, before[name], after[name])
            else:
                assert len(where) <= differs
    reproduces(difference)


@pytest.mark.parametrize("seed", [3, 6, 7, 15])
def test_the_regions_of_a_decision_are_disjoint(seed: int) -> None:
    base = rulebase(seed)
    difference = compare(base, without_a_rule(base, random.Random(seed)))
    forest = difference.joint.forest
    for changes in difference.decisions.values():
        parts = [as_part(difference.joint, r.cube) for c in changes for r in c.regions]
        accepted = forest.all_of(difference.joint.constraints)
        for a, b in combinations(parts, 2):
            assert forest.all_of([a, b, accepted]) == forest.false


def levels(difference: Difference) -> Iterator[str]:
    for variable in difference.joint.variables:
        if isinstance(variable, FactVariable):
            yield variable.name


def test_a_moved_bound_touches_what_lies_between(packs: Packs) -> None:
    old = RULES + "tx.old | recourse | {state: TX, made: {before: 1998-01-01}} | none"
    base = packs.pack(rules=old)
    moved = cast(Compare, base.rules[-1].when.parts[1])  # type: ignore[union-attr]
    day = packs.pack(rules=old.replace("1998", "2001"))
    difference = compare(base, day)
    change = difference.outcomes[0]
    loan: dict[str, Value] = {"state": "TX", "kind": "home"}
    limit = moved.limit
    assert limit is not None
    assert inside(difference, change, {**loan, "made": limit})
    assert not inside(difference, change, {**loan, "made": limit.replace(year=1997)})  # type: ignore[union-attr, call-arg]
    assert "made" in list(levels(difference))
    assert all(isinstance(rule.then, Constant) for rule in base.rules if rule.decides == "recourse")
