"""The variables of the diagrams: each fact's domain, cut into the classes the rules can tell apart.

Inside, every ordered value is an integer: cents for money, millionths for decimals, the day's
ordinal for dates. A class of an ordered fact is a closed interval of such integers; a class of an
enum or a boolean is a group of its values.
"""

from __future__ import annotations

import datetime
import math
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial
from typing import cast

from engine.memory import MANY_PACKS, Made
from engine.model import (
    ORDERED,
    Arithmetic,
    Bound,
    Compare,
    Condition,
    Constant,
    Extreme,
    Fact,
    Formula,
    OneOf,
    Ref,
    Rounded,
    Rulebase,
    Shift,
    Term,
    Value,
)
from engine.trees import atoms, names_in, names_of
from engine.values import FIRST_DAY, LAST_DAY, MAX_MONEY, MAX_NUMBER

SCALE: Mapping[str, int] = {"money": 100, "decimal": 1_000_000, "integer": 1, "date": 1}


def encode(value: Value, kind: str) -> int:
    """An ordered value as its integer."""
    if kind == "date":
        return cast(datetime.date, value).toordinal()
    return int(cast(Decimal, value) * SCALE[kind])


def decode(number: int, kind: str) -> Value:
    """The value that an integer stands for."""
    if kind == "date":
        return datetime.date.fromordinal(number)
    if kind == "integer":
        return number
    return Decimal(number).scaleb(-2 if kind == "money" else -6)


def domain(fact: Fact) -> tuple[int, int]:
    """The least and the greatest integer that an ordered fact can have."""
    if fact.type == "date":
        low, high = FIRST_DAY.toordinal(), LAST_DAY.toordinal()
    elif fact.type == "money":
        low, high = 0, int(MAX_MONEY * 100)
    else:
        high = int(MAX_NUMBER) * SCALE[fact.type]
        low = -high
    if fact.at_least is not None:
        low = encode(fact.at_least, fact.type)
    if fact.at_most is not None:
        high = encode(fact.at_most, fact.type)
    return low, high


_A_DAY = datetime.date(2010, 1, 4).toordinal()


def typical(low: int, high: int, kind: str) -> int:
    """A number of a span that reads well: zero (of days, one in our time) where it can be, else the
    end that is nearer to it."""
    middle = _A_DAY if kind == "date" else 0
    return middle if low <= middle <= high else low if low > middle else high


@dataclass(frozen=True, slots=True)
class FactVariable:
    """One fact. ``groups`` are the classes of an enum or boolean, ``spans`` those of an ordered
    fact; the other of the two is empty. ``uses`` counts the conditions that test it."""

    name: str
    kind: str
    uses: int
    groups: tuple[tuple[Value, ...], ...] = ()
    spans: tuple[tuple[int, int], ...] = ()
    class_of: Mapping[Value, int] = field(default_factory=dict, compare=False)
    cuts: tuple[int, ...] = ()

    @property
    def size(self) -> int:
        """The number of classes."""
        return len(self.groups) or len(self.spans)

    def code(self, value: Value) -> int:
        """The class that a value falls in."""
        if self.groups:
            return self.class_of[value]
        return bisect_right(self.cuts, encode(value, self.kind))

    def example(self, code: int) -> Value:
        """A value of a class that reads well."""
        if self.groups:
            return self.groups[code][0]
        return decode(typical(*self.spans[code], self.kind), self.kind)

    def meeting(self, test: OneOf | Compare) -> frozenset[int]:
        """The classes whose values meet a test of this fact against literals."""
        if isinstance(test, Compare):
            limit = encode(cast(Value, test.limit), self.kind)
            return frozenset(
                i for i, span in enumerate(self.spans) if _within(*span, test.bound, limit)
            )
        if self.groups:
            met = {i for i, group in enumerate(self.groups) if group[0] in test.values}
        else:
            numbers = {encode(value, self.kind) for value in test.values}
            met = {i for i, (low, high) in enumerate(self.spans) if low == high and low in numbers}
        return frozenset(set(range(self.size)) - met if test.negated else met)


def _within(low: int, high: int, bound: Bound, limit: int) -> bool:
    """Whether all of a span meets a bound; the cuts see to it that it's all or nothing."""
    match bound:
        case "less_than":
            return high < limit
        case "at_most":
            return high <= limit
        case "more_than":
            return low > limit
        case "at_least":
            return low >= limit


@dataclass(frozen=True, slots=True)
class SignVariable:
    """How two amounts or days compare: class 0 is less, 1 equal, 2 more. Both sides are formulas
    over facts alone. Where a side divides by a fact there is a class 3: a side has no value."""

    left: Formula
    right: Formula
    facts: frozenset[str]
    size: int


Variable = FactVariable | SignVariable


def all_conditions(rulebase: Rulebase) -> Iterator[Condition]:
    """Every condition that can tell two loans apart, presumptions aside."""
    for rule in rulebase.rules:
        yield rule.when
    for constraint in rulebase.constraints:
        yield constraint.when


WIDE = 25
MANY_CONDITIONS = 10_000
"""Of so many conditions of a pack at least it is remembered what they test."""


def fact_variables(
    conditions: Sequence[tuple[Rulebase, Sequence[Condition]]],
) -> list[FactVariable]:
    """The facts that some condition tests, each condition with the rulebase whose terms it uses, in
    the order of the diagrams: first the fact that divides the pack into sections, then the
    jurisdiction, then the others so that facts tested together stand together; amounts and days of
    very many classes last, since whatever stands below one may stand there that many times. (Of an
    enum of many values each mostly has rules of its own.)"""
    tests: dict[str, list[OneOf | Compare]] = {}
    together: list[frozenset[str]] = []
    facts: dict[str, Fact] = {}
    for rulebase, own in conditions:
        facts = {**rulebase.facts, **facts}
        known = _tested.of(rulebase.terms, lambda _: Made(MANY_CONDITIONS))
        for condition in own:
            named, tested = known.of(condition, partial(_tests_in, rulebase.terms))
            together.append(named)
            for test in tested:
                if test.name in rulebase.facts:
                    tests.setdefault(test.name, []).append(test)
    uses = Counter(name for names in together for name in names)
    found = [
        _variable(fact, uses[name], tests[name]) for name, fact in facts.items() if name in tests
    ]
    first = conditions[0][0].section_fact, conditions[0][0].jurisdiction_fact

    def group(variable: FactVariable) -> tuple[int, bool]:
        front = first.index(variable.name) if variable.name in first else len(first)
        return front, bool(variable.spans) and variable.size > WIDE

    found.sort(key=lambda variable: (*group(variable), -variable.uses))
    places = _beside([one.name for one in found if one.name not in first], together)
    return sorted(found, key=lambda variable: (*group(variable), places.get(variable.name, 0)))


_Tested = tuple[frozenset[str], list[OneOf | Compare]]
"""The facts and decisions that a condition speaks of, and its tests."""

_tested = Made[Mapping[str, Term], Made[Condition, _Tested]](MANY_PACKS)
"""By a pack's terms, which its jurisdictions share as they share most conditions."""


def _tests_in(terms: Mapping[str, Term], condition: Condition) -> _Tested:
    def meant(term: str) -> Condition:
        return terms[term].when

    tests = [atom for atom in atoms(condition, meant) if isinstance(atom, OneOf | Compare)]
    return frozenset(names_of(condition, meant)), tests


def _beside(names: Sequence[str], together: Iterable[frozenset[str]]) -> dict[str, float]:
    """For each of some facts, the most used first, a place that is not far from those it is tested
    with: the middle of its conditions, where a condition stands in the middle of its facts.

    One round of FORCE (Aloul, Markov and Sakallah, 2003) on the logarithms of the ranks by use, so
    that what is used most stays in front. More rounds make larger diagrams, and so do plain ranks.
    """
    ranks = {name: round(math.log1p(rank), 6) for rank, name in enumerate(names)}
    middles: dict[str, list[float]] = {name: [] for name in names}
    for named in together:
        inside = named & ranks.keys()
        if len(inside) > 1:
            middle = math.fsum(ranks[name] for name in inside) / len(inside)
            for name in inside:
                middles[name].append(middle)
    return {
        name: math.fsum(found) / len(found) if found else ranks[name]
        for name, found in middles.items()
    }


def _variable(fact: Fact, uses: int, tests: Iterable[OneOf | Compare]) -> FactVariable:
    if fact.type not in ORDERED:
        return _grouped(fact, uses, [test for test in tests if isinstance(test, OneOf)])
    low, high = domain(fact)
    cuts = set()
    for test in tests:
        if isinstance(test, OneOf):
            for value in test.values:
                number = encode(value, fact.type)
                cuts |= {number, number + 1}
        elif test.limit is not None:
            number = encode(test.limit, fact.type)
            cuts.add(number if test.bound in ("less_than", "at_least") else number + 1)
    inside = tuple(sorted(cut for cut in cuts if low < cut <= high))
    starts, ends = (low, *inside), (*(cut - 1 for cut in inside), high)
    return FactVariable(
        fact.name, fact.type, uses, spans=tuple(zip(starts, ends, strict=True)), cuts=inside
    )


def _grouped(fact: Fact, uses: int, tests: list[OneOf]) -> FactVariable:
    values: Iterable[Value] = fact.values if fact.type == "enum" else (False, True)
    groups: dict[tuple[bool, ...], list[Value]] = {}
    apart = dict.fromkeys(test.values for test in tests)
    for value in values:
        signature = tuple([value in each for each in apart])
        groups.setdefault(signature, []).append(value)
    classes = tuple(map(tuple, groups.values()))
    class_of = {value: i for i, group in enumerate(classes) for value in group}
    return FactVariable(fact.name, fact.type, uses, groups=classes, class_of=class_of)


def sign_variable(left: Formula, right: Formula) -> SignVariable:
    """The variable that compares two formulas over facts."""
    facts = frozenset((*names_in(left), *names_in(right)))
    return SignVariable(left, right, facts, 4 if divides(left) or divides(right) else 3)


def divides(formula: Formula) -> bool:
    """Whether a formula divides by something that may be zero."""
    match formula:
        case Arithmetic(op, left, right):
            risky = op == "/" and not (isinstance(right, Constant) and right.value)
            return risky or divides(left) or divides(right)
        case Extreme(_, parts):
            return any(map(divides, parts))
        case Shift(part, _, _) | Rounded(part, _):
            return divides(part)
        case Constant() | Ref():
            return False
