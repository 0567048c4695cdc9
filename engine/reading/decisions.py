"""The decisions of ``pack.yaml``: their types, their hit policies, and what each requires."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import get_args

from engine.model import (
    NUMERIC,
    ORDERED,
    Decision,
    DecisionType,
    HitPolicy,
    Rule,
    Term,
    Value,
)
from engine.problems import listing
from engine.reading.names import Names
from engine.reading.report import Report
from engine.reading.rules import read_then
from engine.reading.vocabulary import circles, entries, is_free, labels, text
from engine.reading.yaml import ListNode, MapNode, ScalarNode, key_of, plain
from engine.trees import names_in, names_of
from engine.values import ValueFault, a_type, read_value, show

_FITTING = {
    "unique": frozenset({"enum", "boolean", "set"}) | ORDERED,
    "priority": frozenset({"enum", "boolean"}),
    "collect": frozenset({"set"}),
    "min": ORDERED,
    "max": ORDERED,
    "sum": NUMERIC,
}


def read_decisions(head: MapNode, facts: Collection[str], report: Report) -> dict[str, Decision]:
    """The decisions by name, in the order of the file, but those whose values can't be told.

    ``otherwise`` and ``requires`` come later: they need the names of all the others. ``facts`` are
    the names that are taken.
    """
    found = {}
    for entry in entries(head.get("decisions")):
        key, node = entry.key, entry.value
        if key.text in facts:
            message = f"`{key.text}` is the name of a fact already"
            report.error("duplicate-name", message, key.place, "choose another name")
        elif isinstance(node, MapNode) and is_free(key, report):
            decision = _decision(key, node, report)
            if decision is not None:
                found[decision.name] = decision
    return found


def _decision(key: ScalarNode, node: MapNode, report: Report) -> Decision | None:
    kind, values = text(node, "type"), labels(node.get("values"))
    if kind not in get_args(DecisionType) or (kind in ("enum", "set") and not values):
        return None  # the schema has said so
    decision = Decision(
        name=key.text,
        type=kind,  # type: ignore[arg-type]
        label=text(node, "label"),
        values=values,
        group=text(node, "group"),
        description=text(node, "description"),
        place=key.place,
    )
    policy = _policy(node, decision, report)
    return replace(decision, policy=policy, at_least=_at_least(node, decision, report))


def _policy(node: MapNode, decision: Decision, report: Report) -> HitPolicy:
    policy = node.get("hit_policy")
    order = policy.get("priority") if isinstance(policy, MapNode) else None
    if isinstance(order, ListNode):
        kind = "priority"
    elif isinstance(policy, ScalarNode) and policy.text in _FITTING:
        kind = policy.text
    else:
        return HitPolicy("collect") if decision.type == "set" else HitPolicy()
    if decision.type not in _FITTING[kind]:
        report.error(
            "wrong-policy",
            f"`{kind}` does not fit `{decision.name}`, which is {a_type(decision.type)}",
            key_of(node, ("hit_policy", "priority")),
            f"it fits {listing(each for each in get_args(DecisionType) if each in _FITTING[kind])}",
        )
        return HitPolicy()
    values = _priority(order, decision, report) if isinstance(order, ListNode) else ()
    return HitPolicy(kind, values)  # type: ignore[arg-type]


def _priority(order: ListNode, decision: Decision, report: Report) -> tuple[Value, ...]:
    values: list[Value] = []
    for item in order.items:
        try:
            values.append(read_value(decision.name, decision.type, decision.values, plain(item)))
        except ValueFault as fault:
            report.error(fault.code, fault.message, item.place, fault.hint)
    every = list(decision.values) if decision.type == "enum" else [True, False]
    missing = [value for value in every if value not in values]
    if missing and len(values) == len(order.items):
        named = listing(show(value) for value in missing)
        report.error(
            "wrong-policy",
            f"`priority` of `{decision.name}` leaves out {named}",
            order.place,
            "list every value, the strongest first",
        )
    return tuple(values)


def _at_least(node: MapNode, decision: Decision, report: Report) -> Value | None:
    limit = node.get("at_least")
    if limit is None:
        return None
    if decision.type not in NUMERIC:
        message = f"`at_least` is for amounts; `{decision.name}` is {a_type(decision.type)}"
        report.error("wrong-test", message, key_of(node, ("at_least",)))
        return None
    try:
        return read_value(decision.name, decision.type, {}, plain(limit))
    except ValueFault as fault:
        report.error(fault.code, fault.message, limit.place, fault.hint)
        return None


def with_otherwise(
    head: MapNode, decisions: Mapping[str, Decision], names: Names, report: Report
) -> dict[str, Decision]:
    """The decisions with what each says where no rule applies."""
    found = dict(decisions)
    for entry in entries(head.get("decisions")):
        decision, node = decisions.get(entry.key.text), entry.value
        if decision is None or not isinstance(node, MapNode):
            continue
        otherwise = node.get("otherwise")
        found[decision.name] = replace(
            decision,
            otherwise=None if otherwise is None else read_then(otherwise, decision, names, report),
            otherwise_because=text(node, "otherwise_because"),
        )
    return found


def in_requirement_order(
    decisions: Mapping[str, Decision],
    terms: Mapping[str, Term],
    rules: Sequence[Rule],
    report: Report,
) -> dict[str, Decision]:
    """The decisions with what each requires, each after those it requires; circles are reported."""
    requires: dict[str, dict[str, str]] = {name: {} for name in decisions}

    def need(decision: str, names: Iterator[str], where: str) -> None:
        for name in names:
            if name in decisions:
                requires[decision].setdefault(name, where)

    for rule in rules:
        where = f"the rule `{rule.id}`"
        need(rule.decides, names_of(rule.when, lambda name: terms[name].when), where)
        need(rule.decides, names_in(rule.then), where)
    for name, decision in decisions.items():
        if decision.otherwise is not None:
            need(name, names_in(decision.otherwise), f"`otherwise` of `{name}`")
    found = circles({name: list(needed) for name, needed in requires.items()})
    for circle in found:
        around = [*circle, circle[0]]
        users = [requires[user][used] for user, used in pairwise(around)]
        report.error(
            "circle-of-decisions",
            f"`{circle[0]}` requires itself: {' -> '.join(around)}",
            decisions[circle[0]].place,
            f"by {', then '.join(users)}",
        )
    if found:
        return dict(decisions)
    ordered: dict[str, Decision] = {}

    def place(name: str) -> None:
        if name not in ordered:
            for needed in requires[name]:
                place(needed)
            ordered[name] = replace(decisions[name], requires=tuple(requires[name]))

    for name in decisions:
        place(name)
    return ordered
