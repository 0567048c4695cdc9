"""Rule files in canonical order, the keys of each rule, fact, decision and case as documented.

Lines are moved as they are, each key with the comments above it. What comes out is read again, and
nothing is accepted that does not say the same with the same comments.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from engine.problems import InputError, Place, Problem
from engine.reading.belonging import belonging
from engine.reading.lines import Lines, tidy
from engine.reading.nodes import Entry, ListNode, MapNode, Node, ScalarNode
from engine.reading.packs import SUFFIXES, find_pack, shown
from engine.reading.source import Source, read_text
from engine.reading.yaml import parse
from engine.resources import rules_dir

_EACH = "*"
_Path = tuple[str, ...]

_PACK = "jurisdiction sections compare_with main"
_RULE = "id title decides when effective then exception_to authority because note"
_FACT = "type label question group description values at_least at_most"
_DECISION = "type label group description values hit_policy otherwise otherwise_because at_least"
_PARAMETER = "type label group description measured_by checked authority values"
ORDERS: Mapping[str, Mapping[_Path, str]] = {
    "rules": {
        (): "jurisdiction title description rules",
        ("rules", _EACH): _RULE,
        ("rules", _EACH, "effective"): "from to measured_by",
        ("rules", _EACH, "authority"): "kind cite url confidence checked note",
    },
    "vocabulary": {
        (): "facts terms parameters constraints presumptions",
        ("facts", _EACH): _FACT,
        ("terms", _EACH): "label when",
        ("parameters", _EACH): _PARAMETER,
        ("parameters", _EACH, "values", _EACH): "from value authority",
        ("constraints", _EACH): "when must because",
        ("presumptions", _EACH): "presume when because",
    },
    "pack": {
        (): f"language name version title description {_PACK} accepted decisions",
        ("decisions", _EACH): _DECISION,
        ("accepted", _EACH): "finding about because date",
    },
    "cases": {(_EACH,): "case given strict expect note"},
    "overview": {
        (): "title description rows given map ways columns",
        ("map",): "decision scale ways tiles",
        ("map", "ways", _EACH): "label given",
        ("ways", _EACH): "label given",
        ("columns", _EACH): "label decision given",
    },
}


def files_to_format(paths: Sequence[str]) -> list[Path]:
    """The rule files meant: those named, and those in the folders and packs that are named. Where
    none is named, those of the pack in the working folder, or of the shipped packs in a checkout.

    Raises ``InputError`` for what is no pack and lies in none.
    """
    found: dict[Path, None] = {}
    problems: list[Problem] = []
    for name in paths or _usual():
        try:
            found.update(dict.fromkeys(_files(name)))
        except InputError as error:
            problems += error.problems
    if problems:
        raise InputError(problems)
    return list(found)


def _usual() -> list[str]:
    if Path("pack.yaml").is_file():
        return ["."]
    if Path.cwd().is_relative_to(rules_dir().parent):
        return [str(rules_dir())]
    where = Place(shown(Path.cwd()))
    raise InputError([Problem("no-pack", "this folder holds no pack.yaml", where, "name a pack")])


def _files(name: str) -> list[Path]:
    path = Path(name)
    if not path.exists():
        path = find_pack(name)
    inside = [path] if path.is_file() else sorted(p for s in SUFFIXES for p in path.rglob(f"*{s}"))
    found = [file for file in inside if belonging(file)]
    if not found:
        message = "this file belongs to no pack" if path.is_file() else "no pack lies here"
        raise InputError([Problem("no-pack", message, Place(shown(path)))])
    return found


def format_file(path: Path) -> tuple[str, str]:
    """The text of a pack's file as it is, and in order. Raises ``InputError`` like ``formatted``,
    or where the file can't be read."""
    place = belonging(path)
    assert place is not None
    source = read_text(path, name=shown(path))
    return source.text, formatted(source, place.kind)


def formatted(source: Source, kind: str) -> str:
    """The text of a file in canonical order.

    Raises:
        InputError: it is not YAML, or can't be put in order without changing what it says.
    """
    root = parse(source).root
    before = tidy(source.text)
    text = "\n".join(_in_order(root, before, ORDERS[kind]))
    text = text + "\n" if text else ""
    if text and not _says_the_same(text, root, before):
        message = "can't format this file safely, so it is left as it is"
        hint = "put the keys in order by hand"
        raise InputError([Problem("not-formatted", message, Place(source.name), hint)])
    return text.replace("\n", "\r\n") if "\r\n" in source.text else text


def _says_the_same(text: str, root: Node | None, before: Lines) -> bool:
    try:
        after = parse(Source("", text)).root
    except InputError:
        return False
    same = Counter(tidy(text).comments) == Counter(before.comments)
    return same and _content(after) == _content(root)


def _content(node: Node | None) -> object:
    """What a node says, whatever the order of its keys."""
    if isinstance(node, ScalarNode):
        return (node.text, node.quoted)
    if isinstance(node, ListNode):
        return [_content(item) for item in node.items]
    if isinstance(node, MapNode):
        return {(e.key.text, e.key.quoted): _content(e.value) for e in node.entries}
    return None


# ---- moving lines -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Part:
    """A key with its value: the first of the comments above it, its own first line, and the line
    that is its no more."""

    key: str
    above: int
    first: int
    end: int


@dataclass(frozen=True, slots=True)
class _Mapping:
    """A mapping whose keys have an order, and the column of its keys, counted from 0."""

    parts: tuple[_Part, ...]
    column: int
    order: Sequence[str]


def _in_order(root: Node | None, before: Lines, orders: Mapping[_Path, str]) -> list[str]:
    lines: list[str | None] = list(before.lines)
    # Places are those of the text as it was. A move keeps to the lines of its own mapping, and the
    # inner ones come first, so that they stay right.
    found = _Finder(before, orders).mappings(root, (), 0, len(lines)) if root else ()
    for mapping in reversed([*found]):
        wanted = sorted(mapping.parts, key=lambda part: _rank(part.key, mapping.order))
        if wanted != list(mapping.parts):
            first, last = mapping.parts[0], mapping.parts[-1]
            lines[first.above : last.end] = _moved(lines, first, wanted, mapping.column)
    return [line for line in lines if line is not None]


def _rank(key: str, order: Sequence[str]) -> int:
    return order.index(key) if key in order else len(order)


def _moved(
    lines: Sequence[str | None], first: _Part, wanted: Sequence[_Part], column: int
) -> list[str | None]:
    """The lines of a mapping with its parts as wanted; None stands for a line that goes away."""
    lead = (lines[first.first] or "")[:column]  # blanks, or the dash of a list before them
    dash = lead.find("-")
    moved: list[str | None] = []
    for number, part in enumerate(wanted):
        above, body = lines[part.above : part.first], [*lines[part.first : part.end]]
        if number == 0:
            margin = None if dash < 0 else " " * dash
            above = [_above_first(line, margin) for line in above]
        body[0] = (" " * column if number else lead) + (body[0] or "")[column:]
        moved += [*above, *body]
    return moved


def _above_first(line: str | None, margin: str | None) -> str | None:
    """A line above the key that is now the first: blank ones go, comments move before the dash."""
    if not line:
        return None
    return line if margin is None else margin + line.lstrip(" ")


@dataclass(frozen=True, slots=True)
class _Finder:
    """Finds the mappings that have an order."""

    text: Lines
    orders: Mapping[_Path, str]

    def mappings(self, node: Node, path: _Path, start: int, end: int) -> Iterator[_Mapping]:
        """Those in a node that stands on the lines from ``start`` to before ``end``, each before
        those inside it. What an alias repeats stands elsewhere."""
        if not start <= node.place.line - 1 < end:
            return
        if isinstance(node, ListNode):
            for item, first, last in self._items(node, end):
                yield from self.mappings(item, (*path, _EACH), first, last)
        elif isinstance(node, MapNode) and node.entries and self._at(node) not in "{&":
            column = node.entries[0].key.place.column - 1
            parts = self._parts(node.entries, column, end, outermost=not path)
            if parts and path in self.orders:
                yield _Mapping(parts, column, self.orders[path].split())
            for part, entry in zip(parts, node.entries, strict=bool(parts)):
                step = part.key if self._is_known(path, part.key) else _EACH
                yield from self.mappings(entry.value, (*path, step), part.first, part.end)

    def _is_known(self, path: _Path, key: str) -> bool:
        return any((*path, key) == known[: len(path) + 1] for known in self.orders)

    def _at(self, node: Node) -> str:
        return self.text.lines[node.place.line - 1][node.place.column - 1 :][:1]

    def _parts(
        self, entries: Sequence[Entry], column: int, end: int, *, outermost: bool
    ) -> tuple[_Part, ...]:
        """The parts of a mapping in block style, each key first on its line; else none."""
        firsts = [entry.key.place.line - 1 for entry in entries]
        leads = [self.text.lines[first][:column] for first in firsts]
        in_a_column = all(entry.key.place.column - 1 == column for entry in entries)
        if not in_a_column or any(leads[1:] and lead.strip() for lead in leads[1:]):
            return ()
        if leads[0].strip(" -"):
            return ()
        above = [self.text.above(first, column) for first in firsts]
        if leads[0].strip():
            above[0] = firsts[0]  # what stands above the dash is about the item
        elif outermost:
            above[0] = self._below_header(above[0], firsts[0])
        ends = [*above[1:], self.text.above(end, column)]
        keys = [entry.key.text for entry in entries]
        return tuple(map(_Part, keys, above, firsts, ends))

    def _below_header(self, above: int, first: int) -> int:
        """Where what is said of the file ends and what is said of its first key begins."""
        blank = [number for number in range(above, first) if not self.text.lines[number]]
        return blank[-1] + 1 if blank else first

    def _items(self, node: ListNode, end: int) -> Iterator[tuple[Node, int, int]]:
        """The items of a list in block style, each with its first line and the line after it."""
        column = node.place.column - 1
        if self._at(node) != "-":
            return
        firsts = []
        for item in node.items:
            first = item.place.line - 1
            while first and self.text.lines[first][column : column + 1] != "-":
                first -= 1
            firsts.append(first)
        ends = [*(self.text.above(first, column) for first in firsts[1:]), end]
        yield from zip(node.items, firsts, ends, strict=True)
