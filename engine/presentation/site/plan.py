"""What the site shows, and the address of everything on it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from engine.analysis.cases import Case, read_cases
from engine.analysis.matrix import Matrix, fill
from engine.evaluation.decide import Decider
from engine.evaluation.slices import places
from engine.model import Rule, Rulebase, RuleFile, Value
from engine.reading.overviews import read_overviews
from engine.trees import names_in, names_of

CASES, TERMS, SEARCH = "cases.html", "terms.html", "search.html"
"""The pages of which there is one each, besides the first."""


@dataclass(frozen=True, slots=True)
class Contents:
    """Everything that the site is made of. ``matrices`` are the overviews, each with the matrix of
    its map's further ways, where it has any; ``uses`` are the rules that speak of each fact, term
    and decision, directly or through a term."""

    decider: Decider
    matrices: tuple[tuple[Matrix, Matrix | None], ...]
    cases: tuple[Case, ...]
    jurisdictions: Mapping[str, str]
    uses: Mapping[str, Sequence[Rule]]
    overriders: Mapping[str, Sequence[Rule]]
    addresses: Addresses

    @property
    def rulebase(self) -> Rulebase:
        """The rules."""
        return self.decider.rulebase


def contents(
    decider: Decider, progress: Callable[[str], None] = lambda step: None, *, verify: bool = True
) -> Contents:
    """Collect what the site shows, the overviews decided. ``progress`` is told what is being worked
    on; ``verify`` decides by the second evaluator as well.

    Raises ``InputError`` for problems of the overviews and the cases, ``Disagreement`` where the
    evaluators differ.
    """
    rulebase = decider.rulebase
    overviews = read_overviews(rulebase)
    cases = tuple(read_cases(rulebase))
    matrices = []
    for overview in overviews:
        further = None
        if overview.map is not None and overview.map.ways:
            shown = tuple(c for c in overview.columns if c.decision == overview.map.decision)
            wider = replace(overview, columns=shown, ways=overview.map.ways)
            further = fill(decider, wider, progress, verify=verify)
        matrices.append((fill(decider, overview, progress, verify=verify), further))
    jurisdictions = _jurisdictions(rulebase)
    return Contents(
        decider,
        tuple(matrices),
        cases,
        jurisdictions,
        _uses(rulebase),
        _overriders(rulebase),
        Addresses(rulebase),
    )


def _jurisdictions(rulebase: Rulebase) -> dict[str, str]:
    """The jurisdictions with rules of their own, with their labels, in the order of the fact."""
    own = set(places(rulebase))
    fact = rulebase.facts.get(rulebase.jurisdiction_fact)
    values = fact.values if fact is not None else {}
    named = {value: label or value for value, label in values.items() if value in own}
    return named | {value: value for value in sorted(own - named.keys())}


def _uses(rulebase: Rulebase) -> dict[str, list[Rule]]:
    uses: dict[str, list[Rule]] = {}
    named = {name: _with_terms(rulebase, [name]) for name in rulebase.terms}
    for rule in rulebase.rules:
        names = {*names_of(rule.when, lambda name: rulebase.terms[name].when)}
        names |= {*names_in(rule.then)}
        names |= {term for term in rule_terms(rulebase, rule) for term in named[term]}
        for name in names:
            uses.setdefault(name, []).append(rule)
    return uses


def rule_terms(rulebase: Rulebase, rule: Rule) -> set[str]:
    """The terms that a rule's condition names."""
    return {atom.term for atom in atoms(rule.when) if isinstance(atom, TermHolds)}


def _with_terms(rulebase: Rulebase, names: Iterable[str]) -> set[str]:
    return set(names)


def _overriders(rulebase: Rulebase) -> dict[str, list[Rule]]:
    found: dict[str, list[Rule]] = {}
    for rule in rulebase.rules:
        for other in rule.exception_to:
            found.setdefault(other, []).append(rule)
    return found
