"""How outcomes move as facts vary."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from engine import Decider, load
from engine.analysis.varying import Variation, vary
from engine.model import Value
from engine.presentation.layout import WIDTH
from engine.presentation.varying import data, page
from tests.forms import faults
from tests.small import pack, write

DECISIONS = """
recourse: {type: enum, label: R, values: {none: N, full: F}}
owed:     {type: money, label: O, at_least: 0}
"""
RULES = """
a | recourse | {state: [CA, WA], kind: home, units: {at_most: 4}} | none
b | recourse | {state: TX, kind: home}                            | full
c | recourse | {kind: home, state: [CA, WA], units: {more_than: 4}} | full
d | owed     | {recourse: none}                                   | 0
e | owed     | {recourse: full}                                   | {amount: debt - price}
"""
CONSTRAINTS = (
    "constraints:\n  homes: {when: {state: TX}, must: {kind: home}, because: Only homes.}\n"
)
LOAN: dict[str, Value] = {
    "state": "CA",
    "kind": "home",
    "units": 9,
    "debt": Decimal("500.00"),
    "price": Decimal("300.00"),
}


@pytest.fixture(scope="module")
def decider(tmp_path_factory: pytest.TempPathFactory) -> Decider:
    return pack(tmp_path_factory.mktemp("varying"), DECISIONS, RULES, CONSTRAINTS)


def table(found: Variation, decision: str) -> list[tuple[object, ...]]:
    """Each stretch by its ends, with the outcomes there."""
    return [
        (
            *((str(s.low), str(s.high)) for s in point.stretches),
            point.low and str(point.low.value(decision)),
            point.high and str(point.high.value(decision)),
        )
        for point in found.points
    ]


def test_every_value_of_an_enum(decider: Decider) -> None:
    found = vary(decider, LOAN, {"kind": ()}, wanted=["recourse"])
    assert table(found, "recourse") == [
        (("home", "home"), "full", "full"),
        (("car", "car"), "None", "None"),
    ]
    assert found.moving == ["recourse"]
    some = vary(decider, LOAN, {"state": ["TX", "CA"]}, wanted=["recourse"])
    assert [point.stretches[0].values for point in some.points] == [("TX",), ("CA",)]
    assert some.moving == []


def test_a_number_by_the_places_where_something_changes(decider: Decider) -> None:
    found = vary(decider, LOAN, {"units": ()}, wanted=["recourse", "owed"])
    assert table(found, "recourse") == [
        (("1", "4"), "none", "none"),
        (("5", "1000000000000"), "full", "full"),
    ]


def test_an_amount_along_its_lines(decider: Decider) -> None:
    found = vary(decider, LOAN, {"price": ()}, wanted=["recourse", "owed"])
    assert table(found, "owed") == [
        (("0.00", "500.00"), "500.00", "0.00"),
        (("500.01", "999999999999.99"), "0.00", "0.00"),
    ]
    assert found.moving == ["owed"]


def test_only_the_values_given(decider: Decider) -> None:
    values = [Decimal("100.00"), Decimal("200.00")]
    found = vary(decider, LOAN, {"price": values}, wanted=["owed"])
    assert table(found, "owed") == [
        (("100.00", "100.00"), "400.00", "400.00"),
        (("200.00", "200.00"), "300.00", "300.00"),
    ]


def test_two_facts_and_what_divides_the_one_where_the_other_is_different(decider: Decider) -> None:
    loan = {**LOAN, "state": "TX"}
    found = vary(decider, loan, {"units": (), "state": ()}, wanted=["recourse"])
    assert table(found, "recourse") == [
        (("1", "4"), ("CA", "CA"), "none", "none"),
        (("1", "4"), ("WA", "WA"), "none", "none"),
        (("1", "4"), ("TX", "TX"), "full", "full"),
        (("5", "1000000000000"), ("CA", "CA"), "full", "full"),
        (("5", "1000000000000"), ("WA", "WA"), "full", "full"),
        (("5", "1000000000000"), ("TX", "TX"), "full", "full"),
    ]


def test_a_loan_that_does_not_exist_is_said_to(decider: Decider) -> None:
    loan = {**LOAN, "kind": "car"}
    found = vary(decider, loan, {"state": ()}, wanted=["recourse"])
    assert "Only homes." in found.points[2].refused
    assert faults("whatif", data(found, "1", "x")) == []
    text = page(found, "x")
    assert "No such loan: `state` and `kind` can't go together: Only homes." in text


def test_what_would_flip_it(decider: Decider) -> None:
    found = vary(decider, LOAN, {"price": ()}, wanted=["recourse", "owed"])
    (change, *_) = found.changes["recourse"]
    assert (dict(change.facts), change.outcome.value) == ({"units": 4}, "none")


def test_the_page(decider: Decider) -> None:
    found = vary(decider, LOAN, {"price": ()}, wanted=["recourse", "owed"])
    lines = page(found, "x").splitlines()
    assert lines[2:8] == [
        "As price varies",
        "  price                owed",
        "  up to $500.00 (now)  $500.00 to $0.00",
        "  from $500.01         $0.00",
        "",
        "The same throughout: recourse = full.",
    ]
    assert "  - recourse would be none, if units were 4" in lines


def test_a_grid(decider: Decider) -> None:
    found = vary(decider, LOAN, {"state": (), "units": [4, 5]}, wanted=["recourse"])
    assert page(found, "x").splitlines()[3:8] == [
        "  recourse",
        "  state \\ units  4     5",
        "  CA (now)       none  full",
        "  WA             none  full",
        "  TX             full  full",
    ]


def test_nothing_moves(decider: Decider) -> None:
    found = vary(decider, LOAN, {"price": ()}, wanted=["recourse"])
    assert "Whatever price is: recourse = full." in page(found, "x")


def test_the_data(decider: Decider) -> None:
    found = vary(decider, LOAN, {"price": ()}, wanted=["owed"])
    content = data(found, "1", "x")
    assert faults("whatif", content) == []
    assert content["vary"] == ["price"]
    first = content["points"][0]
    assert first["facts"] == {"price": {"from": "0.00", "to": "500.00"}}
    assert first["decisions"]["owed"]["value"] == "500.00"
    assert first["decisions_at_end"]["owed"]["value"] == "0.00"
    assert content["base"]["decisions"]["owed"]["value"] == "200.00"


def test_many_values_that_lead_to_the_same_stand_together(tmp_path: Path) -> None:
    kinds = ", ".join(f"k{number:02}: Kind {number}" for number in range(14))
    more = f"  shape: {{type: enum, label: Shape, question: Which?, values: {{{kinds}}}}}\n"
    rules = """
        a | recourse | {shape: [k03, k11]}        | none
        b | recourse | {shape: {not: [k03, k11]}} | full
    """
    folder = write(tmp_path, DECISIONS.splitlines()[1], rules)
    (folder / "vocabulary.yaml").write_text((folder / "vocabulary.yaml").read_text() + more)
    decider = load(folder)
    found = vary(decider, {}, {"shape": ()}, wanted=["recourse"])
    assert [point.stretches[0].values for point in found.points][1] == ("k03", "k11")
    assert len(found.points) == 2
    assert all(len(line) <= WIDTH for line in page(found, "x").splitlines())
