"""Ordered, multi-valued decision diagrams: shared, reduced, and the few operations on them.

A diagram is a number in a :class:`Forest`. A node has a level (the variable it asks for) and a
child for each class of that variable; levels rise along every path, no node has all its children
equal, and no two nodes are alike, so that equal functions are the same number. Leaves hold any
hashable value. (Srinivasan, Kam, Malik and Brayton, "Algorithms for discrete function
manipulation", ICCAD 1990.)
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import cast

LEAF = 1 << 30
"""The level of a leaf: below every variable."""


class Forest:
    """All diagrams of one rulebase, sharing their nodes."""

    def __init__(self) -> None:
        self.level: list[int] = []
        self.children: list[tuple[int, ...]] = []
        self.values: list[Hashable] = []
        self._nodes: dict[tuple[int, tuple[int, ...]], int] = {}
        self._unlisted: dict[int, array[int]] = {}
        """By level: nodes that are not in ``_nodes`` yet."""
        self._leaves: dict[Hashable, int] = {}
        self._support: list[int] = []
        """By node: the levels that it asks for, as far as was asked; 0 where it was not."""
        self._masks: dict[int, int] = {}
        """Each of those once: many nodes ask for the same."""
        self._memo: dict[tuple[str, int, int], int] = {}
        self.false = self.leaf(False)
        self.true = self.leaf(True)

    def leaf(self, value: Hashable) -> int:
        """The leaf that holds ``value``. (Python's ``True == 1`` is told apart by type.)"""
        key = (type(value), value)
        found = self._leaves.get(key)
        if found is None:
            found = self._leaves[key] = self._add(LEAF, (), value)
        return found

    def node(self, level: int, children: Sequence[int]) -> int:
        """The node with these children, or the child itself where all are the same."""
        first = children[0]
        if children.count(first) == len(children):
            return first
        if level in self._unlisted:
            own = self._unlisted.pop(level)
            self._nodes.update(((level, self.children[node]), node) for node in own)
        key = (level, tuple(children))
        found = self._nodes.get(key)
        if found is None:
            found = self._nodes[key] = self._add(level, key[1], None)
        return found

    def extend(self, levels: Sequence[int], children: Sequence[tuple[int, ...]]) -> None:
        """Add nodes that are reduced and not yet here, each after its children. They are listed
        once others come to their levels: most are only walked."""
        for node, level in enumerate(levels, len(self.level)):
            if level not in self._unlisted:
                self._unlisted[level] = array("l")
            self._unlisted[level].append(node)
        self.level.extend(levels)
        self.children.extend(children)
        self.values.extend([None] * len(levels))

    def _add(self, level: int, children: tuple[int, ...], value: Hashable) -> int:
        self.level.append(level)
        self.children.append(children)
        self.values.append(value)
        return len(self.level) - 1

    def choice(self, level: int, size: int, chosen: Iterable[int]) -> int:
        """True for the chosen classes of a variable, false for the others."""
        inside = frozenset(chosen)
        return self.node(level, [self.true if i in inside else self.false for i in range(size)])

    # ---- operations ---------------------------------------------------------------------------

    def apply(
        self,
        name: str,
        combine: Callable[[Hashable, Hashable], Hashable],
        a: int,
        b: int,
        *,
        keeps: Callable[[Hashable], bool] | None = None,
    ) -> int:
        """The diagram whose leaves combine those of ``a`` and ``b``. ``name`` keys the memory, so
        one name always means one function. Leaves of ``a`` that it ``keeps`` stay what they are,
        whatever ``b`` is there."""
        if keeps is not None and self.level[a] == LEAF and keeps(self.values[a]):
            return a
        key = (name, a, b)
        found = self._memo.get(key)
        if found is not None:
            return found
        level_a, level_b = self.level[a], self.level[b]
        if level_a == level_b == LEAF:
            result = self.leaf(combine(self.values[a], self.values[b]))
        else:
            level = min(level_a, level_b)
            size = len(self.children[a if level_a == level else b])
            children_a = self.children[a] if level_a == level else (a,) * size
            children_b = self.children[b] if level_b == level else (b,) * size
            result = self.node(
                level,
                [
                    self.apply(name, combine, x, y, keeps=keeps)
                    for x, y in zip(children_a, children_b, strict=True)
                ],
            )
        self._memo[key] = result
        return result

    def both(self, a: int, b: int) -> int:
        """``a`` and ``b``."""
        return self._joined("and", self.false, self.true, a, b)

    def either(self, a: int, b: int) -> int:
        """``a`` or ``b``."""
        return self._joined("or", self.true, self.false, a, b)

    def _joined(self, name: str, settles: int, yields: int, a: int, b: int) -> int:
        """Two diagrams of truth values as one: the leaf that ``settles`` the matter wins, the leaf
        that ``yields`` leaves it to the other."""
        if settles in (a, b):
            return settles
        if a in (yields, b):
            return b
        if b == yields:
            return a
        key = (name, a, b) if a < b else (name, b, a)
        found = self._memo.get(key)
        if found is not None:
            return found
        level_a, level_b = self.level[a], self.level[b]
        if level_a == level_b:
            pairs = zip(self.children[a], self.children[b], strict=True)
            below = [self._joined(name, settles, yields, x, y) for x, y in pairs]
            result = self.node(level_a, below)
        else:
            upper, lower = (a, b) if level_a < level_b else (b, a)
            below = [self._joined(name, settles, yields, x, lower) for x in self.children[upper]]
            result = self.node(self.level[upper], below)
        self._memo[key] = result
        return result

    def negate(self, a: int) -> int:
        """Not ``a``."""
        return self.map("not", lambda value: not value, a)

    def all_of(self, parts: Iterable[int]) -> int:
        """The conjunction of some diagrams, none being true."""
        return self._balanced(self.both, list(parts), self.true)

    def any_of(self, parts: Iterable[int]) -> int:
        """The disjunction of some diagrams, none being false."""
        return self._balanced(self.either, list(parts), self.false)

    def map(self, name: str, change: Callable[[Hashable], Hashable], a: int) -> int:
        """The diagram with every leaf changed; ``name`` keys the memory as in ``apply``."""
        key = (name, a, -1)
        found = self._memo.get(key)
        if found is not None:
            return found
        if self.level[a] == LEAF:
            result = self.leaf(change(self.values[a]))
        else:
            children = [self.map(name, change, child) for child in self.children[a]]
            result = self.node(self.level[a], children)
        self._memo[key] = result
        return result

    def union(
        self,
        parts: Iterable[int],
        name: str = "union",
        reduced: Callable[[frozenset[int]], frozenset[int]] = lambda union: union,
    ) -> int:
        """Diagrams with sets at their leaves, as one whose leaves hold the unions, ``reduced``;
        ``name`` keys the memory as in ``apply``."""
        empty = self.leaf(frozenset())

        def combine(x: Hashable, y: Hashable) -> Hashable:
            return reduced(cast(frozenset[int], x) | cast(frozenset[int], y))

        def joined(a: int, b: int) -> int:
            if a in (empty, b):
                return b
            if b == empty:
                return a
            return self.apply(name, combine, a, b)

        return self._balanced(joined, list(parts), empty)

    @staticmethod
    def _balanced(combine: Callable[[int, int], int], parts: list[int], none: int) -> int:
        """Fold neighbours pairwise: rules that stand together share most of their diagram."""
        if not parts:
            return none
        while len(parts) > 1:
            pairs = [combine(a, b) for a, b in zip(parts[::2], parts[1::2], strict=False)]
            parts = pairs + ([parts[-1]] if len(parts) % 2 else [])
        return parts[0]

    # ---- questions ----------------------------------------------------------------------------

    def support(self, a: int) -> int:
        """The levels that ``a`` asks for, as a bit mask."""
        known = self._support
        if a >= len(known):
            known.extend([0] * (len(self.level) - len(known)))
        found = known[a]
        if not found and self.level[a] != LEAF:
            found = 1 << self.level[a]
            for child in set(self.children[a]):
                found |= self.support(child)
            known[a] = self._masks.setdefault(found, found)
        return found

    def reachable(self, a: int) -> list[int]:
        """Every node and leaf of ``a``, itself first."""
        seen = {a: None}
        waiting = [a]
        while waiting:
            for child in self.children[waiting.pop()]:
                if child not in seen:
                    seen[child] = None
                    waiting.append(child)
        return list(seen)

    def leaves(self, a: int) -> list[int]:
        """The leaves of ``a``."""
        return [node for node in self.reachable(a) if self.level[node] == LEAF]

    def forget(self) -> None:
        """Drop the memory of past operations, which a finished rulebase no longer needs."""
        self._memo.clear()
