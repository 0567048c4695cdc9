"""The steps that decide one decision: which rules apply, which of them decide, what they come to.

What can't happen for any loan (no answer, rules in conflict) is known from the decision's diagram,
and is left out of the statement.
"""

from __future__ import annotations

from typing import cast

from sqlglot import exp

from engine.evaluation.compiler import Leaf
from engine.evaluation.compiling import Compiled
from engine.evaluation.reach import Walk
from engine.model import ORDERED, Decision, Rule
from engine.portfolio.sql.amounts import Books
from engine.portfolio.sql.choices import amount
from engine.portfolio.sql.conditions import (
    Scope,
    all_of,
    any_of,
    literal,
    negation,
    unknown,
    when,
)
from engine.portfolio.sql.facts import REJECTED
from engine.portfolio.sql.frame import Frame, Written
from engine.portfolio.sql.steps import Column, Names, Step, column
from engine.portfolio.sql.values import union, value


def write(
    compiled: Compiled, decision: Decision, scope: Scope, books: Books, names: Names
) -> Written:
    """The steps of one decision; ``scope`` and ``books`` know those that it requires."""
    rules = compiled.rulebase.rules_of(decision.name)
    steps, decides = _rule_steps(decision, rules, scope, names)
    frame = Frame(
        decision,
        rules,
        decides,
        _exceptions(compiled, decision),
        compiled,
        books,
        names,
        any_of(scope.made[name].conflict for name in decision.requires),
    )
    if decision.type in ORDERED:
        written = amount(frame)
    elif decision.type == "set":
        written = union(frame)
    else:
        written = value(frame)
    return Written((*steps, *written.steps), written.made, written.rules)


def _exceptions(compiled: Compiled, decision: Decision) -> list[Leaf]:
    """What a decision comes to for some loan that there can be, besides one outcome: nothing, or
    rules that contradict one another."""
    forest, unique = compiled.forest, decision.policy.kind == "unique"

    def is_plain(leaf: Leaf) -> bool:
        if not isinstance(leaf, frozenset):
            return False
        return len(leaf) == 1 or (len(leaf) > 1 and (decision.type in ORDERED or not unique))

    # The leaves that make no difference here count as one, so that there is little to walk through.
    root = forest.map(
        f"sql {decision.name}",
        lambda leaf: None if is_plain(cast(Leaf, leaf)) else leaf,
        compiled.roots[decision.name],
    )
    if forest.values.get(root, False) is None:
        return []
    reached = [forest.values[leaf] for (leaf,) in Walk(compiled, {}).reach([root])]
    return [cast(Leaf, leaf) for leaf in reached if leaf is not None]


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
