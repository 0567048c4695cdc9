"""Random rulebases and random facts, for tests that compare one evaluator with another.

The same seed gives the same rulebase on every machine. A rulebase is valid by construction: typed,
its exceptions without a circle, its decisions in the order in which they require one another. Some
are divided into sections.
"""

from __future__ import annotations

import datetime
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Literal

from engine.model import (
    NUMERIC,
    ORDERED,
    All,
    AnyOf,
    Arithmetic,
    Authority,
    Bound,
    Compare,
    Condition,
    Constant,
    Constraint,
    Decision,
    DecisionType,
    Effective,
    Extreme,
    Fact,
    Formula,
    HitPolicy,
    Not,
    OneOf,
    PolicyKind,
    Ref,
    Rule,
    Rulebase,
    Shift,
    Term,
    TermHolds,
    Value,
)
from tests.completions import leaves, points, references
from tests.oracle import holds

POLICIES: Mapping[DecisionType, tuple[PolicyKind, ...]] = {
    "enum": ("unique", "unique", "priority"),
    "boolean": ("unique",),
    "set": ("collect",),
    "integer": ("unique", "min", "max", "sum"),
    "decimal": ("min", "max", "sum"),
    "money": ("unique", "min", "max", "sum", "sum"),
    "date": ("unique", "min", "max"),
}
BOUNDS: tuple[Bound, ...] = ("less_than", "at_most", "more_than", "at_least")
FIRST_DAY = datetime.date(2008, 1, 29)


def rulebase(seed: int) -> Rulebase:
    """The random rulebase number ``seed``: 3 to 8 facts, 1 to 4 decisions, 1 to 6 rules each."""
    return _Builder(random.Random(seed)).rulebase(seed)


def facts(rulebase: Rulebase, rng: random.Random, missing: float) -> dict[str, Value]:
    """One random fact set; see :class:`Sampler`, which is faster for many."""
    return Sampler(rulebase).draw(rng, missing)


@dataclass
class _Builder:
    rng: random.Random
    facts: dict[str, Fact] = field(default_factory=dict)
    terms: dict[str, Term] = field(default_factory=dict)
    decisions: dict[str, Decision] = field(default_factory=dict)
    rules: list[Rule] = field(default_factory=list)

    def rulebase(self, seed: int) -> Rulebase:
        rng = self.rng
        for number in range(rng.randint(3, 8)):
            fact = self.fact(number)
            self.facts[fact.name] = fact
        for number in range(rng.randint(0, 2)):
            name = f"term_{number}"
            self.terms[name] = Term(name, name, self.condition(2, decisions=False))
        constraints = tuple(
            Constraint(
                name=f"constraint_{number}",
                because="a random fact of life",
                when=AnyOf((Not(self.condition(1, False)), self.condition(1, False))),
            )
            for number in range(rng.choice((0, 0, 1, 2)))
        )
        for number in range(rng.randint(1, 4)):
            self.decide(number)
        made = Rulebase(
            name=f"random-{seed}",
            version="1.0.0",
            title=f"Random pack {seed}",
            digest=f"{seed:064x}",
            root="",
            facts=self.facts,
            terms=self.terms,
            constraints=constraints,
            presumptions=(),
            decisions=self.decisions,
            rules=tuple(self.rules),
        )
        if not _has_loans(made):
            made = replace(made, constraints=())
        self.rng = random.Random(f"sections of {seed}")  # the rest is as it would be without
        divided = self.divided(made)
        return divided if _has_loans(divided) else made

    def divided(self, made: Rulebase) -> Rulebase:
        """The same or, of nearly every second, divided by a fact into kinds of loans; constraints say
        what holds of the loans of some kinds, and what follows from that."""
        rng = self.rng
        facts = [fact for fact in self.facts.values() if fact.type in ("enum", "boolean")]
        if not facts or rng.random() < 0.55:
            return made
        fact = rng.choice(facts)
        kinds: list[Value] = [False, True] if fact.type == "boolean" else list(fact.values)
        ties = []
        for number in range(rng.randint(1, 4)):
            some = rng.sample(kinds, rng.randint(1, max(1, len(kinds) - 1)))
            premise = OneOf(fact.name, tuple(some)) if rng.random() < 0.7 else self.test(False)
            when = AnyOf((Not(premise), self.test(False)))
            ties.append(Constraint(f"tie_{number}", "a random fact of life", when))
        return replace(made, constraints=(*made.constraints, *ties), section_fact=fact.name)

    def fact(self, number: int) -> Fact:
        kinds: tuple[Literal["enum", "boolean", "integer", "money", "date"], ...]
        kinds = ("enum", "enum", "boolean", "integer", "money", "money", "date", "date")
        kind = self.rng.choice(kinds)
        name = f"{kind}_{number}"
        values: dict[str, str] = {}
        low: Value | None = None
        high: Value | None = None
        if kind == "enum":
            values = {f"v{i}": f"Value {i}" for i in range(self.rng.randint(2, 5))}
        elif kind == "integer":
            low, high = self.rng.choice(((0, 9), (1, None), (None, None), (None, 6)))
        elif kind == "money":
            low = Decimal(0)
        return Fact(name, kind, f"Fact {number}", f"What is {name}?", values, low, high)

    def literal(self, kind: str, values: Mapping[str, str] | None = None) -> Value:
        """A literal from a small range, so that bounds often meet or follow one another."""
        rng = self.rng
        if kind == "enum":
            return rng.choice(list(values or {}))
        if kind == "set":
            names = list(values or {})
            return frozenset(rng.sample(names, rng.randint(1, len(names))))
        if kind == "boolean":
            return rng.random() < 0.5
        if kind == "integer":
            return rng.randint(0, 6)
        if kind == "date":
            return FIRST_DAY + datetime.timedelta(days=rng.choice((0, 1, 2, 31, 32, 33, 60, 1491)))
        cents = rng.choice((0, 1, 2, 100, 10_000, 10_001, 33_333, 100_000))
        return Decimal(cents) / 100 if kind == "money" else Decimal(cents) / 1000

    # ---- conditions

    def condition(self, depth: int, decisions: bool = True) -> Condition:
        roll = self.rng.random()
        if depth <= 0 or roll < 0.35:
            return self.test(decisions)
        if roll < 0.45:
            return Not(self.condition(depth - 1, decisions))
        parts = tuple(self.condition(depth - 1, decisions) for _ in range(self.rng.randint(2, 3)))
        return All(parts) if roll < 0.75 else AnyOf(parts)

    def test(self, decisions: bool) -> Condition:
        rng = self.rng
        if decisions and self.terms and rng.random() < 0.15:
            return TermHolds(rng.choice(list(self.terms)))
        names: list[Fact | Decision] = list(self.facts.values())
        if decisions and self.decisions and rng.random() < 0.4:
            names = list(self.decisions.values())
        subject = rng.choice(names)
        if subject.type in ORDERED and rng.random() < 0.85:
            return self.comparison(subject, decisions)
        kind = "enum" if subject.type == "set" else subject.type
        count = 1 if kind == "boolean" else rng.randint(1, 2)
        chosen = dict.fromkeys(self.literal(kind, subject.values) for _ in range(count))
        return OneOf(subject.name, tuple(chosen), negated=rng.random() < 0.3)

    def comparison(self, subject: Fact | Decision, decisions: bool) -> Condition:
        rng = self.rng
        others = [f.name for f in self.facts.values() if f.type == subject.type]
        if decisions:
            others += [d.name for d in self.decisions.values() if d.type == subject.type]
        others = [name for name in others if name != subject.name]
        bound = rng.choice(BOUNDS)
        if others and rng.random() < 0.35:
            return Compare(subject.name, bound, limit_name=rng.choice(others))
        test = Compare(subject.name, bound, limit=self.literal(subject.type))
        if rng.random() < 0.3:  # a range, perhaps an empty one
            low, high = self.literal(subject.type), self.literal(subject.type)
            return All(
                (Compare(subject.name, "at_least", low), Compare(subject.name, "less_than", high))
            )
        return test

    # ---- formulas

    def names(self, *kinds: str) -> list[Formula]:
        known: list[Fact | Decision] = [*self.facts.values(), *self.decisions.values()]
        return [Ref(one.name) for one in known if one.type in kinds]

    def money(self, depth: int) -> Formula:
        rng = self.rng
        refs = self.names("money")
        roll = rng.random()
        if depth <= 0 or roll < 0.3:
            return rng.choice(refs) if refs and rng.random() < 0.8 else self.constant("money")
        if roll < 0.65:
            return Arithmetic(rng.choice(("+", "-")), self.money(depth - 1), self.money(depth - 1))
        if roll < 0.85:
            return self.scaled(self.money(depth - 1), self.number(depth - 1))
        return Extreme(rng.choice(("min", "max")), (self.money(depth - 1), self.money(depth - 1)))

    def number(self, depth: int) -> Formula:
        rng = self.rng
        refs = self.names("integer", "decimal")
        roll = rng.random()
        if depth <= 0 or roll < 0.4:
            return rng.choice(refs) if refs and rng.random() < 0.7 else self.constant("decimal")
        if roll < 0.55 and self.names("money"):
            money = self.names("money")
            return Arithmetic("/", rng.choice(money), rng.choice(money))
        if roll < 0.9:
            left, right = self.number(depth - 1), self.number(depth - 1)
            if rng.random() < 0.5:
                return self.scaled(left, right)
            return Arithmetic(rng.choice(("+", "-")), left, right)
        return Extreme(rng.choice(("min", "max")), (self.number(depth - 1), self.number(depth - 1)))

    def scaled(self, left: Formula, right: Formula) -> Formula:
        """The language refuses a literal zero as a divisor; any other zero it must cope with."""
        zero = isinstance(right, Constant) and right.value == 0
        return Arithmetic("*" if zero else self.rng.choice(("*", "/")), left, right)

    def constant(self, kind: str) -> Formula:
        value = self.literal(kind)
        return Constant(value if value else Decimal(3))

    def formula(self, kind: DecisionType, values: Mapping[str, str]) -> Formula:
        """What a rule gives: a literal, or often a formula where the type allows one."""
        if self.rng.random() < 0.4 or kind not in ORDERED:
            return Constant(self.literal(kind, values))
        if kind == "date":
            days = self.names("date")
            if not days:
                return Constant(self.literal(kind))
            count = self.rng.choice((-13, -10, -1, 1, 1, 3, 12))
            units: tuple[Literal["days", "weeks", "months", "years"], ...]
            units = ("days", "weeks", "months", "years")
            start = self.rng.choice(days)
            return start if count == -10 else Shift(start, count, self.rng.choice(units))
        return self.money(2) if kind == "money" else self.number(2)

    # ---- decisions

    def decide(self, number: int) -> None:
        rng = self.rng
        kind = rng.choice(tuple(POLICIES))
        name = f"decision_{number}"
        values = {}
        if kind in ("enum", "set"):
            values = {f"w{i}": f"Outcome {i}" for i in range(rng.randint(2, 4))}
        policy: PolicyKind = rng.choice(POLICIES[kind])
        order = tuple(rng.sample(list(values), len(values))) if policy == "priority" else ()
        rules: list[Rule] = []
        for place in range(rng.randint(1, 6)):
            rules.append(self.rule(name, kind, values, place, rules))
        otherwise = self.formula(kind, values) if rng.random() < 0.5 else None
        floor: Value | None = None
        if kind in NUMERIC and rng.random() < 0.5:
            floor = 0 if kind == "integer" else Decimal(0)
        used = {leaf_name for rule in rules for leaf_name in self.used(rule)}
        used |= set(references(otherwise)) if otherwise else set()
        self.rules += rules
        self.decisions[name] = Decision(
            name=name,
            type=kind,
            label=f"Decision {number}",
            values=values,
            policy=HitPolicy(policy, order),
            otherwise=otherwise,
            otherwise_because="nothing else is known" if otherwise else "",
            at_least=floor,
            requires=tuple(other for other in self.decisions if other in used),
        )

    def rule(
        self,
        decides: str,
        kind: DecisionType,
        values: Mapping[str, str],
        place: int,
        earlier: list[Rule],
    ) -> Rule:
        rng = self.rng
        when = self.condition(3)
        effective = None
        days = [fact.name for fact in self.facts.values() if fact.type == "date"]
        if days and rng.random() < 0.2:
            start, end = sorted((self.literal("date"), self.literal("date")), key=str)
            assert isinstance(start, datetime.date) and isinstance(end, datetime.date)
            day = rng.choice(days)
            effective = Effective(day, start, end)
            when = All((when, Compare(day, "at_least", start), Compare(day, "at_most", end)))
        overrides = rng.sample(earlier, min(len(earlier), rng.choice((0, 0, 1, 1, 2))))
        return Rule(
            id=f"{decides}.rule-{place}".replace("_", "-"),
            title=f"Rule {place} of {decides}",
            decides=decides,
            when=when,
            then=self.formula(kind, values),
            because="the generator said so",
            authority=Authority("secondary", "generated"),
            exception_to=tuple(rule.id for rule in overrides),
            effective=effective,
        )

    def used(self, rule: Rule) -> set[str]:
        book = _only_terms(self.terms)
        tests = list(leaves(rule.when, book))
        limits = {t.limit_name for t in tests if isinstance(t, Compare) and t.limit_name}
        return {test.name for test in tests} | limits | set(references(rule.then))


def _only_terms(terms: Mapping[str, Term]) -> Rulebase:
    return Rulebase("", "", "", "", "", {}, terms, (), (), {}, ())


# ---- facts ------------------------------------------------------------------------------------


class Sampler:
    """Random fact sets of one rulebase: values on and beside the bounds that its rules test.

    A set that is drawn meets the constraints, or can be completed so that it does.
    """

    def __init__(self, rulebase: Rulebase) -> None:
        self._rulebase = rulebase
        self._points = points(rulebase)
        self._constraints = [
            (constraint.when, sorted(_facts_of(constraint, rulebase)))
            for constraint in rulebase.constraints
        ]

    def draw(self, rng: random.Random, missing: float, attempts: int = 2_000) -> dict[str, Value]:
        """One fact set; with ``missing`` 0 complete, else without each fact so probably.

        Raises ``ValueError`` if no set that meets the constraints can be found.
        """
        complete = {name: _one(rng, values) for name, values in self._points.items()}
        for attempt in range(attempts):
            broken = self._broken(complete)
            if broken is None:
                return {n: v for n, v in complete.items() if not missing or rng.random() >= missing}
            for name in self._points if attempt % 20 == 19 else broken:  # don't walk in a ring
                complete[name] = _one(rng, self._points[name])
        raise ValueError(f"no facts found that meet the constraints of {self._rulebase.name}")

    def _broken(self, complete: Mapping[str, Value]) -> list[str] | None:
        for when, names in self._constraints:
            if not holds(when, complete, self._rulebase):
                return names
        return None


def _has_loans(rulebase: Rulebase) -> bool:
    """Whether loans that meet the constraints are easily drawn."""
    sampler = Sampler(rulebase)
    try:
        for number in range(10):
            sampler.draw(random.Random(number), 0, attempts=200)
    except ValueError:
        return False
    return True


_one: Callable[[random.Random, list[Value]], Value] = random.Random.choice


def _facts_of(constraint: Constraint, rulebase: Rulebase) -> set[str]:
    found = set()
    for leaf in leaves(constraint.when, rulebase):
        found.add(leaf.name)
        if isinstance(leaf, Compare) and leaf.limit_name:
            found.add(leaf.limit_name)
    return found
