"""A rulebase with its diagrams: one for each decision, one for each constraint."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import cast

from engine.evaluation.amounts import Reckoner
from engine.evaluation.compiler import Compiler, Sections
from engine.evaluation.diagram import Forest
from engine.evaluation.sections import Section, sections
from engine.evaluation.space import Space
from engine.evaluation.variables import FactVariable, Variable
from engine.memory import Memory
from engine.model import Decision, OneOf, Rulebase, TermHolds, Value
from engine.trees import atoms, names_of

Pick = Callable[..., object]
"""What picks the classes of some variables from those of all."""

Asked = tuple[Pick, list[int], list[str]]
"""What picks the classes of the variables that a decision's diagrams ask for from those of all
variables, the levels of the comparisons among them, and the facts in its formulas."""

Sign = Callable[[Mapping[str, Value]], int]
"""What finds the class of a comparison for facts that hold all that it speaks of."""

Step = tuple[int, int]
"""A level and the class taken there."""

MANY_SOLVED = 10_000
"""Of so many systems of comparisons it is remembered at least whether they have a solution."""

Bunch = tuple[tuple[Decision, ...], Pick, list[int]]
"""Some decisions, what picks the classes of the variables that their diagrams ask for, and the
levels of the comparisons among them."""


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules of a decision, before the hit policy, by their numbers."""

    certain: list[int]
    """Those that decide for certain."""
    possible: list[int]
    """Those that may."""
    sure: frozenset[str]
    """The ids of those that decide for certain."""
    every: frozenset[str]
    """The ids of all of them."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What was worked out for a loan and is the same for every loan that comes the same way down
    the diagrams. Whoever fills it sees that it stays small."""

    live: dict[str, list[tuple[int, int]]] = field(default_factory=dict)
    """By decision: the numbers of its rules that can decide, each with the diagram of where it
    does."""
    kinds: dict[int, bytes] = field(default_factory=dict)
    """By how many variables there are: what each asks for, as ``Descent.ways`` wants to know it."""
    formulas: dict[tuple[str, object], tuple[Reckoner, tuple[str, ...]]] = field(
        default_factory=dict
    )
    """By decision and leaf: what works out the one formula that the deciding rules make, and the
    names in it."""
    signs: dict[int, tuple[frozenset[str], Sign]] = field(default_factory=dict)
    """By level: the facts that a comparison speaks of, and what finds its class."""
    asked: dict[str, Asked] = field(default_factory=dict)
    """By decision: what it asks for."""
    asked_by_all: dict[int, tuple[list[int], list[str]]] = field(default_factory=dict)
    """By how many decisions are built: the levels of the comparisons that they ask for, and the
    facts in their formulas."""
    bunches: dict[int, list[Bunch]] = field(default_factory=dict)
    """By how many decisions are built: those in bunches."""
    number: int = field(default_factory=itertools.count().__next__)
    """Tells these diagrams from all others."""
    conclusions: dict[str, dict[int, int]] = field(default_factory=dict)
    """By decision: for each rule's number that of the first one that concludes the same."""
    rules: dict[tuple[object, ...], Rules] = field(default_factory=dict)
    """By a decision and the numbers of its rules that decide, where none else may."""
    solved: Memory[bool] = field(default_factory=lambda: Memory(MANY_SOLVED))
    """By the steps through comparisons and the numbers in these that are known: whether there are
    others with which all of them are taken."""
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
    bare: int = 0
    """The number of nodes and leaves that the constraints and sections took, and are the first."""
    built: frozenset[str] = frozenset()
    """The decisions that have their diagrams."""

    @property
    def node_count(self) -> int:
        """The number of nodes and leaves that the decisions share."""
        forest = self.forest
        return len({n for root in self.roots.values() for n in forest.reachable(root)})

    def uses(self, fact: str) -> int:
        """How many conditions test a fact."""
        level = self.level_of.get(fact)
        return 0 if level is None else cast(FactVariable, self.variables[level]).uses

    def narrowed(self, region: int) -> int:
        """A region without loans that break a constraint on the facts that it asks for."""
        return self.forest.narrowed(region, self.constraints)


def compile_rulebase(
    rulebase: Rulebase,
    kind: Value | None = None,
    decisions: Iterable[str] | None = None,
    there: OneOf | None = None,
) -> Compiled:
    """Build the diagrams of a rulebase, in a space of its own: those of all decisions, or of some,
    in requirement order and with all that they require (``grown`` adds others). With a ``kind`` (a
    value of the fact that divides the pack) they hold for loans of that kind, and some others,
    alone; with ``there`` for loans that meet that test alone, which is one more constraint."""
    return compile_in(Space([rulebase], [there] if there else []), rulebase, kind, decisions, there)


def compile_in(
    space: Space,
    rulebase: Rulebase,
    kind: Value | None = None,
    decisions: Iterable[str] | None = None,
    there: OneOf | None = None,
) -> Compiled:
    """Build the diagrams of a rulebase in a space whose variables were made for it too, and for
    ``there``."""
    start = time.perf_counter()
    wanted = rulebase.decisions if decisions is None else decisions
    compiled = grown(prepared(space, rulebase, kind, there), wanted)
    return replace(compiled, seconds=time.perf_counter() - start)


def prepared(
    space: Space, rulebase: Rulebase, kind: Value | None = None, there: OneOf | None = None
) -> Compiled:
    """The rulebase's constraints and sections in a space, and no decision yet."""
    plain = Compiler(space, rulebase)
    constraints = tuple(plain.condition(c.when) for c in rulebase.constraints)
    known: dict[int, frozenset[int]] = {}
    if there is not None:
        level = space.level_of[there.name]
        known[level] = cast(FactVariable, space.variables[level]).meeting(there)
        constraints = (*constraints, plain.condition(there))
    every = sections(space, rulebase.section_fact, constraints, known)
    kinds = frozenset[Value]()
    if kind is not None and every[0].classes:
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
        len(space.forest.level),
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
    return frozenset(rulebase.resting_on(found))
