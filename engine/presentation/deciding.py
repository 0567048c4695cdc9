"""Deciding loan after loan: what is shown of each, and which are set aside."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import Literal

from engine.auditing import now
from engine.evaluation.changes import nearest_changes
from engine.evaluation.comparison import Comparison, beside
from engine.evaluation.decide import Decider
from engine.evaluation.facts import read_facts
from engine.evaluation.record import Answer, Record
from engine.model import Rulebase, Value
from engine.presentation.comparison import popular_line
from engine.presentation.layout import PLAIN, WIDTH, Style, count
from engine.presentation.record import Changes, as_json
from engine.presentation.summary import Summary, settled
from engine.presentation.text import changeable, page
from engine.problems import NOWHERE, InputError, Place, Problem, likely
from engine.reading.loans import Loan, apply_sets, read_loans

MAX_SET_ASIDE = 1_000
"""The problems of so many loans that were set aside are kept; of more, only their number."""


def nothing_given() -> Loan:
    """A loan of which nothing is known."""
    return Loan("--set", {}, lambda name, key: (NOWHERE, ""))


def check_request(
    rulebase: Rulebase, settings: Sequence[str], only: Collection[str]
) -> dict[str, Value]:
    """The facts that are set. Refuses what would be wrong for every loan alike: a setting of no
    fact or with a value that doesn't fit, a decision that the pack doesn't have. Raises
    ``InputError``."""
    problems = [
        Problem(
            "unknown-decision",
            f"no decision is called `{name}`",
            Place("--only"),
            likely(name, rulebase.decisions) or "`recourse rules` shows them",
        )
        for name in only
        if name not in rulebase.decisions
    ]
    facts: dict[str, Value] = {}
    try:
        given = apply_sets(nothing_given(), settings)
        facts = read_facts(rulebase, given.data, given.locate)
    except InputError as error:
        problems.extend(error.problems)
    if problems:
        raise InputError(problems)
    return facts


def loans_in(paths: Sequence[str], settings: Sequence[str]) -> Iterator[Loan | InputError]:
    """The loans of some files, with some facts set; with no file, the one loan that is set."""
    loans = chain.from_iterable(map(read_loans, paths)) if paths else iter([nothing_given()])
    for loan in loans:
        yield loan if isinstance(loan, InputError) else apply_sets(loan, settings)


def one_loan(path: str | None, settings: Sequence[str]) -> Loan:
    """The loan of a file that holds one, with some facts set; with no file, the one that is set.

    Raises ``InputError`` for a file that can't be used or holds several.
    """
    loans = list(islice(loans_in([path] if path else [], settings), 2))
    if len(loans) != 1:
        message = "this file holds several loans, and this is about one"
        raise InputError([Problem("several-loans", message, Place(path or "--set"))])
    (loan,) = loans
    if isinstance(loan, InputError):
        raise loan
    return loan


@dataclass(slots=True)
class Deciding:
    """One run over some loans: how to decide and to show them, and what came of it.

    ``full`` shows a page for each loan where there are several, and with JSON the nearest changes
    of each. ``json_lines`` writes JSON Lines even if there is one loan only. ``timed`` decides
    twice, to tell what the second evaluator costs. ``view`` loads the pack with the popular view,
    where the rulebase names one; it is asked of a loan that gets a whole page, not of a line of
    many. ``keep`` is given the record of each loan, on one line, before it is shown.
    """

    decider: Decider
    engine: str
    only: Collection[str] | None = None
    strict: bool = False
    form: Literal["text", "json"] = "text"
    full: bool = False
    json_lines: bool = False
    timed: bool = False
    style: Style = PLAIN
    view: Callable[[], Decider] | None = None
    keep: Callable[[str], None] | None = None
    problems: list[Problem] = field(default_factory=list)
    decided: int = 0
    unsettled: int = 0
    set_aside: int = 0
    seconds: float = 0.0
    diagram_seconds: float = 0.0
    _view: Decider | None = None

    def outputs(self, loans: Iterable[Loan | InputError]) -> Iterator[str]:
        """What to print, piece by piece. A loan that can't be used is set aside."""
        waiting = iter(loans)
        first = list(islice(waiting, 2))
        several = len(first) > 1
        pages = self.full or not several
        summary = Summary(self.decider.rulebase, self.only, self.style)
        for loan in chain(first, waiting):
            record = self._decide(loan)
            if record is None or isinstance(loan, InputError):
                continue
            if self.keep is not None:
                text = as_json(record, self.engine, loan=loan.name, one_line=True, decided_at=now())
                self.keep(text)
            if self.form == "json":
                changes = self._changes(record, lambda _: True) if pages else {}
                one_line = several or self.json_lines
                popular = self._popular(record) if pages else None
                yield as_json(record, self.engine, changes, loan.name, popular, one_line=one_line)
            elif pages:
                changes = self._changes(record, changeable)
                popular = self._popular(record)
                line = popular_line(popular) if popular else ""
                text = page(record, loan.name, self.style, changes, line)
                yield f"{text}\n\n{'─' * WIDTH}" if several else text
            else:
                row = summary.row(loan.name, record)
                yield f"{summary.header()}\n{row}" if self.decided == 1 else row
        if several and self.form == "text" and self.decided:
            yield self._tally() if pages else f"{summary.footer()}{self._tally()}"

    def timings(self) -> str:
        """What one loan took, and the two evaluators of it, of a ``timed`` run."""
        each = 1000 / max(self.decided, 1)
        both, diagrams = self.seconds * each, self.diagram_seconds * each
        return (
            f"a loan decided in {both:,.1f} ms: diagrams {diagrams:,.1f} ms, "
            f"network {both - diagrams:,.1f} ms"
        )

    def _decide(self, loan: Loan | InputError) -> Record | None:
        try:
            if isinstance(loan, InputError):
                raise loan
            started = time.perf_counter()
            record = self._record(loan, verify=True)
            self.seconds += time.perf_counter() - started
            if self.timed:
                started = time.perf_counter()
                self._record(loan, verify=False)
                self.diagram_seconds += time.perf_counter() - started
        except InputError as error:
            self.set_aside += 1
            if self.set_aside <= MAX_SET_ASIDE:
                self.problems.extend(error.problems)
            return None
        self.decided += 1
        self.unsettled += not settled(record)
        return record

    def _record(self, loan: Loan, verify: bool) -> Record:
        return self.decider.decide(
            loan.data, strict=self.strict, only=self.only, verify=verify, locate=loan.locate
        )

    def _changes(self, record: Record, wanted: Callable[[Answer], bool]) -> Changes:
        return {
            name: nearest_changes(self.decider, record, name)
            for name, answer in record.answers.items()
            if wanted(answer)
        }

    def _popular(self, record: Record) -> Comparison | None:
        """The comparison with the popular view; None where there is none of this loan."""
        if self.view is None or not record.rulebase.compare_with:
            return None
        if self._view is None:
            self._view = self.view()
        try:
            return beside(self._view, record)
        except InputError:  # a loan that the other pack refuses: it has no view of it
            return None

    def _tally(self) -> str:
        text = f"{count(self.decided, 'loan')} decided"
        if self.unsettled:
            text += f", {self.unsettled:,} of them not in full"
        return text + (f"; {self.set_aside:,} set aside" if self.set_aside else "")
