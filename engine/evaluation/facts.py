"""From plain data to the facts of one loan: typed, free of contradiction, with presumptions."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from engine.evaluation.conditions import Test, holds, test_of, test_of_all
from engine.memory import MANY_PACKS, Made, Memory
from engine.model import (
    All,
    AnyOf,
    Compare,
    Condition,
    Constraint,
    Not,
    OneOf,
    Presumption,
    Rulebase,
    Term,
    TermHolds,
    Value,
)
from engine.problems import NOWHERE, InputError, Place, Problem, likely
from engine.trees import names_of
from engine.values import ValueFault, read_fact

MANY_KINDS = 4_000
"""Of so many kinds of loan and sets of facts it is remembered what may be presumed."""

Locate = Callable[[str, bool], tuple[Place, str]]
"""The place of a fact's value (or, with True, of its name) and the text of that line."""


def _nowhere(name: str, key: bool) -> tuple[Place, str]:
    return NOWHERE, ""


def read_facts(
    rulebase: Rulebase, data: Mapping[str, object], locate: Locate = _nowhere
) -> dict[str, Value]:
    """Typed facts from plain data; a null value is a fact that is not given.

    Raises ``InputError`` with every problem: unknown facts, values that don't fit, and facts that
    contradict one another (the constraint is named).
    """
    problems: list[Problem] = []
    facts: dict[str, Value] = {}
    for name, value in data.items():
        fact = rulebase.facts.get(name)
        if fact is None:
            where, line = locate(name, True)
            problems.append(_unknown(rulebase, str(name), where, line))
        elif value is not None:
            try:
                facts[name] = read_fact(fact, value)
            except ValueFault as fault:
                where, line = locate(name, False)
                problems.append(
                    Problem(fault.code, fault.message, where, fault.hint, line_text=line)
                )
    problems.extend(contradictions(rulebase, facts, locate))
    if problems:
        raise InputError(problems)
    return facts


def _unknown(rulebase: Rulebase, name: str, where: Place, line: str) -> Problem:
    if name in rulebase.decisions:
        return Problem(
            "unknown-fact",
            f"`{name}` is a decision: the engine answers it",
            where,
            "leave it out of the facts",
            line_text=line,
        )
    if name in rulebase.terms:
        return Problem(
            "unknown-fact",
            f"`{name}` is a term: it follows from other facts",
            where,
            "leave it out of the facts",
            line_text=line,
        )
    hint = likely(name, rulebase.facts) or "`recourse facts` lists them"
    if name.isdigit():  # a comma in `{price: 150,000}` has made a name of it
        hint = "write 150,000 as 150000 or 150_000, or in quotes"
    return Problem("unknown-fact", f"no fact is called `{name}`", where, hint, line_text=line)


def contradictions(
    rulebase: Rulebase, facts: Mapping[str, Value], locate: Locate = _nowhere
) -> list[Problem]:
    """A problem for each constraint that these facts certainly break."""
    found = []
    for constraint, test, tied in _breakable(rulebase):
        if tied <= facts.keys() and test(facts) is False:
            names = names_of(constraint.when, lambda term: rulebase.terms[term].when)
            involved = [name for name in dict.fromkeys(names) if name in facts]
            where, line = locate(involved[-1], False) if involved else (NOWHERE, "")
            found.append(
                Problem(
                    "contradictory-facts",
                    f"{_together(involved)} can't go together: {constraint.because}",
                    where,
                    f"constraint `{constraint.name}`",
                    line_text=line,
                )
            )
    return found


_Breakable = Sequence[tuple[Constraint, Test, frozenset[str]]]
"""Constraints, each with its test and the facts without which it can't be broken."""

_known = Made[Mapping[str, Term], Made[tuple[Constraint, ...], _Breakable]](MANY_PACKS)
"""By a pack's terms and its constraints, which its parts share."""


def _breakable(rulebase: Rulebase) -> _Breakable:
    def made(constraints: Iterable[Constraint]) -> _Breakable:
        return [(c, test_of(c.when, rulebase), _tied(c.when, False, rulebase)) for c in constraints]

    return _known.of(rulebase.terms, lambda _: Made(MANY_PACKS)).of(rulebase.constraints, made)


def _together(names: list[str]) -> str:
    quoted = [f"`{name}`" for name in names]
    return " and ".join([", ".join(quoted[:-1]), quoted[-1]] if len(quoted) > 1 else quoted)


def constraints_by_fact(rulebase: Rulebase) -> dict[str, tuple[Constraint, ...]]:
    """For each fact the constraints that speak of it."""
    found: dict[str, tuple[Constraint, ...]] = {}
    for constraint in rulebase.constraints:
        names = names_of(constraint.when, lambda term: rulebase.terms[term].when)
        for name in dict.fromkeys(names):
            found[name] = (*found.get(name, ()), constraint)
    return found


def presume(rulebase: Rulebase, given: Mapping[str, Value]) -> dict[str, Presumption]:
    """What the law presumes beside the given facts of one loan (see ``Presumptions``)."""
    return Presumptions(rulebase).beside(given)


@dataclass(frozen=True, slots=True)
class _Apt:
    """A presumption, as far as it is still open for loans of one jurisdiction and kind."""

    presumption: Presumption
    test: Test | None
    """What must hold for it."""
    facts: frozenset[str]
    """Facts without which that can't hold."""
    constraints: tuple[tuple[Test, frozenset[str]], ...]
    """The constraints that it could break, each with the facts without which it can't."""


class Presumptions:
    """The presumptions of a pack, ready for many loans. Safe to use from several threads."""

    def __init__(self, rulebase: Rulebase) -> None:
        self._rulebase = rulebase
        self._heads = rulebase.jurisdiction_fact, rulebase.section_fact
        self._constraints = constraints_by_fact(rulebase)
        self._apt: dict[tuple[Value | None, ...], list[_Apt]] = {}
        self._few = Memory[list[_Apt]](MANY_KINDS)

    @cached_property
    def _anywhere(self) -> Mapping[int, _Apt | None]:
        """By their place, those of which jurisdiction and kind of loan settle nothing."""
        return {
            n: _apt(each, self._constraints.get(each.fact, ()), {}, self._rulebase)
            for n, each in enumerate(self._rulebase.presumptions)
            if not self._speaks_of(each, self._heads)
        }

    def beside(
        self, given: Mapping[str, Value], among: frozenset[str] | None = None
    ) -> dict[str, Presumption]:
        """What is presumed beside the given facts: in the order of the pack, each presumption whose
        fact is not known yet and whose condition certainly holds; none that would break a
        constraint. With ``among``, only of those facts: all on which what is presumed of them hangs
        must be there (``Relevance``)."""
        known = dict(given)
        presumed: dict[str, Presumption] = {}
        names = known.keys()
        for apt in self._open_for(tuple(map(given.get, self._heads)), among):
            presumption = apt.presumption
            name = presumption.fact
            if name in known or (apt.facts and not apt.facts <= names):
                continue
            if apt.test is not None and not apt.test(known):
                continue
            known[name] = presumption.value
            for test, facts in apt.constraints:
                if facts <= names and test(known) is False:
                    del known[name]
                    break
            else:
                presumed[name] = presumption
        return presumed

    def _open_for(
        self, heads: tuple[Value | None, ...], among: frozenset[str] | None
    ) -> list[_Apt]:
        """The presumptions that are open for loans of a jurisdiction and a kind."""
        every = self._apt.get(heads)
        if every is None:
            every = self._apt[heads] = list(self._open(heads))
        if among is None:
            return every
        few = self._few.find((heads, among))
        if few is None:
            few = self._few.keep(
                (heads, among), [apt for apt in every if apt.presumption.fact in among]
            )
        return few

    def _open(self, heads: Sequence[Value | None]) -> Iterator[_Apt]:
        rulebase = self._rulebase
        pairs = zip(self._heads, heads, strict=True)
        known = {fact: value for fact, value in pairs if value is not None}
        for n, each in enumerate(rulebase.presumptions):
            if n in self._anywhere:
                apt = self._anywhere[n]
            else:
                apt = _apt(each, self._constraints.get(each.fact, ()), known, rulebase)
            if apt is not None:
                yield apt

    def _speaks_of(self, presumption: Presumption, facts: Collection[str]) -> bool:
        """Whether the condition of a presumption, or a constraint that it could break, does."""
        tied = self._constraints.get(presumption.fact, ())
        terms = self._rulebase.terms
        return any(
            name in facts
            for when in (presumption.when, *(constraint.when for constraint in tied))
            for name in names_of(when, lambda term: terms[term].when)
        )


def _apt(
    presumption: Presumption,
    constraints: Iterable[Constraint],
    known: Mapping[str, Value],
    rulebase: Rulebase,
) -> _Apt | None:
    """A presumption as far as it is open where some facts are known; None where it can't hold."""
    when = presumption.when
    parts = when.parts if isinstance(when, All) else (when,)
    settled = [holds(part, known, rulebase) for part in parts]
    if False in settled:
        return None
    left = tuple(part for part, held in zip(parts, settled, strict=True) if not held)
    after = {**known, presumption.fact: presumption.value}
    return _Apt(
        presumption,
        test_of_all(left, rulebase) if left else None,
        _tied(when, True, rulebase),
        tuple(
            (test_of(c.when, rulebase), _tied(c.when, False, rulebase))
            for c in constraints
            if holds(c.when, after, rulebase) is not True
        ),
    )


def _tied(condition: Condition, outcome: bool, rulebase: Rulebase) -> frozenset[str]:
    """Facts without which a condition can't certainly have an outcome."""
    match condition:
        case OneOf(name, _, _):
            return frozenset({name})
        case Compare(name, _, _, limit_name):
            return frozenset({name} if limit_name is None else {name, limit_name})
        case TermHolds(name):
            return _tied(rulebase.terms[name].when, outcome, rulebase)
        case Not(part):
            return _tied(part, not outcome, rulebase)
        case All(parts) | AnyOf(parts):
            each = [_tied(part, outcome, rulebase) for part in parts]
            every = frozenset[str]().union(*each)
            return every if outcome == isinstance(condition, All) else every.intersection(*each)
