"""What is drawn: which decisions require which, and the diagram of a decision in one place."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import cast

from engine.analysis.replacing import NEVER
from engine.evaluation.compiler import Blocked, Clash, Leaf
from engine.evaluation.compiling import compile_rulebase
from engine.evaluation.conditions import holds
from engine.evaluation.facts import Presumptions
from engine.evaluation.formulas import combined
from engine.evaluation.outcomes import formulas_at
from engine.evaluation.reach import Walk
from engine.evaluation.slices import within
from engine.evaluation.variables import FactVariable
from engine.model import (
    ALWAYS,
    All,
    AnyOf,
    Compare,
    Condition,
    Constant,
    Decision,
    Not,
    OneOf,
    Rulebase,
    TermHolds,
    Value,
)
from engine.presentation.regions import branch_words, question_words
from engine.presentation.site.addresses import Addresses
from engine.presentation.site.chips import Palette, outcome_chips
from engine.presentation.site.entries import formula_pieces
from engine.presentation.site.layered import Box, Branch, Drawing, drawing
from engine.presentation.site.plan import Contents, local_part, narrowed, required

SMALLEST, LARGEST = 4, 22
"""Of how many boxes a diagram is that is drawn: a smaller one says nothing that its rules do not,
a larger one nobody reads."""


# ---- requirements -----------------------------------------------------------------------------


def requirements(rulebase: Rulebase, addresses: Addresses, about: str = "") -> Drawing:
    """Which decisions require which: all that require one or are required, or those alone that
    ``about`` hangs together with."""
    decisions = rulebase.decisions
    if about:
        chosen = {about, *required(rulebase, about)}
        chosen |= {name for name in decisions if about in required(rulebase, name)}
    else:
        chosen = {name for name, each in decisions.items() if each.requires}
        chosen |= {needed for name in chosen for needed in decisions[name].requires}
    users: dict[str, list[str]] = {name: [] for name in decisions if name in chosen}
    for name in users:
        for needed in decisions[name].requires:
            if needed in users:
                users[needed].append(name)
    return drawing(
        {
            name: Box(
                decisions[name].label or name,
                "own" if name == about else "other",
                addresses.decision(name),
                targets=targets,
            )
            for name, targets in users.items()
        }
    )


# ---- diagrams ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Question:
    """A node of a diagram to be drawn: each way on by the name of what it leads to, and the classes
    that lead there."""

    level: int
    ways: tuple[tuple[str, frozenset[int]], ...]


Node = Question | Box


def left_by(rulebase: Rulebase, known: Mapping[str, Value]) -> Rulebase:
    """A rulebase for loans of which some facts are known: it says the same of them, without what
    these facts settle, so that its diagrams are small and soon built."""

    def left(condition: Condition) -> Condition:
        settled = holds(condition, known, rulebase)
        if settled is not None:
            return ALWAYS if settled else NEVER
        match condition:
            case All(parts):
                return All(tuple(part for part in map(left, parts) if part != ALWAYS))
            case AnyOf(parts):
                return AnyOf(tuple(part for part in map(left, parts) if part != NEVER))
            case Not(part):
                return Not(left(part))
            case OneOf() | Compare() | TermHolds():
                return condition

    rules = ((rule, left(rule.when)) for rule in rulebase.rules)
    return replace(
        rulebase,
        rules=tuple(replace(rule, when=when) for rule, when in rules if when != NEVER),
        terms={n: replace(term, when=left(term.when)) for n, term in rulebase.terms.items()},
    )


@dataclass(frozen=True, slots=True)
class Drawn:
    """The diagrams of a pack's decisions that can be drawn: by jurisdiction and decision, and of
    those that are the same in every jurisdiction by decision."""

    local: Mapping[str, Mapping[str, Drawing]]
    general: Mapping[str, Drawing]


def all_drawn(contents: Contents, colours: Palette) -> Drawn:
    """All diagrams that a site shows."""
    rulebase = contents.rulebase
    presumptions = Presumptions(rulebase)

    def drawn(law: Rulebase, place: str, names: Iterable[str]) -> dict[str, Drawing]:
        diagrams = Diagrams(law, place, presumptions, colours, contents.addresses)
        found = {name: diagrams.drawn(law.decisions[name]) for name in names}
        return {name: each for name, each in found.items() if each is not None}

    local = local_part(rulebase, contents.overviews)
    asked = [name for name, each in rulebase.decisions.items() if not each.parameter]
    here = [name for name in asked if name in local.decisions]
    general = [
        name
        for name in asked
        if name not in local.decisions and not required(rulebase, name) & local.decisions.keys()
    ]
    return Drawn(
        {place: drawn(local, place, here) for place in contents.jurisdictions},
        {
            name: each
            for one in general
            for name, each in drawn(narrowed(rulebase, [one]), "", [one]).items()
        },
    )


@lru_cache(maxsize=1_000)  # of jurisdictions many say the same
def _laid_out(boxes: tuple[tuple[str, Box], ...]) -> Drawing:
    return drawing(dict(boxes), ends_last=True)


class Diagrams:
    """The diagrams of one jurisdiction (of all loans, where it is empty), for a loan of which
    nothing is stated that is not presumed."""

    def __init__(
        self,
        rulebase: Rulebase,
        jurisdiction: str,
        presumptions: Presumptions,
        colours: Palette,
        addresses: Addresses,
    ) -> None:
        known: dict[str, Value] = {}
        if jurisdiction:
            known[rulebase.jurisdiction_fact] = jurisdiction
        known |= {name: each.value for name, each in presumptions.beside(known).items()}
        law = within(rulebase, jurisdiction) if jurisdiction else rulebase
        self._compiled = compile_rulebase(left_by(law, known))
        self._walk = Walk(self._compiled, known)
        self._colours = colours
        self._addresses = addresses

    def drawn(self, decision: Decision) -> Drawing | None:
        """The diagram of a decision; None where it is too small or too large."""
        made: dict[Node, str] = {}
        self._reduced(self._compiled.roots[decision.name], decision, made, {})
        if not SMALLEST <= len(made) <= LARGEST:
            return None
        boxes = {
            name: self._question(node) if isinstance(node, Question) else node
            for node, name in reversed(made.items())
        }
        return _laid_out(tuple(boxes.items()))

    def _reduced(
        self, node: int, decision: Decision, made: dict[Node, str], done: dict[int, str]
    ) -> str:
        """The name of what is left of a diagram when all is known that is presumed. ``made`` holds
        what is drawn, no two alike, the last first; ``done`` the nodes that have been seen. Nothing
        more is made of a diagram that has grown too large."""
        node = self._walk.settle(node)
        if node not in done and len(made) <= LARGEST:
            forest = self._compiled.forest
            ways: dict[str, set[int]] = {}
            for code, child in enumerate(forest.children[node]):
                ways.setdefault(self._reduced(child, decision, made, done), set()).add(code)
            if len(ways) == 1:
                (done[node],) = ways
                return done[node]
            new = (
                Question(forest.level[node], tuple((k, frozenset(v)) for k, v in ways.items()))
                if ways
                else self._leaf(decision, node)
            )
            done[node] = made.setdefault(new, f"{len(made)}")
        return done.get(node, "")

    def _question(self, node: Question) -> Box:
        variable = self._compiled.variables[node.level]
        address = ""
        if isinstance(variable, FactVariable):
            address = self._addresses.fact(variable.name)
        branches = tuple(Branch(self._answers(node, codes), target) for target, codes in node.ways)
        return Box(question_words(self._compiled, node.level), "question", address, branches)

    def _answers(self, node: Question, codes: frozenset[int]) -> str:
        """The answers that lead one way, in words; the longest list is what the others leave."""
        others = [len(other) for _, other in node.ways if other != codes]
        if len(codes) > 2 and len(codes) > max(others):
            return "anything else"
        return branch_words(self._compiled, node.level, codes)

    def _leaf(self, decision: Decision, node: int) -> Box:
        leaf = cast(Leaf, self._compiled.forest.values[node])
        if isinstance(leaf, Blocked | Clash):
            return Box("in conflict", "leaf")
        formulas = formulas_at(self._compiled, decision, leaf)
        if not formulas:
            return Box("no rule", "leaf nothing")
        if all(isinstance(formula, Constant) for formula in formulas):
            chips = [c for each in formulas for c in outcome_chips(decision, each, self._colours)]
            if decision.type in ("enum", "boolean"):
                return Box(f"{chips[0].mark} {chips[0].words}".strip(), f"leaf {chips[0].tone}")
            return Box(" and ".join(dict.fromkeys(chip.words for chip in chips)), "leaf")
        whole = combined(decision, formulas)
        pieces = formula_pieces(whole, self._compiled.rulebase, self._addresses)
        return Box("".join(piece.text for piece in pieces), "leaf")
