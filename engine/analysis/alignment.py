"""Two rulebases brought to one vocabulary, so that their diagrams can share one space.

A fact that one side calls otherwise gets one name; a fact that both have takes the values of
either, and what a side does not know itself it refuses, as a constraint would; facts of one name
and two types are two facts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TypeVar

from engine.analysis.renaming import rename, rename_condition
from engine.evaluation.variables import decode, domain
from engine.model import (
    ORDERED,
    Compare,
    Condition,
    Constraint,
    Decision,
    Fact,
    OneOf,
    Rulebase,
    Term,
    Value,
)
from engine.trees import names_in, names_of

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class LoanPair:
    """One loan as each side is told of it: the facts that the side knows, by the side's names."""

    base: Mapping[str, Value]
    head: Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class Aligned:
    """Two rulebases over the same facts. ``base_names`` and ``head_names`` give for each of these
    facts the name it has on that side, if that side knows it."""

    base: Rulebase
    head: Rulebase
    base_names: Mapping[str, str]
    head_names: Mapping[str, str]

    def pair(self, loan: Mapping[str, Value]) -> LoanPair:
        """A loan over all facts as each side is told of it."""
        return LoanPair(
            {own: loan[name] for name, own in self.base_names.items() if name in loan},
            {own: loan[name] for name, own in self.head_names.items() if name in loan},
        )


def align(base: Rulebase, head: Rulebase, renames: Mapping[str, str]) -> Aligned:
    """Both rulebases over one vocabulary; ``renames`` says what names of the base became."""
    back = {new: old for old, new in renames.items()}
    moved = rename(base, renames)
    old = rename(moved, {name: f"base:{name}" for name in _apart(moved, head)})
    new = rename(head, {name: f"head:{name}" for name in _apart(head, moved)})
    facts = {**old.facts, **new.facts}
    for name in old.facts.keys() & new.facts.keys():
        facts[name] = _either(old.facts[name], new.facts[name])
    base_names = {name: _plain(name) for name in old.facts}
    return Aligned(
        _widened(old, facts),
        _widened(new, facts),
        {name: back.get(own, own) for name, own in base_names.items()},
        {name: _plain(name) for name in new.facts},
    )


@dataclass(frozen=True, slots=True)
class Concerned:
    """What a comparison has to look at. ``direct`` are the decisions that are defined differently,
    by their rules or themselves, ``decisions`` those and all that require one of them."""

    base: Rulebase
    head: Rulebase
    direct: frozenset[str]
    decisions: frozenset[str]


def concerned(base: Rulebase, head: Rulebase) -> Concerned:
    """Two aligned rulebases without what is the same in both and has no part in what is not.

    Where only rules of some jurisdictions differ, those of the others are left out: elsewhere both
    sides decide alike.
    """
    before, after = ({rule.id: rule for rule in side.rules} for side in (base, head))
    ids = [*before, *(after.keys() - before.keys())]
    differing = [id_ for id_ in ids if before.get(id_) != after.get(id_)]
    changed = [side[id_] for id_ in differing for side in (before, after) if id_ in side]
    places = {rule.jurisdiction for rule in changed}
    direct = {rule.decides for rule in changed}
    for name in base.decisions.keys() | head.decisions.keys():
        if base.decisions.get(name) != head.decisions.get(name):
            direct.add(name)
            places.add("")
    if (base.facts, base.terms, base.constraints) != (head.facts, head.terms, head.constraints):
        every = frozenset(base.decisions.keys() | head.decisions.keys())
        return Concerned(base, head, every, every)
    decisions = head.resting_on(base.resting_on(direct))
    if "" not in places:
        base, head = (
            replace(side, rules=tuple(r for r in side.rules if r.jurisdiction in {"", *places}))
            for side in (base, head)
        )
    return Concerned(base, head, frozenset(direct), frozenset(decisions))


def _plain(name: str) -> str:
    return name.partition(":")[2] or name


def _apart(one: Rulebase, other: Rulebase) -> list[str]:
    """The facts of one side whose name means something else on the other."""
    return [
        name
        for name, fact in one.facts.items()
        if name in other.decisions or (name in other.facts and other.facts[name].type != fact.type)
    ]


def _either(old: Fact, new: Fact) -> Fact:
    """A fact that can have every value that it can have on either side."""
    if new.type not in ORDERED:
        return replace(new, values={**old.values, **new.values})
    if domain(old) == domain(new):
        return new
    low = min(domain(old)[0], domain(new)[0])
    high = max(domain(old)[1], domain(new)[1])
    return replace(new, at_least=decode(low, new.type), at_most=decode(high, new.type))


def _widened(rulebase: Rulebase, facts: Mapping[str, Fact]) -> Rulebase:
    """The rulebase over more facts, refusing the values that it does not know."""
    bounds = [
        Constraint(f"values of {_plain(name)}", f"{fact.label} has no such value.", condition)
        for name, fact in rulebase.facts.items()
        for condition in _own_values(fact, facts[name])
    ]
    return replace(rulebase, facts=facts, constraints=(*rulebase.constraints, *bounds))


def _own_values(own: Fact, wide: Fact) -> Iterator[Condition]:
    if own.type not in ORDERED:
        if own.values.keys() != wide.values.keys():
            yield OneOf(own.name, tuple(own.values))
        return
    (low, high), (least, most) = domain(own), domain(wide)
    if least < low:
        yield Compare(own.name, "at_least", limit=decode(low, own.type))
    if most > high:
        yield Compare(own.name, "at_most", limit=decode(high, own.type))


# ---- renames ----------------------------------------------------------------------------------


def find_renames(base: Rulebase, head: Rulebase) -> dict[str, str]:
    """The facts, terms and decisions of the base that the head has under another name. A match
    must be the only one, for either of the two."""
    names: dict[str, str] = {}
    uses = _uses(base), _uses(head)

    def same_uses(a: Fact, b: Fact) -> bool:
        own = uses[0].get(a.name)
        return own is not None and own == uses[1].get(b.name)

    names |= _matches(
        base.facts,
        head.facts,
        _alike,
        [
            lambda a, b: a.label == b.label or a.question == b.question,
            same_uses,
            lambda a, b: len(a.values) > 1,
        ],
    )
    names |= _matches(
        base.terms,
        head.terms,
        lambda a, b: rename_condition(a.when, names) == b.when,
        [lambda a, b: a.label == b.label, _always],
    )
    names |= _matches(
        base.decisions,
        head.decisions,
        lambda a, b: (a.type, set(a.values), a.policy) == (b.type, set(b.values), b.policy),
        [
            lambda a, b: a.label == b.label,
            lambda a, b: _ids(base, a) == _ids(head, b) != frozenset(),
        ],
    )
    return names


def _always(a: Term, b: Term) -> bool:
    return True


def _alike(a: Fact, b: Fact) -> bool:
    bounds = (a.at_least, a.at_most) == (b.at_least, b.at_most)
    return a.type == b.type and set(a.values) == set(b.values) and bounds


def _ids(rulebase: Rulebase, decision: Decision) -> frozenset[str]:
    return frozenset(rule.id for rule in rulebase.rules_of(decision.name))


def _matches(
    old: Mapping[str, T],
    new: Mapping[str, T],
    alike: Callable[[T, T], bool],
    signs: list[Callable[[T, T], bool]],
) -> dict[str, str]:
    """What is gone matched with what is new: by the first sign that leaves no choice."""
    found: dict[str, str] = {}
    for sign in signs:
        gone = [name for name in old if name not in new and name not in found]
        fresh = [name for name in new if name not in old and name not in found.values()]
        pairs = [
            (a, b) for a in gone for b in fresh if alike(old[a], new[b]) and sign(old[a], new[b])
        ]
        found |= {a: b for a, b in pairs if sum(a == x or b == y for x, y in pairs) == 1}
    return found


def _uses(rulebase: Rulebase) -> dict[str, frozenset[str]]:
    """For each fact the rules, constraints and decisions that speak of it."""
    found: dict[str, set[str]] = {}

    def note(user: str, condition: Condition) -> None:
        for name in names_of(condition, lambda term: rulebase.terms[term].when):
            found.setdefault(name, set()).add(user)

    for constraint in rulebase.constraints:
        note(f"constraint {constraint.name}", constraint.when)
    for rule in rulebase.rules:
        note(rule.id, rule.when)
        for name in names_in(rule.then):
            found.setdefault(name, set()).add(f"then {rule.id}")
    return {name: frozenset(users) for name, users in found.items()}


__all__ = ["Aligned", "LoanPair", "align", "find_renames"]
