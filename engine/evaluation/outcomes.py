"""From leaves to outcomes: what the deciding rules of a leaf come to for the known facts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, cast

from engine.evaluation.amounts import (
    NoValue,
    divides_by_zero,
    evaluate,
    finish,
    known_only,
    reckoner,
)
from engine.evaluation.compiler import Blocked, Clash, Leaf
from engine.evaluation.compiling import Compiled
from engine.evaluation.formulas import combined, folded, literal_outcome, settled, substitute
from engine.model import ORDERED, Constant, Decision, Formula, Value
from engine.trees import names_in

Kind = Literal["value", "formula", "open", "conflict"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """One outcome of a decision. ``formula`` stands for an amount or a day some fact of which is
    not known; it speaks of facts alone, and ``missing`` names those that are needed."""

    kind: Kind
    value: Value | None = None
    formula: Formula | None = None
    missing: tuple[str, ...] = ()


OPEN = Outcome("open")
CONFLICT = Outcome("conflict")


@dataclass(frozen=True, slots=True)
class Found:
    """The outcomes that a decision still has, each with the leaves that lead to it."""

    leaves: Mapping[Outcome, tuple[Leaf, ...]]

    @property
    def single(self) -> Outcome | None:
        """The one outcome, or None where there are several."""
        return next(iter(self.leaves)) if len(self.leaves) == 1 else None


def outcome_of(
    compiled: Compiled,
    decision: Decision,
    leaf: Leaf,
    facts: Mapping[str, Value],
    others: Mapping[str, Outcome],
) -> Outcome:
    """The outcome of a decision at one leaf. ``others`` holds the outcomes, in the same
    completions, of the decisions that its formulas use."""
    if isinstance(leaf, Blocked | Clash):
        return CONFLICT
    formulas = formulas_at(compiled, decision, leaf)
    if not formulas:
        return OPEN
    if decision.type not in ORDERED:
        values = [cast(Constant, formula).value for formula in formulas]
        value = literal_outcome(decision, values)
        return CONFLICT if value is None else Outcome("value", value)
    return _amount(compiled, decision, leaf, formulas, facts, others)


def formulas_at(compiled: Compiled, decision: Decision, leaf: Leaf) -> list[Formula]:
    """What the deciding rules of a leaf conclude, or the decision's ``otherwise``."""
    if isinstance(leaf, Blocked | Clash):
        return []
    then = [compiled.rulebase.rules[number].then for number in sorted(leaf)]
    if not then and decision.otherwise is not None:
        then = [decision.otherwise]
    return then


def used_decisions(compiled: Compiled, decision: Decision, leaf: Leaf) -> set[str]:
    """The decisions that the formulas of a leaf use, directly."""
    return {
        name
        for formula in formulas_at(compiled, decision, leaf)
        for name in names_in(formula)
        if name in compiled.rulebase.decisions
    }


def _amount(
    compiled: Compiled,
    decision: Decision,
    leaf: Leaf,
    formulas: list[Formula],
    facts: Mapping[str, Value],
    others: Mapping[str, Outcome],
) -> Outcome:
    key = (decision.name, leaf)
    if key not in compiled.kept.formulas:
        one = combined(decision, formulas)
        used = dict.fromkeys(name for formula in formulas for name in names_in(formula))
        compiled.kept.formulas[key] = reckoner(one), tuple(used)
    reckon, names = compiled.kept.formulas[key]
    needed = {name: others[name] for name in names if name in compiled.rulebase.decisions}
    kinds = {other.kind for other in needed.values()}
    if "conflict" in kinds:
        return CONFLICT
    if "open" in kinds:
        return OPEN
    known = {name: other.value for name, other in needed.items()}
    known |= {name: facts[name] for name in names if name in facts}
    if len(known) == len(names) and None not in known.values():
        values = cast(Mapping[str, Value], known)
        try:
            return Outcome("value", finish(reckon(values.__getitem__), decision.type))
        except NoValue:
            return OPEN
    replaced: dict[str, Formula] = {}
    for name, other in needed.items():
        if other.formula is not None:
            kind = compiled.rulebase.decisions[name].type
            replaced[name] = settled(other.formula, kind)
        else:
            replaced[name] = Constant(cast(Value, other.value))
    whole = folded(combined(decision, [substitute(formula, replaced) for formula in formulas]))
    missing = tuple(dict.fromkeys(name for name in names_in(whole) if name not in facts))
    value_of = known_only(facts)
    if missing:
        if divides_by_zero(whole, value_of):
            return OPEN
        return Outcome("formula", formula=whole, missing=missing)
    try:
        return Outcome("value", finish(evaluate(whole, value_of), decision.type))
    except NoValue:
        return OPEN


def winners(
    compiled: Compiled,
    decision: Decision,
    numbers: Sequence[int],
    outcome: Outcome,
    facts: Mapping[str, Value],
    others: Mapping[str, Outcome],
) -> tuple[list[int], list[int]]:
    """Of rules under ``min`` or ``max``, those that give the outcome, and the others."""
    alone = {
        n: outcome_of(compiled, decision, frozenset({n}), facts, others).value for n in numbers
    }
    chosen = [n for n in numbers if alone[n] == outcome.value]
    return (chosen, [n for n in numbers if n not in chosen]) if chosen else (list(numbers), [])


__all__ = [
    "CONFLICT",
    "OPEN",
    "Found",
    "Outcome",
    "formulas_at",
    "outcome_of",
    "used_decisions",
    "winners",
]
