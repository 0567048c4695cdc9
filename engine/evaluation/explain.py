"""Why: the facts that mattered, the rules overridden, and what to ask first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import groupby
from typing import cast

from engine.evaluation.compiler import Leaf
from engine.evaluation.compiling import Compiled
from engine.evaluation.diagram import LEAF
from engine.evaluation.outcomes import Found, formulas_at
from engine.evaluation.reach import Walk
from engine.evaluation.record import Overridden
from engine.evaluation.variables import FactVariable
from engine.model import ORDERED, Decision, Value
from engine.trees import names_in


def names_at(walk: Walk, level: int) -> tuple[str, ...]:
    """The facts that a level asks for."""
    variable = walk.compiled.variables[level]
    return (variable.name,) if isinstance(variable, FactVariable) else tuple(variable.facts)


# ---- the facts that mattered ------------------------------------------------------------------


def facts_that_mattered(
    walk: Walk, decision: Decision, found: Found, deciding: Iterable[int]
) -> dict[str, Value]:
    """Known facts that settle alone which rules decide. None of them can be left out of a decided
    answer. (The fact that divides the pack is named wherever the rules ask for it, or for what its
    value tells something of.)"""
    compiled = walk.compiled
    amounts: list[str] = []
    decisions: list[str] = []
    if decision.type in ORDERED:
        leaves = [leaf for group in found.leaves.values() for leaf in group]
        amounts, decisions = in_formulas(walk, decision, leaves)
    roots = [compiled.roots[name] for name in (decision.name, *decisions)]
    levels = None
    if found.single is not None:
        roots += [compiled.decides[compiled.rulebase.rules[n].id] for n in deciding]
        levels = walk.descent.needed(roots)
    if levels is None:
        levels = _passed(walk, roots)
    needed = {name for level in levels for name in names_at(walk, level)}
    needed.update(name for name in amounts if name in walk.facts)
    if decision.name in compiled.by_kind:
        needed.add(compiled.rulebase.section_fact)
    return {name: walk.facts[name] for name in sorted(needed, key=_order(compiled).__getitem__)}


def _passed(walk: Walk, roots: Iterable[int]) -> set[int]:
    """The known levels on the way to all that some diagrams can still come to."""
    forest, known = walk.compiled.forest, set[int]()
    waiting = list(roots)
    seen = set(waiting)
    while waiting:
        node = waiting.pop()
        level = forest.level[node]
        if level == LEAF:
            continue
        code = walk.code(level)
        following: Iterable[int] = forest.children[node]
        if code >= 0:
            known.add(level)
            following = (forest.children[node][code],)
        for child in following:
            if child not in seen:
                seen.add(child)
                waiting.append(child)
    return known


def _order(compiled: Compiled) -> Mapping[str, int]:
    """The places of the facts in the vocabulary."""
    if not compiled.kept.order:
        compiled.kept.order.update({n: i for i, n in enumerate(compiled.rulebase.facts)})
    return compiled.kept.order


def in_formulas(
    walk: Walk, decision: Decision, leaves: Iterable[Leaf]
) -> tuple[list[str], list[str]]:
    """The facts and the decisions in the formulas of some leaves, and in those of the decisions
    that they use in turn."""
    compiled = walk.compiled
    every = compiled.rulebase.decisions
    facts: dict[str, None] = {}
    decisions: dict[str, None] = {}
    waiting = [(decision, leaf) for leaf in leaves]
    while waiting:
        user, leaf = waiting.pop()
        for formula in formulas_at(compiled, user, leaf):
            for name in names_in(formula):
                if name not in every:
                    facts[name] = None
                elif name not in decisions:
                    decisions[name] = None
                    node = walk.settle(compiled.roots[name])
                    settled = compiled.forest.level[node] == LEAF
                    inner = [node] if settled else walk.open_part(node).leaves
                    waiting.extend(
                        (every[name], cast(Leaf, compiled.forest.values[node])) for node in inner
                    )
    return list(facts), list(decisions)


# ---- the rules overridden ---------------------------------------------------------------------


def overridden(
    walk: Walk, decision: Decision, deciding: list[int], passed: list[int]
) -> tuple[Overridden, ...]:
    """The rules that certainly apply and yet do not decide, each with the rules to blame: those
    ``passed`` over by the hit policy, and those that an applying exception names, link by link."""
    rulebase, forest = walk.compiled.rulebase, walk.compiled.forest
    if not passed and not any(rulebase.rules[n].exception_to for n in deciding):
        return ()
    own = walk.compiled.compiler.rules_of[decision.name]
    rules = {rulebase.rules[n].id: rulebase.rules[n] for n in own}
    winners = tuple(rulebase.rules[n] for n in deciding)
    blamed: dict[str, list[str]] = {
        rulebase.rules[n].id: [rule.id for rule in winners] for n in passed
    }
    waiting = [*winners, *(rulebase.rules[n] for n in passed)]
    seen = {rule.id for rule in waiting}
    while waiting:
        rule = waiting.pop(0)
        if walk.settle(walk.compiled.applies[rule.id]) != forest.true:
            continue
        for target in rule.exception_to:
            there = walk.compiled.applies.get(target, forest.false)  # or it is of elsewhere
            if walk.settle(there) != forest.true:
                continue
            blamed.setdefault(target, []).append(rule.id)
            if target not in seen:
                seen.add(target)
                waiting.append(rules[target])
    return tuple(
        Overridden(rules[target], tuple(rules[i] for i in dict.fromkeys(by)))
        for target, by in blamed.items()
    )


# ---- what to ask ------------------------------------------------------------------------------


def asking(walk: Walk, decision: Decision, found: Found) -> tuple[str, ...]:
    """The unknown facts that can still change an undetermined answer, the one first whose answer
    leaves the fewest outcomes on average; of those that leave as many, the one most often tested.
    """
    compiled = walk.compiled
    leaves = [leaf for group in found.leaves.values() for leaf in group]
    amounts, decisions = in_formulas(walk, decision, leaves)
    roots = [compiled.roots[name] for name in (decision.name, *decisions)]
    scores: dict[str, float] = {}
    needed = set(amounts)  # which matter within a class as well, as those do that are compared
    for root in roots:
        for level, score in _left_by(walk, root).items():
            names = [name for name in names_at(walk, level) if name not in walk.facts]
            for name in names:
                scores[name] = min(score, scores.get(name, score))
            if not isinstance(compiled.variables[level], FactVariable):
                needed.update(names)
    order = sorted(scores, key=lambda name: (scores[name], -compiled.uses(name)))
    asked = [name for name in order if name in needed or _free(walk, name)]
    missing = [name for name in amounts if name not in walk.facts and name not in scores]
    return (*asked, *missing)


def _free(walk: Walk, name: str) -> bool:
    """Whether the constraints leave more than one class of a fact."""
    if name not in walk.free:
        walk.free[name] = _has_classes(walk, name)
    return walk.free[name]


def _has_classes(walk: Walk, name: str) -> bool:
    level, left = walk.compiled.level_of.get(name), walk.left
    if level is None or left is None:
        return True
    codes = left.classes(level)
    if len(codes) < 2 or not left.on(walk.spoken_of(level)):
        return len(codes) > 1
    variable = walk.compiled.variables[level]
    assert isinstance(variable, FactVariable)
    found = 0
    for code in codes:
        facts = {**walk.facts, name: variable.example(code)}
        found += Walk(walk.compiled, facts, walk.until).possible()
        if found > 1:
            return True
    return False


def _left_by(walk: Walk, root: int) -> dict[int, float]:
    """By variable how many leaves are left of a diagram, on average, once its class is known; the
    values of an enum count one each, the classes of an amount alike."""
    walk.check_time()
    part, levels, below = walk.open_part(root), walk.compiled.forest.level, walk.descent.below
    masks = {leaf: 1 << i for i, leaf in enumerate(part.leaves)}
    for node in reversed(part.nodes):
        masks[node] = _union(masks, below[node])
    found = {}
    reached = {walk.reduced(root)}  # whose variables are not above that which is looked at
    for level, nodes in groupby(part.nodes, key=levels.__getitem__):
        here = list(nodes)
        reached.difference_update(here)
        others = _union(masks, reached)
        variable = walk.compiled.variables[level]
        groups = variable.groups if isinstance(variable, FactVariable) else ()
        left = total = 0
        ways = zip(*(below[node] for node in here), strict=True)
        for code, alike in zip(walk.classes(level), ways, strict=True):
            weight = len(groups[code]) if groups else 1
            left += weight * (others | _union(masks, alike)).bit_count()
            total += weight
        # A variable that is not on every path is worth less: prefer one that is surely asked.
        found[level] = left / total + (0.25 if reached else 0.0)
        reached.update(*(below[node] for node in here))
    return found


def _union(masks: Mapping[int, int], nodes: Iterable[int]) -> int:
    """The leaves below some nodes."""
    every = 0
    for node in nodes:
        every |= masks[node]
    return every
