"""What is remembered of loans for loans that are alike.

Where the facts that a decision's rules ask for lie in the same classes, the same rules decide it,
for the same reasons; at most an amount is another. Of a decision that is still open more has to be
alike: what the constraints leave of the other facts, and the amounts and days that are known. What
is alike need not be worked out again.

A loan that is alike another in all its classes finds everything at once; one that is alike in those
that some decisions ask for finds these.
"""

from __future__ import annotations

import itertools
from array import array
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from operator import itemgetter
from typing import cast

from engine.evaluation.compiling import Asked, Bunch, Compiled, Pick, Rules
from engine.evaluation.diagram import LATER
from engine.evaluation.known import Known, bits
from engine.evaluation.outcomes import Found, Kind, Outcome
from engine.evaluation.reach import Walk
from engine.evaluation.record import Answer
from engine.evaluation.variables import SignVariable
from engine.memory import Memory
from engine.model import Decision, Value
from engine.trees import names_in

MANY_ALIKE = 60_000
"""So many decisions are remembered at least, and at most twice as many: 1.5 KB each."""

MANY_BUNCHES = 20_000
"""So many bunches of decisions, likewise: 1 KB each."""

MANY_SHAPES = 5_000
"""So many shapes of loans, likewise: 4 KB each."""

BUNCH = 8
"""So many decisions, next to one another, are looked up at once."""

Key = tuple[Hashable, ...]
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


Settled = tuple[str, Before, Found, Outcome]
"""A decision that the classes of the facts settle: its name, what it came to, and of that the
outcomes and the only one."""


@dataclass(frozen=True, slots=True)
class Shape:
    """What the loans have in common all of whose facts lie in the same classes."""

    settled: Sequence[Settled]
    reckoned: Sequence[tuple[str, Before]]
    """The decisions that are settled but for an amount."""
    stands: Sequence[tuple[str, int]]
    """Where the loans stand for each of the others."""


class Alike:
    """What is remembered of loans: each decision, bunches of those that are settled, and all of
    them."""

    __slots__ = ("_next", "_numbers", "bunches", "decisions", "shapes")

    def __init__(self) -> None:
        self.decisions = Memory[Before](MANY_ALIKE)
        self.bunches = Memory[Sequence[Settled]](MANY_BUNCHES)
        self.shapes = Memory[Shape](MANY_SHAPES)
        self._numbers = Memory[int](MANY_ALIKE)
        self._next = itertools.count()

    def number(self, key: Key) -> int:
        """A number that stands for a key, and is sooner compared."""
        found = self._numbers.find(key)
        return self._numbers.keep(key, next(self._next)) if found is None else found


class Recollection:
    """What is remembered for one loan, and what of it is to be remembered. Not shared between
    threads."""

    def __init__(self, alike: Alike, walk: Walk) -> None:
        self._alike, self._walk = alike, walk
        self._settled: dict[str, Settled] = {}
        self._reckoned: dict[str, Before] = {}
        self._stands: dict[str, int] = {}
        self._open: set[str] = set()
        """The decisions of which it is known that the classes do not settle them."""
        self._shape: Key | None = None
        """Of which nothing is known yet, if that is so."""
        self._bunches: list[tuple[Key, Sequence[Decision]]] = []
        """Those of which nothing is known yet."""
        self._found_out: dict[str, tuple[Hashable, Before]] = {}
        self._beside: int | None = None

    def recall(self) -> Iterable[Settled]:
        """What is remembered of all decisions at once."""
        key = shape_key(self._walk)
        shape = self._alike.shapes.find(key)
        if shape is not None:
            self._reckoned.update(shape.reckoned)
            self._stands.update(shape.stands)
            self._open.update(self._stands)
            return shape.settled
        self._shape = key
        for bunch in bunches(self._walk.compiled):
            own = bunch_key(self._walk, bunch)
            settled = self._alike.bunches.find(own)
            if settled is None:
                self._bunches.append((own, bunch[0]))
            else:
                self._settled.update((each[0], each) for each in settled)
        return self._settled.values()

    def of(self, decision: Decision) -> Before | None:
        """What is remembered of one decision; its outcomes are to be reckoned anew where they are
        not given, and it holds where they are of that kind."""
        name = decision.name
        if name in self._reckoned:
            return self._reckoned[name]
        if name not in self._open:
            before = self._alike.decisions.find(self._stand(decision))
            if before is not None:
                self._keep(name, before)
                return before
        return self._alike.decisions.find(self._open_key(decision))

    def find_out(self, decision: Decision, before: Before, *, settled: bool) -> None:
        """Take note of what a decision came to: whether the classes settle it, or more has to be
        alike."""
        key: Hashable = self._stand(decision) if settled else self._open_key(decision)
        self._found_out[decision.name] = key, before

    def remember(self, answers: Mapping[str, Answer]) -> None:
        """Keep what this loan has come to for those after it, once its answers have their reasons
        and it is known how sure they are."""
        for name, (key, found) in self._found_out.items():
            sure = answers.get(name, found.answer)
            before = found if sure is found.answer else replace(found, answer=sure)
            self._alike.decisions.keep(key, before)
            if key == self._stands.get(name):
                self._keep(name, before)
        for own, decisions in self._bunches:
            names = [decision.name for decision in decisions]
            settled = tuple([self._settled[name] for name in names if name in self._settled])
            self._alike.bunches.keep(own, settled)
        if self._shape is not None:
            known = self._settled.keys() | self._reckoned.keys()
            others = [(name, at) for name, at in self._stands.items() if name not in known]
            every = tuple(self._settled.values()), tuple(self._reckoned.items()), tuple(others)
            self._alike.shapes.keep(self._shape, Shape(*every))

    def _keep(self, name: str, before: Before) -> None:
        if before.found is None:
            self._reckoned[name] = before
        else:
            single = cast(Outcome, before.found.single)
            self._settled[name] = name, before, before.found, single

    def _stand(self, decision: Decision) -> int:
        found = self._stands.get(decision.name)
        if found is None:
            found = self._alike.number(key_of(self._walk, decision))
            self._stands[decision.name] = found
        return found

    def _open_key(self, decision: Decision) -> Key:
        if self._beside is None:
            self._beside = self._alike.number(beside(self._walk))
        return open_key(self._stand(decision), self._walk, decision, self._beside)


def bunches(compiled: Compiled) -> Sequence[Bunch]:
    """All decisions that have their diagrams, in bunches."""
    found = compiled.kept.bunches.get(len(compiled.built))
    if found is None:
        every = [d for d in compiled.rulebase.decisions.values() if d.name in compiled.built]
        parts = [tuple(every[n : n + BUNCH]) for n in range(0, len(every), BUNCH)]
        found = [(part, *_picked(compiled, _mask(compiled, part))) for part in parts]
        compiled.kept.bunches[len(compiled.built)] = found
    return found


def shape_key(known: Known) -> Key:
    """What tells loans apart for all decisions that have their diagrams: all classes, and which of
    the facts in formulas are known."""
    compiled = known.compiled
    comparisons, amounts = _asked_by_all(compiled)
    _work_out(known, comparisons)
    own = compiled.kept.number, len(compiled.built)
    classes, has = array("i", known.codes).tobytes(), known.facts.__contains__
    return *own, _place(known), classes, bytes(map(has, amounts))


def bunch_key(known: Known, bunch: Bunch) -> Key:
    """What tells loans apart for the settled ones of a bunch of decisions."""
    decisions, pick, comparisons = bunch
    own = known.compiled.kept.number, len(known.compiled.built), decisions[0].name
    _work_out(known, comparisons)
    return *own, _place(known), pick(known.codes)


def key_of(known: Known, decision: Decision) -> Key:
    """What tells loans apart for a decision that is settled: the classes of the facts that its
    rules ask for, and which of the facts in its formulas are known."""
    pick, comparisons, amounts = _asked(known.compiled, decision)
    own = known.compiled.kept.number, decision.name
    _work_out(known, comparisons)
    return *own, _place(known), pick(known.codes), *map(known.facts.__contains__, amounts)


def _work_out(known: Known, comparisons: Iterable[int]) -> None:
    """See to it that the classes of some comparisons are worked out."""
    codes = known.codes
    for level in comparisons:
        if codes[level] == LATER:
            known.code(level)


def _place(known: Known) -> Value | None:
    return known.facts.get(known.compiled.rulebase.jurisdiction_fact)


def open_key(stand: int, walk: Walk, decision: Decision, beside: int) -> Key:
    """What tells loans apart for a decision that is open: where they ``stand`` as a settled one
    would, the known amounts and days that its formulas and comparisons need, and what there is
    ``beside`` it, both by their numbers."""
    _, comparisons, amounts = _asked(walk.compiled, decision)
    known = tuple(map(walk.facts.get, amounts)), tuple(_compared_with(walk, comparisons))
    return stand, known, beside


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


def _asked_by_all(compiled: Compiled) -> tuple[list[int], list[str]]:
    """The comparisons that the diagrams of all decisions ask for, and the facts in formulas."""
    found = compiled.kept.asked_by_all.get(len(compiled.built))
    if found is None:
        every = [_asked(compiled, compiled.rulebase.decisions[name]) for name in compiled.built]
        comparisons = sorted({level for _, levels, _ in every for level in levels})
        amounts = sorted({name for _, _, names in every for name in names})
        found = compiled.kept.asked_by_all[len(compiled.built)] = comparisons, amounts
    return found


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
