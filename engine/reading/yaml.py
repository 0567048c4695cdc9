"""YAML text to nodes with places, safely: events only, YAML 1.2 scalars, everything bounded.

PyYAML reads the syntax; what a plain scalar means is decided here, since PyYAML follows YAML 1.1,
where ``NO`` is false and ``012`` is ten.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

import yaml

from engine.problems import InputError, Place, Problem
from engine.reading.json import parse_json
from engine.reading.nodes import (
    MAX_DEPTH,
    MAX_DIGITS,
    MAX_NODES,
    Document,
    Entry,
    ListNode,
    MapNode,
    Node,
    Scalar,
    ScalarNode,
    key_of,
    locate,
    number_too_long,
    plain,
    repeated_key,
)
from engine.reading.source import (
    MAX_BYTES,
    Source,
    check_characters,
    hidden_character,
    read_text,
    source_of,
)
from engine.reading.yaml_errors import explain

__all__ = [
    "MAX_BYTES",
    "Document",
    "Entry",
    "ListNode",
    "MapNode",
    "Node",
    "ScalarNode",
    "Source",
    "key_of",
    "locate",
    "parse",
    "parse_json",
    "plain",
    "read_text",
    "source_of",
]

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_WORDS: dict[str, Scalar] = dict.fromkeys(("", "~", "null", "Null", "NULL"))
_WORDS |= dict.fromkeys(("true", "True", "TRUE"), True)
_WORDS |= dict.fromkeys(("false", "False", "FALSE"), False)
_NUMBER_START = frozenset("+-.0123456789")
_INTEGER = re.compile("[-+]?[0-9]+")
_OTHER_BASE = re.compile("0o[0-7]+|0x[0-9a-fA-F]+")
_DECIMAL = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_ODD_LINE_BREAK = re.compile("[\x85\u2028\u2029]")
_TEXT_PER_NODE = 256
"""So many characters of a scalar count as a further node: aliases must not multiply text either."""


def parse(source: Source) -> Document:
    """The nodes of a YAML text.

    Raises:
        InputError: the text is not YAML, or uses what the rule language leaves out: tags, merge
            keys, several documents, repeated keys, aliases to what they stand in, control
            characters, and anything past the bounds of :mod:`engine.reading.nodes`.
    """
    if source.text.startswith("\ufeff"):
        source = Source(source.name, source.text[1:])
    check_characters(source)
    _check_line_breaks(source)
    builder = _Builder(source)
    try:
        for event in yaml.parse(source.text, Loader=_LOADER):
            builder.take(event)
    except yaml.MarkedYAMLError as error:
        raise InputError([*builder.problems, explain(source, error)]) from None
    except (yaml.YAMLError, ValueError, OverflowError, RecursionError, MemoryError) as error:
        if isinstance(error, InputError):
            raise
        problem = source.problem("yaml-syntax", "this is not valid YAML", Place(source.name))
        raise InputError([*builder.problems, problem]) from None
    if builder.problems:
        raise InputError(builder.problems)
    return Document(source, builder.root)


def _check_line_breaks(source: Source) -> None:
    """YAML's versions disagree on whether these characters end a line, and editors don't show
    them; so they are refused."""
    found = _ODD_LINE_BREAK.search(source.text)
    if found:
        message = f"invisible line separator (U+{ord(found.group()):04X})"
        where = source.place(found.start())
        hint = "delete it, or break the line there"
        raise InputError([source.problem("yaml-character", message, where, hint)])


@dataclass(slots=True)
class _Open:
    """A list or a mapping whose end has not been read yet."""

    place: Place
    is_map: bool
    anchor: str | None
    size_before: int
    items: list[Node] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    keys: dict[str, Place] = field(default_factory=dict)
    key: ScalarNode | None = None
    height: int = 1


@dataclass(frozen=True, slots=True)
class _Anchored:
    """A node that an alias may repeat, with its expanded size and its height."""

    node: Node
    size: int
    height: int


class _Builder:
    """Turns the stream of parse events into nodes."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.root: Node | None = None
        self.problems: list[Problem] = []
        self._documents = 0
        self._size = 0
        self._stack: list[_Open] = []
        self._anchors: dict[str, _Anchored | None] = {}  # None: still open
        self._actions = {
            yaml.ScalarEvent: self._scalar,
            yaml.MappingStartEvent: self._start,
            yaml.SequenceStartEvent: self._start,
            yaml.MappingEndEvent: self._end,
            yaml.SequenceEndEvent: self._end,
            yaml.AliasEvent: self._alias,
            yaml.DocumentStartEvent: self._document,
        }

    def take(self, event: Any) -> None:
        """Take the next event; raises InputError where reading can't go on."""
        action = self._actions.get(type(event))
        if action:
            action(event)

    def _place(self, event: Any) -> Place:
        mark = event.start_mark
        return Place(self.source.name, mark.line + 1, mark.column + 1)

    def _problem(self, code: str, message: str, where: Place, hint: str = "") -> None:
        self.problems.append(self.source.problem(code, message, where, hint))

    def _stop(self, code: str, message: str, where: Place, hint: str = "") -> InputError:
        self._problem(code, message, where, hint)
        return InputError(self.problems)

    def _document(self, event: Any) -> None:
        self._documents += 1
        if self._documents > 1:
            message = "a second document starts here; a file holds one"
            raise self._stop("yaml-documents", message, self._place(event), "remove the `---`")

    def _scalar(self, event: Any) -> None:
        place = self._place(event)
        self._refuse_tag(event, place)
        text: str = event.value
        quoted = event.style not in (None, "")
        self._count(1 + len(text) // _TEXT_PER_NODE, place)
        if event.style == '"' and (bad := hidden_character(text)):  # written as an escape
            self._problem("yaml-syntax", f"this text holds {bad}", place)
        value: Scalar = text if quoted else self._resolve(text, place)
        node = ScalarNode(place, value, text, quoted)
        if event.anchor is not None:
            self._anchors[event.anchor] = _Anchored(node, 1 + len(text) // _TEXT_PER_NODE, 0)
        if not self._stack and text == "" and not quoted:
            return  # a document of nothing but `---`
        self._add(node, 0)

    def _start(self, event: Any) -> None:
        place = self._place(event)
        self._refuse_tag(event, place)
        is_map = isinstance(event, yaml.MappingStartEvent)
        if self._stack and self._stack[-1].is_map and self._stack[-1].key is None:
            kind = "mapping" if is_map else "list"
            message = f"a {kind} can't be a key; a key is a word"
            hint = "put quotes around a text that begins with `{` or `[`, and a space after a `:`"
            raise self._stop("yaml-key", message, place, hint)
        if len(self._stack) >= MAX_DEPTH:
            message = f"lists and mappings nest deeper than {MAX_DEPTH} levels"
            raise self._stop("yaml-depth", message, place)
        if event.anchor is not None:
            self._anchors[event.anchor] = None
        self._stack.append(_Open(place, is_map, event.anchor, self._size))
        self._count(1, place)

    def _end(self, _event: Any) -> None:
        ended = self._stack.pop()
        node: Node
        if ended.is_map:
            node = MapNode(ended.place, tuple(ended.entries))
        else:
            node = ListNode(ended.place, tuple(ended.items))
        if ended.anchor is not None:
            size = self._size - ended.size_before
            self._anchors[ended.anchor] = _Anchored(node, size, ended.height)
        self._add(node, ended.height)

    def _alias(self, event: Any) -> None:
        place, name = self._place(event), event.anchor
        if name not in self._anchors:
            message = f"the alias `*{name}` has no anchor `&{name}` before it"
            raise self._stop(
                "yaml-alias", message, place, "put quotes around a text that begins with `*`"
            )
        anchored = self._anchors[name]
        if anchored is None:
            message = f"the alias `*{name}` stands inside what it repeats"
            raise self._stop("yaml-alias", message, place)
        if len(self._stack) + anchored.height > MAX_DEPTH:
            message = f"with this alias, lists and mappings nest deeper than {MAX_DEPTH} levels"
            raise self._stop("yaml-depth", message, place)
        self._count(anchored.size, place)
        node = anchored.node
        if self._stack and self._stack[-1].is_map and self._stack[-1].key is None:
            if not isinstance(node, ScalarNode):
                message = f"the alias `*{name}` is a key here, but stands for more than a word"
                raise self._stop("yaml-key", message, place)
            node = replace(node, place=place)
        self._add(node, anchored.height)

    def _add(self, node: Node, height: int) -> None:
        if not self._stack:
            self.root = node
            return
        parent = self._stack[-1]
        if parent.height <= height:
            parent.height = height + 1
        if not parent.is_map:
            parent.items.append(node)
        elif parent.key is not None:
            parent.entries.append(Entry(parent.key, node))
            parent.key = None
        elif isinstance(node, ScalarNode):
            self._check_key(parent, node)
            parent.key = node

    def _check_key(self, parent: _Open, key: ScalarNode) -> None:
        if key.text == "<<" and not key.quoted:
            hint = "write the keys out, or give the condition a name as a term"
            self._problem("yaml-merge-key", "merge keys (`<<`) are not read", key.place, hint)
            return
        if key.text == "" and not key.quoted:
            self._problem("yaml-key", "there is no key before this `:`", key.place)
            return
        first = parent.keys.setdefault(key.text, key.place)
        if first is not key.place:
            self.problems.append(repeated_key(self.source, key, first))

    def _count(self, size: int, place: Place) -> None:
        self._size += size
        if self._size > MAX_NODES:
            message = f"the file holds more than {MAX_NODES:,} values, aliases counted in full"
            raise self._stop("yaml-too-big", message, place, "split it into several files")

    def _refuse_tag(self, event: Any, place: Place) -> None:
        if event.tag is not None:
            message = f"the tag `{_shown_tag(event.tag)}` is not allowed"
            hint = "remove it; put quotes around a text that begins with `!`"
            self._problem("yaml-tag", message, place, hint)

    def _resolve(self, text: str, place: Place) -> Scalar:
        """The value of a plain scalar by the core schema of YAML 1.2."""
        if text in _WORDS:
            return _WORDS[text]
        if text[0] not in _NUMBER_START:
            return text
        if _INTEGER.fullmatch(text):
            return self._number(text, 10, place)
        if _DECIMAL.fullmatch(text):
            return self._number(text, 0, place)
        if _OTHER_BASE.fullmatch(text):
            return self._number(text, 8 if text[1] == "o" else 16, place)
        return text

    def _number(self, text: str, base: int, place: Place) -> Scalar:
        if number_too_long(text):
            message = f"this number is too long: at most {MAX_DIGITS} digits are read"
            self._problem("yaml-number", message, place, "put quotes around it if it is a text")
            return None
        if not base:
            return Decimal(text)
        return int(text if base == 10 else text[2:], base)


def _shown_tag(tag: str) -> str:
    standard = "tag:yaml.org,2002:"
    return "!!" + tag.removeprefix(standard) if tag.startswith(standard) else tag
