"""A rulebase as one jurisdiction sees it: what lies in one state is decided by few of the rules."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from engine.model import ALWAYS, All, Condition, OneOf, Rulebase, Value

ELSEWHERE = "elsewhere"
"""What stands for the jurisdictions that have no rules of their own."""


def place_of(rulebase: Rulebase, facts: Mapping[str, Value]) -> str:
    """The jurisdiction that some facts name; empty where it is not known, or the pack has none."""
    place = facts.get(rulebase.jurisdiction_fact)
    return place if isinstance(place, str) else ""


def within(rulebase: Rulebase, place: str) -> Rulebase:
    """The rulebase without the rules of other jurisdictions than ``place`` (of all, if it is
    empty): the same law for every loan there."""
    fact = rulebase.jurisdiction_fact
    rules = (rule for rule in rulebase.rules if rule.jurisdiction in ("", place))
    return replace(rulebase, rules=tuple(r for r in rules if not _elsewhere(r.when, fact, place)))


def _elsewhere(condition: Condition, fact: str, place: str) -> bool:
    """Whether a condition plainly names other jurisdictions alone."""
    if isinstance(condition, All):
        return any(_elsewhere(part, fact, place) for part in condition.parts)
    return (
        bool(place)
        and isinstance(condition, OneOf)
        and condition.name == fact
        and (place in condition.values) == condition.negated
    )


def parts(rulebase: Rulebase) -> list[tuple[str, Condition]]:
    """The loans in parts that together are all of them: of each jurisdiction that has rules of its
    own, with its name, and of all others (``ELSEWHERE``). Where there is no such rule all loans are
    one part, without a name."""
    known = tuple(places(rulebase))
    fact = rulebase.jurisdiction_fact
    if not known:
        return [("", ALWAYS)]
    own = [(place, OneOf(fact, (place,))) for place in known]
    return [*own, (ELSEWHERE, OneOf(fact, known, negated=True))]


def places(rulebase: Rulebase) -> list[str]:
    """The jurisdictions that have rules of their own, in the order of the files."""
    return list(dict.fromkeys(rule.jurisdiction for rule in rulebase.rules if rule.jurisdiction))
