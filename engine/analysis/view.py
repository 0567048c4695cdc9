"""The loans under some constraints: whether a part holds any, how large it is, its pieces."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from itertools import islice

from engine.analysis.regions import Cube, Weights, complete, constrained, cubes, merge, size
from engine.analysis.simplify import simplified
from engine.analysis.witness import find_witness
from engine.evaluation.compiling import Compiled
from engine.evaluation.reach import Walk
from engine.model import Value


@dataclass(slots=True)
class View:
    """The loans that meet the constraints of ``compiled``."""

    compiled: Compiled
    accepted: int = field(init=False)
    """The diagram of these loans."""
    _free: Compiled = field(init=False)
    _weights: Weights = field(init=False)

    def __post_init__(self) -> None:
        self.accepted = constrained(self.compiled, self.compiled.forest.true)
        self._free = replace(self.compiled, constraints=())
        self._weights = Weights(self.compiled)

    def loans(self, part: int) -> int:
        """The loans of a part, constraints taken in."""
        return self.compiled.forest.both(part, self.accepted)

    def walk(self) -> Walk:
        """A walk for some questions about one part; what it solves it keeps."""
        return Walk(self._free, {})

    def is_empty(self, walk: Walk, loans: int) -> bool:
        """Proven: there are no such loans."""
        return not walk.can_be(loans)

    def loan(self, walk: Walk, loans: int) -> Mapping[str, Value] | None:
        """One of some loans with all its facts, or None where none was found."""
        witness = find_witness(walk, loans)
        return None if witness is None else complete(self.compiled, witness)

    def share(self, part: int) -> Fraction:
        """How much of these loans lies in a part; see ``regions.size``."""
        return self._weights.ratio(self.loans(part), self.accepted)

    def pieces(self, part: int, most: int) -> tuple[list[Cube], bool]:
        """The part as few pieces as can be, the largest first (constraints left aside), and whether
        that is all of it: it is cut short where it falls into more than ``most`` before they are
        merged. What is so of no loan is not said of them."""
        short = simplified(self.compiled.forest, part, self.accepted)
        found = list(islice(cubes(self.compiled, short), most + 1))
        merged = merge(found[:most])
        merged.sort(key=lambda cube: size(self.compiled, cube), reverse=True)
        return merged, len(found) <= most
