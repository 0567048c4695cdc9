"""A rulebase to its diagrams: one for each decision, one for each constraint.

A decision's leaves say what the rules that decide there come to, as sets of rule numbers: of rules
with the same conclusion one stands for all, and under ``priority`` the strongest for the others, so
that a diagram is no larger than its outcomes need. Which rules decide is told by a diagram for each
rule. A leaf is ``Blocked`` where a decision that the decision requires contradicts itself.

A test on another decision is replaced by the region where that decision's diagram makes it true, so
every diagram speaks of facts alone and answers for incomplete facts are exact.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import cast

from engine.evaluation.amounts import evaluate, finish
from engine.evaluation.diagram import Forest
from engine.evaluation.sections import WHOLE, Section, joined, sections
from engine.evaluation.space import SIGNS, Space
from engine.evaluation.variables import FactVariable, Variable, divides
from engine.model import (
    ORDERED,
    All,
    AnyOf,
    Arithmetic,
    Compare,
    Condition,
    Constant,
    Decision,
    Extreme,
    Formula,
    Not,
    OneOf,
    Ref,
    Rounded,
    Rulebase,
    Shift,
    TermHolds,
    Value,
)
from engine.trees import atoms, names_in, names_of


@dataclass(frozen=True, slots=True)
class Blocked:
    """A leaf where the decision has no answer, because one that it requires is in conflict."""

    by: str


@dataclass(frozen=True, slots=True)
class Clash:
    """A leaf where rules that should agree come to different amounts or days."""

    rules: frozenset[int]


Leaf = frozenset[int] | Blocked | Clash


Asked = tuple[Callable[..., object], list[int], list[str]]
"""What picks the classes of the variables that a decision's diagrams ask for from those of all
variables, the levels of the comparisons among them, and the facts in its formulas."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What was worked out for a loan and is the same for every loan that comes the same way down
    the diagrams. Whoever fills it sees that it stays small."""

    live: dict[str, list[tuple[int, int, int, tuple[int, ...]]]] = field(default_factory=dict)
    """By decision: the numbers of its rules that can decide, and where they do: a diagram, its
    level and its children."""
    formulas: dict[tuple[str, object], tuple[Formula, tuple[str, ...]]] = field(
        default_factory=dict
    )
    """By decision and leaf: the one formula that the deciding rules make, and the names in it."""
    asked: dict[str, Asked] = field(default_factory=dict)
    """By decision: what it asks for."""
    number: int = field(default_factory=itertools.count().__next__)
    """Tells these diagrams from all others."""
    conclusions: dict[str, dict[int, int]] = field(default_factory=dict)
    """By decision: for each rule's number that of the first one that concludes the same."""
    order: dict[str, int] = field(default_factory=dict)
    """The places of the facts in the vocabulary."""


@dataclass(frozen=True, slots=True)
class Compiled:
    """A rulebase with its diagrams. What is built does not change, but more may come to it: other
    decisions' diagrams (``grown``), and what questions leave in the forest's memory. Every question
    is answered by a walk."""

    rulebase: Rulebase
    compiler: Sections
    space: Space
    forest: Forest
    variables: Sequence[Variable]
    level_of: Mapping[str, int]
    """The level of each fact that some condition tests."""
    roots: Mapping[str, int]
    """The diagram of each decision."""
    applies: Mapping[str, int]
    """Where each rule applies, by its id."""
    decides: Mapping[str, int]
    """Where each rule applies and no exception of it does, by its id."""
    constraints: tuple[int, ...]
    """The diagrams of the rulebase's constraints, in their order."""
    levels_on: Mapping[str, tuple[int, ...]]
    """For each fact the levels that speak of it: its own and those of its comparisons."""
    compared: frozenset[int]
    """The levels of the facts that some comparison of two facts speaks of."""
    kinds: frozenset[Value]
    """The values of the fact that divides the pack for which alone this was built; empty where it
    holds for all loans."""
    by_kind: frozenset[str]
    """The decisions whose rules ask for that fact, or for one that its value tells something of, or
    that require a decision whose rules do."""
    seconds: float
    """How long the building took."""
    kept: Kept
    """What loans have in common with those before them."""
    built: frozenset[str] = frozenset()
    """The decisions that have their diagrams."""

    @property
    def node_count(self) -> int:
        """The number of nodes and leaves that the decisions share."""
        forest = self.forest
        return len({n for root in self.roots.values() for n in forest.reachable(root)})


def compile_rulebase(
    rulebase: Rulebase, kind: Value | None = None, decisions: Iterable[str] | None = None
) -> Compiled:
    """Build the diagrams of a rulebase, in a space of its own: those of all decisions, or of some,
    in requirement order and with all that they require (``grown`` adds others). With a ``kind`` (a
    value of the fact that divides the pack) they hold for loans of that kind, and some others,
    alone."""
    return compile_in(Space([rulebase]), rulebase, kind, decisions)


def compile_in(
    space: Space,
    rulebase: Rulebase,
    kind: Value | None = None,
    decisions: Iterable[str] | None = None,
) -> Compiled:
    """Build the diagrams of a rulebase in a space whose variables were made for it too."""
    start = time.perf_counter()
    wanted = rulebase.decisions if decisions is None else decisions
    compiled = grown(prepared(space, rulebase, kind), wanted)
    return replace(compiled, seconds=time.perf_counter() - start)


def prepared(space: Space, rulebase: Rulebase, kind: Value | None = None) -> Compiled:
    """The rulebase's constraints and sections in a space, and no decision yet."""
    plain = Compiler(space, rulebase)
    constraints = tuple(plain.condition(c.when) for c in rulebase.constraints)
    every = sections(space, rulebase.section_fact, constraints)
    kinds = frozenset[Value]()
    if kind is not None and every != [WHOLE]:
        divides = cast(FactVariable, space.variables[space.level_of[rulebase.section_fact]])
        every = [each for each in every if divides.code(kind) in each.classes]
        kinds = frozenset(v for code in every[0].classes for v in divides.groups[code])
    compiler = Sections(space, rulebase, every, constraints)
    compiled = Compiled(
        rulebase,
        compiler,
        space,
        space.forest,
        space.variables,
        space.level_of,
        compiler.roots,
        compiler.applies,
        compiler.decides,
        constraints,
        {},
        frozenset(),
        kinds,
        _asking(rulebase, _told_by(space, every[0])) if kinds else frozenset(),
        0.0,
        Kept(),
    )
    return refreshed(compiled)


def grown(compiled: Compiled, decisions: Iterable[str]) -> Compiled:
    """The same with the diagrams of more decisions, in requirement order and with all that they
    require."""
    missing = [name for name in decisions if name not in compiled.roots]
    if not missing:
        return compiled
    for name in missing:
        compiled.compiler.build(compiled.rulebase.decisions[name])
    if len(compiled.roots) == len(compiled.rulebase.decisions):
        compiled.forest.forget()
    return finished(compiled)


def finished(compiled: Compiled) -> Compiled:
    """The same, aware of the decisions that have come to have their diagrams."""
    return replace(refreshed(compiled), built=frozenset(compiled.roots))


def refreshed(compiled: Compiled) -> Compiled:
    """The same diagrams, aware of comparisons that later questions brought into their space."""
    compared = compiled.space.compared()
    levels_on = dict.fromkeys(compiled.rulebase.facts, ()) | compiled.space.levels_on()
    if compared == compiled.compared and levels_on == compiled.levels_on:
        return compiled
    return replace(compiled, levels_on=levels_on, compared=compared)


def _told_by(space: Space, section: Section) -> frozenset[str]:
    """The facts of which a section says something: the one that divides the pack is among them."""
    told = (section.left or {}).keys()
    return frozenset(n for n, levels in space.levels_on().items() if not told.isdisjoint(levels))


def _asking(rulebase: Rulebase, facts: frozenset[str]) -> frozenset[str]:
    """The decisions whose rules ask for some facts, or that require one whose rules do."""
    terms = {
        name: not facts.isdisjoint(names_of(term.when, lambda other: rulebase.terms[other].when))
        for name, term in rulebase.terms.items()
    }
    found = {
        rule.decides
        for rule in rulebase.rules
        if any(
            terms[atom.term] if isinstance(atom, TermHolds) else atom.name in facts
            for atom in atoms(rule.when)
        )
    }
    for decision in rulebase.decisions.values():
        if not found.isdisjoint(decision.requires):
            found.add(decision.name)
    return frozenset(found)


def combined(decision: Decision, formulas: list[Formula]) -> Formula:
    """The one formula that the formulas of the deciding rules make under the hit policy. Under
    ``unique`` they agree (or the decision is in conflict, which is found elsewhere), so that the
    greatest of them is any of them; it has no value where one of them has none."""
    kind = decision.policy.kind
    first = formulas[0]
    if kind == "sum":
        for other in formulas[1:]:
            first = Arithmetic("+", first, other)
    elif different := tuple(dict.fromkeys(formulas))[1:]:
        first = Extreme("min" if kind == "min" else "max", (first, *different))
    if decision.at_least is not None:
        first = Extreme("max", (first, Constant(decision.at_least)))
    return first


def literal_outcome(decision: Decision, values: list[Value]) -> Value | None:
    """The outcome of literal values under ``unique``, ``priority`` or ``collect``; None where
    values that should agree differ."""
    kind = decision.policy.kind
    if kind == "collect":
        return frozenset[str]().union(*(cast(frozenset[str], value) for value in values))
    if kind == "priority":
        return next(value for value in decision.policy.order if value in values)
    return values[0] if len(set(values)) == 1 else None


def substitute(formula: Formula, formulas: Mapping[str, Formula]) -> Formula:
    """A formula with some of its names replaced by formulas."""
    match formula:
        case Ref(name):
            return formulas.get(name, formula)
        case Arithmetic(op, left, right):
            return Arithmetic(op, substitute(left, formulas), substitute(right, formulas))
        case Extreme(which, parts):
            return Extreme(which, tuple(substitute(part, formulas) for part in parts))
        case Shift(base, count, unit):
            return Shift(substitute(base, formulas), count, unit)
        case Rounded(part, kind):
            return Rounded(substitute(part, formulas), kind)
        case Constant():
            return formula


def folded(formula: Formula) -> Formula:
    """A formula with what cancels out left out: ``x - x``, and nothing added or taken away."""
    match formula:
        case Arithmetic(op, left, right):
            a, b = folded(left), folded(right)
            if op == "-" and a == b and not divides(a):
                return _ZERO
            if b == _ZERO and op in "+-":
                return a
            if a == _ZERO and op == "+":
                return b
            return Arithmetic(op, a, b)
        case Extreme(which, parts):
            different = tuple(dict.fromkeys(map(folded, parts)))
            if which == "max" and any(map(_never_negative, different)):
                different = tuple(part for part in different if part != _ZERO)
            return different[0] if len(different) == 1 else Extreme(which, different)
        case Rounded(part, kind):
            inner = folded(part)
            done = inner == _ZERO or (isinstance(inner, Rounded) and inner.type == kind)
            return inner if done else Rounded(inner, kind)
        case Shift() | Constant() | Ref():
            return formula


def _never_negative(formula: Formula) -> bool:
    """Whether a formula holds its own bound at zero, which then need not be stated again."""
    match formula:
        case Rounded(part, _):
            return _never_negative(part)
        case Extreme("max", parts):
            return _ZERO in parts
    return False


_ZERO = Constant(Decimal(0))


def settled(formula: Formula, kind: str) -> Formula:
    """A decision's own formula as it enters another: rounded, and a constant where it is one."""
    if isinstance(formula, Ref) and kind != "integer":
        return formula
    if not any(True for _ in names_in(formula)):
        try:
            return Constant(finish(evaluate(formula, _nothing), kind))
        except ArithmeticError:
            return formula
    return formula if kind == "date" else Rounded(formula, kind)  # type: ignore[arg-type]


def _nothing(name: str) -> Value:
    raise LookupError(name)


class Sections:
    """The diagrams of a rulebase: each section's, built by itself and then put together."""

    def __init__(
        self,
        space: Space,
        rulebase: Rulebase,
        every: Sequence[Section],
        constraints: Sequence[int],
    ) -> None:
        self._forest = space.forest
        self._rulebase = rulebase
        self._level = space.level_of.get(rulebase.section_fact, 0)
        self.every = every
        self.parts = [Compiler(space, rulebase, each, constraints) for each in every]
        self.rules_of = self.parts[0].rules_of
        self.roots: dict[str, int] = {}
        self.applies: dict[str, int] = {}
        self.decides: dict[str, int] = {}

    def build(self, decision: Decision) -> None:
        """Build a decision's diagram; those it requires must have been built before."""
        for part in self.parts:
            part.roots[decision.name] = part.decision(decision)
        self.join(decision)

    def join(self, decision: Decision) -> None:
        """Put the sections' diagrams of a decision together."""
        self.roots[decision.name] = self._joined([p.roots[decision.name] for p in self.parts])
        rules = [self._rulebase.rules[n].id for n in self.rules_of[decision.name]]
        self.applies |= {id_: self._joined([p.applies[id_] for p in self.parts]) for id_ in rules}
        self.decides |= {id_: self._joined([p.decides[id_] for p in self.parts]) for id_ in rules}

    def take_over(self, other: Sections, decisions: Collection[str]) -> None:
        """Take the diagrams of some decisions, and those of all rules, from another rulebase's in
        the same space with the same sections."""
        for part, theirs in zip(self.parts, other.parts, strict=True):
            part.roots |= {name: theirs.roots[name] for name in decisions}
            part.applies |= theirs.applies
            part.decides |= theirs.decides
        self.roots |= {name: other.roots[name] for name in decisions}
        self.applies |= other.applies
        self.decides |= other.decides

    def condition(self, condition: Condition) -> int:
        """Where a condition holds."""
        return self._joined([part.condition(condition) for part in self.parts])

    def amount_of(self, name: str) -> int:
        """A diagram whose leaves are the formulas over facts that a name stands for; None where a
        decision is open."""
        return self._joined([part.amount_of(name) for part in self.parts])

    def together(
        self,
        decision: Decision,
        regions: Mapping[int, int],
        then: Mapping[int, Formula] | None = None,
    ) -> int:
        """The diagram whose leaves say what rules come to that decide in some regions. ``then``
        gives rules another conclusion than their own."""
        return self.parts[0].together(decision, regions, then)

    def _joined(self, parts: Sequence[int]) -> int:
        return joined(self._forest, self._level, self.every, parts)


class Compiler:
    """From the conditions and rules of one rulebase to diagrams in a space, for one section."""

    def __init__(
        self,
        space: Space,
        rulebase: Rulebase,
        section: Section = WHOLE,
        constraints: Sequence[int] = (),
    ) -> None:
        self._constraints = constraints
        self._space = space
        self._forest = space.forest
        self._rulebase = rulebase
        self._left = section.left
        self._key = space.new_key()
        self._terms: dict[str, int] = {}
        self._amounts: dict[str, int] = {}
        self.roots: dict[str, int] = {}
        self.applies: dict[str, int] = {}
        self.decides: dict[str, int] = {}
        self.rules_of: dict[str, list[int]] = {name: [] for name in rulebase.decisions}
        for number, rule in enumerate(rulebase.rules):
            self.rules_of[rule.decides].append(number)

    # ---- decisions ----------------------------------------------------------------------------

    def decision(self, decision: Decision) -> int:
        """The diagram of a decision; those it requires must have been built before."""
        forest, rules = self._forest, self._rulebase.rules
        numbers = self.rules_of[decision.name]
        applies = {rules[n].id: self.condition(rules[n].when) for n in numbers}
        self.applies.update(applies)
        overriders: dict[str, list[int]] = {}
        for n in numbers:
            for target in rules[n].exception_to:
                overriders.setdefault(target, []).append(applies[rules[n].id])
        for n in numbers:
            decides = applies[rules[n].id]
            if over := overriders.get(rules[n].id):
                decides = forest.both(decides, forest.negate(forest.any_of(over)))
            self.decides[rules[n].id] = decides
        regions = {n: self.decides[rules[n].id] for n in numbers}
        root = self._clashing(decision, self.together(decision, regions))
        for required in decision.requires:
            root = self._block(root, required)
        return root

    def together(
        self,
        decision: Decision,
        regions: Mapping[int, int],
        then: Mapping[int, Formula] | None = None,
    ) -> int:
        """The diagram whose leaves say what rules come to that decide in some regions. ``then``
        gives rules another conclusion than their own."""
        forest = self._forest
        changed = then or {}
        conclusions = {n: changed.get(n, self._rulebase.rules[n].then) for n in regions}
        first: dict[Formula, int] = {}
        for n in self.rules_of[decision.name]:
            if n not in changed:
                first.setdefault(self._rulebase.rules[n].then, n)
        every = decision.policy.kind == "sum"
        parts = []
        for n, region in regions.items():
            number = n if every else first.setdefault(conclusions[n], n)
            parts.append(self._leaf_where(number, region))
        if decision.policy.kind != "priority":
            return forest.union(parts)
        rank = {
            n: decision.policy.order.index(cast(Constant, conclusions.get(n, self._then(n))).value)
            for n in {*regions, *first.values()}
        }
        own = self._space.new_key() if changed else f"{self._key} {decision.name}"
        key = f"{own} strongest"
        return forest.union(
            parts, key, lambda leaf: frozenset(sorted(leaf, key=rank.__getitem__)[:1])
        )

    def _leaf_where(self, number: int, region: int) -> int:
        own, empty = frozenset({number}), frozenset[int]()
        return self._forest.map(f"leaf {number}", lambda holds: own if holds else empty, region)

    def _then(self, number: int) -> Formula:
        return self._rulebase.rules[number].then

    def _clashing(self, decision: Decision, root: int) -> int:
        """Under ``unique``, amounts or days that differ are a conflict where they differ."""
        forest = self._forest
        if decision.policy.kind != "unique" or decision.type not in ORDERED:
            return root
        for node in forest.leaves(root):
            leaf = cast(frozenset[int], forest.values[node])
            formulas = list(dict.fromkeys(self._rulebase.rules[n].then for n in sorted(leaf)))
            if len(formulas) < 2:
                continue
            here = forest.map(f"here {node}", lambda value, own=leaf: value == own, root)  # type: ignore[misc]
            if (here := self._possible(here)) == forest.false:
                continue
            amounts = [
                self._settled(decision, self._where(here, combined(decision, [formula])))
                for formula in formulas
            ]
            unlike = [self._compared(amounts[0], other, (0, 2)) for other in amounts[1:]]
            valued = [self._compared(amounts[0], other, (0, 1, 2)) for other in amounts[1:]]
            clash = forest.all_of([here, forest.any_of(unlike), *valued])
            root = forest.apply(
                f"clash {node}",
                lambda value, clashes, own=leaf: Clash(own) if clashes else value,  # type: ignore[misc]
                root,
                clash,
            )
        return root

    def _block(self, root: int, required: str) -> int:
        """Where ``required`` contradicts itself, what needs it has no answer."""
        decision = self._rulebase.decisions[required]
        clash = self._forest.map(
            f"{self._key} conflict {required}",
            lambda leaf: self._contradicts(decision, cast(Leaf, leaf)),
            self.roots[required],
        )
        if clash == self._forest.false:
            return root
        blocked = Blocked(required)
        return self._forest.apply(
            f"{self._key} block {required}",
            lambda leaf, conflict: blocked if conflict else leaf,
            root,
            clash,
        )

    def _possible(self, region: int) -> int:
        """A region without loans that break a constraint on the facts that it asks for."""
        forest = self._forest
        asked = forest.support(region)
        for constraint in self._constraints:
            if not forest.support(constraint) & ~asked:
                region = forest.both(region, constraint)
        return region

    def _where(self, region: int, formula: Formula) -> int:
        """A formula in a region, and nothing elsewhere."""
        name = f"{self._space.new_key()} formula"
        return self._forest.map(name, lambda holds: formula if holds else None, region)

    def _contradicts(self, decision: Decision, leaf: Leaf) -> bool:
        if isinstance(leaf, Blocked | Clash):
            return True
        if decision.policy.kind != "unique" or decision.type in ORDERED or not leaf:
            return False  # amounts and days that differ have leaves of their own
        then = [self._rulebase.rules[n].then for n in leaf]
        return literal_outcome(decision, [cast(Constant, f).value for f in then]) is None

    # ---- conditions ---------------------------------------------------------------------------

    def condition(self, condition: Condition) -> int:
        """Where a condition holds."""
        match condition:
            case All(parts):
                return self._forest.all_of(self.condition(part) for part in parts)
            case AnyOf(parts):
                return self._forest.any_of(self.condition(part) for part in parts)
            case Not(part):
                return self._forest.negate(self.condition(part))
            case TermHolds(name):
                if name not in self._terms:
                    self._terms[name] = self.condition(self._rulebase.terms[name].when)
                return self._terms[name]
            case OneOf():
                if condition.name in self._space.level_of:
                    return self._space.fact_test(condition, self._left)
                return self._decision_is(condition)
            case Compare(name, bound, limit, limit_name):
                if limit_name is None and name in self._space.level_of:
                    return self._space.fact_test(condition, self._left)
                left = self.amount_of(name)
                right = (
                    self._forest.leaf(Constant(cast(Value, limit)))
                    if limit_name is None
                    else self.amount_of(limit_name)
                )
                return self._compared(left, right, SIGNS[bound])

    def _decision_is(self, test: OneOf) -> int:
        decision = self._rulebase.decisions[test.name]
        if decision.type in ORDERED:
            amount = self.amount_of(test.name)
            wanted = (0, 2) if test.negated else (1,)
            options = [
                self._compared(amount, self._forest.leaf(Constant(value)), wanted)
                for value in test.values
            ]
            join = self._forest.all_of if test.negated else self._forest.any_of
            return join(options)

        def meets(leaf: Hashable) -> bool:
            value = self._literal_value(decision, cast(Leaf, leaf))
            if value is None:
                return False
            if isinstance(value, frozenset):
                found = any(member in value for member in test.values)
            else:
                found = value in test.values
            return found != test.negated

        key = f"{self._key} {test.name} is {test.negated} {test.values!r}"
        return self._forest.map(key, meets, self.roots[test.name])

    def _literal_value(self, decision: Decision, leaf: Leaf) -> Value | None:
        if isinstance(leaf, Blocked | Clash):
            return None
        rules = self._rulebase.rules
        then = [rules[n].then for n in sorted(leaf)]
        if not then:
            if decision.otherwise is None:
                return None
            then = [decision.otherwise]
        return literal_outcome(decision, [cast(Constant, formula).value for formula in then])

    # ---- amounts ------------------------------------------------------------------------------

    def amount_of(self, name: str) -> int:
        """A diagram whose leaves are the formulas over facts that a name stands for; None where a
        decision is open."""
        if name in self._rulebase.facts:
            return self._forest.leaf(Ref(name))
        if name not in self._amounts:
            self._amounts[name] = self._decision_amount(self._rulebase.decisions[name])
        return self._amounts[name]

    def _decision_amount(self, decision: Decision) -> int:
        forest, rules = self._forest, self._rulebase.rules

        def own(leaf: Hashable) -> Hashable:
            if isinstance(leaf, Blocked | Clash):
                return None
            formulas = [rules[n].then for n in sorted(cast(frozenset[int], leaf))]
            if not formulas and decision.otherwise is not None:
                formulas = [decision.otherwise]
            return combined(decision, formulas) if formulas else None

        return self._settled(
            decision,
            forest.map(f"{self._key} amount {decision.name}", own, self.roots[decision.name]),
        )

    def _settled(self, decision: Decision, amount: int) -> int:
        """A diagram of formulas with the decisions in them replaced, and rounded."""
        forest, name = self._forest, decision.name
        for needed in self._in_formulas(decision):
            amount = forest.apply(
                f"{self._key} with {needed} in {name}",
                _inline(needed),
                amount,
                self.amount_of(needed),
                keeps=lambda formula, name=needed: formula is None or name not in names_in(formula),  # type: ignore[misc]
            )
        kind = decision.type
        return forest.map(
            f"{self._key} settled {name}",
            lambda formula: None if formula is None else settled(cast(Formula, formula), kind),
            amount,
        )

    def _in_formulas(self, decision: Decision) -> list[str]:
        """The decisions that the formulas of a decision use."""
        formulas = [self._rulebase.rules[n].then for n in self.rules_of[decision.name]]
        formulas += [] if decision.otherwise is None else [decision.otherwise]
        used = {name for formula in formulas for name in names_in(formula)}
        return [name for name in self._rulebase.decisions if name in used]

    def _compared(self, left: int, right: int, wanted: tuple[int, ...]) -> int:
        """Where the amount ``left`` stands to ``right`` in one of the ``wanted`` ways."""
        forest = self._forest
        pairs = forest.apply("pair", lambda a, b: (a, b), left, right)
        parts = []
        for leaf in forest.leaves(pairs):
            a, b = cast(tuple[Formula | None, Formula | None], forest.values[leaf])
            if a is None or b is None:
                continue
            here = forest.map(f"pair {leaf}", lambda pair, own=(a, b): pair == own, pairs)  # type: ignore[misc]
            parts.append(forest.both(here, self._space.comparison(a, b, wanted)))
        return forest.any_of(parts)


def _inline(name: str) -> Callable[[Hashable, Hashable], Hashable]:
    def inline(formula: Hashable, value: Hashable) -> Hashable:
        if formula is None or name not in names_in(cast(Formula, formula)):
            return formula
        if value is None:
            return None  # the decision is open, so the formula has no value
        return substitute(cast(Formula, formula), {name: cast(Formula, value)})

    return inline
