"""Cases: loans with the outcome that an analyst expects, beside the rules they try."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from engine.analysis.remembered import Remembered
from engine.evaluation.decide import Decider
from engine.evaluation.record import Answer, Record
from engine.evaluation.slices import places, within
from engine.model import Decision, Rulebase, Value
from engine.problems import NOWHERE, InputError, Place, Problem, likely, listing
from engine.reading.pack import text_of
from engine.reading.packs import case_files, shown
from engine.reading.report import Report
from engine.reading.rules import read_literal
from engine.reading.schema import validate
from engine.reading.yaml import (
    Entry,
    ListNode,
    MapNode,
    Node,
    ScalarNode,
    parse,
    plain,
)
from engine.trees import formula_text
from engine.values import describe, in_order, show


@dataclass(frozen=True, slots=True)
class Expected:
    """What a case expects of one decision: a value, that it is open or undetermined; for
    undetermined perhaps exactly which values are possible (None stands for open)."""

    decision: Decision
    status: str
    value: Value | None
    possible: frozenset[Value | None] | None
    place: Place


@dataclass(frozen=True, slots=True)
class Case:
    """One case. ``by`` names rules that must be among those that decide what is expected."""

    name: str
    given: Mapping[str, object]
    strict: bool
    expected: tuple[Expected, ...]
    by: tuple[str, ...]
    place: Place
    locate: Callable[[str, bool], tuple[Place, str]]


@dataclass(frozen=True, slots=True)
class CaseResult:
    """A case that was run, and in what it failed."""

    case: Case
    failures: tuple[str, ...]
    record: Record | None

    @property
    def passed(self) -> bool:
        return not self.failures


def read_cases(
    rulebase: Rulebase,
    *,
    called: Callable[[Path], str] = shown,
    instead: Mapping[Path, str] | None = None,
) -> list[Case]:
    """All cases of a pack, in the order of its files; ``called`` and ``instead`` are those of
    ``load_pack``. Raises ``InputError`` with every problem."""
    problems: list[Problem] = []
    cases: list[Case] = []
    names: dict[str, Place] = {}
    ids = dict.fromkeys(rule.id for rule in rulebase.rules)
    for path in case_files(Path(rulebase.root)):
        try:
            document = parse(text_of(path, called(path), instead))
        except InputError as error:
            problems.extend(error.problems)
            continue
        faults = validate(document, "cases")
        problems.extend(faults)
        report = Report(document.source, problems, frozenset(fault.where for fault in faults))
        root = document.root
        for node in root.items if isinstance(root, ListNode) else ():
            if isinstance(node, MapNode):
                case = _case(node, rulebase, ids, report)
                if case is not None:
                    cases.append(case)
                    _once(case, names, report)
    if problems:
        raise InputError(problems)
    return cases


def _once(case: Case, names: dict[str, Place], report: Report) -> None:
    first = names.setdefault(case.name, case.place)
    if first != case.place:
        message = f"another case is called `{case.name}` already, at {first}"
        report.error("duplicate-case", message, case.place)


def _case(node: MapNode, rulebase: Rulebase, ids: Collection[str], report: Report) -> Case | None:
    name, given, expect = node.get("case"), node.get("given"), node.get("expect")
    if not isinstance(name, ScalarNode) or not isinstance(expect, MapNode):
        return None  # the schema has said so
    entries = {e.key.text: e for e in (given.entries if isinstance(given, MapNode) else ())}

    def locate(fact: str, key: bool) -> tuple[Place, str]:
        entry = entries.get(fact)
        if entry is None:
            return name.place, report.source.line(name.place.line)
        place = entry.key.place if key else entry.value.place
        return place, report.source.line(place.line)

    expected = [e for entry in expect.entries for e in _expected(entry, rulebase, report)]
    return Case(
        name=name.text,
        given={key: plain(entry.value) for key, entry in entries.items()},
        strict=plain(node.get("strict")) is True,
        expected=tuple(expected),
        by=tuple(_by(expect.get("by"), ids, report)),
        place=name.place,
        locate=locate,
    )


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


def _expected(entry: Entry, rulebase: Rulebase, report: Report) -> Iterator[Expected]:
    name, node = entry.key.text, entry.value
    if name == "by":
        return
    decision = rulebase.decisions.get(name)
    if decision is None:
        report.error(
            "unknown-decision",
            f"no decision is called `{name}`",
            entry.key.place,
            likely(name, rulebase.decisions) or f"decisions: {listing(rulebase.decisions)}",
        )
        return
    place = entry.key.place
    if report.is_faulty(node):
        return
    if not isinstance(node, MapNode):
        value = read_literal(node, decision, report)
        if value is not None:
            yield Expected(decision, "decided", value, None, place)
        return
    if node.get("open") is not None:
        yield Expected(decision, "open", None, None, place)
        return
    listed = node.get("undetermined")
    possible: frozenset[Value | None] | None = None
    if isinstance(listed, ListNode):
        values = {
            None if isinstance(item, MapNode) else read_literal(item, decision, report)
            for item in listed.items
        }
        possible = frozenset(values)
    yield Expected(decision, "undetermined", None, possible, place)


# ---- running ----------------------------------------------------------------------------------


def run_cases(decider: Decider, cases: Sequence[Case]) -> list[CaseResult]:
    """Decide each case with both evaluators and compare. Raises ``Disagreement``."""
    return [run_case(decider, case) for case in cases]


def digests(decider: Decider, cases: Sequence[Case], memory: Remembered) -> list[str]:
    """For each case a digest of what it gives and expects, and of the rules that can matter."""
    book = decider.rulebase
    here = {place: within(book, place).rules for place in places(book)}
    laws: dict[tuple[str, ...], str] = {}
    found = []
    for case in cases:
        place = place_of_case(book, case)
        needed = decider.needed(each.decision.name for each in case.expected)
        if (key := (place if place in here else "", *needed)) not in laws:
            law = here.get(place, book.rules)
            laws[key] = memory.digest(rule for rule in law if rule.decides in needed)
        expected = [
            (e.decision.name, e.status, _canonical(e.value), _canonical(e.possible))
            for e in case.expected
        ]
        whole = repr((sorted(case.given.items()), case.strict, expected, case.by, laws[key]))
        found.append(hashlib.sha256(whole.encode()).hexdigest()[:32])
    return found


def _canonical(value: object) -> str:
    """A value in words that are the same in every process."""
    return str(sorted(map(_canonical, value))) if isinstance(value, frozenset) else repr(value)


def place_of_case(rulebase: Rulebase, case: Case) -> str:
    """The jurisdiction that a case names, if it does."""
    return str(case.given.get(rulebase.jurisdiction_fact, ""))


def movable(case: Case) -> Case:
    """A case that can go to another process, which a closure can't."""
    return replace(case, locate=_nowhere)


def _nowhere(fact: str, key: bool) -> tuple[Place, str]:
    return NOWHERE, ""


def run_case(decider: Decider, case: Case) -> CaseResult:
    """Decide one case and compare; facts that can't be used are a failure of the case."""
    only = [expected.decision.name for expected in case.expected]
    try:
        record = decider.decide(
            case.given, strict=case.strict, only=only, reasons=False, locate=case.locate
        )
    except InputError as error:
        return CaseResult(case, tuple(map(str, error.problems)), None)
    return CaseResult(case, failures(case, record.answers), record)


def failures(case: Case, answers: Mapping[str, Answer]) -> tuple[str, ...]:
    """In what some answers differ from what a case expects, in words; ``answers`` holds the
    decisions that it names."""
    found = [
        failure
        for expected in case.expected
        if (failure := _failure(expected, answers[expected.decision.name]))
    ]
    deciding = {rule.id for answer in answers.values() for rule in answer.rules}
    return (*found, *(f"`{rule}` does not decide" for rule in case.by if rule not in deciding))


def _failure(expected: Expected, answer: Answer) -> str:
    name, kind = expected.decision.name, expected.decision.type
    if answer.status != expected.status:
        return f"{name}: expected {_wanted(expected)}, found {found_words(answer)}"
    if expected.status == "decided" and answer.value != expected.value:
        return f"{name}: expected {_wanted(expected)}, found {found_words(answer)}"
    if expected.possible is not None:
        possible = {p.outcome.value for p in answer.possible}
        if possible != expected.possible:
            wanted = ", ".join(
                "open" if value is None else show(value, kind)
                for value in sorted(expected.possible, key=describe)
            )
            return f"{name}: expected undetermined between {wanted}, found {found_words(answer)}"
    return ""


def _wanted(expected: Expected) -> str:
    if expected.value is None:
        return expected.status
    return show(expected.value, expected.decision.type)


def found_words(answer: Answer) -> str:
    """An answer in a few words, with the rules that decide it."""
    kind = answer.decision.type
    if answer.value is not None:
        by = ", ".join(rule.id for rule in answer.rules) or "otherwise"
        return f"{show(answer.value, kind)} (by {by})"
    if answer.status != "undetermined":
        by = ", ".join(rule.id for rule in answer.rules)
        return f"{answer.status}{f' (by {by})' if by else ''}"
    values = [p.outcome.value for p in answer.possible if p.outcome.value is not None]
    words = [show(value, kind) for value in in_order(values)]
    words += [formula_text(p.outcome.formula) for p in answer.possible if p.outcome.formula]
    words += [p.outcome.kind for p in answer.possible if p.outcome.kind in ("open", "conflict")]
    missing = [name for p in answer.possible for name in p.outcome.missing]
    return (
        f"undetermined between {', '.join(words)}"
        if len(words) > 1
        else f"undetermined: {words[0]}, of which {', '.join(missing)} is not known"
    )
