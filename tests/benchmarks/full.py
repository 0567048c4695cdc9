"""One whole decision: every decision of a pack, by both evaluators, with reasons.

    python -m tests.benchmarks.full [PACK...] [--loans N]

``PACK`` is a folder, or the name of one under ``rules/``; the primer if none is named. What is
measured are loans that were not decided before, after as many others (of a large pack: of its cases,
and the example loans with other amounts and days), so that the diagrams they need are there.
"""

from __future__ import annotations

import argparse
import datetime
import random
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import cycle, islice
from pathlib import Path
from time import perf_counter

from engine import Decider
from engine.analysis.case_files import read_cases
from engine.evaluation.facts import read_facts
from engine.model import Rulebase
from engine.problems import InputError
from engine.reading.loans import Loan, read_loans
from tests.benchmarks import ours
from tests.benchmarks.timing import each, machine, summary
from tests.random_packs import Sampler

ROOT = Path(__file__).parents[2]
MANY = 50
"""Random facts of a pack with more than so many would contradict one another."""
KINDS = {"complete": 0.0, "a third of the facts missing": 1 / 3}


def report(folder: Path, count: int) -> list[str]:
    """What was measured of one pack, in lines."""
    start = perf_counter()
    pack = ours.load(folder)
    loaded = perf_counter() - start
    rulebase = ours.model(pack)
    lines = [
        f"{rulebase.name}: {len(rulebase.rules)} rules, {len(rulebase.decisions)} decisions, "
        f"{len(rulebase.facts)} facts; read in {loaded * 1_000:.0f} ms"
    ]
    if len(rulebase.facts) < MANY:
        start = perf_counter()
        counts = ours.node_counts(pack)
        built = perf_counter() - start
        largest = ", ".join(
            f"{name} {nodes:,}" for name, nodes in sorted(counts.items(), key=lambda i: -i[1])[:5]
        )
        lines.append(f"  diagrams built in {built * 1_000:.0f} ms; most nodes: {largest}")
    rng = random.Random(7)
    for kind, missing in KINDS.items():
        sample = list(islice(_loans(pack, rng, missing), 2 * count))
        if kind == "complete":
            first = each(pack.decide, sample[:1])[0]
            lines.append(f"  first decision (the networks are built): {first:.0f} ms")
        each(pack.decide, sample[1:count])
        lines.append(f"  {kind}: {summary(each(pack.decide, sample[count:]))}")
    examples = ROOT / "examples" / rulebase.name
    if examples.is_dir():
        read = (loan for path in sorted(examples.glob("*.yaml")) for loan in read_loans(str(path)))
        loans = [loan.data for loan in read if isinstance(loan, Loan)]
        each(pack.decide, loans)
        varied = list(islice(_varied(rulebase, loans, rng), count))
        lines.append(f"  ordinary loans: {summary(each(pack.decide, varied))}")
    return lines


def _varied(
    book: Rulebase, loans: Sequence[Mapping[str, object]], rng: random.Random
) -> Iterator[Mapping[str, object]]:
    """Loans with other amounts and days, as far as they go together."""
    while True:
        given, factor, days = rng.choice(loans), rng.uniform(0.8, 1.25), rng.randrange(-60, 60)
        loan = dict(given)
        for name, value in read_facts(book, given).items():
            if book.facts[name].type == "money":
                loan[name] = round(float(str(value)) * factor * rng.uniform(0.97, 1.03), 2)
            elif isinstance(value, datetime.date):
                loan[name] = value + datetime.timedelta(days=days)
        with suppress(InputError):
            read_facts(book, loan)
            yield loan


def _loans(pack: Decider, rng: random.Random, missing: float) -> Iterator[Mapping[str, object]]:
    """Random facts; of a large pack, where random facts contradict one another, those of its cases
    that name their jurisdiction and the kind of loan, a part of the others left out."""
    book = pack.rulebase
    if len(book.facts) < MANY:
        sampler = Sampler(book)
        while True:
            yield sampler.draw(rng, missing)
    head = {book.jurisdiction_fact, book.section_fact}
    cases = [case.given for case in read_cases(book) if head <= case.given.keys()]
    rng.shuffle(cases)
    for given in cycle(cases):
        yield {n: value for n, value in given.items() if n in head or rng.random() >= missing}


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.full")
    parser.add_argument("packs", nargs="*", default=["primer"])
    parser.add_argument("--loans", type=int, default=500)
    options = parser.parse_args(arguments)
    print(f"every decision, both evaluators, with reasons; {machine()}")
    for name in options.packs:
        folder = Path(name) if Path(name).is_dir() else ROOT / "rules" / name
        print("\n".join(report(folder, options.loans)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
