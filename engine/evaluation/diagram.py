"""Ordered, multi-valued decision diagrams: shared, reduced, and the few operations on them.

A diagram is a number in a :class:`Forest`. A node has a level (the variable it asks for) and a
child for each class of that variable; levels rise along every path, no node has all its children
equal, and no two nodes are alike, so that equal functions are the same number. Leaves hold any
hashable value. (Srinivasan, Kam, Malik and Brayton, "Algorithms for discrete function
manipulation", ICCAD 1990.)
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from itertools import chain, compress, repeat, zip_longest
from types import FunctionType
from typing import cast

LEAF = 1 << 30
"""The level of a leaf: below every variable."""


class Forest:
    """All diagrams of one rulebase, sharing their nodes."""

    def __init__(self) -> None:
        self.level: list[int] = []
        self.children: list[tuple[int, ...]] = []
        self.values: list[Hashable] = []
        self._nodes: dict[int, dict[tuple[int, ...], int]] = {}
        """By level the nodes by their children."""
        self._unlisted: dict[int, list[range]] = {}
        """By level: nodes that are not in ``_nodes`` yet."""
        self._leaves: dict[Hashable, int] = {}
        self._support: list[int] = []
        """By node: the levels that it asks for, as far as was asked; 0 where it was not."""
        self._masks: dict[int, int] = {}
        """Each of those once: many nodes ask for the same."""
        self._changed: dict[str, dict[int, int]] = {}
        """By the name of an operation on one diagram: what it came to."""
        self._combined: dict[str, dict[tuple[int, int], int]] = {}
        """By the name of an operation on two: what it came to."""
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
        alike = self._nodes.get(level)
        if alike is None:
            own = chain(*self._unlisted.pop(level, ()))
            alike = self._nodes[level] = {self.children[node]: node for node in own}
        key = tuple(children)
        found = alike.get(key)
        if found is None:
            found = alike[key] = self._add(level, key, None)
        return found

    def extend(self, level: int, children: Sequence[tuple[int, ...]]) -> None:
        """Add nodes of a level, reduced and not yet here, after those below. They are listed
        once others come to the level: most are only walked."""
        first, end = len(self.level), len(self.level) + len(children)
        if level in self._nodes:
            self._nodes[level].update(zip(children, range(first, end), strict=True))
        else:
            self._unlisted.setdefault(level, []).append(range(first, end))
        self.level += [level] * len(children)
        self.children += children
        self.values += [None] * len(children)

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
        memo, level, values = self._combined.setdefault(name, {}), self.level, self.values

        def walk(a: int, b: int) -> int:
            if keeps is not None and level[a] == LEAF and keeps(values[a]):
                return a
            found = memo.get((a, b))
            if found is None:
                if level[a] == level[b] == LEAF:
                    found = self.leaf(combine(values[a], values[b]))
                else:
                    found = self._below(a, b, walk)
                memo[a, b] = found
            return found

        return _ended(walk, a, b)

    def _below(self, a: int, b: int, walk: Callable[[int, int], int]) -> int:
        """The node above what a walk over two diagrams, not both leaves, finds below them."""
        above, other = self.level[a], self.level[b]
        if above == other:
            return self.node(above, list(map(walk, self.children[a], self.children[b])))
        if above < other:
            return self.node(above, list(map(walk, self.children[a], repeat(b))))
        return self.node(other, list(map(walk, repeat(a), self.children[b])))

    def both(self, a: int, b: int) -> int:
        """``a`` and ``b``."""
        return self._joined("and", self.false, self.true, a, b)

    def either(self, a: int, b: int) -> int:
        """``a`` or ``b``."""
        return self._joined("or", self.true, self.false, a, b)

    def _joined(self, name: str, settles: int, yields: int, a: int, b: int) -> int:
        """Two diagrams of truth values as one: the leaf that ``settles`` the matter wins, the leaf
        that ``yields`` leaves it to the other."""
        memo = self._combined.setdefault(name, {})

        def walk(a: int, b: int) -> int:
            if a == settles or b == settles:
                return settles
            if a in (yields, b):
                return b
            if b == yields:
                return a
            key = (a, b) if a < b else (b, a)
            found = memo.get(key)
            if found is None:
                found = memo[key] = self._below(a, b, walk)
            return found

        return _ended(walk, a, b)

    def less(self, a: int, b: int) -> int:
        """``a`` and not ``b``."""
        memo, false, true = self._combined.setdefault("less", {}), self.false, self.true

        def walk(a: int, b: int) -> int:
            if a in (false, b) or b == true:
                return false
            if b == false:
                return a
            found = memo.get((a, b))
            if found is None:
                found = memo[a, b] = self.negate(b) if a == true else self._below(a, b, walk)
            return found

        return _ended(walk, a, b)

    def negate(self, a: int) -> int:
        """Not ``a``."""
        return self.map("not", lambda value: not value, a)

    def all_of(self, parts: Iterable[int]) -> int:
        """The conjunction of some diagrams, none being true."""
        found = self.true
        for part in sorted(parts, key=self.level.__getitem__, reverse=True):
            found = self.both(part, found)  # from below: what is above then stands on it once
        return found

    def any_of(self, parts: Iterable[int]) -> int:
        """The disjunction of some diagrams, none being false."""
        left = list(parts) or [self.false]
        while len(left) > 1:  # neighbours first: rules that stand together share most of theirs
            pairs = zip_longest(left[::2], left[1::2], fillvalue=self.false)
            left = [self.either(a, b) for a, b in pairs]
        return left[0]

    def map(self, name: str, change: Callable[[Hashable], Hashable], a: int) -> int:
        """The diagram with every leaf changed; ``name`` keys the memory as in ``apply``."""
        memo, level, children = self._changed.setdefault(name, {}), self.level, self.children

        def walk(a: int) -> int:
            found = memo.get(a)
            if found is None:
                if level[a] == LEAF:
                    found = self.leaf(change(self.values[a]))
                else:
                    found = self.node(level[a], list(map(walk, children[a])))
                memo[a] = found
            return found

        return _ended(walk, a)

    def sets(self, regions: Mapping[int, int], *, first: bool = False) -> int:
        """The diagram whose leaves hold the keys of the regions that are true there, or the
        ``first`` of them alone. (All regions are walked down together, so that nothing is built
        that is not part of the outcome.)"""
        memo: dict[tuple[int, ...], int] = {}
        none = (self.false,) * len(regions)
        level, children = self.level, self.children

        def walk(*nodes: int) -> int:
            if first and self.true in nodes:
                sure = nodes.index(self.true) + 1
                nodes = nodes[:sure] + none[sure:]
            found = memo.get(nodes)
            if found is None:
                levels = [level[node] for node in nodes]
                top = min(levels, default=LEAF)
                if top == LEAF:
                    found = self.leaf(frozenset(compress(regions, map(self.true.__eq__, nodes))))
                else:
                    below = [
                        children[node] if at == top else repeat(node)
                        for node, at in zip(nodes, levels, strict=True)
                    ]
                    found = self.node(top, list(map(walk, *below)))
                memo[nodes] = found
            return found

        return _ended(walk, *regions.values())

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
        self._changed.clear()
        self._combined.clear()


def _ended(walk: Callable[..., int], *nodes: int) -> int:
    """What a walk comes to. A function that calls itself keeps itself, and with it all nodes, until
    a search for garbage; this one lets go of itself once it has ended."""
    found = walk(*nodes)
    for cell in cast(FunctionType, walk).__closure__ or ():
        if cell.cell_contents is walk:
            del cell.cell_contents
    return found
