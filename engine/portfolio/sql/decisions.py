"""The steps that decide one decision: which rules apply, which of them decide, what they come to.

What can't happen for any loan (no answer, rules in conflict) is known from the decision's diagram,
and is left out of the statement.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import cast

from sqlglot import exp

from engine.evaluation.compiling import Clash, Compiled, Leaf
from engine.evaluation.reach import Walk
from engine.model import ORDERED, Constant, Decision, Formula, Rule, Value
from engine.portfolio.sql.amounts import WIDEST, Books, Reckoned
from engine.portfolio.sql.conditions import (
    Made,
    Scope,
    all_of,
    any_of,
    is_always,
    literal,
    negation,
    truth,
    unknown,
    when,
)
from engine.portfolio.sql.facts import REJECTED
from engine.portfolio.sql.lists import joined, listed, stripped
from engine.portfolio.sql.steps import Column, Names, Step, column
from engine.values import PLACES


@dataclass(frozen=True, slots=True)
class Written:
    """A decision in steps. ``rules`` is the list of its deciding rules, for a last step."""

    steps: tuple[Step, ...]
    made: Made
    rules: exp.Expr


def write(
    compiled: Compiled, decision: Decision, scope: Scope, books: Books, names: Names
) -> Written:
    """The steps of one decision; ``scope`` and ``books`` know those that it requires."""
    rules = compiled.rulebase.rules_of(decision.name)
    steps, decides = _rule_steps(decision, rules, scope, names)
    reached = Walk(compiled, {}).reach([compiled.roots[decision.name]])
    writer = _Writer(
        decision,
        rules,
        decides,
        [cast(Leaf, compiled.forest.values[leaf]) for (leaf,) in reached],
        compiled,
        books,
        names,
        any_of(scope.made[name].conflict for name in decision.requires),
    )
    if decision.type in ORDERED:
        written = writer.amount()
    elif decision.type == "set":
        written = writer.union()
    else:
        written = writer.value()
    return Written((*steps, *written.steps), written.made, written.rules)


def _rule_steps(
    decision: Decision, rules: tuple[Rule, ...], scope: Scope, names: Names
) -> tuple[list[Step], dict[str, exp.Expr]]:
    """Two steps, which rules apply and which of those with exceptions are left; and the column that
    says of each rule whether it decides."""
    overriders: dict[str, list[str]] = {}
    for rule in rules:
        for target in rule.exception_to:
            overriders.setdefault(target, []).append(rule.id)
    applies, kept, decides = [], [], dict[str, exp.Expr]()
    for rule in rules:
        name = names.of(rule.id)
        comment = f"{rule.id}: {rule.title} ({rule.authority.cite})"
        applies.append(Column(name, scope.condition(rule.when), comment))
        if over := overriders.get(rule.id):
            exceptions = (negation(column(names.of(other))) for other in over)
            comment = f"{rule.id}, but for its exceptions"
            own = Column(names.of(rule.id, "decides"), all_of([column(name), *exceptions]), comment)
            kept.append(own)
            name = own.name
        decides[rule.id] = column(name)
    found = [Step(f"{decision.name}_rules", tuple(applies))]
    return [*found, Step(f"{decision.name}_exceptions", tuple(kept))], decides


@dataclass(frozen=True, slots=True)
class _Writer:
    decision: Decision
    rules: tuple[Rule, ...]
    decides: Mapping[str, exp.Expr]
    """Where each rule decides, by its id."""
    leaves: list[Leaf]
    """What the decision comes to, over all loans."""
    compiled: Compiled
    books: Books
    names: Names
    blocked: exp.Expr
    """Where a decision that this one requires is in conflict."""

    def name(self, *words: str) -> str:
        return self.names.of(self.decision.name, *words)

    def step(self, word: str, *columns: Column) -> Step:
        return Step(f"{self.decision.name}_{word}", columns)

    @property
    def some_decide(self) -> exp.Expr:
        return any_of(self.decides.values())

    @property
    def none_decide(self) -> exp.Expr:
        """Where no rule decides and nothing else is said; FALSE where that can't be."""
        if self.decision.otherwise is not None or frozenset() not in self.leaves:
            return exp.false()
        return negation(self.some_decide)

    def finished(
        self,
        steps: list[Step],
        value: exp.Expr,
        rules: exp.Expr,
        *,
        gives: Mapping[Value, exp.Expr] | None = None,
        open_: exp.Expr,
        clash: exp.Expr,
        digits: int = 0,
        years: tuple[int, int] = (0, 0),
    ) -> Written:
        """The last steps, alike for every type: open or in conflict, then the value."""
        open_ = all_of([negation(self.blocked), open_])
        conflict = any_of([self.blocked, all_of([clash, negation(open_)])])
        flags, columns = [], []
        for word, condition in (("open", open_), ("conflict", conflict)):
            constant = isinstance(condition, exp.Boolean)
            flags.append(condition if constant else column(self.name(word)))
            if not constant:
                columns.append(Column(self.name(word), condition))
        sure = all_of(map(negation, flags))
        made = Made(self.decision, column(self.decision.name), gives or {}, *flags, digits, years)
        steps += [
            self.step("settled", *columns),
            self.step("value", Column(self.decision.name, when((sure, value)))),
        ]
        if not is_always(self.blocked, False):
            rules = when((negation(self.blocked), rules))
        return Written(tuple(steps), made, rules)

    def _marked(self, rules: list[Rule]) -> exp.Expr:
        """The rules that decide, or may."""
        marks = [
            when((negation(self.decides[r.id]), literal("")), otherwise=literal(f";{r.id}"))
            for r in rules
        ]
        return stripped(joined(marks))

    # ---- values -------------------------------------------------------------------------------

    def value(self) -> Written:
        """An enum or a boolean."""
        decision = self.decision
        givers: dict[Value, list[Rule]] = {}
        for rule in self.rules:
            givers.setdefault(cast(Constant, rule.then).value, []).append(rule)
        gives: dict[Value, exp.Expr] = {}
        columns = []
        for value, some in givers.items():
            name = self.name("given", _word(value))
            columns.append(Column(name, any_of(self.decides[rule.id] for rule in some)))
            gives[value] = column(name)
        given = self.step("given", *columns)
        columns, is_ = [], dict[Value, exp.Expr]()
        for value, test in self._comes_to(gives):
            if not isinstance(test, exp.Column):
                columns.append(Column(self.name("is", _word(value)), test))
                test = column(columns[-1].name)
            is_[value] = test
        pairs = [] if decision.policy.kind == "priority" else self._pairs()
        clash = any_of(all_of([gives[a], gives[b]]) for a, b in pairs)
        found = when(*((test, literal(value)) for value, test in is_.items()))
        rules = when(
            *(
                (exp.EQ(this=column(decision.name), expression=literal(value)), self._marked(some))
                for value, some in givers.items()
            ),
            otherwise=None if is_always(clash, False) else self._marked(list(self.rules)),
        )
        open_ = (
            negation(any_of(gives.values()))
            if not is_always(self.none_decide, False)
            else exp.false()
        )
        return self.finished(
            [given, self.step("is", *columns)], found, rules, gives=is_, open_=open_, clash=clash
        )

    def _comes_to(self, gives: Mapping[Value, exp.Expr]) -> Iterator[tuple[Value, exp.Expr]]:
        """Where the decision comes to each of its values."""
        decision = self.decision
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

    def _pairs(self) -> list[tuple[Value, Value]]:
        """Values that rules may give at once, though they should agree."""
        rules = self.compiled.rulebase.rules
        found: dict[tuple[Value, Value], None] = {}
        for leaf in self.leaves:
            if isinstance(leaf, frozenset):
                values = dict.fromkeys(cast(Constant, rules[n].then).value for n in sorted(leaf))
                found.update(dict.fromkeys(combinations(values, 2)))
        return list(found)

    def union(self) -> Written:
        """A set."""
        decision = self.decision
        some = column(self.name("given"))
        columns = [Column(some.name, self.some_decide)]
        held: dict[Value, exp.Expr] = {}
        otherwise = decision.otherwise.value if isinstance(decision.otherwise, Constant) else None
        for member in decision.values:
            givers = [r for r in self.rules if member in _members(cast(Constant, r.then).value)]
            holds = any_of(self.decides[rule.id] for rule in givers)
            if otherwise is not None and member in _members(otherwise):
                holds = any_of([holds, negation(self.some_decide)])
            if not is_always(holds, False):
                name = self.name("holds", member)
                columns.append(Column(name, holds))
                held[member] = column(name)
        missing = any_of(unknown(each) for each in held.values())
        words = [
            (each, str(member))
            for member, each in sorted(held.items(), key=lambda one: str(one[0]))
        ]
        value = when((missing, exp.null()), otherwise=stripped(listed(words)))
        open_ = exp.false() if is_always(self.none_decide, False) else negation(some)
        return self.finished(
            [self.step("held", *columns)],
            value,
            self._marked(list(self.rules)),
            gives=held,
            open_=open_,
            clash=exp.false(),
        )

    # ---- amounts and days ---------------------------------------------------------------------

    def amount(self) -> Written:
        """An amount or a day."""
        decision = self.decision
        kind = decision.policy.kind
        choices = self._choices()
        if kind == "sum" and len(choices) > 1:
            return self._total(choices)
        if len(choices) > 1 and kind in ("min", "max"):
            return self._extreme(choices)
        return self._agreed(choices)

    def _choices(self) -> list[_Choice]:
        """The amounts that rules may give, each with where it is given. Rules that give the same
        one share it, unless they add up."""
        shared: dict[object, list[Rule]] = {}
        for number, rule in enumerate(self.rules):
            every = self.decision.policy.kind == "sum"
            shared.setdefault(number if every else rule.then, []).append(rule)
        choices = [
            _Choice(some[0].then, any_of(self.decides[rule.id] for rule in some), some)
            for some in shared.values()
        ]
        if self.decision.otherwise is not None:
            choices.append(_Choice(self.decision.otherwise, negation(self.some_decide), []))
        return choices

    def _agreed(self, choices: list[_Choice]) -> Written:
        """Amounts that agree wherever several are given, or are in conflict."""
        reckoned = [self.books.reckon(one.formula, self.decision.type) for one in choices]
        values = [each.value for each in reckoned]
        steps = []
        clash: exp.Expr = exp.false()
        if pairs := self._clashes(choices):
            names = [self.name("amount", str(number)) for number in range(1, len(choices) + 1)]
            steps = [self.step("amounts", *map(Column, names, values))]
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
        return self._settled(steps, when(*cases), choices, reckoned, clash=clash)

    def _clashes(self, choices: list[_Choice]) -> list[tuple[int, int]]:
        """Pairs of choices that may differ where both are given."""
        index = {one.formula: number for number, one in enumerate(choices) if one.rules}
        found: dict[tuple[int, int], None] = {}
        for leaf in self.leaves:
            if isinstance(leaf, Clash):
                numbers = {index[self.compiled.rulebase.rules[n].then] for n in leaf.rules}
                found.update(dict.fromkeys(combinations(sorted(numbers), 2)))
        return list(found)

    def _extreme(self, choices: list[_Choice]) -> Written:
        """The least or the greatest of the amounts that are given."""
        decision = self.decision
        least = decision.policy.kind == "min"
        kind = self.books.column_type(decision.type)
        far = exp.cast(literal(_far(decision.type, least)), kind.copy())
        reckoned = [self.books.reckon(one.formula, decision.type) for one in choices]
        amounts = [
            Column(
                self.name("amount", str(number)),
                exp.cast(
                    when((one.given, each.value), (negation(one.given), far.copy())), kind.copy()
                ),
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
            rule.id: amount
            for one, amount in zip(choices, every, strict=True)
            for rule in one.rules
        }
        marks = []
        for rule in self.rules:
            amount = self._floored(amount_of[rule.id])
            wins = exp.EQ(this=amount, expression=column(decision.name))
            marks.append((all_of([self.decides[rule.id], wins]), rule.id))
        steps = [self.step("amounts", *amounts)]
        return self._settled(steps, value, choices, reckoned, winners=stripped(listed(marks)))

    def _total(self, choices: list[_Choice]) -> Written:
        """The sum of the amounts that are given."""
        terms = [(one.given, one.formula) for one in choices]
        total = self.books.total(terms, self.decision.type)
        reckoned = [self.books.reckon(one.formula, self.decision.type) for one in choices]
        return self._settled([], total.value, choices, reckoned, digits=total.digits)

    def _settled(
        self,
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
        if self.decision.at_least is not None:
            name = self.name("before", "floor")
            steps = [*steps, self.step("amount", Column(name, value))]
            value = self._floored(column(name))
        without = [
            all_of([one.given, each.without]) for one, each in zip(choices, reckoned, strict=True)
        ]
        open_ = any_of([self.none_decide, *without])
        rules = self._marked(list(self.rules))
        if winners is not None:
            decided = negation(unknown(column(self.decision.name)))
            rules = when((decided, winners), otherwise=rules)
        return self.finished(
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

    def _floored(self, amount: exp.Expr) -> exp.Expr:
        if self.decision.at_least is None:
            return amount.copy()
        floor = literal(self.decision.at_least)
        return when(
            (exp.LT(this=amount.copy(), expression=floor), floor.copy()), otherwise=amount.copy()
        )


@dataclass(frozen=True, slots=True)
class _Choice:
    """An amount that some rules give, or none of them: the decision's ``otherwise``."""

    formula: Formula
    given: exp.Expr
    rules: list[Rule]


def _word(value: Value) -> str:
    return str(value).lower()


def _members(value: Value) -> frozenset[str]:
    assert isinstance(value, frozenset)
    return value


def _far(kind: str, least: bool) -> Value:
    """A value beyond every amount or day."""
    if kind == "date":
        return datetime.date.max if least else datetime.date.min
    far = 10 ** (WIDEST - PLACES[kind])
    return far if least else -far


def answer_step(written: Written, names: Names) -> Step:
    """The last step of a statement: the value, how it stands, and by which rules."""
    made = written.made
    name = made.decision.name
    rejected = negation(unknown(column(REJECTED)))
    decided = negation(unknown(column(name)))
    status = when(
        (rejected, literal("rejected")),
        (made.conflict, literal("conflict")),
        (made.open, literal("open")),
        (decided, literal("decided")),
        otherwise=literal("undetermined"),
    )
    settled = any_of([decided, made.open, made.conflict])
    return Step(
        f"{name}_answer",
        (
            Column(name, when((negation(rejected), column(name)))),
            Column(names.of(name, "status"), status),
            Column(
                names.of(name, "rules"),
                when((all_of([negation(rejected), settled]), written.rules)),
            ),
        ),
    )
