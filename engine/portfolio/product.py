"""Several diagrams walked together, as one machine whose states are made when rows first need them.

A state says at which node each diagram stands. The diagrams of a decision and of all its rules
together would be large if every state were made beforehand; a tape comes by a few of them.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping

import numpy as np

from engine.evaluation.diagram import LEAF, Forest
from engine.portfolio.arrays import Codes, Integers

Part = tuple[int, int]
"""The label of a diagram and the node it stands at."""
State = tuple[Part, ...]
Idle = Callable[[int, Hashable], bool]
"""Whether a diagram, by its label, that has come to a leaf need not be looked at any more."""

UNMADE = -1


class Product:
    """The states of some diagrams. ``given`` are the variables that are alike in all rows: their
    class, or None where they are unknown, at which a diagram stops. ``sizes`` are the numbers of
    classes of the others."""

    def __init__(
        self,
        forest: Forest,
        given: Mapping[int, int | None],
        sizes: Mapping[int, int],
        parts: Iterable[Part],
        idle: Idle,
    ) -> None:
        self._forest = forest
        self._given = given
        self._sizes = sizes
        self._idle = idle
        self.states: list[State] = []
        self._numbers: dict[State, int] = {}
        self.level: Integers = np.empty(64, dtype=np.int64)
        self.start: Integers = np.empty(64, dtype=np.int64)
        self.children: Codes = np.empty(256, dtype=np.intp)
        self._used = 0
        self._number(parts)

    def _number(self, parts: Iterable[Part]) -> int:
        """The number of the state in which the diagrams stand at some nodes."""
        forest, given = self._forest, self._given
        settled = []
        asked = LEAF
        for label, start in parts:
            node = start
            while (level := forest.level[node]) != LEAF:
                code = given.get(level, UNMADE)
                if code is None or code == UNMADE:
                    break
                node = forest.children[node][code]
            if level == LEAF and self._idle(label, forest.values[node]):
                continue
            if level != LEAF and level not in given:
                asked = min(asked, level)
            settled.append((label, node))
        state = tuple(settled)
        found = self._numbers.get(state)
        if found is None:
            found = self._numbers[state] = len(self.states)
            self.states.append(state)
            self._add(found, asked)
        return found

    def _add(self, number: int, level: int) -> None:
        width = 0 if level == LEAF else self._sizes[level]
        if number >= len(self.level):
            self.level = np.resize(self.level, 2 * number)
            self.start = np.resize(self.start, 2 * number)
        if self._used + width > len(self.children):
            self.children = np.resize(self.children, 2 * (self._used + width))
        self.level[number], self.start[number] = level, self._used
        self.children[self._used : self._used + width] = UNMADE
        self._used += width

    def make(self, number: int, code: int) -> int:
        """The state that follows a state where the variable that it asks for has a class."""
        at = int(self.start[number]) + code
        found = int(self.children[at])
        if found == UNMADE:
            forest, level = self._forest, int(self.level[number])
            found = self._number(
                (label, forest.children[node][code] if forest.level[node] == level else node)
                for label, node in self.states[number]
            )
            self.children[at] = found
        return found

    def explore(self, most: int) -> bool:
        """Make every state, if there are no more than ``most``."""
        number = 0
        while number < len(self.states):
            if len(self.states) > most:
                return False
            if self.level[number] != LEAF:
                for code in range(self._sizes[int(self.level[number])]):
                    self.make(number, code)
            number += 1
        return True

    def is_settled(self, number: int) -> bool:
        """Whether every diagram has come to a leaf."""
        return all(self._forest.level[node] == LEAF for _, node in self.states[number])

    def leaves(self, number: int) -> dict[int, Hashable]:
        """What the diagrams that have come to a leaf say there, by their label."""
        forest = self._forest
        return {
            label: forest.values[node]
            for label, node in self.states[number]
            if forest.level[node] == LEAF
        }

    def open_variables(self, number: int) -> int:
        """The variables, as a bit mask, that the other diagrams may still ask for."""
        mask = 0
        for _, node in self.states[number]:
            mask |= self._forest.support(node)
        return mask
