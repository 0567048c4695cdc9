"""The proofs and the cases of a large pack, shared out among processes.

One jurisdiction after the other is taken up: its loans are looked at, and its cases are run on the
diagrams that were built for that.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from dataclasses import asdict, dataclass, field
from pathlib import Path

from engine.analysis.case_files import read_ahead, unread
from engine.analysis.cases import (
    Case,
    CaseResult,
    digests,
    place_of_case,
    run_case,
)
from engine.analysis.proving import (
    EVERYWHERE,
    Gathered,
    Looked,
    Open,
    Part,
    Progress,
    Proved,
    checks_in,
    compiled_of,
    look,
    looked_of,
    parts_of,
    seen_later,
    unasked,
)
from engine.analysis.remembered import Remembered
from engine.analysis.rule_faults import Check
from engine.evaluation.compiling import grown
from engine.evaluation.decide import Decider, Disagreement
from engine.garbage import unsearched
from engine.model import Rulebase

Failures = tuple[str, ...]
"""In what a case fails."""


# ---- in the other processes -------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Worker:
    """What a process works with."""

    decider: Decider
    parts: Sequence[Part]
    checks: Mapping[str, Sequence[Check]]


_workers: list[_Worker] = []


def begin(rulebase: Rulebase) -> None:
    """Make this process ready to work on a pack."""
    _workers[:] = [_Worker(Decider(rulebase), list(parts_of(rulebase)), checks_in(rulebase))]


def read(paths: Sequence[Path]) -> None:
    """Read some case files for the process that asked."""
    (worker,) = _workers
    read_ahead(worker.decider.rulebase, paths)


def work(
    number: int | None, left: Open, cases: Sequence[Case]
) -> tuple[Looked | None, list[Failures | None]]:
    """What is seen of the part with this number, if there is one, among what is ``left``; and in
    what some cases fail, None where that takes more than their facts to say. The cases are of the
    part's jurisdiction."""
    (worker,) = _workers
    decider, looked = worker.decider, None
    with unsearched(for_good=True):  # diagrams hold no circles
        if number is not None:
            part = worker.parts[number]
            compiled = compiled_of(decider, part)
            looked = look(compiled, part, worker.checks, left)
            if part.there is not None:
                wanted = {each.decision.name for case in cases for each in case.expected}
                decider = decider.on(part.place, grown(compiled, decider.needed(wanted)))
        return looked, [_failures(decider, case) for case in cases]


def _failures(decider: Decider, case: Case) -> Failures | None:
    try:
        return run_case(decider, case, sparing=True).failures
    except Disagreement:  # the process that asked finds it again, and tells it
        return None


# ---- in this one ------------------------------------------------------------------------------


@dataclass(slots=True)
class _Task:
    """A part to look at, by its number, if it must be; cases to run, by theirs."""

    place: str
    part: int | None = None
    cases: list[int] = field(default_factory=list)


def read_in_parts(pool: Executor, jobs: int, rulebase: Rulebase) -> None:
    """Have the case files of which nothing is kept read by the ``jobs`` processes of the ``pool``,
    which have begun."""
    paths = unread(rulebase)
    if len(paths) > 1:
        for _ in pool.map(read, (paths[n::jobs] for n in range(jobs))):
            pass


def prove_and_run(
    pool: Executor,
    jobs: int,
    decider: Decider,
    cases: Sequence[Case],
    memory: Remembered,
    progress: Progress,
) -> tuple[Proved, list[CaseResult]]:
    """What ``prove`` and ``run_cases`` come to, of which ``jobs`` processes work out what is not
    remembered; those of the ``pool`` have begun. Results hold no records where others ran the case.

    Raises ``Disagreement``.
    """
    book = decider.rulebase
    every = list(parts_of(book))
    gathered = Gathered(book)
    known: dict[int, Looked] = {}
    for number, part in enumerate(every):
        data = memory.load(part.about, part.rules)
        if data is not None:
            known[number] = looked_of(data)
            gathered.add(known[number])
    told = digests(decider, cases, memory)
    passed = set(memory.load("cases", ()) or ())
    fresh = [n for n in range(len(cases)) if told[n] not in passed]
    results = {n: CaseResult(case, (), None) for n, case in enumerate(cases)}

    waiting = _tasks(every, known, {n: place_of_case(book, cases[n]) for n in fresh})
    running: dict[Future[tuple[Looked | None, list[Failures | None]]], _Task] = {}
    while waiting or running:
        while waiting and len(running) < jobs:  # the later it begins the less is left to ask
            task = waiting.pop(0)
            progress(task.place or EVERYWHERE)
            its = [cases[n] for n in task.cases]
            running[pool.submit(work, task.part, gathered.open, its)] = task
        for future in wait(running, return_when=FIRST_COMPLETED).done:
            task, (looked, failed) = running.pop(future), future.result()
            if task.part is not None and looked is not None:
                gathered.add(looked)
                memory.keep(every[task.part].about, every[task.part].rules, asdict(looked))
            for n, failures in zip(task.cases, failed, strict=True):
                results[n] = (
                    run_case(decider, cases[n])
                    if failures is None
                    else CaseResult(cases[n], failures, None)
                )
    _ask_again(decider, every, known, gathered, memory)
    now = {told[n] for n, result in results.items() if result.passed}
    if now != passed:
        memory.keep("cases", (), sorted(now))
    return gathered.proved(), [results[n] for n in range(len(cases))]


def _tasks(
    every: Sequence[Part], known: Mapping[int, Looked], place_of: Mapping[int, str]
) -> list[_Task]:
    """What there is to do, in a good order: first a small jurisdiction, where the rules that hold
    everywhere are looked at, beside what holds everywhere; then the large ones first."""
    tasks: defaultdict[str, _Task] = defaultdict(lambda: _Task(""))
    for number, part in enumerate(every):
        if number not in known:
            tasks[part.place] = _Task(part.place, number)
    for n, place in place_of.items():
        tasks[place].place = place
        tasks[place].cases.append(n)
    rules = {part.place: len(part.rules) for part in every}
    anywhere = [tasks.pop("")] if "" in tasks else []
    places = sorted(tasks.values(), key=lambda t: rules.get(t.place, 0) + len(t.cases))
    return [*places[:1], *anywhere, *reversed(places[1:])]


def _ask_again(
    decider: Decider,
    every: Sequence[Part],
    known: Mapping[int, Looked],
    gathered: Gathered,
    memory: Remembered,
) -> None:
    """Ask the parts that are remembered what others had cleared at that time and have not now."""
    for number, looked in known.items():
        part = every[number]
        left = unasked(part, gathered.open, looked)
        if left.checks or left.values:
            more = look(compiled_of(decider, part), part, gathered.checks, left)
            gathered.add(more)
            seen_later(looked, more)
            memory.keep(part.about, part.rules, asdict(looked))
