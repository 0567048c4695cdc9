"""``vocabulary.yaml``: the facts, the terms, the constraints and the presumptions of a pack."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from engine.model import ALWAYS, ORDERED, Condition, Constraint, Fact, Not, Presumption, Term
from engine.model import AnyOf as Either
from engine.problems import Place, likely
from engine.reading.conditions import RESERVED, Names, read_condition
from engine.reading.report import Report
from engine.reading.yaml import Entry, ListNode, MapNode, Node, ScalarNode, plain
from engine.trees import atoms, names_of
from engine.values import ValueFault, read_fact, read_value


def entries(node: Node | None) -> tuple[Entry, ...]:
    """The entries of a mapping, or none where there is no mapping."""
    return node.entries if isinstance(node, MapNode) else ()


def text(node: MapNode, key: str) -> str:
    """The text under ``key``, folded to one line's white space; empty where there is none."""
    value = node.get(key)
    return " ".join(value.text.split()) if isinstance(value, ScalarNode) else ""


def labels(node: Node | None) -> dict[str, str]:
    """Values with their labels."""
    return {e.key.text: e.value.text for e in entries(node) if isinstance(e.value, ScalarNode)}


def read_facts(root: MapNode, report: Report) -> dict[str, Fact]:
    """The facts by name, in the order of the file."""
    facts = {}
    for entry in entries(root.get("facts")):
        if isinstance(entry.value, MapNode) and _free(entry.key, report):
            facts[entry.key.text] = _fact(entry.key, entry.value, report)
    return facts


def _free(key: ScalarNode, report: Report) -> bool:
    if key.text in RESERVED or key.text in ("min", "max"):
        report.error("reserved-word", f"`{key.text}` is a word of the language", key.place)
        return False
    return True


def _fact(key: ScalarNode, node: MapNode, report: Report) -> Fact:
    name, kind = key.text, text(node, "type")
    values = labels(node.get("values"))
    if kind == "enum" and not values:
        report.error("missing-key", f"the enum `{name}` lists no `values`", key.place)
    if kind != "enum" and values:
        report.error("unknown-key", f"`values` belongs to an enum; `{name}` is {kind}", key.place)
    bounds = {}
    for word in ("at_least", "at_most"):
        limit = node.get(word)
        if limit is None:
            continue
        if kind not in ORDERED:
            report.error("wrong-test", f"`{word}` does not fit a fact that is {kind}", limit.place)
            continue
        try:
            bounds[word] = read_value(name, kind, {}, plain(limit))
        except ValueFault as fault:
            report.error(fault.code, fault.message, limit.place, fault.hint)
    low, high = bounds.get("at_least"), bounds.get("at_most")
    if low is not None and high is not None and low > high:  # type: ignore[operator]
        report.error("empty-range", f"`{name}`: at_least is above at_most", key.place)
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


def term_names(root: MapNode) -> frozenset[str]:
    """The names of the terms, before their conditions are read."""
    return frozenset(entry.key.text for entry in entries(root.get("terms")))


def read_terms(root: MapNode, names: Names, report: Report) -> dict[str, Term]:
    """The terms by name; one that uses itself, directly or through others, is reported."""
    terms = {}
    for entry in entries(root.get("terms")):
        name, node = entry.key.text, entry.value
        if not isinstance(node, MapNode) or not _free(entry.key, report):
            continue
        if name in names.facts or name in names.decisions:
            report.error(
                "duplicate-name", f"`{name}` is already a fact or a decision", entry.key.place
            )
            continue
        condition = _condition(node.get("when"), names, report)
        terms[name] = Term(name, text(node, "label"), condition, entry.key.place)
    for circle in circles({n: list(_terms_of(t.when)) for n, t in terms.items()}):
        report.error(
            "circle-of-terms",
            f"the term `{circle[0]}` uses itself: {' -> '.join([*circle, circle[0]])}",
            terms[circle[0]].place,
        )
    return terms


def _terms_of(condition: Condition) -> Iterator[str]:
    for atom in atoms(condition):
        if hasattr(atom, "term"):
            yield atom.term


def _condition(node: Node | None, names: Names, report: Report) -> Condition:
    return ALWAYS if node is None else read_condition(node, names, report)


def _facts_only(
    condition: Condition,
    what: str,
    names: Names,
    terms: Mapping[str, Term],
    place: Place,
    report: Report,
) -> None:
    for name in names_of(condition, lambda term: terms[term].when):
        if name in names.decisions:
            report.error("wrong-test", f"{what} speaks of facts; `{name}` is a decision", place)


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
            must = Either((Not(_condition(node.get("when"), names, report)), must))
        _facts_only(
            must, f"the constraint `{entry.key.text}`", names, terms, entry.key.place, report
        )
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
        _facts_only(when, "a presumption", names, terms, node.place, report)
        for entry in entries(node.get("presume")):
            fact = names.facts.get(entry.key.text)
            if fact is None:
                report.error(
                    "unknown-fact",
                    f"no fact is called `{entry.key.text}`",
                    entry.key.place,
                    likely(entry.key.text, names.facts),
                )
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


__all__ = [
    "circles",
    "entries",
    "labels",
    "read_constraints",
    "read_facts",
    "read_presumptions",
    "read_terms",
    "term_names",
    "text",
]
