"""One loan's known facts as classes of the variables, and the diagrams under them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import cast

from engine.evaluation.compiling import Compiled
from engine.evaluation.diagram import LATER, UNKNOWN, Descent
from engine.evaluation.numbers import sign_at
from engine.evaluation.variables import FactVariable
from engine.model import Value


@dataclass(slots=True)
class Known:
    """The diagrams of a rulebase under some known facts. Not shared between threads."""

    compiled: Compiled
    facts: Mapping[str, Value]
    codes: list[int] = field(init=False)
    """The class of each variable, ``UNKNOWN``, or ``LATER``."""
    descent: Descent = field(init=False)
    _bits: dict[str, int] = field(init=False, default_factory=dict)
    _spoken: dict[int, int] = field(init=False, default_factory=dict)
    _unknown: dict[int, int] = field(init=False, default_factory=dict)
    _compared: dict[int, int] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        codes = [UNKNOWN] * len(self.compiled.level_of)
        codes += [LATER] * (len(self.compiled.variables) - len(codes))
        self.codes = codes
        self._enter(self.facts)
        self.descent = Descent(self.compiled.forest, codes, self._class_of())

    def _enter(self, facts: Mapping[str, Value]) -> None:
        compiled, codes = self.compiled, self.codes
        for name, value in facts.items():
            level = compiled.level_of.get(name)
            if level is not None:
                codes[level] = cast(FactVariable, compiled.variables[level]).code(value)

    def _class_of(self) -> Callable[[int], int]:
        """What works out the class of a comparison."""
        return partial(sign_at, self.compiled, self.facts)

    def but(self, changed: Mapping[str, Value]) -> Known:
        """The loan with other values of some facts."""
        other = Known(self.compiled, {})
        facts = len(self.compiled.level_of)
        other.facts = {**self.facts, **changed}
        other.codes[:facts] = self.codes[:facts]
        other._enter(changed)
        other.descent = Descent(self.compiled.forest, other.codes, other._class_of())
        return other

    def shared(self) -> Known:
        """The same, without what a subclass adds; what the one learns the other knows."""
        other = object.__new__(Known)
        for name in Known.__slots__:
            setattr(other, name, getattr(self, name))
        return other

    def settle(self, node: int) -> int:
        """Follow what is known from ``node``: the leaf, or the first node that asks for what is
        not known."""
        return self.descent.settle(node)

    def code(self, level: int) -> int:
        """The class of a variable, negative where it is not known."""
        return self.descent.code(level)

    def path(self, node: int) -> list[int]:
        """The levels that ``settle`` asks for on its way."""
        forest, found = self.compiled.forest, []
        stop = self.settle(node)
        while node != stop:
            found.append(forest.level[node])
            node = forest.children[node][self.codes[forest.level[node]]]
        return found

    # ---- the unknown facts, as bits -----------------------------------------------------------

    def spoken_of(self, level: int) -> int:
        """Those that a level speaks of: its own, or those that it compares."""
        found = self._spoken.get(level)
        if found is None:
            variable = self.compiled.variables[level]
            own = (variable.name,) if isinstance(variable, FactVariable) else variable.facts
            found = sum(self.bit_of(name) for name in own if name not in self.facts)
            self._spoken[level] = found
        return found

    def bit_of(self, name: str) -> int:
        """The bit that stands for a fact."""
        return 1 << self._bits.setdefault(name, len(self._bits))

    def unknown(self, nodes: Iterable[int]) -> int:
        """Those that the levels below some nodes speak of."""
        return self._gathered(nodes, self._unknown, 0)

    def compared(self, nodes: Iterable[int]) -> int:
        """Those that the comparisons below some nodes speak of."""
        return self._gathered(nodes, self._compared, len(self.compiled.level_of))

    def _gathered(self, nodes: Iterable[int], memo: dict[int, int], first: int) -> int:
        every = 0
        for node in nodes:
            found = memo.get(node)
            if found is None:
                found = 0
                for level in bits(self.compiled.forest.support(node) >> first, first):
                    found |= self.spoken_of(level)
                memo[node] = found
            every |= found
        return every


def bits(mask: int, offset: int = 0) -> Iterable[int]:
    """The places of a mask's ones, from the least up."""
    while mask:
        low = mask & -mask
        yield low.bit_length() - 1 + offset
        mask ^= low
