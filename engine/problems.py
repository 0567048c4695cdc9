"""What is wrong with an input, and where: the one kind of error that a user sees.

A reader or a checker never stops at the first fault. It collects ``Problem`` values, and at the
end raises one ``InputError`` that holds them all, ordered by place.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

Severity = Literal["error", "warning"]


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A place in a text: the file as the user named it, line and column counted from 1.

    Line 0 means the file as a whole, column 0 a line as a whole.
    """

    file: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        if not self.line:
            return self.file
        if not self.column:
            return f"{self.file}:{self.line}"
        return f"{self.file}:{self.line}:{self.column}"


NOWHERE = Place("<input>")


@dataclass(frozen=True, slots=True)
class Problem:
    """One fault: a stable code, one sentence, the place, and what to do about it."""

    code: str
    message: str
    where: Place = NOWHERE
    hint: str = ""
    severity: Severity = "error"
    line_text: str = field(default="", compare=False)
    """The offending line itself, without its line end; empty where there is none."""

    def __str__(self) -> str:
        hint = f" ({self.hint})" if self.hint else ""
        return f"{self.where}: {self.code}: {self.message}{hint}"

    @property
    def sort_key(self) -> tuple[str, int, int, str, str]:
        return (self.where.file, self.where.line, self.where.column, self.code, self.message)


class InputError(ValueError):
    """Raised when an input can't be used. Holds every problem found, ordered by place."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems: tuple[Problem, ...] = tuple(
            sorted(dict.fromkeys(problems), key=lambda p: p.sort_key)
        )
        super().__init__("\n".join(map(str, self.problems)))


def likely(word: str, known: Iterable[str]) -> str:
    """The known word that the user most likely meant, as a hint, or an empty string: one that is
    written much like it, or else the first of which it is a part.

    >>> likely("nonjudical_foreclosure", ["short_sale", "nonjudicial_foreclosure"])
    'did you mean `nonjudicial_foreclosure`?'
    >>> likely("state", ["property_state", "waste", "borrower_state"])
    'did you mean `property_state` or `borrower_state`?'
    """
    names = list(dict.fromkeys(known))
    found = difflib.get_close_matches(word, sorted(names), n=1, cutoff=0.6)
    if found and difflib.SequenceMatcher(None, found[0], word).ratio() >= _MUCH_ALIKE:
        return f"did you mean `{found[0]}`?"
    parts = _parts(word)
    found = [name for name in names if parts and parts <= _parts(name)][:_FEW] or found
    if not found:
        return ""
    *others, last = (f"`{name}`" for name in found)
    return f"did you mean {', '.join(others)} or {last}?" if others else f"did you mean {last}?"


_MUCH_ALIKE = 0.85
_FEW = 3
_JOINT = re.compile(r"[ ._-]+")


def _parts(name: str) -> set[str]:
    return set(_JOINT.split(name.lower())) - {""}


def listing(words: Iterable[str], limit: int = 8) -> str:
    """A short list of words for a message: quoted, and cut after ``limit``.

    >>> listing(["a", "b", "c"], limit=2)
    '`a`, `b` and 1 more'
    """
    all_words = list(words)
    shown = ", ".join(f"`{word}`" for word in all_words[:limit])
    rest = len(all_words) - limit
    return f"{shown} and {rest} more" if rest > 0 else shown
