"""Conditions: each form of the language as the tree it means."""

from __future__ import annotations

import datetime
from decimal import Decimal

import pytest

from engine.model import (
    ALWAYS,
    All,
    AnyOf,
    Bound,
    Compare,
    Condition,
    Decision,
    Fact,
    Not,
    OneOf,
    TermHolds,
)
from engine.reading.conditions import read_condition
from engine.reading.names import Names
from engine.reading.report import Report
from engine.reading.yaml import Source, parse

FACTS = (
    Fact("state", "enum", "", "", {"CA": "", "NO": ""}),
    Fact("fraud", "boolean", "", ""),
    Fact("units", "integer", "", "", at_least=1),
    Fact("rate", "decimal", "", ""),
    Fact("debt", "money", "", ""),
    Fact("price", "money", "", ""),
    Fact("sold", "date", "", ""),
    Fact("made", "date", "", ""),
)
DECISIONS = (
    Decision("recourse", "enum", "", {"none": "", "full": ""}),
    Decision("effects", "set", "", {"tax": "", "report": ""}),
    Decision("owed", "money", ""),
)
NAMES = Names(
    {fact.name: fact for fact in FACTS},
    frozenset({"home"}),
    {decision.name: decision for decision in DECISIONS},
    frozenset({"broken"}),
)
DAY = datetime.date(2009, 10, 31)


def read(text: str) -> tuple[Condition, list[str]]:
    source = Source("a", text)
    report = Report(source)
    root = parse(source).root
    assert root is not None
    condition = read_condition(root, NAMES, report)
    return condition, [str(problem).removeprefix("a:") for problem in report.problems]


FRAUD = OneOf("fraud", (True,))


@pytest.mark.parametrize(
    ("text", "condition"),
    [
        ("{}", ALWAYS),
        ("state: CA", OneOf("state", ("CA",))),
        ("state: NO", OneOf("state", ("NO",))),
        ("state: [CA, NO]", OneOf("state", ("CA", "NO"))),
        ("state: {not: CA}", OneOf("state", ("CA",), negated=True)),
        ("state: {not: [CA, NO]}", OneOf("state", ("CA", "NO"), negated=True)),
        ("fraud: true", FRAUD),
        ("fraud: {not: true}", OneOf("fraud", (True,), negated=True)),
        ("units: 4", OneOf("units", (4,))),
        ("units: [1, 2]", OneOf("units", (1, 2))),
        ("rate: 0.5", OneOf("rate", (Decimal("0.5"),))),
        ("debt: 1_000", OneOf("debt", (Decimal("1000.00"),))),
        ('debt: "$1,000.50"', OneOf("debt", (Decimal("1000.50"),))),
        ("sold: 2009-10-31", OneOf("sold", (DAY,))),
        ("units: {at_most: 4}", Compare("units", "at_most", 4)),
        ("units: {more_than: 0}", Compare("units", "more_than", 0)),
        (
            "units: {at_least: 1, at_most: 4, not: 3}",
            All(
                (
                    Compare("units", "at_least", 1),
                    Compare("units", "at_most", 4),
                    OneOf("units", (3,), negated=True),
                )
            ),
        ),
        ("price: {less_than: debt}", Compare("price", "less_than", limit_name="debt")),
        ("price: {at_least: owed}", Compare("price", "at_least", limit_name="owed")),
        ("owed: {more_than: price}", Compare("owed", "more_than", limit_name="price")),
        ("sold: {after: made}", Compare("sold", "more_than", limit_name="made")),
        ("recourse: none", OneOf("recourse", ("none",))),
        ("effects: tax", OneOf("effects", ("tax",))),
        ("effects: [tax, report]", OneOf("effects", ("tax", "report"))),
        ("effects: {not: tax}", OneOf("effects", ("tax",), negated=True)),
        ("home: true", TermHolds("home")),
        ("home: false", Not(TermHolds("home"))),
        ("{fraud: true, home: true}", All((FRAUD, TermHolds("home")))),
        ("not: {fraud: true}", Not(FRAUD)),
        ("not: {}", Not(ALWAYS)),
        ("any: [{fraud: true}, {home: true}]", AnyOf((FRAUD, TermHolds("home")))),
        ("all: [{fraud: true}, {}]", All((FRAUD, ALWAYS))),
        ("any: [{not: {all: [{fraud: true}]}}]", AnyOf((Not(All((FRAUD,))),))),
        ("{broken: whatever, fraud: true}", All((ALWAYS, FRAUD))),
        ("price: {less_than: broken}", All()),
    ],
)
def test_what_a_condition_means(text: str, condition: Condition) -> None:
    assert read(text) == (condition, [])


@pytest.mark.parametrize(
    ("word", "bound"),
    [
        ("before", "less_than"),
        ("on_or_before", "at_most"),
        ("after", "more_than"),
        ("on_or_after", "at_least"),
    ],
)
def test_dates_have_words_of_their_own(word: str, bound: Bound) -> None:
    assert read(f"sold: {{{word}: 2009-10-31}}") == (Compare("sold", bound, DAY), [])
    (said,) = read(f"units: {{{word}: 4}}")[1]
    assert said.endswith(f"`units` is a number: `{word}` does not fit it (write `{bound}`)")
    (said,) = read(f"sold: {{{bound}: 2009-10-31}}")[1]
    assert said.endswith(f"`sold` is a date: `{bound}` does not fit it (write `{word}`)")


def test_places() -> None:
    condition = read("fraud: true\nany:\n  - sold: {after: made}\n  - home: true\n")[0]
    assert isinstance(condition, All)
    first, second = condition.parts
    assert isinstance(first, OneOf) and isinstance(second, AnyOf)
    compared, term = second.parts
    assert isinstance(compared, Compare) and isinstance(term, TermHolds)
    places = [(p.line, p.column) for p in (first.place, compared.place, term.place)]
    assert places == [(1, 1), (3, 12), (4, 5)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[]", "1:1: wrong-type: a condition is a mapping of facts to tests, not a list"),
        (
            "stat: CA",
            (
                "1:1: unknown-fact: no fact, term or decision is called `stat` "
                "(did you mean `state`?)"
            ),
        ),
        (
            "at_most: 4",
            (
                "1:1: unknown-fact: no fact, term or decision is called `at_most` "
                "(`at_most` stands under the name of what it tests)"
            ),
        ),
        ("state: WA", "1:8: unknown-value: `state` can't be `WA` (one of `CA`, `NO`)"),
        ("state: [CA, WA]", "1:13: unknown-value: `state` can't be `WA` (one of `CA`, `NO`)"),
        (
            "effects: reprot",
            "1:10: unknown-value: `effects` can't be `reprot` (did you mean `report`?)",
        ),
        (
            "home: yes",
            (
                "1:7: wrong-type: the term `home` is true or false, not `yes` "
                "(write `true` or `false`)"
            ),
        ),
        (
            "any: {fraud: true}",
            (
                "1:6: wrong-type: `any` holds a list of conditions, not a mapping "
                "(write `any:` and under it lines that begin with `- `)"
            ),
        ),
        (
            "effects: {at_least: 1}",
            "1:11: wrong-test: `at_least` compares amounts or dates; `effects` is a set",
        ),
        (
            "price: {less_than: price}",
            "1:20: wrong-test: `price` is compared with itself",
        ),
        (
            "price: {less_than: units}",
            "1:20: wrong-type: `price` (money) can't be compared with `units` (integer)",
        ),
        (
            "price: {less_than: dept}",
            "1:20: unknown-fact: no fact or decision is called `dept` (did you mean `debt`?)",
        ),
        (
            "price: {less_than: zzz}",
            (
                "1:20: unknown-fact: no fact or decision is called `zzz` "
                "(write a number, or one of `owed`, `debt`)"
            ),
        ),
        (
            "price: {less_than: 12x}",
            (
                "1:20: wrong-type: `price` is an amount in dollars, not `12x` "
                "(write digits alone, as 150000.00)"
            ),
        ),
        ("units: 1.5", "1:8: wrong-type: `units` is a whole number, not `1.5`"),
    ],
)  # fmt: skip
def test_what_is_no_condition(text: str, expected: str) -> None:
    assert read(text)[1] == [expected]


def test_all_faults_are_said() -> None:
    assert len(read("{stat: CA, units: x, any: [{fraud: 1}, {homes: true}]}")[1]) == 4
