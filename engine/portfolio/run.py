"""A run over a tape: read, decide, write, count, with little of it in memory at any time."""

from __future__ import annotations

import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa

from engine.evaluation.decide import Decider
from engine.model import Value
from engine.portfolio.arrays import Integers
from engine.portfolio.columns import Column, number_of
from engine.portfolio.counts import Count, Counts
from engine.portfolio.files import open_tape
from engine.portfolio.intake import Intake, prepare
from engine.portfolio.kernel import Decided, Kernel
from engine.portfolio.mapping import TapeMapping
from engine.portfolio.output import Output, answer_columns, kept_column, output_schema, reasons
from engine.portfolio.tapes import Layout, Tape, TapeBatch
from engine.problems import InputError, Place, Problem, likely, listing

WORKERS = min(4, os.cpu_count() or 1)


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked for: the tape, how to read it, the columns to carry over, the money fact whose
    dollars are counted by outcome (none if empty), the facts
    that hold of every loan, how many batches are decided at once."""

    tapes: Sequence[Tape]
    mapping: TapeMapping | None = None
    keep: tuple[str, ...] = ()
    money: str = ""
    always: Mapping[str, Value] = field(default_factory=dict)
    workers: int = WORKERS


@dataclass(frozen=True, slots=True)
class Step:
    """How far a run is: rows done, the share of the tape (0 to 1) that has been read."""

    rows: int
    share: float


@dataclass(frozen=True, slots=True)
class _Done:
    """A batch with its answers, ready to be written and counted."""

    batch: TapeBatch
    decided: Decided
    money: Integers | None


@dataclass(slots=True)
class Run:
    """A pack over a tape. ``unknown`` are facts that the tape does not state and that the decisions
    could use, told beforehand; ``aside`` columns that are not used."""

    decider: Decider
    kernel: Kernel
    request: Request
    counts: Counts = field(init=False)
    stopped: bool = field(init=False, default=False)

    def __post_init__(self) -> None:
        decisions = self.decider.rulebase.decisions
        wanted = {name: Count(decisions[name]) for name in self.kernel.wanted}
        self.counts = Counts(wanted, self.request.money)
        known = [f.name for f in self.decider.rulebase.facts.values() if f.type == "money"]
        if self.request.money and self.request.money not in known:
            hint = likely(self.request.money, known) or f"money facts: {listing(known)}"
            message = f"no money fact is called `{self.request.money}`"
            raise InputError([Problem("unknown-fact", message, Place("--money"), hint)])

    def look(self) -> tuple[list[str], list[str]]:
        """Facts that no file of the tape can state though rules ask for them, and columns that are
        not used. Raises ``InputError`` for a file that can't be used."""
        stated: set[str] = set(self.request.always)
        aside: dict[str, None] = {}
        for tape in self.request.tapes:
            if tape.name == "<stdin>":
                return [], []  # what is read from a pipe can't be read again
            with open_tape(tape, self._layouts()) as reader:
                intake = self._intake(tape, reader.columns)
            stated.update(reader.columns if tape.kind == "jsonl" else intake.facts)
            aside.update(dict.fromkeys(intake.aside))
        asked = self.kernel.asked - stated
        presumed = {p.fact for p in self.decider.rulebase.presumptions}
        facts = self.decider.rulebase.facts
        return [n for n in facts if n in asked - presumed], list(aside)

    def _layouts(self) -> Sequence[Layout]:
        return self.request.mapping.layouts if self.request.mapping else ()

    def _intake(self, tape: Tape, columns: Sequence[str]) -> Intake:
        intake = prepare(
            self.decider.rulebase,
            columns,
            self.request.mapping,
            self.request.keep,
            tape.name,
            loose=tape.kind == "jsonl",
        )
        intake.facts = tuple(name for name in intake.facts if name not in self.request.always)
        return intake

    def schema(self) -> pa.Schema:
        """The columns of the output. Raises ``InputError`` where a kept column has a name of one of
        its own."""
        decisions = [self.decider.rulebase.decisions[name] for name in self.kernel.wanted]
        schema = output_schema(decisions, self.request.keep)
        twice = [name for name in self.request.keep if schema.names.count(name) > 1]
        if twice:
            message = f"the output has a column `{twice[0]}` of its own"
            raise InputError([Problem("bad-output", message, Place("--keep"))])
        return schema

    def go(self, output: Output | None, told: Callable[[Step], None], skip: int = 0) -> Counts:
        """Decide the tape, in whole or until the user stops it. ``skip`` rows have been decided by
        an earlier run. Raises ``InputError`` for a file that can't be read on.

        An interrupt ends the run between two batches, so that nothing is half written; a second one
        ends it at once.
        """
        with self._interrupts():
            for done, share in self._decided(skip):
                self._take(done, output)
                told(Step(self.counts.rows, share))
                if self.stopped:
                    break
        return self.counts

    @contextmanager
    def _interrupts(self) -> Iterator[None]:
        def stop(number: int, frame: object) -> None:
            if self.stopped:
                raise KeyboardInterrupt
            self.stopped = True

        if threading.current_thread() is not threading.main_thread():
            yield  # only there can signals be caught
            return
        before = signal.signal(signal.SIGINT, stop)
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, before)

    # ---- batches ------------------------------------------------------------------------------

    def _decided(self, skip: int) -> Iterator[tuple[tuple[Tape, _Done], float]]:
        """Batches with their answers, in the order of the tape; a few are worked on at once."""
        total = sum(tape.length for tape in self.request.tapes)
        before = 0.0
        waiting: deque[tuple[Tape, Future[_Done], float]] = deque()
        pool = ThreadPoolExecutor(self.request.workers)
        try:
            for tape in self.request.tapes:
                part = tape.length / total if total else 0.0
                with open_tape(tape, self._layouts()) as reader:
                    intake = self._intake(tape, reader.columns)
                    reads = list(dict.fromkeys((*intake.reads, *self.request.keep)))
                    for batch in reader.read(reads):
                        skip, rest = _skipped(batch, skip)
                        if rest is None:
                            continue
                        share = before + part * reader.share()
                        waiting.append((tape, pool.submit(self._work, intake, rest), share))
                        while len(waiting) > self.request.workers:
                            own, future, at = waiting.popleft()
                            yield (own, future.result()), at
                            if self.stopped:
                                return
                    while waiting and not self.stopped:
                        own, future, at = waiting.popleft()
                        yield (own, future.result()), at
                self.counts.unmapped.update(intake.unmapped)
                before += part
        finally:
            pool.shutdown(cancel_futures=True)

    def _work(self, intake: Intake, batch: TapeBatch) -> _Done:
        if not batch.rows:
            return _Done(batch, Decided(0, {}, {}), None)
        columns, faults = intake.facts_of(batch)
        for name, value in self.request.always.items():
            number = number_of(self.decider.rulebase.facts[name], value)
            columns[name] = Column(np.array([number], dtype=np.int64))
        decided = self.kernel.decide(columns, batch.rows, faults)
        money = None
        if self.request.money in columns:
            money = columns[self.request.money].known_or_zero()
        return _Done(batch, decided, money)

    def _take(self, work: tuple[Tape, _Done], output: Output | None) -> None:
        tape, done = work
        batch, decided = done.batch, done.decided
        if output is not None:
            output.write(self._columns(tape, batch, decided), batch.rows + len(batch.lost))
        if batch.rows:
            self.counts.add(decided, done.money)
        self.counts.lose({row: problem.message for row, problem in batch.lost.items()})

    def _columns(self, tape: Tape, batch: TapeBatch, decided: Decided) -> list[Any]:
        """The output's columns of a batch, rows that could not be read at their places."""
        lost = sorted(batch.lost)
        numbers = np.concatenate([batch.numbers, np.array(lost, dtype=np.int64)])
        count = len(numbers)
        columns: list[Any] = []
        if batch.rows:
            kept = [kept_column(batch.columns[name]) for name in self.request.keep]
            answers = [
                c for name in self.kernel.wanted for c in answer_columns(decided.answers[name])
            ]
            columns = [*kept, *answers]
        schema = self.schema()
        types = [field.type for field in schema][2:-1]
        rejected = {
            **decided.rejected,
            **{batch.rows + i: (batch.lost[row],) for i, row in enumerate(lost)},
        }
        if lost:
            more = [pa.nulls(len(lost), kind) for kind in types]
            columns = (
                [_joined(a, b) for a, b in zip(columns, more, strict=True)] if columns else more
            )
        name = pa.DictionaryArray.from_arrays(
            pa.array(np.zeros(count, dtype=np.int32)), pa.array([tape.name])
        )
        whole = [name, pa.array(numbers), *columns, reasons(rejected, count)]
        if not lost or not batch.rows:
            return whole
        order = pa.array(np.argsort(numbers, kind="stable"))
        return [column.take(order) for column in whole]


def _joined(a: pa.Array, b: pa.Array) -> pa.Array:
    if pa.types.is_dictionary(a.type):
        indices = pa.concat_arrays([a.indices, pa.nulls(len(b), a.indices.type)])
        return pa.DictionaryArray.from_arrays(indices, a.dictionary)
    return pa.concat_arrays([a, b.cast(a.type)])


def _skipped(batch: TapeBatch, skip: int) -> tuple[int, TapeBatch | None]:
    """How many rows are still to be skipped after a batch, and what is left of it."""
    size = batch.rows + len(batch.lost)
    if not skip:
        return 0, batch
    if size <= skip:
        return skip - size, None
    every = np.sort(np.concatenate([batch.numbers, np.array(sorted(batch.lost), dtype=np.int64)]))
    last = int(every[skip - 1])
    start = int(np.searchsorted(batch.numbers, last, side="right"))
    columns = {name: values.slice(start) for name, values in batch.columns.items()}
    lost = {row: problem for row, problem in batch.lost.items() if row > last}
    return 0, TapeBatch(columns, batch.numbers[start:], lost, batch.text)
