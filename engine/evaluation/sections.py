"""Sections: the loans of one kind, for which most of the law falls away.

A pack may name a fact (``sections:``) whose values divide the loans into kinds. The constraints say
what else then holds: a loan without collateral ends in no foreclosure. A section's diagrams are
built for what is left, so that they do not work out what would follow for loans that can't be.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from engine.evaluation.diagram import LEAF, Forest
from engine.evaluation.space import Space

Left = Mapping[int, frozenset[int]]
"""By level the classes that are left; a level that is not named keeps all of its own."""


@dataclass(frozen=True, slots=True)
class Section:
    """Some classes of the fact that divides the loans, and what the constraints then leave of the
    facts. Both are empty where a pack is not divided."""

    classes: tuple[int, ...] = ()
    left: Left | None = None


WHOLE = Section()


def sections(
    space: Space, fact: str, constraints: Sequence[int], known: Left | None = None
) -> list[Section]:
    """The sections of a pack, among the loans of some classes where more is ``known`` of them.
    Kinds of which the constraints leave the same are one section."""
    level = space.level_of.get(fact)
    if level is None:
        return [Section(left=_left(space.forest, known, constraints)) if known else WHOLE]
    found: dict[frozenset[tuple[int, frozenset[int]]], list[int]] = {}
    for code in range(space.variables[level].size):
        left = _left(space.forest, {**(known or {}), level: frozenset({code})}, constraints)
        others = frozenset(pair for pair in left.items() if pair[0] != level)
        found.setdefault(others, []).append(code)
    return [
        Section(tuple(codes), {level: frozenset(codes), **dict(others)})
        for others, codes in found.items()
    ]


def joined(forest: Forest, level: int, whole: Sequence[Section], parts: Sequence[int]) -> int:
    """The diagram that is each section's part there. The level is above all others."""
    if len(parts) == 1:
        return parts[0]
    below = {code: part for each, part in zip(whole, parts, strict=True) for code in each.classes}
    children = [_at(forest, level, below[code], code) for code in sorted(below)]
    return forest.node(level, children)


def _at(forest: Forest, level: int, node: int, code: int) -> int:
    return forest.children[node][code] if forest.level[node] == level else node


def _left(forest: Forest, start: Left, constraints: Sequence[int]) -> Left:
    """What the constraints that come down to one fact leave, again and again until it is all."""
    left = dict(start)
    waiting = list(constraints)
    again = True
    while again:
        again, waiting = False, forest.limited(waiting, left)
        for node in waiting:
            level, children = forest.level[node], forest.children[node]
            if level == LEAF or any(forest.level[child] != LEAF for child in children):
                continue
            before = left.get(level, frozenset(range(len(children))))
            met = before & {c for c, n in enumerate(children) if n == forest.true}
            if met and met != before:
                left[level] = met
                again = True
    return left
