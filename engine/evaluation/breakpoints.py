"""Where along one amount, number or day an outcome may change, all other facts staying as they are.

The places are those that the rules tell apart: the bounds in conditions, the points where two
formulas that are compared come to the same, and those where another part of a ``min`` or ``max``
takes over. There may be more of them than changes; there is no change without one.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from itertools import combinations

from engine.evaluation import linear
from engine.evaluation.compiling import Compiled
from engine.evaluation.decide import Decider
from engine.evaluation.numbers import comparing
from engine.evaluation.session import Session
from engine.evaluation.variables import (
    FactVariable,
    SignVariable,
    decode,
    domain,
    encode,
    sign_variable,
)
from engine.model import (
    ORDERED,
    Arithmetic,
    Compare,
    Constant,
    Extreme,
    Fact,
    Formula,
    OneOf,
    Ref,
    Rounded,
    Rulebase,
    Shift,
    Value,
)
from engine.trees import atoms, names_in

MAX_CHANGES = 32
"""Of one comparison no more sign changes than this are looked for."""


def spans(
    decider: Decider,
    situations: Iterable[Mapping[str, Value]],
    name: str,
    wanted: Collection[str],
) -> list[tuple[Value, Value]]:
    """The stretches of an ordered fact's values, first and last value of each, within which the
    wanted decisions stay the same or follow one formula, in each of some situations. A situation
    is what else is known."""
    fact = decider.rulebase.facts[name]
    low, high = domain(fact)
    cuts = set(_presumed_bounds(decider.rulebase, fact))
    for situation in situations:
        others = {other: value for other, value in situation.items() if other != name}
        compiled = decider.compiled_for(others)
        cuts.update(_bounds(compiled, fact))
        for left, right in (*_compared(compiled, name), *_kinks(decider, compiled, others, wanted)):
            if {*names_in(left), *names_in(right)} - others.keys() == {name}:
                cuts.update(_sign_changes(left, right, others, fact, decider.rulebase))
    starts = [low, *sorted(cut for cut in cuts if low < cut <= high)]
    ends = [*(start - 1 for start in starts[1:]), high]
    return [(decode(a, fact.type), decode(b, fact.type)) for a, b in zip(starts, ends, strict=True)]


def _bounds(compiled: Compiled, fact: Fact) -> tuple[int, ...]:
    level = compiled.level_of.get(fact.name)
    variable = None if level is None else compiled.variables[level]
    return variable.cuts if isinstance(variable, FactVariable) else ()


def _presumed_bounds(rulebase: Rulebase, fact: Fact) -> Iterator[int]:
    """The bounds in the conditions of presumptions."""
    for presumption in rulebase.presumptions:
        for atom in atoms(presumption.when, lambda term: rulebase.terms[term].when):
            limits: tuple[Value | None, ...] = ()
            if isinstance(atom, Compare) and atom.name == fact.name:
                limits = (atom.limit,)
            elif isinstance(atom, OneOf) and atom.name == fact.name:
                limits = atom.values
            for limit in limits:
                if limit is not None:
                    number = encode(limit, fact.type)
                    yield from (number, number + 1)


def _compared(compiled: Compiled, name: str) -> Iterator[tuple[Formula, Formula]]:
    """The formulas that conditions compare, where the fact is in one of them."""
    for level in compiled.levels_on.get(name, ()):
        variable = compiled.variables[level]
        if isinstance(variable, SignVariable):
            yield variable.left, variable.right


def _kinks(
    decider: Decider, compiled: Compiled, others: Mapping[str, Value], wanted: Collection[str]
) -> Iterator[tuple[Formula, Formula]]:
    """The parts of each ``min`` and ``max`` in what the wanted decisions may come to."""
    session = Session(compiled, others)
    for name in decider.needed(wanted):
        found = session.find(decider.rulebase.decisions[name])
        for outcome in found.leaves:
            if outcome.formula is not None and decider.rulebase.decisions[name].type in ORDERED:
                for extreme in _extremes(outcome.formula):
                    yield from combinations(extreme.parts, 2)


def _extremes(formula: Formula) -> Iterator[Extreme]:
    match formula:
        case Extreme(_, parts):
            yield formula
            for part in parts:
                yield from _extremes(part)
        case Arithmetic(_, left, right):
            yield from _extremes(left)
            yield from _extremes(right)
        case Shift(part, _, _) | Rounded(part, _):
            yield from _extremes(part)
        case Constant() | Ref():
            return


def _sign_changes(
    left: Formula, right: Formula, others: Mapping[str, Value], fact: Fact, rulebase: Rulebase
) -> set[int]:
    """The numbers of a fact at which one formula comes to stand otherwise to another."""
    variable = sign_variable(left, right)
    known = {
        name: encode(others[name], rulebase.facts[name].type)
        for name in variable.facts
        if name != fact.name
    }
    compared = linear.comparison(left, right, known, rulebase.facts, "vary")

    sign_of = comparing(variable)

    def sign(number: int) -> int:
        return sign_of({**others, fact.name: decode(number, fact.type)})

    found: set[int] = set()
    waiting = [domain(fact)]
    while waiting and len(found) < MAX_CHANGES:
        low, high = waiting.pop()
        other = _elsewhere(compared, sign, fact.name, low, high)
        if other is not None:
            change = _first_change(sign, low, other)
            found.add(change)
            waiting += [(low, change - 1), (change, high)]
    return found


def _elsewhere(
    compared: linear.Comparison | None, sign: Callable[[int], int], name: str, low: int, high: int
) -> int | None:
    """A number between two others at which the sign is not that at the first."""
    here = sign(low)
    if sign(high) != here:
        return high
    for wanted in {0, 1, 2} - {here} if compared is not None else ():
        solved = linear.solve([(compared, wanted)], {name: (low, high)})  # type: ignore[list-item]
        if solved and name in solved and sign(solved[name]) != here:
            return solved[name]
    return None


def _first_change(sign: Callable[[int], int], low: int, high: int) -> int:
    """A number up to which the sign is that at ``low``, and at which it is not."""
    here = sign(low)
    while high - low > 1:
        middle = (low + high) // 2
        if sign(middle) == here:
            low = middle
        else:
            high = middle
    return high
