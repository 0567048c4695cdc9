"""What is remembered of loans for loans that are alike.

Where the facts that a decision's rules ask for lie in the same classes, the same rules decide it,
for the same reasons; at most an amount is another. Of a decision that is still open more has to be
alike: what the constraints leave of the other facts, and the amounts and days that are known. What
is alike need not be worked out again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from operator import itemgetter
from typing import cast

from engine.evaluation.compiling import Asked, Compiled
from engine.evaluation.known import LATER, Known, bits
from engine.evaluation.outcomes import Found, Kind
from engine.evaluation.reach import Walk
from engine.evaluation.record import Answer
from engine.evaluation.variables import SignVariable
from engine.model import Decision, Value
from engine.trees import names_in

MANY_ALIKE = 40_000
"""So many decisions are remembered at least, and at most twice as many: 2 KB each."""

Key = tuple[object, ...]
"""Diagrams, a decision, and what tells loans apart for it."""


@dataclass(frozen=True, slots=True)
class Before:
    """What a decision came to for a loan that came before."""

    kind: Kind | None
    """The kind of its outcome, if it has but one."""
    found: Found | None
    """The outcomes; None where the one outcome is reckoned from the facts."""
    rules: tuple[list[int], list[int]]
    """The rules that decide for certain, and those that may, before the hit policy."""
    answer: Answer
    """The answer, with the values of that loan."""


class Alike:
    """What is remembered, the latest of it. Safe to use from several threads."""

    __slots__ = ("_old", "_young")

    def __init__(self) -> None:
        self._young: dict[Key, Before] = {}
        self._old: dict[Key, Before] = {}

    def find(self, key: Key) -> Before | None:
        """What is remembered under a key."""
        found = self._young.get(key)
        if found is None and (found := self._old.get(key)) is not None:
            self.keep(key, found)
        return found

    def keep(self, key: Key, before: Before) -> None:
        """Remember a decision. What was not asked for since as many others came is forgotten."""
        if len(self._young) >= MANY_ALIKE:
            self._old, self._young = self._young, {}
        self._young[key] = before


def key_of(known: Known, decision: Decision) -> Key:
    """What tells loans apart for a decision that is settled: the classes of the facts that its
    rules ask for, and which of the facts in its formulas are known."""
    kept = known.compiled.kept
    pick, comparisons, amounts = _asked(known.compiled, decision)
    codes = known.codes
    for level in comparisons:
        if codes[level] == LATER:
            known.code(level)
    here = known.facts.get(known.compiled.rulebase.jurisdiction_fact)
    return kept.number, decision.name, here, pick(codes), *map(known.facts.__contains__, amounts)


def open_key(key: Key, walk: Walk, decision: Decision, beside: Key) -> Key:
    """What tells loans apart for a decision that is open: the ``key`` of a settled one, the known
    amounts and days that its formulas and comparisons need, and what there is ``beside`` it."""
    _, comparisons, amounts = _asked(walk.compiled, decision)
    known = tuple(map(walk.facts.get, amounts)), tuple(_compared_with(walk, comparisons))
    return key, known, beside


def beside(walk: Walk) -> Key:
    """What tells loans apart by what the constraints leave."""
    left, forest = walk.left, walk.compiled.forest
    if left is None:
        return ()
    mask = 0
    for node in left.constraints:
        mask |= forest.support(node)
    levels = list(bits(mask))
    first = len(walk.compiled.level_of)
    values = tuple(_compared_with(walk, [level for level in levels if level >= first]))
    codes = tuple(walk.code(level) for level in levels)
    return tuple(left.constraints), codes, values, tuple(left.classes_of.items())


def _compared_with(walk: Walk, comparisons: Iterable[int]) -> Iterator[tuple[str, Value]]:
    """The known facts of comparisons of which others are unknown."""
    for level in comparisons:
        if walk.code(level) < 0:
            for name in sorted(cast(SignVariable, walk.compiled.variables[level]).facts):
                if name in walk.facts:
                    yield name, walk.facts[name]


def _asked(compiled: Compiled, decision: Decision) -> Asked:
    asked = compiled.kept.asked.get(decision.name)
    if asked is None:
        asked = compiled.kept.asked[decision.name] = _all_asked(compiled, decision)
    return asked


def _all_asked(compiled: Compiled, decision: Decision) -> Asked:
    forest, book = compiled.forest, compiled.rulebase
    mask = 0
    for number in compiled.compiler.rules_of[decision.name]:
        id_ = book.rules[number].id
        mask |= forest.support(compiled.applies[id_]) | forest.support(compiled.decides[id_])
    amounts: dict[str, None] = {}
    decisions = {decision.name: None}
    waiting = [decision]
    while waiting:
        user = waiting.pop()
        mask |= forest.support(compiled.roots[user.name])
        then = [book.rules[number].then for number in compiled.compiler.rules_of[user.name]]
        then += [] if user.otherwise is None else [user.otherwise]
        for name in (name for formula in then for name in names_in(formula)):
            if name not in book.decisions:
                amounts[name] = None
            elif name not in decisions:
                decisions[name] = None
                waiting.append(book.decisions[name])
    levels = list(bits(mask))
    first = len(compiled.level_of)
    pick = itemgetter(*levels) if levels else len
    return pick, [level for level in levels if level >= first], list(amounts)
