"""The answers that many rows share: solved once by the walker that decides single loans."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from engine.evaluation.compiler import Leaf
from engine.evaluation.compiling import Compiled
from engine.evaluation.outcomes import Outcome, formulas_at
from engine.evaluation.record import Status
from engine.evaluation.session import Session
from engine.model import Decision, Formula, Value
from engine.portfolio.arrays import Codes, Integers, Lookup
from engine.portfolio.remains import Remains
from engine.trees import names_in
from engine.values import show

NO_ANSWER = -1
"""Stands for the answer of a row that has none, since it can't be used."""
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
    """The answers to one decision in some rows. What ``found`` has of a row indexes ``shared``; it
    is -1 where the row is rejected. ``numbers`` are the integers of an amount or a day (cents,
    millionths, the day's ordinal), which count where it is decided."""

    decision: Decision
    shared: Sequence[SharedAnswer]
    found: Lookup
    numbers: Integers | None = None

    @property
    def codes(self) -> Codes:
        """The place among ``shared`` of each row's answer, -1 where it is rejected."""
        return self.found.each()

    def spread(self, of_answers: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """What holds of each answer, for each row; what holds of no answer comes last."""
        return self.found.through(of_answers).each()

    def counts(self) -> Counter[int]:
        """How many rows have each answer, by its place among ``shared``."""
        found: Counter[int] = Counter()
        elements, counts = self.found.elements, self.found.counts
        for entry in np.flatnonzero(counts).tolist():
            found[int(elements[entry])] += int(counts[entry])
        del found[NO_ANSWER]
        return found


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


def literal_answer(
    session: Session, remains: Remains, decision: Decision, with_rules: bool
) -> SharedAnswer:
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
        missing_facts(remains, [decision.name], leaves),
    )


def situation(
    session: Session,
    remains: Remains,
    decision: Decision,
    used: Sequence[str],
    with_rules: bool,
) -> Situation:
    """What is settled of a decision on an amount or a day. ``used`` are the decisions whose amounts
    may enter its own, in requirement order."""
    compiled, rules = session.compiled, session.compiled.rulebase.rules
    names = (*used, decision.name)
    reached = session.walk.reach([compiled.roots[name] for name in names])
    values = compiled.forest.values
    leaves = tuple(tuple(cast(Leaf, values[node]) for node in nodes) for nodes in reached)
    own = list(dict.fromkeys(each[-1] for each in leaves))
    missing = missing_facts(remains, names, own)
    if not with_rules:
        return Situation(names, leaves, (), False, missing)
    found = session.rules(decision)
    rivals = len(own) == 1 and decision.policy.kind in ("min", "max") and not found.possible
    if rivals:
        concluding: set[Formula] = set(formulas_at(compiled, decision, own[0]))
        deciding = [n for n in found.certain if rules[n].then in concluding]
    else:
        deciding = session.deciding(decision, own)
    return Situation(names, leaves, tuple(deciding), rivals, missing)


def missing_facts(
    remains: Remains, names: Sequence[str], leaves: Iterable[Leaf]
) -> tuple[str, ...]:
    """The unknown facts that still make a difference to some decisions (the last of which comes to
    one of ``leaves``), in the order of the vocabulary."""
    compiled = remains.walk.compiled
    found = remains.asked(compiled.roots[name] for name in names)
    decision = compiled.rulebase.decisions[names[-1]]
    for leaf in leaves:
        for formula in formulas_at(compiled, decision, leaf):
            found.update(names_in(formula))
    found -= remains.walk.facts.keys()
    return tuple(name for name in compiled.rulebase.facts if name in found)


def _ids(compiled: Compiled, numbers: Iterable[int]) -> tuple[str, ...]:
    return tuple(compiled.rulebase.rules[n].id for n in numbers)


def _text(outcome: Outcome) -> str:
    return show(outcome.value) if outcome.value is not None else outcome.kind
