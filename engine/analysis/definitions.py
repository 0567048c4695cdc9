"""What two rulebases say differently: facts, terms, constraints, presumptions, decisions, rules.

This is about the text, not about loans: what is written is told apart by whether it can change an
answer (its meaning) or only how the answer reads (its words).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Literal, TypeVar

from engine.model import Constraint, Decision, Fact, Presumption, Rule, Rulebase, Term
from engine.problems import Place

What = Literal["fact", "term", "constraint", "presumption", "decision", "rule"]
How = Literal["added", "removed", "changed", "renamed", "reworded"]


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One key of a definition, as it was and as it is."""

    name: str
    old: object
    new: object


@dataclass(frozen=True, slots=True)
class DefinitionChange:
    """One definition that is new, gone or different.

    ``changed`` means that its meaning is; ``renamed`` that only its name is (``old_name`` holds the
    old one), ``reworded`` that only its words are. ``fields`` tell what differs, meaning first.
    ``where`` is its place in the head, or in the base where it is gone.
    """

    what: What
    how: How
    name: str
    where: Place
    old_name: str = ""
    fields: tuple[FieldChange, ...] = ()


Definition = Fact | Term | Constraint | Presumption | Decision | Rule
D = TypeVar("D", Fact, Term, Constraint, Presumption, Decision, Rule)
Parts = Mapping[str, object]


def definition_changes(
    base: Rulebase, head: Rulebase, renames: Mapping[str, str]
) -> list[DefinitionChange]:
    """Every definition that differs. ``base`` is the base under the head's names already;
    ``renames`` tells which names those are."""
    old_names = {new: old for old, new in renames.items()}
    rule_names = _renamed_rules(base.rules, head.rules)
    old_rules = {
        rule_names.get(rule.id, rule.id): replace(
            rule, exception_to=tuple(rule_names.get(i, i) for i in rule.exception_to)
        )
        for rule in base.rules
    }
    old_ids = {new: old for old, new in rule_names.items()}
    return [
        *_compared("fact", base.facts, head.facts, _fact, old_names),
        *_compared("term", base.terms, head.terms, _term, old_names),
        *_compared(
            "constraint",
            {c.name: c for c in base.constraints},
            {c.name: c for c in head.constraints},
            _constraint,
            {},
        ),
        *_compared(
            "presumption",
            _numbered(base.presumptions),
            _numbered(head.presumptions),
            _presumption,
            {},
        ),
        *_compared("decision", base.decisions, head.decisions, _decision, old_names),
        *_compared("rule", old_rules, {rule.id: rule for rule in head.rules}, _rule, old_ids),
    ]


def _compared(
    what: What,
    old: Mapping[str, D],
    new: Mapping[str, D],
    view: Callable[[D], tuple[Parts, Parts]],
    old_names: Mapping[str, str],
) -> Iterator[DefinitionChange]:
    for name, before in old.items():
        if name not in new:
            yield DefinitionChange(what, "removed", name, before.place)
    for name, after in new.items():
        if name not in old:
            yield DefinitionChange(what, "added", name, after.place)
            continue
        was = old_names.get(name, "")
        was_parts, is_parts = view(old[name]), view(after)
        meaning: list[FieldChange] = _fields(was_parts[0], is_parts[0])
        words: list[FieldChange] = _fields(was_parts[1], is_parts[1])
        how: How = "changed" if meaning else "renamed" if was else "reworded"
        if meaning or words or was:
            yield DefinitionChange(what, how, name, after.place, was, (*meaning, *words))


def _fields(old: Parts, new: Parts) -> list[FieldChange]:
    return [FieldChange(key, old[key], new[key]) for key in new if old[key] != new[key]]


def _numbered(presumptions: Iterable[Presumption]) -> dict[str, Presumption]:
    """Presumptions by their fact; the second of one fact is `fact (2)`, and so on."""
    count: Counter[str] = Counter()
    found = {}
    for presumption in presumptions:
        count[presumption.fact] += 1
        times = count[presumption.fact]
        name = presumption.fact if times == 1 else f"{presumption.fact} ({times})"
        found[name] = presumption
    return found


def _renamed_rules(old: Iterable[Rule], new: Iterable[Rule]) -> dict[str, str]:
    """Rules that have the same content under another id, where there is no choice."""
    before, after = {rule.id: rule for rule in old}, {rule.id: rule for rule in new}
    gone = [rule for rule in before.values() if rule.id not in after]
    fresh = [rule for rule in after.values() if rule.id not in before]
    pairs = [
        (a.id, b.id)
        for a in gone
        for b in fresh
        if (a.decides, a.when, a.then) == (b.decides, b.when, b.then)
    ]
    return {a: b for a, b in pairs if sum(a == x or b == y for x, y in pairs) == 1}


# ---- meaning and words ------------------------------------------------------------------------


def _fact(fact: Fact) -> tuple[Parts, Parts]:
    return (
        {
            "type": fact.type,
            "values": frozenset(fact.values),
            "at_least": fact.at_least,
            "at_most": fact.at_most,
        },
        {
            "label": fact.label,
            "question": fact.question,
            "labels of values": tuple(fact.values.items()),
            "group": fact.group,
            "description": fact.description,
        },
    )


def _term(term: Term) -> tuple[Parts, Parts]:
    return {"when": term.when}, {"label": term.label}


def _constraint(constraint: Constraint) -> tuple[Parts, Parts]:
    return {"must": constraint.when}, {"because": constraint.because}


def _presumption(presumption: Presumption) -> tuple[Parts, Parts]:
    meaning = {"presume": presumption.value, "when": presumption.when}
    return meaning, {"because": presumption.because}


def _decision(decision: Decision) -> tuple[Parts, Parts]:
    return (
        {
            "type": decision.type,
            "values": frozenset(decision.values),
            "hit_policy": decision.policy,
            "otherwise": decision.otherwise,
            "at_least": decision.at_least,
        },
        {
            "label": decision.label,
            "labels of values": tuple(decision.values.items()),
            "otherwise_because": decision.otherwise_because,
            "group": decision.group,
            "description": decision.description,
        },
    )


def _rule(rule: Rule) -> tuple[Parts, Parts]:
    return (
        {
            "decides": rule.decides,
            "when": rule.when,
            "then": rule.then,
            "exception_to": frozenset(rule.exception_to),
        },
        {
            "title": rule.title,
            "because": rule.because,
            "authority": rule.authority,
            "note": rule.note,
        },
    )
