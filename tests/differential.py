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
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

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
SETS_OF_A_TASK = 500

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


def run_random(seeds: Sequence[int]) -> Tally:
    """Random packs by their numbers; to be called in a process of its own."""
    tally = Tally()
    for seed in seeds:
        rules = rulebase(seed)
        tally.counts["packs"] += 1
        where = f"--pack random --seed {seed} --runs {SETS_OF_A_PACK}"
        try:
            decider = Decider(rules)
        except Exception:
            tally.fail("CRASH", where, traceback.format_exc())
            continue
        sampler = Sampler(rules)
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
    return tally


_named: dict[str, tuple[Decider, Sampler]] = {}


def run_named(task: tuple[str, Sequence[int]]) -> Tally:
    """Fact sets of the pack in a folder, by their numbers."""
    folder, numbers = task
    if folder not in _named:
        decider = load(folder)
        _named[folder] = decider, Sampler(decider.rulebase)
    decider, sampler = _named[folder]
    tally = Tally()
    for number in numbers:
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
    return tally


def _thin(complete: Mapping[str, Value], rng: random.Random, number: int) -> dict[str, Value]:
    """Every third fact set loses facts: few of them or most."""
    if number % 3:
        return dict(complete)
    missing = rng.choice((0.1, 0.3, 0.5, 0.9))
    return {name: value for name, value in complete.items() if rng.random() >= missing}


def run(pack: str, runs: int, seed: int, jobs: int) -> Tally:
    """``runs`` fact sets, spread over ``jobs`` processes."""
    context = multiprocessing.get_context("spawn")
    total = Tally()
    if pack == "random":
        packs = range(seed, seed + -(-runs // SETS_OF_A_PACK))
        tasks: list[Any] = list(_parts(packs, min(PACKS_OF_A_PROCESS, -(-len(packs) // jobs))))
        function: Any = run_random
    else:
        folder = Path(pack) if Path(pack).is_dir() else ROOT / "rules" / pack
        tasks = [(str(folder), part) for part in _parts(range(seed, seed + runs), SETS_OF_A_TASK)]
        function = run_named
    per_process = 1 if pack == "random" else None
    with context.Pool(min(jobs, len(tasks)) or 1, maxtasksperchild=per_process) as pool:
        for tally in pool.imap_unordered(function, tasks):
            total.add(tally)
            for failure in tally.failures:
                print(f"\r\033[K{failure}" if sys.stderr.isatty() else failure, flush=True)
            if sys.stderr.isatty():
                done = f"\r\033[K{total.counts['fact sets']:,} of {runs:,} fact sets"
                print(done, end="", file=sys.stderr, flush=True)
    if sys.stderr.isatty():
        print("\r\033[K", end="", file=sys.stderr)
    return total


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
