"""Laying out text for a terminal: 80 columns, words wrapped, colour only where it is wanted."""

from __future__ import annotations

import textwrap
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

WIDTH = 80
"""How many columns a page has."""


@dataclass(frozen=True, slots=True)
class Style:
    """Terminal colours, or none at all."""

    colour: bool = False

    def heading(self, text: str) -> str:
        return self._paint(text, "1")

    def name(self, text: str) -> str:
        return self._paint(text, "36")

    def quiet(self, text: str) -> str:
        return self._paint(text, "2")

    def good(self, text: str) -> str:
        return self._paint(text, "32")

    def warning(self, text: str) -> str:
        return self._paint(text, "33")

    def bad(self, text: str) -> str:
        return self._paint(text, "31")

    def _paint(self, text: str, code: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if self.colour and text else text


PLAIN = Style()


_JOINED = "\N{NO-BREAK SPACE}"


def together(text: str) -> str:
    """A text that ``wrapped`` leaves on one line, where it can."""
    return text.replace(" ", _JOINED)


def wrapped(text: str, indent: int = 0, first: str = "") -> list[str]:
    """The lines of a text, each ``indent`` columns in; ``first`` stands before the first line,
    within the indent where it fits there.

    >>> wrapped("Money is owed.", 4, "- ")
    ['-   Money is owed.']
    """
    lead = first.ljust(indent) if first else " " * indent
    lines = textwrap.wrap(
        text,
        WIDTH,
        initial_indent=lead,
        subsequent_indent=" " * indent,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return [line.replace(_JOINED, " ") for line in lines] or [lead.rstrip()]


def columns(rows: Iterable[tuple[str, str]], indent: int, width: int) -> list[str]:
    """Rows of a name and a text, the text wrapped in its own column ``width`` columns on."""
    lines: list[str] = []
    for name, text in rows:
        lead = " " * indent + name
        if len(lead) >= indent + width:
            lines.append(lead)
            lead = ""
        lines += wrapped(text, indent + width, lead)
    return lines


def ends(left: str, right: str) -> str:
    """Two texts at the two ends of a line, or on two lines where they don't fit on one."""
    gap = WIDTH - len(left) - len(right)
    return left + " " * gap + right if gap >= 2 else f"{left}\n{right:>{WIDTH}}"


def count(number: int, word: str) -> str:
    """A number with its noun.

    >>> count(1, "rule"), count(1200, "rule")
    ('1 rule', '1,200 rules')
    """
    return f"{number:,} {word}" if number == 1 else f"{number:,} {word}s"


def spoken(name: str) -> str:
    """A name of the rule language as words.

    >>> spoken("lender_may_sue")
    'Lender may sue'
    """
    words = name.replace("_", " ")
    return words[:1].upper() + words[1:]


def listed(words: Iterable[str], joint: str) -> str:
    """Words in a row, the last after ``joint``.

    >>> listed(["a", "b", "c"], "or")
    'a, b or c'
    """
    items = list(words)
    return f" {joint} ".join([", ".join(items[:-1]), items[-1]] if len(items) > 1 else items)


def printable(text: str) -> str:
    """A text from outside without what a terminal might obey or can't print."""
    return "".join(
        "\N{REPLACEMENT CHARACTER}" if unicodedata.category(c) in ("Cc", "Cs") else c for c in text
    )
