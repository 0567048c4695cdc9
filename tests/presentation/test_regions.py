"""Pieces of the space of loans in words and as data."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from engine.analysis.regions import Cube, cubes
from engine.evaluation.compiling import Compiled
from engine.presentation.regions import region_data, region_words, steps_but
from tests.small import pack

DECISIONS = "recourse: {type: enum, label: Recourse?, values: {none: No, full: Full}}"


def only_cube(compiled: Compiled) -> Cube:
    """The one piece in which the pack's only rule applies."""
    (part,) = compiled.applies.values()
    (cube,) = list(cubes(compiled, part))
    return cube


WORDS = [
    ("{state: TX}", "Texas"),
    ("{state: {not: CA}}", "any state but California"),
    ("{state: [TX, WA], kind: home}", "Home, any state but California"),
    ("{fraud: true}", "fraud"),
    ("{fraud: false}", "no fraud"),
    ("{debt: {at_least: 100000}}", "debt $100,000.00 or more"),
    ("{debt: {more_than: 100000}}", "debt more than $100,000.00"),
    ("{debt: {less_than: 100000}}", "debt less than $100,000.00"),
    ("{debt: {at_most: 100000}}", "debt $100,000.00 or less"),
    ("{debt: 5}", "debt $5.00"),
    ("{debt: {at_least: 5, at_most: 7}}", "debt from $5.00 to $7.00"),
    ("{debt: {not: 5}}", "debt less than $5.00 or more than $5.00"),
    ("{units: {less_than: 5}}", "units 4 or less"),
    ("{rate: {at_least: 0.5}}", "rate 0.5 or more"),
    ("{made: {on_or_after: 2009-10-01}}", "made from 2009-10-01"),
    ("{made: {before: 1998-01-01}}", "made before 1998-01-01"),
    ("{made: 2009-10-01}", "made on 2009-10-01"),
    ("{any: [{made: {before: 1998-01-01}}, {made: {after: 2009-12-31}}]}",
     "made before 1998-01-01 or from 2010-01-01"),
    ("{price: {less_than: value}}", "price below value"),
    ("{price: {at_least: value}}", "price at least value"),
    ("{sold: {before: made}}", "sold before made"),
    ("{sold: {on_or_after: made}}", "sold on or after made"),
    ("{price: {not: 0}, debt: {more_than: 0}}", "debt more than $0.00, price more than $0.00"),
    ("", "every loan"),
]  # fmt: skip


@pytest.mark.parametrize(("when", "words"), WORDS)
def test_a_region_in_words(tmp_path: Path, when: str, words: str) -> None:
    compiled = pack(tmp_path, DECISIONS, f"a | recourse | {when} | none").compiled
    found = region_words(compiled, only_cube(compiled))
    assert sorted(found.split(", ")) == sorted(words.split(", "))


def test_a_label_that_says_too_little_stands_with_its_fact(tmp_path: Path) -> None:
    compiled = pack(tmp_path, DECISIONS, "a | recourse | {kind: home} | none").compiled
    facts = dict(compiled.rulebase.facts)
    kind = facts["kind"]
    for label, words in (
        ("None", "kind: None"),
        ("California", "kind: California"),
        ("1", "kind: 1"),
    ):
        facts["kind"] = replace(kind, values={"home": label, "car": "Car"})
        named = replace(compiled, rulebase=replace(compiled.rulebase, facts=facts))
        assert region_words(named, only_cube(compiled)) == words
    facts["kind"] = replace(kind, values={"home": "Home, sweet home", "car": "Car"})
    named = replace(compiled, rulebase=replace(compiled.rulebase, facts=facts))
    assert region_words(named, only_cube(compiled)) == "Home, sweet home"


def test_a_long_boolean_label_gets_yes_or_no(tmp_path: Path) -> None:
    compiled = pack(tmp_path, DECISIONS, "a | recourse | {fraud: false} | none").compiled
    fraud = compiled.rulebase.facts["fraud"]
    for label, words in (("Paid in full", "Paid in full: no"), ("Is it paid?", "Is it paid? no")):
        facts = {**compiled.rulebase.facts, "fraud": replace(fraud, label=label)}
        named = replace(compiled, rulebase=replace(compiled.rulebase, facts=facts))
        assert region_words(named, only_cube(compiled)) == words


def test_a_region_as_data(tmp_path: Path) -> None:
    when = "{state: {not: CA}, fraud: true, debt: {more_than: 5}, made: {before: 1998-01-01}, price: {less_than: value}}"
    compiled = pack(tmp_path, DECISIONS, f"a | recourse | {when} | none").compiled
    data = region_data(compiled, only_cube(compiled))
    assert sorted(data, key=str) == sorted(
        [
            {"fact": "state", "any_of": ["WA", "TX"]},
            {"fact": "fraud", "any_of": [True]},
            {"fact": "debt", "ranges": [{"from": "5.01", "to": None}]},
            {"fact": "made", "ranges": [{"from": None, "to": "1997-12-31"}]},
            {"left": "price", "is": ["less"], "right": "value"},
        ],
        key=str,
    )


def test_a_comparison_can_be_left_out(tmp_path: Path) -> None:
    when = "{kind: home, price: {less_than: value}}"
    compiled = pack(tmp_path, DECISIONS, f"a | recourse | {when} | none").compiled
    cube = only_cube(compiled)
    variable = compiled.variables[cube[-1][0]]
    shorter = steps_but(compiled, cube, variable.right, variable.left)  # type: ignore[union-attr]
    assert region_words(compiled, shorter) == "Home"
