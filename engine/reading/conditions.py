"""Conditions: the nodes of a ``when`` to a tree with resolved names and typed values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from engine.model import (
    ALWAYS,
    ORDERED,
    All,
    AnyOf,
    Bound,
    Compare,
    Condition,
    Decision,
    Fact,
    Not,
    OneOf,
    TermHolds,
    Value,
)
from engine.problems import likely, listing
from engine.reading.report import Report
from engine.reading.yaml import Entry, ListNode, MapNode, Node, ScalarNode, plain
from engine.values import ValueFault, describe, read_value

RESERVED = frozenset({"all", "any", "not", "by"})
"""Words of the language, which no fact, term or decision may take as its name."""

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


@dataclass(frozen=True, slots=True)
class Names:
    """What a condition may speak of. ``terms`` are names alone: their conditions may come later."""

    facts: Mapping[str, Fact]
    terms: frozenset[str]
    decisions: Mapping[str, Decision]

    @property
    def types(self) -> dict[str, str]:
        """The type of every fact and decision, for formulas."""
        kinds: dict[str, str] = {name: d.type for name, d in self.decisions.items()}
        return kinds | {name: fact.type for name, fact in self.facts.items()}

    def everything(self) -> list[str]:
        return [*self.facts, *self.terms, *self.decisions]


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
        )
        return ALWAYS
    report.error(
        "unknown-fact",
        f"no fact, term or decision is called `{key}`",
        entry.key.place,
        likely(key, names.everything()),
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
        if not items:
            report.error("too-few", f"`{name}` is tested for no value at all", where.place)
        found = (_literal(name, kind, values, item, report) for item in items)
        return tuple(value for value in found if value is not None)

    if not isinstance(node, MapNode):
        return OneOf(name, literals(node), place=key.place)
    parts: list[Condition] = []
    bounds = DATE_BOUNDS if kind == "date" else NUMBER_BOUNDS
    if not node.entries:
        report.error("too-few", f"the test of `{name}` is empty", node.place)
    for entry in node.entries:
        word = entry.key.text
        if word == "not":
            parts.append(OneOf(name, literals(entry.value), negated=True, place=key.place))
        elif word not in NUMBER_BOUNDS and word not in DATE_BOUNDS:
            known = ["not", *(bounds if kind in ORDERED else ())]
            report.error(
                "unknown-test",
                f"`{word}` is not a test of `{name}`",
                entry.key.place,
                likely(word, known) or f"a test is a value, a list, or {listing(known)}",
            )
        elif kind not in ORDERED:
            article = "an" if kind == "enum" else "a"
            report.error(
                "wrong-test",
                f"`{word}` compares amounts or dates; `{name}` is {article} {kind}",
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
            if node.value == name:
                report.error("wrong-test", f"`{name}` is compared with itself", node.place)
                return None
            if other != kind:
                report.error(
                    "wrong-type",
                    f"`{name}` ({kind}) can't be compared with `{node.value}` ({other})",
                    node.place,
                )
                return None
            return Compare(name, bound, limit_name=node.value, place=place)
        if node.value.isidentifier():
            same = [n for n, t in names.types.items() if t == kind]
            report.error(
                "unknown-fact",
                f"no fact or decision is called `{node.value}`",
                node.place,
                likely(node.value, same),
            )
            return None
    value = _literal(name, kind, {}, node, report)
    return None if value is None else Compare(name, bound, limit=value, place=place)


def _literal(
    name: str, kind: str, values: Mapping[str, str], node: Node, report: Report
) -> Value | None:
    try:
        return read_value(name, "enum" if kind == "set" else kind, values, plain(node))
    except ValueFault as fault:
        report.error(fault.code, fault.message, node.place, fault.hint)
        return None
