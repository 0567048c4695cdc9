"""What is remembered of loans for loans that are alike.

Where the facts that a decision's rules ask for lie in the same classes, the same rules decide it,
for the same reasons; at most an amount is another. Of a decision that is still open more has to be
alike: what the constraints leave of the other facts, and the amounts and days that are known. What
is alike need not be worked out again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Generic, TypeVar, cast

from engine.evaluation.compiling import Asked, Bunch, Compiled, Pick, Rules
from engine.evaluation.diagram import LATER
from engine.evaluation.known import Known, bits
from engine.evaluation.outcomes import Found, Kind, Outcome
from engine.evaluation.reach import Walk
from engine.evaluation.record import Answer
from engine.evaluation.variables import SignVariable
from engine.model import Decision, Value
from engine.trees import names_in

MANY_ALIKE = 60_000
"""So many decisions are remembered at least, and at most twice as many: 1.5 KB each."""

MANY_BUNCHES = 20_000
"""So many bunches of decisions, likewise: 1 KB each."""

BUNCH = 8
"""So many decisions, next to one another, are looked up at once."""

Key = tuple[object, ...]
"""Diagrams, a decision, and what tells loans apart for it."""


@dataclass(frozen=True, slots=True)
class Before:
    """What a decision came to for a loan that came before."""

    kind: Kind | None
    """The kind of its outcome, if it has but one."""
    found: Found | None
    """The outcomes; None where the one outcome is reckoned from the facts."""
    rules: Rules
    answer: Answer
    """The answer, with the values of that loan."""


Settled = tuple[tuple[str, Before, Found, Outcome], ...]
"""Those of a bunch of decisions that the classes of the facts settle: the name of each, what it
came to, and of that the outcomes and the only one."""

Thing = TypeVar("Thing")


class Memory(Generic[Thing]):
    """The latest things that were asked for, at most twice as many as ``room``. Safe to use from
    several threads."""

    __slots__ = ("_old", "_room", "_young")

    def __init__(self, room: int) -> None:
        self._room = room
        self._young: dict[Key, Thing] = {}
        self._old: dict[Key, Thing] = {}

    def find(self, key: Key) -> Thing | None:
        """What is remembered under a key."""
        found = self._young.get(key)
        if found is None and (found := self._old.get(key)) is not None:
            self.keep(key, found)
        return found

    def keep(self, key: Key, thing: Thing) -> None:
        """Remember a thing. What was not asked for since as many others came is forgotten."""
        if len(self._young) >= self._room:
            self._old, self._young = self._young, {}
        self._young[key] = thing


class Alike:
    """What is remembered of loans: each decision, and bunches of those that are settled."""

    __slots__ = ("bunches", "decisions")

    def __init__(self) -> None:
        self.decisions = Memory[Before](MANY_ALIKE)
        self.bunches = Memory[Settled](MANY_BUNCHES)


def bunches(compiled: Compiled) -> Sequence[Bunch]:
    """All decisions that have their diagrams, in bunches."""
    found = compiled.kept.bunches.get(len(compiled.built))
    if found is None:
        every = [d for d in compiled.rulebase.decisions.values() if d.name in compiled.built]
        parts = [tuple(every[n : n + BUNCH]) for n in range(0, len(every), BUNCH)]
        found = [(part, *_picked(compiled, _mask(compiled, part))) for part in parts]
        compiled.kept.bunches[len(compiled.built)] = found
    return found


def bunch_key(known: Known, bunch: Bunch) -> Key:
    """What tells loans apart for the settled ones of a bunch of decisions."""
    decisions, pick, comparisons = bunch
    own = known.compiled.kept.number, len(known.compiled.built), decisions[0].name
    return *own, *_classes(known, pick, comparisons)


def key_of(known: Known, decision: Decision) -> Key:
    """What tells loans apart for a decision that is settled: the classes of the facts that its
    rules ask for, and which of the facts in its formulas are known."""
    pick, comparisons, amounts = _asked(known.compiled, decision)
    own = known.compiled.kept.number, decision.name
    classes = _classes(known, pick, comparisons)
    return *own, *classes, *map(known.facts.__contains__, amounts)


def _classes(known: Known, pick: Pick, comparisons: Iterable[int]) -> tuple[object, object]:
    """The jurisdiction, and the classes of some facts."""
    codes = known.codes
    for level in comparisons:
        if codes[level] == LATER:
            known.code(level)
    return known.facts.get(known.compiled.rulebase.jurisdiction_fact), pick(codes)


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
    book = compiled.rulebase
    amounts: dict[str, None] = {}
    decisions = {decision.name: decision}
    waiting = [decision]
    while waiting:
        user = waiting.pop()
        then = [book.rules[number].then for number in compiled.compiler.rules_of[user.name]]
        then += [] if user.otherwise is None else [user.otherwise]
        for name in (name for formula in then for name in names_in(formula)):
            if name not in book.decisions:
                amounts[name] = None
            elif name not in decisions:
                decisions[name] = book.decisions[name]
                waiting.append(book.decisions[name])
    mask = _mask(compiled, [decision])
    for user in decisions.values():
        mask |= compiled.forest.support(compiled.roots[user.name])
    return *_picked(compiled, mask), list(amounts)


def _mask(compiled: Compiled, decisions: Iterable[Decision]) -> int:
    """The levels that the diagrams of some decisions and of their rules ask for."""
    forest, rules = compiled.forest, compiled.rulebase.rules
    mask = 0
    for decision in decisions:
        mask |= forest.support(compiled.roots[decision.name])
        for number in compiled.compiler.rules_of[decision.name]:
            id_ = rules[number].id
            mask |= forest.support(compiled.applies[id_]) | forest.support(compiled.decides[id_])
    return mask


def _picked(compiled: Compiled, mask: int) -> tuple[Pick, list[int]]:
    """What picks the classes of some levels, and those of them that are comparisons."""
    levels, first = list(bits(mask)), len(compiled.level_of)
    pick = itemgetter(*levels) if levels else len
    return pick, [level for level in levels if level >= first]
