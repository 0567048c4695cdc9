"""Conditions: the nodes of a ``when`` to a tree with resolved names and typed values."""

from __future__ import annotations

from collections.abc import Mapping

from engine.model import (
    ALWAYS,
    ORDERED,
    All,
    AnyOf,
    Bound,
    Compare,
    Condition,
    Not,
    OneOf,
    TermHolds,
    Value,
)
from engine.problems import likely, listing
from engine.reading.names import UNCLEAR, Names
from engine.reading.report import Report
from engine.reading.yaml import Entry, ListNode, MapNode, Node, ScalarNode, plain
from engine.values import ValueFault, a_type, describe, read_value

NUMBER_BOUNDS: Mapping[str, Bound] = {
    "less_than": "less_than",
    "at_most": "at_most",
    "more_than": "more_than",
    "at_least": "at_least",
}
DATE_BOUNDS: Mapping[str, Bound] = {
    "before": "less_than",
    "on_or_before": "at_most",
    "after": "more_than",
    "on_or_after": "at_least",
}
_BOUNDS: Mapping[str, Bound] = {**NUMBER_BOUNDS, **DATE_BOUNDS}
_JOINED = {"and": "all", "or": "any"}
"""Words of other languages for what ours calls otherwise."""


def read_condition(node: Node, names: Names, report: Report) -> Condition:
    """The condition that a mapping states; what is wrong goes to ``report``, and the part that is
    wrong is read as one that always holds."""
    if not isinstance(node, MapNode):
        report.error(
            "wrong-type",
            f"a condition is a mapping of facts to tests, not {describe(plain(node))}",
            node.place,
        )
        return ALWAYS
    parts = [_entry(entry, names, report) for entry in node.entries]
    return parts[0] if len(parts) == 1 else All(tuple(parts))


def _entry(entry: Entry, names: Names, report: Report) -> Condition:
    key, node = entry.key.text, entry.value
    if key in names.unclear:
        return ALWAYS
    if key in ("all", "any"):
        return _several(key, node, names, report)
    if key == "not":
        return Not(read_condition(node, names, report))
    if key in names.facts:
        fact = names.facts[key]
        return _test(fact.name, fact.type, fact.values, entry.key, node, names, report)
    if key in names.decisions:
        decision = names.decisions[key]
        return _test(key, decision.type, decision.values, entry.key, node, names, report)
    if key in names.terms:
        if isinstance(node, ScalarNode) and isinstance(node.value, bool):
            term = TermHolds(key, entry.key.place)
            return term if node.value else Not(term)
        report.error(
            "wrong-type",
            f"the term `{key}` is true or false, not {describe(plain(node))}",
            node.place,
            "write `true` or `false`",
        )
        return ALWAYS
    hint = likely(key, names.everything())
    if key in _BOUNDS:
        hint = f"`{key}` stands under the name of what it tests"
    if key.lower() in _JOINED:
        hint = f"write `{_JOINED[key.lower()]}:` and under it a list of conditions"
    report.error(
        "unknown-fact", f"no fact, term or decision is called `{key}`", entry.key.place, hint
    )
    return ALWAYS


def _several(key: str, node: Node, names: Names, report: Report) -> Condition:
    if not isinstance(node, ListNode) or not node.items:
        report.error(
            "wrong-type",
            f"`{key}` holds a list of conditions, not {describe(plain(node))}",
            node.place,
            f"write `{key}:` and under it lines that begin with `- `",
        )
        return ALWAYS
    parts = tuple(read_condition(item, names, report) for item in node.items)
    return All(parts) if key == "all" else AnyOf(parts)


def _test(
    name: str,
    kind: str,
    values: Mapping[str, str],
    key: ScalarNode,
    node: Node,
    names: Names,
    report: Report,
) -> Condition:
    def literals(where: Node) -> tuple[Value, ...]:
        items = where.items if isinstance(where, ListNode) else (where,)
        found = (_literal(name, kind, values, item, report) for item in items)
        return tuple(value for value in found if value is not None)

    if not isinstance(node, MapNode):
        return OneOf(name, literals(node), place=key.place)
    parts: list[Condition] = []
    bounds = DATE_BOUNDS if kind == "date" else NUMBER_BOUNDS
    for entry in node.entries:
        word = entry.key.text
        if word == "not":
            parts.append(OneOf(name, literals(entry.value), negated=True, place=key.place))
        elif word not in _BOUNDS:
            continue  # the schema has said so
        elif kind not in ORDERED:
            report.error(
                "wrong-test",
                f"`{word}` compares amounts or dates; `{name}` is {a_type(kind)}",
                entry.key.place,
            )
        elif word not in bounds:
            instead = next(w for w, b in bounds.items() if b == _BOUNDS[word])
            what = "a date" if kind == "date" else "a number"
            report.error(
                "wrong-test",
                f"`{name}` is {what}: `{word}` does not fit it",
                entry.key.place,
                f"write `{instead}`",
            )
        else:
            compared = _bound(name, kind, bounds[word], entry, names, report)
            if compared is not None:
                parts.append(compared)
    return parts[0] if len(parts) == 1 else All(tuple(parts))


def _bound(
    name: str, kind: str, bound: Bound, entry: Entry, names: Names, report: Report
) -> Compare | None:
    node, place = entry.value, entry.key.place
    if isinstance(node, ScalarNode) and isinstance(node.value, str):
        other = names.types.get(node.value)
        if other is not None:
            return _named_bound(name, kind, bound, entry, other, report)
        if node.value.isidentifier():
            same = [other for other in names.of_type(kind) if other != name]
            one = "a date such as 2009-10-31" if kind == "date" else "a number"
            others = f", or one of {listing(same)}" if same else ""
            report.error(
                "unknown-fact",
                f"no fact or decision is called `{node.value}`",
                node.place,
                likely(node.value, same) or f"write {one}{others}",
            )
            return None
    value = _literal(name, kind, {}, node, report)
    return None if value is None else Compare(name, bound, limit=value, place=place)


def _named_bound(
    name: str, kind: str, bound: Bound, entry: Entry, other: str, report: Report
) -> Compare | None:
    """A bound that names a fact or decision, of the type ``other``."""
    node = entry.value
    assert isinstance(node, ScalarNode)
    if other == UNCLEAR:
        return None
    if node.text == name:
        report.error("wrong-test", f"`{name}` is compared with itself", node.place)
        return None
    if other != kind:
        message = f"`{name}` ({kind}) can't be compared with `{node.text}` ({other})"
        report.error("wrong-type", message, node.place)
        return None
    return Compare(name, bound, limit_name=node.text, place=entry.key.place)


def _literal(
    name: str, kind: str, values: Mapping[str, str], node: Node, report: Report
) -> Value | None:
    try:
        return read_value(name, "enum" if kind == "set" else kind, values, plain(node))
    except ValueFault as fault:
        hint = fault.hint
        if isinstance(node, ScalarNode) and node.text.startswith(("<", ">", "=")):
            hint = "write a bound as `{at_least: 4}`"
        report.error(fault.code, fault.message, node.place, hint)
        return None
