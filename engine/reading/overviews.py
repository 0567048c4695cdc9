"""The overviews of a pack: tables that are made from its rules, as its authors lay them out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from engine.model import Decision, Fact, Rulebase
from engine.problems import NOWHERE, InputError, Place, Problem, likely, listing
from engine.reading.pack import text_of
from engine.reading.packs import overview_files, shown
from engine.reading.report import Report
from engine.reading.schema import validate
from engine.reading.vocabulary import entries, text
from engine.reading.yaml import ListNode, MapNode, ScalarNode, parse, plain
from engine.values import ValueFault, read_fact

Given = Mapping[str, object]
"""Facts as plain data, already checked; None takes a fact away that is given further out."""


@dataclass(frozen=True, slots=True)
class Way:
    """A situation in which each column is shown."""

    label: str
    given: Given


@dataclass(frozen=True, slots=True)
class Column:
    """A decision in a situation."""

    label: str
    decision: Decision
    given: Given


@dataclass(frozen=True, slots=True)
class Overview:
    """The plan of a table: a row for each value of a fact, for each column and way a cell. Without
    ``ways`` each column has one cell. ``name`` is that of its file."""

    name: str
    title: str
    rows: Fact
    columns: tuple[Column, ...]
    ways: tuple[Way, ...] = ()
    given: Given = field(default_factory=dict)
    description: str = ""
    place: Place = NOWHERE


def read_overviews(
    rulebase: Rulebase,
    *,
    called: Callable[[Path], str] = shown,
    instead: Mapping[Path, str] | None = None,
) -> list[Overview]:
    """All overviews of a pack, in the order of its files; ``called`` and ``instead`` are those of
    ``load_pack``. Raises ``InputError`` with every problem."""
    problems: list[Problem] = []
    overviews: list[Overview] = []
    for path in overview_files(Path(rulebase.root)):
        try:
            document = parse(text_of(path, called(path), instead))
        except InputError as error:
            problems.extend(error.problems)
            continue
        faults = validate(document, "overview")
        problems.extend(faults)
        if not faults and isinstance(document.root, MapNode):
            report = Report(document.source, problems)
            overviews += _overview(path.stem, document.root, rulebase, report)
    if problems:
        raise InputError(problems)
    return overviews


def find_overview(rulebase: Rulebase, name: str = "") -> Overview:
    """The overview of that name; without a name, the only one. Raises ``InputError`` where there is
    none such, and for problems of the overviews."""
    overviews = {overview.name: overview for overview in read_overviews(rulebase)}
    if not name and len(overviews) == 1:
        return next(iter(overviews.values()))
    if name in overviews:
        return overviews[name]
    message = f"the pack `{rulebase.name}` has no overview"
    if overviews:
        message = f"{message} `{name}`" if name else f"{message} that is the only one: name it"
    hint = likely(name, overviews) or (f"there are {listing(overviews)}" if overviews else "")
    where = Place(shown(Path(rulebase.root) / "overviews"))
    raise InputError([Problem("no-overview", message, where, hint)])


def _overview(name: str, root: MapNode, rulebase: Rulebase, report: Report) -> list[Overview]:
    """The overview in a file, or nothing where the names in it can't be told."""
    rows = _rows(root, rulebase, report)
    columns = []
    for node in _items(root, "columns"):
        given = _given(node, rulebase, report)
        decision = _decision(node, rulebase, report)
        if decision is not None:
            columns.append(Column(text(node, "label"), decision, given))
    ways = [
        Way(text(node, "label"), _given(node, rulebase, report)) for node in _items(root, "ways")
    ]
    given = _given(root, rulebase, report)
    if rows is None:
        return []
    about = text(root, "description")
    title = text(root, "title")
    return [Overview(name, title, rows, tuple(columns), tuple(ways), given, about, root.place)]


def _items(root: MapNode, key: str) -> list[MapNode]:
    node = root.get(key)
    items = node.items if isinstance(node, ListNode) else ()
    return [item for item in items if isinstance(item, MapNode)]


def _rows(root: MapNode, rulebase: Rulebase, report: Report) -> Fact | None:
    node = root.get("rows")
    assert isinstance(node, ScalarNode)
    fact = rulebase.facts.get(node.text)
    usable = [f.name for f in rulebase.facts.values() if f.type in ("enum", "boolean")]
    if fact is None:
        hint = likely(node.text, usable)
        report.error("unknown-fact", f"no fact is called `{node.text}`", node.place, hint)
        return None
    if fact.name not in usable:
        message = f"`{fact.name}` has no values to list: rows are those of an enum or a boolean"
        report.error("wrong-type", message, node.place, f"one of {listing(usable)}")
        return None
    return fact


def _decision(node: MapNode, rulebase: Rulebase, report: Report) -> Decision | None:
    name = node.get("decision")
    assert isinstance(name, ScalarNode)
    if name.text not in rulebase.decisions:
        hint = likely(name.text, rulebase.decisions)
        message = f"no decision is called `{name.text}`"
        report.error("unknown-decision", message, name.place, hint)
    return rulebase.decisions.get(name.text)


def _given(node: MapNode, rulebase: Rulebase, report: Report) -> Given:
    given: dict[str, object] = {}
    for entry in entries(node.get("given")):
        fact, value = rulebase.facts.get(entry.key.text), plain(entry.value)
        if fact is None:
            hint = likely(entry.key.text, rulebase.facts)
            message = f"no fact is called `{entry.key.text}`"
            report.error("unknown-fact", message, entry.key.place, hint)
            continue
        try:
            given[fact.name] = None if value is None else read_fact(fact, value)
        except ValueFault as fault:
            report.error(fault.code, fault.message, entry.value.place, fault.hint)
    return given
