"""The steps of a decision whose values are literal: an enum, a boolean or a set."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import combinations
from typing import cast

from sqlglot import exp

from engine.model import Constant, Rule, Value
from engine.portfolio.sql.conditions import (
    all_of,
    any_of,
    is_always,
    literal,
    negation,
    unknown,
    when,
)
from engine.portfolio.sql.frame import Frame, Written
from engine.portfolio.sql.lists import listed, stripped
from engine.portfolio.sql.steps import Column, column


def value(frame: Frame) -> Written:
    """An enum or a boolean."""
    decision = frame.decision
    givers: dict[Value, list[Rule]] = {}
    for rule in frame.rules:
        givers.setdefault(cast(Constant, rule.then).value, []).append(rule)
    gives: dict[Value, exp.Expr] = {}
    columns = []
    for value, some in givers.items():
        name = frame.name("given", str(value))
        columns.append(Column(name, any_of(frame.decides[rule.id] for rule in some)))
        gives[value] = column(name)
    given = frame.step("given", *columns)
    columns, is_ = [], dict[Value, exp.Expr]()
    for value, test in _comes_to(frame, gives):
        if not isinstance(test, exp.Column):
            columns.append(Column(frame.name("is", str(value)), test))
            test = column(columns[-1].name)
        is_[value] = test
    pairs = [] if decision.policy.kind == "priority" else _pairs(frame)
    clash = any_of(all_of([gives[a], gives[b]]) for a, b in pairs)
    found = when(*((test, literal(value)) for value, test in is_.items()))
    rules = when(
        *(
            (exp.EQ(this=column(decision.name), expression=literal(value)), frame.marked(some))
            for value, some in givers.items()
        ),
        otherwise=None if is_always(clash, False) else frame.marked(list(frame.rules)),
    )
    open_ = (
        negation(any_of(gives.values())) if not is_always(frame.none_decide, False) else exp.false()
    )
    return frame.finished(
        [given, frame.step("is", *columns)], found, rules, gives=is_, open_=open_, clash=clash
    )


def _comes_to(frame: Frame, gives: Mapping[Value, exp.Expr]) -> Iterator[tuple[Value, exp.Expr]]:
    """Where the decision comes to each of its values."""
    decision = frame.decision
    otherwise = decision.otherwise.value if isinstance(decision.otherwise, Constant) else None
    priority = decision.policy.order
    values = [*gives] if otherwise is None or otherwise in gives else [*gives, otherwise]
    for value in sorted(values, key=priority.index) if priority else values:
        own = gives.get(value, exp.false())
        others = [given for other, given in gives.items() if other != value]
        if not priority:
            yield value, negation(any_of(others)) if value == otherwise else own
            continue
        rank = priority.index(value)
        stronger = [g for other, g in gives.items() if priority.index(other) < rank]
        weaker = [g for other, g in gives.items() if priority.index(other) > rank]
        if value == otherwise:
            own = any_of([own, negation(any_of(weaker))])
        yield value, all_of([*map(negation, stronger), own])


def _pairs(frame: Frame) -> list[tuple[Value, Value]]:
    """Values that rules may give at once, though they should agree."""
    rules = frame.compiled.rulebase.rules
    found: dict[tuple[Value, Value], None] = {}
    for leaf in frame.exceptions:
        if isinstance(leaf, frozenset):
            values = dict.fromkeys(cast(Constant, rules[n].then).value for n in sorted(leaf))
            found.update(dict.fromkeys(combinations(values, 2)))
    return list(found)


def union(frame: Frame) -> Written:
    """A set."""
    decision = frame.decision
    some = column(frame.name("given"))
    columns = [Column(some.name, frame.some_decide)]
    held: dict[Value, exp.Expr] = {}
    otherwise = decision.otherwise.value if isinstance(decision.otherwise, Constant) else None
    for member in decision.values:
        givers = [r for r in frame.rules if member in _members(cast(Constant, r.then).value)]
        holds = any_of(frame.decides[rule.id] for rule in givers)
        if otherwise is not None and member in _members(otherwise):
            holds = any_of([holds, negation(frame.some_decide)])
        if not is_always(holds, False):
            name = frame.name("holds", member)
            columns.append(Column(name, holds))
            held[member] = column(name)
    missing = any_of(unknown(each) for each in held.values())
    words = [
        (each, str(member)) for member, each in sorted(held.items(), key=lambda one: str(one[0]))
    ]
    value = when((missing, exp.null()), otherwise=stripped(listed(words)))
    open_ = exp.false() if is_always(frame.none_decide, False) else negation(some)
    return frame.finished(
        [frame.step("held", *columns)],
        value,
        frame.marked(list(frame.rules)),
        gives=held,
        open_=open_,
        clash=exp.false(),
    )


def _members(value: Value) -> frozenset[str]:
    assert isinstance(value, frozenset)
    return value
