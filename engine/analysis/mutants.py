"""Small wrong changes of the law, such as a slip of the pen makes: what the cases should notice.

A mutant changes one rule, or one term wherever rules use it. Rules keep their numbers, so that the
diagrams of the law and of a mutant can be laid over one another: a rule that is dropped stays, but
never applies.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import cast

from engine.analysis.replacing import NEVER, Test, replaced, with_term
from engine.analysis.writing import scalar, written
from engine.model import (
    ORDERED,
    All,
    Arithmetic,
    Bound,
    Compare,
    Condition,
    Constant,
    Decision,
    Extreme,
    Fact,
    Formula,
    Not,
    OneOf,
    Rounded,
    Rule,
    Rulebase,
    Shift,
    TermHolds,
    Value,
)
from engine.problems import Place
from engine.trees import formula_text, weakened
from engine.values import PLACES

_STRICT: Mapping[Bound, Bound] = {
    "less_than": "at_most",
    "at_most": "less_than",
    "more_than": "at_least",
    "at_least": "more_than",
}


@dataclass(frozen=True, slots=True)
class Mutant:
    """One change: of which rule, jurisdiction or term (``about``), what it does in words, where,
    and the rules as they read after it, by their number. ``within`` is the jurisdiction to whose
    loans it makes a difference, if it is one alone."""

    about: str
    what: str
    place: Place
    rules: Mapping[int, Rule]
    within: str = ""


def mutants(rulebase: Rulebase) -> Iterator[Mutant]:
    """Every mutant of a rulebase: rule by rule, then the jurisdictions of files, then the terms."""
    headed: dict[Place, list[int]] = {}
    for number, rule in enumerate(rulebase.rules):
        head = _head(rule, rulebase)
        if head is not None:
            headed.setdefault(head.place, []).append(number)
        within = rule.jurisdiction if head else ""
        for what, place, changed in _of_rule(rule, rulebase, head):
            yield Mutant(rule.id, what, place, {number: changed}, within)
    for numbers in headed.values():
        yield from _of_head(numbers, rulebase)
    for term in rulebase.terms.values():
        for what, place, meaning in _of_condition(term.when, rulebase, term.place):
            rules = {}
            for number, rule in enumerate(rulebase.rules):
                when = with_term(rule.when, term.name, meaning, rulebase.terms)
                if when != rule.when:
                    rules[number] = replace(rule, when=when)
            heads = {rule.jurisdiction if _head(rule, rulebase) else "" for rule in rules.values()}
            if rules:
                within = heads.pop() if len(heads) == 1 else ""
                yield Mutant(term.name, what, place, rules, within)


def _head(rule: Rule, rulebase: Rulebase) -> OneOf | None:
    """The test that the jurisdiction of its file adds to a rule."""
    head = OneOf(rulebase.jurisdiction_fact, (rule.jurisdiction,))
    first = rule.when.parts[0] if isinstance(rule.when, All) and rule.when.parts else rule.when
    return first if rule.jurisdiction and isinstance(first, OneOf) and first == head else None


def _of_head(numbers: list[int], rulebase: Rulebase) -> Iterator[Mutant]:
    """A file's jurisdiction dropped, negated or another, in all its rules at once."""
    changed: dict[str, dict[int, Rule]] = {}
    for number in numbers:
        rule = rulebase.rules[number]
        for what, when in _of_one(rule.when, _head(rule, rulebase), rulebase):
            changed.setdefault(what, {})[number] = replace(rule, when=when)
    first = rulebase.rules[numbers[0]]
    head = _head(first, rulebase)
    assert head is not None
    for what, rules in changed.items():
        yield Mutant(first.jurisdiction, what, head.place, rules)


def _of_one(
    condition: Condition, one: Test | None, rulebase: Rulebase
) -> Iterator[tuple[str, Condition]]:
    """The changes of a condition that touch one test of it."""
    for test, without in weakened(condition):
        if test is one:
            yield f"drops `{written(test, rulebase)}`", without
    for test, what, changed in replaced(condition, lambda t: _of_test(t, rulebase)):
        if test is one:
            yield what, changed


def with_mutant(rulebase: Rulebase, mutant: Mutant) -> Rulebase:
    """The rulebase as the mutant has it."""
    rules = tuple(mutant.rules.get(number, rule) for number, rule in enumerate(rulebase.rules))
    return replace(rulebase, rules=rules)


def _of_rule(
    rule: Rule, rulebase: Rulebase, head: OneOf | None
) -> Iterator[tuple[str, Place, Rule]]:
    never = NEVER if head is None else All((head, NEVER))  # what is within a jurisdiction stays so
    yield "drops the rule", rule.place, replace(rule, when=never)
    for what, place, when in _of_condition(rule.when, rulebase, rule.place, head):
        yield what, place, replace(rule, when=when)
    for target in rule.exception_to:
        rest = tuple(other for other in rule.exception_to if other != target)
        yield f"no exception to {target}", rule.place, replace(rule, exception_to=rest)
    for then in _of_outcome(rule.then, rulebase.decisions[rule.decides]):
        what = f"then {_formula(then)} instead of {_formula(rule.then)}"
        yield what, rule.place, replace(rule, then=then)


def _formula(formula: Formula) -> str:
    return scalar(formula.value) if isinstance(formula, Constant) else formula_text(formula)


# ---- conditions -------------------------------------------------------------------------------


def _of_condition(
    condition: Condition, rulebase: Rulebase, place: Place, head: Test | None = None
) -> Iterator[tuple[str, Place, Condition]]:
    for test, without in weakened(condition):
        if test is not head:
            yield f"drops `{written(test, rulebase)}`", _place(test, place), without
    for test, what, changed in replaced(condition, lambda t: _of_test(t, rulebase)):
        if test is not head:
            yield what, _place(test, place), changed


def _place(test: Test, otherwise: Place) -> Place:
    return test.place if test.place.line else otherwise


def _of_test(test: Test, rulebase: Rulebase) -> Iterator[tuple[str, Condition]]:
    text = written(test, rulebase)
    in_force = isinstance(test, Compare) and not test.place.line and test.limit is not None
    if not in_force:  # a date of `effective` can't be negated, only moved or left out
        yield f"negates `{text}`", Not(test)
    for other in _neighbours(test, rulebase):
        yield f"`{written(other, rulebase)}` instead of `{text}`", other


def _neighbours(test: Test, rulebase: Rulebase) -> Iterator[Test]:
    """The same test with another value, a bound moved by one unit, or the bound's edge left out."""
    if isinstance(test, TermHolds):
        return
    thing = rulebase.facts.get(test.name) or rulebase.decisions[test.name]
    if isinstance(test, Compare):
        if test.limit is None:
            yield replace(test, bound=_STRICT[test.bound])
        else:
            for moved in _moved(test.limit, thing.type):
                yield replace(test, limit=moved)
    elif thing.type != "boolean":
        for i, value in enumerate(test.values):
            for other in _others(value, thing, test.values):
                values = (*test.values[:i], other, *test.values[i + 1 :])
                yield replace(test, values=values)


def _others(value: Value, thing: Fact | Decision, taken: tuple[Value, ...]) -> Iterator[Value]:
    """Values to mistake one for: an enum's next that is not taken, an amount's neighbours."""
    if thing.type in ORDERED:
        yield from _moved(value, thing.type)
        return
    names = list(thing.values)
    start = names.index(cast(str, value))
    following = (name for name in names[start + 1 :] + names[:start] if name not in taken)
    if (found := next(following, None)) is not None:
        yield found


def _moved(value: Value, kind: str) -> list[Value]:
    """A value moved by its smallest unit, down and up."""
    return [moved for step in (-1, 1) if (moved := _step(value, kind, step)) is not None]


def _step(value: Value, kind: str, step: int) -> Value | None:
    if kind == "date":
        try:
            return cast(datetime.date, value) + datetime.timedelta(days=step)
        except OverflowError:
            return None
    if kind == "integer":
        return cast(int, value) + step
    return cast(Decimal, value) + Decimal(step).scaleb(-PLACES[kind])


# ---- outcomes ---------------------------------------------------------------------------------


def _of_outcome(then: Formula, decision: Decision) -> Iterator[Formula]:
    if not isinstance(then, Constant):
        yield from _of_formula(then)
        return
    value = then.value
    if isinstance(value, bool):
        yield Constant(not value)
    elif decision.type == "enum":
        yield from map(Constant, _others(value, decision, (value,)))
    elif isinstance(value, frozenset):
        names = list(decision.values)
        for member in sorted(value, key=names.index):
            without = value - {member}
            other = next(iter(_others(member, decision, tuple(value))), None)
            if without:
                yield Constant(without)
            elif other is not None:
                yield Constant(without | {cast(str, other)})
    else:
        moved = _step(value, decision.type, 1)
        if moved is not None:
            yield Constant(moved)


def _of_formula(formula: Formula) -> Iterator[Formula]:
    """A formula with one sign, one ``min`` or ``max``, or one period changed."""
    match formula:
        case Arithmetic(op, left, right):
            if op in "+-":
                yield Arithmetic("-" if op == "+" else "+", left, right)
            for part in _of_formula(left):
                yield Arithmetic(op, part, right)
            for part in _of_formula(right):
                yield Arithmetic(op, left, part)
        case Extreme(which, parts):
            yield Extreme("max" if which == "min" else "min", parts)
            for i, part in enumerate(parts):
                for changed in _of_formula(part):
                    yield Extreme(which, (*parts[:i], changed, *parts[i + 1 :]))
        case Shift(base, count, unit):
            yield Shift(base, count + 1, unit)
            for part in _of_formula(base):
                yield Shift(part, count, unit)
        case Rounded(part, kind):
            for changed in _of_formula(part):
                yield Rounded(changed, kind)
        case _:
            return
