"""Parts of the space of loans: whether a part holds any loan, one such loan, and how large it is.

A part is given as a diagram with truth values at its leaves. Only loans that meet every constraint
count, so what is shown to a person is always a loan that could exist.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice

from engine.evaluation.compiling import Compiled
from engine.evaluation.reach import Walk
from engine.evaluation.variables import FactVariable, Variable, decode, domain, typical
from engine.model import Fact, Value

MAX_CUBES = 2_000
"""A part that falls into more pieces than this is cut short; its pieces are then not all listed."""

MAX_WAYS = 30
"""So many ways into a part are tried where comparisons can't be solved."""

Cube = tuple[tuple[int, frozenset[int]], ...]
"""Levels with the classes that they may take, topmost first; a level left out may take any."""


@dataclass(frozen=True, slots=True)
class Region:
    """A piece of the space of loans, and a loan in it."""

    cube: Cube
    witness: Mapping[str, Value]


def constrained(compiled: Compiled, part: int) -> int:
    """The loans of a part that meet every constraint, comparisons of amounts left aside."""
    return compiled.forest.all_of([part, *compiled.constraints])


def find_loan(compiled: Compiled, part: int) -> dict[str, Value] | None:
    """The facts of a loan in the part, or None where there is none. Facts that neither the part nor
    a constraint speaks of are left out; ``complete`` adds them."""
    if part == compiled.forest.false:
        return None
    walk = Walk(compiled, {})
    # The first way will do, but for comparisons that are not linear: then look a little further.
    for steps in walk.ways(part, MAX_WAYS):
        witness = walk.numbers.witness(steps)
        if witness is not None:
            return witness
    return None


def is_empty(compiled: Compiled, part: int, walk: Walk | None = None) -> bool:
    """No loan lies in the part. ``walk`` knows no fact; it keeps what it has solved for the next
    part."""
    part = compiled.narrowed(part)
    if part == compiled.forest.false:
        return True
    if part == compiled.forest.true:
        return not Walk(compiled, {}).possible()
    if not compiled.constraints and not compiled.forest.support(part) >> len(compiled.level_of):
        return False  # every path through facts alone is some loan's
    return next((walk or Walk(compiled, {})).ways(part, 1), None) is None


def complete(compiled: Compiled, witness: Mapping[str, Value]) -> dict[str, Value]:
    """A witness with a value for every fact of the rulebase, the constraints still met. In the
    order of the vocabulary."""
    known = dict(witness)
    for fact in compiled.rulebase.facts.values():
        if fact.name in known:
            continue
        for value in _candidates(compiled, fact, known):
            if Walk(compiled, {**known, fact.name: value}).possible():
                known[fact.name] = value
                break
    return {name: known[name] for name in compiled.rulebase.facts if name in known}


def _candidates(compiled: Compiled, fact: Fact, known: Mapping[str, Value]) -> Iterator[Value]:
    level = compiled.level_of.get(fact.name)
    if level is not None:
        variable = compiled.variables[level]
        assert isinstance(variable, FactVariable)
        yield from (variable.example(code) for code in range(variable.size))
    if fact.type == "enum":
        yield next(iter(fact.values))
    elif fact.type == "boolean":
        yield False
    else:
        others = [v for n, v in known.items() if compiled.rulebase.facts[n].type == fact.type]
        yield from others
        yield decode(typical(*domain(fact), fact.type), fact.type)


# ---- pieces -----------------------------------------------------------------------------------


def cubes(compiled: Compiled, part: int) -> Iterator[Cube]:
    """The part as disjoint pieces that together make all of it, the classes that lead the same way
    taken together."""
    forest = compiled.forest
    if part == forest.false:
        return
    if part == forest.true:
        yield ()
        return
    level = forest.level[part]
    groups: dict[int, list[int]] = {}
    for code, child in enumerate(forest.children[part]):
        groups.setdefault(child, []).append(code)
    for child, codes in groups.items():
        for rest in cubes(compiled, child):
            yield ((level, frozenset(codes)), *rest)


def regions(compiled: Compiled, part: int, most: int) -> list[Region]:
    """The largest pieces of a part, each with a loan in it, ``most`` of them at most; pieces that
    hold none are passed over."""
    kept: list[Region] = []
    pieces = merge(list(islice(cubes(compiled, part), MAX_CUBES)))
    for cube in sorted(pieces, key=lambda cube: -size(compiled, cube)):
        if len(kept) == most:
            break
        witness = find_loan(compiled, as_part(compiled, cube))
        if witness is not None:
            kept.append(Region(cube, witness))
    return kept


def merge(pieces: list[Cube]) -> list[Cube]:
    """Pieces that differ in the classes of one level alone, taken together, until none do."""
    current = {cube: dict(cube) for cube in pieces}
    changed = True
    while changed:
        changed = False
        for level in sorted({level for steps in current.values() for level in steps}, reverse=True):
            groups: dict[Cube, list[Cube]] = {}
            for cube, steps in current.items():
                if level in steps:
                    groups.setdefault(tuple(s for s in cube if s[0] != level), []).append(cube)
            for rest, alike in groups.items():
                if len(alike) < 2:
                    continue
                changed = True
                codes = frozenset[int]().union(*(current.pop(cube)[level] for cube in alike))
                together = tuple(sorted((*rest, (level, codes))))
                current[together] = dict(together)
    return list(current)


def as_part(compiled: Compiled, cube: Cube) -> int:
    """The diagram of one piece."""
    forest = compiled.forest
    return forest.all_of(
        forest.choice(level, compiled.variables[level].size, codes) for level, codes in cube
    )


# ---- size -------------------------------------------------------------------------------------


def size(compiled: Compiled, cube: Cube) -> Fraction:
    """How much of the space of loans a piece takes up, constraints left aside: the values of an
    enum or boolean weigh one each, the classes of an amount or a day alike, comparisons of two
    facts a third each. A measure of the rules' own distinctions, not a forecast of how many loans
    there are."""
    found = Fraction(1)
    for level, codes in cube:
        sizes = _sizes(compiled.variables[level])
        found *= Fraction(sum(sizes[code] for code in codes), sum(sizes))
    return found


class Weights:
    """How much of all combinations of classes makes diagrams of truth values true, as ``size``
    counts them. Not for variables that come to be later."""

    def __init__(self, compiled: Compiled) -> None:
        self._forest = compiled.forest
        self._sizes = [_sizes(variable) for variable in compiled.variables]
        self._totals = list(map(sum, self._sizes))
        # In units of which every node holds a whole number: each variable's total divides them.
        self._units = {compiled.forest.false: 0, compiled.forest.true: math.prod(self._totals)}

    def ratio(self, part: int, whole: int) -> Fraction:
        """The weight of a part beside that of what it lies in; zero where that has none."""
        every = self._of(whole)
        return Fraction(self._of(part), every) if every else Fraction(0)

    def _of(self, node: int) -> int:
        found = self._units.get(node)
        if found is None:
            level = self._forest.level[node]
            each = map(operator.mul, self._sizes[level], map(self._of, self._forest.children[node]))
            found = self._units[node] = sum(each) // self._totals[level]
        return found


def _sizes(variable: Variable) -> list[int]:
    """What each class of a variable weighs."""
    if isinstance(variable, FactVariable) and variable.groups:
        return [len(group) for group in variable.groups]
    return [1] * variable.size
