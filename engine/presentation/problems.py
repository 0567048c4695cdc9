"""Problems for people, for programs, and as annotations of a change on GitHub."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from engine.problems import Problem

WIDTH = 100
"""How many columns of a long line are shown."""
_TAB = 4

_BOLD, _RED, _YELLOW, _GREEN, _CYAN, _RESET = (
    f"\x1b[{code}m" for code in ("1", "31", "33", "32", "36", "0")
)


def as_text(problems: Iterable[Problem], colour: bool) -> str:
    """One line for each problem, below it the offending line with a caret, and at the end how many
    problems there are; empty where there are none. ``colour`` adds terminal colours."""
    ordered = _in_order(problems)
    if not ordered:
        return ""
    blocks = [_block(problem, colour) for problem in ordered]
    return "\n".join([*blocks, _summary(ordered)])


def as_json(problems: Iterable[Problem]) -> str:
    """A JSON list of objects with ``code``, ``severity``, ``message``, ``hint``, ``file``, ``line``
    and ``column``; line and column are 0 where the problem is about all of the file or line."""
    data = [
        {
            "code": problem.code,
            "severity": problem.severity,
            "message": problem.message,
            "hint": problem.hint,
            "file": problem.where.file,
            "line": problem.where.line,
            "column": problem.where.column,
        }
        for problem in _in_order(problems)
    ]
    return json.dumps(data, indent=2, ensure_ascii=False)


def as_github(problems: Iterable[Problem]) -> str:
    """One workflow command for each problem, which GitHub shows beside the changed line."""
    return "\n".join(_command(problem) for problem in _in_order(problems))


def _in_order(problems: Iterable[Problem]) -> list[Problem]:
    return sorted(problems, key=lambda problem: problem.sort_key)


# ---- text -------------------------------------------------------------------------------------


def _block(problem: Problem, colour: bool) -> str:
    def paint(text: str, style: str) -> str:
        return f"{style}{text}{_RESET}" if colour and text else text

    warning = problem.severity == "warning"
    code = f"warning: {problem.code}" if warning else problem.code
    hint = paint(f" ({_clean(problem.hint)})", _CYAN) if problem.hint else ""
    head = (
        f"{paint(_clean(str(problem.where)), _BOLD)}: {paint(code, _YELLOW if warning else _RED)}"
    )
    lines = [f"{head}: {_clean(problem.message)}{hint}"]
    if problem.line_text.strip():
        excerpt = _excerpt(problem.line_text, problem.where.column)
        lines.append(f"    {excerpt.text}")
        if problem.where.column:
            lines.append("    " + " " * excerpt.caret + paint("^", _GREEN))
    return "\n".join(lines)


def _summary(problems: list[Problem]) -> str:
    names = {problem.where.file for problem in problems}
    files = sum(not name.startswith("--") for name in names)  # and not an option such as `--set`
    warnings = sum(problem.severity == "warning" for problem in problems)
    text = _count(len(problems), "problem") + (f" in {_count(files, 'file')}" if files else "")
    return f"{text}, {_count(warnings, 'warning')} among them" if warnings else text


def _count(number: int, word: str) -> str:
    return f"{number:,} {word}" if number == 1 else f"{number:,} {word}s"


@dataclass(frozen=True, slots=True)
class _Excerpt:
    """A line as it is shown, and how many columns stand before the caret."""

    text: str
    caret: int


def _excerpt(line: str, column: int) -> _Excerpt:
    """The part of a line around a character (counted from 1), as wide as a terminal shows it."""
    if len(line) > 2 * WIDTH:  # don't measure megabytes
        start = max(0, column - 1 - WIDTH // 2)
        before, after = start > 0, start + WIDTH < len(line)
        line, column = line[start : start + WIDTH], column - start
        line = ("…" if before else "") + line + ("…" if after else "")
        column += before
    cells = [_cell(character) for character in line]
    caret = sum(_width(cell) for cell in cells[: max(column - 1, 0)])
    return _Excerpt("".join(cells).rstrip(), caret + max(column - 1 - len(cells), 0))


def _cell(character: str) -> str:
    return " " * _TAB if character == "\t" else _clean(character)


def _width(cell: str) -> int:
    return sum(_character_width(character) for character in cell)


def _character_width(character: str) -> int:
    if unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in ("W", "F") else 1


def _clean(text: str) -> str:
    """The text without what a terminal might obey or can't print."""
    return "".join(
        "\N{REPLACEMENT CHARACTER}" if unicodedata.category(c) in ("Cc", "Cs") else c for c in text
    )


# ---- GitHub -----------------------------------------------------------------------------------


def _command(problem: Problem) -> str:
    where = problem.where
    properties = [f"file={_property(where.file)}"]
    if where.line:
        properties.append(f"line={where.line}")
    if where.column:
        properties.append(f"col={where.column}")
    properties.append(f"title={_property(problem.code)}")
    hint = f" ({problem.hint})" if problem.hint else ""
    return f"::{problem.severity} {','.join(properties)}::{_data(problem.message + hint)}"


def _data(text: str) -> str:
    escaped = text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    return escaped.encode("utf-8", errors="replace").decode("utf-8")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
