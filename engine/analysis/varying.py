"""What if: how the outcomes move as one fact varies, or two."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

from engine.analysis.loans import known_facts
from engine.evaluation.breakpoints import spans
from engine.evaluation.changes import Change, nearest_changes
from engine.evaluation.decide import Decider
from engine.evaluation.record import Answer, Record
from engine.evaluation.variables import encode
from engine.model import ORDERED, Fact, Value
from engine.problems import InputError

MAX_TOGETHER = 12
"""The values of an enum with more of them are put together where they lead to the same."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """Some values of a fact: all from ``low`` to ``high``, or those in ``values``."""

    fact: Fact
    low: Value
    high: Value
    values: tuple[Value, ...] = ()

    @property
    def ends(self) -> tuple[Value, Value]:
        """The first and the last of its values."""
        return self.low, self.high


@dataclass(frozen=True, slots=True)
class Point:
    """What is decided for one stretch of each varied fact: at its low end and at its high end
    (the same record where there is one value). ``refused`` says why there is no such loan."""

    stretches: tuple[Stretch, ...]
    low: Record | None
    high: Record | None
    refused: str = ""


@dataclass(frozen=True, slots=True)
class Variation:
    """A loan, how its decisions move as facts vary, and the nearest changes that would flip those
    that are decided."""

    base: Record
    facts: tuple[Fact, ...]
    points: tuple[Point, ...]
    changes: Mapping[str, Sequence[Change]]

    @property
    def moving(self) -> list[str]:
        """The decisions that are not the same in all points."""
        return [
            name
            for name in self.base.answers
            if len({_outcome(record.answers[name]) for record in self._records()}) > 1
        ]

    def _records(self) -> list[Record]:
        found = [record for point in self.points for record in (point.low, point.high)]
        return [record for record in found if record is not None]


def vary(
    decider: Decider,
    facts: Mapping[str, Value],
    varied: Mapping[str, Sequence[Value]],
    *,
    wanted: Collection[str],
    strict: bool = False,
) -> Variation:
    """Decide a loan again and again while some of its facts vary.

    ``varied`` holds the values to try of each, or none: then all values of an enum or a boolean,
    and of an amount, a number or a day each stretch between the places where an outcome changes.
    Raises ``InputError`` for facts that can't be used.
    """
    base = decider.decide(facts, strict=strict, only=wanted)
    fixed = {name: value for name, value in facts.items() if name not in varied}
    axes = [_axis(decider, [base.known], name, values, wanted) for name, values in varied.items()]
    if len(axes) == 2:  # what divides the one may hang on the other
        for number, (name, values) in enumerate(varied.items()):
            across = [_situation(decider, fixed, each, strict) for each in axes[1 - number]]
            axes[number] = _axis(decider, across, name, values, wanted)
    points = [_point(decider, fixed, each, wanted, strict) for each in product(*axes)]
    for number, values in enumerate(varied.values()):
        if not values:
            points = _joined(points, number)
    changes = {name: nearest_changes(decider, base, name) for name in base.answers}
    rulebase = decider.rulebase
    return Variation(base, tuple(rulebase.facts[n] for n in varied), tuple(points), changes)


def _situation(
    decider: Decider, fixed: Mapping[str, Value], stretch: Stretch, strict: bool
) -> dict[str, Value]:
    """What is known with one fact at the beginning of a stretch."""
    given = {**fixed, stretch.fact.name: stretch.low}
    return given if strict else known_facts(decider.presumptions, given)


def _axis(
    decider: Decider,
    situations: Sequence[Mapping[str, Value]],
    name: str,
    values: Sequence[Value],
    wanted: Collection[str],
) -> list[Stretch]:
    """The stretches of one fact, in their order."""
    fact = decider.rulebase.facts[name]
    if not values and fact.type in ORDERED:
        found = spans(decider, situations, name, wanted)
        return [Stretch(fact, low, high) for low, high in found]
    every: Sequence[Value] = values or (
        tuple(fact.values) if fact.type == "enum" else (False, True)
    )
    return [Stretch(fact, value, value, (value,)) for value in every]


def _point(
    decider: Decider,
    fixed: Mapping[str, Value],
    stretches: tuple[Stretch, ...],
    wanted: Collection[str],
    strict: bool,
) -> Point:
    low = {stretch.fact.name: stretch.low for stretch in stretches}
    high = {stretch.fact.name: stretch.high for stretch in stretches}
    try:
        first = decider.decide({**fixed, **low}, strict=strict, only=wanted)
        last = first
        if low != high:
            last = decider.decide({**fixed, **high}, strict=strict, only=wanted)
    except InputError as error:
        return Point(stretches, None, None, error.problems[0].message)
    return Point(stretches, first, last)


# ---- what leads to the same -------------------------------------------------------------------


def _joined(points: Sequence[Point], axis: int) -> list[Point]:
    """The points with stretches of one fact put together that lead to the same, whatever the other
    fact is: neighbours, and of an enum with many values, wherever they stand."""
    lines: dict[tuple[Value, Value], list[Point]] = {}
    for point in points:
        lines.setdefault(point.stretches[axis].ends, []).append(point)
    ordered = not points[0].stretches[axis].values
    many = not ordered and len(lines) > MAX_TOGETHER
    joined: list[list[Point]] = []
    for line in lines.values():
        for number in range(len(joined) - 1, -1, -1) if many or ordered else ():
            pairs = list(zip(joined[number], line, strict=True))
            if all(_alike(*pair, axis) for pair in pairs):
                joined[number] = [_both(*pair, axis) for pair in pairs]
                break
            if ordered:
                joined.append(line)
                break
        else:
            joined.append(line)
    if axis == 0:
        return [point for line in joined for point in line]
    return [point for row in zip(*joined, strict=True) for point in row]


def _both(first: Point, second: Point, axis: int) -> Point:
    a, b = first.stretches[axis], second.stretches[axis]
    stretch = Stretch(a.fact, a.low, b.high, (*a.values, *b.values))
    stretches = (*first.stretches[:axis], stretch, *first.stretches[axis + 1 :])
    return Point(stretches, first.low, second.high, first.refused)


def _alike(first: Point, second: Point, axis: int) -> bool:
    """Whether nothing changes between two points: each decision has one outcome throughout, or
    moves along one line by the same rules."""
    if first.low is None or first.high is None or second.low is None or second.high is None:
        return first.refused == second.refused != ""
    a, b = first.stretches[axis], second.stretches[axis]
    places = () if a.values else tuple(encode(v, a.fact.type) for v in (*a.ends, *b.ends))
    records = (first.low, first.high, second.low, second.high)
    return all(
        _steady([record.answers[name] for record in records], places) for name in first.low.answers
    )


def _steady(answers: Sequence[Answer], places: Sequence[int]) -> bool:
    """Whether four answers are the same, or lie, at four places, on lines of one slope: from the
    first to the third and from the second to the fourth."""
    if len({_outcome(answer) for answer in answers}) == 1:
        return True
    kind = answers[0].decision.type
    rules = {tuple(rule.id for rule in answer.rules) for answer in answers}
    values = [encode(a.value, kind) for a in answers if a.value is not None and kind in ORDERED]
    if len(rules) > 1 or len(values) < len(answers) or not places:
        return False
    (a, b, c, d), (v, w, x, y) = places, values
    return (x - v) * (d - b) == (y - w) * (c - a)


def _outcome(answer: Answer) -> object:
    """What an answer comes to, for comparing."""
    return answer.status, answer.value, frozenset(p.outcome for p in answer.possible)
