"""The case files of a pack, read and checked.

Reading them takes longer than anything else that a site or a check of an unchanged pack does. So
what was read of a file is kept in the cache folder, as packs are (``reading/cache.py``), under all
that it depends on: the text of the file, the engine, and what can be said in the pack. Only whether
there are rules of the names that it gives is looked at anew.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from engine.analysis.cases import Case, Expected
from engine.codec import decode, encode
from engine.evaluation.facts import read_facts
from engine.model import Rulebase, Value
from engine.problems import InputError, Place, Problem, likely, listing
from engine.reading.cache import digest_of, place_of
from engine.reading.kept import keep_json
from engine.reading.pack import text_of
from engine.reading.packs import case_files, shown
from engine.reading.report import Report
from engine.reading.rules import read_literal
from engine.reading.schema import validate
from engine.reading.yaml import Entry, ListNode, MapNode, Node, ScalarNode, Source, parse, plain
from engine.values import describe


def read_cases(
    rulebase: Rulebase,
    *,
    called: Callable[[Path], str] = shown,
    instead: Mapping[Path, str] | None = None,
) -> list[Case]:
    """All cases of a pack, in the order of its files; ``called`` and ``instead`` are those of
    ``load_pack``. Raises ``InputError`` with every problem."""
    cases, problems = sound_cases(rulebase, called=called, instead=instead)
    if problems:
        raise InputError(problems)
    return cases


def sound_cases(
    rulebase: Rulebase,
    *,
    called: Callable[[Path], str] = shown,
    instead: Mapping[Path, str] | None = None,
) -> tuple[list[Case], list[Problem]]:
    """The cases of a pack that can be run, and what is wrong with the others."""
    problems: list[Problem] = []
    cases: list[Case] = []
    names: dict[str, Place] = {}
    files = _Files(rulebase)
    for path in case_files(Path(rulebase.root)):
        try:
            source = text_of(path, called(path), instead)
        except InputError as error:
            problems += error.problems
            continue
        found, faults = files.read(source)
        problems += faults
        for case in found:
            first = names.setdefault(case.name, case.place)
            if first == case.place:
                cases.append(case)
            else:
                message = f"another case is called `{case.name}` already, at {first}"
                problems.append(source.problem("duplicate-case", message, case.place))
    return cases, problems


def unread(rulebase: Rulebase) -> list[Path]:
    """The case files of a pack of which nothing is kept that could be, the longest first."""
    files = _Files(rulebase)
    found: dict[Path, int] = {}
    for path in case_files(Path(rulebase.root)):
        with suppress(InputError):
            text = text_of(path, shown(path), None).text
            place = files.place(text)
            if place is not None and not place.exists():
                found[path] = len(text)
    return sorted(found, key=found.__getitem__, reverse=True)


def read_ahead(rulebase: Rulebase, paths: Iterable[Path]) -> None:
    """Read some case files for whoever reads them next. What is wrong in them is told then."""
    files = _Files(rulebase)
    for path in paths:
        with suppress(InputError):
            files.read(text_of(path, shown(path), None))


class _Files:
    """Reads the case files of a pack, or finds what was read of them before."""

    def __init__(self, rulebase: Rulebase) -> None:
        self._rulebase = rulebase
        self._ids = dict.fromkeys(rule.id for rule in rulebase.rules)
        says = (
            *rulebase.facts.values(),
            *rulebase.terms.values(),
            *rulebase.constraints,
            *rulebase.decisions.values(),
        )
        self._says = digest_of(says)

    def read(self, source: Source) -> tuple[list[Case], list[Problem]]:
        """The cases of a file, and what is wrong in it, of which nothing is kept."""
        place = self.place(source.text)
        if place is not None:
            with suppress(OSError, ValueError, LookupError, TypeError):
                found = self._unpacked(json.loads(place.read_bytes()), source.name)
                if all(rule in self._ids for case in found for rule in case.by):
                    return found, []
        cases, problems = self._fresh(source)
        if place is not None and not problems:
            keep_json(place, _packed(cases))
        return cases, problems

    def place(self, text: str) -> Path | None:
        """Where what is read of a text is kept; None where nothing is."""
        return place_of("cases", self._says, text)

    def _unpacked(self, kept: object, file: str) -> list[Case]:
        decisions = self._rulebase.decisions
        return [
            Case(
                name,
                given,
                strict,
                tuple(
                    Expected(
                        decisions[decision],
                        status,
                        value,
                        None if possible is None else frozenset(possible),
                    )
                    for decision, status, value, possible in expected
                ),
                by,
                Place(file, line, column),
            )
            for name, given, strict, expected, by, line, column in decode(kept)
        ]

    def _fresh(self, source: Source) -> tuple[list[Case], list[Problem]]:
        try:
            document = parse(source)
        except InputError as error:
            return [], list(error.problems)
        problems = validate(document, "cases")
        report = Report(source, problems, frozenset(fault.where for fault in problems))
        root = document.root
        cases = []
        for node in root.items if isinstance(root, ListNode) else ():
            before = len(problems)
            case = self._case(node, report) if isinstance(node, MapNode) else None
            if case is not None and len(problems) == before and not report.is_faulty(node):
                cases.append(case)
        return cases, problems

    def _case(self, node: MapNode, report: Report) -> Case | None:
        name, given, expect = node.get("case"), node.get("given"), node.get("expect")
        if not isinstance(name, ScalarNode) or not isinstance(expect, MapNode):
            return None  # the schema has said so
        return Case(
            name=name.text,
            given=self._given(given, name, report) if isinstance(given, MapNode) else {},
            strict=plain(node.get("strict")) is True,
            expected=tuple(e for entry in expect.entries for e in self._expected(entry, report)),
            by=tuple(_by(expect.get("by"), self._ids, report)),
            place=name.place,
        )

    def _given(self, given: MapNode, name: ScalarNode, report: Report) -> dict[str, Value]:
        entries = {entry.key.text: entry for entry in given.entries}

        def locate(fact: str, key: bool) -> tuple[Place, str]:
            entry = entries.get(fact)
            node: Node = name if entry is None else entry.key if key else entry.value
            return node.place, report.source.line(node.place.line)

        data = {k: plain(e.value) for k, e in entries.items() if not report.is_faulty(e.value)}
        try:
            return read_facts(self._rulebase, data, locate)
        except InputError as error:
            report.problems.extend(error.problems)
            return {}

    def _expected(self, entry: Entry, report: Report) -> Iterator[Expected]:
        name, node = entry.key.text, entry.value
        if name == "by":
            return
        decisions = self._rulebase.decisions
        decision = decisions.get(name)
        if decision is None:
            report.error(
                "unknown-decision",
                f"no decision is called `{name}`",
                entry.key.place,
                likely(name, [*decisions, "by"]) or f"decisions: {listing(decisions)}",
            )
            return
        if report.is_faulty(node):
            return
        if not isinstance(node, MapNode):
            value = read_literal(node, decision, report)
            if value is not None:
                yield Expected(decision, "decided", value, None)
            return
        if node.get("open") is not None:
            yield Expected(decision, "open", None, None)
            return
        listed = node.get("undetermined")
        possible: frozenset[Value | None] | None = None
        if isinstance(listed, ListNode):
            values = {
                None if isinstance(item, MapNode) else read_literal(item, decision, report)
                for item in listed.items
            }
            possible = frozenset(values)
        yield Expected(decision, "undetermined", None, possible)


def _by(node: Node | None, ids: Collection[str], report: Report) -> Iterator[str]:
    for item in node.items if isinstance(node, ListNode) else (node,):
        if isinstance(item, ScalarNode):
            if item.text in ids:
                yield item.text
            else:
                report.error(
                    "unknown-rule",
                    f"no rule is called `{item.text}`",
                    item.place,
                    likely(item.text, ids),
                )


def _packed(cases: Collection[Case]) -> Any:
    """The cases of one file as JSON has them. The file's name is left out: it may be moved."""
    return encode(
        tuple(
            (
                case.name,
                dict(case.given),
                case.strict,
                tuple(
                    (
                        e.decision.name,
                        e.status,
                        e.value,
                        None if e.possible is None else tuple(sorted(e.possible, key=describe)),
                    )
                    for e in case.expected
                ),
                case.by,
                case.place.line,
                case.place.column,
            )
            for case in cases
        )
    )
