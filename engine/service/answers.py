"""The answers of the service as JSON: plain functions over a pack and a request."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

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

WITHOUT_PLACE = (
    "Most rules hold in one place alone. Without it too much is possible to be worked out in time."
)


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
    results: list[bytes] = []
    kept: list[bytes] = []
    for loan in request.loans:
        if time.monotonic() > until:
            raise TooSlow
        try:
            record = _record(decider, loan, request, until)
            kept.append(_json(as_data(record, engine, decided_at=at)))
            results.append(kept[-1])
        except Refusal as refusal:
            results.append(_json(refusal.data))
    body = b'{"results":[' + b",".join(results) + b"]}"
    records = tuple(each.decode() for each in kept) if recorded else ()
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
    wanted = _asked(decider, request)
    unknown = tuple((name, None) for name in request.unknown if loan.data.get(name) is None)
    try:
        given = read_facts(rulebase, loan.data, loan.locate)
        interview = Interview(decider, wanted, given, unknown, request.strict, until)
        question = next_question(interview, verify=True)
        record = question.record if question else interview.record(verify=True)
    except InputError as error:
        raise refusal_of("unusable-facts", error.problems) from None
    asked = [] if question is None else [_question(question.fact, question.settles)]
    if question is not None and question.values:
        asked[0]["values"] = list(question.values)
    further = _further(record, {q["fact"] for q in asked} | {*request.unknown})
    told = None if record is None else as_data(record, engine)
    return _step(decider, wanted, asked[0] if asked else None, asked + further, told)


def ask_for_place(decider: Decider, request: Request) -> Reply | None:
    """Where it takes too long to say what is possible: the question for the jurisdiction, even
    where the person could not tell it, with the reason; None where it is known."""
    (loan,) = request.loans
    rulebase = decider.rulebase
    fact = rulebase.facts.get(rulebase.jurisdiction_fact)
    if fact is None or loan.data.get(fact.name) is not None:
        return None
    wanted = _asked(decider, request)
    question = _question(fact, wanted) | {"because": WITHOUT_PLACE}
    return _step(decider, wanted, question, [question], None)


def _asked(decider: Decider, request: Request) -> tuple[str, ...]:
    """The decisions that an interview is about."""
    return tuple(request.only or decider.rulebase.main or decider.wanted(None))


def _step(
    decider: Decider,
    wanted: Sequence[str],
    question: Data | None,
    questions: Sequence[Data],
    record: Data | None,
) -> Reply:
    """One step of an interview."""
    data: Data = {
        "pack": pack_data(decider.rulebase),
        "only": list(wanted),
        "next": question,
        "questions": list(questions),
        "record": record,
    }
    return Reply(_json(data))


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
    body = _json(data)
    return Reply(body, (body.decode(),) if recorded else (), decided=1)


def _json(data: Mapping[str, Any]) -> bytes:
    return orjson.dumps(data)  # no number that is read is longer than the 64 bits it can write
