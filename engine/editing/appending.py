"""Adding an item to a list in a YAML file, with everything else left as it stands."""

from __future__ import annotations

import textwrap

from engine.problems import InputError
from engine.reading.lines import Lines, tidy
from engine.reading.nodes import ListNode, MapNode, ScalarNode
from engine.reading.source import Source
from engine.reading.yaml import parse


def with_item(source: Source, key: str, item: str, *, apart: bool = False, above: str = "") -> str:
    """The text of a file with an item at the end of the list under ``key``, or of the list that is
    the whole file where ``key`` is empty. ``item`` begins with comments or with its dash; ``apart``
    asks for a blank line before it. A list that is missing is begun ``above`` another key, or else
    at the end of the file.

    Raises:
        InputError: the file is not YAML, or its list does not stand in lines of its own.
    """
    root = parse(source).root
    lines = tidy(source.text)
    listed = root
    if key:
        listed = root.get(key) if isinstance(root, MapNode) else None
    if isinstance(listed, ListNode) and _dash(source, listed) == "-":
        line = _after(lines, root, listed) if isinstance(root, MapNode) else _end(lines)
        added = ["", item] if apart else [item]
        return _inserted(source.text, line, added, listed.place.column - 1)
    if root is None and not key:
        return _inserted(source.text, _end(lines), [item])
    if listed is None and not isinstance(root, ScalarNode | ListNode):
        begun = f"{key}:\n{textwrap.indent(item, '  ')}"
        found = [e.key.place.line - 1 for e in root.entries if e.key.text == above] if root else []
        if found:
            return _inserted(source.text, lines.above(found[0], 0), ["", begun])
        return _inserted(source.text, _end(lines), [begun])
    place = (listed or root or ListNode(source.place(0), ())).place
    message = f"{f'the list `{key}`' if key else 'the list'} of this file can't be added to"
    hint = "write each item on lines that begin with `- `"
    raise InputError([source.problem("not-appended", message, place, hint)])


def _dash(source: Source, listed: ListNode) -> str:
    return source.line(listed.place.line)[listed.place.column - 1 :][:1]


def _end(lines: Lines) -> int:
    return 0 if lines.lines == ("",) else len(lines.lines)


def _after(lines: Lines, root: MapNode, listed: ListNode) -> int:
    """The line, counted from 0, on which the comments of the key after a list begin."""
    firsts = [entry.key.place.line - 1 for entry in root.entries]
    below = [first for first in firsts if first >= listed.place.line]
    return lines.above(below[0], 0) if below else _end(lines)


def _inserted(text: str, line: int, added: list[str], column: int = 0) -> str:
    """The text with more lines before a line counted from 0, ``column`` columns in."""
    line_end = "\r\n" if "\r\n" in text else "\n"
    ended = text.replace("\r\n", "\n").removesuffix("\n")
    kept = [f"{each}{line_end}" for each in ended.split("\n")] if ended else []
    more = [
        f"{' ' * column if each else ''}{each}{line_end}"
        for part in added
        for each in part.removesuffix("\n").split("\n")
    ]
    return "".join([*kept[:line], *more, *kept[line:]])
