"""The answers of the service as JSON: plain functions over a pack and a request."""

from __future__ import annotations

import json
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine.analysis.interview import Interview, next_question
from engine.auditing import now
from engine.evaluation.changes import nearest_changes
from engine.evaluation.comparison import Comparison, beside
from engine.evaluation.decide import Decider
from engine.evaluation.facts import read_facts
from engine.evaluation.reach import TooSlow
from engine.evaluation.record import Record
from engine.model import Fact
from engine.presentation.record import as_data, pack_data
from engine.presentation.text import questions
from engine.problems import InputError
from engine.reading.loans import Loan
from engine.service.refusals import Refusal, refusal_of
from engine.service.requests import Request

Data = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer, ready to be sent, with the records that the audit trail keeps of it."""

    body: bytes
    records: tuple[str, ...] = ()
    decided: int = 0
    refused: int = 0


def decided(decider: Decider, engine: str, request: Request, until: float, recorded: bool) -> Reply:
    """The record of a loan; of many loans a list of records, with a refusal in place of each that
    can't be decided.

    ``until`` is when to give up, in seconds of ``time.monotonic``; ``recorded`` says whether a
    trail is kept: the record then tells the time. Raises ``Refusal`` and ``TooSlow``.
    """
    at = now() if recorded else ""
    if not request.many:
        (loan,) = request.loans
        record = _record(decider, loan, request, until)
        return _one(as_data(record, engine, decided_at=at), recorded)
    results: list[str] = []
    kept: list[str] = []
    for loan in request.loans:
        if time.monotonic() > until:
            raise TooSlow
        try:
            record = _record(decider, loan, request, until)
            kept.append(_json(as_data(record, engine, decided_at=at)))
            results.append(kept[-1])
        except Refusal as refusal:
            results.append(_json(refusal.data))
    body = f'{{"results": [{", ".join(results)}]}}'.encode()
    records = tuple(kept) if recorded else ()
    return Reply(body, records, decided=len(kept), refused=len(results) - len(kept))


def explained(
    decider: Decider,
    view: Decider | None,
    engine: str,
    request: Request,
    until: float,
    recorded: bool,
) -> Reply:
    """The record of a loan with the nearest changes of its answers and, by ``view``, with what the
    popular view says otherwise. Raises ``Refusal`` and ``TooSlow``."""
    (loan,) = request.loans
    record = _record(decider, loan, request, until)
    changes = {name: nearest_changes(decider, record, name, until) for name in record.answers}
    popular = _popular(view, record)
    at = now() if recorded else ""
    return _one(as_data(record, engine, changes, popular=popular, decided_at=at), recorded)


def possible(decider: Decider, engine: str, request: Request, until: float) -> Reply:
    """What is still possible, and which questions matter, the most useful first; questions that the
    person can't answer are left out. ``record`` is null where nothing can be said before the first
    question. Raises ``Refusal`` and ``TooSlow``."""
    (loan,) = request.loans
    rulebase = decider.rulebase
    wanted = request.only or rulebase.main or tuple(decider.wanted(None))
    unknown = tuple((name, None) for name in request.unknown if loan.data.get(name) is None)
    try:
        given = read_facts(rulebase, loan.data, loan.locate)
        interview = Interview(decider, tuple(wanted), given, unknown, request.strict, until)
        question = next_question(interview, verify=True)
        record = question.record if question else interview.record(verify=True)
    except InputError as error:
        raise refusal_of("unusable-facts", error.problems) from None
    data: Data = {"pack": pack_data(rulebase), "only": list(wanted)}
    asked = [] if question is None else [_question(question.fact, question.settles)]
    data["next"] = asked[0] if asked else None
    data["questions"] = asked + _further(record, {q["fact"] for q in asked} | {*request.unknown})
    data["record"] = None if record is None else as_data(record, engine)
    return Reply(_json(data).encode())


def _further(record: Record | None, known: Collection[str]) -> list[Data]:
    """The questions that matter besides those that are known."""
    if record is None:
        return []
    return [
        _question(fact, [n for n, each in record.answers.items() if fact.name in each.ask])
        for fact in questions(record)
        if fact.name not in known
    ]


def _question(fact: Fact, settles: Sequence[str]) -> Data:
    return {"fact": fact.name, "question": fact.question, "settles": list(settles)}


def _record(decider: Decider, loan: Loan, request: Request, until: float) -> Record:
    try:
        return decider.decide(
            loan.data, strict=request.strict, only=request.only, locate=loan.locate, until=until
        )
    except InputError as error:
        raise refusal_of("unusable-facts", error.problems) from None


def _popular(view: Decider | None, record: Record) -> Comparison | None:
    try:
        return None if view is None else beside(view, record)
    except InputError:  # a loan that the other pack refuses: it has no view of it
        return None


def _one(data: Data, recorded: bool) -> Reply:
    text = _json(data)
    return Reply(text.encode(), (text,) if recorded else (), decided=1)


def _json(data: Mapping[str, Any]) -> str:
    return json.dumps(data, ensure_ascii=False, separators=(", ", ": "))
