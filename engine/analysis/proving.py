"""The proofs of a pack, jurisdiction by jurisdiction.

What rules of no jurisdiction decide by themselves is proved once, for all loans. For the rest the
loans of one jurisdiction after the other are looked at, among the rules that can apply there: that
is little each time, and every loan lies in one of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from engine.analysis.decision_faults import conflicts, has_hole, ungiven
from engine.analysis.effects import Effects
from engine.analysis.rule_faults import Check, checks_of
from engine.evaluation.compiling import Compiled, compile_rulebase
from engine.evaluation.decide import Decider
from engine.evaluation.slices import ELSEWHERE, parts, places, within
from engine.model import Decision, OneOf, Rule, Rulebase

T = TypeVar("T")
Progress = Callable[[str], None]
EVERYWHERE = "what holds everywhere"
Checks = dict[str, list[int]]
"""For each rule some of its checks, by their number."""
Values = dict[str, list[str]]
"""For each decision some of its values."""


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
class Open:
    """What no loan has cleared yet: the checks of rules, and the values that none was given."""

    checks: Checks = field(default_factory=dict)
    values: Values = field(default_factory=dict)


@dataclass(slots=True)
class Looked:
    """What was seen among the loans of one part: of the checks of rules those that some loan clears
    and those that none does, of the values those that some loan is given and those that none is,
    conflicts and holes."""

    cleared: Checks = field(default_factory=dict)
    faulty: Checks = field(default_factory=dict)
    given: Values = field(default_factory=dict)
    kept_back: Values = field(default_factory=dict)
    conflicts: list[tuple[str, str]] = field(default_factory=list)
    holes: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Part:
    """Some loans, the decisions that are looked at among them, and the rules that can matter."""

    place: str
    there: OneOf | None
    decisions: tuple[Decision, ...]
    rules: tuple[Rule, ...]

    @property
    def about(self) -> str:
        """What it is remembered by, beside its rules."""
        return " ".join([self.place, *(decision.name for decision in self.decisions)])


def prove(decider: Decider, progress: Progress = lambda step: None) -> Proved:
    """Look at all loans."""
    gathered = Gathered(decider.rulebase)
    for part in parts_of(decider.rulebase):
        progress(part.place or EVERYWHERE)
        gathered.add(look(compiled_of(decider, part), part, gathered.checks, gathered.open))
    return gathered.proved()


class Gathered:
    """What was seen of the loans so far."""

    def __init__(self, book: Rulebase) -> None:
        self.checks = checks_in(book)
        self.open = Open(
            {name: list(range(len(own))) for name, own in self.checks.items()},
            {decision.name: list(decision.values) for decision in book.decisions.values()},
        )
        self._conflicts: set[tuple[str, str]] = set()
        self._holes: set[str] = set()

    def add(self, looked: Looked) -> None:
        """Strike out what some loan clears, and take up what is wrong."""
        for name, numbers in looked.cleared.items():
            self.open.checks[name] = [n for n in self.open.checks[name] if n not in numbers]
        for name, values in looked.given.items():
            self.open.values[name] = [v for v in self.open.values[name] if v not in values]
        self._conflicts.update(looked.conflicts)
        self._holes.update(looked.holes)

    def proved(self) -> Proved:
        """What is left to tell."""
        ungiven = ((name, v) for name, values in self.open.values.items() for v in values)
        found = (frozenset(self._conflicts), frozenset(self._holes))
        return Proved(self.open.checks, frozenset(ungiven), *found)


def checks_in(book: Rulebase) -> dict[str, list[Check]]:
    """The checks of each rule."""
    return {rule.id: list(checks_of(rule, book)) for rule in book.rules}


def look(
    compiled: Compiled, part: Part, checks: Mapping[str, Sequence[Check]], left: Open
) -> Looked:
    """Look at the loans of a part; of the checks and values only at those that are ``left``."""
    looked = Looked()
    for decision in part.decisions:
        effects = Effects(compiled, decision)
        looked.conflicts += conflicts(effects)
        if has_hole(effects):
            looked.holes.append(decision.name)
        if wanted := left.values.get(decision.name):
            without = looked.kept_back[decision.name] = list(ungiven(effects, wanted))
            looked.given[decision.name] = [v for v in wanted if v not in without]
        for number in effects.numbers:
            rule = effects.rule(number)
            if _is_of(rule, part):
                for n in left.checks.get(rule.id, ()):
                    wrong = checks[rule.id][n].fault(effects, number)
                    into = looked.faulty if wrong else looked.cleared
                    into.setdefault(rule.id, []).append(n)
    compiled.forest.forget()
    return looked


def looked_of(data: Any) -> Looked:
    """What was seen, from what was kept of it."""
    pairs = [(first, second) for first, second in data.pop("conflicts")]
    return Looked(**data, conflicts=pairs)


def seen_later(looked: Looked, more: Looked) -> None:
    """Add to what was seen of a part what was asked of it later."""
    looked.cleared = _together(looked.cleared, more.cleared)
    looked.faulty = _together(looked.faulty, more.faulty)
    looked.given = _together(looked.given, more.given)
    looked.kept_back = _together(looked.kept_back, more.kept_back)


def unasked(part: Part, left: Open, looked: Looked) -> Open:
    """What is open and was not asked when a part was looked at."""
    names = {decision.name for decision in part.decisions}
    about = [rule.id for rule in part.rules if rule.decides in names and _is_of(rule, part)]
    return Open(
        _missing(about, left.checks, _together(looked.cleared, looked.faulty)),
        _missing(names, left.values, _together(looked.given, looked.kept_back)),
    )


def _is_of(rule: Rule, part: Part) -> bool:
    return rule.jurisdiction in ("", part.place)


def _missing(
    names: Iterable[str], left: dict[str, list[T]], asked: dict[str, list[T]]
) -> dict[str, list[T]]:
    return {
        name: missing
        for name in names
        if (missing := [each for each in left[name] if each not in asked.get(name, ())])
    }


def _together(one: dict[str, list[T]], other: dict[str, list[T]]) -> dict[str, list[T]]:
    return {name: [*one.get(name, ()), *other.get(name, ())] for name in {**one, **other}}


def parts_of(book: Rulebase) -> Iterator[Part]:
    """All loans, in parts."""
    local = book.resting_on(rule.decides for rule in book.rules if rule.jurisdiction)
    alone = tuple(d for d in book.decisions.values() if d.name not in local)
    others = tuple(d for d in book.decisions.values() if d.name in local)
    yield Part("", None, alone, tuple(r for r in book.rules if r.decides not in local))
    if places(book):
        for place, there in parts(book):
            law = within(book, "" if place == ELSEWHERE else place)
            yield Part(place, there, others, law.rules)


def compiled_of(decider: Decider, part: Part) -> Compiled:
    """The law of some loans, which counts for them alone."""
    book, wanted = decider.rulebase, decider.needed(decision.name for decision in part.decisions)
    if part.there is None:
        return decider.compiled_for({}, wanted)
    law = within(book, "" if part.place == ELSEWHERE else part.place)
    return compile_rulebase(law, None, wanted, part.there)
