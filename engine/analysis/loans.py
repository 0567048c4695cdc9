"""Loans for people to read: no more facts than a question needs, what is presumed left out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from engine.evaluation.facts import Presumptions
from engine.model import Rulebase, Value
from engine.problems import InputError


def known_facts(presumptions: Presumptions, given: Mapping[str, Value]) -> dict[str, Value]:
    """Given facts with what the law presumes beside them."""
    presumed = presumptions.beside(given)
    return {**given, **{name: p.value for name, p in presumed.items()}}


def enough(
    rulebase: Rulebase,
    asked: Callable[[Mapping[str, Value]], Iterable[str]],
    some: Mapping[str, Value],
    whole: Mapping[str, Value],
) -> dict[str, Value]:
    """Some facts of a whole loan with as many more of its facts as are asked for, again and again,
    until nothing more is. In the order of the vocabulary. ``asked`` names the facts that an answer
    still needs; where it raises ``InputError`` the whole loan is needed."""
    given = dict(some)
    while True:
        try:
            more = {n: whole[n] for n in asked(given) if n in whole and n not in given}
        except InputError:
            given = more = dict(whole)
        given.update(more)
        if not more or len(given) >= len(whole):
            return {name: given[name] for name in rulebase.facts if name in given}
