"""A pack as a whole: is it well formed, and do its cases hold?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from engine.analysis.cases import CaseResult, read_cases, run_cases
from engine.evaluation.decide import Decider
from engine.model import Rulebase
from engine.problems import InputError, Problem
from engine.reading.pack import find_pack, load_pack, shipped_packs


@dataclass(frozen=True, slots=True)
class Checked:
    """What was found of one pack. ``rulebase`` is None where the pack can't be read."""

    pack: str
    rulebase: Rulebase | None
    results: tuple[CaseResult, ...]
    problems: tuple[Problem, ...]


def chosen_packs(names: Sequence[str]) -> list[str]:
    """The packs meant: those named, else the one in the working folder, else all shipped ones.

    Raises ``InputError`` for a name without a pack.
    """
    if not names:
        return ["."] if Path("pack.yaml").is_file() else shipped_packs()
    problems: list[Problem] = []
    for name in names:
        try:
            find_pack(name)
        except InputError as error:
            problems.extend(error.problems)
    if problems:
        raise InputError(problems)
    return list(names)


def check_pack(name: str) -> Checked:
    """Read a pack and its cases, run the cases, and collect whatever is wrong.

    Raises ``Disagreement`` where the evaluators differ on a case.
    """
    try:
        rulebase = load_pack(name)
    except InputError as error:
        return Checked(name, None, (), error.problems)
    try:
        cases = read_cases(rulebase)
    except InputError as error:
        return Checked(name, rulebase, (), error.problems)
    results = tuple(run_cases(Decider(rulebase), cases))
    return Checked(name, rulebase, results, tuple(map(_failing, _failed(results))))


def try_cases(name: str, text: str = "") -> tuple[Rulebase, list[CaseResult]]:
    """Run the cases of a pack in whose name or file ``text`` stands, whatever its case.

    Raises ``InputError`` with the problems of the pack, ``Disagreement`` where evaluators differ.
    """
    rulebase = load_pack(name)
    wanted = text.casefold()
    cases = [
        case
        for case in read_cases(rulebase)
        if wanted in f"{case.name}\n{case.place.file}".casefold()
    ]
    return rulebase, run_cases(Decider(rulebase), cases)


def _failed(results: Sequence[CaseResult]) -> list[CaseResult]:
    return [result for result in results if not result.passed]


def _failing(result: CaseResult) -> Problem:
    case = result.case
    return Problem("failing-case", f"{case.name}: {'; '.join(result.failures)}", case.place)
