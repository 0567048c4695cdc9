"""The steps of a decision on an amount or a day, of which rules may give several."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from itertools import combinations

from sqlglot import exp

from engine.evaluation.compiler import Clash
from engine.model import Formula, Rule, Value
from engine.portfolio.sql.amounts import WIDEST, Reckoned
from engine.portfolio.sql.conditions import (
    all_of,
    any_of,
    literal,
    negation,
    unknown,
    when,
)
from engine.portfolio.sql.frame import Frame, Written
from engine.portfolio.sql.lists import listed, stripped
from engine.portfolio.sql.steps import Column, Step, column
from engine.values import PLACES


@dataclass(frozen=True, slots=True)
class _Choice:
    """An amount that some rules give, or none of them: the decision's ``otherwise``."""

    formula: Formula
    given: exp.Expr
    rules: list[Rule]


def amount(frame: Frame) -> Written:
    """An amount or a day."""
    decision = frame.decision
    kind = decision.policy.kind
    choices = _choices(frame)
    if kind == "sum" and len(choices) > 1:
        return _total(frame, choices)
    if len(choices) > 1 and kind in ("min", "max"):
        return _extreme(frame, choices)
    return _agreed(frame, choices)


def _choices(frame: Frame) -> list[_Choice]:
    """The amounts that rules may give, each with where it is given. Rules that give the same
    one share it, unless they add up."""
    shared: dict[object, list[Rule]] = {}
    for number, rule in enumerate(frame.rules):
        every = frame.decision.policy.kind == "sum"
        shared.setdefault(number if every else rule.then, []).append(rule)
    choices = [
        _Choice(some[0].then, any_of(frame.decides[rule.id] for rule in some), some)
        for some in shared.values()
    ]
    if frame.decision.otherwise is not None:
        choices.append(_Choice(frame.decision.otherwise, negation(frame.some_decide), []))
    return choices


def _agreed(frame: Frame, choices: list[_Choice]) -> Written:
    """Amounts that agree wherever several are given, or are in conflict."""
    reckoned = [frame.books.reckon(one.formula, frame.decision.type) for one in choices]
    values = [each.value for each in reckoned]
    steps = []
    clash: exp.Expr = exp.false()
    if pairs := _clashes(frame, choices):
        names = [frame.name("amount", str(number)) for number in range(1, len(choices) + 1)]
        steps = [frame.step("amounts", *map(Column, names, values))]
        values = [column(name) for name in names]
        clash = any_of(
            all_of(
                [
                    choices[a].given,
                    choices[b].given,
                    exp.NEQ(this=values[a], expression=values[b]),
                ]
            )
            for a, b in pairs
        )
    cases = [(one.given, value) for one, value in zip(choices, values, strict=True)]
    return _settled(frame, steps, when(*cases), choices, reckoned, clash=clash)


def _clashes(frame: Frame, choices: list[_Choice]) -> list[tuple[int, int]]:
    """Pairs of choices that may differ where both are given."""
    index = {one.formula: number for number, one in enumerate(choices) if one.rules}
    found: dict[tuple[int, int], None] = {}
    for leaf in frame.exceptions:
        if isinstance(leaf, Clash):
            numbers = {index[frame.compiled.rulebase.rules[n].then] for n in leaf.rules}
            found.update(dict.fromkeys(combinations(sorted(numbers), 2)))
    return list(found)


def _extreme(frame: Frame, choices: list[_Choice]) -> Written:
    """The least or the greatest of the amounts that are given."""
    decision = frame.decision
    least = decision.policy.kind == "min"
    kind = frame.books.column_type(decision.type)
    far = exp.cast(literal(_far(decision.type, least)), kind.copy())
    reckoned = [frame.books.reckon(one.formula, decision.type) for one in choices]
    amounts = [
        Column(
            frame.name("amount", str(number)),
            exp.cast(when((one.given, each.value), (negation(one.given), far.copy())), kind.copy()),
            ", ".join(rule.id for rule in one.rules) or "otherwise",
        )
        for number, (one, each) in enumerate(zip(choices, reckoned, strict=True), 1)
    ]
    every: list[exp.Expr] = [column(one.name) for one in amounts]
    best = exp.Anonymous(this="LEAST" if least else "GREATEST", expressions=every)
    value = when(
        (any_of(map(unknown, every)), exp.null()),
        otherwise=exp.Nullif(this=best, expression=far),
    )
    amount_of = {
        rule.id: amount for one, amount in zip(choices, every, strict=True) for rule in one.rules
    }
    marks = []
    for rule in frame.rules:
        amount = _floored(frame, amount_of[rule.id])
        wins = exp.EQ(this=amount, expression=column(decision.name))
        marks.append((all_of([frame.decides[rule.id], wins]), rule.id))
    steps = [frame.step("amounts", *amounts)]
    return _settled(frame, steps, value, choices, reckoned, winners=stripped(listed(marks)))


def _total(frame: Frame, choices: list[_Choice]) -> Written:
    """The sum of the amounts that are given."""
    terms = [(one.given, one.formula) for one in choices]
    total = frame.books.total(terms, frame.decision.type)
    reckoned = [frame.books.reckon(one.formula, frame.decision.type) for one in choices]
    return _settled(frame, [], total.value, choices, reckoned, digits=total.digits)


def _settled(
    frame: Frame,
    steps: list[Step],
    value: exp.Expr,
    choices: list[_Choice],
    reckoned: list[Reckoned],
    *,
    clash: exp.Expr | None = None,
    winners: exp.Expr | None = None,
    digits: int = 0,
) -> Written:
    """The end of every amount: never below its floor, open where a formula has no value."""
    if frame.decision.at_least is not None:
        name = frame.name("before", "floor")
        steps = [*steps, frame.step("amount", Column(name, value))]
        value = _floored(frame, column(name))
    without = [
        all_of([one.given, each.without]) for one, each in zip(choices, reckoned, strict=True)
    ]
    open_ = any_of([frame.none_decide, *without])
    rules = frame.marked(list(frame.rules))
    if winners is not None:
        decided = negation(unknown(column(frame.decision.name)))
        rules = when((decided, winners), otherwise=rules)
    return frame.finished(
        steps,
        value,
        rules,
        open_=open_,
        clash=exp.false() if clash is None else clash,
        digits=digits or max(each.digits for each in reckoned),
        years=(
            min(each.years[0] for each in reckoned),
            max(each.years[1] for each in reckoned),
        ),
    )


def _floored(frame: Frame, amount: exp.Expr) -> exp.Expr:
    if frame.decision.at_least is None:
        return amount.copy()
    floor = literal(frame.decision.at_least)
    return when(
        (exp.LT(this=amount.copy(), expression=floor), floor.copy()), otherwise=amount.copy()
    )


def _far(kind: str, least: bool) -> Value:
    """A value beyond every amount or day."""
    if kind == "date":
        return datetime.date.max if least else datetime.date.min
    far: int = 10 ** (WIDEST - PLACES[kind])
    return far if least else -far
