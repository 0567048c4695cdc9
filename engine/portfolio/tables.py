"""Walking many rows at once: a small diagram in a few look-ups, a large one node by node.

The table of a small diagram is walked in stages, each over one or more variables. The key of a
stage is the classes of its variables as one number of mixed radix; ``next[node * width + key]`` is
where the walk then stands.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from engine.evaluation.diagram import LEAF
from engine.portfolio.arrays import Codes, whole
from engine.portfolio.product import UNMADE, Product

ENTRIES = 1 << 21
"""The most entries that the stages of a table have together."""
JOINED = 1 << 15
"""Stages are joined while their table has no more entries than this: it then stays in the
processor's nearest memory."""


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

    def walk(self, key_of: Callable[[Stage], Codes], rows: int) -> Codes:
        """The state in which each row ends. ``key_of`` gives a stage's key for each row."""
        if not self.stages:
            return np.broadcast_to(self.ends, (rows,))
        here = self.stages[0].next[key_of(self.stages[0])]
        for stage in self.stages[1:]:
            here = stage.next[here * np.intp(stage.width) + key_of(stage)]
        return whole(self.ends[here], rows)


def key(codes: Sequence[Codes], sizes: Sequence[int]) -> Codes:
    """Several classes as one number of mixed radix."""
    found = codes[0]
    for code, size in zip(codes[1:], sizes[1:], strict=True):
        found = found * size + code
    return found


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
    return Table(tuple(_joined(stages)), np.where(boundary < count, boundary, boundary - count))


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


def stepwise(
    product: Product, codes_of: Callable[[int], Codes], sizes: Mapping[int, int], rows: int
) -> Codes:
    """The state in which each row ends, found by taking all rows one step at a time. States are
    made as they are needed. ``codes_of`` gives the classes of a variable."""
    here = np.zeros(rows, dtype=np.intp)
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
            pairs = np.stack([nodes[unmade], codes[unmade]], axis=1)
            ways, way = np.unique(pairs, axis=0, return_inverse=True)
            made = np.array([product.make(*pair) for pair in ways.tolist()], dtype=np.intp)
            following[unmade] = made[way.ravel()]
        here[going] = following
    return here
