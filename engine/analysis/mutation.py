"""Mutation testing of the law: would the cases notice a slip of the pen?

Every mutant is laid over the law on the diagrams. One that changes no loan's outcome is equivalent
and doesn't count. One under which some case fails is killed; of the others, a loan that would have
shown the change is given.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, field, replace
from fractions import Fraction
from multiprocessing import get_context
from typing import Literal

from engine.analysis.cases import Case, CaseResult, failures, found_words
from engine.analysis.loans import enough, known_facts
from engine.analysis.mutants import Mutant, mutants, with_mutant
from engine.analysis.regions import complete, is_empty
from engine.analysis.versions import Version, version
from engine.analysis.writing import case_text
from engine.evaluation.compiling import Compiled, compile_in, refreshed
from engine.evaluation.facts import Presumptions
from engine.evaluation.reach import Walk
from engine.evaluation.record import Answer
from engine.evaluation.session import Session
from engine.evaluation.slices import ELSEWHERE, parts, place_of, places
from engine.evaluation.space import Space
from engine.model import Condition, OneOf, Rulebase, Value
from engine.problems import InputError

CHUNK = 120
"""So many mutants at most share a space and go to a process together."""
FEW = 200
"""With so few mutants no process is worth its start."""
MAX_WITNESSES = 200

Fate = Literal["killed", "survived", "equivalent"]
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Shown:
    """A loan that shows a mutant: its facts, the decision that differs, the answers in words under
    the law and under the mutant, and a case in YAML whose outcome a person has to write."""

    given: Mapping[str, Value]
    decision: str
    now: str
    then: str
    text: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of a mutant: the case that killed it, or the loan that would have. A survivor has
    no loan where none was found, though none could be ruled out."""

    mutant: Mutant
    fate: Fate
    killed_by: str = ""
    loan: Shown | None = None


@dataclass(frozen=True, slots=True)
class Mutation:
    """All mutants of a rulebase and their fates, in the order of the rules."""

    verdicts: tuple[Verdict, ...]

    def count(self, fate: Fate) -> int:
        """How many mutants met a fate."""
        return sum(verdict.fate == fate for verdict in self.verdicts)

    @property
    def survivors(self) -> tuple[Verdict, ...]:
        """The mutants that no case notices."""
        return tuple(verdict for verdict in self.verdicts if verdict.fate == "survived")

    @property
    def score(self) -> Fraction:
        """The share of the mutants that the cases kill, equivalent ones aside; 1 where there are
        none."""
        killed, survived = self.count("killed"), self.count("survived")
        return Fraction(killed, killed + survived) if killed + survived else Fraction(1)


@dataclass(frozen=True, slots=True)
class Trial:
    """A case that passes, with all that is known of its loan, and for each decision that it expects
    those that have to be found for it."""

    case: Case
    known: Mapping[str, Value]
    needs: Mapping[str, Sequence[str]]


def mutate(
    rulebase: Rulebase,
    results: Sequence[CaseResult],
    jobs: int | None = None,
    progress: Progress = lambda done, total: None,
) -> Mutation:
    """Try every mutant of a rulebase on the cases that pass.

    ``jobs`` is the number of processes, as many as there are processors unless it is given.
    ``progress`` is told how many mutants are done, of how many.
    """
    every = list(mutants(rulebase))
    trials = list(_trials(rulebase, results))
    workers = jobs or os.cpu_count() or 1
    if len(every) <= FEW:
        workers = 1
    size = max(1, min(CHUNK, -(-len(every) // (2 * workers))))
    chunks = list(_chunks(every, size))
    fates: dict[int, Verdict] = {}
    progress(0, len(every))
    for number, verdicts in _run(rulebase, trials, [_mutants(c) for c in chunks], workers):
        fates |= {
            place: verdict for (place, _), verdict in zip(chunks[number], verdicts, strict=True)
        }
        progress(len(fates), len(every))
    return Mutation(tuple(fates[number] for number in range(len(every))))


def _chunks(every: Sequence[Mutant], size: int) -> Iterator[list[tuple[int, Mutant]]]:
    """The mutants with their numbers, in portions of one jurisdiction each."""
    groups: dict[tuple[str, bool, str], list[tuple[int, Mutant]]] = {}
    for number, mutant in enumerate(every):
        of_file = len(mutant.rules) > 1
        key = mutant.within, of_file, mutant.about if of_file else ""
        groups.setdefault(key, []).append((number, mutant))
    for alike in groups.values():
        yield from (alike[i : i + size] for i in range(0, len(alike), size))


def _mutants(chunk: Iterable[tuple[int, Mutant]]) -> list[Mutant]:
    return [mutant for _, mutant in chunk]


def _trials(rulebase: Rulebase, results: Iterable[CaseResult]) -> Iterator[Trial]:
    for result in results:
        if result.record is None or not result.passed:
            continue
        case = result.case
        wanted = [expected.decision.name for expected in case.expected]
        needs = {name: rulebase.needed([name]) for name in wanted}
        yield Trial(case, result.record.known, needs)


def _run(
    rulebase: Rulebase, trials: list[Trial], chunks: list[list[Mutant]], workers: int
) -> Iterator[tuple[int, list[Verdict]]]:
    if workers == 1:
        for number, chunk in enumerate(chunks):
            yield number, judge(rulebase, trials, chunk)
        return
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        running = {
            pool.submit(judge, rulebase, trials, chunk): number
            for number, chunk in enumerate(chunks)
        }
        for done in as_completed(running):
            yield running[done], done.result()


# ---- one mutant -------------------------------------------------------------------------------


def judge(rulebase: Rulebase, trials: Sequence[Trial], chunk: Sequence[Mutant]) -> list[Verdict]:
    """The fates of some mutants that make a difference to the same jurisdictions.

    They are laid over the law of one jurisdiction after the other, each with its own cases, until
    some case notices. Cases whose jurisdiction is not known come last: they need the whole law."""
    known = set(places(rulebase))
    at: dict[str, list[Trial]] = {}
    for trial in trials:
        place = place_of(rulebase, trial.known) if known else ""
        at.setdefault(place if place in known or not place else ELSEWHERE, []).append(trial)
    fates = [Verdict(mutant, "equivalent") for mutant in chunk]

    def lay_over(place: str, there: OneOf | None, cases: Sequence[Trial]) -> None:
        left = [n for n, verdict in enumerate(fates) if verdict.fate != "killed"]
        if left:
            law, alive = _there(rulebase, place, [chunk[n] for n in left])
            bench = _bench(law, alive, there, cases)
            for n, mutant in zip(left, alive, strict=True):
                verdict = bench.verdict(mutant)
                if verdict.fate == "killed" or fates[n].fate == "equivalent":
                    fates[n] = replace(verdict, mutant=chunk[n])

    for place, there in parts(rulebase):
        if chunk[0].within in ("", place):
            lay_over(place, there, at.get(place, []))
    if known and (anywhere := at.get("")):
        lay_over("", None, anywhere)
    return fates


def _there(
    rulebase: Rulebase, place: str, chunk: Sequence[Mutant]
) -> tuple[Rulebase, list[Mutant]]:
    """The law of one jurisdiction with the rules that some mutants change, and the mutants with
    these rules' numbers there."""
    if not place:
        return rulebase, list(chunk)
    changed = {rule.id for mutant in chunk for rule in mutant.rules.values()}
    kept = [
        rule for rule in rulebase.rules if rule.jurisdiction in ("", place) or rule.id in changed
    ]
    number_of = {rule.id: number for number, rule in enumerate(kept)}
    return replace(rulebase, rules=tuple(kept)), [
        replace(mutant, rules={number_of[rule.id]: rule for rule in mutant.rules.values()})
        for mutant in chunk
    ]


def _bench(
    law: Rulebase, chunk: Sequence[Mutant], there: OneOf | None, trials: Sequence[Trial]
) -> _Bench:
    """The law of some loans in one space that knows all conditions of some mutants."""
    conditions: list[Condition] = [r.when for mutant in chunk for r in mutant.rules.values()]
    if there is not None:
        conditions.append(there)
    return _Bench(compile_in(Space([law], conditions), law, there=there), trials)


@dataclass(slots=True)
class _Bench:
    """The law with its diagrams, and the cases that try mutants of it."""

    base: Compiled
    trials: Sequence[Trial]
    rulebase: Rulebase = field(init=False)
    presumptions: Presumptions = field(init=False)

    def __post_init__(self) -> None:
        self.rulebase = self.base.rulebase
        self.presumptions = Presumptions(self.rulebase)

    def verdict(self, mutant: Mutant) -> Verdict:
        """What becomes of one mutant."""
        other = version(self.base, with_mutant(self.rulebase, mutant), mutant.rules)
        self.base = refreshed(self.base)
        nothing = self.base.forest.false
        if other.changed == nothing:
            return Verdict(mutant, "equivalent")
        killer, certain = self._killer(other)
        if killer and certain:
            return Verdict(mutant, "killed", killer)
        if is_empty(self.base, other.changed):
            return Verdict(mutant, "equivalent")
        if killer:
            return Verdict(mutant, "killed", killer)
        return Verdict(mutant, "survived", loan=self._shown(mutant, other))

    def _killer(self, other: Version) -> tuple[str, bool]:
        """A case that fails under the mutant, or an empty name; and whether it fails by its
        outcome, which no equivalent mutant can bring about, rather than by the rules it names.

        What the mutated rules decide themselves is looked at first: the diagrams of decisions that
        only rest on these take time to build."""
        affected = list(self._affected(other))
        for far in (False, True):
            for trial in affected:
                expected = tuple(
                    e
                    for e in trial.case.expected
                    if far or all(map(other.built, trial.needs[e.decision.name]))
                )
                if expected and self._fails(other, trial, replace(trial.case, expected=expected)):
                    return trial.case.name, True
        for trial in affected:
            if trial.case.by and self._fails(other, trial, trial.case, trial.case.by):
                return trial.case.name, False
        return "", False

    @staticmethod
    def _fails(other: Version, trial: Trial, case: Case, by: tuple[str, ...] = ()) -> bool:
        wanted = [expected.decision.name for expected in case.expected]
        answers = _answers(other.compiled(wanted), trial.known, wanted)
        return bool(failures(replace(case, by=by), answers))

    def _affected(self, other: Version) -> Iterator[Trial]:
        """The cases that the mutant may touch, those that it certainly touches first."""
        perhaps = []
        compiled = other.compiled(())
        for trial in self.trials:
            if all(other.direct.isdisjoint(needs) for needs in trial.needs.values()):
                continue
            node = Walk(compiled, trial.known).settle(other.touched)
            if node == compiled.forest.true:
                yield trial
            elif node != compiled.forest.false:
                perhaps.append(trial)
        yield from perhaps

    # ---- survivors ----------------------------------------------------------------------------

    def _shown(self, mutant: Mutant, other: Version) -> Shown | None:
        """A loan whose outcome the mutant changes."""
        walk = Walk(self.base, {})
        for steps in walk.ways(other.changed, MAX_WITNESSES):
            witness = walk.numbers.witness(steps)
            if witness is None:
                continue
            whole = complete(self.base, witness)
            decision = self._differing(other, whole)
            if decision:
                return self._loan(mutant, other, decision, witness, whole)
        return None

    def _differing(self, other: Version, known: Mapping[str, Value]) -> str:
        """The first decision whose outcome the mutant changes for some facts."""
        for name in sorted(other.direct, key=other.decisions.index):
            now, then = (self._answer(law, known, name) for law in (None, other))
            if (now.status, now.value) != (then.status, then.value):
                return name
        return ""

    def _answer(self, other: Version | None, known: Mapping[str, Value], decision: str) -> Answer:
        compiled = self.base if other is None else other.compiled([decision])
        return _answers(compiled, known, [decision])[decision]

    def _loan(
        self,
        mutant: Mutant,
        other: Version,
        decision: str,
        witness: Mapping[str, Value],
        whole: Mapping[str, Value],
    ) -> Shown:
        def asked(given: Mapping[str, Value]) -> Iterator[str]:
            known = known_facts(self.presumptions, given)
            if not Walk(self.base, known).possible():
                raise InputError([])
            for law in (None, other):
                yield from self._answer(law, known, decision).ask

        given = enough(self.rulebase, asked, witness, whole)
        if self._differing(other, known_facts(self.presumptions, given)) != decision:
            given = dict(whole)
        known = known_facts(self.presumptions, given)
        now, then = (found_words(self._answer(law, known, decision)) for law in (None, other))
        name = f"{mutant.about}: {mutant.what}"
        remarks = [
            f"kills the mutant at {mutant.place}, under which {decision} would be: {then}",
            f"the engine now says {decision}: {now}",
            "Confirm against the law, then write it as expected.",
        ]
        return Shown(given, decision, now, then, case_text(name, given, remarks, [decision]))


def _answers(
    compiled: Compiled, known: Mapping[str, Value], wanted: Sequence[str]
) -> dict[str, Answer]:
    session = Session(compiled, known)
    for name in compiled.rulebase.needed(wanted):
        session.find(compiled.rulebase.decisions[name])
    return {name: session.answer(name) for name in wanted}
