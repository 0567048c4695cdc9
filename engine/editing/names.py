"""Where a pack's files speak of its facts, terms, decisions and rules."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from engine.reading.conditions import DATE_BOUNDS, NUMBER_BOUNDS
from engine.reading.nodes import Document, ListNode, MapNode, Node, ScalarNode
from engine.reading.vocabulary import entries

_NAME = re.compile(r"[a-z][a-z0-9_]*")
_BOUNDS = NUMBER_BOUNDS.keys() | DATE_BOUNDS.keys()


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of one line of a file, line and column counted from 0."""

    path: Path
    line: int
    column: int
    length: int

    def holds(self, path: Path, line: int, column: int) -> bool:
        """Whether a cursor stands on it or at its end."""
        inside = self.column <= column <= self.column + self.length
        return path == self.path and line == self.line and inside


@dataclass(frozen=True, slots=True)
class Mention:
    """A name where it stands. ``kind`` is ``rule`` for the id of a rule, else ``name`` for a fact,
    a term or a decision, which share their names."""

    kind: Literal["name", "rule"]
    name: str
    span: Span
    defines: bool = False


def mentions(path: Path, kind: str, document: Document) -> Iterator[Mention]:
    """Every name in a file of some kind, whether or not there is such a thing."""
    reader = _Mentions(path, document)
    root = document.root
    if kind == "cases":
        yield from reader.cases(root)
    elif isinstance(root, MapNode):
        yield from {
            "pack": reader.pack,
            "vocabulary": reader.vocabulary,
            "rules": reader.rules,
            "overview": reader.overview,
        }[kind](root)


def _items(node: Node | None) -> Iterator[MapNode]:
    for item in node.items if isinstance(node, ListNode) else ():
        if isinstance(item, MapNode):
            yield item


@dataclass(frozen=True, slots=True)
class _Mentions:
    path: Path
    document: Document

    # ---- files ----

    def pack(self, root: MapNode) -> Iterator[Mention]:
        yield from self._names(root.get("jurisdiction"))
        yield from self._names(root.get("sections"))
        main = root.get("main")
        for item in main.items if isinstance(main, ListNode) else ():
            yield from self._names(item)
        for entry in entries(root.get("decisions")):
            yield from self._names(entry.key, defines=True)
            if isinstance(entry.value, MapNode):
                yield from self._outcome(entry.value.get("otherwise"))
        for accepted in _items(root.get("accepted")):
            yield from self._ids(accepted.get("about"))

    def vocabulary(self, root: MapNode) -> Iterator[Mention]:
        for section in ("facts", "terms", "constraints"):
            for entry in entries(root.get(section)):
                if section != "constraints":
                    yield from self._names(entry.key, defines=True)
                if section != "facts" and isinstance(entry.value, MapNode):
                    yield from self._condition(entry.value.get("when"))
                    yield from self._condition(entry.value.get("must"))
        for entry in entries(root.get("parameters")):
            yield from self._names(entry.key, defines=True)
            if isinstance(entry.value, MapNode):
                yield from self._names(entry.value.get("measured_by"))
        for presumption in _items(root.get("presumptions")):
            for entry in entries(presumption.get("presume")):
                yield from self._names(entry.key)
            yield from self._condition(presumption.get("when"))

    def rules(self, root: MapNode) -> Iterator[Mention]:
        for rule in _items(root.get("rules")):
            yield from self._ids(rule.get("id"), defines=True)
            yield from self._names(rule.get("decides"))
            yield from self._condition(rule.get("when"))
            effective = rule.get("effective")
            if isinstance(effective, MapNode):
                yield from self._names(effective.get("measured_by"))
            yield from self._outcome(rule.get("then"))
            yield from self._ids(rule.get("exception_to"))

    def cases(self, root: Node | None) -> Iterator[Mention]:
        for case in _items(root):
            for entry in (*entries(case.get("given")), *entries(case.get("expect"))):
                if entry.key.text == "by":
                    yield from self._ids(entry.value)
                else:
                    yield from self._names(entry.key)

    def overview(self, root: MapNode) -> Iterator[Mention]:
        yield from self._names(root.get("rows"))
        for part in (root, *_items(root.get("ways")), *_items(root.get("columns"))):
            yield from self._names(part.get("decision"))
            for entry in entries(part.get("given")):
                yield from self._names(entry.key)

    # ---- parts ----

    def _condition(self, node: Node | None) -> Iterator[Mention]:
        for entry in entries(node):
            key, value = entry.key.text, entry.value
            if key in ("all", "any"):
                for part in _items(value):
                    yield from self._condition(part)
            elif key == "not":
                yield from self._condition(value)
            else:
                yield from self._names(entry.key)
                for test in entries(value):
                    if test.key.text in _BOUNDS:
                        yield from self._names(test.value)

    def _outcome(self, node: Node | None) -> Iterator[Mention]:
        if isinstance(node, MapNode):
            yield from self._names(node.get("amount"))
            yield from self._names(node.get("date"))

    def _names(self, node: Node | None, *, defines: bool = False) -> Iterator[Mention]:
        """The names in a scalar: it is one, or a formula with several."""
        if isinstance(node, ScalarNode):
            for found in _NAME.finditer(node.text):
                span = self._span(node, found.start(), len(found[0]))
                if span is not None:
                    yield Mention("name", found[0], span, defines)

    def _ids(self, node: Node | None, *, defines: bool = False) -> Iterator[Mention]:
        for item in node.items if isinstance(node, ListNode) else (node,):
            if isinstance(item, ScalarNode):
                span = self._span(item, 0, len(item.text))
                if span is not None:
                    yield Mention("rule", item.text, span, defines)

    def _span(self, node: ScalarNode, offset: int, length: int) -> Span | None:
        """A part of a scalar, where it stands on one line as it is written."""
        line, start = node.place.line, node.place.column - 1 + node.quoted
        if self.document.source.line(line)[start : start + len(node.text)] != node.text:
            return None
        return Span(self.path, line - 1, start + offset, length)
