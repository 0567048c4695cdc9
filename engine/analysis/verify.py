"""Proofs about a rulebase: over all loans that meet the constraints, not over samples."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import combinations, pairwise

from engine.analysis.effects import Effects
from engine.analysis.findings import Finding, located
from engine.analysis.regions import is_empty
from engine.analysis.rule_faults import Left, Progress, rule_faults, uncleared
from engine.evaluation.compiling import Compiled, Leaf
from engine.evaluation.decide import Decider
from engine.model import (
    ALWAYS,
    All,
    Compare,
    Condition,
    Rule,
    Rulebase,
    TermHolds,
)
from engine.trees import atoms, names_in, names_of

A_YEAR = 366


def verify(
    decider: Decider,
    progress: Progress = lambda step: None,
    today: datetime.date | None = None,
    rules: Callable[[Progress], Left] | None = None,
) -> list[Finding]:
    """Every finding about a pack, ordered by place; those that the pack accepts are marked.
    ``progress`` is told what is being looked at; ``today`` tells how old parameters are; ``rules``
    tells what ``uncleared`` would, where it is under way elsewhere."""
    compiled = decider.compiled
    found: list[Finding] = []
    if is_empty(compiled, compiled.forest.true):
        first = compiled.rulebase.constraints[0]
        return [Finding("no-loan", "no loan meets all constraints", first.place, (first.name,))]
    for decision in compiled.rulebase.decisions.values():
        progress(decision.name)
        effects = Effects(compiled, decision)
        found.extend(_conflicts(effects))
        found.extend(_outcomes(effects))
        found.extend(_versions(effects))
    left = uncleared(decider, None, progress) if rules is None else rules(progress)
    found.extend(rule_faults(decider, left))
    found.extend(_constraints(compiled))
    found.extend(_vocabulary(compiled.rulebase))
    found.extend(_old(compiled.rulebase, today or datetime.date.today()))
    return sorted(_accepted(compiled.rulebase, found), key=lambda f: (f.where, f.code, f.about))


# ---- outcomes of a decision -------------------------------------------------------------------


def _conflicts(effects: Effects) -> Iterator[Finding]:
    compiled, decision = effects.compiled, effects.decision
    if decision.policy.kind != "unique":
        return
    leaves = [leaf for leaf in effects.leaves() if effects.contradicts(leaf)]
    forest = compiled.forest
    part = effects.where("conflict", leaves)
    regions = {n: forest.both(part, effects.decides(n)) for n in effects.rules_in(part)}
    for (a, one), (b, other) in combinations(regions.items(), 2):
        first, second = effects.rule(a), effects.rule(b)
        together = forest.both(one, other)
        if first.then == second.then or is_empty(compiled, together):
            continue
        message = (
            f"`{first.id}` and `{second.id}` decide `{decision.name}` differently, and neither is "
            f"an exception to the other"
        )
        about = first.id, second.id
        yield located(compiled, "conflict", message, second.place, about, second.decides, together)


def _outcomes(effects: Effects) -> Iterator[Finding]:
    compiled, decision = effects.compiled, effects.decision
    if not effects.numbers and decision.otherwise is None:
        yield Finding(
            "unreachable-decision",
            f"no rule decides `{decision.name}`, and it has no `otherwise`",
            decision.place,
            (decision.name,),
            decision.name,
        )
        return
    if decision.otherwise is None and not decision.parameter:  # which holds from its first day on
        part = effects.where("hole", [frozenset()])
        if not is_empty(compiled, part):
            message = f"no rule decides `{decision.name}` for some loans, and it has no `otherwise`"
            name = decision.name
            yield located(compiled, "hole", message, decision.place, (name,), name, part)
    yield from _values(effects)


def _values(effects: Effects) -> Iterator[Finding]:
    """Values that the decision declares and no loan is given."""
    compiled, decision = effects.compiled, effects.decision
    given: dict[object, list[Leaf]] = {}
    for leaf in effects.leaves():
        meaning = effects.meaning(leaf)
        if isinstance(meaning, tuple) and meaning[0] == "value":
            value = meaning[1]
            for each in value if isinstance(value, frozenset) else (value,):
                given.setdefault(each, []).append(leaf)
    for value in decision.values:
        leaves = given.get(value, [])
        if not leaves or is_empty(compiled, effects.where("value", leaves)):
            yield Finding(
                "unused-value",
                f"no loan is ever given `{value}` as its `{decision.name}`",
                decision.place,
                (decision.name, value),
                decision.name,
            )


# ---- versions of a provision ------------------------------------------------------------------


def _versions(effects: Effects) -> Iterator[Finding]:
    """Rules that are alike but for their effective dates and outcomes: their dates should meet."""
    versions: dict[object, list[Rule]] = {}
    for number in effects.numbers:
        rule = effects.rule(number)
        if rule.effective is not None:
            key = (rule.effective.measured_by, _undated(rule), rule.jurisdiction)
            versions.setdefault(key, []).append(rule)
    for rules in versions.values():
        rules.sort(key=lambda rule: rule.effective.start or datetime.date.min)  # type: ignore[union-attr]
        for older, newer in pairwise(rules):
            yield from _meeting(older, newer)


def _undated(rule: Rule) -> Condition:
    """A rule's condition without its effective dates."""
    if not isinstance(rule.when, All):
        return ALWAYS
    kept = tuple(
        part for part in rule.when.parts if not (isinstance(part, Compare) and part.place.line == 0)
    )
    return All(kept)


def _meeting(older: Rule, newer: Rule) -> Iterator[Finding]:
    assert older.effective is not None and newer.effective is not None
    end, start = older.effective.end, newer.effective.start
    about = (older.id, newer.id)
    if end is None or start is None or start <= end:
        overrides = older.id in newer.exception_to or newer.id in older.exception_to
        if not overrides:
            yield Finding(
                "effective-overlap",
                f"`{older.id}` is still in force on {start or 'the first day'}, when `{newer.id}` "
                f"begins",
                newer.place,
                about,
                newer.decides,
            )
    elif (start - end).days > 1:
        yield Finding(
            "effective-gap",
            f"from {end} to {start} neither `{older.id}` nor `{newer.id}` is in force",
            newer.place,
            about,
            newer.decides,
        )


# ---- constraints and vocabulary ---------------------------------------------------------------


def _constraints(compiled: Compiled) -> Iterator[Finding]:
    forest = compiled.forest
    for i, constraint in enumerate(compiled.rulebase.constraints):
        others = [c for j, c in enumerate(compiled.constraints) if j != i]
        excluded = forest.all_of([*others, forest.negate(compiled.constraints[i])])
        free = replace(compiled, constraints=())
        if is_empty(free, excluded):
            yield Finding(
                "idle-constraint",
                f"the constraint `{constraint.name}` excludes nothing that others let through",
                constraint.place,
                (constraint.name,),
            )


def _vocabulary(rulebase: Rulebase) -> Iterator[Finding]:
    used = set(_used_names(rulebase))
    for decision in rulebase.decisions.values():
        if decision.parameter and decision.name not in used:
            message = f"no rule uses the parameter `{decision.name}`"
            yield Finding("unused-parameter", message, decision.place, (decision.name,))
    for fact in rulebase.facts.values():
        if fact.name not in used:
            yield Finding("unused-fact", f"no rule uses the fact `{fact.name}`", fact.place,
                          (fact.name,))  # fmt: skip
    terms = set(_used_terms(rulebase))
    for term in rulebase.terms.values():
        if term.name not in terms:
            yield Finding("unused-term", f"nothing uses the term `{term.name}`", term.place,
                          (term.name,))  # fmt: skip


def _old(rulebase: Rulebase, today: datetime.date) -> Iterator[Finding]:
    """Parameters that nobody has looked after for more than a year."""
    for decision in rulebase.decisions.values():
        if not decision.parameter:
            continue
        starts = [r.effective.start for r in rulebase.rules_of(decision.name) if r.effective]
        newest = max(day for day in (*starts, decision.checked) if day is not None)
        if (today - newest).days > A_YEAR:
            message = f"`{decision.name}` was last looked up or changed on {newest}"
            yield Finding("old-parameter", message, decision.place, (decision.name,))


def _used_names(rulebase: Rulebase) -> Iterator[str]:
    for rule in rulebase.rules:
        yield from names_of(rule.when, lambda name: rulebase.terms[name].when)
        yield from names_in(rule.then)
    for decision in rulebase.decisions.values():
        if decision.otherwise is not None:
            yield from names_in(decision.otherwise)


def _used_terms(rulebase: Rulebase) -> Iterator[str]:
    conditions = [rule.when for rule in rulebase.rules]
    conditions += [constraint.when for constraint in rulebase.constraints]
    conditions += [presumption.when for presumption in rulebase.presumptions]
    conditions += [term.when for term in rulebase.terms.values()]
    for condition in conditions:
        for atom in atoms(condition):
            if isinstance(atom, TermHolds):
                yield atom.term


def _accepted(rulebase: Rulebase, found: list[Finding]) -> list[Finding]:
    """The findings with the reasons for which the pack accepts some of them; an acceptance that
    meets no finding is one itself."""
    met: set[int] = set()
    result = []
    for finding in found:
        for i, acceptance in enumerate(rulebase.accepted):
            if acceptance.finding == finding.code and set(acceptance.about) <= set(finding.about):
                met.add(i)
                finding = replace(finding, accepted=acceptance.because)
                break
        result.append(finding)
    for i, acceptance in enumerate(rulebase.accepted):
        if i not in met:
            about = ", ".join(f"`{name}`" for name in acceptance.about)
            result.append(
                Finding(
                    "stale-acceptance",
                    f"the pack accepts `{acceptance.finding}` about {about}, which is not found",
                    acceptance.place,
                    acceptance.about,
                )
            )
    return result
