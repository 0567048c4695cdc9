"""What is drawn: which decisions require which, and the diagram of a decision in one place."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from engine.evaluation.compiling import Blocked, Clash, Compiled, Leaf, combined
from engine.evaluation.decide import Decider
from engine.evaluation.facts import presume
from engine.evaluation.outcomes import formulas_at
from engine.evaluation.reach import Walk
from engine.evaluation.variables import FactVariable
from engine.model import Constant, Decision, Rulebase
from engine.presentation.regions import branch_words, question_words
from engine.presentation.site.addresses import Addresses
from engine.presentation.site.chips import Palette, outcome_chips
from engine.presentation.site.entries import formula_pieces
from engine.presentation.site.layered import Box, Branch, Drawing, drawing

LARGEST = 22
"""A diagram of more boxes than this is not drawn: nobody reads it."""


def requirements(rulebase: Rulebase, addresses: Addresses, about: str = "") -> Drawing:
    """Which decisions each decision requires: all of them, or those that ``about`` hangs together
    with."""
    decisions = rulebase.decisions
    chosen = (
        set(decisions) if not about else {about, *_above(rulebase, about), *_below(rulebase, about)}
    )
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


def _above(rulebase: Rulebase, name: str) -> set[str]:
    """What a decision requires, directly and indirectly."""
    found: set[str] = set()
    waiting = [name]
    while waiting:
        for needed in rulebase.decisions[waiting.pop()].requires:
            if needed not in found:
                found.add(needed)
                waiting.append(needed)
    return found


def _below(rulebase: Rulebase, name: str) -> set[str]:
    """The decisions that require it, directly and indirectly."""
    return {other for other in rulebase.decisions if name in _above(rulebase, other)}


def diagram(
    decider: Decider, decision: Decision, jurisdiction: str, colours: Palette, addresses: Addresses
) -> Drawing | None:
    """The diagram of a decision for the loans of one jurisdiction of which nothing is stated that
    is not presumed; None where it is too large to be read, or asks for nothing."""
    rulebase = decider.rulebase
    facts = {rulebase.jurisdiction_fact: jurisdiction} if jurisdiction else {}
    presumed = presume(rulebase, facts)
    walk = Walk(decider.compiled_for(facts), {**facts, **{n: p.value for n, p in presumed.items()}})
    root = walk.settle(walk.compiled.roots[decision.name])
    nodes = _nodes(walk, root)
    if nodes is None or len(nodes) < 3:
        return None
    boxes = {
        str(node): _leaf(walk.compiled, decision, node, colours, addresses)
        if not ways
        else _question(walk.compiled, node, ways, addresses)
        for node, ways in nodes.items()
    }
    return drawing(boxes)


Ways = Mapping[int, frozenset[int]]
"""The nodes that a node leads to, each with the classes that lead there."""


def _nodes(walk: Walk, root: int) -> dict[int, Ways] | None:
    """What is reached from a node, by what is known; None where it is too much."""
    forest = walk.compiled.forest
    found: dict[int, Ways] = {}
    waiting = [root]
    while waiting:
        node = waiting.pop(0)
        if node in found:
            continue
        if len(found) == LARGEST:
            return None
        ways: dict[int, set[int]] = {}
        for code, child in enumerate(forest.children[node]):
            ways.setdefault(walk.settle(child), set()).add(code)
        found[node] = {child: frozenset(codes) for child, codes in ways.items()}
        waiting += ways
    return found


def _question(compiled: Compiled, node: int, ways: Ways, addresses: Addresses) -> Box:
    level = compiled.forest.level[node]
    variable = compiled.variables[level]
    address = addresses.fact(variable.name) if isinstance(variable, FactVariable) else ""
    return Box(
        question_words(compiled, level),
        "question",
        address,
        [
            Branch(_shortened(compiled, level, codes, ways), str(child))
            for child, codes in ways.items()
        ],
    )


def _shortened(compiled: Compiled, level: int, codes: frozenset[int], ways: Ways) -> str:
    """A branch in words; the one that most answers take is what is left of them."""
    most = max(ways.values(), key=len)
    if codes == most and len(codes) > 2 and sum(each == codes for each in ways.values()) == 1:
        return "anything else"
    return branch_words(compiled, level, codes)


def _leaf(
    compiled: Compiled, decision: Decision, node: int, colours: Palette, addresses: Addresses
) -> Box:
    leaf = cast(Leaf, compiled.forest.values[node])
    if isinstance(leaf, Blocked | Clash):
        return Box("in conflict", "leaf")
    formulas = formulas_at(compiled, decision, leaf)
    if not formulas:
        return Box("no rule", "leaf nothing")
    if decision.type == "set":
        chips = [chip for formula in formulas for chip in outcome_chips(decision, formula, colours)]
        return Box(" and ".join(dict.fromkeys(chip.words for chip in chips)), "leaf")
    if isinstance(formulas[0], Constant) and decision.type in ("enum", "boolean"):
        chip = outcome_chips(decision, formulas[0], colours)[0]
        return Box(f"{chip.mark} {chip.words}".strip(), f"leaf {chip.tone}")
    pieces = formula_pieces(combined(decision, formulas), compiled.rulebase, addresses)
    return Box("".join(piece.text for piece in pieces), "leaf")
