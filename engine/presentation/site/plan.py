"""What the site shows: the rules, their overviews decided, their cases, and what speaks of what."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache, partial
from multiprocessing import get_context
from typing import TypeVar

from engine.analysis.case_files import read_cases
from engine.analysis.cases import Case
from engine.analysis.matrix import Matrix, fill
from engine.evaluation.decide import Decider
from engine.evaluation.slices import places
from engine.garbage import unsearched
from engine.model import Compare, Condition, Rule, Rulebase, TermHolds
from engine.presentation.site.addresses import Addresses
from engine.reading.overviews import Overview
from engine.trees import atoms, names_in

_T = TypeVar("_T")
Progress = Callable[[str], None]

MANY = 300
"""Of a pack with so many rules another process decides the overviews."""


@dataclass(frozen=True, slots=True)
class Shown:
    """An overview decided. ``further`` holds the ways that its map alone shows."""

    matrix: Matrix
    further: Matrix | None = None

    @property
    def overview(self) -> Overview:
        """The plan of the table."""
        return self.matrix.overview


@dataclass(frozen=True, slots=True)
class Contents:
    """Everything that the site is made of.

    ``jurisdictions`` are those with rules of their own, with their labels; ``uses`` holds
    for each fact, decision and term the rules that speak of it, directly or through a term;
    ``overriders`` and ``cases_of`` hold for each rule id its exceptions and the cases that name
    it."""

    rulebase: Rulebase
    overviews: Sequence[Overview]
    cases: tuple[Case, ...]
    jurisdictions: Mapping[str, str]
    uses: Mapping[str, Sequence[Rule]]
    overriders: Mapping[str, Sequence[Rule]]
    cases_of: Mapping[str, Sequence[Case]]
    addresses: Addresses


def contents(
    rulebase: Rulebase, overviews: Sequence[Overview], progress: Progress = lambda step: None
) -> Contents:
    """Collect what the site shows. ``progress`` is told what is being worked on.

    Raises ``InputError`` with the problems of the cases.
    """
    progress("cases")
    cases = tuple(read_cases(rulebase))
    jurisdictions = _jurisdictions(rulebase)
    return Contents(
        rulebase,
        overviews,
        cases,
        jurisdictions,
        _grouped((name, rule) for rule in rulebase.rules for name in _spoken_of(rulebase, rule)),
        _grouped((other, rule) for rule in rulebase.rules for other in rule.exception_to),
        _grouped((rule, case) for case in cases for rule in case.by),
        Addresses(rulebase, jurisdictions),
    )


def narrowed(rulebase: Rulebase, names: Collection[str]) -> Rulebase:
    """The rulebase with some decisions and those that they require alone: of these it says the
    same, and sooner."""
    kept = set(rulebase.needed(names))
    return replace(
        rulebase,
        decisions={name: each for name, each in rulebase.decisions.items() if name in kept},
        rules=tuple(rule for rule in rulebase.rules if rule.decides in kept),
    )


def required(rulebase: Rulebase, name: str) -> set[str]:
    """What a decision requires, directly and indirectly."""
    return {*rulebase.needed([name])} - {name}


@contextmanager
def deciding(
    rulebase: Rulebase, overviews: Sequence[Overview]
) -> Iterator[Callable[[], Sequence[Shown]]]:
    """What gives some overviews decided. Those of a large pack are being decided meanwhile, by
    another process, so that there is time for other things before they are asked for.

    What it gives raises ``Disagreement`` where the evaluators differ.
    """
    if len(rulebase.rules) < MANY or not overviews:
        yield cache(partial(all_decided, rulebase, overviews))
        return
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        yield pool.submit(all_decided, rulebase, overviews).result


def all_decided(rulebase: Rulebase, overviews: Sequence[Overview]) -> Sequence[Shown]:
    """Some overviews with every cell decided. Raises ``Disagreement``."""
    decider = Decider(narrowed(rulebase, _shown_in(overviews)))
    with unsearched():
        return [decided(decider, overview) for overview in overviews]


def local_part(rulebase: Rulebase, overviews: Sequence[Overview]) -> Rulebase:
    """What jurisdictions have rules about or overviews show, with what that requires."""
    asked = _shown_in(overviews) | {rule.decides for rule in rulebase.rules if rule.jurisdiction}
    return narrowed(rulebase, asked)


def _shown_in(overviews: Sequence[Overview]) -> set[str]:
    """The decisions that some overviews show."""
    return {column.decision.name for each in overviews for column in each.columns}


def decided(decider: Decider, overview: Overview) -> Shown:
    """An overview with every cell decided. Raises ``Disagreement``."""
    matrix = fill(decider, overview)
    if overview.map is None or not overview.map.ways:
        return Shown(matrix)
    columns = tuple(c for c in overview.columns if c.decision == overview.map.decision)
    further = replace(overview, columns=columns, ways=overview.map.ways)
    return Shown(matrix, fill(decider, further))


def _jurisdictions(rulebase: Rulebase) -> dict[str, str]:
    """The jurisdictions with rules of their own, with their labels, in the order of the fact."""
    own = places(rulebase)
    fact = rulebase.facts.get(rulebase.jurisdiction_fact)
    if fact is None or not fact.values:
        return {value: value for value in own}
    return {value: label or value for value, label in fact.values.items() if value in own}


def _grouped(pairs: Iterator[tuple[str, _T]]) -> dict[str, list[_T]]:
    found: dict[str, list[_T]] = {}
    for key, value in pairs:
        found.setdefault(key, []).append(value)
    return found


def _spoken_of(rulebase: Rulebase, rule: Rule) -> dict[str, None]:
    """What a rule speaks of; its jurisdiction goes without saying."""
    names = dict.fromkeys([*_names(rulebase, rule.when), *names_in(rule.then)])
    if rule.jurisdiction:
        names.pop(rulebase.jurisdiction_fact, None)
    return names


def _names(rulebase: Rulebase, condition: Condition) -> Iterator[str]:
    """Every fact, decision and term of a condition, and what the terms name in turn."""
    for atom in atoms(condition):
        if isinstance(atom, TermHolds):
            yield atom.term
            yield from _names(rulebase, rulebase.terms[atom.term].when)
        else:
            yield atom.name
        if isinstance(atom, Compare) and atom.limit_name is not None:
            yield atom.limit_name
