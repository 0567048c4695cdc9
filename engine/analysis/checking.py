"""A pack as a whole: is it well formed, and do its cases hold?"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.context import BaseContext
from pathlib import Path

from engine.analysis.case_files import sound_cases
from engine.analysis.cases import Case, CaseResult, run_cases
from engine.analysis.findings import AGEING, Finding
from engine.analysis.remembered import Remembered
from engine.analysis.sharing import begin, prove_and_run, read_in_parts
from engine.analysis.verify import verify
from engine.evaluation.decide import Decider
from engine.model import Rulebase
from engine.problems import InputError, Problem
from engine.reading.cache import load_cached
from engine.reading.overviews import read_overviews
from engine.reading.pack import load_pack
from engine.reading.packs import find_pack, shipped_packs

MANY = 300
"""With fewer rules no process is worth its start."""


@dataclass(frozen=True, slots=True)
class Checked:
    """What was found of one pack: problems of its files and failing cases, and what the proofs
    found. ``decider`` is None where the pack can't be read."""

    pack: str
    decider: Decider | None
    results: tuple[CaseResult, ...]
    problems: tuple[Problem, ...]
    findings: tuple[Finding, ...]

    @property
    def count(self) -> int:
        """How much there is to mend: problems, and findings that the pack does not accept, those
        aside that come with time."""
        open_ = [each for each in self.findings if not each.accepted and each.code not in AGEING]
        return len(self.problems) + len(open_)


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


def check_pack(name: str, progress: Callable[[str], None] = lambda step: None) -> Checked:
    """Read a pack, its cases and its overviews, run the cases, prove what can be proved of its
    rules, and collect whatever is wrong. ``progress`` is told what is being looked at.

    Raises ``Disagreement`` where the evaluators differ on a case.
    """
    try:
        rulebase = load_cached(name, load_pack)
    except InputError as error:
        return Checked(name, None, (), error.problems, ())
    decider = Decider(rulebase)
    if len(rulebase.rules) < MANY:
        cases, problems = _more(rulebase)
        findings = verify(decider, progress)
        progress("cases")
        results = run_cases(decider, cases)
    else:
        jobs = os.cpu_count() or 1
        with ProcessPoolExecutor(jobs, _context(), begin, (rulebase,)) as pool:
            read_in_parts(pool, jobs, rulebase)
            cases, problems = _more(rulebase)
            memory = Remembered(rulebase)
            proved, results = prove_and_run(pool, jobs, decider, cases, memory, progress)
        findings = verify(decider, progress, proved=proved)
    problems += failing(results)
    return Checked(name, decider, tuple(results), tuple(problems), tuple(findings))


def _context() -> BaseContext:
    """On Linux, where no other thread runs, a process begins as a copy of this one, with all that
    it has read; else as a new one."""
    alone = sys.platform == "linux" and threading.active_count() == 1
    return get_context("fork" if alone else "spawn")


def _more(rulebase: Rulebase) -> tuple[list[Case], list[Problem]]:
    """The cases of a pack, and what is wrong with them or with its overviews."""
    cases, problems = sound_cases(rulebase)
    try:
        read_overviews(rulebase)
    except InputError as error:
        problems += error.problems
    return cases, problems


def try_cases(name: str, text: str = "") -> tuple[Rulebase, list[CaseResult], list[Problem]]:
    """Run the cases of a pack in whose name or file ``text`` stands, whatever its case; and what is
    wrong with cases that can't be run, in any file.

    Raises ``InputError`` with the problems of the pack, ``Disagreement`` where evaluators differ.
    """
    rulebase = load_cached(name, load_pack)
    wanted = text.casefold()
    cases, problems = sound_cases(rulebase)
    chosen = [c for c in cases if wanted in f"{c.name}\n{c.place.file}".casefold()]
    return rulebase, run_cases(Decider(rulebase), chosen), problems


def failing(results: Iterable[CaseResult]) -> list[Problem]:
    """A problem for each case that failed."""
    return [
        Problem("failing-case", f"{r.case.name}: {'; '.join(r.failures)}", r.case.place)
        for r in results
        if not r.passed
    ]
