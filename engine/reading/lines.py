"""The lines of a YAML text: where comments and blank lines are, and what is a value's own."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import yaml

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_LINE_BREAK = re.compile("\r\n|\r")


@dataclass(frozen=True, slots=True)
class Lines:
    """The lines of a text, counted from 0.

    ``free`` says of each line that it is blank or holds nothing but a comment. ``comments`` are
    the texts of all comments in their order, but for those behind the ``|`` or ``>`` of a text.
    """

    lines: tuple[str, ...]
    free: tuple[bool, ...]
    comments: tuple[str, ...]

    def indent(self, number: int) -> int:
        """How many columns a line stands in."""
        line = self.lines[number]
        return len(line) - len(line.lstrip(" "))

    def above(self, number: int, column: int) -> int:
        """The first of the blank lines and comments that belong to what begins on a line, at a
        column counted from 0. A comment further in belongs to what stands above it."""
        first = number
        while first and self.free[first - 1]:
            if self.lines[first - 1] and self.indent(first - 1) > column:
                break
            first -= 1
        return first


def tidy(text: str) -> Lines:
    """The lines of a YAML text without the tabs and blanks that mean nothing, and without blank
    lines at its end. Everything else stays where it is. The text must be one that can be parsed."""
    text = _LINE_BREAK.sub("\n", text.removeprefix("\ufeff"))
    breaks = [found.start() for found in re.finditer("\n", text)]
    free = [True] * (len(breaks) + 1)
    parts: list[str] = []
    comments: list[str] = []
    for (start, end), (after, _) in pairwise([(0, 0), *_spans(text), (len(text), len(text))]):
        if start < end:
            first, last = bisect_left(breaks, start), bisect_left(breaks, end - 1)
            free[first : last + 1] = [False] * (last + 1 - first)
        *ended, rest = text[end:after].replace("\t", " ").split("\n")
        between = [*(line.rstrip() for line in ended), rest if after < len(text) else rest.rstrip()]
        comments += [line.strip() for line in between if line.strip()]
        parts += [text[start:end], "\n".join(between)]
    lines = "".join(parts).split("\n")
    while len(lines) > 1 and free[-1] and not lines[-1]:
        lines.pop()
        free.pop()
    return Lines(tuple(lines), tuple(free), tuple(comments))


def _spans(text: str) -> Iterator[tuple[int, int]]:
    """Where what is neither blank nor comment begins and ends."""
    for token in yaml.scan(text, Loader=_LOADER):
        start, end = token.start_mark.index, token.end_mark.index
        head = text[start:end].partition("\n")[0].partition("#")[0]
        if head.startswith(("|", ">")) and "+" not in head:  # its last blank lines mean nothing
            end = start + len(text[start:end].rstrip("\n"))
        if start < end:
            yield start, end
