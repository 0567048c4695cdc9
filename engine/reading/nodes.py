"""A parsed text: values that know their place. What YAML and JSON files are read into."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from engine.problems import Place, Problem
from engine.reading.source import Source

MAX_NODES = 200_000
"""The largest number of values in a file, each use of an alias counted in full."""
MAX_DEPTH = 60
"""How deep lists and mappings may nest."""
MAX_DIGITS = 30
"""The longest number that is read, in digits; also the largest power of ten of an exponent."""

Scalar = None | bool | int | Decimal | str
_EXPONENT = re.compile("[eE]([-+]?[0-9]+)$")


@dataclass(frozen=True, slots=True)
class ScalarNode:
    """A single value. ``text`` is how the file writes it (what the quotes hold, where quoted)."""

    place: Place
    value: Scalar
    text: str
    quoted: bool


@dataclass(frozen=True, slots=True)
class ListNode:
    """A list of nodes."""

    place: Place
    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Entry:
    """A key of a mapping and its value."""

    key: ScalarNode
    value: Node


@dataclass(frozen=True, slots=True)
class MapNode:
    """A mapping. Its keys are the texts of its key nodes, and each occurs once."""

    place: Place
    entries: tuple[Entry, ...]

    def get(self, key: str) -> Node | None:
        """The value of ``key``, or None."""
        return next((entry.value for entry in self.entries if entry.key.text == key), None)

    def keys(self) -> tuple[str, ...]:
        """The keys, in the order of the file."""
        return tuple(entry.key.text for entry in self.entries)


Node = ScalarNode | ListNode | MapNode


@dataclass(frozen=True, slots=True)
class Document:
    """A parsed text; ``root`` is None where the text holds nothing."""

    source: Source
    root: Node | None


def plain(node: Node | None) -> Any:
    """The data alone: ``dict``, ``list`` and scalars. No deeper than ``MAX_DEPTH``."""
    if isinstance(node, ScalarNode):
        return node.value
    if isinstance(node, ListNode):
        return [plain(item) for item in node.items]
    if isinstance(node, MapNode):
        return {entry.key.text: plain(entry.value) for entry in node.entries}
    return None


def locate(node: Node, path: Sequence[str | int]) -> Node:
    """The node at ``path`` (keys, and list positions from 0), or the last one on the way to it."""
    for step in path:
        found = _child(node, step)
        if found is None:
            break
        node = found
    return node


def key_of(node: Node, path: Sequence[str | int]) -> Place:
    """The place of the key that ``path`` ends in; of the item or the node, where it is no key."""
    parent = locate(node, path[:-1])
    if path and isinstance(parent, MapNode):
        for entry in parent.entries:
            if entry.key.text == path[-1]:
                return entry.key.place
    return locate(node, path).place


def _child(node: Node, step: str | int) -> Node | None:
    if isinstance(node, MapNode):
        return node.get(step) if isinstance(step, str) else None
    if isinstance(node, ListNode) and isinstance(step, int) and 0 <= step < len(node.items):
        return node.items[step]
    return None


def number_too_long(text: str) -> bool:
    """Whether a number as written has more digits, or a larger exponent, than is read."""
    exponent = None if text[:2] in ("0x", "0o") else _EXPONENT.search(text)
    if exponent is None:
        return sum(map(str.isalnum, text)) > MAX_DIGITS
    if len(exponent[1]) > MAX_DIGITS or abs(int(exponent[1])) > MAX_DIGITS:
        return True
    return sum(map(str.isdigit, text[: exponent.start()])) > MAX_DIGITS


def repeated_key(source: Source, key: ScalarNode, first: Place) -> Problem:
    """The problem of a key that its mapping already has, at ``first``."""
    message = f"the key `{key.text}` is given twice in this mapping; first on "
    message += f"line {first.line}, column {first.column}"
    hint = "keep one of the two"
    if key.text in ("id", "case"):
        hint = f"begin the second one with `- {key.text}: `"
    return source.problem("duplicate-key", message, key.place, hint)
