"""The parameters of a vocabulary: amounts and rates that the law states anew from time to time.

A parameter is a decision by date: each of its values becomes a rule that is in force from its first
day until the next value's, with its own authority. Rules use it by name, in tests and formulas.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest
from typing import get_args

from engine.model import (
    Authority,
    Constant,
    Decision,
    Effective,
    ParameterType,
    Rule,
)
from engine.problems import likely, listing
from engine.reading.names import Names
from engine.reading.report import Report
from engine.reading.rules import Written, in_force, read_authority, read_literal
from engine.reading.vocabulary import day, entries, is_free, text
from engine.reading.yaml import ListNode, MapNode, Node, ScalarNode
from engine.values import show


@dataclass(frozen=True, slots=True)
class NamedParameter:
    """A parameter whose values are not read yet."""

    decision: Decision
    node: MapNode
    report: Report


def named_parameters(
    root: MapNode, taken: Sequence[str], report: Report
) -> dict[str, NamedParameter]:
    """The parameters of a file by name; ``taken`` are the names of everything else."""
    found = {}
    for entry in entries(root.get("parameters")):
        key, node = entry.key, entry.value
        if key.text in taken:
            message = f"`{key.text}` is the name of a fact, a decision or a term already"
            report.error("duplicate-name", message, key.place, "choose another name")
        elif isinstance(node, MapNode) and is_free(key, report):
            kind = text(node, "type")
            if kind in get_args(ParameterType):
                decision = Decision(
                    name=key.text,
                    type=kind,  # type: ignore[arg-type]
                    label=text(node, "label"),
                    group=text(node, "group"),
                    description=text(node, "description"),
                    parameter=True,
                    checked=day(node, "checked", report),
                    place=key.place,
                )
                found[key.text] = NamedParameter(decision, node, report)
    return found


def read_parameter(named: NamedParameter, names: Names) -> list[Written]:
    """The rules that a parameter's values stand for, in the order of their days."""
    measured = named.node.get("measured_by")
    listed = named.node.get("values")
    if not isinstance(measured, ScalarNode) or not isinstance(listed, ListNode):
        return []  # the schema has said so
    if measured.text not in names.unclear and names.types.get(measured.text) != "date":
        days = names.of_type("date")
        named.report.error(
            "wrong-type" if measured.text in names.types else "unknown-fact",
            f"`{measured.text}` is not a date"
            if measured.text in names.types
            else f"no date is called `{measured.text}`",
            measured.place,
            likely(measured.text, days) or f"dates: {listing(days)}",
        )
        return []
    values = list(_values(named, listed))
    return [
        _rule(named, names, measured.text, one, following)
        for one, following in zip_longest(values, values[1:])
    ]


@dataclass(frozen=True, slots=True)
class _Dated:
    """A value with its first day and its source."""

    start: datetime.date
    value: Constant
    authority: Authority
    node: MapNode


def _values(named: NamedParameter, listed: ListNode) -> Iterator[_Dated]:
    report, last = named.report, None
    shared = named.node.get("authority")
    for node in listed.items:
        if not isinstance(node, MapNode):
            continue
        start = day(node, "from", report)
        value = _literal(node.get("value"), named)
        if start is None or value is None:
            continue
        if last is not None and start <= last:
            message = f"{start} is not after {last}, from which the value before it holds"
            first = node.get("from")
            assert first is not None
            report.error("wrong-order", message, first.place, "list the values from old to new")
            continue
        last = start
        authority = node.get("authority")
        yield _Dated(start, value, read_authority(authority or shared, report), node)


def _literal(node: Node | None, named: NamedParameter) -> Constant | None:
    if node is None or named.report.is_faulty(node):
        return None
    value = read_literal(node, named.decision, named.report)
    return None if value is None else Constant(value)


def _rule(
    named: NamedParameter, names: Names, measured: str, one: _Dated, following: _Dated | None
) -> Written:
    decision = named.decision
    end = None if following is None else following.start - datetime.timedelta(days=1)
    effective = Effective(measured, one.start, end)
    value = show(one.value.value)
    rule = Rule(
        id=f"{decision.name.replace('_', '-')}.{one.start}",
        title=f"{decision.label} from {one.start}",
        decides=decision.name,
        when=in_force(effective),
        then=one.value,
        because=f"{decision.label}: {value} from {one.start}.",
        authority=replace(one.authority, checked=one.authority.checked or decision.checked),
        effective=effective,
        place=one.node.place,
    )
    key = ScalarNode(one.node.place, rule.id, rule.id, quoted=False)
    return Written(key, decision.name, (), rule, named.report)
