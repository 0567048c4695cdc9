"""PyYAML's syntax errors in plain words: what is wrong, where, and what to do about it."""

from __future__ import annotations

import re
from typing import Any

import yaml

from engine.problems import Place, Problem
from engine.reading.source import Source

_QUOTE_HINT = "put quotes around a text that has a `: ` in it, and indent with two spaces"

# What PyYAML says (libyaml or its Python twin), what we say, and the hint. The first match counts.
_SENTENCES: tuple[tuple[str, str, str], ...] = (
    ("unexpected end of stream", "the closing quote is missing", "close the quote"),
    (
        "unexpected document indicator",
        "the closing quote is missing",
        "close the quote before this line",
    ),
    ("',' or ']'", "expected a comma or the closing `]`", ""),
    ("',' or '}'", "expected a comma or the closing `}`", ""),
    (
        "mapping values are not allowed",
        "a `key: value` can't stand here",
        _QUOTE_HINT,
    ),
    (
        "mapping keys are not allowed",
        "a `?` key can't stand here",
        "put quotes around a text that begins with `?`",
    ),
    (
        "sequence entries are not allowed",
        "a list item (`- `) can't stand here",
        "start the list on a line of its own, indented under its key",
    ),
    (
        "could not find expected ':'",
        "expected `key: value`, but the `:` is missing",
        "write a colon and a space after the key; indent a text that goes on more than its key",
    ),
    (
        "expected '-' indicator",
        "expected a further list item (`- `)",
        "give all items of a list the same indentation",
    ),
    (
        "did not find expected key",
        "expected a further `key: value`",
        "give all keys of a mapping the same indentation",
    ),
    (
        "expected <block end>",
        "expected a further `key: value` or list item",
        "give all keys of a mapping, and all items of a list, the same indentation",
    ),
    (
        "unexpected ':'",
        "expected a space after the `:`",
        "put quotes around a text that has a `:` in it",
    ),
    ("node content", "expected a value", ""),
    (
        "unknown escape character",
        "unknown escape after `\\` in a double-quoted text",
        "write `\\\\` for a backslash, or use single quotes",
    ),
    ("hexdecimal number", "expected hexadecimal digits after this escape", ""),
    ("hexadecimal number", "expected hexadecimal digits after this escape", ""),
    ("Unicode character escape", "this escape is not a character", ""),
    (
        "undefined tag handle",
        "tags (`!`) are not allowed",
        "remove it; put quotes around a text that begins with `!`",
    ),
    (
        "alphabetic or numeric character",
        "expected a name after `&` or `*`",
        "put quotes around a text that begins with `&` or `*`",
    ),
    (
        "document start",
        "expected the end of the file",
        "a file holds one document; check the indentation",
    ),
    (
        "directive",
        "a line can't begin with `%` here",
        "put quotes around a text that begins with `%`",
    ),
    ("YAML document", "this version of YAML is not read", "remove the `%YAML` line"),
    ("indentation indicator", "wrong indentation mark after `|` or `>`", "write `|` or `>` alone"),
    (
        "comment or line break",
        "expected the end of the line",
        "write the text on the next line, indented",
    ),
)

# Where a bracket is not closed, a `#` on the line before may have swallowed it.
_UNCLOSED = ("',' or ']'", "',' or '}'")
_CLOSING = {"[": "]", "{": "}"}

# What word processors and other notations put at the head of a list item.
_BULLET = re.compile("\\s*([*+\N{EN DASH}\N{EM DASH}\N{BULLET}])\\s")

# A space that word processors and web pages put where it indents, or parts a key from its value.
_JOINED = re.compile("(?:^ *|[:-])(\N{NO-BREAK SPACE})")

# Characters that YAML keeps for itself, so that no plain text may begin with them.
_RESERVED = {
    "@": "put quotes around a text that begins with `@`",
    "`": "put quotes around a text that begins with a backtick",
    "%": "put quotes around a text that begins with `%`",
    ">": "write a bound as `{at_least: 4}`",
}


def explain(source: Source, error: yaml.MarkedYAMLError) -> Problem:
    """The problem that PyYAML's error stands for."""
    said = " ".join(filter(None, (error.context, error.problem)))
    mark: Any = error.problem_mark or error.context_mark
    if mark is None:
        return source.problem("yaml-syntax", "this is not valid YAML", Place(source.name))
    where = _within(source, mark)
    line = source.line(where.line)
    if "\t" in line[: len(line) - len(line.lstrip())] or line[where.column - 1 :][:1] == "\t":
        return source.problem("yaml-tab", "a tab can't indent here", where, "indent with spaces")
    opened: Any = error.context_mark
    quoted = "quoted scalar" in said
    if opened and ("expected ':'" in said or (quoted and "unexpected" in said)):
        where = _within(source, opened)  # where it begins says more than where it can't go on
        line = source.line(where.line)
    mistyped = _mistyped(source, where.line) or (
        _mistyped(source, where.line - 1) if "mapping values" in said else None
    )
    if mistyped:
        return mistyped
    character = line[where.column - 1 :][:1]
    if "cannot start any token" in said:
        message, hint = f"`{character}` can't start a value", _RESERVED.get(character, "")
        return source.problem("yaml-syntax", message, where, hint)
    if character == ":" and "expected key" in said:
        return source.problem("yaml-key", "there is no key before this `:`", where)
    if character in _CLOSING.values() and ("expected key" in said or "block end" in said):
        message = f"this `{character}` closes nothing"
        return source.problem("yaml-syntax", message, where, "remove it")
    if line[: where.column - 1].rstrip()[-1:] in ("'", '"') and not quoted:
        message = "the text goes on after its closing quote"
        hint = "put all of it in quotes; inside single quotes write a quote twice"
        return source.problem("yaml-syntax", message, where, hint)
    for pattern, message, hint in _SENTENCES:
        if pattern in said:
            if pattern in _UNCLOSED and " #" in source.line(where.line - 1):
                hint = "put quotes around a text with ` #` in it, or the rest is a remark"
            if pattern in _UNCLOSED and _goes_on(source, opened, where):
                where = _within(source, opened)
                bracket = source.line(where.line)[where.column - 1 :][:1]
                message = f"the closing `{_CLOSING[bracket]}` of this `{bracket}` is missing"
                return source.problem("yaml-syntax", message, where, hint)
            return source.problem("yaml-syntax", message + _since(opened, where, said), where, hint)
    return source.problem("yaml-syntax", "this is not valid YAML", where)


def _mistyped(source: Source, number: int) -> Problem | None:
    """A character of a line that looks like another, which belongs there: the sign of a list item,
    or a space."""
    line = source.line(number)
    bullet, joined = _BULLET.match(line), _JOINED.search(line)
    if bullet:
        message, hint = f"`{bullet[1]}` begins no list item", "write a hyphen and a space, `- `"
    elif joined:
        message, hint = "a no-break space (U+00A0) stands here", "type a space in its place"
    found = bullet or joined
    if not found:
        return None
    where = Place(source.name, number, found.start(1) + 1)
    return source.problem("yaml-syntax", message, where, hint)


def _goes_on(source: Source, opened: Any, where: Place) -> bool:
    """Whether the line of the error is no part of what a bracket opened: on a later line, and not
    indented below it."""
    if opened is None or opened.line + 1 >= where.line:
        return False
    first, last = source.line(opened.line + 1), source.line(where.line)
    return len(last) - len(last.lstrip()) <= len(first) - len(first.lstrip())


def _since(opened: Any, where: Place, said: str) -> str:
    """Where the list or the mapping began that the error is in, if that is on an earlier line."""
    if opened is None or opened.line + 1 >= where.line or "node" in said:
        return ""
    kind = "list" if "sequence" in said or "collection" in said else "mapping"
    return f", in the {kind} that begins on line {opened.line + 1}"


def _within(source: Source, mark: Any) -> Place:
    """The mark as a place; past the last line, the end of the last line that has text."""
    line, column = mark.line + 1, mark.column + 1
    if source.line(line).strip():
        return Place(source.name, line, column)
    while line > 1 and not source.line(line).strip():
        line -= 1
    return Place(source.name, line, len(source.line(line)) + 1)
