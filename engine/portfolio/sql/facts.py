"""The first steps of a statement: facts from a table's columns, loans that are rejected, and what
the law presumes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from sqlglot import exp

from engine.evaluation.facts import constraints_by_fact
from engine.model import Fact, Presumption, Rulebase
from engine.portfolio.sql.conditions import (
    Scope,
    all_of,
    is_always,
    literal,
    negation,
    one_of,
    or_true,
    when,
)
from engine.portfolio.sql.lists import joined, listed, stripped
from engine.portfolio.sql.steps import Column, Step, column
from engine.trees import names_of
from engine.values import FIRST_DAY, LAST_DAY, MAX_MONEY, MAX_NUMBER

REJECTED = "rejected_by"
TOO_FINE = "too_fine"
"""The facts whose numbers have more places than their type holds."""

_TYPES: Mapping[str, str] = {
    "enum": "TEXT",
    "boolean": "BOOLEAN",
    "integer": "BIGINT",
    "decimal": "DECIMAL(20, 6)",
    "money": "DECIMAL(16, 2)",
    "date": "DATE",
}


def given_facts(
    rulebase: Rulebase, columns: Mapping[str, exp.Column | None], keys: Mapping[str, exp.Column]
) -> Step:
    """The keys, and the facts with their types. ``columns`` has each fact's column in the table, or
    None where the table has none."""
    found = [Column(name, source) for name, source in keys.items()]
    fine = []
    for name, fact in rulebase.facts.items():
        source = columns[name]
        value = exp.cast(exp.null() if source is None else source, _TYPES[fact.type])
        found.append(Column(name, value, fact.label))
        if source is not None and fact.type in ("integer", "decimal", "money"):
            fine.append((exp.NEQ(this=value.copy(), expression=source.copy()), name))
    return Step("given_facts", (*found, Column(TOO_FINE, listed(fine))))


def checked_facts(rulebase: Rulebase, stated: Iterable[str]) -> Step:
    """Which values don't fit their facts, and which constraints a loan breaks: what it is rejected
    by, in a list. ``stated`` names the facts that the table has a column for."""
    scope = Scope(rulebase)
    wrong = [
        (negation(fits), name)
        for name in stated
        if not is_always(fits := all_of(_fits(rulebase.facts[name])), True)
    ]
    wrong += [
        (negation(scope.condition(constraint.when)), constraint.name)
        for constraint in rulebase.constraints
    ]
    found = joined([column(TOO_FINE), listed(wrong)])
    return Step("checked_facts", (Column(REJECTED, stripped(found)),))


def _fits(fact: Fact) -> Iterator[exp.Expr]:
    """What is true of every value of a fact."""
    value = column(fact.name)
    if fact.type == "enum":
        yield one_of(value, fact.values)
    elif fact.type != "boolean":
        low, high = fact.at_least, fact.at_most
        if fact.type == "date":
            low, high = low or FIRST_DAY, high or LAST_DAY
        else:
            most = MAX_MONEY if fact.type == "money" else MAX_NUMBER
            least = 0 * most if fact.type == "money" else -most
            low, high = least if low is None else low, most if high is None else high
        yield exp.Between(this=value, low=literal(low), high=literal(high))


# ---- presumptions -----------------------------------------------------------------------------


def presumed_facts(rulebase: Rulebase) -> Iterator[Step]:
    """What is presumed where a fact is NULL: in as few steps as the order of the pack allows, a
    presumption in a later step than those that supply the facts it looks at."""
    constraints = constraints_by_fact(rulebase)
    supplied: dict[str, int] = {}
    looked_at: dict[str, int] = {}
    steps: list[dict[str, list[Presumption]]] = []
    for presumption in rulebase.presumptions:
        fact = presumption.fact
        conditions = [presumption.when, *(one.when for one in constraints.get(fact, ()))]
        names = {
            name
            for condition in conditions
            for name in names_of(condition, lambda term: rulebase.terms[term].when)
        } - {fact}
        number = max(
            (supplied[name] + 1 for name in names if name in supplied),
            default=0,
        )
        number = max(number, supplied.get(fact, 0), looked_at.get(fact, 0))
        supplied[fact] = number
        for name in names:
            looked_at[name] = max(number, looked_at.get(name, 0))
        while len(steps) <= number:
            steps.append({})
        steps[number].setdefault(fact, []).append(presumption)
    for number, facts in enumerate(steps, 1):
        columns = tuple(_presumed(rulebase, fact, group) for fact, group in facts.items())
        yield Step(f"presumed_facts_{number}", columns)


def _presumed(rulebase: Rulebase, fact: str, presumptions: Iterable[Presumption]) -> Column:
    constraints = constraints_by_fact(rulebase).get(fact, ())
    cases = []
    for presumption in presumptions:
        assuming = Scope(rulebase, assumed={fact: presumption.value})
        kept = [or_true(assuming.condition(one.when)) for one in constraints]
        holds = Scope(rulebase).condition(presumption.when)
        cases.append((all_of([holds, *kept]), literal(presumption.value)))
    value = exp.Coalesce(this=column(fact), expressions=[when(*cases)])
    return Column(fact, value)
