"""A loan in a part of the space, found within a bounded effort.

Comparisons of linear amounts are solved; where a product of two facts or a rounding is beyond the
solver, some values are tried. That a part holds no loan is never concluded from here.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence

from engine.evaluation.compiling import Compiled, Step
from engine.evaluation.reach import Walk
from engine.evaluation.variables import FactVariable, SignVariable, decode, domain
from engine.model import Value

MAX_WAYS = 3
"""So many ways through a part are tried."""
MAX_DRAWS = 20
"""So many times values are drawn for each way."""


def find_witness(walk: Walk, part: int) -> dict[str, Value] | None:
    """The facts of a loan in the part that meets the constraints; None where none was found. Facts
    that neither the part nor a constraint speaks of are left out. ``walk`` knows no fact; it keeps
    what it has solved for the next part."""
    compiled = walk.compiled
    tried: list[list[Step]] = []
    for steps in walk.ways(part, MAX_WAYS):
        witness = walk.numbers.witness(steps)
        if witness is not None:
            return witness
        tried.append(steps)
    draw = random.Random(0)  # the same loan every time
    for steps in tried:
        for loan in _drawn(compiled, steps, draw):
            if _lies_in(compiled, part, loan):
                return loan
    return None


def _lies_in(compiled: Compiled, part: int, loan: dict[str, Value]) -> bool:
    walk, true = Walk(compiled, loan), compiled.forest.true
    return all(walk.settle(node) == true for node in (part, *compiled.constraints))


def _drawn(
    compiled: Compiled, steps: Sequence[Step], draw: random.Random
) -> Iterator[dict[str, Value]]:
    """Loans that take the steps which speak of one fact, with drawn amounts and days."""
    facts = compiled.rulebase.facts
    fixed: dict[str, Value] = {}
    spans: dict[str, tuple[int, int]] = {}
    for level, _ in steps:
        variable = compiled.variables[level]
        if isinstance(variable, SignVariable):
            spans.update((name, domain(facts[name])) for name in variable.facts)
    for level, code in steps:
        variable = compiled.variables[level]
        if isinstance(variable, FactVariable):
            if variable.name in spans:
                spans[variable.name] = variable.spans[code]
            else:
                fixed[variable.name] = variable.example(code)
    for _ in range(MAX_DRAWS if spans else 0):
        yield fixed | {
            name: decode(_number(low, high, draw), facts[name].type)
            for name, (low, high) in sorted(spans.items())
        }


def _number(low: int, high: int, draw: random.Random) -> int:
    """A number of a span, small ones and those near its ends more often than others."""
    nearest = low if low > 0 else min(high, 0)
    size = int(10 ** (draw.random() * len(str(high - low))))
    return draw.choice((low, high, nearest, *(max(low, min(high, nearest + size)),) * 5))
