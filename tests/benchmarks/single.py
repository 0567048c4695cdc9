"""One decision value a loan, 408 rules, one thread: this engine beside others, in one run.

    python -m tests.benchmarks.single [--loans N] [--rounds N]

Every engine decides the same loans (a slow one the first few of them) and must give the same
outcomes; the exit code is 1 when one does not.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.benchmarks import ours
from tests.benchmarks.peers import PEERS
from tests.benchmarks.synthetic import OPEN, expected, loans, rules, write_pack
from tests.benchmarks.timing import each, machine, progress, seconds, summary

SEED = 20091001
OURS = "this engine"
NAMED = ("CLIPS", "durable-rules", "ZEN", "json-logic", "rule-engine")
"""The peers that the project's bar names; any other is measured besides."""


@dataclass
class Entry:
    """One engine in one use, and what was measured of it."""

    name: str
    use: str
    form: str
    problem: str = ""
    decide: Callable[[Any], Any] | None = None
    own: Sequence[Any] = ()
    outcomes: list[str] = field(default_factory=list)
    best: float = float("inf")

    @property
    def speed(self) -> float:
        """Decisions a second, in the best round."""
        return len(self.own) / self.best


def entries(folder: Path, sample: Sequence[Any]) -> list[Entry]:
    """Ours and every peer, built, with the loans in the form that each takes."""
    result = [Entry(OURS, "whole", "the decision's diagram, typed facts")]
    result[0].decide = ours.one_value(folder)
    result[0].own = sample
    for peer in PEERS:
        progress(f"building {peer.name} ({peer.use})")
        entry = Entry(peer.name, peer.use, peer.form)
        result.append(entry)
        if not peer.installed:
            entry.problem = f"not installed (pip install {peer.package})"
            continue
        entry.decide = peer.build()
        count = min(len(sample), max(50, int(len(sample) * peer.share)))
        entry.own = [peer.own(loan) for loan in sample[:count]]
    return result


def measure(contestants: Sequence[Entry], rounds: int) -> None:
    """Warm each up, then time all of them in turn, ``rounds`` times; the best round counts."""
    ready = [(entry, entry.decide) for entry in contestants if entry.decide is not None]
    for entry, decide in ready:
        progress(f"warming up {entry.name} ({entry.use})")
        seconds(decide, entry.own[:200])
    for number in range(1, rounds + 1):
        for entry, decide in ready:
            progress(f"round {number} of {rounds}: {entry.name} ({entry.use})")
            time, values = seconds(decide, entry.own)
            entry.best = min(entry.best, time)
            entry.outcomes = [OPEN if value is None else value for value in values]
    progress("")


def wrong(contestants: Sequence[Entry], right: Sequence[str]) -> list[str]:
    """Which engines' outcomes are not the right ones, each in a sentence with the totals."""
    return [
        f"{entry.name} ({entry.use}): {totals(entry.outcomes)}, "
        f"should be {totals(right[: len(entry.own)])}"
        for entry in contestants
        if entry.decide is not None and entry.outcomes != list(right[: len(entry.own)])
    ]


def totals(outcomes: Sequence[str]) -> str:
    """The counts by outcome."""
    return ", ".join(f"{name} {count:,}" for name, count in sorted(Counter(outcomes).items()))


def table(contestants: Sequence[Entry]) -> list[str]:
    """The lines of the table, the fastest first, and what could not be measured last."""
    own = contestants[0]
    lines = [f"{'engine':<14} {'use':<9} {'loans':>7} {'decisions/s':>12} {'ours is':>9}  form"]
    done = sorted((e for e in contestants if e.decide), key=lambda e: -e.speed)
    for entry in done:
        ratio = f"{own.speed / entry.speed:,.1f} x" if own.decide and entry is not own else ""
        lines.append(
            f"{entry.name:<14} {entry.use:<9} {len(entry.own):>7,} {entry.speed:>12,.0f} "
            f"{ratio:>9}  {entry.form}"
        )
    lines += [f"{e.name:<14} {e.use:<9} {e.problem}" for e in contestants if not e.decide]
    if own.decide:
        for label, group in (
            ("the best peer that the bar names", [e for e in done if e.name.startswith(NAMED)]),
            ("the best peer of all", [e for e in done if e is not own]),
        ):
            if group:
                best = group[0]
                lines.append(
                    f"ours / {label}: {own.speed / best.speed:,.1f} ({best.name}, {best.use})"
                )
    return lines


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.single")
    parser.add_argument("--loans", type=int, default=20_000, help="loans for the fast engines")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args(arguments)
    sample = loans(options.loans, SEED)
    right = [expected(loan) for loan in sample]
    print(f"{len(rules())} rules, {options.loans:,} loans, best of {options.rounds}; {machine()}")
    print(f"outcomes: {totals(right)}")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "synthetic"
        write_pack(folder)
        contestants = entries(folder, sample)
        measure(contestants, options.rounds)
        print("\n".join(table(contestants)))
        decide = ours.verified(folder)
        each(decide, sample[:20])
        print(f"full verified decision with reasons: {summary(each(decide, sample[-300:]))}")
    faults = wrong(contestants, right)
    for fault in faults:
        print(f"WRONG OUTCOMES: {fault}")
    if not faults:
        print("all engines gave the same outcomes")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
