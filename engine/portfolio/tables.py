"""Walking many rows at once: a small diagram in a few look-ups, a large one node by node.

The table of a small diagram is walked in stages, each over one or more variables. The key of a
stage is the classes of its variables as one number of mixed radix; ``next[place + key]`` is the
place from which the next stage goes on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from engine.evaluation.diagram import LEAF
from engine.portfolio.arrays import Codes, Lookup, grouped, taken, whole
from engine.portfolio.product import UNMADE, Product

ENTRIES = 1 << 21
"""The most entries that the stages of a table have together."""
JOINED = 1 << 18
"""Stages are joined while their table has no more entries than this: it then stays in the
processor's nearer memory."""
KEYS = 1 << 15
"""So many combinations of what some columns hold are worth a table of their keys."""


@dataclass(frozen=True, slots=True)
class Stage:
    """``levels`` are the variables asked for, ``sizes`` how many classes each is walked with."""

    levels: tuple[int, ...]
    sizes: tuple[int, ...]
    width: int
    next: Codes


@dataclass(frozen=True, slots=True)
class Table:
    """A diagram in stages. What the last stage leads to indexes ``ends``, the states in which the
    walk ends: where all is settled, or a fact is missing."""

    stages: tuple[Stage, ...]
    ends: Codes

    def walk(self, key_of: Callable[[Stage], Lookup], rows: int) -> Lookup:
        """The state in which each row ends. ``key_of`` gives a stage's key for each row."""
        if not self.stages:
            return Lookup(np.broadcast_to(np.int32(0), (rows,)), self.ends)
        here = key_of(self.stages[0]).through(self.stages[0].next).each()
        for stage in self.stages[1:]:
            here = taken(stage.next, here + key_of(stage).each())
        return Lookup(whole(here, rows), self.ends)


def key(classes: Sequence[Lookup], sizes: Sequence[int]) -> Lookup:
    """Several classes as one number of mixed radix. Columns of few distinct elements are put
    together before these are looked up."""
    found, span = classes[0], sizes[0]
    for other, size in zip(classes[1:], sizes[1:], strict=True):
        found = _put_together(found, span, other, size)
        span *= size
    return found


def _put_together(a: Lookup, span: int, b: Lookup, size: int) -> Lookup:
    if a.table is None and b.table is None:
        return Lookup(_radix(a.at, size, b.at))
    first = np.arange(span, dtype=np.int32) if a.table is None else a.table
    second = np.arange(size, dtype=np.int32) if b.table is None else b.table
    if len(first) * len(second) > min(KEYS, max(len(a.at), len(b.at))):
        return Lookup(_radix(a.each(), size, b.each()))
    table = _radix(first[:, None], size, second)
    return Lookup(_radix(a.at, len(second), b.at), table.ravel())


def _radix(a: Codes, size: int, b: Codes) -> Codes:
    found: Codes = a * np.int32(size)
    return np.add(found, b, out=found) if found.shape == b.shape else found + b


def tabulated(
    product: Product, sizes: Mapping[int, int], nullable: frozenset[int], most: int
) -> Table | None:
    """The table of a diagram, or None where it has more than ``most`` states. A variable in
    ``nullable`` may be unknown: it is walked with one class more, at which the walk ends."""
    if not product.explore(most):
        return None
    count = len(product.states)
    level = np.concatenate([product.level[:count], np.full(count, LEAF)])
    start, children = product.start[:count], product.children
    boundary = np.zeros(1, dtype=np.intp)
    stages: list[Stage] = []
    entries = 0
    for current in sorted(set(level.tolist()) - {LEAF}):
        size, width = sizes[current], sizes[current] + (current in nullable)
        entries += len(boundary) * width
        if entries > ENTRIES:
            return None
        ways = np.repeat(boundary[:, None], width, axis=1)
        asked = level[boundary] == current
        own = boundary[asked]
        ways[asked, :size] = children[start[own][:, None] + np.arange(size)]
        ways[asked, size:] = own[:, None] + count  # the walk ends here
        boundary, following = np.unique(ways, return_inverse=True)
        stages.append(Stage((current,), (width,), width, following.ravel().astype(np.int32)))
    ends = np.where(boundary < count, boundary, boundary - count)
    return Table(tuple(_in_places(_joined(stages))), ends)


def _joined(stages: Sequence[Stage]) -> list[Stage]:
    """Neighbouring stages made one while the table stays small."""
    found: list[Stage] = []
    for stage in stages:
        before = found[-1] if found else None
        if before is not None and len(before.next) * stage.width <= JOINED:
            following = stage.next.reshape(-1, stage.width)[before.next]
            found[-1] = replace(
                before,
                levels=before.levels + stage.levels,
                sizes=before.sizes + stage.sizes,
                width=before.width * stage.width,
                next=following.ravel(),
            )
        else:
            found.append(stage)
    return found


def _in_places(stages: Sequence[Stage]) -> Iterator[Stage]:
    """The stages, each leading to where the table of the next begins for a node."""
    for stage, after in pairwise([*stages, None]):
        assert stage is not None
        width = 1 if after is None else after.width
        yield replace(stage, next=stage.next * np.int32(width))


def stepwise(
    product: Product, codes_of: Callable[[int], Codes], sizes: Mapping[int, int], rows: int
) -> Lookup:
    """The state in which each row ends, found by taking all rows one step at a time. States are
    made as they are needed. ``codes_of`` gives the classes of a variable."""
    here = np.zeros(rows, dtype=np.int32)
    going = np.arange(rows)
    while len(going):
        nodes = here[going]
        levels = product.level[nodes]
        codes = np.full(len(going), UNMADE, dtype=np.intp)
        for level in np.unique(levels).tolist():
            if level != LEAF:
                at = np.flatnonzero(levels == level)
                found = codes_of(level)
                own = found[going[at]] if len(found) > 1 else found
                codes[at] = np.where(own < sizes[level], own, UNMADE)
        on = np.flatnonzero(codes != UNMADE)
        going, nodes, codes = going[on], nodes[on], codes[on]
        following = product.children[product.start[nodes] + codes]
        unmade = np.flatnonzero(following == UNMADE)
        if len(unmade):
            own, by = nodes[unmade], codes[unmade]
            first, way = grouped([own, by], len(unmade))
            ways = zip(own[first].tolist(), by[first].tolist(), strict=True)
            following[unmade] = np.array([product.make(*each) for each in ways])[way]
        here[going] = following
    return Lookup(here, np.arange(len(product.states)))
