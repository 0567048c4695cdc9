"""Conditions as SQL. NULL stands for an unknown fact, and SQL's own three-valued logic does the
rest: a condition is TRUE or FALSE where the known facts settle it, NULL where they don't.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from sqlglot import exp

from engine.model import (
    All,
    AnyOf,
    Bound,
    Compare,
    Condition,
    Decision,
    Not,
    OneOf,
    Rulebase,
    TermHolds,
    Value,
)
from engine.portfolio.sql.steps import column

# ---- logic ------------------------------------------------------------------------------------


def truth(value: bool) -> exp.Boolean:
    """TRUE or FALSE."""
    return exp.true() if value else exp.false()


def is_always(condition: exp.Expr, value: bool) -> bool:
    """Whether a condition is the constant TRUE (or FALSE)."""
    return isinstance(condition, exp.Boolean) and condition.this is value


def all_of(parts: Iterable[exp.Expr]) -> exp.Expr:
    """The conjunction, constants worked out."""
    return _joined(parts, exp.and_, absorbing=False)


def any_of(parts: Iterable[exp.Expr]) -> exp.Expr:
    """The disjunction, constants worked out."""
    return _joined(parts, exp.or_, absorbing=True)


def _joined(parts: Iterable[exp.Expr], join: Callable[..., exp.Expr], absorbing: bool) -> exp.Expr:
    kept: dict[exp.Expr, None] = {}
    for part in parts:
        if is_always(part, absorbing):
            return truth(absorbing)
        if not is_always(part, not absorbing):
            kept[part] = None
    return join(*kept, copy=True) if kept else truth(not absorbing)


def negation(part: exp.Expr) -> exp.Expr:
    """Not ``part``."""
    if isinstance(part, exp.Boolean):
        return truth(not part.this)
    if isinstance(part, exp.Not):
        inner: exp.Expr = part.this.unnest()
        return inner.copy()
    return exp.not_(part, copy=True)


def or_true(part: exp.Expr) -> exp.Expr:
    """FALSE where ``part`` is FALSE, TRUE where it is TRUE or not known."""
    return (
        part
        if isinstance(part, exp.Boolean)
        else exp.Coalesce(this=part.copy(), expressions=[exp.true()])
    )


def when(*cases: tuple[exp.Expr, exp.Expr], otherwise: exp.Expr | None = None) -> exp.Expr:
    """A ``CASE``: the value of the first condition that is TRUE. Cases that can't come are left
    out; without ``otherwise`` the rest is NULL."""
    case = exp.Case()
    for condition, value in cases:
        if is_always(condition, False):
            continue
        if is_always(condition, True):
            otherwise = value
            break
        case = case.when(condition, value, copy=False)
    if not case.args.get("ifs"):
        return exp.null() if otherwise is None else otherwise
    if otherwise is not None and not isinstance(otherwise, exp.Null):
        case = case.else_(otherwise, copy=False)
    return case


def unknown(value: exp.Expr) -> exp.Expr:
    """Whether a value is NULL."""
    return exp.Is(this=value.copy(), expression=exp.null())


# ---- values -----------------------------------------------------------------------------------


def literal(value: Value) -> exp.Expr:
    """A value as it is written in a statement; text is escaped by the dialect."""
    if isinstance(value, bool):
        return truth(value)
    if isinstance(value, str):
        return exp.Literal.string(value)
    if isinstance(value, datetime.date):
        return exp.cast(exp.Literal.string(value.isoformat()), exp.DataType.Type.DATE)
    assert isinstance(value, int | Decimal), value
    text = f"{abs(Decimal(value)):f}"
    number = exp.Literal.number(text.rstrip("0").rstrip(".") if "." in text else text)
    return exp.Neg(this=number) if value < 0 else number


# ---- conditions -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Made:
    """Where a decision that was decided before stands in the statement."""

    decision: Decision
    value: exp.Expr
    """NULL unless it is decided."""
    gives: Mapping[Value, exp.Expr] = field(default_factory=dict)
    """For each value (of a set, each member) whether the outcome is (or holds) it."""
    open: exp.Expr = field(default_factory=exp.false)
    conflict: exp.Expr = field(default_factory=exp.false)
    digits: int = 0
    """Of an amount: the digits that its type has."""
    years: tuple[int, int] = (0, 0)
    """Of a day: the first and the last year in which it may fall."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What the names of a condition stand for. ``assumed`` gives facts a value in place of their
    column, ``columns`` the terms that have a column of their own."""

    rulebase: Rulebase
    made: Mapping[str, Made] = field(default_factory=dict)
    assumed: Mapping[str, Value] = field(default_factory=dict)
    columns: frozenset[str] = frozenset()

    def condition(self, condition: Condition) -> exp.Expr:
        """The condition in SQL."""
        match condition:
            case All(parts):
                return all_of(map(self.condition, parts))
            case AnyOf(parts):
                return any_of(map(self.condition, parts))
            case Not(part):
                return negation(self.condition(part))
            case TermHolds(name):
                if name in self.columns:
                    return column(name)
                return self.condition(self.rulebase.terms[name].when)
            case OneOf(name, values, negated):
                if name in self.rulebase.facts:
                    return self._fact_is(name, values, negated)
                return self._decision_is(self.made[name], values, negated)
            case Compare():
                return self._compared(condition)

    def _fact_is(self, name: str, values: tuple[Value, ...], negated: bool) -> exp.Expr:
        if name in self.assumed:
            return truth((self.assumed[name] in values) != negated)
        fact, one = self.rulebase.facts[name], column(name)
        every: Collection[Value] = (False, True) if fact.type == "boolean" else fact.values
        wanted = [value for value in every if (value in values) != negated]
        if every and len(wanted) in (0, len(every)):
            return truth(bool(wanted))
        if fact.type == "boolean":
            return one if wanted == [True] else negation(one)
        if every and (not negated or len(wanted) <= len(values)):
            return one_of(one, wanted)
        found = one_of(one, dict.fromkeys(values))
        return negation(found) if negated else found

    def _decision_is(self, made: Made, values: tuple[Value, ...], negated: bool) -> exp.Expr:
        gives = made.gives
        if not gives:  # an amount or a date
            found = one_of(made.value, values)
            return _valued([made], negation(found) if negated else found)
        if made.decision.type == "set":
            held = any_of(gives[value] for value in values if value in gives)
            return all_of([negation(held), negation(made.open)]) if negated else held
        return any_of(given for value, given in gives.items() if (value in values) != negated)

    def _compared(self, test: Compare) -> exp.Expr:
        sides: list[exp.Expr] = []
        used: list[Made] = []
        for name in (test.name, test.limit_name):
            if name is None:
                assert test.limit is not None
                sides.append(literal(test.limit))
            elif name in self.assumed:
                sides.append(literal(self.assumed[name]))
            elif name in self.made:
                used.append(self.made[name])
                sides.append(used[-1].value.copy())
            else:
                sides.append(column(name))
        if test.name in self.assumed:
            value: object = self.assumed[test.name]
            limit = test.limit if test.limit_name is None else self.assumed.get(test.limit_name)
            if limit is not None:
                return truth(_stands(value, test.bound, limit))
        return _valued(used, _COMPARE[test.bound](this=sides[0], expression=sides[1]))


_COMPARE: Mapping[Bound, Callable[..., exp.Expr]] = {
    "less_than": exp.LT,
    "at_most": exp.LTE,
    "more_than": exp.GT,
    "at_least": exp.GTE,
}


def one_of(value: exp.Expr, wanted: Iterable[Value]) -> exp.Expr:
    """Whether a value is one of some literals."""
    literals = [literal(one) for one in wanted]
    if len(literals) == 1:
        return exp.EQ(this=value.copy(), expression=literals[0])
    return exp.In(this=value.copy(), expressions=literals)


def _valued(used: Iterable[Made], test: exp.Expr) -> exp.Expr:
    """A decision without a value meets no test."""
    open_ = any_of(made.open for made in used)
    return test if is_always(open_, False) else when((open_, exp.false()), otherwise=test)


def _stands(value: object, bound: Bound, limit: object) -> bool:
    result: bool = {
        "less_than": lambda a, b: a < b,
        "at_most": lambda a, b: a <= b,
        "more_than": lambda a, b: a > b,
        "at_least": lambda a, b: a >= b,
    }[bound](value, limit)
    return result
