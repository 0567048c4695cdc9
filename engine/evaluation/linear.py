"""Can some amounts and days meet some comparisons at once, and which do?

A small exact solver over whole numbers: each comparison becomes linear rows, bounds are propagated,
and what is left is settled by Fourier and Motzkin's elimination. It errs on one side only:
"impossible" is always right; where it can't tell, as for a product of two unknown amounts or a
system beyond its budget, it says "possible".
"""

from __future__ import annotations

import datetime
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from typing import cast

from engine.evaluation.amounts import NoValue, shift
from engine.evaluation.variables import SCALE
from engine.model import Arithmetic, Constant, Extreme, Fact, Formula, Ref, Rounded, Shift, Value
from engine.values import PLACES

MAX_ROWS = 60
"""Elimination stops here; the systems that rules lead to have a handful of rows."""
MAX_CASES = 256
"""So many combinations of ``min`` and ``max`` cases are tried before it is left open."""
MAX_PIECES = 64
ROUNDS = 12

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Linear:
    """``sum(weights[x] * x) + constant`` over the integers that stand for the facts."""

    weights: Mapping[str, Fraction] = field(default_factory=dict)
    constant: Fraction = Fraction(0)

    def plus(self, other: Linear, times: Fraction = Fraction(1)) -> Linear:
        """This form and another so many times."""
        weights = dict(self.weights)
        for name, weight in other.weights.items():
            weights[name] = weights.get(name, Fraction(0)) + weight * times
        kept = {name: weight for name, weight in weights.items() if weight}
        return Linear(kept, self.constant + other.constant * times)

    def times(self, factor: Fraction) -> Linear:
        """This form multiplied."""
        return Linear().plus(self, factor)


@dataclass(frozen=True, slots=True)
class Row:
    """``sum(weights[x] * x) + constant <= 0`` over whole numbers, with whole weights."""

    weights: Mapping[str, int]
    constant: int


Piece = tuple[tuple[Row, ...], Linear]
"""A linear form, and the rows under which it holds."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """The difference of two formulas as linear pieces, and the spans of the helpers in them."""

    pieces: tuple[Piece, ...]
    helpers: Mapping[str, Span]


class _NotLinear(Exception):
    """A formula that is no piecewise linear form in its unknown facts."""


def comparison(
    left: Formula, right: Formula, known: Mapping[str, int], facts: Mapping[str, Fact], name: str
) -> Comparison | None:
    """``left - right`` as linear pieces over the unknown facts; None where it is not linear.

    ``known`` holds the integers of the known facts; ``name`` keeps helpers of several comparisons
    apart.
    """
    return _Former(known, facts, name).form(left, right)


def solve(
    signs: Sequence[tuple[Comparison, int]], spans: Mapping[str, Span]
) -> dict[str, int] | None:
    """Integers within ``spans`` under which each comparison has its sign (0 less, 1 equal, 2 more),
    or None if there are none. An empty mapping: none were found, but they can't be ruled out."""
    options: list[list[tuple[Row, ...]]] = []
    bounds = dict(spans)
    for compared, sign in signs:
        bounds.update(compared.helpers)
        options.append([rows + _signed(form, sign) for rows, form in compared.pieces])
    options.sort(key=len)
    search = _Search(options)
    answer = search.run(0, [], bounds)
    if answer is not None:
        return {name: value for name, value in answer.items() if name in spans}
    return {} if search.undecided else None


# ---- formulas to linear pieces ----------------------------------------------------------------


class _Former:
    def __init__(self, known: Mapping[str, int], facts: Mapping[str, Fact], name: str) -> None:
        self._known = known
        self._facts = facts
        self._name = name
        self._helpers: dict[str, Span] = {}

    def form(self, left: Formula, right: Formula) -> Comparison | None:
        try:
            pieces = [
                (rows + more, a.plus(b, Fraction(-1)))
                for rows, a in self._pieces(left)
                for more, b in self._pieces(right)
            ]
        except (_NotLinear, NoValue):
            return None
        return Comparison(tuple(pieces), self._helpers) if len(pieces) <= MAX_PIECES else None

    def _pieces(self, formula: Formula) -> list[Piece]:
        match formula:
            case Constant(value):
                return [((), Linear(constant=_number(value)))]
            case Ref(name):
                scale = Fraction(1, SCALE[self._facts[name].type])
                if name in self._known:
                    return [((), Linear(constant=self._known[name] * scale))]
                return [((), Linear({name: scale}))]
            case Arithmetic(op, left, right):
                return [
                    (rows + more, _arithmetic(op, a, b))
                    for rows, a in self._pieces(left)
                    for more, b in self._pieces(right)
                ]
            case Extreme(which, parts):
                return self._extreme(which, parts)
            case Shift(base, count, unit):
                return [
                    (rows, self._shifted(form, count, unit)) for rows, form in self._pieces(base)
                ]
            case Rounded(part, kind):
                return [
                    self._rounded(rows, form, PLACES[kind]) for rows, form in self._pieces(part)
                ]

    def _extreme(self, which: str, parts: Sequence[Formula]) -> list[Piece]:
        """One piece for each part that may be the least (or greatest), under rows that say so."""
        forms = [self._pieces(part) for part in parts]
        if math.prod(map(len, forms)) * len(forms) > MAX_PIECES:
            raise _NotLinear
        found: list[Piece] = []
        for chosen in _choices(forms):
            shared = tuple(row for rows, _ in chosen for row in rows)
            for i, (_, form) in enumerate(chosen):
                towards = Fraction(1 if which == "min" else -1)
                rows = tuple(
                    _row(form.plus(other, Fraction(-1)).times(towards))
                    for j, (_, other) in enumerate(chosen)
                    if j != i
                )
                if not any(not row.weights and row.constant > 0 for row in rows):
                    found.append((shared + rows, form))
        return found

    def _shifted(self, form: Linear, count: int, unit: str) -> Linear:
        if unit in ("days", "weeks"):
            return form.plus(Linear(constant=Fraction(count * (7 if unit == "weeks" else 1))))
        months = count * (12 if unit == "years" else 1)
        if not form.weights:
            day = datetime.date.fromordinal(int(form.constant))
            return Linear(constant=Fraction(shift(day, count, unit).toordinal()))
        # So many months together are never further than three days from their mean length.
        mean = months * 146_097 // 4_800
        return form.plus(self._helper(mean - 3, mean + 4))

    def _rounded(self, rows: tuple[Row, ...], form: Linear, places: int) -> Piece:
        """The form rounded: a whole number of units, at most half a unit away."""
        unit = Fraction(10**places)
        if all((x * unit).denominator == 1 for x in (*form.weights.values(), form.constant)):
            return rows, form
        if not form.weights:
            whole = Fraction(math.floor(abs(form.constant) * unit + Fraction(1, 2))) / unit
            return rows, Linear(constant=whole if form.constant >= 0 else -whole)
        helper = self._helper(-(10**18), 10**18)
        half = Linear(constant=Fraction(-1, 2))
        above = helper.plus(form, -unit).plus(half)
        below = form.times(unit).plus(helper, Fraction(-1)).plus(half)
        return (*rows, _row(above), _row(below)), helper.times(1 / unit)

    def _helper(self, low: int, high: int) -> Linear:
        name = f"~{self._name}.{len(self._helpers)}"
        self._helpers[name] = (low, high)
        return Linear({name: Fraction(1)})


def _number(value: Value) -> Fraction:
    if isinstance(value, datetime.date):
        return Fraction(value.toordinal())
    return Fraction(cast(Decimal, value))


def _arithmetic(op: str, a: Linear, b: Linear) -> Linear:
    if op in "+-":
        return a.plus(b, Fraction(1 if op == "+" else -1))
    if op == "*" and not a.weights:
        return b.times(a.constant)
    if op == "*" and not b.weights:
        return a.times(b.constant)
    if op == "/" and not b.weights and b.constant:
        return a.times(1 / b.constant)
    raise _NotLinear


def _choices(options: Sequence[list[Piece]]) -> Iterator[list[Piece]]:
    if not options:
        yield []
        return
    for first in options[0]:
        for rest in _choices(options[1:]):
            yield [first, *rest]


# ---- rows -------------------------------------------------------------------------------------


def _signed(form: Linear, sign: int) -> tuple[Row, ...]:
    if sign == 0:
        return (_row(form, strict=True),)
    if sign == 2:
        return (_row(form.times(Fraction(-1)), strict=True),)
    return (_row(form), _row(form.times(Fraction(-1))))


def _row(form: Linear, strict: bool = False) -> Row:
    """``form <= 0`` (or ``< 0``) over whole numbers."""
    scale = math.lcm(form.constant.denominator, *(w.denominator for w in form.weights.values()))
    weights = {name: int(weight * scale) for name, weight in form.weights.items()}
    return _tightened(weights, int(form.constant * scale) + (1 if strict else 0))


def _tightened(weights: dict[str, int], constant: int) -> Row:
    """The row divided by what its weights share; the constant moves to the next whole number."""
    divisor = math.gcd(*weights.values()) if weights else 1
    if divisor > 1:
        weights = {name: weight // divisor for name, weight in weights.items()}
        constant = -(-constant // divisor)
    return Row(weights, constant)


# ---- search -----------------------------------------------------------------------------------


class _Search:
    """Cases of the comparisons in turn, given up as soon as bounds alone rule them out."""

    def __init__(self, options: Sequence[Sequence[tuple[Row, ...]]]) -> None:
        self._options = options
        self._cases = 0
        self.undecided = False

    def run(self, at: int, rows: list[Row], spans: Mapping[str, Span]) -> dict[str, int] | None:
        if at == len(self._options):
            return self._settle(rows, spans)
        for case in self._options[at]:
            self._cases += 1
            if self._cases > MAX_CASES:
                self.undecided = True
                return None
            together = [*rows, *case]
            narrowed = _propagate(together, spans)
            if narrowed is None:
                continue
            answer = self.run(at + 1, together, narrowed)
            if answer is not None:
                return answer
        return None

    def _settle(self, rows: Sequence[Row], spans: Mapping[str, Span]) -> dict[str, int] | None:
        answer = _eliminated(rows, spans)
        if answer is None:
            return None
        if not answer and any(row.weights for row in rows):
            self.undecided = True
            return None
        rest = {name: span[0] for name, span in spans.items() if name not in answer}
        return answer | rest


def _propagate(rows: Sequence[Row], spans: Mapping[str, Span]) -> dict[str, Span] | None:
    """The spans narrowed by each row on its own, or None where a span becomes empty."""
    found = dict(spans)
    for _ in range(ROUNDS):
        changed = False
        for row in rows:
            least = row.constant
            for name, weight in row.weights.items():
                low, high = found[name]
                least += weight * (low if weight > 0 else high)
            if least > 0:
                return None
            for name, weight in row.weights.items():
                low, high = found[name]
                # What the others leave for this one: weight * x <= weight * end - least.
                if weight > 0:
                    limit = low + (-least) // weight
                    if limit < high:
                        found[name], changed = (low, limit), True
                else:
                    limit = high - (-least) // -weight
                    if limit > low:
                        found[name], changed = (limit, high), True
        if not changed:
            break
    return found


def _eliminated(rows: Sequence[Row], spans: Mapping[str, Span]) -> dict[str, int] | None:
    """Whole numbers that meet the rows; None if there are none, empty if none were found."""
    names = {name for row in rows for name in row.weights}
    system = [row for row in rows if row.weights]
    for name in names:
        low, high = spans[name]
        system += [Row({name: -1}, low), Row({name: 1}, -high)]
    steps: list[tuple[str, list[Row]]] = []
    while names:
        name = min(names, key=lambda n: (_cost(n, system), n))
        names.discard(name)
        involved = [row for row in system if name in row.weights]
        steps.append((name, involved))
        system = _reduced([r for r in system if name not in r.weights] + _without(name, involved))
        if any(not row.weights and row.constant > 0 for row in system):
            return None
        if len(system) > MAX_ROWS:
            return {}
    return _back(steps)


def _cost(name: str, rows: Sequence[Row]) -> int:
    upper = sum(1 for row in rows if row.weights.get(name, 0) > 0)
    lower = sum(1 for row in rows if row.weights.get(name, 0) < 0)
    return upper * lower - upper - lower


def _without(name: str, rows: Sequence[Row]) -> list[Row]:
    found = []
    for a in (row for row in rows if row.weights[name] > 0):
        for b in (row for row in rows if row.weights[name] < 0):
            times_a, times_b = -b.weights[name], a.weights[name]
            weights = {n: w * times_a for n, w in a.weights.items()}
            for n, w in b.weights.items():
                weights[n] = weights.get(n, 0) + w * times_b
            kept = {n: w for n, w in weights.items() if w}
            found.append(_tightened(kept, a.constant * times_a + b.constant * times_b))
    return found


def _reduced(rows: Sequence[Row]) -> list[Row]:
    """Of rows with the same weights the strictest."""
    best: dict[frozenset[tuple[str, int]], Row] = {}
    for row in rows:
        key = frozenset(row.weights.items())
        if key not in best or best[key].constant < row.constant:
            best[key] = row
    return list(best.values())


def _back(steps: Sequence[tuple[str, list[Row]]]) -> dict[str, int]:
    """Whole numbers from the eliminated rows, last first; empty where rounding finds none."""
    values: dict[str, int] = {}
    for name, rows in reversed(steps):
        lows, highs = [], []
        for row in rows:
            weight = row.weights[name]
            rest = row.constant + sum(
                w * values[other] for other, w in row.weights.items() if other != name
            )
            if weight > 0:
                highs.append(-rest // weight)
            else:
                lows.append(-(-rest // -weight))
        low, high = max(lows), min(highs)
        if low > high:
            return {}
        values[name] = low
    return values
