"""The answers that many rows share: solved once by the walker that decides single loans."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from engine.evaluation.compiling import Compiled, Leaf
from engine.evaluation.decide import Session
from engine.evaluation.explain import names_at, open_part
from engine.evaluation.outcomes import Outcome, formulas_at
from engine.evaluation.reach import Walk
from engine.evaluation.record import Status
from engine.model import Decision, Formula, Value
from engine.portfolio.arrays import Codes, Integers
from engine.trees import names_in
from engine.values import show

STATUS: Mapping[str, Status] = {"value": "decided", "open": "open", "conflict": "conflict"}


@dataclass(frozen=True, slots=True)
class SharedAnswer:
    """An answer that many rows share. ``value`` is that of a decision whose values are literal,
    where it is decided; an amount or a day has a number of its own in each row. ``rules`` are the
    ids of the deciding rules. Of an undetermined answer ``possible`` are the outcomes, where they
    are literal, and ``missing`` the facts whose absence leaves it so."""

    status: Status
    value: Value | None = None
    rules: tuple[str, ...] = ()
    possible: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Answers:
    """The answers to one decision in some rows. ``codes`` index ``shared``, -1 where a row is
    rejected. ``numbers`` are the integers of an amount or a day (cents, millionths, the day's
    ordinal), which count where it is decided."""

    decision: Decision
    shared: Sequence[SharedAnswer]
    codes: Codes
    numbers: Integers | None = None


@dataclass(frozen=True, slots=True)
class Situation:
    """What is settled of an amount or a day before any number is known: the leaves, one for each
    of ``names``, of every combination that is still possible. ``rules`` decide in all of them; with
    ``rivals`` they are those among which the numbers choose (under ``min`` and ``max``)."""

    names: tuple[str, ...]
    leaves: tuple[tuple[Leaf, ...], ...]
    rules: tuple[int, ...]
    rivals: bool
    missing: tuple[str, ...]


def literal_answer(session: Session, decision: Decision, with_rules: bool) -> SharedAnswer:
    """The answer of a decision whose values are literal."""
    found = session.find(decision)
    leaves = [leaf for group in found.leaves.values() for leaf in group]
    rules = _ids(session.compiled, session.deciding(decision, leaves)) if with_rules else ()
    single = found.single
    if single is not None:
        return SharedAnswer(STATUS[single.kind], single.value, rules)
    return SharedAnswer(
        "undetermined",
        None,
        rules,
        tuple(sorted(map(_text, found.leaves))),
        missing_facts(session.walk, [decision.name], leaves),
    )


def situation(
    session: Session, decision: Decision, used: Sequence[str], with_rules: bool
) -> Situation:
    """What is settled of a decision on an amount or a day. ``used`` are the decisions whose amounts
    may enter its own, in requirement order."""
    compiled, rules = session.compiled, session.compiled.rulebase.rules
    names = (*used, decision.name)
    reached = session.walk.reach([compiled.roots[name] for name in names])
    values = compiled.forest.values
    leaves = tuple(tuple(cast(Leaf, values[node]) for node in nodes) for nodes in reached)
    own = list(dict.fromkeys(each[-1] for each in leaves))
    missing = missing_facts(session.walk, names, own)
    if not with_rules:
        return Situation(names, leaves, (), False, missing)
    certain, possible = session.rules(decision)
    rivals = len(own) == 1 and decision.policy.kind in ("min", "max") and not possible
    if rivals:
        concluding: set[Formula] = set(formulas_at(compiled, decision, own[0]))
        deciding = [n for n in certain if rules[n].then in concluding]
    else:
        deciding = session.deciding(decision, own)
    return Situation(names, leaves, tuple(deciding), rivals, missing)


def missing_facts(walk: Walk, names: Iterable[str], leaves: Iterable[Leaf]) -> tuple[str, ...]:
    """The unknown facts that still make a difference to some decisions (the last of which comes to
    one of ``leaves``), in the order of the vocabulary."""
    compiled = walk.compiled
    found: set[str] = set()
    last = ""
    for last in names:
        for node in open_part(walk, compiled.roots[last])[0]:
            found.update(names_at(walk, compiled.forest.level[node]))
    decision = compiled.rulebase.decisions[last]
    for leaf in leaves:
        for formula in formulas_at(compiled, decision, leaf):
            found.update(names_in(formula))
    found -= walk.facts.keys()
    return tuple(name for name in compiled.rulebase.facts if name in found)


def _ids(compiled: Compiled, numbers: Iterable[int]) -> tuple[str, ...]:
    return tuple(compiled.rulebase.rules[n].id for n in numbers)


def _text(outcome: Outcome) -> str:
    return show(outcome.value) if outcome.value is not None else outcome.kind
