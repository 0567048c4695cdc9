"""A rulebase as one jurisdiction sees it: what lies in one state is decided by few of the rules."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from engine.model import All, Condition, OneOf, Rulebase, Value

ELSEWHERE = "elsewhere"
"""What stands for the jurisdictions that have no rules of their own."""


def place_of(rulebase: Rulebase, facts: Mapping[str, Value]) -> str:
    """The jurisdiction that some facts name; empty where it is not known, or the pack has none."""
    place = facts.get(rulebase.jurisdiction_fact)
    return place if isinstance(place, str) else ""


def within(rulebase: Rulebase, place: str) -> Rulebase:
    """The rulebase without the rules of other jurisdictions than ``place`` (of all that have rules
    of their own, if it is empty): the same law for every loan there."""
    fact = rulebase.jurisdiction_fact
    others = frozenset[Value](places(rulebase))
    rules = (rule for rule in rulebase.rules if rule.jurisdiction in ("", place))
    return replace(
        rulebase, rules=tuple(r for r in rules if not _elsewhere(r.when, fact, place, others))
    )


def _elsewhere(condition: Condition, fact: str, place: str, others: frozenset[Value]) -> bool:
    """Whether a condition plainly leaves out ``place``, or without one names ``others`` alone."""
    if isinstance(condition, All):
        return any(_elsewhere(part, fact, place, others) for part in condition.parts)
    if not isinstance(condition, OneOf) or condition.name != fact:
        return False
    if condition.negated:
        return place in condition.values
    return place not in condition.values if place else others.issuperset(condition.values)


def parts(rulebase: Rulebase) -> list[tuple[str, OneOf | None]]:
    """The loans in parts that together are all of them, each with the test that its loans meet: of
    each jurisdiction that has rules of its own, with its name, and of all others (``ELSEWHERE``),
    if there are any. Without such rules all loans are one part, which has no name and no test."""
    known = tuple(places(rulebase))
    fact = rulebase.jurisdiction_fact
    if not known:
        return [("", None)]
    own: list[tuple[str, OneOf | None]] = [(place, OneOf(fact, (place,))) for place in known]
    if rulebase.facts[fact].values.keys() <= set(known):
        return own
    return [*own, (ELSEWHERE, OneOf(fact, known, negated=True))]


def places(rulebase: Rulebase) -> list[str]:
    """The jurisdictions that have rules of their own, in the order of the files."""
    return list(dict.fromkeys(rule.jurisdiction for rule in rulebase.rules if rule.jurisdiction))
