"""JSON text to nodes with places.

A scanner of its own: Python's ``json`` keeps no places, recurses without bound, and lets ``NaN``
and repeated keys pass. Numbers stay exact, and tabs and line breaks are what JSON says they are.
"""

from __future__ import annotations

import bisect
import json
import re
from dataclasses import dataclass, field
from decimal import Decimal
from typing import NoReturn

from engine.problems import InputError, Place, Problem
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
    number_too_long,
    repeated_key,
)
from engine.reading.source import Source, check_characters, hidden_character

_TOKEN = re.compile(
    r"""[ \t\r\n]*(?:
      (?P<mark>[\[\]{},:])
    | (?P<string>"[^"\\\t\r\n]*(?:\\[^\t\r\n][^"\\\t\r\n]*)*")
    | (?P<number>-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?)(?![\w.+-])
    | (?P<word>(?:true|false|null)(?![\w.+-]))
    | (?P<end>\Z)
    | (?P<other>"|[\w.+-]+|.)
    )""",
    re.VERBOSE | re.DOTALL,
)
_LINE_BREAK = re.compile("\r\n|\r|\n")
_WORDS: dict[str, Scalar] = {"true": True, "false": False, "null": None}

# What may come next, as a message says it.
_VALUE = "a value"
_ITEM = "a value or `]`"
_KEY = "a key in double quotes"
_FIRST_KEY = "a key in double quotes or `}`"
_COLON = "`:`"
_NEXT_ITEM = "`,` or `]`"
_NEXT_ENTRY = "`,` or `}`"
_END = "the end of the text"


def parse_json(source: Source) -> Document:
    """The nodes of a JSON text; the root is None where the text is blank.

    Raises:
        InputError: the text is not JSON, repeats a key, or is past the bounds of
            :mod:`engine.reading.nodes`.
    """
    if source.text.startswith("\ufeff"):
        source = Source(source.name, source.text[1:])
    check_characters(source)
    if not source.text.strip(" \t\r\n"):
        return Document(source, None)
    reader = _Reader(source)
    root = reader.read()
    if reader.problems:
        raise InputError(reader.problems)
    return Document(source, root)


@dataclass(slots=True)
class _Open:
    """A list or a mapping whose end has not been read yet."""

    place: Place
    is_map: bool
    items: list[Node] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    keys: dict[str, Place] = field(default_factory=dict)
    key: ScalarNode | None = None


class _Reader:
    """Reads the tokens one by one; a stack of its own stands in for recursion."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.problems: list[Problem] = []
        self._root: Node | None = None
        self._stack: list[_Open] = []
        self._expected = _VALUE
        self._size = 0
        breaks = _LINE_BREAK.finditer(source.text)
        self._line_starts = [0, *(found.end() for found in breaks)]

    def read(self) -> Node | None:
        """The one value of the text; raises InputError where reading can't go on."""
        offset = 0
        while True:
            token = _TOKEN.match(self.source.text, offset)
            assert token is not None  # the last alternative takes any character
            offset = token.end()
            kind = token.lastgroup or ""
            text = token[kind]
            if kind == "end" and self._expected == _END:
                return self._root
            self._take(kind, text, token.start(kind))

    def _take(self, kind: str, text: str, offset: int) -> None:
        expected = self._expected
        if kind == "mark":
            if text == "," and expected in (_NEXT_ITEM, _NEXT_ENTRY):
                self._expected = _VALUE if expected is _NEXT_ITEM else _KEY
            elif text == ":" and expected is _COLON:
                self._expected = _VALUE
            elif text in "[{" and expected in (_VALUE, _ITEM):
                self._start(text == "{", self._place(offset))
            elif text == "]" and expected in (_ITEM, _NEXT_ITEM):
                ended = self._stack.pop()
                self._add(ListNode(ended.place, tuple(ended.items)))
            elif text == "}" and expected in (_FIRST_KEY, _NEXT_ENTRY):
                ended = self._stack.pop()
                self._add(MapNode(ended.place, tuple(ended.entries)))
            else:
                self._unexpected(kind, text, self._place(offset))
        elif kind == "string" and expected in (_KEY, _FIRST_KEY):
            place = self._place(offset)
            value = self._string(text, place)
            self._key(ScalarNode(place, value, value, True))
        elif kind in ("string", "number", "word") and expected in (_VALUE, _ITEM):
            place = self._place(offset)
            self._count(place)
            self._add(self._scalar(kind, text, place))
        else:
            self._unexpected(kind, text, self._place(offset))

    def _place(self, offset: int) -> Place:
        line = bisect.bisect_right(self._line_starts, offset)
        return Place(self.source.name, line, offset - self._line_starts[line - 1] + 1)

    def _problem(self, code: str, message: str, where: Place, hint: str = "") -> None:
        self.problems.append(self.source.problem(code, message, where, hint))

    def _stop(self, code: str, message: str, where: Place, hint: str = "") -> NoReturn:
        self._problem(code, message, where, hint)
        raise InputError(self.problems)

    def _unexpected(self, kind: str, text: str, place: Place) -> NoReturn:
        if text == '"':
            message = "the closing quote is missing on this line"
            hint = "close the quote; write `\\n` for a line break and `\\t` for a tab"
            self._stop("json-syntax", message, place, hint)
        found = _END if kind == "end" else f"`{text if len(text) <= 40 else text[:40] + '…'}`"
        hint = ""
        if text in ("NaN", "Infinity", "-Infinity"):
            hint = "JSON has no such number"
        elif text in "]}" and self._expected in (_VALUE, _KEY) and self._stack:
            hint = "remove the comma before it"
        elif text == "'":
            hint = "JSON takes double quotes only"
        elif text in ("True", "False", "None"):
            hint = f"write `{'null' if text == 'None' else text.lower()}`"
        elif text == "/" or text == "#":
            hint = "JSON has no comments"
        elif text[:1] in "+.0123456789-" and kind == "other" and self._expected in (_VALUE, _ITEM):
            hint = "JSON writes numbers like `1200`, `-3` or `0.5`; put a date in quotes"
        self._stop("json-syntax", f"expected {self._expected}, found {found}", place, hint)

    def _start(self, is_map: bool, place: Place) -> None:
        if len(self._stack) >= MAX_DEPTH:
            message = f"lists and mappings nest deeper than {MAX_DEPTH} levels"
            self._stop("json-depth", message, place)
        self._count(place)
        self._stack.append(_Open(place, is_map))
        self._expected = _FIRST_KEY if is_map else _ITEM

    def _count(self, place: Place) -> None:
        self._size += 1
        if self._size > MAX_NODES:
            message = f"the file holds more than {MAX_NODES:,} values"
            self._stop("json-too-big", message, place, "split it into several files")

    def _key(self, key: ScalarNode) -> None:
        parent = self._stack[-1]
        parent.key = key
        self._expected = _COLON
        first = parent.keys.setdefault(key.text, key.place)
        if first is not key.place:
            self.problems.append(repeated_key(self.source, key, first))

    def _add(self, node: Node) -> None:
        if not self._stack:
            self._root = node
            self._expected = _END
            return
        parent = self._stack[-1]
        if parent.key is not None:
            parent.entries.append(Entry(parent.key, node))
            parent.key = None
            self._expected = _NEXT_ENTRY
        else:
            parent.items.append(node)
            self._expected = _NEXT_ITEM

    def _scalar(self, kind: str, text: str, place: Place) -> ScalarNode:
        if kind == "string":
            value = self._string(text, place)
            return ScalarNode(place, value, value, True)
        if kind == "word":
            return ScalarNode(place, _WORDS[text], text, False)
        if number_too_long(text):
            message = f"this number is too long: at most {MAX_DIGITS} digits are read"
            self._problem("json-number", message, place, "put quotes around it if it is a text")
            return ScalarNode(place, None, text, False)
        is_integer = text.lstrip("-").isdigit()
        return ScalarNode(place, int(text) if is_integer else Decimal(text), text, False)

    def _string(self, text: str, place: Place) -> str:
        if "\\" not in text:
            return text[1:-1]
        try:
            value: str = json.loads(text)
        except ValueError:
            hint = "write `\\\\` for a backslash"
            self._stop("json-syntax", "unknown escape after `\\`", place, hint)
        bad = hidden_character(value)
        if bad:
            self._problem("json-syntax", f"this text holds {bad}", place)
        return value
