"""Conditions with one test replaced: what a test is worth shows where it is gone or different."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import TypeVar

from engine.model import All, AnyOf, Compare, Condition, Not, OneOf, Term, TermHolds

Test = OneOf | Compare | TermHolds
NEVER = AnyOf()

Label = TypeVar("Label")


def replaced(
    condition: Condition, options: Callable[[Test], Iterable[tuple[Label, Condition]]]
) -> Iterator[tuple[Test, Label, Condition]]:
    """Each condition that has one of ``options(test)`` in the place of one test, with that test and
    the option's label; the tests in their order.

    >>> both = All((TermHolds("a"), TermHolds("b")))
    >>> for test, label, _ in replaced(both, lambda test: [("gone", NEVER)]):
    ...     print(test.term, label)
    a gone
    b gone
    """
    match condition:
        case All(parts) | AnyOf(parts):
            for i, part in enumerate(parts):
                for test, label, new in replaced(part, options):
                    yield test, label, replace(condition, parts=(*parts[:i], new, *parts[i + 1 :]))
        case Not(part):
            for test, label, new in replaced(part, options):
                yield test, label, Not(new)
        case OneOf() | Compare() | TermHolds():
            for label, new in options(condition):
                yield condition, label, new


def with_term(
    condition: Condition, name: str, meaning: Condition, terms: Mapping[str, Term]
) -> Condition:
    """A condition that takes the term ``name`` to mean something else, also where other terms
    use it."""
    match condition:
        case All(parts) | AnyOf(parts):
            new = tuple(with_term(part, name, meaning, terms) for part in parts)
            return replace(condition, parts=new)
        case Not(part):
            return Not(with_term(part, name, meaning, terms))
        case TermHolds(term) if term == name:
            return meaning
        case TermHolds(term):
            own = terms[term].when
            other = with_term(own, name, meaning, terms)
            return condition if other == own else other
        case OneOf() | Compare():
            return condition
