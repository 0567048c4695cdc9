"""From conditions of the rule language to tests of a network, read in three values.

Each condition is compiled twice. ``certain`` holds if the condition holds whatever the unknown
facts are, atom by atom; ``possible`` may hold if it holds for some of them. What is known of a name
is told by properties: its value, that it is unknown, or that it is open (a decision without value).
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from decimal import Decimal

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
from engine.model import All, AnyOf, Bound, Compare, Condition, Not, OneOf, Rulebase, Value

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


class Translator:
    """Compiles the conditions of one rulebase, and writes values as their properties."""

    def __init__(self, rulebase: Rulebase) -> None:
        self._terms = rulebase.terms
        self._decisions = rulebase.decisions
        self._types: dict[str, str] = {name: fact.type for name, fact in rulebase.facts.items()}
        self._types.update((name, decision.type) for name, decision in rulebase.decisions.items())
        self._properties: dict[tuple[str, str], str] = {}
        self._codes: dict[str, int] = {}

    # ---- conditions

    def certain(self, condition: Condition) -> Node:
        """The condition, as it certainly holds."""
        return self._node(condition, True, True)

    def possible(self, condition: Condition) -> Node:
        """The condition, as it may hold."""
        return self._node(condition, True, False)

    def names(self, condition: Condition) -> Iterator[str]:
        """The facts and decisions that the condition tests."""
        match condition:
            case All(parts) | AnyOf(parts):
                for part in parts:
                    yield from self.names(part)
            case Not(part):
                yield from self.names(part)
            case OneOf(name):
                yield name
            case Compare(name, _, _, other):
                yield name
                if other is not None:
                    yield other
            case _:
                yield from self.names(self._terms[condition.term].when)

    def _node(self, condition: Condition, holds: bool, certain: bool) -> Node:
        """The condition, or with ``holds`` false its negation."""
        match condition:
            case All(parts):
                nodes = [self._node(part, holds, certain) for part in parts]
                return both(nodes) if holds else either(nodes)
            case AnyOf(parts):
                nodes = [self._node(part, holds, certain) for part in parts]
                return either(nodes) if holds else both(nodes)
            case Not(part):
                return self._node(part, not holds, certain)
            case OneOf():
                return self._one_of(condition, holds, certain)
            case Compare():
                return self._compare(condition, holds, certain)
            case _:
                return self._node(self._terms[condition.term].when, holds, certain)

    def _one_of(self, test: OneOf, holds: bool, certain: bool) -> Node:
        name = test.name
        value = self._property(name, "value")
        wanted = holds != test.negated
        core: Node
        if self._types[name] == "set":
            members = [self._property(name, f"has {member}") for member in test.values]
            tests = [equal(member, int(wanted)) for member in members]
            core = either(tests) if wanted else both([exists(value), *tests])
        else:
            codes = [code for one in test.values if (code := self._exact(name, one)) is not None]
            if wanted:
                core = either([equal(value, code) for code in codes], exclusive=True)
            else:
                core = both([exists(value), *(compare(value, "$neq", code) for code in codes)])
        return either([core, *self._without(name, holds, certain)], exclusive=True)

    def _compare(self, test: Compare, holds: bool, certain: bool) -> Node:
        name = test.name
        value = self._property(name, "value")
        bound = test.bound if holds else _OPPOSITE[test.bound]
        if test.limit_name is not None:
            other = self._property(test.limit_name, "value")
            core = relate(value, _OPERATOR[bound], other)
            rest = self._without(test.limit_name, holds, certain)
            # The other may be known or not: the two don't exclude each other.
            return either([core, *self._without(name, holds, certain), *rest])
        assert test.limit is not None
        units, parts = self._number(name, test.limit)
        limit = units // parts
        if units % parts:  # between two values that the name can have
            bound = "at_most" if bound in ("less_than", "at_most") else "more_than"
        core = compare(value, _OPERATOR[bound], limit)
        return either([core, *self._without(name, holds, certain)], exclusive=True)

    def _without(self, name: str, holds: bool, certain: bool) -> Iterator[Node]:
        """What else meets a test: being open meets its negation, being unknown may meet it."""
        if not holds and name in self._decisions:
            yield equal(self._property(name, "open"), 1)
        if not certain:
            yield equal(self._property(name, "unknown"), 1)

    # ---- values

    def tell(self, name: str, value: Value, into: dict[str, str]) -> None:
        """Put the properties that tell a known value, each with its JSON for a message."""
        if isinstance(value, frozenset):
            self._put(name, "value", 1, into)
            for member in self._decisions[name].values:
                self._put(name, f"has {member}", int(member in value), into)
        else:
            code = self._exact(name, value)
            # Off the grid of its type: no reader lets that in, and no rounding makes it.
            assert code is not None, (name, value)
            self._put(name, "value", code, into)

    def tell_unknown(self, name: str, into: dict[str, str]) -> None:
        """Put the property that tells that a name is unknown."""
        self._put(name, "unknown", 1, into)

    def tell_open(self, name: str, into: dict[str, str]) -> None:
        """Put the property that tells that a decision is open."""
        self._put(name, "open", 1, into)

    def _put(self, name: str, what: str, value: int, into: dict[str, str]) -> None:
        shown = self._property(name, what)
        into[shown] = f',"{shown}":{value}'

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
