"""The index that the search page looks into."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from engine.presentation.site.entries import RuleEntry
from engine.presentation.site.plan import Contents


def search_index(contents: Contents, rules: Mapping[str, RuleEntry]) -> str:
    """Every page and every rule as JSON: its kind, its title, where it stands, its address, and
    further words by which it is found."""
    return json.dumps(list(_found(contents, rules)), ensure_ascii=False, separators=(",", ":"))


def _found(contents: Contents, rules: Mapping[str, RuleEntry]) -> Iterator[list[str]]:
    rulebase, addresses = contents.rulebase, contents.addresses
    for value, label in contents.jurisdictions.items():
        yield ["place", label, "", addresses.jurisdiction(value), value]
    for decision in rulebase.decisions.values():
        page = addresses.decision(decision.name)
        yield ["decision", decision.label or decision.name, decision.group, page, decision.name]
    for fact in rulebase.facts.values():
        words = " ".join([fact.name, fact.question, *fact.values.values()])
        yield ["fact", fact.label or fact.name, fact.group, addresses.fact(fact.name), words]
    for term in rulebase.terms.values():
        yield ["term", term.label or term.name, "", addresses.named(term.name), term.name]
    for entry in rules.values():
        rule = entry.rule
        place = contents.jurisdictions.get(rule.jurisdiction, "")
        yield ["rule", rule.title, place, entry.address, f"{rule.id} {rule.authority.cite}"]
