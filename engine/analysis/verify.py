"""Proofs about a rulebase: over all loans that meet the constraints, not over samples."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

from engine.analysis.decision_faults import conflict_findings, hole_finding
from engine.analysis.effects import Effects
from engine.analysis.findings import KINDS, Finding
from engine.analysis.proving import Progress, Proved, prove
from engine.analysis.regions import is_empty
from engine.analysis.rule_faults import rule_findings
from engine.evaluation.compiling import Compiled
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
from engine.problems import likely, listing
from engine.trees import atoms, names_in, spoken_of

A_YEAR = 366


def verify(
    decider: Decider,
    progress: Progress = lambda step: None,
    today: datetime.date | None = None,
    proved: Proved | None = None,
) -> list[Finding]:
    """Every finding about a pack, ordered by place; those that the pack accepts are marked.
    ``progress`` is told what is being looked at; ``today`` tells how old parameters are;
    ``proved`` is what ``prove`` gives, where that is known."""
    book = decider.rulebase
    bare = decider.compiled_for({}, ())
    if is_empty(bare, bare.forest.true):
        first = book.constraints[0]
        return [Finding("no-loan", "no loan meets all constraints", first.place, (first.name,))]
    found = [
        *_constraints(bare),
        *_vocabulary(book),
        *_old(book, today or datetime.date.today()),
        *(finding for decision in book.decisions for finding in _versions(book, decision)),
    ]
    if proved is None:
        proved = prove(decider, progress)
    progress("what was found")
    found.extend(_decisions(decider, proved))
    found.extend(rule_findings(book, proved.rules, lambda name: _whole(decider, name)))
    return sorted(_accepted(book, found), key=lambda f: (f.where, f.code, f.about))


def _whole(decider: Decider, decision: str) -> Compiled:
    """A decision's diagrams for all loans."""
    return decider.compiled_for({}, decider.needed([decision]))


# ---- outcomes of a decision -------------------------------------------------------------------


def _decisions(decider: Decider, proved: Proved) -> Iterator[Finding]:
    book = decider.rulebase
    ruled = {rule.decides for rule in book.rules}
    lived_with = {(a.finding, name) for a in book.accepted for name in a.about}
    for decision in book.decisions.values():
        name, place = decision.name, decision.place
        if name not in ruled and decision.otherwise is None:
            message = f"no rule decides `{name}`, and it has no `otherwise`"
            yield Finding("unreachable-decision", message, place, (name,), name)
            continue
        pairs = [pair for pair in proved.conflicts if _rule(book, pair[0]).decides == name]
        if pairs:
            yield from conflict_findings(Effects(_whole(decider, name), decision), pairs)
        if name in proved.holes and ("hole", name) in lived_with:  # then nobody asks which loans
            yield Finding("hole", f"some loans have no `{name}`", place, (name,), name)
        elif name in proved.holes:
            yield hole_finding(Effects(_whole(decider, name), decision))
        for value in decision.values:
            if (name, value) in proved.ungiven:
                message = f"no loan is ever given `{value}` as its `{name}`"
                yield Finding("unused-value", message, place, (name, value), name)


def _rule(book: Rulebase, rule_id: str) -> Rule:
    return next(rule for rule in book.rules if rule.id == rule_id)


# ---- versions of a provision ------------------------------------------------------------------


def _versions(book: Rulebase, decision: str) -> Iterator[Finding]:
    """Rules that are alike but for their effective dates and outcomes: their dates should meet."""
    versions: dict[object, list[Rule]] = {}
    for rule in book.rules_of(decision):
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
        yield from spoken_of(rule, rulebase)
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
            said = f"the pack accepts `{acceptance.finding}` about {about}, which is not found"
            if acceptance.finding not in KINDS:
                hint = likely(acceptance.finding, KINDS) or f"findings: {listing(KINDS, 20)}"
                said = f"the pack accepts `{acceptance.finding}`, which is no finding ({hint})"
            result.append(Finding("stale-acceptance", said, acceptance.place, acceptance.about))
    return result
