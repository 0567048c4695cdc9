"""A pack while it is being written: what its files name, as far as they can be read, and what is
wrong with them. Texts that are not saved yet stand in for files.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

from engine.analysis.case_files import read_cases
from engine.editing.cursor import cursor_at
from engine.editing.names import Mention, Span, mentions
from engine.editing.offers import Offer, offers, schema_of
from engine.model import ALWAYS, Authority, Constant, Fact, Rule, Rulebase, Term
from engine.presentation.schemas import pack_schemas
from engine.problems import NOWHERE, InputError, Problem
from engine.reading.belonging import kind_in
from engine.reading.decisions import read_decisions
from engine.reading.names import Names
from engine.reading.nodes import Document, ListNode, MapNode, Node, ScalarNode, plain
from engine.reading.overviews import read_overviews
from engine.reading.pack import load_pack, text_of
from engine.reading.packs import case_files, overview_files, pack_files
from engine.reading.parameters import named_parameters
from engine.reading.report import Report
from engine.reading.schema import validate
from engine.reading.source import Source
from engine.reading.vocabulary import (
    NamedTerm,
    named_terms,
    read_facts,
    read_presumptions,
    text,
)
from engine.reading.yaml import parse

Texts = Mapping[Path, str]

Thing = TypeVar("Thing")

_NAME = re.compile("[a-z][a-z0-9_]*")
_WORD = re.compile(r""""[^"]*"|'[^']*'|[^\s,:#{}\[\]]+""")


@dataclass(frozen=True)
class Project:
    """A pack's files as they last could be parsed. ``torn`` are those whose text can't be now."""

    root: Path
    documents: Mapping[Path, Document]
    torn: frozenset[Path]

    @cached_property
    def rulebase(self) -> Rulebase:
        """The pack as far as it can be read: its names with all that is said of them, but no
        conditions and no outcomes."""
        return _sketch(self)

    @cached_property
    def schemas(self) -> Mapping[str, Mapping[str, Any]]:
        """The pack's own JSON Schemas, by the kind of file."""
        texts = pack_schemas(self.rulebase)
        return {name.partition(".")[0]: json.loads(text) for name, text in texts.items()}

    @cached_property
    def mentions(self) -> tuple[Mention, ...]:
        """Every name in every file."""
        return tuple(
            mention
            for path, document in self.documents.items()
            for mention in mentions(path, kind_in(self.root, path), document)
        )

    def root_of(self, name: str) -> MapNode | None:
        """The content of a file of the pack, where it is a mapping."""
        document = self.documents.get(self.root / name)
        return document.root if document and isinstance(document.root, MapNode) else None


def read_project(root: Path, texts: Texts, before: Project | None = None) -> Project:
    """A pack with some texts in place of files. What has not changed since ``before`` is kept, and
    what can't be parsed now stays as it was then."""
    known = before.documents if before else {}
    documents: dict[Path, Document] = {}
    torn: set[Path] = set()
    for path in (*pack_files(root), *case_files(root), *overview_files(root)):
        old = known.get(path)
        try:
            source = text_of(path, str(path), texts)
            documents[path] = old if old and old.source == source else parse(source)
        except InputError:
            torn.add(path)
            if old:
                documents[path] = old
    same = before and before.torn == torn and before.documents == documents
    return before if before and same else Project(root, documents, frozenset(torn))


# ---- what is wrong ----------------------------------------------------------------------------


def faults(root: Path, texts: Texts) -> dict[Path, list[Problem]]:
    """The problems of a pack, its cases and its overviews by file; cases are read, not run."""
    found: list[Problem] = []
    try:
        rulebase = load_pack(root, called=str, instead=texts)
        read_cases(rulebase, called=str, instead=texts)
        read_overviews(rulebase, called=str, instead=texts)
    except InputError as error:
        found += error.problems
    if found:  # the reader did not come to the cases, or not past the first step
        found += _form_of_cases(root, texts)
    by_file: dict[Path, list[Problem]] = defaultdict(list)
    for problem in dict.fromkeys(found):
        by_file[Path(problem.where.file)].append(problem)
    return by_file


def _form_of_cases(root: Path, texts: Texts) -> Iterator[Problem]:
    for path in case_files(root):
        try:
            yield from validate(parse(text_of(path, str(path), texts)), "cases")
        except InputError as error:
            yield from error.problems


def stretch(path: Path, problem: Problem) -> Span:
    """What of a line a problem is about: a word or a text in quotes, or else all of the line."""
    where, line = problem.where, problem.line_text
    if not where.line or not where.column:
        return Span(path, max(where.line - 1, 0), 0, len(line))
    found = _WORD.match(line, where.column - 1)
    return Span(path, where.line - 1, where.column - 1, len(found[0]) if found else 1)


# ---- what is at a place -----------------------------------------------------------------------


def mention_at(project: Project, path: Path, line: int, column: int) -> Mention | None:
    """The name at a line and column counted from 0; None in a text that can't be parsed."""
    if path in project.torn:
        return None
    return next((m for m in project.mentions if m.span.holds(path, line, column)), None)


def definitions(project: Project, of: Mention) -> list[Span]:
    """Where what a name means is defined."""
    return [m.span for m in project.mentions if m.defines and _is_same(m, of)]


def references(project: Project, of: Mention, *, definition: bool) -> list[Span]:
    """Where the same name stands, in the order of the files; its definition if it is wanted."""
    found = (m for m in project.mentions if _is_same(m, of) and m.name in _known(project, of.kind))
    return [m.span for m in found if definition or not m.defines]


def _is_same(one: Mention, other: Mention) -> bool:
    return one.kind == other.kind and one.name == other.name


def _known(project: Project, kind: str) -> Iterable[str]:
    book = project.rulebase
    if kind == "rule":
        return {rule.id for rule in book.rules}
    return {*book.facts, *book.terms, *book.decisions}


def offers_at(project: Project, path: Path, text: str, line: int, column: int) -> list[Offer]:
    """What can be typed at a line and column of a file, counted from 0."""
    cursor = cursor_at(text, line, column)
    kind = kind_in(project.root, path)
    if cursor is None or not kind:
        return []
    return offers(kind, cursor, schema_of(kind, project.schemas), project.rulebase)


# ---- reading what can be read -----------------------------------------------------------------


def _sketch(project: Project) -> Rulebase:
    """The names of a pack. Faults are passed over: ``faults`` reports them."""
    nothing = MapNode(NOWHERE, ())
    head = project.root_of("pack.yaml") or nothing
    files = list(_roots(project, "vocabulary"))
    report = Report(Source("", ""))
    facts: dict[str, Fact] = {}
    for file in files:
        facts |= _named(read_facts(file, facts, report))
    decisions = _named(read_decisions(head, facts, report))
    named: dict[str, NamedTerm] = {}
    for file in files:
        named |= _named(named_terms(file, {*facts, *decisions, *named}, report))
    for file in files:
        parameters = named_parameters(file, [*facts, *decisions, *named], report)
        decisions |= _named({name: one.decision for name, one in parameters.items()})
    terms = {
        name: Term(name, text(node, "label"), ALWAYS, key.place)
        for name, (key, node, _) in named.items()
    }
    names = Names(facts, frozenset(terms), decisions)
    rules = [rule for root in _roots(project, "rules") for rule in _rules(root)]
    return Rulebase(
        name=text(head, "name") or project.root.name,
        version=text(head, "version"),
        title=text(head, "title") or project.root.name,
        digest="",
        root=str(project.root),
        facts=facts,
        terms=terms,
        constraints=(),
        presumptions=tuple(
            each for file in files for each in read_presumptions(file, names, terms, report)
        ),
        decisions=decisions,
        rules=tuple(rules),
        jurisdiction_fact=text(head, "jurisdiction"),
    )


def _roots(project: Project, kind: str) -> Iterator[MapNode]:
    for path, document in project.documents.items():
        if kind_in(project.root, path) == kind and isinstance(document.root, MapNode):
            yield document.root


def _named(things: Mapping[str, Thing]) -> dict[str, Thing]:
    """The things whose name is one; others would not do in a schema."""
    return {name: thing for name, thing in things.items() if _NAME.fullmatch(name)}


def _rules(root: MapNode) -> Iterator[Rule]:
    listed = root.get("rules")
    for node in listed.items if isinstance(listed, ListNode) else ():
        if isinstance(node, MapNode) and text(node, "id"):
            above = node.get("exception_to")
            ids = above.items if isinstance(above, ListNode) else (above,)
            yield Rule(
                id=text(node, "id"),
                title=text(node, "title"),
                decides=text(node, "decides"),
                when=ALWAYS,
                then=Constant(""),
                because=text(node, "because"),
                authority=_authority(node.get("authority")),
                exception_to=tuple(each.text for each in ids if isinstance(each, ScalarNode)),
                note=text(node, "note"),
                place=node.place,
            )


def _authority(node: Node | None) -> Authority:
    if not isinstance(node, MapNode):
        return Authority("", "")
    confidence = plain(node.get("confidence"))
    return Authority(
        kind=text(node, "kind"),
        cite=text(node, "cite"),
        url=text(node, "url"),
        confidence=confidence if confidence in ("medium", "low") else "high",
        note=text(node, "note"),
    )
