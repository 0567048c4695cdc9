"""The overviews of a pack: tables that are made from its rules, as its authors lay them out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from engine.model import Decision, Fact, Rulebase, Value
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
class TileMap:
    """The rows as tiles on a plane, to be coloured by a decision in any column that has it.

    ``tiles`` holds the line and the place in it of each value, from 0; ``scale`` those values of
    the decision that lie on a line, in its order; ``ways`` are further situations, shown on the map
    alone."""

    decision: Decision
    tiles: Mapping[Value, tuple[int, int]]
    scale: tuple[Value, ...] = ()
    ways: tuple[Way, ...] = ()


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
    map: TileMap | None = None


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
    ways = _ways(root, rulebase, report)
    given = _given(root, rulebase, report)
    drawn = root.get("map")
    tiles = _map(drawn, rows, rulebase, report) if isinstance(drawn, MapNode) else None
    if rows is None:
        return []
    about = text(root, "description")
    title = text(root, "title")
    return [Overview(name, title, rows, tuple(columns), ways, given, about, root.place, tiles)]


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


def _ways(node: MapNode, rulebase: Rulebase, report: Report) -> tuple[Way, ...]:
    return tuple(
        Way(text(way, "label"), _given(way, rulebase, report)) for way in _items(node, "ways")
    )


def _map(node: MapNode, rows: Fact | None, rulebase: Rulebase, report: Report) -> TileMap | None:
    decision = _decision(node, rulebase, report)
    ways = _ways(node, rulebase, report)
    tiles = None if rows is None else _tiles(node, rows, report)
    if decision is None or tiles is None:
        return None
    return TileMap(decision, tiles, _scale(node, decision, report), ways)


def _scale(node: MapNode, decision: Decision, report: Report) -> tuple[Value, ...]:
    """The values of the decision that lie on a line."""
    listed = node.get("scale")
    found: list[Value] = []
    for item in listed.items if isinstance(listed, ListNode) else ():
        if isinstance(item, ScalarNode):
            if item.text not in decision.values:
                message = f"`{decision.name}` has no value `{item.text}`"
                hint = likely(item.text, decision.values)
                report.error("unknown-value", message, item.place, hint)
            found.append(item.text)
    return tuple(found)


def _tiles(node: MapNode, rows: Fact, report: Report) -> dict[Value, tuple[int, int]]:
    """Where each value of the rows stands: the lines of ``tiles``, a dot for each empty place."""
    listed = node.get("tiles")
    assert isinstance(listed, ListNode)
    known: dict[str, Value] = {"false": False, "true": True}
    if rows.type == "enum":
        known = {value: value for value in rows.values}
    tiles: dict[Value, tuple[int, int]] = {}
    for line, item in enumerate(listed.items):
        assert isinstance(item, ScalarNode)
        for place, word in enumerate(item.text.split()):
            if word == ".":
                continue
            if word not in known:
                message = f"`{rows.name}` has no value `{word}`"
                report.error("unknown-value", message, item.place, likely(word, known))
            elif known[word] in tiles:
                report.error("repeated-item", f"`{word}` has a tile already", item.place)
            else:
                tiles[known[word]] = (line, place)
    if absent := [word for word, value in known.items() if value not in tiles]:
        message = f"the map has no tile for {listing(absent)}"
        report.error("missing-tile", message, listed.place, "each row of the table needs one")
    return tiles


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
