"""From conditions of the rule language to tests of a network, read in three values.

What is known of a name is told by properties: its value, that it is unknown, or that it is open (a
decision without value). A name that is unknown meets every test of it, so a condition is met if it
holds for some value of the unknown names, atom by atom: it may hold. A message that leaves out what
is unknown meets the same condition only if it holds whatever the unknown names are, atom by atom:
it certainly holds.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping
from decimal import Decimal

from engine.evaluation.rete_amounts import Gap
from engine.evaluation.rete_network import (
    LARGEST,
    Node,
    Operator,
    both,
    compare,
    either,
    equal,
    exists,
    relate,
)
from engine.model import (
    All,
    AnyOf,
    Bound,
    Compare,
    Condition,
    Not,
    OneOf,
    Rulebase,
    TermHolds,
    Value,
)
from engine.trees import names_of

_SCALE = {"integer": 1, "money": 100, "decimal": 10**6}
_OPERATOR: dict[Bound, Operator] = {
    "less_than": "$lt",
    "at_most": "$lte",
    "more_than": "$gt",
    "at_least": "$gte",
}
_OPPOSITE: dict[Bound, Bound] = {
    "less_than": "at_least",
    "at_most": "more_than",
    "more_than": "at_most",
    "at_least": "less_than",
}
_MAY_BE = {True: "may be true", False: "may be false"}
"""How truth values are told. One that is unknown may be either (and a decision may be open), so no
test of it has to ask whether it is unknown."""


class Translator:
    """Compiles the conditions of one rulebase, and writes values as their properties."""

    def __init__(self, rulebase: Rulebase) -> None:
        self._terms = rulebase.terms
        self._decisions = rulebase.decisions
        self._types: dict[str, str] = {name: fact.type for name, fact in rulebase.facts.items()}
        self._types.update((name, decision.type) for name, decision in rulebase.decisions.items())
        self._properties: dict[tuple[str, str], str] = {}
        self._codes: dict[str, int] = {}
        self._nodes: dict[tuple[OneOf | Compare | TermHolds, bool], Node] = {}
        self._tellings: dict[tuple[str, str | bool | Gap], Mapping[str, str]] = {}
        """Of what a name can be but for numbers, days and sets: few enough to keep."""

    # ---- conditions

    def names(self, condition: Condition) -> Iterator[str]:
        """The facts and decisions that the condition tests."""
        return names_of(condition, lambda term: self._terms[term].when)

    def required(self, condition: Condition) -> Mapping[str, Value]:
        """The names of which the condition requires one value, with that value."""
        found: dict[str, Value] = {}
        waiting = [condition]
        while waiting:
            part = waiting.pop()
            if isinstance(part, All):
                waiting.extend(part.parts)
            elif isinstance(part, TermHolds):
                waiting.append(self._terms[part.term].when)
            elif isinstance(part, OneOf) and len(part.values) == 1 and not part.negated:
                found[part.name] = part.values[0]
        return {name: value for name, value in found.items() if self._types[name] != "set"}

    def node(self, condition: Condition, holds: bool = True) -> Node:
        """The condition, or with ``holds`` false its negation, as tests of a message."""
        match condition:
            case All(parts):
                nodes = [self.node(part, holds) for part in parts]
                return both(nodes) if holds else either(nodes)
            case AnyOf(parts):
                nodes = [self.node(part, holds) for part in parts]
                return either(nodes) if holds else both(nodes)
            case Not(part):
                return self.node(part, not holds)
            case _:
                key = (condition, holds)
                if key not in self._nodes:
                    self._nodes[key] = self._test(condition, holds)
                return self._nodes[key]

    def _test(self, test: OneOf | Compare | TermHolds, holds: bool) -> Node:
        match test:
            case OneOf():
                return self._one_of(test, holds)
            case Compare():
                return self._compare(test, holds)
            case TermHolds(term):
                return self.node(self._terms[term].when, holds)

    def _one_of(self, test: OneOf, holds: bool) -> Node:
        name = test.name
        wanted = holds != test.negated
        value = self._property(name, "value")
        core: Node
        if self._types[name] == "boolean":
            wants = [each for each in (True, False) if (each in test.values) == wanted]
            core = either([equal(self._property(name, _MAY_BE[each]), 1) for each in wants])
        elif self._types[name] == "set":
            members = [self._property(name, f"has {member}") for member in test.values]
            tests = [equal(member, int(wanted)) for member in members]
            core = either(tests) if wanted else both(tests or [exists(value)])
        else:
            codes = [code for one in test.values if (code := self._exact(name, one)) is not None]
            if wanted:
                core = either([equal(value, code) for code in codes], exclusive=True)
            else:
                core = both([compare(value, "$neq", code) for code in codes] or [exists(value)])
        return either([core, *self._without(name, holds)], exclusive=True)

    def _compare(self, test: Compare, holds: bool) -> Node:
        name = test.name
        value = self._property(name, "value")
        bound = test.bound if holds else _OPPOSITE[test.bound]
        if test.limit_name is not None:
            other = self._property(test.limit_name, "value")
            core = relate(value, _OPERATOR[bound], other)
            rest = self._without(test.limit_name, holds)
            # The other may be known or not: the two don't exclude each other.
            return either([core, *self._without(name, holds), *rest])
        assert test.limit is not None
        units, parts = self._number(name, test.limit)
        limit = units // parts
        if units % parts:  # between two values that the name can have
            bound = "at_most" if bound in ("less_than", "at_most") else "more_than"
        core = compare(value, _OPERATOR[bound], limit)
        return either([core, *self._without(name, holds)], exclusive=True)

    def _without(self, name: str, holds: bool) -> Iterator[Node]:
        """What else meets a test: being unknown, and of its negation being open."""
        if not holds and name in self._decisions:
            yield equal(self._property(name, Gap.OPEN.value), 1)
        if self._types[name] != "boolean":
            yield equal(self._property(name, Gap.UNKNOWN.value), 1)

    # ---- values

    def tell(self, name: str, value: Value | Gap) -> Mapping[str, str]:
        """The properties that tell what is known of a name, each with its JSON for a message."""
        if not isinstance(value, str | bool | Gap):
            return self._told(name, value)
        key = (name, value)
        if key not in self._tellings:
            self._tellings[key] = self._told(name, value)
        return self._tellings[key]

    def _told(self, name: str, value: Value | Gap) -> Mapping[str, str]:
        told: dict[str, int] = {}
        if isinstance(value, bool):
            told[_MAY_BE[value]] = 1
        elif value is Gap.UNKNOWN and self._types[name] == "boolean":
            told = dict.fromkeys((*_MAY_BE.values(), Gap.OPEN.value), 1)
        elif isinstance(value, Gap):
            told[value.value] = 1
        elif isinstance(value, frozenset):
            told["value"] = 1
            for member in self._decisions[name].values:
                told[f"has {member}"] = int(member in value)
        else:
            code = self._exact(name, value)
            # Off the grid of its type: no reader lets that in, and no rounding makes it.
            assert code is not None, (name, value)
            told["value"] = code
        shown = {self._property(name, what): number for what, number in told.items()}
        return {each: f',"{each}":{number}' for each, number in shown.items()}

    def _property(self, name: str, what: str) -> str:
        key = (name, what)
        found = self._properties.get(key)
        if found is None:
            found = self._properties[key] = f"p{len(self._properties)}"
        return found

    def _exact(self, name: str, value: Value) -> int | None:
        """A value as the integer that stands for it; None for a number that the type can't hold."""
        if isinstance(value, str):
            return self._codes.setdefault(value, len(self._codes))
        units, parts = self._number(name, value)
        return None if units % parts else units // parts

    def _number(self, name: str, value: Value) -> tuple[int, int]:
        """A number or day in the units of the property, as numerator and denominator, and no
        further out than a property can hold."""
        if isinstance(value, datetime.date):
            return value.toordinal(), 1
        assert isinstance(value, int | Decimal), value
        units, parts = value.as_integer_ratio()
        units *= _SCALE.get(self._types[name], 1)
        if abs(units) > LARGEST * parts:
            return (LARGEST if units > 0 else -LARGEST), 1
        return units, parts
