"""A rule, a case and a formula as the pages show them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from engine.analysis.cases import Case, Expected
from engine.model import Constant, Decision, Formula, Rule, Rulebase
from engine.presentation.layout import listed
from engine.presentation.site.addresses import CASES, Addresses
from engine.presentation.site.chips import Chip, Palette, outcome_chips
from engine.presentation.site.plan import Contents
from engine.presentation.words import (
    Clause,
    force_words,
    formula_words,
    rule_clauses,
    thing_called,
    value_words,
)
from engine.values import ValueFault, describe, read_fact


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of a text; ``address`` is empty where it leads nowhere."""

    text: str
    address: str = ""


@dataclass(frozen=True, slots=True)
class RuleEntry:
    """A rule with all that is said of it. ``chips`` or ``formula`` say what it gives."""

    rule: Rule
    decision: Decision
    address: str
    chips: Sequence[Chip]
    formula: Sequence[Piece]
    clauses: Sequence[Clause]
    force: str
    overrides: Sequence[Piece]
    gives_way: Sequence[Piece]
    cases: Sequence[Piece]


@dataclass(frozen=True, slots=True)
class CaseEntry:
    """A case in words: what is given and what is expected, each as name and value."""

    name: str
    id: str
    given: Sequence[tuple[str, str]]
    expected: Sequence[tuple[str, str]]
    strict: bool


# ---- rules ------------------------------------------------------------------------------------


def rule_entries(
    contents: Contents, colours: Palette, places: Mapping[str, str]
) -> dict[str, RuleEntry]:
    """The entry of every rule, by its id. ``places`` holds the address of each case."""
    rulebase, addresses = contents.rulebase, contents.addresses
    by_id = {rule.id: rule for rule in rulebase.rules}

    def entry(rule: Rule) -> RuleEntry:
        decision, effective = rulebase.decisions[rule.decides], rule.effective
        literal = isinstance(rule.then, Constant)
        chips = outcome_chips(decision, rule.then, colours)
        return RuleEntry(
            rule,
            decision,
            addresses.rule(rule),
            chips,
            () if literal else tuple(formula_pieces(rule.then, rulebase, addresses)),
            _own_clauses(rule, rulebase),
            "" if effective is None else force_words(effective, rulebase),
            [_titled(by_id[other], addresses) for other in rule.exception_to],
            [_titled(other, addresses) for other in contents.overriders.get(rule.id, ())],
            [Piece(case.name, places[case.name]) for case in contents.cases_of.get(rule.id, ())],
        )

    return {rule.id: entry(rule) for rule in rulebase.rules}


def _own_clauses(rule: Rule, rulebase: Rulebase) -> Sequence[Clause]:
    """The condition without the jurisdiction, which the page says already."""
    lines = rule_clauses(rule, rulebase)
    if not rule.jurisdiction:
        return lines
    own = [line for line in lines if line.about != rulebase.jurisdiction_fact]
    return own or [Clause("always")]


def _titled(rule: Rule, addresses: Addresses) -> Piece:
    return Piece(rule.title, addresses.rule(rule))


_WORD = re.compile(r"[a-z][a-z0-9_]*")
_FUNCTIONS = {"min": "the smaller of ", "max": "the larger of "}
_SIGNS = {
    " - ": " \N{MINUS SIGN} ",
    " * ": " \N{MULTIPLICATION SIGN} ",
    " / ": " \N{DIVISION SIGN} ",
}


def formula_pieces(formula: Formula, rulebase: Rulebase, addresses: Addresses) -> Iterator[Piece]:
    """A formula with the labels of what it is made of, each of which leads to its page."""
    text, done = formula_words(formula), 0
    for word in _WORD.finditer(text):
        name = word.group()
        known = name in rulebase.facts or name in rulebase.decisions
        if not known and name not in _FUNCTIONS:
            continue
        yield Piece(_signs(text[done : word.start()]))
        done = word.end()
        if known:
            yield Piece(thing_called(rulebase, name).label or name, addresses.named(name))
        else:
            yield Piece(_FUNCTIONS[name])
    yield Piece(_signs(text[done:]))


def _signs(text: str) -> str:
    for sign, shown in _SIGNS.items():
        text = text.replace(sign, shown)
    return text


# ---- cases ------------------------------------------------------------------------------------


def case_pages(contents: Contents) -> dict[str, list[Case]]:
    """The cases by the page on which they stand: that of their jurisdiction, or one for the
    others."""
    fact = contents.rulebase.jurisdiction_fact
    pages: dict[str, list[Case]] = {}
    for case in contents.cases:
        own = contents.addresses.jurisdiction(str(case.given.get(fact, "")))
        pages.setdefault(own or CASES, []).append(case)
    return pages


def case_places(pages: Mapping[str, Sequence[Case]]) -> dict[str, str]:
    """The address of each case, by its name."""
    return {
        case.name: f"{page}#{case_id(number)}"
        for page, cases in pages.items()
        for number, case in enumerate(cases, 1)
    }


def case_id(number: int) -> str:
    """The name of a place within a page; no rule's id begins like this."""
    return f"_case-{number}"


def case_entries(cases: Sequence[Case], rulebase: Rulebase) -> list[CaseEntry]:
    """The cases of one page in words."""
    memo: dict[tuple[str, object], tuple[str, str]] = {}

    def stated(name: str, value: object) -> tuple[str, str]:
        key = (name, repr(value))
        if key not in memo:
            memo[key] = _stated(rulebase, name, value)
        return memo[key]

    return [
        CaseEntry(
            case.name,
            case_id(number),
            [stated(name, value) for name, value in case.given.items() if value is not None],
            [(each.decision.label or each.decision.name, _wanted(each)) for each in case.expected],
            case.strict,
        )
        for number, case in enumerate(cases, 1)
    ]


def _stated(rulebase: Rulebase, name: str, value: object) -> tuple[str, str]:
    """A fact of a case as label and value; as the file has it, where it can't be read."""
    fact = rulebase.facts.get(name)
    if fact is None:
        return name, describe(value)
    try:
        return fact.label or name, value_words(fact, read_fact(fact, value))
    except ValueFault:
        return fact.label or name, describe(value)


def _wanted(expected: Expected) -> str:
    if expected.value is not None:
        return value_words(expected.decision, expected.value)
    if expected.status != "undetermined":
        return "no rule decides it"
    if expected.possible is None:
        return "not determined by these facts"
    words = sorted(
        "no rule" if value is None else value_words(expected.decision, value)
        for value in expected.possible
    )
    return f"not determined: {listed(words, 'or')}"


# ---- dates ------------------------------------------------------------------------------------


def changes(entries: Sequence[RuleEntry]) -> list[tuple[date, str, RuleEntry]]:
    """The days on which a provision begins or ends, the latest first, each with what happens."""
    found: list[tuple[date, str, RuleEntry]] = []
    for entry in entries:
        effective = entry.rule.effective
        if effective is not None and effective.start is not None:
            found.append((effective.start, "begins", entry))
        if effective is not None and effective.end is not None:
            found.append((effective.end, "ends", entry))
    return sorted(found, key=lambda change: (change[0], change[1], change[2].rule.id), reverse=True)
