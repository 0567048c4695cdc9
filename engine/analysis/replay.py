"""Decisions of the past by the rules of today: which would be other, and why."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import chain, islice
from typing import Any, Literal, cast

from engine.evaluation.decide import Decider
from engine.evaluation.record import Answer
from engine.problems import InputError, Place, Problem
from engine.reading.yaml import parse_json, plain, source_of
from engine.values import to_json

Kind = Literal["outcome", "reasons", "gone"]
"""``outcome``: another answer; ``reasons``: the same answer by other rules; ``gone``: the pack has
no such decision any more."""

FORM = 1
"""The version of the decision record that is read."""


@dataclass(frozen=True, slots=True)
class Stand:
    """How a decision stands in a record: its value as the record writes it (None unless decided),
    the outcomes that are possible where it is undetermined, the ids of the deciding rules."""

    status: str
    value: object
    rules: tuple[str, ...]
    possible: frozenset[tuple[str, object]] = frozenset()


@dataclass(frozen=True, slots=True)
class Moved:
    """One decision that is not as it was; ``now`` is None where there is no such decision."""

    decision: str
    kind: Kind
    then: Stand
    now: Stand | None


@dataclass(frozen=True, slots=True)
class Replayed:
    """A record that does not stay as it is: what moved, or why it can't be decided any more.

    ``digest`` and ``version`` are those of the pack that decided it.
    """

    where: Place
    loan: str
    version: str
    digest: str
    moved: tuple[Moved, ...] = ()
    problems: tuple[Problem, ...] = ()


@dataclass(slots=True)
class Replay:
    """What became of all records: how many stay in every outcome and reason, those that don't, and
    the lines that are no record. ``other_pack`` counts the records of a pack of another name."""

    same: int = 0
    replayed: list[Replayed] = field(default_factory=list)
    faults: list[Problem] = field(default_factory=list)
    other_pack: int = 0

    @property
    def changed(self) -> list[Replayed]:
        """The records some outcome of which is another today."""
        return [r for r in self.replayed if any(m.kind != "reasons" for m in r.moved)]

    @property
    def other_reasons(self) -> list[Replayed]:
        """The records with the same outcomes, but by other rules."""
        return [r for r in self.replayed if r.moved and all(m.kind == "reasons" for m in r.moved)]

    @property
    def undecidable(self) -> list[Replayed]:
        """The records that can't be decided any more."""
        return [r for r in self.replayed if r.problems]

    @property
    def records(self) -> int:
        """The number of records read."""
        return self.same + len(self.replayed)


def replay(decider: Decider, lines: Iterable[bytes | str], name: str = "<records>") -> Replay:
    """Decide recorded decisions again, one JSON record a line (or one that is indented, as of a
    single loan), by both evaluators.

    A line that is no record is set aside with its place; ``name`` is what messages call the file.
    Raises ``Disagreement``.
    """
    result = Replay()
    for number, data in _texts(lines):
        where = Place(name, number)
        try:
            record = _record(data, where)
        except InputError as error:
            result.faults += (_moved_down(problem, number) for problem in error.problems)
            continue
        result.other_pack += record["pack"]["name"] != decider.rulebase.name
        found = _replayed(decider, record, where)
        if found.moved or found.problems:
            result.replayed.append(found)
        else:
            result.same += 1
    return result


_PACK = re.compile(rb'"pack": *\{\s*"name": *"([^"]*)"')
_HEAD = 12
"""In so many lines the first record has named its pack, also where it is indented."""


def named_pack(lines: Iterator[bytes]) -> tuple[str, Iterator[bytes]]:
    """The pack that the first of some records names, empty where that can't be told; and all the
    lines again."""
    head = list(islice(lines, _HEAD))
    found = _PACK.search(b"".join(head))
    return found[1].decode(errors="replace") if found else "", chain(head, lines)


def _texts(lines: Iterable[bytes | str]) -> Iterator[tuple[int, bytes]]:
    """Each record's text, and the line on which it begins. One that is indented begins with a brace
    alone and ends with one."""
    begun, parts = 0, list[bytes]()
    for number, line in enumerate(lines, 1):
        data = line.encode("utf-8", "surrogateescape") if isinstance(line, str) else line
        if parts and data.startswith(b"{"):
            yield begun, b"".join(parts)
            parts = []
        if parts or data.rstrip() == b"{":
            begun = begun if parts else number
            parts.append(data)
            if data.rstrip() == b"}":
                yield begun, b"".join(parts)
                parts = []
        elif data.strip():
            yield number, data
    if parts:
        yield begun, b"".join(parts)


def _moved_down(problem: Problem, first: int) -> Problem:
    """A problem of a text that begins on line ``first`` of its file."""
    line = first + max(problem.where.line, 1) - 1
    return replace(problem, where=replace(problem.where, line=line))


_TORN = "this record breaks off: whoever wrote it was stopped meanwhile"
_WHOLE = "the other records are whole"


def _record(data: bytes, where: Place) -> dict[str, Any]:
    """A line as a decision record, at least in all that is read of it here."""
    try:
        source = source_of(where.file, data.rstrip(b"\r\n"))
        record = plain(parse_json(source).root)
    except InputError:
        if _breaks_off(data.strip()):
            raise InputError([Problem("torn-record", _TORN, Place(where.file), _WHOLE)]) from None
        raise
    fault = _fault(record)
    if fault:
        hint = "a record is what `recourse decide --format json` writes, on one line"
        raise InputError([Problem("no-record", fault, Place(where.file), hint)])
    return cast(dict[str, Any], record)


def _breaks_off(line: bytes) -> bool:
    """Whether a line begins as a record does and lacks the record's end."""
    whole = b'"notice": "' in line and line.endswith(b'"}')
    return line.startswith(b'{"record":') and not whole


_NEEDED = {"pack": dict, "facts": dict, "strict": bool, "decisions": dict}


def _fault(record: object) -> str:
    if not isinstance(record, dict) or "record" not in record:
        return "this line is no decision record"
    if record["record"] != FORM:
        return f"this is a record of form {record['record']}; form {FORM} is read"
    for key, kind in _NEEDED.items():
        if not isinstance(record.get(key), kind):
            return f"this decision record has no `{key}`, or not of the right kind"
    if not isinstance(record["pack"].get("name"), str):
        return "this decision record does not name its pack"
    for name, answer in record["decisions"].items():
        if not isinstance(answer, dict) or not isinstance(answer.get("status"), str):
            return f"the record's decision `{name}` has no status"
        rules = answer.get("rules")
        if not isinstance(rules, list) or not all(_has_id(rule) for rule in rules):
            return f"the record's decision `{name}` names no rules"
    return ""


def _has_id(rule: object) -> bool:
    return isinstance(rule, dict) and isinstance(rule.get("id"), str)


def _replayed(decider: Decider, record: Mapping[str, Any], where: Place) -> Replayed:
    pack = record["pack"]
    found = Replayed(
        where,
        str(record.get("loan", "")),
        str(pack.get("version", "")),
        str(pack.get("digest", "")),
    )
    known = decider.rulebase.decisions
    decisions: dict[str, Any] = record["decisions"]
    try:
        answers = decider.decide(
            record["facts"],
            strict=record["strict"],
            only=[name for name in decisions if name in known],
            locate=lambda fact, key: (where, ""),
        ).answers
    except InputError as error:
        return replace(found, problems=error.problems)
    moved = []
    for name, answer in decisions.items():
        then = _then(answer)
        now = _now(answers[name]) if name in answers else None
        kind = _moved(then, now)
        if kind is not None:
            moved.append(Moved(name, kind, then, now))
    return replace(found, moved=tuple(moved))


def _moved(then: Stand, now: Stand | None) -> Kind | None:
    if now is None:
        return "gone"
    if (then.status, then.value, then.possible) != (now.status, now.value, now.possible):
        return "outcome"
    return "reasons" if set(then.rules) != set(now.rules) else None


def _frozen(value: object) -> object:
    return tuple(value) if isinstance(value, list) else value


def _then(answer: Mapping[str, Any]) -> Stand:
    possible: set[tuple[str, object]] = set()
    for each in answer.get("possible") or ():
        for key in ("value", "status", "missing"):
            if key in each:
                possible.add((key, _frozen(each[key])))
    rules = tuple(rule["id"] for rule in answer["rules"])
    return Stand(answer["status"], _frozen(answer.get("value")), rules, frozenset(possible))


def _now(answer: Answer) -> Stand:
    kind = answer.decision.type
    possible: set[tuple[str, object]] = set()
    for outcome in (p.outcome for p in answer.possible):
        if outcome.value is not None:
            possible.add(("value", _frozen(to_json(outcome.value, kind))))
        elif outcome.formula is not None:
            possible.add(("missing", outcome.missing))
        else:
            possible.add(("status", outcome.kind))
    value = None if answer.value is None else _frozen(to_json(answer.value, kind))
    rules = tuple(rule.id for rule in answer.rules)
    return Stand(answer.status, value, rules, frozenset(possible))
