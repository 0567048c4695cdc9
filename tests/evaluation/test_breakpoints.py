"""Where along one fact an outcome may change: tried against deciding at many places between."""

from __future__ import annotations

import random
from decimal import Decimal
from pathlib import Path

import pytest

from engine import Decider, InputError
from engine.evaluation.breakpoints import spans
from engine.evaluation.record import Answer, Record
from engine.evaluation.variables import decode, encode
from engine.model import ORDERED, Value
from engine.trees import formula_text
from tests import random_packs
from tests.small import pack

RECOURSE = "recourse: {type: enum, label: R, values: {none: N, full: F}}"


def ends(found: list[tuple[Value, Value]]) -> list[str]:
    return [str(low) for low, _ in found[1:]]


def test_bounds_of_conditions(tmp_path: Path) -> None:
    rules = (
        "a | recourse | {units: {at_most: 4}} | none\nb | recourse | {units: {more_than: 4}} | full"
    )
    decider = pack(tmp_path, RECOURSE, rules)
    assert spans(decider, [{}], "units", ["recourse"])[0] == (1, 4)
    assert ends(spans(decider, [{}], "units", ["recourse"])) == ["5"]


def test_where_two_amounts_are_the_same(tmp_path: Path) -> None:
    rules = "a | recourse | {price: {less_than: value}} | none\nb | recourse | {price: {at_least: value}} | full"
    decider = pack(tmp_path, RECOURSE, rules)
    known: dict[str, Value] = {"value": Decimal("200.00")}
    found = ends(spans(decider, [known], "price", ["recourse"]))
    assert found == ["200.00", "200.01"]
    other: dict[str, Value] = {"value": Decimal("300.00")}
    both = ends(spans(decider, [known, other], "price", ["recourse"]))
    assert both == ["200.00", "200.01", "300.00", "300.01"]
    assert spans(decider, [{}], "price", ["recourse"])[1:] == [], "nothing to compare with"


def test_where_another_part_of_a_formula_takes_over(tmp_path: Path) -> None:
    decisions = "owed: {type: money, label: O, at_least: 0}\nhalf: {type: money, label: H}"
    rules = "a | owed | | {amount: 'debt - max(price, value)'}\nb | half | | {amount: owed / 2}"
    decider = pack(tmp_path, decisions, rules)
    known: dict[str, Value] = {"debt": Decimal("500.00"), "value": Decimal("300.00")}
    for wanted in ("owed", "half"):
        found = ends(spans(decider, [known], "price", [wanted]))
        assert "300.00" in found and "500.00" in found


def test_bounds_of_presumptions(tmp_path: Path) -> None:
    presumption = (
        "presumptions:\n  - {presume: {fraud: true}, when: {units: {more_than: 9}}, because: B.}\n"
    )
    rules = "a | recourse | {fraud: true} | full"
    decider = pack(tmp_path, RECOURSE, rules, presumption)
    assert ends(spans(decider, [{}], "units", ["recourse"])) == ["9", "10"]


@pytest.mark.parametrize("seed", range(25))
def test_nothing_changes_between_them(seed: int) -> None:
    decider = Decider(random_packs.rulebase(seed))
    rng = random.Random(seed)
    ordered = [fact for fact in decider.rulebase.facts.values() if fact.type in ORDERED]
    wanted = list(decider.rulebase.decisions)
    bent = {rule.decides for rule in decider.rulebase.rules if "/" in formula_text(rule.then)}
    for fact in rng.sample(ordered, min(2, len(ordered))):
        facts = random_packs.facts(decider.rulebase, rng, missing=0)
        for low, high in spans(decider, [facts], fact.name, wanted):
            a, b = encode(low, fact.type), encode(high, fact.type)
            places = sorted({a, b, *(rng.randint(a, b) for _ in range(4))})
            records: list[Record | None] = []
            for place in places:
                changed = {**facts, fact.name: decode(place, fact.type)}
                try:
                    records.append(decider.decide(changed, strict=True, verify=False))
                except InputError:
                    records.append(None)
            assert len({record is None for record in records}) == 1
            for name in wanted if records[0] is not None else ():
                answers = [record.answers[name] for record in records if record]
                _on_one_line(places, answers, not bent.isdisjoint(decider.needed([name])))


def _on_one_line(places: list[int], answers: list[Answer], bent: bool) -> None:
    """One outcome, or amounts along one line (``bent``: some formula divides, so perhaps none)."""
    kind = answers[0].decision.type
    assert len({answer.status for answer in answers}) == 1
    values = [answer.value for answer in answers]
    if kind not in ORDERED or kind == "date" or values[0] is None:
        if kind != "date":
            assert len(set(values)) == 1
        return
    if bent:
        return
    numbers = [encode(value, kind) for value in values if value is not None]
    slack = 2  # each end is rounded
    (x, y), (v, w) = (places[0], places[-1]), (numbers[0], numbers[-1])
    for place, number in zip(places, numbers, strict=True):
        if x != y:
            between = v + (w - v) * (place - x) / (y - x)
            assert abs(number - between) <= slack + abs(w - v) * 1e-9
