"""The proofs of a pack, jurisdiction by jurisdiction, in this process or in several.

What rules of no jurisdiction decide by themselves is proved once, for all loans. For the rest the
loans of one jurisdiction after the other are looked at, among the rules that can apply there: that
is little each time, and every loan lies in one of them.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from engine.analysis.decision_faults import conflicts, has_hole, ungiven
from engine.analysis.effects import Effects
from engine.analysis.remembered import Remembered
from engine.analysis.rule_faults import Check, checks_of
from engine.evaluation.compiling import Compiled
from engine.evaluation.decide import Decider
from engine.evaluation.slices import ELSEWHERE, parts, places, within
from engine.garbage import unsearched
from engine.model import ALWAYS, Condition, Decision, Rule, Rulebase

Progress = Callable[[str], None]
Checks = dict[str, list[int]]
"""For each rule some of its checks, by their number."""


@dataclass(frozen=True, slots=True)
class Proved:
    """What is left to tell of a pack once its loans were looked at.

    ``rules``: for each rule the checks, by their number among its own, that no loan has cleared.
    ``ungiven``: decisions with the values that no loan was given. ``conflicts``: pairs of rules, by
    their ids, and ``holes``: decisions, that some loan was found for.
    """

    rules: Mapping[str, Sequence[int]]
    ungiven: frozenset[tuple[str, str]]
    conflicts: frozenset[tuple[str, str]]
    holes: frozenset[str]


@dataclass(slots=True)
class Looked:
    """What was seen among the loans of one part: the checks of rules that some loan clears and
    those that none does, the values given, by decision, conflicts and holes."""

    cleared: Checks = field(default_factory=dict)
    faulty: Checks = field(default_factory=dict)
    given: dict[str, list[str]] = field(default_factory=dict)
    conflicts: list[tuple[str, str]] = field(default_factory=list)
    holes: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Part:
    """Some loans, the decisions that are looked at among them, and the rules that can matter."""

    place: str
    there: Condition
    decisions: tuple[Decision, ...]
    rules: tuple[Rule, ...]

    @property
    def about(self) -> str:
        """What it is remembered by, beside its rules."""
        return " ".join([self.place, *(decision.name for decision in self.decisions)])


def prove(decider: Decider, progress: Progress = lambda step: None) -> Proved:
    """Look at all loans."""
    gathered = _Gathered(decider.rulebase)
    for part in _parts(decider.rulebase):
        progress(part.place or "what holds everywhere")
        gathered.add(_look(decider, part, gathered.checks, gathered.left))
    return gathered.proved()


def proving(
    rulebase: Rulebase, pool: Executor, jobs: int, memory: Remembered
) -> Callable[[Progress], Proved]:
    """The proofs of a pack under way in other processes; what is returned waits for the outcome.
    Parts that are remembered are not looked at again."""
    every = list(_parts(rulebase))
    gathered = _Gathered(rulebase)
    known: dict[int, Looked] = {}
    for number, part in enumerate(every):
        data = memory.load(part.about, part.rules)
        if data is not None:
            known[number] = _looked(data)
            gathered.add(known[number])
    new = [number for number in range(len(every)) if number not in known]
    running = [
        pool.submit(_looks, rulebase, share, gathered.left)
        for share in (new[n::jobs] for n in range(jobs))
        if share
    ]

    def outcome(progress: Progress) -> Proved:
        progress("the rules")
        for future in running:
            for number, looked in future.result().items():
                gathered.add(looked)
                memory.keep(every[number].about, every[number].rules, asdict(looked))
        decider = Decider(rulebase)
        for number, looked in known.items():
            part = every[number]
            if unasked := _unasked(part, gathered.left, looked):  # others cleared it at that time
                more = _look(decider, part, gathered.checks, unasked)
                gathered.add(more)
                looked.cleared = _together(looked.cleared, more.cleared)
                looked.faulty = _together(looked.faulty, more.faulty)
                memory.keep(part.about, part.rules, asdict(looked))
        return gathered.proved()

    return outcome


class _Gathered:
    """What was seen of the loans so far."""

    def __init__(self, book: Rulebase) -> None:
        self.checks = {rule.id: list(checks_of(rule, book)) for rule in book.rules}
        self.left = {name: list(range(len(own))) for name, own in self.checks.items()}
        self._ungiven = {(d.name, value) for d in book.decisions.values() for value in d.values}
        self._conflicts: set[tuple[str, str]] = set()
        self._holes: set[str] = set()

    def add(self, looked: Looked) -> None:
        """Strike out what some loan clears, and take up what is wrong."""
        for name, numbers in looked.cleared.items():
            self.left[name] = [n for n in self.left[name] if n not in numbers]
        self._ungiven -= {(name, v) for name, values in looked.given.items() for v in values}
        self._conflicts.update(looked.conflicts)
        self._holes.update(looked.holes)

    def proved(self) -> Proved:
        """What is left to tell."""
        found = (frozenset(self._conflicts), frozenset(self._holes))
        return Proved(self.left, frozenset(self._ungiven), *found)


def _looks(rulebase: Rulebase, chosen: Collection[int], left: Checks) -> dict[int, Looked]:
    """What is seen of some parts, by their number; ``left`` are the checks that are open yet."""
    with unsearched():  # diagrams hold no circles, and all of them are needed to the end
        decider, gathered = Decider(rulebase), _Gathered(rulebase)
        gathered.left = left
        found: dict[int, Looked] = {}
        for number, part in enumerate(_parts(rulebase)):
            if number in chosen:
                found[number] = _look(decider, part, gathered.checks, gathered.left)
                gathered.add(found[number])
        return found


def _look(
    decider: Decider,
    part: _Part,
    checks: Mapping[str, Sequence[Check]],
    left: Mapping[str, Sequence[int]],
) -> Looked:
    """Look at the loans of a part; of the checks of rules only those that are ``left``."""
    looked = Looked()
    compiled = _compiled(decider, part)
    for decision in part.decisions:
        effects = Effects(compiled, decision)
        looked.conflicts += conflicts(effects)
        if has_hole(effects):
            looked.holes.append(decision.name)
        without = set(ungiven(effects, decision.values))
        looked.given[decision.name] = [v for v in decision.values if v not in without]
        for number in effects.numbers:
            rule = effects.rule(number)
            if rule.jurisdiction in ("", part.place):
                for n in left.get(rule.id, ()):
                    wrong = checks[rule.id][n].fault(effects, number)
                    into = looked.faulty if wrong else looked.cleared
                    into.setdefault(rule.id, []).append(n)
    compiled.forest.forget()
    return looked


def _looked(data: Any) -> Looked:
    pairs = [(first, second) for first, second in data.pop("conflicts")]
    return Looked(**data, conflicts=pairs)


def _unasked(part: _Part, left: Mapping[str, Sequence[int]], looked: Looked) -> Checks:
    """The open checks that were not asked when a part was looked at."""
    names = {decision.name for decision in part.decisions}
    found: Checks = {}
    for rule in part.rules:
        if rule.decides in names and rule.jurisdiction in ("", part.place):
            asked = {*looked.cleared.get(rule.id, ()), *looked.faulty.get(rule.id, ())}
            if missing := [n for n in left[rule.id] if n not in asked]:
                found[rule.id] = missing
    return found


def _together(one: Checks, other: Checks) -> Checks:
    return {name: sorted({*one.get(name, ()), *other.get(name, ())}) for name in {**one, **other}}


def _parts(book: Rulebase) -> Iterator[_Part]:
    local: set[str] = {rule.decides for rule in book.rules if rule.jurisdiction}
    for decision in book.decisions.values():  # in requirement order
        if not local.isdisjoint(decision.requires):
            local.add(decision.name)
    alone = tuple(d for d in book.decisions.values() if d.name not in local)
    others = tuple(d for d in book.decisions.values() if d.name in local)
    yield _Part("", ALWAYS, alone, tuple(r for r in book.rules if r.decides not in local))
    if places(book):
        for place, there in parts(book):
            law = within(book, "" if place == ELSEWHERE else place)
            yield _Part(place, there, others, law.rules)


def _compiled(decider: Decider, part: _Part) -> Compiled:
    """The law of some loans, which counts for them alone."""
    fact = decider.rulebase.jurisdiction_fact
    wanted = decider.needed(decision.name for decision in part.decisions)
    if not part.place:
        return decider.compiled_for({}, wanted)
    compiled = decider.compiled_for({fact: part.place}, wanted)
    if fact not in compiled.level_of:
        return compiled  # no rule there asks for it
    here = compiled.compiler.condition(part.there)
    return replace(compiled, constraints=(*compiled.constraints, here))
