"""The smallest change of facts that would change an outcome."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from engine.evaluation import linear
from engine.evaluation.compiling import Compiled
from engine.evaluation.decide import Decider
from engine.evaluation.facts import contradictions
from engine.evaluation.known import Known
from engine.evaluation.outcomes import Outcome
from engine.evaluation.reach import Walk
from engine.evaluation.record import Record
from engine.evaluation.session import Session
from engine.evaluation.variables import FactVariable, SignVariable, decode, domain, encode
from engine.model import Value

MAX_FACTS = 3
"""No change of more facts than this is looked for."""
MAX_TRIED = 1_500
MAX_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Change:
    """Some facts with other values, and the outcome that they would lead to."""

    facts: Mapping[str, Value]
    outcome: Outcome


def nearest_changes(
    decider: Decider, record: Record, decision: str, until: float = math.inf
) -> tuple[Change, ...]:
    """The smallest changes of the record's facts that would change a decided (or open) outcome: as
    few facts as can be, each to a value of another class, within the constraints. The jurisdiction
    stays as it is (property does not move), and so does the fact that divides the pack.

    A change must begin with a fact that the way to the outcome asks for, so only those are tried,
    and after each of them those on the new way. Of an amount, another formula is another outcome;
    the same formula with other numbers is not. Raises ``TooSlow`` where it is not done ``until``
    then, in seconds of ``time.monotonic``.
    """
    answer = record.answers[decision]
    if answer.status not in ("decided", "open"):
        return ()
    return _Search(decider, decision, record.known, until).run()


class _Search:
    def __init__(
        self, decider: Decider, decision: str, facts: Mapping[str, Value], until: float
    ) -> None:
        self._decider = decider
        self._until = until
        self._compiled: Compiled = decider.compiled_for(facts, decider.needed([decision]))
        self._kept = {decider.rulebase.jurisdiction_fact, decider.rulebase.section_fact}
        self._decision = decider.rulebase.decisions[decision]
        self._root = self._compiled.roots[decision]
        self._known = Known(self._compiled, facts)
        self._here = self._known.settle(self._root)
        self._outcome = self._find(facts)

    def run(self) -> tuple[Change, ...]:
        waiting: list[dict[str, Value]] = [{}]
        tried: set[frozenset[tuple[str, Value]]] = set()
        for _ in range(MAX_FACTS):
            found: list[Change] = []
            following: list[dict[str, Value]] = []
            for changed in waiting:
                for name, value in self._steps(changed):
                    together = {**changed, name: value}
                    key = frozenset(together.items())
                    if key in tried or len(tried) > MAX_TRIED:
                        continue
                    tried.add(key)
                    following.append(together)
                    if change := self._change(together):
                        found.append(change)
            if found:
                return tuple(self._best(found))
            waiting = following
        return ()

    def _best(self, found: list[Change]) -> list[Change]:
        """A few changes, each leading somewhere else or by another fact."""
        seen: set[object] = set()
        best = []
        for change in found:
            key = frozenset(change.facts)
            if key not in seen:
                seen.add(key)
                best.append(change)
        return best[:MAX_SHOWN]

    def _find(self, facts: Mapping[str, Value]) -> Outcome | None:
        session = Session(self._compiled, facts, self._until)
        session.walk.check_time()
        for name in self._decider.needed([self._decision.name]):
            session.find(self._decider.rulebase.decisions[name])
        return session.found[self._decision.name].single

    def _change(self, changed: Mapping[str, Value]) -> Change | None:
        known = self._known.but(changed)
        if known.settle(self._root) == self._here:
            return None
        if contradictions(self._decider.rulebase, known.facts):
            return None
        outcome = self._find(known.facts)
        if outcome is None or outcome.kind in ("conflict", "formula") or outcome == self._outcome:
            return None
        return Change(changed, outcome)

    def _steps(self, changed: Mapping[str, Value]) -> Iterator[tuple[str, Value]]:
        """Single changes of known facts that the way under ``changed`` asks for."""
        facts = {**self._known.facts, **changed}
        walk = Walk(self._compiled, facts)
        levels = walk.path(self._root)
        for level in reversed(levels):  # what is asked last is the most particular
            variable = self._compiled.variables[level]
            if isinstance(variable, FactVariable):
                if variable.name not in {*changed, *self._kept}:
                    yield from self._other_classes(variable, facts)
            else:
                yield from self._other_signs(level, variable, walk, changed)

    def _other_classes(
        self, variable: FactVariable, facts: Mapping[str, Value]
    ) -> Iterator[tuple[str, Value]]:
        here = variable.code(facts[variable.name])
        for code in range(variable.size):
            if code == here:
                continue
            if variable.groups:
                yield variable.name, variable.groups[code][0]
            else:
                low, high = variable.spans[code]
                yield variable.name, decode(low if code > here else high, variable.kind)

    def _other_signs(
        self, level: int, variable: SignVariable, walk: Walk, changed: Mapping[str, Value]
    ) -> Iterator[tuple[str, Value]]:
        facts = self._compiled.rulebase.facts
        known = {name: encode(walk.facts[name], facts[name].type) for name in variable.facts}
        for name in sorted(variable.facts - changed.keys()):
            others = {other: number for other, number in known.items() if other != name}
            compared = linear.comparison(variable.left, variable.right, others, facts, str(level))
            if compared is None:
                continue
            span = {name: domain(facts[name])}
            for sign in {0, 1, 2} - {walk.codes[level]}:
                for number in _nearest(compared, sign, name, span):
                    yield name, decode(number, facts[name].type)
                    break


def _nearest(
    compared: linear.Comparison, sign: int, name: str, span: Mapping[str, tuple[int, int]]
) -> Iterator[int]:
    """A number for one fact that gives a comparison its sign: one beside where both sides are
    equal, if there is such a place, else any."""
    equal = linear.solve([(compared, 1)], span)
    if equal:
        for number in (equal[name], equal[name] - 1, equal[name] + 1):
            if linear.solve([(compared, sign)], {name: (number, number)}):
                yield number
    found = linear.solve([(compared, sign)], span)
    if found:
        yield found[name]
