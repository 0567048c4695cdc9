"""``vocabulary.yaml`` and the files of ``vocabulary/``: the facts, the terms, the constraints and
the presumptions of a pack."""

from __future__ import annotations

import datetime
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from typing import NamedTuple, get_args

from engine.model import (
    ALWAYS,
    ORDERED,
    AnyOf,
    Condition,
    Constraint,
    Fact,
    FactType,
    Not,
    Presumption,
    Term,
    TermHolds,
)
from engine.problems import likely
from engine.reading.conditions import read_condition
from engine.reading.names import RESERVED, Names
from engine.reading.report import Report
from engine.reading.yaml import Entry, ListNode, MapNode, Node, ScalarNode, key_of, locate, plain
from engine.trees import atoms, names_of
from engine.values import ValueFault, a_type, read_fact, read_value, show


def entries(node: Node | None) -> tuple[Entry, ...]:
    """The entries of a mapping, or none where there is no mapping."""
    return node.entries if isinstance(node, MapNode) else ()


def text(node: MapNode, key: str) -> str:
    """The text under ``key``, folded to one line's white space; empty where there is none."""
    value = node.get(key)
    return " ".join(value.text.split()) if isinstance(value, ScalarNode) else ""


def day(node: MapNode, key: str, report: Report) -> datetime.date | None:
    """The date under ``key``; None where there is none, or no date, which is reported."""
    value = node.get(key)
    if value is None or plain(value) is None:
        return None
    try:
        found = read_value(key, "date", {}, plain(value))
    except ValueFault as fault:
        report.error(fault.code, fault.message, value.place, fault.hint)
        return None
    return found if isinstance(found, datetime.date) else None


def labels(node: Node | None) -> dict[str, str]:
    """Values with their labels."""
    return {
        entry.key.text: entry.value.text if isinstance(entry.value, ScalarNode) else ""
        for entry in entries(node)
    }


def is_free(key: ScalarNode, report: Report) -> bool:
    """Whether a name is no word of the language; one that is, is reported."""
    if key.text in RESERVED:
        message = f"`{key.text}` is a word of the language, and can't be a name"
        report.error("reserved-word", message, key.place, "choose another name")
    return key.text not in RESERVED


def read_facts(root: MapNode, taken: Mapping[str, Fact], report: Report) -> dict[str, Fact]:
    """The facts by name, in the order of the file, but those whose values can't be told; ``taken``
    are those of other files."""
    facts = {}
    for entry in entries(root.get("facts")):
        key = entry.key
        if key.text in taken:
            message = f"`{key.text}` is the name of a fact already, at {taken[key.text].place}"
            report.error("duplicate-name", message, key.place, "define it once")
        elif isinstance(entry.value, MapNode) and is_free(key, report):
            fact = _fact(key, entry.value, report)
            if fact is not None:
                facts[fact.name] = fact
    return facts


def _fact(key: ScalarNode, node: MapNode, report: Report) -> Fact | None:
    name, kind = key.text, text(node, "type")
    values = labels(node.get("values"))
    if kind not in get_args(FactType) or (kind == "enum" and not values):
        return None  # the schema has said so
    bounds = {}
    for word in ("at_least", "at_most"):
        limit = node.get(word)
        if limit is None:
            continue
        if kind not in ORDERED:
            message = f"`{word}` is for amounts and dates; `{name}` is {a_type(kind)}"
            report.error("wrong-test", message, key_of(node, (word,)))
            continue
        try:
            bounds[word] = read_value(name, kind, {}, plain(limit))
        except ValueFault as fault:
            report.error(fault.code, fault.message, limit.place, fault.hint)
    low, high = bounds.get("at_least"), bounds.get("at_most")
    if low is not None and high is not None and low > high:  # type: ignore[operator]
        message = f"no value of `{name}` is at least {show(low)} and at most {show(high)}"
        report.error("empty-range", message, locate(node, ("at_most",)).place)
    return Fact(
        name=name,
        type=kind,  # type: ignore[arg-type]
        label=text(node, "label"),
        question=text(node, "question"),
        values=values,
        at_least=low,
        at_most=high,
        group=text(node, "group"),
        description=text(node, "description"),
        place=key.place,
    )


class NamedTerm(NamedTuple):
    """A term whose condition is not read yet."""

    key: ScalarNode
    node: MapNode
    report: Report


def named_terms(root: MapNode, taken: Collection[str], report: Report) -> dict[str, NamedTerm]:
    """The names of the terms, before their conditions are read; ``taken`` are those of the facts
    and decisions, and of the terms of other files."""
    found = {}
    for entry in entries(root.get("terms")):
        key, node = entry.key, entry.value
        if key.text in taken:
            message = f"`{key.text}` is the name of a fact, a decision or a term already"
            report.error("duplicate-name", message, key.place, "choose another name")
        elif isinstance(node, MapNode) and is_free(key, report):
            found[key.text] = NamedTerm(key, node, report)
    return found


def read_terms(named: Mapping[str, NamedTerm], names: Names) -> dict[str, Term]:
    """The terms by name. One that uses itself, directly or through others, is reported, and read
    as one that always holds."""
    terms = {}
    for name, (key, node, report) in named.items():
        condition = _condition(node.get("when"), names, report)
        terms[name] = Term(name, text(node, "label"), condition, key.place)
    for circle in circles({name: list(_terms_of(term.when)) for name, term in terms.items()}):
        named[circle[0]].report.error(
            "circle-of-terms",
            f"the term `{circle[0]}` uses itself: {' -> '.join([*circle, circle[0]])}",
            terms[circle[0]].place,
        )
        terms |= {name: replace(terms[name], when=ALWAYS) for name in circle}
    return terms


def _terms_of(condition: Condition) -> Iterator[str]:
    for atom in atoms(condition):
        if isinstance(atom, TermHolds):
            yield atom.term


def _condition(node: Node | None, names: Names, report: Report) -> Condition:
    return ALWAYS if node is None else read_condition(node, names, report)


def _facts_only(
    condition: Condition, what: str, names: Names, terms: Mapping[str, Term], report: Report
) -> None:
    """Report each decision that a condition speaks of, directly or through a term."""
    for atom in atoms(condition):
        used = [name for name in _used(atom, terms) if name in names.decisions]
        if used:
            through = (
                f", used through the term `{atom.term}`" if isinstance(atom, TermHolds) else ""
            )
            message = f"{what} speaks of facts alone; `{used[0]}` is a decision{through}"
            report.error("wrong-test", message, atom.place)


def _used(condition: Condition, terms: Mapping[str, Term]) -> Iterator[str]:
    return names_of(condition, lambda term: terms[term].when)


def read_constraints(
    root: MapNode, names: Names, terms: Mapping[str, Term], report: Report
) -> tuple[Constraint, ...]:
    """The constraints: where ``when`` holds, ``must`` holds."""
    found = []
    for entry in entries(root.get("constraints")):
        node = entry.value
        if not isinstance(node, MapNode):
            continue
        must = _condition(node.get("must"), names, report)
        if node.get("when") is not None:
            must = AnyOf((Not(_condition(node.get("when"), names, report)), must))
        _facts_only(must, "a constraint", names, terms, report)
        found.append(Constraint(entry.key.text, text(node, "because"), must, entry.key.place))
    return tuple(found)


def read_presumptions(
    root: MapNode, names: Names, terms: Mapping[str, Term], report: Report
) -> tuple[Presumption, ...]:
    """The presumptions in the order of the file, one for each fact that an entry presumes."""
    found: list[Presumption] = []
    listed = root.get("presumptions")
    for node in listed.items if isinstance(listed, ListNode) else ():
        if not isinstance(node, MapNode):
            continue
        when = _condition(node.get("when"), names, report)
        _facts_only(when, "a presumption", names, terms, report)
        for entry in entries(node.get("presume")):
            name = entry.key.text
            if name in names.unclear:
                continue
            fact = names.facts.get(name)
            if fact is None:
                message, hint = f"no fact is called `{name}`", likely(name, names.facts)
                if name in names.terms or name in names.decisions:
                    what = "term" if name in names.terms else "decision"
                    message, hint = f"only a fact can be presumed; `{name}` is a {what}", ""
                report.error("unknown-fact", message, entry.key.place, hint)
                continue
            try:
                value = read_fact(fact, plain(entry.value))
            except ValueFault as fault:
                report.error(fault.code, fault.message, entry.value.place, fault.hint)
                continue
            found.append(
                Presumption(fact.name, value, text(node, "because"), when, entry.key.place)
            )
    return tuple(found)


def circles(graph: Mapping[str, list[str]]) -> list[list[str]]:
    """The circles of a graph, each once, beginning at its first name.

    >>> circles({"a": ["b"], "b": ["a"], "c": ["a"]})
    [['a', 'b']]
    """
    done: set[str] = set()
    found: list[list[str]] = []
    for start in graph:
        path: list[str] = []
        waiting = [(start, iter(graph[start]))] if start not in done else []
        path += [start] if waiting else []
        while waiting:
            step = next(waiting[-1][1], None)
            if step is None:
                waiting.pop()
                done.add(path.pop())
            elif step in path:
                found.append(path[path.index(step) :])
            elif step in graph and step not in done:
                path.append(step)
                waiting.append((step, iter(graph[step])))
    return found
