"""How many questions an interview asks, and how long it thinks before each.

python -m tests.benchmarks.interview

A person who knows what a complete fact file says, and nothing else, answers ``recourse ask``: once
for each file in examples/ (the primer) and examples/us/ (the law).
"""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

from engine import Decider, Record, load
from engine.analysis.interview import Interview, next_question
from engine.problems import InputError
from engine.reading.loans import read_loans
from tests.benchmarks.timing import machine, summary

EXAMPLES = Path(__file__).parents[2] / "examples"
FILES = {"primer": EXAMPLES, "us": EXAMPLES / "us"}
INCOMPLETE = "incomplete.yaml"
"""An example of a file with gaps: nobody who answers from it comes to an end."""


@dataclass(frozen=True, slots=True)
class Held:
    """One interview that was held: the facts asked for, those that the person did not know, how
    long each question took to be found (in milliseconds), and what was decided."""

    name: str
    asked: tuple[str, ...]
    unknown: tuple[str, ...]
    times: tuple[float, ...]
    record: Record


def hold(decider: Decider, name: str, facts: Mapping[str, object]) -> Held:
    """Interview a person who knows these facts about the pack's main decisions."""
    rulebase = decider.rulebase
    interview = Interview(decider, rulebase.main or tuple(rulebase.decisions), {})
    asked: list[str] = []
    times: list[float] = []
    while True:
        start = perf_counter()
        question = next_question(interview)
        times.append((perf_counter() - start) * 1_000)
        if question is None:
            unknown = tuple(name for name in asked if name in interview.unknown)
            return Held(name, tuple(asked), unknown, tuple(times), interview.record(verify=True))
        fact = question.fact.name
        value = facts.get(fact)
        asked.append(fact)
        interview = interview.passed(fact) if value is None else interview.told(fact, value)


def interviews(pack: str) -> Iterator[Held]:
    """An interview for each complete loan of the examples of a pack."""
    decider = load(pack)
    for path in sorted(FILES[pack].iterdir()):
        if path.suffix in (".yaml", ".jsonl") and path.name != INCOMPLETE:
            for loan in read_loans(str(path)):
                if isinstance(loan, InputError):
                    raise loan
                yield hold(decider, loan.name.removeprefix(f"{EXAMPLES}/"), loan.data)


def main() -> None:
    print(f"questions of an interview about the main decisions; {machine()}")
    for pack in FILES:
        held = list(interviews(pack))
        print(f"\n{pack}")
        for each in held:
            marked = (f"{name}?" if name in each.unknown else name for name in each.asked)
            print(f"{len(each.asked):4}  {each.name:<30} {', '.join(marked)}")
        average = statistics.mean(len(each.asked) for each in held)
        print(f"{average:4.1f}  on average over {len(held)} loans")
        print(f"      a question is found in: {summary([t for each in held for t in each.times])}")


if __name__ == "__main__":
    main()
