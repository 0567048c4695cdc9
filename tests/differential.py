"""The two evaluators on random facts, and both against a third opinion. Nothing may differ.

    python -m tests.differential --runs 100000 --seed 1 --pack random --jobs 2

A run is one fact set, every third of them incomplete. ``--pack`` is ``random`` (a new random
rulebase every few runs, see ``random_packs.py``), or the name or folder of a pack. Runs are
numbered from ``--seed`` (of ``random``: the rulebases are), so a failure can be run again alone by
the number it is printed with. The exit code is 1 if anything failed.

Each fact set is decided by both evaluators, which complain themselves where they differ. Where no
presumption is applied, their answer is also held against ``oracle.py``: for complete facts the
status, the value and the deciding rules of each decision; for incomplete facts the outcome of a
completion that we know must be among those possible and, where a random pack is small enough, the
possible outcomes must be exactly those that trying every completion finds.
"""

from __future__ import annotations

import argparse
import multiprocessing
import random
import sys
import traceback
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from multiprocessing.connection import wait
from pathlib import Path
from time import monotonic
from typing import Any, cast

from engine import Answer, Decider, Disagreement, InputError, load
from engine.model import Rulebase, Value
from tests import oracle
from tests.random_packs import Sampler, rulebase

ROOT = Path(__file__).parents[1]
SETS_OF_A_PACK = 24
PACKS_OF_A_PROCESS = 100
"""durable-rules frees no ruleset, so a process ends after so many random packs."""
ENUMERATED = 4
"""Of how many fact sets of a random pack every completion is tried."""
COMPLETIONS = 1_500
SETS_OF_A_PROCESS = 20_000
PATIENCE = 120
"""Seconds after which a process that says nothing is given up."""

State = tuple[str, Value | None]


@dataclass
class Tally:
    """What has been counted, and the failures in words."""

    counts: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)

    def add(self, other: Tally) -> None:
        """Count another tally's in."""
        self.counts += other.counts
        self.failures += other.failures

    def fail(self, kind: str, where: str, text: str) -> None:
        """Note a failure."""
        self.counts[kind] += 1
        self.failures.append(f"{kind} at {where}: {text}")


# ---- one fact set -----------------------------------------------------------------------------


def states(answer: Answer) -> set[State]:
    """The outcomes that an answer leaves possible; ``formula`` for an amount not yet known."""
    if answer.status != "undetermined":
        return {(answer.status, answer.value)}
    kinds = {"value": "decided"}
    return {
        (kinds.get(one.outcome.kind, one.outcome.kind), one.outcome.value)
        for one in answer.possible
    }


def check(
    decider: Decider,
    complete: Mapping[str, Value],
    facts: Mapping[str, Value],
    *,
    strict: bool,
    enumerate_all: bool,
    where: str,
    tally: Tally,
) -> None:
    """Decide ``facts``, of which ``complete`` is one completion, and compare."""
    tally.counts["fact sets"] += 1
    tally.counts["incomplete"] += len(facts) < len(complete)
    try:
        answers = decider.decide(facts, strict=strict).answers
    except Disagreement as error:
        tally.fail("DISAGREEMENT", where, str(error))
        return
    except InputError as error:
        # A presumption may contradict what is given; the facts as drawn never do.
        if strict:
            tally.fail("REFUSED", where, f"{error}\nfacts: {dict(facts)}")
        tally.counts["refused"] += 1
        return
    except Exception:
        tally.fail("CRASH", where, f"{traceback.format_exc()}\nfacts: {dict(facts)}")
        return
    if not strict:
        return
    found = {name: states(answer) for name, answer in answers.items()}
    problems = list(_against_completion(decider.rulebase, complete, facts, answers, found))
    tally.counts["compared with the oracle"] += len(found)
    if enumerate_all and len(facts) < len(complete):
        every = oracle.possible(decider.rulebase, facts, COMPLETIONS)
        exact = oracle.enumerable(decider.rulebase, facts) if every is not None else ()
        for name in exact:
            assert every is not None
            if name not in found:
                continue
            tally.counts["enumerated"] += 1
            if found[name] != every[name]:
                problems.append(f"{name}: says {found[name]}, possible are {every[name]}")
    if problems:
        tally.fail("WRONG", where, "\n  ".join([*problems, f"facts: {dict(facts)}"]))


def _against_completion(
    rules: Rulebase,
    complete: Mapping[str, Value],
    facts: Mapping[str, Value],
    answers: Mapping[str, Answer],
    found: Mapping[str, set[State]],
) -> Iterator[str]:
    for name, (status, value, ids) in oracle.outcome(rules, complete).items():
        if name not in found:
            continue  # a parameter, which is no answer
        if any(kind == "formula" for kind, _ in found[name]):
            if len(facts) == len(complete):
                yield f"{name}: undetermined although every fact is given"
        elif (status, value) not in found[name]:
            yield f"{name}: says {found[name]}, should allow {(status, value)}"
        elif len(facts) == len(complete):
            if len(found[name]) > 1:
                yield f"{name}: {found[name]} although every fact is given"
            deciding = {rule.id for rule in answers[name].rules}
            if status == "decided" and deciding != ids:
                yield f"{name}: decided by {sorted(deciding)}, should be {sorted(ids)}"


# ---- many fact sets ---------------------------------------------------------------------------


def run_random(seeds: Iterable[int]) -> Iterator[Tally]:
    """Random packs by their numbers, a tally for each."""
    for seed in seeds:
        tally = Tally(Counter({"packs": 1}))
        where = f"--pack random --seed {seed} --runs {SETS_OF_A_PACK}"
        rules = rulebase(seed)
        decider, sampler = Decider(rules), Sampler(rules)
        for number in range(SETS_OF_A_PACK):
            rng = random.Random(f"{seed}/{number}")
            complete = sampler.draw(rng, 0)
            check(
                decider,
                complete,
                _thin(complete, rng, number),
                strict=True,
                enumerate_all=number < ENUMERATED * 3,
                where=f"{where} (set {number})",
                tally=tally,
            )
        yield tally


def run_named(folder: str, numbers: Iterable[int]) -> Iterator[Tally]:
    """Fact sets of the pack in a folder by their numbers, a tally for each."""
    decider = load(folder)
    sampler = Sampler(decider.rulebase)
    for number in numbers:
        tally = Tally()
        rng = random.Random(number)
        complete = sampler.draw(rng, 0)
        facts = _thin(complete, rng, number)
        check(
            decider,
            complete,
            facts,
            strict=rng.random() < 0.5,
            enumerate_all=False,
            where=f"--pack {Path(folder).name} --seed {number} --runs 1",
            tally=tally,
        )
        yield tally


def _thin(complete: Mapping[str, Value], rng: random.Random, number: int) -> dict[str, Value]:
    """Every third fact set loses facts: few of them or most."""
    if number % 3:
        return dict(complete)
    missing = rng.choice((0.1, 0.3, 0.5, 0.9))
    return {name: value for name, value in complete.items() if rng.random() >= missing}


def run(pack: str, runs: int, seed: int, jobs: int) -> Tally:
    """``runs`` fact sets, spread over ``jobs`` processes at a time."""
    if pack == "random":
        packs = range(seed, seed + -(-runs // SETS_OF_A_PACK))
        tasks = [Task(run_random, part) for part in _parts(packs, PACKS_OF_A_PROCESS)]
    else:
        folder = Path(pack) if Path(pack).is_dir() else ROOT / "rules" / pack
        named = partial(run_named, str(folder))
        size = max(1, min(SETS_OF_A_PROCESS, -(-runs // jobs)))
        tasks = [Task(named, part) for part in _parts(range(seed, seed + runs), size)]
    total = Tally()
    for tally in run_all(tasks, jobs):
        total.add(tally)
        for failure in tally.failures:
            print(f"\r\033[K{failure}" if sys.stderr.isatty() else failure, flush=True)
        if sys.stderr.isatty():
            done = f"\r\033[K{total.counts['fact sets']:,} of {runs:,} fact sets"
            print(done, end="", file=sys.stderr, flush=True)
    if sys.stderr.isatty():
        print("\r\033[K", end="", file=sys.stderr)
    return total


@dataclass(frozen=True, slots=True)
class Task:
    """What one process does: count for these numbers."""

    work: Callable[[range], Iterator[Tally]]
    numbers: range


def run_all(tasks: Iterable[Task], jobs: int) -> Iterator[Tally]:
    """The tallies of all tasks, as they come. A process that dies (the library is written in C) or
    is silent for too long is a failure like any other, and keeps nobody waiting."""
    context = multiprocessing.get_context("spawn")
    waiting = list(reversed(list(tasks)))
    running: dict[Any, tuple[Any, Task, int, float]] = {}
    while waiting or running:
        while waiting and len(running) < jobs:
            task = waiting.pop()
            receiver, sender = context.Pipe(duplex=False)
            process = context.Process(target=_work, args=(task, sender), daemon=True)
            process.start()
            sender.close()
            running[receiver] = process, task, 0, monotonic()
        for receiver in cast("list[Any]", wait(list(running), timeout=1)):
            process, task, done, _ = running[receiver]
            try:
                yield receiver.recv()
                running[receiver] = process, task, done + 1, monotonic()
            except EOFError:
                process.join()
                del running[receiver]
                if process.exitcode:
                    yield from _died(task, done, f"exit code {process.exitcode}", waiting)
        for receiver, (process, task, done, since) in list(running.items()):
            if monotonic() - since > PATIENCE:
                process.kill()
                process.join()
                del running[receiver]
                yield from _died(task, done, f"silent for {PATIENCE} s", waiting)


def _work(task: Task, sender: Any) -> None:
    for tally in task.work(task.numbers):
        sender.send(tally)


def _died(task: Task, done: int, how: str, waiting: list[Task]) -> Iterator[Tally]:
    """A process ended before its task: note where, and leave the rest to another."""
    rest = task.numbers[done + 1 :]
    if rest:
        waiting.append(Task(task.work, rest))
    tally = Tally()
    number = task.numbers[done : done + 1]
    tally.fail("CRASH", f"--seed {number.start}", f"the process ended: {how}")
    yield tally


def _parts(numbers: range, size: int) -> Iterator[range]:
    for start in range(0, len(numbers), size):
        yield numbers[start : start + size]


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.differential")
    parser.add_argument("--runs", type=int, default=10_000, help="fact sets")
    parser.add_argument("--seed", type=int, default=1, help="the number of the first")
    parser.add_argument("--pack", default="random", help="random, a pack's name, or its folder")
    parser.add_argument("--jobs", type=int, default=2, help="processes")
    options = parser.parse_args(arguments)
    total = run(options.pack, options.runs, options.seed, options.jobs)
    counted = ", ".join(f"{count:,} {name}" for name, count in total.counts.items())
    print(
        f"{options.pack}: {counted}; {total.counts['DISAGREEMENT']} disagreements, "
        f"{len(total.failures)} failures"
    )
    return 1 if total.failures else 0


if __name__ == "__main__":
    sys.exit(main())
