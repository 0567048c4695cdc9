"""New cases that complete the coverage: a real loan for every test that no case tries, few of them.

The outcome is never filled in. A case says what the engine now answers, in a comment, and is
refused until a person has confirmed that against the law and written it down.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from engine.analysis.cases import Case, found_words
from engine.analysis.coverage import Coverage, Target, lies_in
from engine.analysis.effects import Effects
from engine.analysis.loans import enough, known_facts
from engine.analysis.regions import complete, find_loan, is_empty
from engine.analysis.writing import case_text, written
from engine.evaluation.compiling import Compiled
from engine.evaluation.decide import Decider
from engine.evaluation.reach import Walk
from engine.evaluation.variables import FactVariable, SignVariable
from engine.model import Value
from engine.problems import InputError

MAX_CHANGED = 3
"""No existing case is changed in more facts than this; beyond, a loan is made from nothing."""
MAX_DECISIONS = 3
"""No new case asks for more decisions than this."""
MAX_NEIGHBOURS = 60
"""So many existing cases are tried as neighbours of a new one."""

NOT_FOUND = "no loan was found that would, nor could it be ruled out"
"""The reason where amounts are multiplied or divided, so that nothing can be proved of them."""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A new case: what it tries, its facts, the decisions to expect, and its text in YAML."""

    name: str
    targets: tuple[Target, ...]
    given: Mapping[str, Value]
    decisions: tuple[str, ...]
    text: str


@dataclass(frozen=True, slots=True)
class Impossible:
    """A test that no loan can try one way, and why."""

    target: Target
    reason: str


@dataclass(frozen=True, slots=True)
class Suggestions:
    """The cases that complete the coverage, and what none can."""

    cases: tuple[Suggestion, ...]
    impossible: tuple[Impossible, ...]


def suggest(decider: Decider, cases: Sequence[Case], coverage: Coverage) -> Suggestions:
    """A small set of cases that try what ``coverage`` misses; greedy, so that one case serves
    several tests, of a few decisions that a person can confirm at once."""
    compiled = decider.compiled
    finder = _Finder(decider, list(_existing(decider, cases)))
    loans = [loan for target in coverage.missing if (loan := finder.loan(target)) is not None]
    walks = [Walk(compiled, known_facts(decider.presumptions, loan.given)) for loan in loans]
    meets = [[t for t in coverage.missing if lies_in(walk, t.region)] for walk in walks]
    left = {target.key for target in coverage.missing}
    taken = {case.name for case in cases}
    chosen: list[Suggestion] = []
    while left:
        options = [_served(loan, met, left) for loan, met in zip(loans, meets, strict=True)]
        best = max(
            range(len(loans)), key=lambda i: (len(options[i]), -loans[i].changed), default=-1
        )
        if best < 0 or not options[best]:
            break
        left -= {target.key for target in options[best]}
        chosen.append(_written(decider, loans[best], options[best], taken))
    impossible = [Impossible(t, _reason(compiled, t)) for t in coverage.impossible]
    impossible += [Impossible(t, NOT_FOUND) for t in coverage.missing if t.key in left]
    return Suggestions(tuple(chosen), tuple(impossible))


def _served(loan: _Loan, met: Sequence[Target], left: set[tuple[object, ...]]) -> list[Target]:
    """What a loan would newly try: of its own decision, and of a few others that it tries most."""
    now = [target for target in met if target.key in left]
    count = Counter(target.rule.decides for target in now)
    own = loan.target.rule.decides
    order = sorted(count, key=lambda name: (name != own, -count[name]))[:MAX_DECISIONS]
    return [target for target in now if target.rule.decides in order]


# ---- loans ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Loan:
    """The facts of a new case, what it is for, and the existing case that it was made from, if any,
    with the number of facts stated anew."""

    target: Target
    given: Mapping[str, Value]
    neighbour: str = ""
    changed: int = 0


@dataclass(frozen=True, slots=True)
class _Existing:
    """A case with its typed facts."""

    case: Case
    given: Mapping[str, Value]
    presumed: Mapping[str, Value]
    walk: Walk


def _existing(decider: Decider, cases: Iterable[Case]) -> Iterator[_Existing]:
    for case in cases:
        if case.strict:
            continue
        try:
            record = decider.decide(case.given, only=(), verify=False)
        except InputError:
            continue
        presumed = {name: p.value for name, p in record.presumed.items()}
        yield _Existing(case, record.facts, presumed, Walk(decider.compiled, record.known))


class _Finder:
    """Looks for loans in a region, next to existing cases where it can."""

    def __init__(self, decider: Decider, existing: list[_Existing]) -> None:
        self._decider = decider
        self._compiled = decider.compiled
        self._existing = existing

    def loan(self, target: Target) -> _Loan | None:
        """A loan in the target: one whose outcome shows it, where there is one."""
        for region in dict.fromkeys((self._shown(target), target.region)):
            if found := self._neighbour(target, region):
                return found
            witness = find_loan(self._compiled, region)
            if witness is not None:
                return self._from_nothing(target, region, witness)
        return None

    def _shown(self, target: Target) -> int:
        """The part of a target where no exception hides whether the rule applies."""
        forest = self._compiled.forest
        decision = self._compiled.rulebase.decisions[target.rule.decides]
        effects = Effects(self._compiled, decision)
        exceptions = effects.overriders.get(target.rule.id, ())
        return forest.less(target.region, forest.any_of(map(effects.applies, exceptions)))

    def _neighbour(self, target: Target, region: int) -> _Loan | None:
        """The loan with the fewest facts stated anew, next to a case in which the rule applies
        where there is one."""
        applies = self._compiled.applies[target.rule.id]
        order = sorted(
            self._existing,
            key=lambda one: (
                not lies_in(one.walk, applies),
                all(e.decision.name != target.rule.decides for e in one.case.expected),
            ),
        )[:MAX_NEIGHBOURS]
        facts = self._facts_of(region)
        for count in range(MAX_CHANGED + 1):
            found: list[_Loan] = []
            for one in order:
                for names in combinations(facts, count):
                    if loan := self._changed(target, one, names, region):
                        if loan.changed <= 1:
                            return loan
                        found.append(loan)
            if found and count:
                return min(found, key=lambda loan: loan.changed)
        return None

    def _facts_of(self, region: int) -> list[str]:
        """The facts that a region asks for."""
        names: dict[str, None] = {}
        mask = self._compiled.forest.support(region)
        for level, variable in enumerate(self._compiled.variables):
            if mask >> level & 1:
                if isinstance(variable, FactVariable):
                    names[variable.name] = None
                elif isinstance(variable, SignVariable):
                    names.update(dict.fromkeys(sorted(variable.facts)))
        return list(names)

    def _changed(
        self, target: Target, one: _Existing, names: Sequence[str], region: int
    ) -> _Loan | None:
        """An existing case with other values for ``names``, so that it lies in the region."""
        known = {**one.given, **one.presumed}
        walk = Walk(self._compiled, {n: v for n, v in known.items() if n not in names})
        if walk.settle(region) == self._compiled.forest.false or not walk.possible():
            return None
        way = next(walk.ways(region, 1), None)
        witness = None if way is None else walk.numbers.witness(way)
        if witness is None:
            return None
        stated = {name: value for name, value in one.given.items() if name not in names}
        stated.update(witness)
        if not self._certain(stated, region):
            return None
        return _Loan(target, stated, one.case.name, len(witness))

    def _from_nothing(self, target: Target, region: int, witness: Mapping[str, Value]) -> _Loan:
        whole = complete(self._compiled, witness)
        short = _short(self._decider, (target.rule.decides,), witness, whole)
        return _Loan(target, short if self._certain(short, region) else whole, "", len(whole))

    def _certain(self, given: Mapping[str, Value], region: int) -> bool:
        walk = Walk(self._compiled, known_facts(self._decider.presumptions, given))
        return walk.possible() and lies_in(walk, region)


def _short(
    decider: Decider,
    decisions: Sequence[str],
    some: Mapping[str, Value],
    whole: Mapping[str, Value],
) -> dict[str, Value]:
    """Some facts of a loan with those more that the decisions ask for."""

    def asked(given: Mapping[str, Value]) -> Iterator[str]:
        for answer in decider.decide(given, only=decisions, verify=False).answers.values():
            yield from answer.ask

    return enough(decider.rulebase, asked, some, whole)


# ---- words ------------------------------------------------------------------------------------


def _written(
    decider: Decider, loan: _Loan, targets: Sequence[Target], taken: set[str]
) -> Suggestion:
    decisions = tuple(dict.fromkeys(target.rule.decides for target in targets))
    title = _name(decider, targets, taken)
    remarks = [f"tries {_words(decider, target)}, {target.place}" for target in targets]
    if loan.neighbour:
        remarks.append(f"next to the case: {loan.neighbour}")
    whole = complete(decider.compiled, known_facts(decider.presumptions, loan.given))
    given = _short(decider, decisions, loan.given, whole)
    record = decider.decide(given, only=decisions, verify=False)
    remarks += [
        f"the engine now says {name}: {found_words(answer)}"
        for name, answer in record.answers.items()
    ]
    remarks.append("Confirm against the law, then write it as expected.")
    text = case_text(title, given, remarks, decisions)
    return Suggestion(title, tuple(targets), given, decisions, text)


def _name(decider: Decider, targets: Sequence[Target], taken: set[str]) -> str:
    first, more = _words(decider, targets[0]), len(targets) - 1
    name = first + (f", and {more} more" if more else "")
    number = 1
    while name in taken:
        number += 1
        name = f"{first} ({number})"
    taken.add(name)
    return name


def _words(decider: Decider, target: Target) -> str:
    hangs = "holds" if target.holds else "fails"
    return f"{target.rule.id} {hangs} by `{written(target.test, decider.rulebase)}` alone"


def _reason(compiled: Compiled, target: Target) -> str:
    """Why no loan lies in a target."""
    if target.region == compiled.forest.false:
        return "the rule's other tests settle it already"
    for constraint, diagram in zip(
        compiled.rulebase.constraints, compiled.constraints, strict=True
    ):
        outside = compiled.forest.less(target.region, diagram)
        if outside == target.region:
            return f"the constraint `{constraint.name}` excludes it: {constraint.because}"
    if target.region and not is_empty(compiled, compiled.forest.true):
        return "the constraints together exclude it, or no amounts compare like that"
    return "no loan meets all constraints"
