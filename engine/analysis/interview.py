"""An interview: which question to ask next, until no answer can change a decision any more.

Only facts are asked for that can still change a decision that is wanted: first the jurisdiction and
the kind of loan, which every borrower knows and which narrow most. Among the others the engine's
own order counts (the question first that leaves the fewest outcomes), and how many of the other
questions an answer may spare: a fact whose answer lets others be presumed is asked before them.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from engine.evaluation.conditions import holds
from engine.evaluation.decide import Decider
from engine.evaluation.facts import contradictions
from engine.evaluation.record import Record
from engine.model import Fact, Rulebase, Value
from engine.problems import InputError
from engine.trees import names_of
from engine.values import read_fact

MAX_TRIED = 10
"""Of a fact with more values than this it is not tried what follows from each."""

SPARED = 0.5
"""What it counts that an answer may spare another question, beside being the first that one
decision asks for, which counts one."""


@dataclass(frozen=True, slots=True)
class Interview:
    """How far an interview has come. ``given`` is what was known before it; ``answers`` are the
    facts that were asked, in their order, with None where the person does not know."""

    decider: Decider
    wanted: tuple[str, ...]
    given: Mapping[str, Value]
    answers: tuple[tuple[str, Value | None], ...] = ()
    strict: bool = False
    until: float = math.inf
    """When to give up, in seconds of ``time.monotonic``."""

    @property
    def facts(self) -> dict[str, Value]:
        """Everything that is known."""
        told = {name: value for name, value in self.answers if value is not None}
        return {**self.given, **told}

    @property
    def unknown(self) -> frozenset[str]:
        """The facts that the person does not know."""
        return frozenset(name for name, value in self.answers if value is None)

    def told(self, name: str, value: object) -> Interview:
        """The interview with one more answer. Raises ``ValueFault`` for a value that does not fit,
        ``InputError`` where it can't go together with what is known."""
        rulebase = self.decider.rulebase
        typed = read_fact(rulebase.facts[name], value)
        further = replace(self, answers=(*self.answers, (name, typed)))
        if problems := contradictions(rulebase, further.facts):
            raise InputError(problems)
        return further

    def passed(self, name: str) -> Interview:
        """The interview with one more question that the person can't answer."""
        return replace(self, answers=(*self.answers, (name, None)))

    def back(self) -> Interview:
        """The interview without its last answer."""
        return replace(self, answers=self.answers[:-1])

    def record(self, *, verify: bool = False) -> Record:
        """What is decided so far. Raises ``InputError`` where no real loan has these facts, and
        ``TooSlow``."""
        return self.decider.decide(
            self.facts, strict=self.strict, only=self.wanted, verify=verify, until=self.until
        )


@dataclass(frozen=True, slots=True)
class Question:
    """A fact to ask for, and the wanted decisions that its answer can change. ``record`` is what
    is decided before it; None for a first question that needs no deciding. ``values`` are those of
    an enum that can go together with what is known."""

    fact: Fact
    settles: tuple[str, ...]
    record: Record | None = None
    values: tuple[str, ...] = ()


def next_question(interview: Interview, *, verify: bool = False) -> Question | None:
    """The question to ask now; None where no answer can change a wanted decision any more, or the
    person knows none of those that could. ``verify`` runs the second evaluator as well. Raises
    ``InputError`` where no real loan has the facts, and ``TooSlow``.
    """
    rulebase = interview.decider.rulebase
    if _place_comes_first(interview):
        place = rulebase.facts[rulebase.jurisdiction_fact]
        return Question(place, interview.wanted, values=_choices(interview, place))
    so_far = interview.record(verify=verify)
    score: dict[str, float] = {}
    for answer in so_far.answers.values():
        for rank, name in enumerate(answer.ask, 1):
            score[name] = score.get(name, 0.0) + 1 / rank
    telling = _Telling(rulebase, so_far.known, interview.unknown, score.keys())
    order = list(rulebase.facts)

    def turn(name: str) -> tuple[bool, float, int]:
        return name != rulebase.section_fact, -score[name] - telling.worth(name), order.index(name)

    for name in sorted(score, key=turn):
        first = name if name == rulebase.section_fact else telling.source(name)
        if first not in interview.unknown:
            settles = tuple(n for n, answer in so_far.answers.items() if name in answer.ask)
            fact = rulebase.facts[first]
            return Question(fact, settles, so_far, _choices(interview, fact))
    return None


def _choices(interview: Interview, fact: Fact) -> tuple[str, ...]:
    """The values of an enum that break no constraint beside the facts that are known."""
    rulebase, facts = interview.decider.rulebase, interview.facts
    about = [
        constraint.when
        for constraint in rulebase.constraints
        if fact.name in names_of(constraint.when, lambda term: rulebase.terms[term].when)
    ]
    return tuple(
        value
        for value in fact.values
        if all(holds(when, {**facts, fact.name: value}, rulebase) is not False for when in about)
    )


def what_hangs(interview: Interview, question: Question) -> list[tuple[Value, Record]]:
    """What would be decided with each answer to a question, of those that are possible; nothing
    for a fact with many values."""
    fact = question.fact
    values: tuple[Value, ...] = (True, False) if fact.type == "boolean" else question.values
    found: list[tuple[Value, Record]] = []
    for value in values if len(values) <= MAX_TRIED else ():
        try:
            found.append((value, interview.told(fact.name, value).record()))
        except InputError:  # no loan with the facts so far has this value
            continue
    return found


def _place_comes_first(interview: Interview) -> bool:
    """Whether the jurisdiction is not known and most rules are of one or another: nothing else
    narrows as it does."""
    rulebase = interview.decider.rulebase
    if rulebase.jurisdiction_fact in {"", *interview.facts, *interview.unknown}:
        return False
    local = sum(bool(rule.jurisdiction) for rule in rulebase.rules)
    return 2 * local > len(rulebase.rules)


class _Telling:
    """Which facts tell of others, by way of what is presumed once they are known."""

    def __init__(
        self,
        rulebase: Rulebase,
        known: Mapping[str, Value],
        unknown: Collection[str],
        asked: Collection[str],
    ) -> None:
        self._asked = frozenset(asked)
        self._tells: dict[str, list[str]] = {}
        self._told_by: dict[str, list[str]] = {}
        for presumption in rulebase.presumptions:
            told = presumption.fact
            if told in known or holds(presumption.when, known, rulebase) is False:
                continue
            for name in names_of(presumption.when, lambda term: rulebase.terms[term].when):
                if name not in known and name not in unknown:
                    self._tells.setdefault(name, []).append(told)
                    self._told_by.setdefault(told, []).append(name)

    def worth(self, name: str) -> float:
        """What it counts that the answer may spare other questions."""
        return SPARED * len(self._reached(name) & self._asked)

    def source(self, name: str) -> str:
        """The fact to ask for first in place of ``name``: one whose answer may tell it and more
        besides, as far up as that goes."""
        reached = len(self._reached(name))
        above = [
            other for other in self._told_by.get(name, ()) if len(self._reached(other)) > reached
        ]
        return self.source(max(above, key=self.worth)) if above else name

    def _reached(self, name: str) -> set[str]:
        """The facts that ``name`` may tell, some by way of others."""
        waiting, found = [name], set[str]()
        while waiting:
            for told in self._tells.get(waiting.pop(), ()):
                if told not in found and told != name:
                    found.add(told)
                    waiting.append(told)
        return found
