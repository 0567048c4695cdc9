"""What is remembered of loans for loans that are alike.

Where the facts that a decision's rules ask for lie in the same classes, the same rules decide it,
for the same reasons; at most an amount is another. That need not be worked out again for the next
such loan.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from operator import itemgetter

from engine.evaluation.compiling import Asked, Compiled
from engine.evaluation.known import LATER, Known, bits
from engine.evaluation.outcomes import Found, Kind
from engine.evaluation.record import Answer
from engine.model import Decision
from engine.trees import names_in

MANY_ALIKE = 50_000
"""So many decisions are remembered at a time."""

Key = tuple[object, ...]
"""Diagrams, a decision, and what tells loans apart for it."""


@dataclass(frozen=True, slots=True)
class Settled:
    """A decision of which the classes of its facts settle which rules decide it, and why."""

    kind: Kind
    """The kind of its outcome."""
    found: Found | None
    """The outcome; None where it is reckoned from the facts."""
    rules: list[int]
    """The numbers of the rules that decide, before the hit policy."""
    answer: Answer
    """The answer of the loan that came first, with the values of that loan."""


@dataclass(frozen=True, slots=True)
class Alike:
    """Decisions that were settled before. Safe to use from several threads."""

    _settled: dict[Key, Settled] = field(default_factory=dict)

    def find(self, key: Key) -> Settled | None:
        """What is remembered under a key."""
        return self._settled.get(key)

    def keep(self, key: Key, settled: Settled) -> None:
        """Remember a decision."""
        if len(self._settled) >= MANY_ALIKE:
            self._settled.clear()
        self._settled[key] = settled


def key_of(known: Known, decision: Decision) -> Key:
    """What tells loans apart for a decision: the classes of the facts that its rules ask for, and
    which of the facts in its formulas are known."""
    kept = known.compiled.kept
    asked = kept.asked.get(decision.name)
    if asked is None:
        asked = kept.asked[decision.name] = _asked(known.compiled, decision)
    pick, comparisons, amounts = asked
    codes = known.codes
    for level in comparisons:
        if codes[level] == LATER:
            known.code(level)
    here = known.facts.get(known.compiled.rulebase.jurisdiction_fact)
    return kept.number, decision.name, here, pick(codes), *map(known.facts.__contains__, amounts)


def _asked(compiled: Compiled, decision: Decision) -> Asked:
    forest, book = compiled.forest, compiled.rulebase
    mask = 0
    for number in compiled.compiler.rules_of[decision.name]:
        id_ = book.rules[number].id
        mask |= forest.support(compiled.applies[id_]) | forest.support(compiled.decides[id_])
    amounts: dict[str, None] = {}
    decisions = {decision.name: None}
    waiting = [decision]
    while waiting:
        user = waiting.pop()
        mask |= forest.support(compiled.roots[user.name])
        then = [book.rules[number].then for number in compiled.compiler.rules_of[user.name]]
        then += [] if user.otherwise is None else [user.otherwise]
        for name in (name for formula in then for name in names_in(formula)):
            if name not in book.decisions:
                amounts[name] = None
            elif name not in decisions:
                decisions[name] = None
                waiting.append(book.decisions[name])
    levels = list(bits(mask))
    first = len(compiled.level_of)
    pick = itemgetter(*levels) if levels else len
    return pick, [level for level in levels if level >= first], list(amounts)
