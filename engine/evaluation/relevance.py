"""Which facts can matter to some decisions."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from functools import cached_property

from engine.memory import Memory
from engine.model import Rulebase
from engine.trees import names_in, names_of, spoken_of

MANY_QUESTIONS = 4_000
"""Of so many sets of decisions at least it is remembered which facts can matter to them."""


class Relevance:
    """The facts that can matter to some decisions: those that their rules speak of, those that
    what is presumed of these rests on, and those that a constraint ties to any of them. Safe to
    use from several threads."""

    def __init__(self, rulebase: Rulebase) -> None:
        self._rulebase = rulebase
        self._bits = {name: 1 << n for n, name in enumerate(rulebase.facts)}
        self._found = Memory[frozenset[str]](MANY_QUESTIONS)

    def of(self, place: str, decisions: Collection[str]) -> frozenset[str]:
        """The facts that can matter to decisions, which include all that they require, for loans
        of a jurisdiction (of any, if it is empty)."""
        key = place, *decisions
        found = self._found.find(key)
        return self._found.keep(key, self._facts(place, decisions)) if found is None else found

    def _facts(self, place: str, decisions: Iterable[str]) -> frozenset[str]:
        rulebase = self._rulebase
        laws = [law for name, law in self._said.items() if not place or name in ("", place)]
        found = self._bits_of((rulebase.jurisdiction_fact, rulebase.section_fact))
        for decision in decisions:
            for law in laws:
                found |= law.get(decision, 0)
        every = found
        for name, bit in self._bits.items():
            if found & bit:
                every |= self._ties[name]
        return frozenset(name for name, bit in self._bits.items() if every & bit)

    @cached_property
    def _said(self) -> Mapping[str, Mapping[str, int]]:
        """By jurisdiction (empty for the law of all), the facts that its rules of each decision
        speak of, as bits."""
        rulebase = self._rulebase
        said: dict[str, dict[str, int]] = {"": {}}
        for name, decision in rulebase.decisions.items():
            if decision.otherwise is not None:
                said[""][name] = self._bits_of(names_in(decision.otherwise))
        for rule in rulebase.rules:
            own = said.setdefault(rule.jurisdiction, {})
            own[rule.decides] = own.get(rule.decides, 0) | self._bits_of(spoken_of(rule, rulebase))
        return said

    @cached_property
    def _ties(self) -> Mapping[str, int]:
        """For each fact those on which it hangs what is known of it, with itself, as bits."""
        terms = self._rulebase.terms
        ties = dict(self._bits)
        for presumption in self._rulebase.presumptions:
            rests_on = names_of(presumption.when, lambda term: terms[term].when)
            ties[presumption.fact] |= self._bits_of(rests_on)
        for constraint in self._rulebase.constraints:
            tied = list(names_of(constraint.when, lambda term: terms[term].when))
            for name in tied:
                ties[name] |= self._bits_of(tied)
        for between, bit in self._bits.items():  # whatever hangs on one hangs on all that it does
            beyond = ties[between]
            for name, tie in ties.items():
                if tie & bit:
                    ties[name] = tie | beyond
        return ties

    def _bits_of(self, names: Iterable[str]) -> int:
        found = 0
        for name in names:
            found |= self._bits.get(name, 0)
        return found
