"""Mappings: which column of a foreign tape states which fact, read from YAML.

A mapping is data like the rules: it is checked against a schema and against the pack, and every
fault has its place.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from engine.model import Rulebase, Value
from engine.portfolio.tapes import Layout
from engine.problems import InputError, Place, Problem, likely, listing
from engine.reading.report import Report
from engine.reading.schema import validate
from engine.reading.yaml import (
    ListNode,
    MapNode,
    Node,
    ScalarNode,
    parse,
    read_text,
)
from engine.resources import mappings_dir
from engine.values import ValueFault, read_fact

DATE_FORMS: Mapping[str, str] = {
    "YYYY-MM-DD": "%Y-%m-%d",
    "YYYYMMDD": "%Y%m%d",
    "MM/DD/YYYY": "%m/%d/%Y",
    "DD/MM/YYYY": "%d/%m/%Y",
    "MMDDYYYY": "%m%d%Y",
}
"""How a mapping may say that days are written."""


@dataclass(frozen=True, slots=True)
class Source:
    """A column that states a fact. ``codes`` says what each text means, None being "not known";
    without codes the text is the value itself, of a day in the form ``dates``. ``missing`` are
    texts that say nothing. It counts only where every column of ``where`` has one of its texts."""

    column: str
    codes: Mapping[str, Value | None] | None = None
    missing: frozenset[str] = frozenset()
    dates: str = ""
    where: Mapping[str, frozenset[str]] | None = None
    quiet: bool = False
    """Codes that are not listed are not told of."""

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column that is looked at."""
        return (self.column, *(self.where or ()))


@dataclass(frozen=True, slots=True)
class Only:
    """Rows without one of ``values`` in ``column`` are no loans, and why."""

    column: str
    values: frozenset[str]
    because: str


@dataclass(frozen=True, slots=True)
class TapeMapping:
    """How a kind of tape states the facts of a pack. Of several sources of a fact the first that
    says something counts; ``always`` are facts that hold of every loan of such a tape."""

    title: str
    layouts: tuple[Layout, ...]
    facts: Mapping[str, tuple[Source, ...]]
    always: Mapping[str, Value]
    only: tuple[Only, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column that the mapping reads."""
        sources = (source for each in self.facts.values() for source in each)
        named = [name for source in sources for name in source.columns]
        return tuple(dict.fromkeys([*(only.column for only in self.only), *named]))


def read_mapping(name: str, rulebase: Rulebase) -> TapeMapping:
    """A mapping, by its file or by the name of a shipped one.

    Raises ``InputError`` with every problem of the file.
    """
    source = read_text(_find(name), name=name if Path(name).is_file() else f"mappings/{name}.yaml")
    document = parse(source)
    problems = validate(document, "mapping")
    faulty = frozenset(problem.where for problem in problems)
    report = Report(source, problems, faulty)
    root = document.root
    mapping = None
    if isinstance(root, MapNode):
        mapping = _mapping(root, rulebase, report)
    if report.problems or mapping is None:
        raise InputError(report.problems)
    return mapping


def shipped_mappings() -> list[str]:
    """The names of the mappings that come with the engine."""
    return sorted(path.stem for path in mappings_dir().glob("*.yaml"))


def _find(name: str) -> Path:
    if Path(name).is_file():
        return Path(name)
    shipped = mappings_dir() / f"{name}.yaml"
    if "/" not in name and shipped.is_file():
        return shipped
    known = shipped_mappings()
    hint = likely(name, known) or f"shipped mappings: {listing(known)}"
    raise InputError([Problem("no-mapping", f"there is no mapping `{name}`", Place(name), hint)])


# ---- the file ---------------------------------------------------------------------------------


def _mapping(root: MapNode, rulebase: Rulebase, report: Report) -> TapeMapping:
    facts: dict[str, tuple[Source, ...]] = {}
    for key, node in _entries(root.get("facts")):
        if key.text not in rulebase.facts:
            _unknown(key, rulebase, report)
            continue
        nodes = node.items if isinstance(node, ListNode) else (node,)
        facts[key.text] = tuple(
            _source(key.text, each, rulebase, report) for each in nodes if isinstance(each, MapNode)
        )
    always: dict[str, Value] = {}
    for key, node in _entries(root.get("always")):
        if key.text not in rulebase.facts:
            _unknown(key, rulebase, report)
        elif (value := _value(key.text, node, rulebase, report)) is not None:
            always[key.text] = value
    layouts = root.get("layouts")
    only = root.get("only")
    return TapeMapping(
        _text(root, "title"),
        tuple(_layout(node) for node in _items(layouts) if isinstance(node, MapNode)),
        facts,
        always,
        tuple(
            Only(_text(node, "column"), _texts(node.get("values")), _text(node, "because"))
            for node in _items(only)
            if isinstance(node, MapNode)
        ),
    )


def _unknown(key: ScalarNode, rulebase: Rulebase, report: Report) -> None:
    message = f"the pack `{rulebase.name}` has no fact `{key.text}`"
    report.error("unknown-fact", message, key.place, likely(key.text, rulebase.facts))


def _source(fact: str, node: MapNode, rulebase: Rulebase, report: Report) -> Source:
    codes: dict[str, Value | None] | None = None
    if isinstance(node.get("codes"), MapNode):
        codes = {}
        for key, value in _entries(node.get("codes")):
            nothing = isinstance(value, ScalarNode) and value.value is None
            codes[key.text] = None if nothing else _value(fact, value, rulebase, report)
    where = {key.text: _texts(value) for key, value in _entries(node.get("where"))}
    return Source(
        _text(node, "column"),
        codes,
        _texts(node.get("missing")),
        DATE_FORMS.get(_text(node, "dates"), ""),
        where or None,
        _text(node, "others") == "unknown",
    )


def _value(fact: str, node: Node, rulebase: Rulebase, report: Report) -> Value | None:
    if not isinstance(node, ScalarNode):
        return None
    try:
        return read_fact(rulebase.facts[fact], node.value)
    except ValueFault as fault:
        report.error(fault.code, fault.message, node.place, fault.hint)
        return None


def _layout(node: MapNode) -> Layout:
    skip = node.get("skip_lines")
    return Layout(
        _text(node, "delimiter") or ",",
        int(skip.text) if isinstance(skip, ScalarNode) and skip.text.isdigit() else 0,
        tuple(each.text for each in _items(node.get("columns")) if isinstance(each, ScalarNode)),
    )


def _entries(node: Node | None) -> list[tuple[ScalarNode, Node]]:
    return [(e.key, e.value) for e in node.entries] if isinstance(node, MapNode) else []


def _items(node: Node | None) -> tuple[Node, ...]:
    return node.items if isinstance(node, ListNode) else ()


def _text(node: MapNode, key: str) -> str:
    found = node.get(key)
    return found.text if isinstance(found, ScalarNode) else ""


def _texts(node: Node | None) -> frozenset[str]:
    """The texts of a list, or the one text."""
    nodes = (node,) if isinstance(node, ScalarNode) else _items(node)
    return frozenset(each.text for each in nodes if isinstance(each, ScalarNode))


def parse_day(text: str, form: str) -> datetime.date | None:
    """A day written in one of ``DATE_FORMS``, or None where it is none."""
    try:
        return datetime.datetime.strptime(text, form).date()
    except ValueError:
        return None
