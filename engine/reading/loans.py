"""Fact files: the loans in a YAML, JSON or JSON Lines file, each fact with its place."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePath

from engine.problems import InputError, Place, Problem
from engine.reading.packs import shipped_packs
from engine.reading.source import open_bytes
from engine.reading.yaml import (
    Document,
    ListNode,
    MapNode,
    Node,
    Source,
    parse,
    parse_json,
    plain,
    read_text,
    source_of,
)
from engine.values import describe

_SCHEMA = re.compile(
    rb"# yaml-language-server: \$schema=\S*/packs/([\w-]+)/facts\.schema\.json\s*$"
)
MAX_LINE = 1_000
LINES = (".jsonl", ".ndjson")
YAML = (".yaml", ".yml")
_JSON = re.compile(r'\ufeff?\s*[\[{][\s\[{]*(?:"|\}|\]|\Z)')
"""How a JSON text begins; ``{fact: value}`` is YAML."""


@dataclass(frozen=True, slots=True)
class Loan:
    """The facts of one loan as they stand in a file, not yet typed."""

    name: str
    data: dict[str, object]
    locate: Callable[[str, bool], tuple[Place, str]]
    """The place of a fact's value (or, with True, of its name), and the text of that line."""


def schema_pack(path: str) -> str:
    """The shipped pack whose fact schema a YAML file names in its first line; else empty."""
    if not path.lower().endswith(YAML):
        return ""
    try:
        with open_bytes(path) as file:
            found = _SCHEMA.match(file.readline(MAX_LINE))
    except InputError:
        return ""  # the reading says so
    name = found[1].decode() if found else ""
    return name if name in shipped_packs() else ""


def read_loans(path: str) -> Iterator[Loan | InputError]:
    """The loans of a file, or of standard input for ``-``.

    A YAML or JSON file holds one loan (a mapping) or a list of them, a JSON Lines file one a line.
    What can't be read is yielded as an ``InputError`` in its place, and the reading goes on.
    """
    try:
        if path == "-":
            data = sys.stdin.buffer.read()
            if _is_lines(data):
                yield from _lines("<stdin>", data.splitlines())
                return
            source = source_of("<stdin>", data)
        elif path.lower().endswith(LINES):
            with open_bytes(path) as file:
                yield from _lines(path, file)
            return
        else:
            source = read_text(path)
        yield from _whole(source)
    except InputError as error:
        yield error


def _is_lines(data: bytes) -> bool:
    """Several JSON mappings, one a line."""
    lines = [line.strip() for line in data.splitlines() if line.strip()]
    return len(lines) > 1 and all(line[:1] == b"{" and line[-1:] == b"}" for line in lines)


def _lines(name: str, lines: Iterable[bytes]) -> Iterator[Loan | InputError]:
    number = 0
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            source = source_of(name, line.rstrip(b"\r\n"))
            document = parse_json(source)
        except InputError as error:
            yield InputError(_moved(problem, number) for problem in error.problems)
            continue
        loan = _loan(f"{name}:{number}", document.root, source, number - 1)
        yield loan or InputError([_moved(_no_mapping(document.root, source), number)])
    if not number:
        yield InputError([Problem("empty-file", "the file is empty", Place(name))])


def _moved(problem: Problem, line: int) -> Problem:
    where = problem.where
    return replace(problem, where=replace(where, line=line))


def _whole(source: Source) -> Iterator[Loan | InputError]:
    suffix = PurePath(source.name).suffix.lower()
    json = suffix == ".json" or (suffix not in YAML and _JSON.match(source.text))
    document: Document = parse_json(source) if json else parse(source)
    root = document.root
    if root is None:
        hint = "write one fact a line, as `property_state: CA`"
        yield InputError(
            [source.problem("empty-file", "the file holds no facts", Place(source.name), hint)]
        )
        return
    if isinstance(root, ListNode):
        for number, item in enumerate(root.items, 1):
            loan = _loan(f"{source.name}#{number}", item, source)
            yield loan or InputError([_no_mapping(item, source)])
        return
    loan = _loan(source.name, root, source)
    yield loan or InputError([_no_mapping(root, source)])


def _no_mapping(node: Node | None, source: Source) -> Problem:
    where = Place(source.name, 1, 1) if node is None else node.place
    found = describe(plain(node))
    hint = "write one fact a line, as `property_state: CA`"
    return source.problem(
        "wrong-type", f"a loan is a mapping of facts to values, not {found}", where, hint
    )


def _loan(name: str, node: Node | None, source: Source, above: int = 0) -> Loan | None:
    """The loan that a mapping states; ``above`` counts the lines before the source's first."""
    if not isinstance(node, MapNode):
        return None
    entries = {entry.key.text: entry for entry in node.entries}

    def locate(fact: str, key: bool) -> tuple[Place, str]:
        entry = entries.get(fact)
        if entry is None:
            return Place(source.name), ""
        place = entry.key.place if key else entry.value.place
        return replace(place, line=place.line + above), source.line(place.line)

    data = {key: plain(entry.value) for key, entry in entries.items()}
    return Loan(name, data, locate)


def apply_sets(loan: Loan, settings: Sequence[str]) -> Loan:
    """The loan with some facts set, each as ``fact=value``; an empty value takes the fact away.

    Raises ``InputError`` for the settings that are not of that form.
    """
    data = dict(loan.data)
    given: dict[str, str] = {}
    problems: list[Problem] = []
    for setting in settings:
        name, equals, text = setting.partition("=")
        name = name.strip()
        if not equals or not name:
            message = f"`{setting}` is not of the form fact=value"
            problems.append(Problem("bad-setting", message, Place("--set")))
            continue
        given[name] = setting
        try:
            data[name] = plain(parse(Source("--set", text.strip())).root if text.strip() else None)
        except InputError as error:
            problems += error.problems
    if problems:
        raise InputError(problems)

    def locate(fact: str, key: bool) -> tuple[Place, str]:
        return (Place("--set"), given[fact]) if fact in given else loan.locate(fact, key)

    return Loan(loan.name, data, locate)
