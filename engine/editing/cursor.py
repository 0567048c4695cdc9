"""Where a cursor stands in a YAML text that is being typed, and so need not be YAML yet.

Only what stands before the cursor is looked at, by its indentation and its brackets; and the lines
that follow, for the keys beside it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

Path = tuple[str | int, ...]

_KEY = re.compile(r"""("[^"]*"|'[^']*'|[^\s#\[\]{},"'&*!|>%@`-][^#\[\]{},]*?)\s*:(?=\s|$)\s*""")
_LINE_BREAK = re.compile("\r\n|\r|\n")
_WORD = re.compile(r"[\w.-]*$")


@dataclass(frozen=True, slots=True)
class Cursor:
    """A place in a text.

    ``path`` leads to the mapping, list or value there: keys, and list positions from 0.
    ``in_value`` is whether a value is being typed; otherwise it may be a key or a value. ``word``
    is what has been typed of the word so far. ``beside`` holds the keys of each mapping on the
    way, with the text of their values.
    """

    path: Path
    in_value: bool
    word: str
    beside: Mapping[Path, Mapping[str, str]]

    @property
    def keys(self) -> Mapping[str, str]:
        """The keys of the mapping that the cursor stands in."""
        return self.beside.get(self.path, {})


@dataclass(slots=True)
class _Open:
    """A mapping or a list that goes on at the cursor."""

    is_map: bool
    indent: int
    step: str | int | None = None
    keys: dict[str, str] = field(default_factory=dict)


def cursor_at(text: str, line: int, column: int) -> Cursor | None:
    """The cursor at a line and column counted from 0; None within a comment or a text block."""
    lines = _LINE_BREAK.split(text)
    before = [*lines[:line], (lines[line] if line < len(lines) else "")[:column]]
    reader = _Reader(before)
    reader.read()
    if reader.nowhere:
        return None
    for opened in reader.open:
        if opened.is_map and opened.indent >= 0:
            opened.keys |= _keys_below(lines[line + 1 :], opened.indent)
    return reader.cursor()


def word_before(line: str, column: int) -> str:
    """What has been typed of the word before a column counted from 0.

    >>> word_before("by: wa.tru", 10)
    'wa.tru'
    """
    found = _WORD.search(line[:column])
    return found[0] if found else ""


def _keys_below(lines: Sequence[str], indent: int) -> dict[str, str]:
    """The keys of a block mapping on the lines after the cursor's."""
    keys = {}
    for line in lines:
        depth = len(line) - len(line.lstrip())
        found = _KEY.match(line, depth)
        if line.strip() and not line.lstrip().startswith("#"):
            if depth < indent or (depth == indent and not found):
                break
            if depth == indent and found:
                keys[_bare(found[1])] = line[found.end() :].strip()
    return keys


def _bare(key: str) -> str:
    return key[1:-1] if key[0] in "\"'" else key


class _Reader:
    """Goes through the lines up to the cursor and keeps what is still open."""

    def __init__(self, lines: Sequence[str]) -> None:
        self.open: list[_Open] = []
        self.nowhere = False
        self._lines = lines
        self._at = 0
        self._inside = False  # whether the cursor stands in the value of the last that is open
        self._in_value = False
        self._typed = ""

    def read(self) -> None:
        while self._at < len(self._lines):
            line = self._lines[self._at]
            self._at += 1
            is_last = self._at == len(self._lines)
            if line.lstrip().startswith("#"):
                self.nowhere |= is_last
            elif line.strip() or is_last:
                self._line(line)

    def cursor(self) -> Cursor:
        path: Path = ()
        beside: dict[Path, Mapping[str, str]] = {}
        for opened in self.open:
            if opened.is_map:
                beside[path] = opened.keys
            if opened.step is not None and (opened is not self.open[-1] or self._inside):
                path = (*path, opened.step)
        word = word_before(self._typed, len(self._typed))
        return Cursor(path, self._in_value, word, beside)

    # ---- lines ----

    def _line(self, line: str) -> None:
        rest = line.lstrip()
        column = len(line) - len(rest)
        self._in_value = False
        while rest.startswith("- ") or rest == "-":
            self._close(column, for_dash=True)
            if self.open and not self.open[-1].is_map and self.open[-1].indent == column:
                step = self.open[-1].step
                self.open[-1].step = step + 1 if isinstance(step, int) else 0
            else:
                self.open.append(_Open(False, column, 0))
            after = rest[1:].lstrip()
            column += len(rest) - len(after)
            rest = after
        self._close(column, for_dash=False)
        found = _KEY.match(rest)
        if found:
            self._key(_bare(found[1]), column, rest[found.end() :], spaced=found[0][-1] != ":")
            return
        top = self.open[-1] if self.open else None
        self._inside = top is not None and top.indent < column
        self._typed = rest
        if rest.startswith(("{", "[")):
            self._flow(rest)
        elif re.search(r"\s#", rest):
            self.nowhere = self._at == len(self._lines)

    def _close(self, column: int, *, for_dash: bool) -> None:
        """Leave what ends before a line that begins at ``column``."""
        while self.open:
            top = self.open[-1]
            ended_list = not top.is_map and top.indent == column and not for_dash
            if top.indent <= column and not ended_list:
                return
            self.open.pop()

    def _key(self, key: str, column: int, value: str, *, spaced: bool) -> None:
        top = self.open[-1] if self.open else None
        if top is None or not top.is_map or top.indent != column:
            top = _Open(True, column)
            self.open.append(top)
        top.step = key
        top.keys[key] = value.strip()
        self._inside = self._in_value = True
        self._typed = value
        if value.startswith(("{", "[")):
            self._flow(value)
        elif value.startswith(("|", ">")):
            self._skip_block(column)
        elif re.search(r"(^|\s)#", value) and value[:1] not in "\"'":
            self.nowhere = self._at == len(self._lines)
        elif not spaced and self._at == len(self._lines):
            self.nowhere = True  # right behind the colon, where a space comes first

    def _skip_block(self, column: int) -> None:
        """Pass over the lines of a text block, which holds no keys."""
        while self._at < len(self._lines):
            line = self._lines[self._at]
            if line.strip() and len(line) - len(line.lstrip()) <= column:
                return
            self._at += 1
            last = self._at == len(self._lines)
            self.nowhere = last and (bool(line.strip()) or len(line) > column)
            if last and not self.nowhere:
                self._line(line)

    # ---- brackets ----

    def _flow(self, text: str) -> None:
        """Read what begins with a bracket, up to its end or to the cursor."""
        text = "\n".join([text, *self._lines[self._at :]])
        outer, start, at = len(self.open), 0, 0
        while at < len(text):
            mark = text[at]
            if mark in "{[":
                self.open.append(_Open(mark == "{", -1, None if mark == "{" else 0))
                start, at = at + 1, at + 1
                continue
            top = self.open[-1]
            if mark in "}]":
                self.open.pop()
                if len(self.open) == outer:
                    self._at += text.count("\n", 0, at)
                    self._in_value, self._inside, self._typed = True, True, text[at:]
                    return
                start = at + 1
            elif mark == ",":
                if isinstance(top.step, int):
                    top.step += 1
                elif top.step is not None:
                    top.keys[top.step] = text[start:at].strip()
                    top.step = None
                start = at + 1
            elif (
                mark == ":" and top.is_map and top.step is None and text[at + 1 : at + 2].isspace()
            ):
                top.step = _bare(text[start:at].strip() or " ")
                top.keys[top.step] = ""
                start = at + 1
            elif mark in "\"'" and not text[start:at].strip():
                end = text.find(mark, at + 1)
                at = len(text) if end < 0 else end
            elif mark == "#" and text[at - 1 : at].isspace():
                end = text.find("\n", at)
                self.nowhere = end < 0
                at = len(text) if end < 0 else end
            at += 1
        self._at = len(self._lines)
        self._inside = self.open[-1].step is not None
        self._in_value = self._inside
        self._typed = text[start:]
