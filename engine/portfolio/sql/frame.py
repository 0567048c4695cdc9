"""What the steps of every decision have in common: which rules decide, and how it ends."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlglot import exp

from engine.evaluation.compiler import Leaf
from engine.evaluation.compiling import Compiled
from engine.model import Decision, Rule, Value
from engine.portfolio.sql.amounts import Books
from engine.portfolio.sql.conditions import (
    Made,
    all_of,
    any_of,
    is_always,
    literal,
    negation,
    when,
)
from engine.portfolio.sql.lists import joined, stripped
from engine.portfolio.sql.steps import Column, Names, Step, column


@dataclass(frozen=True, slots=True)
class Written:
    """A decision in steps. ``rules`` is the list of its deciding rules, for a last step."""

    steps: tuple[Step, ...]
    made: Made
    rules: exp.Expr


@dataclass(frozen=True, slots=True)
class Frame:
    """What all decisions have in common, whatever their type."""

    decision: Decision
    rules: tuple[Rule, ...]
    decides: Mapping[str, exp.Expr]
    """Where each rule decides, by its id."""
    exceptions: list[Leaf]
    """What the decision may come to besides one outcome: nothing, or a contradiction."""
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
        if self.decision.otherwise is not None or frozenset() not in self.exceptions:
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
        flags: list[exp.Expr] = []
        columns = []
        for word, condition in (("open", open_), ("conflict", conflict)):
            constant = isinstance(condition, exp.Boolean)
            flags.append(condition if constant else column(self.name(word)))
            if not constant:
                columns.append(Column(self.name(word), condition))
        sure = all_of(map(negation, flags))
        made = Made(
            self.decision,
            column(self.decision.name),
            gives or {},
            open=flags[0],
            conflict=flags[1],
            digits=digits,
            years=years,
        )
        steps += [
            self.step("settled", *columns),
            self.step("value", Column(self.decision.name, when((sure, value)))),
        ]
        if not is_always(self.blocked, False):
            rules = when((negation(self.blocked), rules))
        return Written(tuple(steps), made, rules)

    def marked(self, rules: list[Rule]) -> exp.Expr:
        """The rules that decide, or may."""
        marks = [
            when((negation(self.decides[r.id]), literal("")), otherwise=literal(f";{r.id}"))
            for r in rules
        ]
        return stripped(joined(marks))
